"""Light the lamps of a quay: one file a lamp. There is oil for three."""

from dataclasses import dataclass
from pathlib import Path

from wharfinger.script import NotSent

OIL = 3


@dataclass
class Params:
    """Which quay, and how many of its lamps."""

    quay: str
    lamps: int = 4


def main(task):
    """Light them one after the other."""
    Path(task.params.quay).mkdir(parents=True, exist_ok=True)
    for number in range(1, task.params.lamps + 1):
        task.create("quay.lamp", f"lamp/{number}", lambda intent: light(intent, task.params.quay))
        task.notify(f"lamp {number} is lit")
    return {"lit": task.params.lamps}


def light(intent, quay: str) -> str:
    """Light one and return its id; nothing is tried, and nothing in doubt, where the oil is out."""
    number = int(intent.key.rpartition("/")[2])
    if number > OIL:
        raise NotSent(f"there is no oil for lamp {number}")
    lamp = Path(quay, f"lamp-{number}")
    lamp.write_text("lit")
    return str(lamp)


def find(task, intent):
    """Return the lamp that the intent may have lit."""
    lamp = Path(task.params.quay, f"lamp-{intent.key.rpartition('/')[2]}")
    return [str(lamp)] if lamp.exists() else []


def undo(task, resource):  # noqa: ARG001 - as the contract has it
    """Put it out."""
    Path(resource.external_id).unlink(missing_ok=True)
