"""The examples of the other languages, built where the toolchain is present."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
GO = ROOT / "clients" / "go"
TYPESCRIPT = ROOT / "clients" / "typescript"


@dataclass(frozen=True)
class Example:
    """A built example: run it, and have what it printed."""

    command: tuple[str, ...]

    def run(self, server: str, script: str, params: object) -> list[str]:
        """Return the lines that it printed; it must end well."""
        return run([*self.command, server, script, json.dumps(params)], ROOT, timeout=60).splitlines()


def run(command: Sequence[str | Path], folder: Path, timeout: float) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def need(tool: str, present: str, wanted: str) -> None:
    """Skip, with the reason, when a toolchain is older than what the client asks for."""
    numbers = [tuple(int(part) for part in re.findall(r"\d+", text)) for text in (present, wanted)]
    if numbers[0] < numbers[1]:
        pytest.skip(f"{tool} is {present}, and the client needs {wanted} or newer")


def find(tool: str, language: str) -> str:
    """Return where a toolchain's program is; skip, with the reason, where there is none."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"the toolchain of {language} is not installed: there is no `{tool}`")
    return path


@pytest.fixture(scope="session")
def go_example() -> Example:
    go = find("go", "Go")
    wanted = re.search(r"^go (\S+)$", (GO / "go.mod").read_text(), re.MULTILINE)
    assert wanted is not None
    need("go", run([go, "env", "GOVERSION"], ROOT, timeout=30).strip(), wanted[1])
    program = CACHE / "watch-go"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "go.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run([go, "build", "-o", program, "./examples/watch"], GO, timeout=480)
    return Example((str(program),))


@pytest.fixture(scope="session")
def typescript_example() -> Example:
    node, _ = find("node", "TypeScript"), find("npm", "TypeScript")
    wanted = json.loads((TYPESCRIPT / "package.json").read_text())["engines"]["node"]
    need("node", run([node, "--version"], ROOT, timeout=30).strip(), wanted.removeprefix(">="))
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "typescript.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run([sys.executable, "tools/generate_clients.py", "--packages"], ROOT, timeout=240)
        run(["npm", "run", "build"], TYPESCRIPT, timeout=120)
    return Example((node, str(TYPESCRIPT / "dist" / "examples" / "watch.js")))


@pytest.fixture(params=["go", "typescript"])
def example(request: pytest.FixtureRequest) -> Example:
    """The example of each language."""
    return request.getfixturevalue(f"{request.param}_example")
