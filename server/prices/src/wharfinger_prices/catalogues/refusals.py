"""How it is refused that data is too large, or can't be kept."""

from __future__ import annotations

import errno
from pathlib import Path

from wharfinger_prices.errors import FailedPrecondition, OutOfRange

_FULL = (errno.ENOSPC, errno.EDQUOT)


def not_kept(path: Path, error: OSError) -> FailedPrecondition:
    """Return the refusal where the data folder can't be written."""
    cause = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
    why = f"prices can't be kept in {path}: {cause}; make room there or let the server write it"
    return FailedPrecondition("PRICES_NOT_KEPT", why, {"path": str(path), "cause": cause})


def too_large(limit: int, what: str) -> OutOfRange:
    """Return the refusal of data that is larger than the operator allows."""
    why = f"the price data {what} more than {limit} bytes; an operator can allow more in [prices]"
    return OutOfRange("PRICES_TOO_LARGE", why, {"limit_bytes": str(limit)})
