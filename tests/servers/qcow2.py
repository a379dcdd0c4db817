"""Writes and checks disk images in the qcow2 format (version 3), without any other program.

The images are real: several megabytes or gigabytes of data clusters, mapped by an L1 table and L2 tables, each cluster
counted once in refcount blocks, so that a virtual machine could use them and a checker finds nothing to complain about.
"""

from __future__ import annotations

import random
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"QFI\xfb"
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
_HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")
_HEADER_LENGTH = 104
_COPIED = 1 << 63
_OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00
_L2_ENTRIES = CLUSTER // 8
_REFCOUNTS = CLUSTER // 2
_NOISE = 64
"""Clusters of random bytes that the data clusters are cut from: random enough not to compress, and quick to write."""


@dataclass(frozen=True)
class Layout:
    """How many clusters each part has, in their order in the file: header (1), table, blocks, L1, L2 tables, data."""

    data: int
    l2: int
    l1: int
    blocks: int
    table: int

    @property
    def clusters(self) -> int:
        """How many clusters the file has."""
        return 1 + self.table + self.blocks + self.l1 + self.l2 + self.data


def layout(data_bytes: int) -> Layout:
    """Return the layout of an image in which `data_bytes` (rounded up to clusters) are allocated."""
    data = max(1, -(-data_bytes // CLUSTER))
    l2 = -(-data // _L2_ENTRIES)
    l1 = -(-l2 * 8 // CLUSTER)
    blocks = table = 1
    while True:  # the refcount blocks count themselves too
        clusters = 1 + table + blocks + l1 + l2 + data
        needed = -(-clusters // _REFCOUNTS)
        needed_table = -(-needed * 8 // CLUSTER)
        if (needed, needed_table) == (blocks, table):
            return Layout(data, l2, l1, blocks, table)
        blocks, table = needed, needed_table


def size(data_bytes: int) -> int:
    """Return how many bytes the file of such an image has."""
    return layout(data_bytes).clusters * CLUSTER


def parts(data_bytes: int, *, seed: int = 1) -> Iterator[bytes]:
    """Yield the image piece by piece (4 MiB at most), the same bytes for the same arguments."""
    shape = layout(data_bytes)
    first_block = 1 + shape.table
    first_l1 = first_block + shape.blocks
    first_l2 = first_l1 + shape.l1
    first_data = first_l2 + shape.l2
    header = _HEADER.pack(
        MAGIC, 3, 0, 0, CLUSTER_BITS, shape.data * CLUSTER, 0, shape.l2, first_l1 * CLUSTER, CLUSTER, shape.table,
        0, 0, 0, 0, 0, 4, _HEADER_LENGTH,
    )  # fmt: skip
    yield header.ljust(CLUSTER, b"\0")
    yield _numbers("Q", ((first_block + i) * CLUSTER for i in range(shape.blocks)), shape.table)
    yield _numbers("H", (1 for _ in range(shape.clusters)), shape.blocks)
    yield _numbers("Q", (_COPIED | (first_l2 + i) * CLUSTER for i in range(shape.l2)), shape.l1)
    yield _numbers("Q", (_COPIED | (first_data + i) * CLUSTER for i in range(shape.data)), shape.l2)
    noise = random.Random(seed).randbytes(_NOISE * CLUSTER)
    for start in range(0, shape.data, _NOISE):
        count = min(_NOISE, shape.data - start)
        piece = bytearray(noise[: count * CLUSTER])
        for i in range(count):  # each cluster begins with its own number, so that one that is misplaced shows
            struct.pack_into(">Q", piece, i * CLUSTER, start + i)
        yield bytes(piece)


def _numbers(kind: str, values: Iterator[int], clusters: int) -> bytes:
    numbers = array(kind, values)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tobytes().ljust(clusters * CLUSTER, b"\0")


def write(path: Path, data_bytes: int, *, seed: int = 1) -> int:
    """Write an image with `data_bytes` of data to `path`; return the file's size."""
    with path.open("wb") as file:
        return sum(file.write(part) for part in parts(data_bytes, seed=seed))


class Broken(Exception):
    """The file is no sound qcow2 image; the message says where."""


def check(path: Path) -> int:
    """Check header, refcounts, L1 and L2 tables and the number in each data cluster; return how many there are.

    Raises Broken.
    """
    with path.open("rb") as file:
        return _Checker(file, path.stat().st_size).check()


class _Checker:
    """Follows every reference of one file and counts what refers to each cluster."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length
        self._counts = [0] * (length // CLUSTER)

    def check(self) -> int:
        raw = self._file.read(_HEADER.size)
        if len(raw) < _HEADER.size or self._length % CLUSTER:
            raise Broken(f"the file has {self._length} bytes, too few for a header or no multiple of {CLUSTER}")
        (magic, version, backing, _, bits, virtual, crypt, l1_size, l1_at, table_at, table_clusters,
         snapshots, _, incompatible, _, _, order, header_length) = _HEADER.unpack(raw)  # fmt: skip
        found = (magic, version, backing, bits, crypt, snapshots, incompatible, order, header_length)
        if found != (MAGIC, 3, 0, CLUSTER_BITS, 0, 0, 0, 4, _HEADER_LENGTH):
            raise Broken(f"the header is {found}")
        self._count(0, "the header")
        stored = self._refcounts(table_at, table_clusters)
        data = self._data(l1_at, l1_size)
        if data * CLUSTER != virtual:
            raise Broken(f"{data} data clusters are mapped for a disk of {virtual} bytes")
        if stored[: len(self._counts)] != self._counts or any(stored[len(self._counts) :]):
            raise Broken("the refcounts don't match what refers to the clusters")
        return data

    def _refcounts(self, table_at: int, clusters: int) -> list[int]:
        for i in range(clusters):
            self._count(table_at + i * CLUSTER, "the refcount table")
        stored: list[int] = []
        for offset in filter(None, self._read(table_at, clusters, "Q")):
            stored.extend(self._read(self._count(offset, "a refcount block"), 1, "H"))
        return stored

    def _data(self, l1_at: int, l1_size: int) -> int:
        clusters = -(-l1_size * 8 // CLUSTER)
        for i in range(clusters):
            self._count(l1_at + i * CLUSTER, "the L1 table")
        data = 0
        for entry in self._read(l1_at, clusters, "Q")[:l1_size]:
            for mapped in filter(None, self._read(self._count(_offset(entry), "an L2 table"), 1, "Q")):
                self._file.seek(self._count(_offset(mapped), "a data cluster"))
                if int.from_bytes(self._file.read(8)) != data:
                    raise Broken(f"data cluster {data} does not hold its number")
                data += 1
        return data

    def _count(self, offset: int, what: str) -> int:
        if offset % CLUSTER or not 0 <= offset < self._length:
            raise Broken(f"{what} stands at {offset}, outside of the file or of any cluster")
        self._counts[offset // CLUSTER] += 1
        return offset

    def _read(self, offset: int, clusters: int, kind: str) -> array[int]:
        self._file.seek(offset)
        numbers = array(kind, self._file.read(clusters * CLUSTER))
        if sys.byteorder == "little":
            numbers.byteswap()
        return numbers


def _offset(entry: int) -> int:
    if not entry & _COPIED or entry & ~(_COPIED | _OFFSET_MASK):
        raise Broken(f"a table's entry is {entry:#x}")
    return entry & _OFFSET_MASK
