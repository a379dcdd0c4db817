"""What the scripts declare: their params, results and entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as importing
from wharfinger.script import inspect
from wharfinger.testing import Trial

IMPORT = {"source": "https://example.com/x", "stores": "a", "name": "x"}

GOOD: list[tuple[ModuleType, dict[str, Any]]] = [
    (importing, IMPORT),
    (importing, {**IMPORT, "stores": ["a", "b"], "sha256": "0aF" + "0" * 61}),
    (importing, {**IMPORT, "size": 1}),
    (importing, {**IMPORT, "name": "linux/debian-12_amd64+gpu.v1.qcow2"}),
    (export, {"store": "a", "name": "x", "to": "b"}),
    (export, {"store": "a", "name": "x", "to": "/srv/exports"}),
    (export, {"store": "a", "name": "x", "url": "https://example.com/x?sig=a", "size": 5}),
    (clone, {"from_store": "a", "name": "x", "to_store": "a", "to_name": "y"}),
    (clone, {"from_store": "a", "name": "x", "to_store": "b"}),
]

BAD = [
    (importing, {}),
    (importing, {**IMPORT, "source": "file:///etc/passwd"}),
    (importing, {**IMPORT, "stores": []}),
    (importing, {**IMPORT, "stores": ["a", "a"]}),
    (importing, {**IMPORT, "stores": 3}),
    (importing, {**IMPORT, "sha256": "abc"}),
    (importing, {**IMPORT, "checksum": "abc"}),
    (export, {"store": "a", "name": "x"}),
    (clone, {"from_store": "a", "name": "x"}),
    (clone, {"from_store": "a", "name": "x", "to_store": "b", "size": 0}),
    (export, {"store": "a", "name": "x", "to": "b", "size": "5 GiB"}),
]
BAD_NAMES = ["", "/x", "x/", "a//b", "../x", "a/../b", ".wharfinger/x", "a b", "a#1", "a\n", "x" * 501]


@pytest.mark.parametrize(("script", "params"), GOOD)
def test_good_params_are_taken(script: ModuleType, params: dict[str, Any]) -> None:
    jsonschema_rs.validator_for(script.PARAMS_SCHEMA).validate(params)


@pytest.mark.parametrize(("script", "params"), BAD)
def test_bad_params_are_refused(script: ModuleType, params: dict[str, Any]) -> None:
    assert not jsonschema_rs.validator_for(script.PARAMS_SCHEMA).is_valid(params)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_plain_path_is_refused(name: str) -> None:
    cases: list[tuple[ModuleType, dict[str, Any]]] = [
        (importing, IMPORT),
        (export, {"store": "a", "to": "b"}),
        (clone, GOOD[-1][1]),
    ]
    for script, params in cases:
        assert not jsonschema_rs.validator_for(script.PARAMS_SCHEMA).is_valid({**params, "name": name})


@pytest.mark.parametrize("to", ["/exports/\0", "/exports\n", "/exports/\x1b[2J", "sto\x7fre", "\0"])
def test_a_place_to_export_to_has_no_control_characters(to: str) -> None:
    validator = jsonschema_rs.validator_for(export.PARAMS_SCHEMA)
    assert validator.is_valid({"store": "a", "name": "x", "to": "/exports/Büro 2"})
    assert not validator.is_valid({"store": "a", "name": "x", "to": to})


@pytest.mark.parametrize("script", [importing, export, clone])
def test_every_script_can_be_found_undone_and_run_again(script: ModuleType) -> None:
    info = inspect(script)
    assert (info.colour, info.resumable, info.can_find, info.can_undo) == ("async", True, True, True)
    assert info.summary.endswith(".")
    assert info.params_schema is not None
    assert all("description" in about for about in info.params_schema["properties"].values())


def test_the_scripts_are_registered_by_name() -> None:
    found = {point.name: point.load() for point in entry_points(group="wharfinger.scripts", name="image.import")}
    assert found == {"image.import": importing}


@pytest.mark.parametrize("name", BAD_NAMES[:-1])
def test_a_bad_name_does_not_get_past_the_script_either(tmp_path: Path, name: str) -> None:
    stores = {"a": {"url": (tmp_path / "a").as_uri()}}
    done = Trial(clone, stores=stores).run({"from_store": "a", "name": "x", "to_store": "a", "to_name": name})
    assert done.failure.reason == "PARAMS_INVALID"
