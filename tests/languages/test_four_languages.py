"""The guide's service in four languages: a Python script, asked for in Go, followed in Node, settled in Rust."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.languages.conftest import CACHE, build
from tools.generate_clients import (
    ROOT,
    RUST,
    TYPESCRIPT,
)

pytestmark = [pytest.mark.timeout(900), pytest.mark.processes]


@pytest.fixture(scope="session")
def light() -> Path:
    build("Go", needed=True)
    return CACHE / "light-go"


@pytest.fixture(scope="session")
def follow() -> Path:
    build("TypeScript", needed=True)
    return TYPESCRIPT / "dist" / "examples" / "follow.js"


@pytest.fixture(scope="session")
def settle() -> Path:
    build("Rust", needed=True)
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
