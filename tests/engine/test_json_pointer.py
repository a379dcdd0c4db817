"""Places in params and references within a schema are JSON pointers."""

from __future__ import annotations

import pytest

from wharfinger_server.engine.params.json_pointer import pointer, referred, words

ROOT = {"$defs": {"a/b": {"type": "string"}, "c~d": {"x": 1}}}


def test_a_path_becomes_a_pointer_and_its_words_again() -> None:
    path = ("a/b", 0, "c~d", "~1")
    assert pointer(path) == "/a~1b/0/c~0d/~01"
    assert words(pointer(path)) == ["a/b", "0", "c~d", "~1"]
    assert pointer(()) == ""
    assert words("") == []


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#", ROOT),
        ("#/$defs/a~1b", {"type": "string"}),
        ("#/$defs/c~0d/x", 1),
        ("#/$defs/none", None),
        ("#/$defs/c~0d/x/deeper", None),
        ("#anchor", None),
        ("https://elsewhere/#", None),
        (7, None),
    ],
)
def test_a_reference_is_followed_within_the_schema_or_is_none(reference: object, found: object) -> None:
    assert referred(ROOT, reference) == found
