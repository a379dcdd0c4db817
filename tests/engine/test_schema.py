"""Params are checked before a task is accepted, with sentences that help and never repeat what was sent."""

from __future__ import annotations

import json
import math
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.engine.params.canonical_json import LARGEST_INTEGER, MAX_VIOLATIONS
from wharfinger_server.engine.params.schema import DRAFT, ObjectSchema, check_json, params_invalid

IMPORT = {
    "type": "object",
    "properties": {
        "source": {"type": "string", "description": "An http(s) URL."},
        "stores": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "format": {"enum": ["qcow2", "raw", "vmdk"]},
        "size": {"type": "integer", "minimum": 1},
    },
    "required": ["source"],
    "additionalProperties": False,
}


def told(schema: dict[str, Any], params: dict[str, Any]) -> dict[str, str]:
    return {v.field.removeprefix("task.params"): v.description for v in ObjectSchema(schema).check(params)}


def refusal(params: Any, **limits: Any) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        check_json(params, **limits)
    return caught.value


# ---------------------------------------------------------------------- plain JSON


def test_json_is_canonical() -> None:
    assert (
        check_json({"b": [1, (2, 3)], "a": "é", "n": None, "t": True})
        == '{"a":"é","b":[1,[2,3]],"n":null,"t":true}'.encode()
    )


def test_whole_floats_become_integers_wherever_they_are() -> None:
    text = check_json({"a": 3.0, "b": [-0.0, 1.5, {"c": -7.0}], "limit": float(LARGEST_INTEGER)})
    assert text == b'{"a":3,"b":[0,1.5,{"c":-7}],"limit":9007199254740991}'


def test_mappings_other_than_dicts_are_taken() -> None:
    assert check_json(MappingProxyType({"a": MappingProxyType({"b": 1})})) == b'{"a":{"b":1}}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.lengthy
@given(st.dictionaries(st.text(max_size=4), json_values, max_size=4))
def test_json_means_what_was_sent(params: dict[str, Any]) -> None:
    assert json.loads(check_json(params)) == params


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused_with_their_place(value: float) -> None:
    error = refusal({"a": [1, {"b": value}]})
    assert error.reason == "PARAMS_INVALID"
    assert error.violations[0].field == "task.params.a[1].b"
    assert "NaN" in error.message


@pytest.mark.parametrize("value", [2**53, -(2**53), 5123456789012345679, 2.0**53, 1e300, 10**400])
def test_whole_numbers_that_doubles_cannot_hold_are_refused_with_advice(value: float) -> None:
    error = refusal({"id": value})
    assert error.reason == "PARAMS_INVALID"
    assert error.violations == (
        Violation("task.params.id", "is a whole number beyond ±9007199254740991 (2^53-1); send a string"),
    )


@pytest.mark.parametrize(
    ("params", "field", "word"),
    [
        ({"a": {1: "x"}}, "task.params.a", "keys must be strings"),
        ({"a": b"x"}, "task.params.a", "bytes"),
        ({"a": ["\ud800"]}, "task.params.a[0]", "Unicode"),
        ({"\ud800": 1}, "task.params", "Unicode"),
        ({"odd key": {2, 3}}, 'task.params["odd key"]', "set"),
    ],
)
def test_what_json_does_not_have_is_refused(params: Any, field: str, word: str) -> None:
    error = refusal(params)
    assert (error.reason, error.violations[0].field) == ("PARAMS_INVALID", field)
    assert word in error.violations[0].description


@pytest.mark.parametrize("leaf", [1, 1.0, "text"])
def test_nesting_is_bounded(leaf: Any) -> None:
    deep: Any = leaf
    for _ in range(9):
        deep = [deep]
    assert check_json({"a": deep}, max_depth=10)
    assert "nested too deeply" in refusal({"a": [deep]}, max_depth=10).message
    for _ in range(600):
        deep = {"a": deep}
    error = refusal(deep)
    assert "nested too deeply" in error.message
    assert len(error.violations[0].field) < 400


def test_wide_params_are_not_deep() -> None:
    assert check_json({"a": [[] for _ in range(500)]})


def test_large_params_are_refused_with_both_sizes() -> None:
    error = refusal({"a": "x" * 100}, max_bytes=64)
    assert error.reason == "PARAMS_TOO_LARGE"
    assert error.metadata == {"limit_bytes": "64", "size_bytes": "108"}
    assert error.violations[0].field == "task.params"


def test_many_faults_are_told_up_to_a_size() -> None:
    error = refusal({f"key{n}": math.nan for n in range(1000)}, script="image.import")
    assert 1 < len(error.violations) <= MAX_VIOLATIONS
    assert sum(len(v.field) + len(v.description) for v in error.violations) < 3500
    assert error.metadata == {"script": "image.import"}


# ---------------------------------------------------------------------- schemas


def test_params_that_match_have_no_violations() -> None:
    assert (
        ObjectSchema(IMPORT).check({"source": "http://host/disk", "stores": ["a"], "format": "raw", "size": 4.0}) == []
    )


def test_a_missing_field_is_named_with_what_it_should_hold() -> None:
    assert told(IMPORT, {}) == {".source": "is missing; it is required and must be a string: An http(s) URL."}


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("stroes", "there is no such field; did you mean stores?"),
        ("Source", "there is no such field; did you mean source?"),
        ("zzzzzz", "there is no such field; the fields are source, stores, format, size"),
    ],
)
def test_an_unknown_field_is_met_with_the_nearest_name(name: str, description: str) -> None:
    assert told(IMPORT, {"source": "x", name: 1}) == {f".{name}": description}


def test_a_wrong_type_says_both_types_and_the_place() -> None:
    assert told(IMPORT, {"source": "x", "stores": ["a", 5]}) == {".stores[1]": "must be a string, not a whole number"}


def test_an_enum_lists_its_choices() -> None:
    assert told(IMPORT, {"source": "x", "format": "iso"}) == {".format": 'must be one of "qcow2", "raw", "vmdk"'}


TWO_MATCH = "matches more than one of the alternatives that the schema has, and must match exactly one"


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"minimum": 1}, 0, "must be at least 1"),
        ({"exclusiveMaximum": 5}, 5, "must be less than 5"),
        ({"multipleOf": 512}, 100, "must be a multiple of 512"),
        ({"minLength": 1}, "", "must not be empty"),
        ({"maxLength": 2}, "abc", "must have at most 2 characters"),
        ({"minItems": 2}, [1], "must have at least 2 items"),
        ({"maxItems": 1}, [1, 2], "must have at most 1 item"),
        ({"uniqueItems": True}, [1, 1], "must not hold the same item twice"),
        ({"pattern": "^[a-z]+$"}, "A", "must match the pattern ^[a-z]+$"),
        ({"format": "uri"}, "nowhere", "must be a valid uri"),
        ({"const": "v1"}, "v2", 'must be "v1"'),
        ({"type": ["string", "null"]}, 4, "must be a string or null, not a whole number"),
        ({"not": {"type": "string"}}, "x", "is of a kind that the schema excludes"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, "has a key that must match the pattern ^a"),
        ({"contains": {"const": 1}}, [2], "holds no item of the kind that the schema asks for"),
        (False, 1, "must be left out: the schema takes nothing here"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, TWO_MATCH),
        ({"minProperties": 1}, {}, "must not be empty"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, None),
    ],
)
def test_every_keyword_has_its_sentence(schema: Any, value: Any, sentence: str | None) -> None:
    found = told({"properties": {"x": schema}}, {"x": value})
    assert found == ({".x": sentence} if sentence else {".x.b": "is missing; it is required"})


def test_an_optional_field_of_the_wrong_type_names_all_types() -> None:
    schema = {"properties": {"ram": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}
    assert told(schema, {"ram": "big"}) == {".ram": "must be a whole number or null, not a string"}


def test_of_alternatives_the_one_that_was_meant_is_explained() -> None:
    disk = {
        "type": "object",
        "properties": {"kind": {"const": "disk"}, "size": {"type": "integer"}},
        "required": ["kind"],
    }
    net = {
        "type": "object",
        "properties": {"kind": {"const": "net"}, "cidr": {"type": "string"}},
        "required": ["kind", "cidr"],
    }
    schema = {
        "$defs": {"D": disk, "N": net},
        "properties": {"x": {"oneOf": [{"$ref": "#/$defs/D"}, {"$ref": "#/$defs/N"}]}},
    }
    assert told(schema, {"x": {"kind": "net"}}) == {".x.cidr": "is missing; it is required and must be a string"}
    assert told(schema, {"x": {"kind": "disk", "size": "L"}}) == {".x.size": "must be a whole number, not a string"}


def test_known_fields_are_found_behind_references() -> None:
    schema = {
        "$defs": {"Node": {"type": "object", "properties": {"image": {}}, "additionalProperties": False}},
        "properties": {"nodes": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    }
    assert told(schema, {"nodes": [{}, {"imgae": 1}]}) == {
        ".nodes[1].imgae": "there is no such field; did you mean image?"
    }


SECRET = "hunter2-hunter2"
SECRET_SCHEMAS = [
    {"type": "string", "writeOnly": True, "maxLength": 3},
    {"type": "string", "writeOnly": True, "pattern": "^a"},
    {"type": "integer", "writeOnly": True},
    {"enum": ["a"], "writeOnly": True},
    {"anyOf": [{"type": "integer"}, {"type": "null"}], "writeOnly": True},
    {"$ref": "#/$defs/Secret"},
    {"format": "uri", "writeOnly": True},
]


@pytest.mark.parametrize("schema", SECRET_SCHEMAS)
def test_a_secret_value_is_never_repeated(schema: dict[str, Any]) -> None:
    whole = {"$defs": {"Secret": {"writeOnly": True, "maxLength": 3}}, "properties": {"password": schema}}
    found = ObjectSchema(whole).check({"password": SECRET})
    assert [v.field for v in found] == ["task.params.password"]
    assert SECRET not in repr(found)


def test_no_value_is_repeated_even_where_it_is_not_marked() -> None:
    found = ObjectSchema(IMPORT).check({"source": [SECRET], "stores": SECRET, "format": SECRET, "size": SECRET})
    assert len(found) == 4
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": False},
        {"type": "object", "propertyNames": {"maxLength": 2}},
        {"type": "object", "properties": {SECRET: {"type": "integer"}}},
    ],
)
def test_inside_of_a_secret_not_even_names_are_shown(inner: dict[str, Any]) -> None:
    found = ObjectSchema({"properties": {"list": {"items": {"writeOnly": True, **inner}}}}).check(
        {"list": [{SECRET: "x"}]}
    )
    assert [v.field for v in found] == ["task.params.list[0]"]
    assert SECRET not in repr(found)


def test_a_flood_of_violations_costs_little() -> None:
    schema = ObjectSchema({"properties": {"a": {"items": {"type": "integer"}}}})
    assert len(schema.check({"a": ["x"] * 300_000})) == 1
    assert 1 < len(schema.check({"a": ["x"] * 300})) <= MAX_VIOLATIONS


def test_nested_mappings_are_checked_as_objects() -> None:
    assert told(IMPORT, MappingProxyType({"source": 1})) == {".source": "must be a string, not a whole number"}  # type: ignore[arg-type]
    assert told({"properties": {"a": {"required": ["b"]}}}, {"a": MappingProxyType({})}) == {
        ".a.b": "is missing; it is required"
    }


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"properties": 3}, "schema.properties"),
        ({"properties": {"a": {"minimum": "3"}}}, "schema.properties.a.minimum"),
        ({"properties": {"a": {"pattern": "("}}}, "regex"),
        ({"$ref": "#/nowhere"}, "nowhere"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "Retrieval is disabled"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "draft-07"),
        ({"type": "array"}, "are objects"),
        ({"default": object()}, "not JSON"),
    ],
)
def test_a_schema_that_is_not_valid_is_refused_with_the_place(schema: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=r"schema|JSON|draft") as caught:
        ObjectSchema(schema)
    assert word in str(caught.value)


def test_a_schema_may_name_the_draft_it_is_written_in() -> None:
    assert ObjectSchema({"$schema": DRAFT, "type": "object"}).check({}) == []


def test_violations_make_one_refusal() -> None:
    violations = ObjectSchema(IMPORT).check({})
    error = params_invalid(violations, "image.import")
    assert (error.reason, error.metadata, error.violations) == (
        "PARAMS_INVALID",
        {"script": "image.import"},
        tuple(violations),
    )
    assert error.message.startswith("task.params.source: is missing")
