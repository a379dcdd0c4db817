"""Do nothing, with params that are checked."""

from wharfinger.script import AsyncTask

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "source": {"type": "string", "pattern": "^https?://"},
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "stores": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["source", "name", "stores"],
    "additionalProperties": False,
}


async def main(task: AsyncTask) -> dict[str, int]:
    """Return at once."""
    return {"attempt": task.attempt}
