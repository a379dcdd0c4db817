"""Authentication: by bearer token, by client certificate, or, with neither configured, not at all."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import grpc

from wharfinger_server.config import Settings, Token
from wharfinger_server.domain.errors import PermissionDenied, Unauthenticated
from wharfinger_server.engine.interface.requests import Caller

ANONYMOUS = Caller("anonymous")
_BEARER = "bearer "


class Callers:
    """Tells the caller of each call."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = [(token.sha256.encode(), _caller(token)) for token in settings.tokens]
        self._certificates = bool(settings.tls.client_ca)

    def of(self, context: grpc.aio.ServicerContext[object, object]) -> Caller:
        """Return who makes the call. Where there are tokens each call needs one: only they say which projects it opens.

        A certificate beside them lets a connection be made, and says nothing of the caller.

        Raises:
            Unauthenticated: the call has no credential, or one that is not known; which of them is not told.
        """
        if self._tokens:
            token = _bearer(context.invocation_metadata() or ())
            if not token:
                raise _unknown("send `authorization: Bearer TOKEN`")
            return self._by_token(token)
        if self._certificates:
            names = [name.decode("utf-8", "replace") for name in context.auth_context().get("x509_common_name") or ()]
            # Events, lists and logs tell who called: a name that hides or steers text is nobody's.
            if len(names) != 1 or not names[0].strip() or not names[0].isprintable():
                raise _unknown("show a client certificate with one common name that can be read")
            return Caller(names[0], is_worker=False)
        return ANONYMOUS

    def check_operator(self, context: grpc.aio.ServicerContext[object, object]) -> None:
        """Refuse whoever may not know of all projects. Raises as `of`, and PermissionDenied."""
        caller = self.of(context)
        if caller.projects is not None or caller.is_worker:
            why = "this tells of all projects, and this credential does not open all of them"
            raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "metrics"})

    def _by_token(self, token: str) -> Caller:
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest().encode()
        found = None
        # Every hash is compared, each in constant time: how long it takes tells nothing.
        for known, caller in self._tokens:
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None:
            raise Unauthenticated("UNAUTHENTICATED", "the bearer token is not one that this server knows")
        return found


def _unknown(what: str) -> Unauthenticated:
    return Unauthenticated("UNAUTHENTICATED", f"this server wants to know its callers: {what}")


def _caller(token: Token) -> Caller:
    return Caller(token.creator, token.projects, token.role == "worker")


def _bearer(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value[:7].lower() == _BEARER:
            return value[7:].strip()
    return ""
