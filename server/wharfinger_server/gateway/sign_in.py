"""What people ask before they look at the page: to sign in with their identity provider, and to sign out.

The browser holds the token in a cookie that no script can read, and the page's own calls are made with it. A cookie
goes with whatever makes the browser ask, so it counts only for what the page itself asks: a POST that says by `Origin`
that it comes from here.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from wharfinger_server.domain.errors import Refused, Unauthenticated, Unavailable
from wharfinger_server.gateway import cookies

if TYPE_CHECKING:
    from wharfinger_server.access.signing_in import SigningIn

METHODS = {"/session": "GET", "/session/begin": "GET", "/session/done": "GET", "/session/end": "POST"}
_DONE = "/session/done"
_MINUTES = 10 * 60
"""How long somebody may take at the provider."""
_VIEW = re.compile(r"#/[\x21-\x7e]{0,1000}")
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
_NOT_KEPT = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `headers` beside its kind and length."""

    status: int
    kind: str = _TEXT
    body: bytes = b""
    headers: list[cookies.Header] = field(default_factory=list)


class SignIn:
    """Signs people in and out. `signing` is None where there is no provider to do it with; `secure`: TLS is spoken."""

    def __init__(self, signing: SigningIn | None, *, secure: bool) -> None:
        self._signing = signing
        self._secure = secure

    def lend(self, headers: dict[str, str]) -> None:
        """Put the token that the browser holds in the place of one that the page showed, where the page itself asks."""
        if self._signing is None or "cookie" not in headers or "authorization" in headers:
            return
        if self._of_the_page(headers) and (token := cookies.session(headers)):
            headers["authorization"] = f"Bearer {token}"

    async def answer(self, path: str, query: str, headers: Mapping[str, str]) -> Answer:
        """Answer one of `METHODS`."""
        if path == "/session":
            told = {"signIn": self._signing is not None}
            return Answer(200, _JSON, json.dumps(told).encode(), [_NOT_KEPT])
        if path == "/session/end":
            return self._end(headers)
        if self._signing is None:
            return _said(404, "there is no identity provider to sign in with; [oidc] page_client names the page to it")
        try:
            if path == _DONE:
                return await self._done(self._signing, query, headers)
            return await self._begin(self._signing, query, headers)
        except Refused as refused:
            return _said(503 if isinstance(refused, Unavailable) else 403, f"you are not signed in: {refused}")

    def _end(self, headers: Mapping[str, str]) -> Answer:
        if not self._of_the_page(headers):
            return _said(403, "only the page itself signs out")
        return Answer(204, headers=cookies.keep_session("", 0, secure=self._encrypted(headers)))

    async def _begin(self, signing: SigningIn, query: str, headers: Mapping[str, str]) -> Answer:
        view = (parse_qs(query).get("to") or [""])[0]
        begun = await signing.begin(self._back(headers))
        kept = f"{begun.state}.{begun.proof}.{_packed(view if _VIEW.fullmatch(view) else '')}"
        keep = cookies.keep_begun(kept, _MINUTES, secure=self._encrypted(headers))
        return _elsewhere(begun.url, keep)

    async def _done(self, signing: SigningIn, query: str, headers: Mapping[str, str]) -> Answer:
        from wharfinger_server.access.signing_in import Begun

        said = {name: values[0] for name, values in parse_qs(query).items()}
        state, _, rest = cookies.begun(headers).partition(".")
        proof, _, view = rest.partition(".")
        if not state or not hmac.compare_digest(state.encode(), said.get("state", "").encode()):
            why = "this browser did not begin this sign-in, or took too long; go to the page and sign in again"
            raise Unauthenticated("UNAUTHENTICATED", why)
        secure = self._encrypted(headers)
        if "code" not in said:
            why = said.get("error_description") or said.get("error") or "it says nothing"
            shown = "".join(char if char.isprintable() else " " for char in why[:200])
            raise Unauthenticated("UNAUTHENTICATED", f"the identity provider refuses: {shown}")
        signed_in = await signing.end(said["code"], Begun("", state, proof), self._back(headers))
        keep = cookies.keep_session(signed_in.token, signed_in.seconds, secure=secure)
        return _elsewhere(f"/{_unpacked(view)}", [*keep, *cookies.keep_begun("", 0, secure=secure)])

    def _of_the_page(self, headers: Mapping[str, str]) -> bool:
        """Whether a request comes from the page itself; browsers say so with each POST."""
        origin = headers.get("origin", "")
        if self._signing is not None and origin and origin == self._signing.page_url:
            return True
        return bool(headers.get("host")) and urlsplit(origin).netloc == headers["host"]

    def _back(self, headers: Mapping[str, str]) -> str:
        """Return where the provider sends the browser: it knows the page's URLs, and refuses all others."""
        given = self._signing.page_url if self._signing is not None else ""
        return f"{given or self._scheme + headers.get('host', '')}{_DONE}"

    def _encrypted(self, headers: Mapping[str, str]) -> bool:
        return self._back(headers).startswith("https:")

    @property
    def _scheme(self) -> str:
        return "https://" if self._secure else "http://"


def _said(status: int, text: str) -> Answer:
    return Answer(status, body=f"{text}\n".encode(), headers=[_NOT_KEPT])


def _elsewhere(url: str, more: list[cookies.Header]) -> Answer:
    # It comes from a redirection with the code in its address, which is nobody else's to know.
    referrer = (b"referrer-policy", b"no-referrer")
    return Answer(303, headers=[(b"location", url.encode("latin-1")), _NOT_KEPT, referrer, *more])


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _unpacked(text: str) -> str:
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return found if _VIEW.fullmatch(found) else ""
