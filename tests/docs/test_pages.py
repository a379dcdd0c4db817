"""What the README and the tutorial tell people to type works, and prints what they say it prints."""

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.docs.pages import Block, Shell, agree, blocks, steps

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("7480", "8000")
"""What the pages use, for which ports that are free are put in."""


def free_ports(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in sockets]


def typed(page: str, folder: Path) -> None:
    """Type the page as it stands, each block as soon as the one before has ended: nothing is waited for."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    text = re.sub("|".join(PORTS), lambda found: ports[found[0]], (ROOT / page).read_text())
    server = f"127.0.0.1:{ports['7480']}"
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "WHARFINGER_SERVER": server,
        "WHARFINGER_SERVER__ADDRESS": server,
    }
    checked = 0
    with Shell(folder, environ) as shell:
        for step in steps(text):
            if isinstance(step, Block):
                (shell.folder / step.file).write_text(step.body)
                continue
            printed = shell.type(step.text)
            if step.expected is not None:
                assert agree(step.expected, printed), f"{page}, line {step.line}: it printed\n{printed}"
                checked += 1
    assert checked >= 3, "there was something to check"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_what_a_page_tells_to_type_prints_what_it_says(page: str, tmp_path: Path) -> None:
    typed(page, tmp_path)


def test_output_that_is_not_what_a_page_says_is_found_out() -> None:
    assert agree("TASK  AGE\n…\nfirst  2s", "TASK   AGE\nmore\nand more\nfirst     17s\n")
    assert agree("a … day", "a fine day")
    assert not agree("TASK  AGE\nfirst  2s", "TASK  AGE\nsecond  2s")
    assert not agree("one", "one\ntwo")


def test_the_test_that_the_guide_shows_passes(tmp_path: Path) -> None:
    page = (ROOT / "docs/guides/script-package.md").read_text()
    (shown,) = (block for block in blocks(page) if block.file == "test_light.py")
    (tmp_path / shown.file).write_text(shown.body)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", shown.file],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "examples/beacons/src")},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
