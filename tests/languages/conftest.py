"""The examples of the other languages, built where the toolchain is present."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.languages import recipes
from tools.generate_clients import (
    GO,
    JAVA,
    ROOT,
    TYPESCRIPT,
    install_packages,
    lacking_go,
    lacking_java,
    lacking_typescript,
)

CACHE = ROOT / ".cache"


@dataclass(frozen=True)
class Example:
    """A built example: run it, and have what it printed."""

    command: tuple[str | Path, ...]

    def run(self, server: str, script: str, params: object) -> list[str]:
        """Return the lines that it printed; it must end well."""
        return run([*self.command, server, script, json.dumps(params)], ROOT, timeout=60).splitlines()


def run(command: Sequence[str | Path], folder: Path, timeout: float) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(language: str, lacking: str, how: Callable[[], None]) -> None:
    """Build, while no test that runs beside this one does; skip, with the reason, where that can't be."""
    if lacking:
        pytest.skip(f"the {language} example can't be built: {lacking}")
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{language}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        how()


def in_ci(lacking: str) -> str:
    """Return why something can't be had; where everything has to be, that is a failure."""
    assert not lacking or os.environ.get("CI") != "true", lacking
    return lacking


@pytest.fixture(scope="session")
def go_example() -> Example:
    program = CACHE / "watch-go"
    build("Go", lacking_go(), lambda: run(["go", "build", "-o", program, "./examples/watch"], GO, timeout=480))
    return Example((program,))


@pytest.fixture(scope="session")
def typescript_example() -> Example:
    def how() -> None:
        install_packages()
        run(["npm", "run", "build"], TYPESCRIPT, timeout=120)

    build("TypeScript", lacking_typescript(), how)
    return Example((shutil.which("node") or "node", TYPESCRIPT / "dist" / "examples" / "watch.js"))


def java_command(module: Path, program: str) -> tuple[str | Path, ...]:
    """How a program of a module that was built is run: briefly, so without compiling much of itself."""
    place = module / "target"
    return ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{place / 'classes'}:{place / 'lib' / '*'}", program)


@pytest.fixture(scope="session")
def java_build() -> Path:
    """Return clients/java, built; its own tests are run by `make clients`."""

    def how() -> None:
        run(["mvn", "-q", "-B", "package", "-DskipTests"], JAVA, timeout=540)

    build("Java", lacking_java(), how)
    return JAVA


@pytest.fixture(scope="session")
def java_example(java_build: Path) -> Example:
    return Example(java_command(java_build / "examples", "dev.wharfinger.examples.Watch"))


@pytest.fixture(scope="session")
def cpp_example() -> Example:
    made: list[Path] = []
    build("C++", in_ci(recipes.lacking_cpp()), lambda: made.append(recipes.build_cpp(CACHE / "cpp")))
    return Example((made[0],))


@pytest.fixture(scope="session")
def ruby_example() -> Example:
    made: list[tuple[str | Path, ...]] = []
    build("Ruby", in_ci(recipes.lacking_ruby()), lambda: made.append(recipes.build_ruby(CACHE / "ruby")))
    return Example(made[0])


@pytest.fixture(params=["go", "typescript", "java", "cpp", "ruby"])
def example(request: pytest.FixtureRequest) -> Example:
    """The example of each language."""
    return request.getfixturevalue(f"{request.param}_example")
