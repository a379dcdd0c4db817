"""Params that name a profile or a store are looked up before a task is accepted."""

from __future__ import annotations

from typing import Any

import pytest

from wharfinger.runtime.protocol import Environment
from wharfinger_server.domain.errors import NotFound
from wharfinger_server.engine.scripts.param_references import References

PROFILE = {"type": "string", "x-wharfinger-profile": True}
STORE = {"type": "string", "x-wharfinger-store": True}
ENVIRONMENT = Environment(
    profiles={"staging": {"provider": "ec2", "projects": ["web"]}, "shared": {"provider": "ec2"}},
    stores={"images": {"url": "memory://"}},
)


def check(properties: dict[str, Any], params: dict[str, Any], project: str = "web", **rest: Any) -> None:
    References({"type": "object", "properties": properties, **rest}).check(params, ENVIRONMENT, project)


def test_what_is_granted_is_accepted() -> None:
    check({"profile": PROFILE, "store": STORE}, {"profile": "staging", "store": "images"})
    check({"profile": PROFILE}, {})


def test_what_is_not_there_is_told_with_what_comes_close() -> None:
    with pytest.raises(NotFound) as caught:
        check({"profile": PROFILE}, {"profile": "stagin"})
    assert caught.value.reason == "UNKNOWN_PROFILE"
    assert caught.value.metadata == {"profile": "stagin"}
    assert "task.params.profile" in str(caught.value)
    assert "did you mean staging?" in str(caught.value)


def test_a_profile_of_others_answers_as_one_that_does_not_exist() -> None:
    told = []
    for name in ("staging", "phantom"):
        with pytest.raises(NotFound) as caught:
            check({"profile": PROFILE}, {"profile": name}, project="other")
        told.append(str(caught.value).replace(name, "NAME"))
    assert told[0] == told[1]
    assert "there is shared" in told[0]


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ({"anyOf": [STORE, {"type": "array", "items": STORE}]}, "nowhere", "task.params.it"),
        ({"anyOf": [STORE, {"type": "array", "items": STORE}]}, ["images", "nowhere"], "task.params.it[1]"),
        ({"type": "object", "properties": {"to": STORE}}, {"to": "nowhere"}, "task.params.it.to"),
        ({"$ref": "#/$defs/Place"}, {"to": "nowhere"}, "task.params.it.to"),
    ],
)
def test_marks_are_found_wherever_they_stand(field: dict[str, Any], value: Any, where: str) -> None:
    defs = {"Place": {"type": "object", "properties": {"to": STORE, "next": {"$ref": "#/$defs/Place"}}}}
    with pytest.raises(NotFound, match="there is no object store 'nowhere'") as caught:
        check({"it": field}, {"it": value}, **{"$defs": defs})
    assert str(caught.value).startswith(f"{where}: ")


def test_a_field_without_a_mark_is_nobodys_name() -> None:
    check({"profile": {"type": "string"}}, {"profile": "phantom"})
    References(None).check({"profile": "phantom"}, ENVIRONMENT, "web")
