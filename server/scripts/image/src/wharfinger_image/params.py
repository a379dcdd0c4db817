"""The parts of the scripts' params that they share."""

from __future__ import annotations

from typing import Any

from wharfinger.script import Failed

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
NAME_PATTERN = rf"^{_NAME}(/{_NAME})*$"


def name(description: str) -> dict[str, Any]:
    """Return the schema of an object's name."""
    form = "letters, digits and . _ + -, each part beginning with a letter or digit, parts separated by /"
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": 500,
        "pattern": NAME_PATTERN,
        "description": f"{description} ({form}).",
    }


def store(description: str) -> dict[str, Any]:
    """Return the schema of a store's name."""
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "pattern": r"^[^/]+$",
        "description": description,
        "x-wharfinger-store": True,
    }


SIZE: dict[str, Any] = {
    "type": "integer",
    "minimum": 1,
    "description": "Bytes that the image must have. It is checked, and lets the server tell what keeping it costs.",
}


HEADERS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "maxProperties": 20,
    "writeOnly": True,
}

IF_EXISTS: dict[str, Any] = {
    "type": "string",
    "enum": ["refuse", "same", "replace"],
    "default": "refuse",
    "description": "What becomes of an object that has the name already: the task is refused; it will do if it is the"
    " same image, byte by byte; or it is replaced in one step unless it is the same. What was replaced is gone.",
}


def schema(summary: str, required: list[str], properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the schema of a script's params; `more` are further keywords."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "description": summary,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **more,
    }


RESULT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Name of the object in every store."},
        "size": {"type": "integer", "description": "Bytes."},
        "sha256": {
            "type": ["string", "null"],
            "description": "SHA-256 of the bytes in hex; null where they were copied unread, and it was not on record.",
        },
        "objects": {
            "type": "array",
            "description": "Every object that was made, or was this image already, in the order of the stores.",
            "items": {
                "type": "object",
                "properties": {
                    "store": {"type": "string", "description": "Name of the store, or the folder."},
                    "path": {"type": "string", "description": "The object in it."},
                    "image": {"type": "string", "description": "Its id, in an OpenStack image service."},
                },
                "required": ["store", "path"],
            },
        },
    },
    "required": ["name", "size", "sha256", "objects"],
}


def several(task_param: str | list[str]) -> list[str]:
    """Return a parameter that may be one or several, as a list without repetitions. Raises Failed for an empty one."""
    found = [task_param] if isinstance(task_param, str) else list(dict.fromkeys(task_param))
    if not found:
        raise Failed("stores: name at least one store", reason="PARAMS_INVALID")
    return found
