"""Light beacons in a folder, one file each."""

from dataclasses import dataclass
from pathlib import Path

from wharfinger.script import Intent, Resource, ResourceType, Task

RESUMABLE = True
RESOURCE_TYPES = {"beacon": ResourceType(idempotent=True, send_window=2, call_timeout=2, settling=0)}


@dataclass
class Params:
    """What a caller sends; its JSON Schema is made from this."""

    folder: str
    count: int = 3


def main(task: Task) -> dict[str, object]:
    """Light them; one that burns already is not lit again."""

    def light(intent: Intent) -> str:
        Path(task.params.folder, intent.token).touch()
        return intent.token

    Path(task.params.folder).mkdir(parents=True, exist_ok=True)
    keys = [f"beacon/{n}" for n in range(1, task.params.count + 1)]
    task.plan(keys)
    with task.step("light", total=len(keys), unit="beacons") as step:
        for key in keys:
            print(key, "burns:", task.create("beacon", key, light))
            step.advance()
    return {"lit": len(keys)}


def find(task: Task, resource: Resource) -> list[str]:
    """Tell whether a beacon burns, where nobody heard what became of it."""
    return [resource.token] if Path(task.params.folder, resource.token).exists() else []


def undo(task: Task, resource: Resource) -> None:
    """Put a beacon out."""
    Path(task.params.folder, resource.external_id).unlink(missing_ok=True)
