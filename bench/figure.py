"""A measured figure beside its goal."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median


class WrongAnswer(Exception):
    """What was measured did not do what it should have done: its speed says nothing."""


def expect(what: str, found: object, wanted: object) -> None:
    """Raise WrongAnswer unless `found` equals `wanted`."""
    if found != wanted:
        raise WrongAnswer(f"{what}: {found}, not {wanted}")


@dataclass(frozen=True)
class Figure:
    """Samples of one thing, taken in turns with the samples of what it is held against.

    `ratios` are those of each round; what was measured together is compared, so that a slow minute harms both sides.
    `target` is the goal for their median: reached from above (`at_least`) or from below. None: told, not aimed at.
    """

    goal: str
    what: str
    unit: str
    samples: tuple[float, ...]
    against: str = ""
    against_samples: tuple[float, ...] = ()
    target: float | None = None
    at_least: bool = True
    note: str = ""
    ratios: tuple[float, ...] = field(default=())

    @property
    def value(self) -> float:
        """The median of the samples."""
        return median(self.samples)

    @property
    def against_value(self) -> float | None:
        """The median of what it is held against."""
        return median(self.against_samples) if self.against_samples else None

    @property
    def ratio(self) -> float | None:
        """The median ratio, None where the figure is held against nothing."""
        return median(self.ratios) if self.ratios else None

    @property
    def aimed(self) -> float:
        """What the target is for: the ratio where there is one, otherwise the value."""
        return self.value if self.ratio is None else self.ratio

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.target is None:
            return None
        return self.aimed >= self.target if self.at_least else self.aimed <= self.target

    @property
    def gap(self) -> float | None:
        """How far it is beyond (positive) or short of (negative) the target, as a part of it; None without one."""
        if self.target is None:
            return None
        return (self.aimed / self.target - 1) * (1 if self.at_least else -1)


def figure(  # noqa: PLR0913 - the columns of one line
    goal: str,
    what: str,
    unit: str,
    samples: list[float],
    against: str,
    against_samples: list[float],
    target: float | None,
    *,
    at_least: bool = True,
    note: str = "",
) -> Figure:
    """Return the figure of samples taken in turns with `against_samples`, round by round."""
    ratios = tuple(a / b for a, b in zip(samples, against_samples, strict=True))
    return Figure(goal, what, unit, tuple(samples), against, tuple(against_samples), target, at_least, note, ratios)
