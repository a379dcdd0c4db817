"""Bearer tokens of an identity provider: JSON Web Tokens, checked by PyJWT against the keys that it publishes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import jwt

from wharfinger_server.access.opened import caller_of
from wharfinger_server.access.published import Published
from wharfinger_server.config import Oidc, granted
from wharfinger_server.domain.errors import Unauthenticated, Unavailable
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.interface.requests import Caller

log = logging.getLogger(__name__)

_REMEMBERED = 4096
_KEYS_LAST = 3600.0
"""Seconds after which keys are asked for again, though all that come are known: one may have been taken back."""
_ASK_AGAIN = 5.0
"""An unknown key is asked for no more often than once in so many seconds: anybody can make one up."""
_KINDS = ("RSA", "EC", "OKP")
_LONGEST = 16 * 1024


class Issuer:
    """One issuer, with its keys as they were last heard of."""

    def __init__(self, settings: Oidc, clock: Callable[[], int]) -> None:
        self._oidc = settings
        self._published = Published(settings)
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._heard = self._asked = -1e9
        self._asking: asyncio.Task[None] | None = None
        # What was checked once is known until it expires.
        self._checked: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    def of(self, token: str) -> Caller | Awaitable[Caller]:
        """Return who shows a token, or what tells it once the keys are there.

        Raises, or the awaited does:
            Unauthenticated: it is forged, expired, for somebody else, or not to be used yet; the message says which.
            Unavailable: no keys were ever got, IDENTITY_UNAVAILABLE.
        """
        if len(token) > _LONGEST:
            raise _refused("is too long")
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        found = self._checked.get(digest)
        if found is not None:
            if self._clock() < found[1]:
                return found[0]
            del self._checked[digest]
            raise _refused("has expired")
        if self._key(token) is not None and time.monotonic() - self._heard < _KEYS_LAST:
            return self._check(token, digest)
        return self._once_there_are_keys(token, digest)

    async def _once_there_are_keys(self, token: str, digest: bytes) -> Caller:
        if time.monotonic() - self._asked >= _ASK_AGAIN and (self._asking is None or self._asking.done()):
            self._asked = time.monotonic()
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            await asyncio.shield(self._asking)
        if not self._keys:
            why = f"the keys of {self._oidc.issuer} can't be fetched now; the server's log tells why"
            raise Unavailable("IDENTITY_UNAVAILABLE", why, {})
        return self._check(token, digest)

    async def _ask(self) -> None:
        """Fetch the keys; where that fails those that are known stay."""
        try:
            keys = await asyncio.to_thread(self._fetch)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
            log.warning("the keys of the issuer %s can't be fetched: %s", self._oidc.issuer, error)
            return
        if keys.keys() != self._keys.keys():
            log.info("the issuer %s has %d keys", self._oidc.issuer, len(keys))
            # What was signed by a key that is no more is not known any longer.
            self._checked.clear()
        self._keys, self._heard = keys, time.monotonic()

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        keys, oidc = {}, self._oidc
        for told in self._published.get(oidc.keys_url or self._published.place("jwks_uri"))["keys"]:
            # Of a symmetric key who can check can sign.
            if told.get("kty") in _KINDS and told.get("use", "sig") == "sig":
                try:
                    keys[str(told.get("kid", ""))] = jwt.PyJWK.from_dict(told)
                except jwt.PyJWTError as error:
                    log.warning("a key of the issuer %s can't be used: %s", oidc.issuer, error)
        if not keys:
            raise ValueError("it publishes no key that can be used")
        return keys

    def _key(self, token: str) -> jwt.PyJWK | None:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _refused("is no token that can be read") from None
        if header.get("alg") not in self._oidc.algorithms:
            raise _refused("is signed in a way that is not taken")
        return self._keys.get(str(header.get("kid", "")))

    def _check(self, token: str, digest: bytes) -> Caller:
        oidc = self._oidc
        key = self._key(token)
        if key is None:
            raise _refused("is signed by a key that its issuer does not publish")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(oidc.algorithms),
                audience=oidc.audience,
                issuer=oidc.issuer,
                leeway=oidc.leeway / SECOND,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("has expired") from None
        except jwt.ImmatureSignatureError:
            raise _refused("is not to be used yet") from None
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
            raise _refused("is for somebody else, or of another issuer") from None
        except jwt.PyJWTError:
            raise _refused("is not what its issuer signed, or lacks what it must have") from None
        caller = self._caller(claims)
        until = int(claims["exp"]) * SECOND + oidc.leeway
        self._checked[digest] = caller, until
        if len(self._checked) > _REMEMBERED:
            self._checked.popitem(last=False)
        return caller

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        oidc = self._oidc
        creator = claims.get(oidc.creator_claim)
        if not isinstance(creator, str) or not creator.strip() or not creator.isprintable() or len(creator) > 128:
            raise _refused(f"does not say who has it, by `{oidc.creator_claim}`, in text that can be read")
        projects = claims.get(oidc.projects_claim, [])
        if isinstance(projects, str) and projects != "*":
            projects = projects.split()
        try:
            opened = granted(projects, claims.get(oidc.role_claim, oidc.role))
        except ValueError as error:
            raise _refused(f"grants what this server does not know: {error}") from None
        return caller_of(creator, opened, "oidc")


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated("UNAUTHENTICATED", f"the bearer token {why}")
