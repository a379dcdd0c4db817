"""Authentication: by bearer token, by client certificate, or, with neither configured, not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from wharfinger_server.access.credentials import Credentials
from wharfinger_server.access.opened import caller_of
from wharfinger_server.access.tokens import Expired, Known, Tokens
from wharfinger_server.config import Certificate, FiledToken, Settings, Token
from wharfinger_server.domain.errors import Unauthenticated
from wharfinger_server.domain.roles import Role
from wharfinger_server.domain.timing import now
from wharfinger_server.engine.interface.requests import Caller

if TYPE_CHECKING:
    from wharfinger_server.access.certificates import Certificates
    from wharfinger_server.access.oidc import Issuer

ANONYMOUS = Caller("anonymous")
_CERTIFIED = Caller("", is_worker=False, role=Role.OPERATOR, how="certificate")
"""Whose certificate an authority of `client_ca` signed, where nothing else says who may what."""


class Callers:
    """Tells who shows credentials. `clock` is the wall clock, in microseconds."""

    def __init__(self, settings: Settings, filed: Iterable[FiledToken] = (), clock: Callable[[], int] = now) -> None:
        self.tokens = Tokens()
        self._clock = clock
        self._issuer: Issuer | None = None
        self._certificates: Certificates | None = None
        self.open_to_all = True
        """Whether nobody has to say who it is."""
        self._authority_vouches = True
        self.take(settings, filed)

    def take(self, settings: Settings, filed: Iterable[FiledToken]) -> None:
        """Know callers by these settings and this token file from now on; the issuer stays as it was at first.

        Who wanted credentials once wants them for good: a file that is deleted, or a last token that is taken out of
        the settings, opens the server to nobody.
        """
        known = [_known(token) for token in settings.tokens]
        known += [_filed(token) for token in filed if not token.revoked]
        self.tokens.take(known)
        # A file of tokens that were all revoked makes a server no open one.
        tokens_wanted = settings.knows_tokens
        if settings.oidc.issuer and self._issuer is None:
            from wharfinger_server.access.oidc import Issuer

            self._issuer = Issuer(settings.oidc, self._clock)
        self._certificates = None
        alone = self._authority_vouches and not (tokens_wanted or settings.certificates)
        self._authority_vouches = alone
        if settings.tls.client_ca and (settings.certificates or alone):
            from wharfinger_server.access.certificates import Certificates, Named

            named = (Named(one.subject, one.san, _certified(one)) for one in settings.certificates)
            self._certificates = Certificates(named, _CERTIFIED if alone else None)
        self.open_to_all = self.open_to_all and alone and self._certificates is None

    def of(self, shown: Credentials) -> Caller | Awaitable[Caller]:
        """Return who shows the credentials; to be awaited where the issuer's keys have to be asked for first.

        A bearer token goes before a certificate, and one that is not known is not made good by a certificate. Where
        there are tokens, a certificate says who calls only if [[certificates]] names it.

        Raises:
            Unauthenticated: there is no credential, or one that is not known; which of them is not told.
        """
        if self.open_to_all:
            return ANONYMOUS
        if token := shown.token:
            return self._by_token(token)
        why = "send `authorization: Bearer TOKEN`"
        if self._certificates is not None:
            found = self._certificates.of(shown.certificate) if shown.certificate else "show a client certificate"
            if isinstance(found, Caller):
                return found
            why = found
        raise Unauthenticated("UNAUTHENTICATED", f"this server wants to know its callers: {why}")

    def _by_token(self, token: str) -> Caller | Awaitable[Caller]:
        try:
            found = self.tokens.of(token, self._clock())
        except Expired:
            raise Unauthenticated("UNAUTHENTICATED", "the bearer token has expired") from None
        if found is None and self._issuer is not None and token.count(".") == 2:
            return self._issuer.of(token)
        if found is None:
            raise Unauthenticated("UNAUTHENTICATED", "the bearer token is not one that this server knows")
        return found


def _known(token: Token) -> Known:
    return Known(token.sha256.encode(), caller_of(token.creator, token.granted, "token"), token.expire)


def _filed(token: FiledToken) -> Known:
    caller = caller_of(token.creator, token.granted, "token")
    return Known(token.sha256.encode(), caller, token.expires, token.id)


def _certified(one: Certificate) -> Caller:
    return caller_of(one.creator, one.granted, "certificate")
