"""A proxy that can also lose one answer: the server has done what it was asked, and the caller never hears of it."""

from __future__ import annotations

from typing import Any

from tests.servers.cutting_proxy import CuttingProxy

_FRAME_HEAD = 9
_HEADERS = 1


class LosingProxy(CuttingProxy):
    """As a CuttingProxy; `lost` counts the answers that were lost.

    It follows the frames of HTTP/2 that come from the server, and knows that an answer begins with a frame of headers.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.lost = 0
        self._losing = 0
        self._frames: dict[Any, _Frames] = {}

    def lose_answers(self, count: int = 1) -> None:
        """Reset the connection where the next answer begins, `count` times."""
        with self._lock:
            self._losing = count

    def fail_for_good(self) -> None:
        """Let the connections of now stay open and dead for good; new ones work."""
        self.blackhole()
        self.blackhole(False)

    def _spend(self, pair: Any, data: bytes) -> bool:
        begun = self._frames.setdefault(pair, _Frames()).begun(data)
        if begun is not None and self._losing:
            self._losing -= 1
            self.lost += 1
            self.cut()
            return False
        return super()._spend(pair, data)

    def _drop(self, pair: Any) -> None:
        self._frames.pop(pair, None)
        super()._drop(pair)


class _Frames:
    """Where the frames of one connection begin."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._body = 0

    def begun(self, data: bytes) -> int | None:
        """Take the next bytes, and return where the first frame of headers among them has its head complete."""
        place, found = 0, None
        while place < len(data):
            if self._body:
                passed = min(self._body, len(data) - place)
                self._body -= passed
                place += passed
                continue
            wanted = _FRAME_HEAD - len(self._head)
            self._head += data[place : place + wanted]
            place += wanted
            if len(self._head) == _FRAME_HEAD:
                self._body = int.from_bytes(self._head[:3], "big")
                if self._head[3] == _HEADERS and found is None:
                    found = place
                self._head.clear()
        return found
