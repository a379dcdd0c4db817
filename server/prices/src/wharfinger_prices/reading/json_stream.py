"""JSON that is larger than memory: its outer objects and arrays are walked, what is in them is decoded piece by piece.

The decoder is Python's own; this only slides a window over the file. A number is given as it stands in the file, as a
Number, so that none of its digits is lost in a float.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, BinaryIO, NoReturn

from wharfinger_prices.sdk.price_source import MalformedPrices

PIECE = 1 << 16
LARGEST = 1 << 23
"""Characters in one decoded value. The items of real price files have a few thousand."""
DEEPEST = 32

_BLANK = re.compile(r"[ \t\n\r]*")
_SLACK = 16  # the longest beginning of a literal or an escape that the end of the window may cut


class Number(str):
    """A number of a JSON file, as it stands there."""

    __slots__ = ()


class JsonStream:
    """A file of one JSON document, or of several one after the other. Every method may raise MalformedPrices.

    `path` is where in the document it stands: the keys, and the counts of arrays' items, that lead there.
    """

    def __init__(self, file: BinaryIO, name: str = "") -> None:
        """Read `file` from where it stands; `name` is put before the place in messages."""
        self.path: list[str] = []
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = self._mark = self._before = 0
        self._ended = False

    def more(self) -> bool:
        """Whether another document follows."""
        self._blank()
        return self._at < len(self._text)

    def end(self) -> None:
        """Check that nothing follows."""
        if self.more():
            self.refuse("there is more after the document's end")

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that comes next. The caller takes or skips each one's value."""
        self._open("{")
        while self._goes_on("}"):
            key = self.value()
            if not isinstance(key, str) or isinstance(key, Number):
                self.refuse("an object's key must be text")
            self._sign(":")
            self.path.append(key)
            yield key
            self.path.pop()

    def elements(self) -> Iterator[int]:
        """Yield the numbers, from 0, of the items of the array that comes next. The caller takes or skips each item."""
        self._open("[")
        count = 0
        while self._goes_on("]"):
            self.path.append(str(count))
            yield count
            self.path.pop()
            count += 1

    def value(self) -> Any:
        """Return the value that comes next, decoded."""
        self._blank()
        self._mark = self._at
        while True:
            where, what = len(self._text), "the file ends in the middle of a value"
            try:
                value, end = _scan(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except JSONDecodeError as error:
                where, what = error.pos, error.msg
            except StopIteration as error:
                where, what = error.value, "there must be a value"
            except RecursionError:
                self.refuse("it is nested too deeply")
            except ValueError as error:
                self.refuse(str(error))
            is_cut = where + _SLACK >= len(self._text) or what.startswith("Unterminated string")
            if not is_cut or not self._fill():
                self._mark = min(where, len(self._text))
                is_cut = is_cut and (where >= len(self._text.rstrip()) or what.startswith("Unterminated"))
                self.refuse("the file ends in the middle of a value; it is cut off" if is_cut else f"no JSON: {what}")
            if len(self._text) - self._at > LARGEST:
                self.refuse(f"one value has more than {LARGEST} characters")

    def skip(self) -> None:
        """Pass over the value that comes next, of whatever size."""
        next_one = self._peek()
        if next_one == "{":
            for _ in self.members():
                self.skip()
        elif next_one == "[":
            for _ in self.elements():
                self.skip()
        else:
            self.value()

    def kind(self) -> str:
        """Return the first character of the value that comes next: `{`, `[`, `"` …; "" at the file's end."""
        return self._peek()

    def refuse(self, what: str) -> NoReturn:
        """Raise MalformedPrices: `what` is wrong with the value that was read last."""
        raise MalformedPrices(self.place(what)) from None

    def place(self, what: str) -> str:
        """Return `what` with where the value that was read last stands."""
        byte = self._before + len(self._text[: self._mark].encode("utf-8", "surrogatepass"))
        inside = f" ({'/'.join(self.path)})" if self.path else ""
        return f"{self._name}at byte {byte}{inside}: {what}"

    # ------------------------------------------------------------------ within

    def _open(self, sign: str) -> None:
        if len(self.path) > DEEPEST:
            self.refuse("it is nested too deeply")
        self._sign(sign)
        self._is_first = True

    def _goes_on(self, closing: str) -> bool:
        """Whether the object or array has another item; passes over what stands before it."""
        first, self._is_first = self._is_first, False
        found = self._peek()
        if found == closing:
            self._at += 1
            return False
        if not first:
            self._sign(",")
        return True

    def _peek(self) -> str:
        self._blank()
        return self._text[self._at : self._at + 1]

    def _sign(self, sign: str) -> None:
        found = self._peek()
        if found != sign:
            self._mark = self._at
            self.refuse(f"{found!r} stands where {sign!r} must" if found else "the file ends too early; it is cut off")
        self._at += 1

    def _blank(self) -> None:
        while True:
            match = _BLANK.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._fill():
                return

    def _fill(self) -> bool:
        """Read on and let go of what was passed; False at the file's end."""
        if self._ended:
            return False
        data = self._file.read(PIECE)
        try:
            more = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            byte = self._before + len(self._text.encode("utf-8", "surrogatepass")) + error.start
            raise MalformedPrices(f"{self._name}at byte {byte}: what stands there is not UTF-8") from None
        self._ended = not data
        self._before += len(self._text[: self._at].encode("utf-8", "surrogatepass"))
        self._text = self._text[self._at :] + more
        self._at = self._mark = 0
        return True


def decode(line: str) -> Any:
    """Return the value that a line of JSON holds. Raises ValueError."""
    try:
        value, end = _scan(line, len(line) - len(line.lstrip(" \t")))
    except StopIteration:
        raise ValueError("no JSON: there must be a value") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if line[end:].strip(" \t\r\n"):
        raise ValueError("there is more after the value's end")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; where a key stands twice both must say the same."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if seen.setdefault(key, value) != value:
                raise ValueError(f"the key {key[:100]!r} stands twice in one object, with different values")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_scan = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=_constant
).scan_once  # type: ignore[attr-defined]  # not in the stubs: decodes at a place and returns where it ended
