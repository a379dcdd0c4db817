"""A project's tasks see the cloud accounts that are granted to it, and no others."""

from __future__ import annotations

import pytest

from wharfinger.runtime.protocol import Environment
from wharfinger_server.engine.scripts.profile_grants import granted


@pytest.mark.parametrize(
    ("projects", "seen"),
    [(["default"], True), (["elsewhere"], False), ([], False), ("*", True), ("default", True), ("elsewhere", False)],
)
def test_a_profile_is_seen_where_it_is_granted(projects: object, seen: bool) -> None:
    environment = Environment(profiles={"staging": {"provider": "ec2", "projects": projects}})
    assert ("staging" in granted(environment, "default").profiles) is seen


def test_a_profile_that_names_no_projects_is_for_all() -> None:
    assert "staging" in granted(Environment(profiles={"staging": {"provider": "ec2"}}), "default").profiles
