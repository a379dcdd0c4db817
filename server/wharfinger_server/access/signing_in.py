"""How people sign in with their identity provider: by a code that only the browser that asked for it can use.

The provider is OpenID Connect's: the code goes to its token endpoint with the proof key (PKCE, S256) that the browser
kept, and of the tokens that it answers the first is taken that this server would take of anybody.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt

from wharfinger_server.access.published import Published
from wharfinger_server.config import Oidc
from wharfinger_server.domain.errors import Unauthenticated, Unavailable
from wharfinger_server.engine.interface.requests import Caller

log = logging.getLogger(__name__)

_AT_ONCE = 8
"""Anybody can have the provider asked."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where the browser goes, and what it keeps until it comes back."""

    url: str
    state: str
    proof: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token that this server takes, and for how many seconds from now."""

    token: str
    seconds: int


class SigningIn:
    """Signs people in; `known` tells who shows a token. `back` is the URL to which the provider sends the browser."""

    def __init__(self, settings: Oidc, known: Callable[[str], Caller | Awaitable[Caller]]) -> None:
        self._oidc = settings
        self._published = Published(settings)
        self._known = known
        self._places: dict[str, str] = {}
        self._asking = asyncio.Semaphore(_AT_ONCE)

    @property
    def page_url(self) -> str:
        """The URL of the page as browsers have it, "" where the operator does not say."""
        oidc = self._oidc
        return oidc.page_url.rstrip("/")

    async def begin(self, back: str) -> Begun:
        """Begin a sign-in. Raises Unavailable IDENTITY_UNAVAILABLE."""
        oidc, state, proof = self._oidc, secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": oidc.page_client,
            "redirect_uri": back,
            "scope": oidc.page_scope,
            "state": state,
            "nonce": state,
            "code_challenge": _unpadded(hashlib.sha256(proof.encode()).digest()),
            "code_challenge_method": "S256",
        }
        place = await self._place("authorization_endpoint")
        return Begun(f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", state, proof)

    async def end(self, code: str, begun: Begun, back: str) -> SignedIn:
        """End a sign-in. Raises Unauthenticated, and Unavailable IDENTITY_UNAVAILABLE."""
        oidc = self._oidc
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": oidc.page_client,
            "code_verifier": begun.proof,
        }
        if oidc.page_secret:
            form["client_secret"] = oidc.page_secret
        place = await self._place("token_endpoint")
        try:
            async with self._asking:
                told = await asyncio.to_thread(self._published.post, place, form)
        except OSError as error:
            raise self._away(error) from None
        except ValueError as error:
            log.warning("the issuer %s gives no token for a sign-in: %s", self._oidc.issuer, error)
            raise _refused("the identity provider does not take its own code; sign in again") from None
        why = "it answered no token that can be read"
        for kind in ("access_token", "id_token"):
            token = told.get(kind)
            if not isinstance(token, str) or token.count(".") != 2:
                continue
            try:
                known = self._known(token)
                if not isinstance(known, Caller):
                    await known
                claims = jwt.decode(token, options={"verify_signature": False})  # as `known` has done
                if claims.get("nonce", begun.state) != begun.state:
                    raise _refused("the bearer token was made for another sign-in")
            except Unauthenticated as refused:
                why = f"{kind}: {refused}"
            else:
                return SignedIn(token, int(claims["exp"] - time.time()))
        log.warning("the issuer %s gives a token that this server does not take: %s", self._oidc.issuer, why)
        raise _refused(f"the identity provider's token is not taken here: {why}")

    async def _place(self, name: str) -> str:
        if name not in self._places:
            try:
                async with self._asking:
                    self._places[name] = await asyncio.to_thread(self._published.place, name)
            except (OSError, ValueError) as error:
                raise self._away(error) from None
        return self._places[name]

    def _away(self, error: Exception) -> Unavailable:
        log.warning("nobody can sign in with the issuer %s: %s", self._oidc.issuer, error)
        why = f"{self._oidc.issuer} can't be asked now; the server's log tells why"
        return Unavailable("IDENTITY_UNAVAILABLE", why, {})


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated("UNAUTHENTICATED", why)


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
