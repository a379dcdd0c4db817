"""Keeping secrets out of whatever is told: of each one every form in which it may turn up is replaced by a mark.

An attempt has one `Redactor`, which its session and the runtime share: it knows the sealed params, the credentials of
the configuration, and what the script adds by `task.hide`. A secret shorter than 6 characters is not looked for: it
would be found everywhere.
"""

from __future__ import annotations

import base64
import contextvars
import html
import json
import re
import threading
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from wharfinger.runtime.matching import GRAM, Needles

MARK = "«sealed»"
"""What stands where a secret was."""

SHORTEST = GRAM
"""The shortest secret that is looked for in texts, in characters."""

_SHORTEST_PART = 8
"""The shortest line of a secret of several lines, and argument of a URL, that is looked for by itself."""

_MOST_PARTS = 1000
"""How many such parts a redactor looks for, whatever its secrets are made of."""

_LONG = 1024
"""A secret longer than this is looked for in the forms that such texts come in: all of them would take much memory."""

_BROKEN_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{16,}+(?:\r?\n[ \t]*|(?:\\r)?\\n))++[A-Za-z0-9+/_=-]+"
)
"""Base64 in lines, as mail and PEM have it; the line breaks may be escaped. One look at each character."""
_LINE_BREAK = re.compile(r"\r?\n[ \t]*|(?:\\r)?\\n")

_LINGERING = 64
_LINGERING_SIZE = 64 * 1024
"""How many redactors linger after their attempt, and how large, in characters, each one's secrets may be."""


class Redactor:
    """Replaces the secrets that it knows. Any thread may use it.

    `about` is the resource name of the task, or of the project, whose they are; "" for those of the process.
    """

    def __init__(self, secrets: Iterable[str] = (), about: str = "") -> None:
        self.about = about
        self._secrets: set[str] = set()
        self._all: Needles | None = Needles(())
        self._whole = Needles(())
        self._lines: frozenset[str] = frozenset()
        # Of the kind that its own thread may take again: the garbage collector runs in the middle of anything, and
        # what it collects may log, as a task that nobody awaited does.
        self._lock = threading.RLock()
        self.add(*secrets)

    def __repr__(self) -> str:
        return f"<redactor of {len(self._secrets)} secrets>"

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @property
    def project(self) -> str:
        """The project whose secrets they are, "" for those of the process."""
        return self.about.removeprefix("projects/").partition("/")[0]

    @property
    def secrets(self) -> frozenset[str]:
        """What it looks for: for a redactor elsewhere, that an attempt is handed on to."""
        return frozenset(self._secrets)

    @property
    def size(self) -> int:
        """How many characters its secrets have."""
        return sum(map(len, self._secrets))

    def add(self, *secrets: str) -> None:
        """Look for these too, from now on."""
        fresh = {secret for secret in secrets if len(secret) >= SHORTEST} - self._secrets
        if fresh:
            with self._lock:
                self._secrets |= fresh
                self._all = None

    def text(self, text: str) -> str:
        """Return `text` with a mark for every secret in it."""
        if not self._secrets:
            return text
        needles = self._needles()
        text = needles.replaced(text, MARK)
        if "\n" in text or "\\n" in text:
            text = _BROKEN_BASE64.sub(lambda found: _joined(needles, found[0]), text)
        if self._lines and not self._lines.isdisjoint(map(str.strip, text.splitlines())):
            lines = text.splitlines(keepends=True)
            text = "".join(line.replace(line.strip(), MARK) if line.strip() in self._lines else line for line in lines)
        return text

    def holds(self, text: str) -> bool:
        """Whether there is a secret in `text`: a whole one, not only a line of it."""
        return bool(self._secrets and self._needles()) and self._whole.within(text)

    def value(self, value: Any) -> Any:
        """Return plain JSON with marks for the secrets in its texts, keys and numbers."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return MARK if number and not self._secrets.isdisjoint(_of_number(value)) else value

    def json(self, body: bytes) -> bytes:
        """Return the JSON document `body` with marks for the secrets in it; one without any is not changed."""
        text = body.decode()
        if self.text(text) == text:
            return body
        return json.dumps(self.value(json.loads(body)), ensure_ascii=False, separators=(",", ":")).encode()

    def _needles(self) -> Needles:
        needles = self._all
        if needles is None:
            with self._lock:
                secrets = sorted(self._secrets)
                whole = {form for secret in secrets for form in _forms(secret)}
                parts = islice((part for secret in secrets for part in _parts(secret)), _MOST_PARTS)
                # Those between the first and the last may be many: they are found only as whole lines.
                self._lines = frozenset(line for secret in secrets for line in _lines(secret)[1:-1])
                self._whole = Needles(whole)
                # In another case a secret is found, as names of headers and hosts are; but a key may be its own word.
                cases = (form for secret in secrets for form in _in_other_cases(secret))
                needles = self._all = Needles(whole.union(cases, *map(_forms, parts)))
        return needles


def secrets_in(value: Any) -> Iterator[str]:
    """Yield the texts that a sealed value is made of: every text and number in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)


def _parts(secret: str) -> Iterator[str]:
    """Yield what of a secret is one by itself: the first and last line of several, and what a URL has after the `?`."""
    lines = _lines(secret)
    yield from (*lines[:1], *lines[-1:])
    if "://" not in secret:
        return
    try:
        url = urlsplit(secret)
        found = [url.query, unquote(url.password or ""), url.password or ""]
        found += [value for _, value in parse_qsl(url.query)]
    except ValueError:
        return
    yield from (part for part in found if len(part) >= _SHORTEST_PART)


def _lines(secret: str) -> list[str]:
    """Return the lines of a secret of several, without those that are too short."""
    lines = secret.splitlines()
    return [line.strip() for line in lines if len(line.strip()) >= _SHORTEST_PART] if len(lines) > 1 else []


def _forms(secret: str) -> Iterator[str]:
    # Of what was read from a file the blank or line break at the end is seldom told.
    for text in dict.fromkeys([secret, secret.strip()]):
        if len(text) >= SHORTEST:
            yield from _written(text)


def _written(secret: str) -> Iterator[str]:
    yield from (secret, repr(secret)[1:-1])
    for inner in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield inner
        # JSON in a text of JSON, such as a request's body in a line of a log.
        yield json.dumps(inner, ensure_ascii=False)[1:-1]
    body = secret.encode("utf-8", "surrogatepass")
    if len(secret) > _LONG:
        yield base64.b64encode(body).decode()
        return
    yield from (html.escape(secret), html.escape(secret, quote=False), ascii(secret)[1:-1])
    for quoted in (quote(body), quote(body, safe=""), quote_plus(body)):
        for again in (quoted, quote(quoted), quote(quoted, safe="")):
            yield again
            yield _lower_escapes(again)
    yield repr(body)[2:-1]
    for digits in (body.hex(), body.hex(":")):
        yield digits
        yield digits.upper()
    yield from _in_base64(body)
    if secret.isascii() and secret.isdigit():
        yield f"{int(secret):,}"


def _in_other_cases(secret: str) -> Iterator[str]:
    if len(secret) <= _LONG:
        stripped = secret.strip()
        yield from (text for text in (stripped.lower(), stripped.upper()) if len(text) >= SHORTEST)


def _of_number(value: float) -> set[str]:
    """Return the texts that mean a number: a whole one is the same with `.0` and without."""
    whole = isinstance(value, int) or value.is_integer()
    return {json.dumps(value), f"{int(value)}", f"{int(value)}.0"} if whole else {json.dumps(value)}


def _joined(needles: Needles, lines: str) -> str:
    """Return base64 in lines as it is, or with marks and in one line, where there is a secret in it."""
    text = _LINE_BREAK.sub("", lines)
    return needles.replaced(text, MARK) if needles.within(text) else lines


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _in_base64(body: bytes) -> Iterator[str]:
    """Yield what base64 makes of `body` wherever it stands in what is encoded, such as after a user's name."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(before) + body).decode().rstrip("=")
            # The first characters hold bits of what is before, and the last one of what is behind.
            first = (0, 2, 3)[before]
            last = len(text) - (1 if (before + len(body)) % 3 else 0)
            if last - first >= SHORTEST:
                yield text[first:last]


# ---------------------------------------------------------------- the attempt at work

_current: contextvars.ContextVar[Redactor | None] = contextvars.ContextVar("wharfinger_redactor", default=None)


@contextmanager
def within(redactor: Redactor) -> Iterator[None]:
    """Let `redacted` use `redactor` in this context."""
    token = _current.set(redactor)
    try:
        yield
    finally:
        try:
            _current.reset(token)
        except ValueError:  # closed by the garbage collector, in a context that never had the token
            return


class _Call:
    """What a call knows, as long as it lasts: what it started may find it in its context long after."""

    __slots__ = ("redactor",)

    def __init__(self) -> None:
        self.redactor: Redactor | None = _NOTHING


_NOTHING = Redactor()
_calls: contextvars.ContextVar[_Call | None] = contextvars.ContextVar("wharfinger_call", default=None)


class of_call:  # noqa: N801  # used as a function
    """Let `hold` keep secrets in this context, until the end of it."""

    __slots__ = ("_call", "_token")

    def __enter__(self) -> None:
        self._call = _Call()
        self._token = _calls.set(self._call)

    def __exit__(self, *_: object) -> None:
        self._call.redactor = None
        _calls.reset(self._token)


def hold(secrets: Iterable[str], about: str) -> None:
    """Let `present` know these secrets for the rest of the call, instead of those held before; outside of one nothing.

    `about` is as in `Redactor`.
    """
    call = _calls.get()
    if call is not None and call.redactor is not None:
        call.redactor = Redactor(secrets, about)


def present() -> Redactor | None:
    """Return the redactor of the attempt, or of the call, that this context belongs to; None outside of them."""
    redactor, call = _current.get(), _calls.get()
    return redactor if redactor is not None or call is None else call.redactor


def redacted(text: str) -> str:
    """Return `text` without the secrets of the attempt that this context belongs to.

    To be called before a text is cut: half a secret is not found any more.
    """
    redactor = _current.get()
    return text if redactor is None else redactor.text(text)


# ---------------------------------------------------------------- the process


class Known:
    """The secrets that a process has at hand, for what belongs to no attempt: its own log.

    Those of attempts that ended linger for a while: what they left behind may still be told.
    """

    def __init__(self) -> None:
        self._held: dict[int, Redactor] = {}
        self._lingering: deque[Redactor] = deque(maxlen=_LINGERING)
        self._lock = threading.RLock()  # as a redactor's

    def keep(self, redactor: Redactor) -> None:
        """Look for its secrets from now on: in what is told of its task, or of whatever if it is the process's own."""
        with self._lock:
            self._held[id(redactor)] = redactor

    def release(self, redactor: Redactor) -> None:
        """Forget its secrets soon."""
        with self._lock:
            self._held.pop(id(redactor), None)
        self.linger(redactor)

    def linger(self, redactor: Redactor) -> None:
        """Look for its secrets for a while: until those of some dozens of others came, or not at all if it is large."""
        if redactor and redactor.size <= _LINGERING_SIZE:
            with self._lock:
                self._lingering.append(redactor)

    def about(self, names: Collection[str]) -> list[Redactor]:
        """Return those of the tasks of these names, and the process's own."""
        return [one for one in self.all() if not one.about or one.about in names]

    def text(self, text: str) -> str:
        """Return `text`, of which nobody knows whose it is, without any known secret."""
        for redactor in self.all():
            text = redactor.text(text)
        return text

    def all(self) -> list[Redactor]:
        """Return all there are."""
        with self._lock:
            return [*self._held.values(), *self._lingering]


known = Known()
"""The secrets of this process."""
