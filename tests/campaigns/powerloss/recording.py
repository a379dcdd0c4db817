"""Recording: the work runs with a shim before the C library, which writes down every call that changes its files."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
_HEAD = struct.Struct("<cIIQ")
TIMEOUT = 300
ANSWERS = "answers"
"""The file into which the work writes what was answered: it is the witness, and survives."""


class NoCompiler(Exception):
    """There is no C compiler to build the recorder with."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `kind`: w(rite), t(runcate), s(ync), c(reate), u(nlink); `at`: the offset, or the new length."""

    kind: str
    file: str
    at: int = 0
    data: bytes = b""


def build(folder: Path) -> Path:
    """Compile the shim into a folder. Raises NoCompiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("there is no C compiler (cc) on this machine to build the recorder of file calls with")
    shim = folder / "shim.so"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", str(shim), str(HERE / "shim.c"), "-ldl", "-lpthread"], check=True
    )
    return shim


def record(shim: Path, folder: Path, *, tasks: int, seed: int, synchronous: str) -> list[Call]:
    """Run the work on a database in an empty folder and return its calls in their order."""
    data, log = folder / "data", folder / "log"
    data.mkdir(parents=True)
    environment = dict(os.environ) | {
        "LD_PRELOAD": str(shim),
        "POWERLOSS_FOLDER": str(data.resolve()),
        "POWERLOSS_LOG": str(log),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.campaigns.powerloss.work", str(data), str(tasks), str(seed), synchronous]
    subprocess.run(command, check=True, env=environment, cwd=ROOT, timeout=TIMEOUT)
    return list(_read(log.read_bytes(), data.resolve()))


def _read(log: bytes, data: Path) -> list[Call]:
    calls, at = [], 0
    while at < len(log):
        kind, path, size, where = _HEAD.unpack_from(log, at)
        at += _HEAD.size
        name = Path(log[at : at + path].decode())
        file = "." if name == data else name.relative_to(data).as_posix()
        calls.append(Call(kind.decode(), file, where, log[at + path : at + path + size]))
        at += path + size
    return calls
