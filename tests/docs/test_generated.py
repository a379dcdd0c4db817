"""What the documentation is made from is all in it. `make docs` builds it; this needs no build."""

import dataclasses
import importlib
import re
from pathlib import Path

import pytest
from generators import api, errors_page, settings_page, state_diagram, state_pages
from google.rpc import code_pb2

import wharfinger
from wharfinger.ledger.states import TaskState
from wharfinger.runtime import reasons
from wharfinger_server.config.load import SECTIONS
from wharfinger_server.domain.transitions import TRANSITIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PYTHON = "\n".join(page.read_text() for page in sorted((DOCS / "reference/python").glob("*.md")))
WRITTEN = [*DOCS.rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
REASONS = [value for value in api.enum("ErrorReason").values if value.number]
READMES = [*ROOT.glob("*.md"), *(ROOT / "clients").glob("*/README.md"), *(ROOT / "examples").glob("*/README.md")]
READMES += [*(ROOT / "server").glob("**/README.md")]


def test_every_file_of_the_api_has_a_page():
    names = sorted(Path(path).stem for path in api.files())
    pages = sorted(page.stem for page in (DOCS / "reference/api").glob("*.md") if page.stem != "index")
    assert pages == names
    listed = re.findall(r"^[a-z_]+$", (DOCS / "reference/api/index.md").read_text(), re.MULTILINE)
    assert sorted(listed) == names
    for name in names:
        assert f"{{api-file}} {name}.proto" in (DOCS / f"reference/api/{name}.md").read_text()


@pytest.mark.parametrize("module", ["wharfinger", "wharfinger.aio", "wharfinger.script", "wharfinger.testing"])
def test_every_public_name_of_python_is_in_the_reference(module):
    documented = set(re.findall(r"auto\w+:: (\S+)", PYTHON))
    public = {name for name in importlib.import_module(module).__all__ if not name.startswith("__")}
    assert {name for name in public if f"{module}.{name}" not in documented} == set()


def test_nothing_is_in_the_reference_that_is_not_there():
    for name in re.findall(r"auto(?:class|exception|function|data):: (\S+)", PYTHON):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


@pytest.mark.parametrize("value", REASONS, ids=lambda one: one.name)
def test_every_reason_has_its_status_and_what_it_means(value):
    code, text, _ = errors_page.read(value)
    assert code in code_pb2.Code.keys()  # noqa: SIM118 - no dict
    assert text.endswith("."), text


def test_a_script_that_names_a_reason_fails_with_the_status_that_is_documented():
    documented = {one.name: errors_page.read(one)[0] for one in REASONS}
    given = {reason: code_pb2.Code.Name(code) for reason, code in reasons.CODES.items()}
    assert {reason: code for reason, code in given.items() if documented.get(reason) != code} == {}


def test_both_halves_of_the_reasons_have_a_place():
    page = (DOCS / "reference/errors.md").read_text()
    assert re.findall(r"\{error-reasons\} (\w+)", page) == ["calls", "tasks"]


def test_every_setting_is_in_the_reference():
    page = "\n".join(settings_page.SettingsReference.markdown(_Directive(arguments=[])))
    for name, kind in SECTIONS.items():
        assert f"## `[{name}]`" in page
        for field in dataclasses.fields(kind):
            assert f"`{field.name}`" in page


def test_the_table_of_states_has_every_transition_that_the_api_can_bring_about():
    told = state_pages.possible()
    assert {one.name for one in api.service("TaskService").methods} >= {
        "RollbackTask",
        "ResumeTask",
        "ResolveLedgerEntry",
    }
    assert told == {key: set(after) for key, after in TRANSITIONS.items()}
    assert {state for after in told.values() for state in after} | {TaskState.QUEUED} == set(TaskState)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_is_longer_than_a_reader_takes(page):
    assert len(page.read_text().splitlines()) <= 310


@pytest.mark.parametrize("page", READMES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_what_is_read_without_a_build_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_version_is_that_of_the_client():
    assert wharfinger.__version__ in (ROOT / "clients/python/pyproject.toml").read_text()


@dataclasses.dataclass
class _Directive:
    """As much of a directive as making its text needs."""

    arguments: list[str]


def test_the_picture_of_the_states_has_every_state_and_every_way_from_one_to_another():
    assert set(state_diagram.PLACES) == {state for state in TaskState if state}
    moves = {(before, after) for (before, _), to in TRANSITIONS.items() for after in to if after is not before}
    assert set(state_diagram.arrows()) == moves
