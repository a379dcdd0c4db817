"""The reach of an image by its own tables, read as they stream by: more than there is means that it was cut short.

What stands before the table that leads to it has gone by unseen; then less is known, and nothing is claimed.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable

from wharfinger_image.transfer import Piece

_BEGINNING = 64 * 1024
_LARGEST_TABLE = 32 * 1024 * 1024
_MOST_TABLES = 100_000
_SECTOR = 512
_QCOW2_OFFSET = 0x00FF_FFFF_FFFF_FE00
_QCOW2_COMPRESSED = 1 << 62
_AT_THE_END = 2**64 - 1
_PROTECTIVE = 0xEE


class Wholeness:
    """Sees one image go by, and knows in the end what of it is missing."""

    def __init__(self) -> None:
        self._position = 0
        self._beginning = bytearray()
        self._end = bytearray()
        self._wanted: dict[int, _Table] = {}
        self._tables = 0
        self._reach = 0
        """The first byte of the furthest thing that a table leads to, and one: a last cluster need not be full."""

    def see(self, piece: Piece) -> None:
        """Look at the next bytes."""
        view = memoryview(piece)
        if len(self._beginning) < _BEGINNING:
            known = len(self._beginning)
            self._beginning += view[: _BEGINNING - known]
            if known < _SECTOR <= len(self._beginning):
                self._begin(bytes(self._beginning))
        self._end = (self._end + view[-2 * _SECTOR :])[-2 * _SECTOR :]
        self._collect(view)
        self._position += len(view)

    def missing(self, name: str, size: int) -> str:
        """Return what is missing of an image of `size` bytes in the format `name`; "" for nothing that shows."""
        if name == "vhd":
            return "" if b"conectix" in self._end[-_SECTOR:] else "the footer that ends a VHD is not there"
        says = {"vdi": self._vdi, "iso": self._iso, "gpt": self._partitions, "raw": self._partitions}
        reach = max(says.get(name, lambda: 0)(), self._reach)
        return f"it reaches to byte {reach} at least, and has {size}" if reach > size else ""

    # ------------------------------------------------------------------ tables

    def _begin(self, head: bytes) -> None:
        if head.startswith(b"QFI\xfb"):
            self._qcow2(head)
        elif head.startswith(b"KDMV"):
            self._vmdk(head)

    def _want(self, offset: int, size: int, read: Callable[[bytes], None]) -> None:
        """Have `size` bytes at `offset` read, if they are still to come."""
        self._reach = max(self._reach, offset + 1)
        if offset > self._position and 0 < size <= _LARGEST_TABLE and self._tables < _MOST_TABLES:
            self._tables += 1
            self._wanted.setdefault(offset, _Table(size, read))

    def _collect(self, view: memoryview) -> None:
        again = True
        while again:
            again = False
            for offset, table in sorted(self._wanted.items()):
                at = offset + len(table.data) - self._position
                if at >= len(view):
                    break
                table.data += view[at : at + table.size - len(table.data)]
                if len(table.data) == table.size:
                    del self._wanted[offset]
                    table.read(bytes(table.data))
                    again = True  # it may have led to what is in this very piece

    def _qcow2(self, head: bytes) -> None:
        version, cluster_bits = struct.unpack_from(">I", head, 4)[0], struct.unpack_from(">I", head, 20)[0]
        l1_size, l1_offset, refcounts = struct.unpack_from(">IQQ", head, 36)
        features = struct.unpack_from(">Q", head, 72)[0] if version >= 3 else 0
        if not 9 <= cluster_bits <= 21:
            return
        width = 2 if features & 16 else 1  # extended entries have a bitmap each
        compressed = (1 << (62 - (cluster_bits - 8))) - 1

        def clusters(data: bytes) -> None:
            for entry in _numbers("Q", data, big=True)[::width]:
                if entry:
                    start = entry & compressed if entry & _QCOW2_COMPRESSED else entry & _QCOW2_OFFSET
                    self._reach = max(self._reach, start + 1)

        def directory(data: bytes) -> None:
            for entry in _numbers("Q", data, big=True):
                if entry & _QCOW2_OFFSET:
                    self._want(entry & _QCOW2_OFFSET, 1 << cluster_bits, clusters)

        self._reach = max(self._reach, refcounts + 1)
        if l1_size:
            self._reach = max(self._reach, l1_offset + l1_size * 8)
            self._want(l1_offset, l1_size * 8, directory)

    def _vmdk(self, head: bytes) -> None:
        capacity, grain = struct.unpack_from("<QQ", head, 12)
        entries, _, directory_at = struct.unpack_from("<IQQ", head, 44)
        if directory_at in (0, _AT_THE_END) or not grain or not entries:
            return  # a stream-optimized image has its directory at its end, where the inspector looks

        def grains(data: bytes) -> None:
            furthest = max(_numbers("I", data), default=0)
            if furthest > 1:  # 1: a grain of zeros
                self._reach = max(self._reach, furthest * _SECTOR + 1)

        def directory(data: bytes) -> None:
            for entry in _numbers("I", data):
                if entry:
                    self._want(entry * _SECTOR, entries * 4, grains)

        self._want(directory_at * _SECTOR, -(-capacity // (grain * entries)) * 4, directory)

    # ------------------------------------------------------------------ headers

    def _vdi(self) -> int:
        if len(self._beginning) < 400:
            return 0
        data_at = struct.unpack_from("<I", self._beginning, 344)[0]
        block, extra, _, allocated = struct.unpack_from("<IIII", self._beginning, 376)
        return int(data_at + allocated * (block + extra))

    def _iso(self) -> int:
        head = bytes(self._beginning[32768 : 32768 + 2048])
        if len(head) < 200 or head[:6] != b"\x01CD001":
            return 0
        return int(struct.unpack_from("<I", head, 80)[0]) * int(struct.unpack_from("<H", head, 128)[0])

    def _partitions(self) -> int:
        """Return where the last partition, or the copy of the table that ends the disk, ends."""
        if len(self._beginning) < _SECTOR or self._beginning[510:512] != b"\x55\xaa":
            return 0
        for sector in (_SECTOR, 4096):
            if self._beginning[sector : sector + 8] == b"EFI PART" and len(self._beginning) >= sector + 40:
                return int(struct.unpack_from("<Q", self._beginning, sector + 32)[0] + 1) * sector
        reach = 0
        for at in range(446, 510, 16):
            active, kind = self._beginning[at], self._beginning[at + 4]
            first, count = struct.unpack_from("<II", self._beginning, at + 8)
            if active not in (0, 0x80):
                return 0  # no table: code, or a file system's own sector
            if kind not in (0, _PROTECTIVE):
                reach = max(reach, (first + count) * _SECTOR)
        return reach


class _Table:
    """A table that is being collected: `size` bytes, then `read`."""

    def __init__(self, size: int, read: Callable[[bytes], None]) -> None:
        self.size = size
        self.read = read
        self.data = bytearray()


def _numbers(code: str, data: bytes, *, big: bool = False) -> array[int]:
    numbers = array(code)
    numbers.frombytes(data[: len(data) // numbers.itemsize * numbers.itemsize])
    if big != (sys.byteorder == "big"):
        numbers.byteswap()
    return numbers
