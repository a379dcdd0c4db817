"""Params on the command line: typed by the script's schema."""

import io
from pathlib import Path
from typing import Any

import click
import pytest

from wharfinger.cli import params

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "fast": {"type": "boolean"},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "ports": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        "stores": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "default": "main"},
        "mode": {"enum": ["slow", "quick", 3]},
        "disk": {"$ref": "#/$defs/Disk", "description": "The disk."},
        "any": {},
        "either": {"type": ["integer", "string"]},
    },
    "required": ["name"],
    "$defs": {"Disk": {"type": "object", "properties": {"size": {"type": "integer"}, "kind": {"type": "string"}}}},
}


@pytest.mark.parametrize(
    ("given", "built"),
    [
        (["name=5"], {"name": "5"}),
        (["name="], {"name": ""}),
        (["name=a=b"], {"name": "a=b"}),
        (["name=a,b"], {"name": "a,b"}),
        (["count=-5"], {"count": -5}),
        (["ratio=0.5"], {"ratio": 0.5}),
        (["fast=yes"], {"fast": True}),
        (["fast=False"], {"fast": False}),
        (["limit=5"], {"limit": 5}),
        (["limit=null"], {"limit": None}),
        (["tags=a"], {"tags": ["a"]}),
        (["tags=a,b"], {"tags": ["a", "b"]}),
        (["tags=a,b", "tags=c"], {"tags": ["a,b", "c"]}),
        (["tags="], {"tags": []}),
        (["ports=1,2"], {"ports": [1, 2]}),
        (["stores=a"], {"stores": "a"}),
        (["stores=a", "stores=b"], {"stores": ["a", "b"]}),
        (["mode=quick"], {"mode": "quick"}),
        (["mode=3"], {"mode": 3}),
        (["disk.size=5", "disk.kind=ssd"], {"disk": {"size": 5, "kind": "ssd"}}),
        (['disk:={"size": 5}', "disk.kind=ssd"], {"disk": {"size": 5, "kind": "ssd"}}),
        (['any:=[1, {"a": null}]'], {"any": [1, {"a": None}]}),
        (["any=5"], {"any": "5"}),
        (["either=5"], {"either": 5}),
        (["either=five"], {"either": "five"}),
    ],
)
def test_values_take_the_type_of_the_schema(given: list[str], built: dict[str, Any]) -> None:
    assert params.build(given, SCHEMA) == built


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("cuont=5", "there is no param 'cuont'; did you mean 'count'?"),
        ("xyz=5", "there is no param 'xyz'; there are name, count"),
        ("cuont:=5", "did you mean 'count'?"),
        ("disk.sise=5", "did you mean 'size'?"),
        ("count=five", "count: 'five' is no whole number"),
        ("ratio=nan", "ratio: 'nan' is no number that JSON has"),
        ("fast=maybe", "fast: 'maybe' is neither true nor false"),
        ("ports=1,x", "ports: 'x' is no whole number"),
        ("mode=quik", "mode: 'quik' is none of slow, quick, 3; did you mean 'quick'?"),
        ("disk=5", "disk: is an object: give key:=JSON"),
        ("any:=nope", "any:=nope is no JSON"),
        ("any:=NaN", "NaN is no JSON"),
        ("name", "'name' is no param; give key=value, key@=FILE or key:=JSON"),
        ("=x", "'=x' is no param"),
    ],
)
def test_what_can_not_be_is_told_with_its_key(given: str, told: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        params.build([given], SCHEMA)
    assert told in caught.value.message


def test_a_single_value_given_twice_is_refused() -> None:
    with pytest.raises(click.UsageError, match="given 2 times and is no list"):
        params.build(["count=1", "count=2"], SCHEMA)


def test_other_keys_are_taken_where_the_schema_says_so() -> None:
    assert params.build(["x=5"], {"properties": {}, "additionalProperties": {"type": "integer"}}) == {"x": 5}
    assert params.build(["x=5"], {"properties": {"a": {}}, "additionalProperties": True}) == {"x": "5"}
    assert params.build(["x=5", "x=6"], {}) == {"x": ["5", "6"]}


def test_the_command_line_wins_over_the_file_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('name = "a"\ncount = 1\n[disk]\nsize = 5\n')
    start = params.read_file(str(file))
    assert params.build(["count=2", "disk.kind=ssd"], SCHEMA, start) == {
        "name": "a",
        "count": 2,
        "disk": {"size": 5, "kind": "ssd"},
    }
    assert start == {"name": "a", "count": 1, "disk": {"size": 5}}


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": NaN}'])
def test_a_file_that_holds_no_params_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(click.UsageError, match="--params"):
        params.read_file(str(file))


def test_a_schema_is_told_in_words() -> None:
    told = {name: (kind, need, default) for name, kind, need, default, _ in params.describe(SCHEMA)}
    assert told["name"] == ("text", True, "")
    assert told["stores"] == ("text or list of text", False, '"main"')
    assert told["limit"] == ("whole number", False, "")
    assert told["mode"] == ('"slow" | "quick" | 3', False, "")
    assert told["disk"][0] == "object"


SEALED: dict[str, Any] = {
    "properties": {
        "word": {"type": "string", "writeOnly": True},
        "pin": {"anyOf": [{"type": "integer", "writeOnly": True}, {"type": "null"}]},
        "keys": {"type": "array", "items": {"$ref": "#/$defs/Key"}},
        "login": {"type": "object", "properties": {"password": {"type": "string", "writeOnly": True}}},
        "open": {"type": "string"},
    },
    "$defs": {"Key": {"type": "string", "writeOnly": True}},
}


def test_a_value_comes_from_a_file_standard_input_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "word").write_text("of a file\n\n")
    monkeypatch.setenv("WORD", "of the environment")
    monkeypatch.setattr("sys.stdin", io.StringIO("12\n"))
    given = [f"word@={tmp_path / 'word'}", "open@=env:WORD", "pin@=-", "login.password@=env:WORD"]
    assert params.build(given, SEALED) == {
        "word": "of a file\n",
        "open": "of the environment",
        "pin": 12,
        "login": {"password": "of the environment"},
    }


@pytest.mark.parametrize(
    ("given", "why"), [("word@=/no/such", "can't be read"), ("word@=env:NO_SUCH_WORD", "variable")]
)
def test_a_value_that_cannot_be_read_is_refused(given: str, why: str) -> None:
    with pytest.raises(params.WrongParam, match=why):
        params.build([given], SEALED)


@pytest.mark.parametrize("given", ["pin=hunter2!", "pin:=hunter2!", "pin:={hunter2!"])
def test_a_sealed_value_is_not_repeated_when_it_is_wrong(given: str) -> None:
    with pytest.raises(params.WrongParam) as caught:
        params.build([given], SEALED)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith("pin:")


def test_sealed_params_on_the_command_line_are_told_from_others() -> None:
    given = ["word=a", "pin:=5", "keys=a", "keys=b", "login.password=c", "open=d", "word@=-"]
    assert params.exposed(given, SEALED) == ["word", "pin", "keys", "login.password"]
    words = {name: kind for name, kind, *_ in params.describe(SEALED)}
    assert words["word"] == "text (sealed)"
    assert words["open"] == "text"
