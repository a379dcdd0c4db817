"""The two cookies of people who sign in with their identity provider; no script of any page can read either."""

from __future__ import annotations

from collections.abc import Mapping

Header = tuple[bytes, bytes]

_PIECE = 3800
"""Browsers keep about 4096 bytes of a cookie; tokens of large organisations are longer."""
_PIECES = 5
_SESSION, _BEGUN = "wharfinger_session", "wharfinger_begun"


def session(headers: Mapping[str, str]) -> str:
    """Return the token that the browser holds, "" for none."""
    held = _held(headers)
    pieces = [held.get(f"{_SESSION}{number}", "") for number in range(_PIECES)]
    return "".join(pieces[: pieces.index("")] if "" in pieces else pieces)


def begun(headers: Mapping[str, str]) -> str:
    """Return what the browser keeps of a sign-in that has begun, "" for none."""
    return _held(headers).get(_BEGUN, "")


def keep_session(token: str, seconds: int, *, secure: bool) -> list[Header]:
    """Return the headers that have the browser hold a token; "" has it forget."""
    # Sent by pages of this very site only: not by a link on another's, and never with another's form or script.
    pieces = [token[at : at + _PIECE] for at in range(0, len(token), _PIECE)]
    pieces += [""] * (_PIECES - len(pieces))
    return [_set(f"{_SESSION}{n}", piece, seconds, "Strict", secure=secure) for n, piece in enumerate(pieces[:_PIECES])]


def keep_begun(text: str, seconds: int, *, secure: bool) -> list[Header]:
    """Return the headers that have the browser keep what it needs when the provider sends it back; "" has it forget."""
    return [_set(_BEGUN, text, seconds, "Lax", secure=secure)]


def _held(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").replace(",", ";").split(";"))
    return {name: value for name, _, value in pairs}


def _set(name: str, value: str, seconds: int, site: str, *, secure: bool) -> Header:
    age = max(0, seconds) if value else 0
    said = f"{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={site}{'; Secure' if secure else ''}"
    return b"set-cookie", said.encode("latin-1")
