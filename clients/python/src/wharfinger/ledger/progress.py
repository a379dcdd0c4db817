"""The latest progress of a task: a value, merged freely, never an event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is. `total` and `eta` (microseconds) are None where unknown; `unit` is "bytes", "nodes" …."""

    step: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    message: str = ""
    eta: int | None = None
    update_time: int = 0
