"""What the README and the tutorial tell people to type works, and prints what they say it prints."""

import os
import re
import shlex
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import agree, blocks, busy, free_ports, paste
from tests.servers.serving import Serving

from wharfinger._core.connection import methods
from wharfinger.testing import Trial

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_what_a_page_tells_to_type_prints_what_it_says_on_a_busy_machine(page: str, tmp_path: Path) -> None:
    with busy():
        paste(ROOT / page, tmp_path)


@pytest.mark.timeout(120)
def test_the_guide_to_writing_a_script_tries_one_in_its_file(tmp_path: Path) -> None:
    paste(ROOT / "docs/guides/script-package.md", tmp_path, least=1)


@pytest.mark.timeout(180)
def test_the_guide_to_trying_a_deployment_without_a_cloud_works(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, str(ROOT / "tools/cloud.py"), "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout is not None
        try:
            assert "It plays EC2" in cloud.stdout.readline()
            paste(ROOT / "docs/guides/compute-scripts.md", tmp_path, {"9100": port}, least=2)
        finally:
            cloud.terminate()


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with the prices that it brings along, and a cloud account that is never asked."""
    folder = tmp_path_factory.mktemp("bundled")
    settings = folder / "server.toml"
    settings.write_text(
        f'[profiles.main]\nprovider = "ec2"\nregion = "us-east-1"\nkey = "{uuid.uuid4()}"\nsecret = "{uuid.uuid4()}"\n'
    )
    settings.chmod(0o600)
    serving = Serving(folder, ("--config", str(settings)), {"WHARFINGER_PRICES__BUNDLED": "true"})
    yield serving
    assert serving.stop() == 0, serving.log()


EXAMPLE = re.compile(r"^ *(wharfinger (?:prices show|estimate) (?!SCRIPT|PROVIDER)[^\n…]*)$", re.MULTILINE)
"""An example of a price or an estimate, as a page or a help text has it."""


@pytest.mark.parametrize("where", ["docs/guides/prices.md", "docs/guides/costs.md", "prices --help"])
def test_examples_of_prices_and_estimates_work_with_the_prices_that_are_brought_along(
    where: str, bundled: Serving
) -> None:
    environ = {**os.environ, "WHARFINGER_SERVER": bundled.address}
    wharfinger = [sys.executable, "-m", "wharfinger"]
    if where.endswith(".md"):
        text = (ROOT / where).read_text()
    else:
        text = subprocess.run([*wharfinger, *where.split()], capture_output=True, text=True, check=True).stdout
    examples = EXAMPLE.findall(text)
    assert len(examples) == {"docs/guides/prices.md": 2, "docs/guides/costs.md": 0}.get(where, 1)
    for example in examples:
        command = [*wharfinger, *shlex.split(example)[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, env=environ)
        assert done.returncode == 0, done.stderr
        assert " per Hour" in done.stdout
        assert "without a known price" not in done.stdout


def test_what_the_guide_says_of_testing_undo_exists() -> None:
    page = (ROOT / "docs/guides/when-it-stops.md").read_text()
    named = set(re.findall(r"`Trial\.(\w+)", page))
    assert named == {"undo"}
    assert all(callable(getattr(Trial, name)) for name in named)


def test_the_guide_for_other_languages_names_what_must_be_there() -> None:
    page = (ROOT / "docs/guides/other-languages.md").read_text()
    imported = {
        name
        for file in (ROOT / "protos/wharfinger/v1").glob("*.proto")
        for name in re.findall(r'^import "(google/(?:api|rpc)/[^"]*)"', file.read_text(), re.MULTILINE)
    }
    assert {name for name in imported if name not in page and f"`{Path(name).parent}/`" not in page} == set()
    assert "authorization: Bearer" in page
    once = [method.name for method in methods.METHODS.values() if not method.repeatable]
    assert sorted(once) == ["DeleteSchedule", "ImportCatalog", "Work"]
    assert [name for name in once if not re.search(rf"{name}[^.]* not repeated blindly", page)] == []


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
