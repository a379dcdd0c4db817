"""What the README of the Go client shows is run against a real server."""

import os
import re
import shutil
import subprocess

import pytest
from tests.languages.conftest import build, run
from tools.generate_clients import GO, GO_MODULE

# The first build fetches and compiles the libraries.
pytestmark = pytest.mark.timeout(600)

PROGRAM = """package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	wharfinger "{module}"
)

func check(err error) {{
	if err != nil {{
		log.Fatal(err)
	}}
}}

func main() {{
{shown}
}}

// It shows how errors are told apart, and need only compile.
func _(ctx context.Context, task *wharfinger.Handle, result any) {{
{errors}
}}
"""


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    """The program that the README shows, built as anyone's who uses the module is."""
    folder = tmp_path_factory.mktemp("readme")
    shown, errors = re.findall(r"```go\n(.*?)```", (GO / "README.md").read_text(), re.DOTALL)
    assert len(shown.splitlines()) <= 15
    module = (GO / "go.mod").read_text().replace(GO_MODULE, "example.test/readme")
    (folder / "go.mod").write_text(f"{module}\nrequire {GO_MODULE} v0.0.0\nreplace {GO_MODULE} => {GO}\n")
    shutil.copy(GO / "go.sum", folder)
    (folder / "main.go").write_text(PROGRAM.format(module=GO_MODULE, shown=shown, errors=errors))
    build("Go")
    run(["go", "build", "-mod=mod", "-o", "readme", "."], folder, timeout=480)
    return folder / "readme"


def start(readme, **environ: str) -> subprocess.CompletedProcess[str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
    return subprocess.run([readme], env=own | environ, capture_output=True, text=True, timeout=60, check=False)


def test_the_example_of_the_readme_prints_the_log_and_the_result(readme, server):
    done = start(readme, WHARFINGER_SERVER=server.address)
    assert done.returncode == 0, done.stderr
    assert [line.split(" ", 1)[-1] for line in done.stdout.splitlines()] == ["step 0", "step 1", "step 2", "3"]


def test_a_wrong_token_is_told_as_one(readme, serve, tmp_path):
    settings = tmp_path / "tokens.toml"
    settings.write_text(f'[[tokens]]\nsha256 = "{"0" * 64}"\ncreator = "ci"\nprojects = ["default"]\n')
    settings.chmod(0o600)
    own = serve("--config", str(settings))
    done = start(readme, WHARFINGER_SERVER=own.address, WHARFINGER_TOKEN="wrong")
    assert done.returncode == 1
    assert "[UNAUTHENTICATED]" in done.stderr
    assert "wrong" not in done.stderr
