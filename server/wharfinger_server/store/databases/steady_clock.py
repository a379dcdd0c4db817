"""The server's steady clock, with a name by which a later process can tell whether its own is the same one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wharfinger.runtime.steady import steady
from wharfinger_server.domain.timing import SECOND

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_OFFSETS = Path("/proc/self/timens_offsets")


def _microseconds() -> int:
    return int(steady() * SECOND)


def clock_name(boot: Path = _BOOT, offsets: Path = _OFFSETS) -> str:
    """Return the name of this process's steady clock.

    It is the same for all processes of one boot of one machine that count from the same moment: a container may shift
    its own. Where the system can't tell, no other process has it.
    """
    try:
        one = boot.read_text()
    except OSError:
        return secrets.token_hex(8)
    with suppress(OSError):  # a kernel without namespaces of time
        one += offsets.read_text()
    return hashlib.sha256(one.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SteadyClock:
    """A steady clock: `read` returns its time in microseconds."""

    name: str
    read: Callable[[], int]

    @classmethod
    def of_machine(cls) -> SteadyClock:
        """Return the clock of this process."""
        return cls(clock_name(), _microseconds)
