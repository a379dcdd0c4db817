"""Figures as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """The values of one name: a gauge, counter or histogram. A sample is (suffix of the name, labels, value)."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[str, Labels, float | int | str]]


def gauge(name: str, help: str, value: float) -> Family:  # noqa: A002  # Prometheus' word
    """Return a family with one value and no labels."""
    return Family(name, "gauge", help, [("", {}, value)])


def histogram(name: str, help: str, bounds: Sequence[float], counts: Sequence[int], total: float) -> Family:  # noqa: A002
    """Return a histogram. `counts` has the observations up to each bound and beyond the one before, and the rest."""
    samples: list[tuple[str, Labels, float | int | str]] = []
    so_far = 0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        so_far += count
        samples.append(("_bucket", {"le": bound}, so_far))
    return Family(name, "histogram", help, [*samples, ("_sum", {}, total), ("_count", {}, so_far)])


def text(families: Iterable[Family]) -> str:
    """Return all of them."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        for suffix, labels, value in family.samples:
            inside = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
            lines.append(f"{family.name}{suffix}{f'{{{inside}}}' if inside else ''} {value}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
