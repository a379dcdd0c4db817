"""The guide's service in four languages: a Python script, asked for in Go, followed in Node, settled in Rust."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.languages.conftest import CACHE, build, in_ci, run
from tools.generate_clients import (
    GO,
    ROOT,
    RUST,
    TYPESCRIPT,
    install_packages,
    lacking_go,
    lacking_rust,
    lacking_typescript,
)

pytestmark = [pytest.mark.timeout(900), pytest.mark.processes]


@pytest.fixture(scope="session")
def light() -> Path:
    program = CACHE / "light-go"
    build("Go", in_ci(lacking_go()), lambda: run(["go", "build", "-o", program, "./examples/light"], GO, timeout=480))
    return program


@pytest.fixture(scope="session")
def follow() -> Path:
    def how() -> None:
        install_packages()
        run(["npm", "run", "build"], TYPESCRIPT, timeout=120)

    build("TypeScript", in_ci(lacking_typescript()), how)
    return TYPESCRIPT / "dist" / "examples" / "follow.js"


@pytest.fixture(scope="session")
def settle() -> Path:
    command = ["cargo", "build", "--quiet", "--example", "settle"]
    build("Rust", in_ci(lacking_rust()), lambda: run(command, RUST, timeout=840))
    return RUST / "target" / "debug" / "examples" / "settle"


def test_it_lights_three_lamps_and_puts_them_out_again(light, follow, settle, serve, tmp_path: Path) -> None:
    serving = serve("--scripts", str(ROOT / "examples" / "lamps" / "lamps.py"))
    own = {name: value for name, value in os.environ.items() if not name.startswith("WHARFINGER_")}

    def ask(*command: str | Path) -> list[str]:
        done = subprocess.run(
            command,
            env=own | {"WHARFINGER_SERVER": serving.address},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    quay = tmp_path / "quay"
    (task,) = ask(light, quay)
    assert ask("node", follow, task) == [
        *(f"lamp {number} is lit" for number in (1, 2, 3)), "it is PARTIALLY_FAILED",
    ]  # fmt: skip
    assert sorted(lamp.name for lamp in quay.iterdir()) == ["lamp-1", "lamp-2", "lamp-3"]
    told = ask(settle, task)
    assert "there is no oil for lamp 4" in told[0]
    assert told[-1] == "it is ROLLED_BACK"
    assert list(quay.iterdir()) == []
    assert serving.stop() == 0, serving.log()
