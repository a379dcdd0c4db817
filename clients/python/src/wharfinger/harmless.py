"""Text that can't steer a terminal: what of a stranger's text may be shown, printed or logged."""

from __future__ import annotations

_KEPT = frozenset("\t\n")


def clean(text: str) -> str:
    """Return `text` without the characters that could steer a terminal, or turn round the order it is read in."""
    return text if text.isprintable() else "".join(c if c in _KEPT or c.isprintable() else "\ufffd" for c in text)


def escaped(document: str) -> str:
    """Return a JSON document with such characters, which can only stand in its texts, written as JSON's escapes."""
    return document if document.isprintable() else "".join(map(_escape, document))


def _escape(char: str) -> str:
    if char in _KEPT or char.isprintable():
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
