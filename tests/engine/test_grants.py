"""A project's tasks see the cloud accounts that are granted to it, and no others."""

from __future__ import annotations

import pytest

from wharfinger.runtime.protocol import Environment
from wharfinger_server.engine.scripts.grants import granted


@pytest.mark.parametrize(
    ("projects", "seen"),
    [(["default"], True), (["elsewhere"], False), ([], False), ("*", True), ("default", True), ("elsewhere", False)],
)
def test_a_profile_is_seen_where_it_is_granted(projects: object, seen: bool) -> None:
    environment = Environment(profiles={"staging": {"provider": "ec2", "projects": projects}})
    assert ("staging" in granted(environment, "default").profiles) is seen


def test_a_profile_that_names_no_projects_is_for_all() -> None:
    assert "staging" in granted(Environment(profiles={"staging": {"provider": "ec2"}}), "default").profiles


@pytest.mark.parametrize(
    ("projects", "seen"),
    [(["default"], True), (["elsewhere"], False), ([], False), ("*", True), ("default", True), ("elsewhere", False)],
)
def test_a_store_is_seen_where_it_is_granted_and_its_table_says_nothing_of_that(projects: object, seen: bool) -> None:
    environment = Environment(stores={"images": {"url": "file:///srv", "projects": projects}, "all": {"url": "x"}})
    expected = {"images": {"url": "file:///srv"}} if seen else {}
    assert granted(environment, "default").stores == {**expected, "all": {"url": "x"}}


def test_each_project_has_a_folder_of_its_own_where_that_is_set() -> None:
    tables = {
        "deep": {"url": "s3://b", "prefix": "a/b/", "prefix_by_project": True},
        "flat": {"prefix_by_project": True},
    }
    for project in ("one", "two"):
        stores = granted(Environment(stores=tables), project).stores
        assert stores == {"deep": {"url": "s3://b", "prefix": f"a/b/{project}"}, "flat": {"prefix": project}}
    tables["flat"]["prefix_by_project"] = False
    assert granted(Environment(stores=tables), "one").stores["flat"] == {}
