"""The life of a task as a picture, from the one table of its transitions."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot

from generators.rendering import Rendered
from generators.state_pages import possible
from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.transitions import Trigger

S = TaskState
PLACES = {
    S.QUEUED: (0, 2),
    S.RUNNING: (1, 2),
    S.CANCELLING: (1, 0),
    S.PARTIALLY_FAILED: (2, 3),
    S.ROLLING_BACK: (1, 5),
    S.ROLLBACK_FAILED: (2, 6),
    S.SUCCEEDED: (3, 1),
    S.CANCELLED: (3, 2),
    S.FAILED: (3, 4),
    S.ROLLED_BACK: (3, 5),
}
"""Column and row of each state."""
ACROSS, DOWN, WIDTH, HEIGHT = 250, 66, 152, 34
BY_PERSON = {Trigger.CANCEL, Trigger.RESUME, Trigger.ROLL_BACK}
_ALONE = {Trigger.EVIDENCE: "late", Trigger.RESOLVE: "verdict"}
_STYLE = """<style>
.life text{font:12px ui-sans-serif,system-ui,sans-serif;fill:currentColor;text-anchor:middle}
.life rect{fill:none;stroke:currentColor;rx:6}
.life .rest rect{stroke-width:2.5}
.life path{fill:none;stroke:currentColor;stroke-opacity:.55}
.life .person path{stroke:#2a7ae2;stroke-opacity:.9}
.life .person text{fill:#2a7ae2;font-size:11px}
.life .verdict path{stroke:#2a7ae2;stroke-opacity:.5;stroke-dasharray:1.5 3}
.life .late path{stroke-dasharray:5 4;stroke-opacity:.4}
</style>"""


class StateDiagram(Rendered):
    """`{state-diagram}`: the states as boxes, and what leads from one to another as arrows."""

    sources = ("server/wharfinger_server/domain/transitions.py", "clients/python/src/wharfinger/ledger/states.py")

    def markdown(self) -> Iterator[str]:
        """Yield the picture, as SVG that takes the page's colours."""
        wide, high = 3 * ACROSS + WIDTH + 20, 6 * DOWN + HEIGHT + 20
        yield "```{raw} html"
        yield f'<svg class="life" viewBox="0 0 {wide} {high}" role="img" aria-label="States of a task">{_STYLE}'
        yield '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
        yield ' orient="auto"><path d="M0 0L8 4L0 8z" style="fill:currentColor;stroke:none"/></marker></defs>'
        for (before, after), triggers in arrows().items():
            yield _arrow(before, after, triggers)
        for state in PLACES:
            yield _box(state)
        yield "</svg>"
        yield "```"


def arrows() -> dict[tuple[TaskState, TaskState], list[Trigger]]:
    """Return what leads from one state to another; a state that stays as it is, and deletion, are no arrows."""
    found: dict[tuple[TaskState, TaskState], list[Trigger]] = {}
    for (before, trigger), after in possible().items():
        for one in sorted(after):
            if one is not before and trigger is not Trigger.DELETE:
                found.setdefault((before, one), []).append(trigger)
    return found


def _centre(state: TaskState) -> tuple[float, float]:
    column, row = PLACES[state]
    return 10 + WIDTH / 2 + column * ACROSS, 10 + HEIGHT / 2 + row * DOWN


def _box(state: TaskState) -> str:
    x, y = _centre(state)
    kind = "rest" if state.resting else "moving"
    return (
        f'<g class="{kind}"><rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}"/>'
        f'<text x="{x:g}" y="{y + 4:g}">{state.name}</text></g>'
    )


def _arrow(before: TaskState, after: TaskState, triggers: list[Trigger]) -> str:
    """Draw from edge to edge, bent to one side so that the way back is another line."""
    (x1, y1), (x2, y2) = _centre(before), _centre(after)
    length = hypot(x2 - x1, y2 - y1)
    bend = 0.1 + 0.05 * abs(PLACES[before][0] - PLACES[after][0])
    x, y = (x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend
    (x1, y1), (x2, y2) = _edge(x1, y1, x, y), _edge(x2, y2, x, y)
    asked = [trigger.value for trigger in triggers if trigger in BY_PERSON]
    kind = "person" if asked else _ALONE.get(triggers[0], "own") if len(triggers) == 1 else "own"
    label = ""
    if asked and length:
        tx, ty = x1 / 4 + x / 2 + x2 / 4, y1 / 4 + y / 2 + y2 / 4
        label = f'<text x="{tx:.0f}" y="{ty - 4:.0f}">{", ".join(asked)}</text>'
    told = f"{before.name} to {after.name}: {', '.join(trigger.value for trigger in triggers)}"
    way = f"M{x1:.0f} {y1:.0f}Q{x:.0f} {y:.0f} {x2:.0f} {y2:.0f}"
    return f'<g class="{kind}"><title>{told}</title><path marker-end="url(#tip)" d="{way}"/>{label}</g>'


def _edge(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    """Return where the line from a box's centre leaves the box."""
    dx, dy = to_x - x, to_y - y
    reach = min(WIDTH / 2 / abs(dx) if dx else 1e9, HEIGHT / 2 / abs(dy) if dy else 1e9)
    return x + dx * reach, y + dy * reach
