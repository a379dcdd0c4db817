"""The Rust client's README: its example is the one that runs, and does what it says against a real server."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.languages.conftest import run
from tools.generate_clients import RUST

# The first build fetches and compiles the libraries.
pytestmark = [pytest.mark.timeout(900), pytest.mark.processes]
EXAMPLE = RUST / "examples" / "readme.rs"


@pytest.fixture(scope="session")
def program(rust_examples: Path) -> Path:
    return rust_examples / "readme"


def ask(program: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the example with that environment, and none of the caller's settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("WHARFINGER_")}
    return subprocess.run(
        [program], env=own | environ, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )


def test_the_readme_shows_the_example_that_runs_and_it_is_short():
    text = EXAMPLE.read_text()
    assert f"```rust,no_run\n{text}```\n" in (RUST / "README.md").read_text()
    body = text.partition("Error> {\n")[2].removesuffix("}\n")
    assert 0 < len(body.splitlines()) <= 15


def test_no_lock_file_is_kept():
    tracked = run(["git", "ls-files", "clients", "tools"], RUST.parents[1], timeout=60).split()
    assert any(name.endswith("/Cargo.toml") for name in tracked)
    assert [name for name in tracked if name.endswith("Cargo.lock")] == []


def test_the_example_follows_a_task_and_tells_what_it_left(program, server):
    done = ask(program, WHARFINGER_SERVER=server.address)
    assert done.returncode == 0, done.stderr
    *entries, last = done.stdout.splitlines()
    # Those that were intended and not yet more are told, too.
    assert [line for line in entries if not line.endswith("INTENDED")] == [
        "crate/one is CREATED",
        "crate/two is UNCERTAIN",
    ]
    assert re.fullmatch(
        r"projects/default/tasks/\S+ \(harbour\.half\) is PARTIALLY_FAILED: .+; exists: crate/one; "
        r"may exist: crate/two; never begun: crate/three",
        last,
    )


def test_a_server_that_speaks_no_tls_is_named_at_once(program, server):
    done = ask(program, WHARFINGER_SERVER=f"https://{server.address}")
    assert done.returncode == 1
    assert "what listens there does not speak TLS" in done.stderr


def test_a_token_is_not_sent_unencrypted(program):
    done = ask(program, WHARFINGER_SERVER="http://wharf.example", WHARFINGER_TOKEN="anything")
    assert done.returncode == 1
    assert "refusing to send it" in done.stderr
