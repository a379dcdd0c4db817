"""Builds the programs of the other languages, each once for its sources; tests run what was built.

As a program it builds all that this machine has the toolchains for: `python -m tests.languages.building`. Compilers
take longer than the tests, and their time is not the tests'.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.languages import recipes
from tools.generate_clients import (
    GO,
    JAVA,
    PROTOS,
    ROOT,
    RUST,
    TYPESCRIPT,
    install_packages,
    lacking_go,
    lacking_java,
    lacking_rust,
    lacking_typescript,
)

CACHE = ROOT / ".cache"
_MADE = {"node_modules", "dist", "target", ".git"}


class Build(NamedTuple):
    """What is built: why it can't be here, of which sources, what stands there afterwards, and how."""

    lacking: Callable[[], str]
    sources: tuple[Path, ...]
    made: tuple[Path, ...]
    how: Callable[[], None]


def run(command: Sequence[str | Path], folder: Path, timeout: float) -> str:
    """Run a command, which must end well; return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def _go() -> None:
    for name in ("watch", "light"):
        run(["go", "build", "-o", CACHE / f"{name}-go", f"./examples/{name}"], GO, timeout=480)


def _typescript() -> None:
    install_packages()
    run(["npm", "run", "build"], TYPESCRIPT, timeout=120)


def _java() -> None:
    run(["mvn", "-q", "-B", "package", "-DskipTests"], JAVA, timeout=540)


def _rust() -> None:
    run(["cargo", "build", "--quiet", "--example", "readme", "--example", "settle"], RUST, timeout=840)


def _cpp() -> None:
    recipes.build_cpp(CACHE / "cpp")


def _ruby() -> None:
    recipes.build_ruby(CACHE / "ruby")


_EXAMPLES = RUST / "target" / "debug" / "examples"
_RECIPES = (recipes.RECIPES, PROTOS)
BUILDS = {
    "Go": Build(lacking_go, (GO,), (CACHE / "watch-go", CACHE / "light-go"), _go),
    "TypeScript": Build(lacking_typescript, (TYPESCRIPT,), (TYPESCRIPT / "dist" / "examples",), _typescript),
    "Java": Build(lacking_java, (JAVA,), (JAVA / "examples" / "target" / "classes",), _java),
    "Rust": Build(lacking_rust, (RUST,), (_EXAMPLES / "readme", _EXAMPLES / "settle"), _rust),
    "C++": Build(recipes.lacking_cpp, _RECIPES, (CACHE / "cpp" / "watch",), _cpp),
    "Ruby": Build(recipes.lacking_ruby, _RECIPES, (CACHE / "ruby",), _ruby),
}


def built(language: str) -> str:
    """Build a language's programs, unless they are as new as their sources; return why that can't be, or ""."""
    build = BUILDS[language]
    if lacking := build.lacking():
        return lacking
    with alone(language):
        stamp = CACHE / f"built-{language}"
        digest = _digest(build.sources)
        if not (stamp.exists() and stamp.read_text() == digest and all(path.exists() for path in build.made)):
            build.how()
            stamp.write_text(_digest(build.sources))
    return ""


@contextmanager
def alone(language: str) -> Iterator[None]:
    """Let nobody else build the language's programs meanwhile, in this process or another."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{language}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(folders: Iterable[Path]) -> str:
    """Return what changes with any source: names, sizes and times."""
    told = hashlib.sha256()
    for folder in folders:
        for place, inner, names in os.walk(folder):
            inner[:] = sorted(set(inner) - _MADE)
            for name in sorted(names):
                found = Path(place, name).stat()
                told.update(f"{place}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return told.hexdigest()


def main() -> int:
    """Build all; return how many of those failed that this machine has the toolchains for."""
    failed = 0
    for language in BUILDS:
        try:
            if lacking := built(language):
                print(f"the examples for {language} are not built: {lacking}", file=sys.stderr)
        except AssertionError as error:
            failed += 1
            print(f"{language}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
