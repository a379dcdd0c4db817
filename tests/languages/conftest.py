"""The examples of the other languages, built where the toolchain is present."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.languages import building, recipes
from tests.languages.building import CACHE, run
from tools.generate_clients import JAVA, ROOT, RUST, TYPESCRIPT


@dataclass(frozen=True)
class Example:
    """A built example: run it, and have what it printed."""

    command: tuple[str | Path, ...]

    def run(self, server: str, script: str, params: object) -> list[str]:
        """Return the lines that it printed; it must end well."""
        return run([*self.command, server, script, json.dumps(params)], ROOT, timeout=60).splitlines()


def build(language: str, *, needed: bool = False) -> None:
    """Build a language's programs; skip, with the reason, where that can't be, unless it is `needed` in CI."""
    if lacking := building.built(language):
        assert not needed or os.environ.get("CI") != "true", lacking
        pytest.skip(f"the {language} example can't be built: {lacking}")


@pytest.fixture(scope="session")
def go_example() -> Example:
    build("Go")
    return Example((CACHE / "watch-go",))


@pytest.fixture(scope="session")
def typescript_example() -> Example:
    build("TypeScript")
    return Example((shutil.which("node") or "node", TYPESCRIPT / "dist" / "examples" / "watch.js"))


def java_command(module: Path, program: str) -> tuple[str | Path, ...]:
    """How a program of a module that was built is run: briefly, so without compiling much of itself."""
    place = module / "target"
    return ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{place / 'classes'}:{place / 'lib' / '*'}", program)


@pytest.fixture(scope="session")
def java_build() -> Path:
    """Return clients/java, built; its own tests are run by `make clients`."""
    build("Java")
    return JAVA


@pytest.fixture(scope="session")
def rust_examples() -> Path:
    """Return the folder of the built examples."""
    build("Rust")
    return RUST / "target" / "debug" / "examples"


@pytest.fixture(scope="session")
def java_example(java_build: Path) -> Example:
    return Example(java_command(java_build / "examples", "dev.wharfinger.examples.Watch"))


@pytest.fixture(scope="session")
def cpp_example() -> Example:
    build("C++", needed=True)
    return Example((CACHE / "cpp" / "watch",))


@pytest.fixture(scope="session")
def ruby_example() -> Example:
    build("Ruby", needed=True)
    return Example(recipes.ruby_command(CACHE / "ruby"))


@pytest.fixture(params=["go", "typescript", "java", "cpp", "ruby"])
def example(request: pytest.FixtureRequest) -> Example:
    """The example of each language."""
    return request.getfixturevalue(f"{request.param}_example")
