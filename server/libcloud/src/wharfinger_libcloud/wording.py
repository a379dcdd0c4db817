"""An error's text, whatever libcloud made of it."""

from __future__ import annotations


def said(error: BaseException) -> str:
    """Return the error's own words; libcloud has errors whose message is no text, so that `str` of them raises."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever a foreign __str__ raises
        message = getattr(error, "message", None)
        return repr(error.args if message is None else message)
