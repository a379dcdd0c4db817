"""Zones and records by the script, with Linode's real driver against a loopback cloud: made, changed, restored."""

from __future__ import annotations

from typing import Any

import pytest
from tests.compute.conftest import Yard, undone
from tests.servers.cloud_oracle import Thing

from wharfinger.testing import Done, Trial
from wharfinger_compute import dns_records

WWW = {"name": "www", "type": "A", "data": "192.0.2.7"}
MX = {"name": "", "type": "MX", "data": "mail.example.org"}


def trial(yard: Yard) -> Trial:
    profiles = {"names": {"provider": "linode", "key": "key", **yard.cloud.plain}}
    return Trial(dns_records, profiles=profiles, name="dns.records")


def run(yard: Yard, *records: dict[str, Any], after: Done | None = None, **asked: Any) -> Done:
    params = {"profile": "names", "zone": "example.org", "records": list(records), **asked}
    own = trial(yard)
    return own.run(None if after else params, after=own.settle(after) if after else None)


def theirs(yard: Yard, *records: dict[str, str]) -> Thing:
    """Make a zone with records as somebody else would."""
    oracle = yard.cloud.oracle
    zone = oracle.make("zone", "", name="example.org")
    for one in records:
        request = {"type": one["type"], "target": one["data"]}
        oracle.make("record", "", name=one["name"], request=request).attached = zone.id
    return zone


def content(yard: Yard) -> list[tuple[str, str, str]]:
    found = yard.cloud.oracle.alive("record")
    return sorted((one.name, one.request["type"], one.request["target"]) for one in found)


def states(done: Done) -> set[str]:
    return {entry.state for entry in done.ledger.values() if entry.owned}


def test_a_zone_and_its_records_are_made_and_undone(yard: Yard) -> None:
    done = run(yard, WWW, MX, make_zone=True, zone_extra={"soa_email": "admin@example.org"})
    assert content(yard) == [("", "MX", "mail.example.org"), ("www", "A", "192.0.2.7")]
    assert set(done.plan) == set(done.ledger)
    assert {record["id"] for record in done.result["records"]} < set(yard.exists)
    assert states(undone(trial(yard), done)) == {"UNDONE"}
    assert yard.exists == []


def test_what_was_there_is_nobodys_of_ours_and_stays(yard: Yard) -> None:
    theirs(yard, WWW)
    before = yard.exists
    done = run(yard, WWW, MX)
    assert len(yard.exists) == len(before) + 1
    undone(trial(yard), done)
    assert yard.exists == before


def test_a_record_that_was_changed_is_restored(yard: Yard) -> None:
    theirs(yard, {**WWW, "data": "198.51.100.1"})
    done = run(yard, {**WWW, "replace": True})
    assert content(yard) == [("www", "A", "192.0.2.7")]
    undone(trial(yard), done)
    assert content(yard) == [("www", "A", "198.51.100.1")]


def test_a_record_that_somebody_changed_since_is_not_restored(yard: Yard) -> None:
    theirs(yard, {**WWW, "data": "198.51.100.1"})
    done = run(yard, {**WWW, "replace": True})
    yard.cloud.oracle.alive("record")[0].request["target"] = "203.0.113.1"
    undone(trial(yard), done)
    assert content(yard) == [("www", "A", "203.0.113.1")]


def test_another_record_of_the_name_is_refused_or_added_to(yard: Yard) -> None:
    theirs(yard, {**WWW, "data": "198.51.100.1"})
    assert run(yard, WWW).failure.reason == "NAME_TAKEN"
    assert run(yard, {**WWW, "add": True}).result
    assert len(content(yard)) == 2


def test_a_zone_that_is_not_there_is_told(yard: Yard) -> None:
    done = run(yard, WWW)
    assert done.failure.reason == "UNKNOWN_ZONE"
    assert (done.ledger, yard.exists) == ({}, [])


@pytest.mark.parametrize("fault", ["made_503", "made_dropped", "garbled", "503", "dropped"])
@pytest.mark.parametrize("call", ["POST /domains", "POST /records", "PUT /records/ID"])
def test_a_request_that_goes_wrong_doubles_and_loses_nothing(yard: Yard, call: str, fault: str) -> None:
    changing = call.startswith("PUT")
    if changing:
        theirs(yard, {**WWW, "data": "198.51.100.1"})
    before = content(yard)
    yard.cloud.oracle.fail(call, fault)
    failed = run(yard, {**WWW, "replace": True}, MX, make_zone=True)
    done = failed if hasattr(failed.outcome, "result") else run(yard, after=failed)
    assert content(yard) == [("", "MX", "mail.example.org"), ("www", "A", "192.0.2.7")]
    assert len(yard.cloud.oracle.alive("zone")) == 1
    undone(trial(yard), done)
    assert content(yard) == before
    assert len(yard.cloud.oracle.alive("zone")) == changing
