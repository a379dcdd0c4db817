"""Names have one form, and what is not of it is refused with the form."""

import pytest

from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.rpc import names

BAD_IDS = ["", "A", "1a", "-a", "a-", "a_b", "a b", "a.b", "é", "a" * 64, "a\n", "-", "a/b"]


@pytest.mark.parametrize("project", ["a", "a1", "my-project", "a" * 63])
def test_a_project_and_a_task_are_read(project):
    assert names.project_of(f"projects/{project}") == project
    assert names.task_of(f"projects/{project}/tasks/t-1") == (project, "t-1")


@pytest.mark.parametrize("bad", BAD_IDS)
def test_a_bad_id_is_refused_wherever_it_stands(bad):
    for read in (
        lambda: names.project_of(f"projects/{bad}"),
        lambda: names.task_of(f"projects/{bad}/tasks/t"),
        lambda: names.task_of(f"projects/p/tasks/{bad}"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            read()
        assert caught.value.reason == "INVALID_NAME"


@pytest.mark.parametrize(
    "bad", ["p", "projects", "projects/", "/projects/p", "projects/p/", "project/p", "projects/p/tasks/t"]
)
def test_what_is_no_project_is_refused(bad):
    with pytest.raises(InvalidArgument, match=r"projects/\{project\}") as caught:
        names.project_of(bad)
    assert caught.value.violations[0].field == "parent"
    assert caught.value.metadata == {"field": "parent", "name": bad}


def test_all_projects_are_named_by_a_hyphen_where_a_method_takes_them():
    assert names.project_or_all("projects/-") is None
    assert names.project_or_all("projects/a") == "a"
    for bad in ("projects/", "projects/--", "projects/-/", "-", ""):
        with pytest.raises(InvalidArgument):
            names.project_or_all(bad)


@pytest.mark.parametrize(
    "bad", ["t", "projects/p/tasks/", "projects/p", "projects/p/tasks/t/x", "tasks/t", "projects/-/tasks/t"]
)
def test_what_is_no_task_is_refused(bad):
    with pytest.raises(InvalidArgument, match=r"projects/\{project\}/tasks/\{task\}"):
        names.task_of(bad)


def test_a_plugin_is_read_from_its_collection():
    assert names.plugin_of("scripts/image.import", "scripts") == "image.import"
    assert names.plugin_of("executors/asyncio", "executors") == "asyncio"


@pytest.mark.parametrize(
    "bad", ["image.import", "scripts/", "executors/x", "scripts/a b", "scripts/../x", "scripts/" + "a" * 200]
)
def test_what_is_no_script_is_refused(bad):
    with pytest.raises(InvalidArgument, match=r"scripts/\{name\}"):
        names.plugin_of(bad, "scripts")


def test_a_very_long_name_is_cut_in_the_refusal():
    with pytest.raises(InvalidArgument) as caught:
        names.project_of("projects/" + "x" * 100_000)
    assert len(caught.value.message) < 1000
