"""Making text from anywhere fit to be stored and sent."""

from __future__ import annotations

from wharfinger.runtime.redaction import redacted


def clean(text: str, limit: int) -> str:
    """Return `text` as valid Unicode without NULs, cut to `limit` characters with an ellipsis where it was longer.

    The secrets of the attempt at work are taken out before it is cut. Neither a lone surrogate (as from an undecodable
    file name) nor a NUL can be sent as a protobuf string or stored by every database.
    """
    text = redacted(text)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
