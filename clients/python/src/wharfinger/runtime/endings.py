"""Every way a script can end, as one outcome."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from wharfinger.ledger.failure import Code
from wharfinger.runtime import reasons
from wharfinger.runtime.jsontext import NotJson, encode
from wharfinger.runtime.limits import facts
from wharfinger.runtime.protocol import Failure, LeaseLost, Outcome, Rejected, Stopped, Succeeded
from wharfinger.runtime.redaction import redacted
from wharfinger.runtime.steps import step_of
from wharfinger.runtime.text import clean
from wharfinger.script.errors import Cancelled, Failed

RESULT_LIMIT = 64 * 1024
_MESSAGE_LIMIT = 2000


class Stop(Protocol):
    """Tells a running script to stop. `reason` is for people."""

    @property
    def requested(self) -> bool:
        """Whether it was asked to."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...


def of_result(value: Any, script: str) -> Outcome:
    """Return the outcome of a `main` that returned `value`: None counts as {}, and a model is asked for its JSON."""
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        value = dump(mode="json")
    if value is None:
        value = {}
    if not isinstance(value, dict):
        why = f"main returned a {type(value).__qualname__}; it must return a dict (a JSON object) or None"
        return Failure(reasons.INTERNAL, "SCRIPT_RESULT_INVALID", why, metadata={"script": script})
    try:
        text = encode(value, "result")
    except NotJson as error:
        why = clean(f"main returned what JSON can't hold: {error}", _MESSAGE_LIMIT)
        return Failure(
            reasons.INTERNAL, "SCRIPT_RESULT_INVALID", why, metadata={"script": script, "cause": clean(str(error), 200)}
        )
    if len(text) > RESULT_LIMIT:
        path, size = _largest(value)
        return Failure(
            reasons.OUT_OF_RANGE,
            "RESULT_TOO_LARGE",
            f"main returned {len(text)} bytes of JSON; {RESULT_LIMIT} are allowed, and {path} alone takes {size}."
            " Put large results into a store and return where they are",
            metadata={"limit_bytes": str(RESULT_LIMIT), "size_bytes": str(len(text))},
        )
    return Succeeded(text)


def _largest(value: dict[str, Any]) -> tuple[str, int]:
    sizes = {key: len(encode(one, key)) for key, one in value.items()}
    key = max(sizes, key=lambda name: sizes[name])
    return clean(f"result.{key}", 200), sizes[key]


def of_error(error: BaseException, module: ModuleType, stop: Stop, *, interrupted: bool = False) -> Outcome | None:
    """Return the outcome of a script that raised `error`; None if the attempt lost its lease and may say nothing.

    `interrupted`: the attempt was cancelled from outside. Of several errors at once, the script's own word counts
    first, and a doubt last: what else went wrong is definite, and running again would not mend it.
    """
    leaves = list(_leaves(error))
    if any(isinstance(one, LeaseLost) for one in leaves):
        return None
    stopping = stop.requested or interrupted
    causes = [one for one in leaves if not (stopping and isinstance(one, (asyncio.CancelledError, Cancelled)))]
    if not causes:
        return Stopped()
    cause = min(causes, key=_rank)
    failure = failure_of(cause, module, step=step_of(cause) or step_of(error))
    if len(causes) > 1:
        failure = _replace_message(failure, f"{failure.message} (and {len(causes) - 1} more)")
    return failure


_CODES = frozenset(Code) - {Code.OK}


def _rank(error: BaseException) -> int:
    if isinstance(error, Failed) and error.reason == "RESOURCE_UNCERTAIN":
        return 2
    return 0 if isinstance(error, (Failed, Rejected)) else 1


def failure_of(error: BaseException, module: ModuleType, *, step: str = "") -> Failure:
    """Return one error as a failure: a script's or the ledger's own word as it is, everything else as SCRIPT_RAISED."""
    if isinstance(error, Rejected):
        told = error.failure
        return Failure(told.code, told.reason, told.message, told.retryable, told.step or step, told.metadata)
    if isinstance(error, Failed):
        return Failure(
            code=Code(error.code)
            if isinstance(error.code, int) and 0 < error.code <= 16
            else reasons.code_of(error.reason),
            reason=error.reason,
            message=clean(str(error.message), _MESSAGE_LIMIT),
            retryable=bool(error.retryable),
            step=step,
            metadata={clean(name, 64): clean(value, 1000) for name, value in facts(error.metadata).items()},
        )
    name = _type_name(error)
    where = _place(error, module)
    message = clean(": ".join(filter(None, (name, said(error)))) + (f" ({where})" if where else ""), _MESSAGE_LIMIT)
    return Failure(reasons.UNKNOWN, "SCRIPT_RAISED", message, step=step, metadata={"exception": name})


def said(error: BaseException) -> str:
    """Return the error's own message, cut to what a person will read; empty where even asking for it fails."""
    try:
        return clean(str(error).strip(), 1000)
    except Exception:  # noqa: BLE001 - an exception's __str__ is the script's own code
        return ""


def trace_of(error: BaseException) -> Iterator[str]:
    """Yield the traceback, line by line, the last 30 frames of each exception in the chain."""
    try:
        text = "".join(traceback.format_exception(error, limit=-30, chain=True))
    except Exception:  # noqa: BLE001 - as in `said`
        text = "".join(traceback.format_tb(error.__traceback__, limit=-30))
    for line in redacted(text).splitlines()[-200:]:
        yield clean(line, 2000)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _replace_message(failure: Failure, message: str) -> Failure:
    return Failure(failure.code, failure.reason, message, failure.retryable, failure.step, failure.metadata)


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _place(error: BaseException, module: ModuleType) -> str:
    """Return `package/file.py:12` of the innermost frame in the script's own package, or else of the innermost one."""
    file = getattr(module, "__file__", None)
    home = Path(file).parent if file else None
    depth = module.__name__.count(".") + hasattr(module, "__path__")
    root = home
    for _ in range(depth - 1 if home else 0):
        root = root.parent if root else None
    best = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if root is not None and depth and path.is_relative_to(root):
            best = f"{path.relative_to(root.parent)}:{line}"
        elif path.name and str(path) == file:
            best = f"{path.name}:{line}"
    if not best and error.__traceback__ is not None:
        frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
        best = f"{Path(frame.f_code.co_filename).name}:{line}"
    return best
