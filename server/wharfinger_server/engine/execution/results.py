"""Whether a script's result is what the script promised."""

from __future__ import annotations

import orjson

from wharfinger.ledger.failure import Code, Failure
from wharfinger_server.engine.params.schema import ObjectSchema


def result_misfit(promised: ObjectSchema | None, result: bytes, script: str) -> Failure | None:
    """Return how the result, as JSON, differs from what `script` promised; None if it does not, or nothing was."""
    wrong = promised.check(orjson.loads(result), "result") if promised else []
    if not wrong:
        return None
    cause = f"{wrong[0].field} {wrong[0].description}"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Failure(
        Code.INTERNAL,
        "SCRIPT_RESULT_INVALID",
        f"main returned what does not match the script's RESULT_SCHEMA: {cause}{more}",
        metadata={"script": script, "cause": cause},
    )
