"""Places of a thread in a script's code, short enough for a sentence: `package/module.py:12`."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType

from wharfinger_prices.plugin_places import place


def place_in_package(innermost: FrameType | None, module: str) -> tuple[str, str]:
    """Return the place, and the function's name, of the innermost frame that belongs to the package of `module`.

    `innermost` is the frame that a thread executes. Without such a frame it is that frame itself; ("", "") for None.
    """
    package = module.partition(".")[0]
    for frame in _outwards(innermost):
        name = frame.f_globals.get("__name__", "")
        if name == package or str(name).startswith(package + "."):
            return place(frame.f_code.co_filename, frame.f_lineno), frame.f_code.co_name
    if innermost is None:
        return "", ""
    return place(innermost.f_code.co_filename, innermost.f_lineno), innermost.f_code.co_name


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
