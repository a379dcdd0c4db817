"""The values of a scenario, filled in: what earlier steps answered, and what is too long to be written out.

"${task.name}"                         a part of what a step answered, whatever it is
"projects/${project}/tasks/x"          the same inside of a text
{"$text": "harbour ", "times": 1000}   a long text
{"$list": "crate/{:03}", "count": 250} a list of numbered texts, from 0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE = re.compile(r"\$\{([\w.]+)\}")


def filled(value: Any, known: Mapping[str, Any]) -> Any:  # one for each form
    """Return `value` with all that it refers to. Raises KeyError for what nobody knows."""
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        return look_up(whole[1], known) if whole else _WHOLE.sub(lambda found: str(look_up(found[1], known)), value)
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if "$text" in value:
        return value["$text"] * value["times"]
    if "$list" in value:
        return [value["$list"].format(number) for number in range(value["count"])]
    return {key: filled(one, known) for key, one in value.items()}


def look_up(path: str, known: Mapping[str, Any]) -> Any:
    """Return the part at `path`, such as `task.name` or `tasks.0`. Raises KeyError."""
    found: Any = known
    for part in path.split("."):
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (IndexError, KeyError, TypeError, ValueError):
            raise KeyError(f"nothing is known of {path}") from None
    return found
