"""Making text from anywhere fit to be stored and sent."""

from __future__ import annotations


def clean(text: str, limit: int) -> str:
    """Return `text` as valid Unicode without NULs, cut to `limit` characters with an ellipsis where it was longer.

    Neither a lone surrogate (as from an undecodable file name) nor a NUL can be sent as a protobuf string or stored by
    every database.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
