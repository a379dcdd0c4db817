"""A wrong name is answered with one that comes close, or with what there is."""

from __future__ import annotations

from wharfinger_server.domain.near_names import did_you_mean, near


def test_the_closest_names_come_first_whatever_their_case() -> None:
    assert near("Provder", ["provider", "region", "providers"], 3) == ["provider", "providers"]
    assert did_you_mean("ZONE", ["zone", "region"], "none") == "did you mean zone?"


def test_where_none_is_close_the_other_thing_is_said() -> None:
    assert did_you_mean("xyz", ["provider"], "the fields are provider") == "the fields are provider"
    assert did_you_mean("xyz", [], "there are none") == "there are none"


def test_a_name_as_long_as_params_may_be_is_compared_by_its_beginning() -> None:
    assert near("x" * 1_000_000, ["y" * 80]) == []
