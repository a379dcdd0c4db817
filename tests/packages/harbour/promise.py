"""Return what was asked for, whether it was promised or not."""

PARAMS_SCHEMA = {"type": "object"}
RESULT_SCHEMA = {
    "type": "object",
    "properties": {"berth": {"type": "integer", "minimum": 1}},
    "required": ["berth"],
    "additionalProperties": False,
}


async def main(task):
    return dict(task.params)
