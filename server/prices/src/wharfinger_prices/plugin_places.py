"""Places in somebody's code, short enough for a sentence: `package/module.py:12`."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

_MACHINERY = ("<frozen importlib", "importlib/", "stevedore/")


def place(file: str, line: int) -> str:
    """Return `file:line`, with the file as it is named below the folder that it is imported from."""
    folders = sorted((folder for folder in sys.path if folder), key=len, reverse=True)
    for folder in folders:
        if file.startswith(folder.rstrip("/") + "/"):
            return f"{file[len(folder.rstrip('/')) + 1 :]}:{line}"
    return f"{'/'.join(Path(file).parts[-2:])}:{line}"


def place_of_error(error: BaseException) -> str:
    """Return where `error`, caught by the caller, was raised; "" if that is in the import machinery or the caller.

    For a SyntaxError it is the line that can't be read.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return place(error.filename, error.lineno or 0)
    found = ""
    beyond_caller = error.__traceback__.tb_next if error.__traceback__ else None
    for frame, line in traceback.walk_tb(beyond_caller):
        shown = place(frame.f_code.co_filename, line)
        if not shown.startswith(_MACHINERY):
            found = shown
    return found
