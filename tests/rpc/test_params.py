"""Params cross the wire as doubles; what they can't carry exactly is refused, with its place."""

import json
import math

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from wharfinger_server.rpc.messages.params import UnfitNumber, faults, fill_struct_json, struct_to_python

SCALARS = st.none() | st.booleans() | st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15)
JSON = st.dictionaries(
    st.text(), st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
)


@pytest.mark.lengthy
@settings(max_examples=50, deadline=None)
@given(JSON)
def test_what_json_says_comes_back_the_same(document):
    struct = Struct()
    fill_struct_json(struct, json.dumps(document).encode())
    assert MessageToDict(struct) == document
    assert struct_to_python(struct) == document


def test_whole_floats_come_back_as_integers():
    plain = struct_to_python(ParseDict({"a": 3.0, "b": [1e3, 2.5], "c": {"d": -0.0}}, Struct()))
    assert plain == {"a": 3, "b": [1000, 2.5], "c": {"d": 0}}
    assert [type(plain["a"]), type(plain["b"][0]), type(plain["b"][1])] == [int, int, float]


def test_an_empty_object_is_set_and_not_left_out():
    struct = Struct()
    fill_struct_json(struct, b"{}")
    assert struct_to_python(struct) == {}
    struct = Struct()
    fill_struct_json(struct, b'{"a":{},"b":[]}')
    assert struct_to_python(struct) == {"a": {}, "b": []}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 2.0**53, -(2.0**53), 1e300])
def test_a_number_that_does_not_travel_is_refused_with_its_place(number):
    struct = Struct()
    struct.fields["size"].number_value = number
    struct.fields["list"].list_value.values.add().string_value = "fine"
    struct.fields["list"].list_value.values.add().struct_value.fields["deep"].number_value = number
    with pytest.raises(UnfitNumber):
        struct_to_python(struct)
    assert [v.field for v in faults(struct, "task.params")] == ["task.params.list[1].deep", "task.params.size"]


def test_a_value_that_is_not_set_is_refused():
    struct = Struct()
    struct.fields["x"].SetInParent()
    with pytest.raises(UnfitNumber):
        struct_to_python(struct)
    assert [v.field for v in faults(struct, "p")] == ["p.x"]


def test_the_largest_whole_number_travels():
    struct = ParseDict({"n": 2**53 - 1}, Struct())
    assert struct_to_python(struct) == {"n": 2**53 - 1}
    assert faults(struct, "p") == []


def test_a_larger_whole_number_in_a_result_becomes_a_string_rather_than_another_number():
    struct = Struct()
    fill_struct_json(struct, b'{"id":5123456789012345679}')
    assert struct_to_python(struct) == {"id": "5123456789012345679"}


def test_text_that_utf8_cannot_carry_is_replaced():
    struct = Struct()
    fill_struct_json(struct, rb'{"a":"x\ud800y"}')
    assert struct_to_python(struct) == {"a": "x?y"}
