"""Ids, tokens, policies, counts, and the events that copy entries."""

from __future__ import annotations

import pytest
from tests.domain.build import CREATED, FORGOTTEN, NOT_CREATED, NOW, RETAINED, UNDONE, entry, intent, ledger

from wharfinger.ledger import ids
from wharfinger.ledger.entry import Counts
from wharfinger.ledger.refusals import FailedPrecondition, invalid
from wharfinger_server.domain.event import EntryChange
from wharfinger_server.domain.policy import DEFAULT_MAX_LOST_ATTEMPTS, Policy
from wharfinger_server.domain.timing import SECOND


def test_task_ids_rise_even_within_one_moment_and_when_the_clock_goes_back() -> None:
    source = ids.TaskIds()
    made = [source.new(NOW * 1000) for _ in range(1000)] + [source.new(1)]
    assert made == sorted(set(made))
    assert max(made) < 1 << 63


def test_default_names_sort_as_their_tasks() -> None:
    numbers = [1, 31, 32, 1 << 40, (1 << 63) - 1]
    names = [ids.default_task_id(number) for number in numbers]
    assert names == sorted(names)
    assert len({len(name) for name in names}) == 1


def test_a_token_is_short_and_plain() -> None:
    token = ids.token("uid", "node/web-1 ü", 1)
    assert len(token) == 42
    assert token.isalnum()
    assert token.isascii()


def test_the_parts_of_a_token_cannot_run_into_each_other() -> None:
    assert ids.token("uid", "a1", 1) != ids.token("uid", "a", 11)


def test_a_policys_zeros_mean_the_defaults() -> None:
    assert (Policy().attempts, Policy().losses) == (1, DEFAULT_MAX_LOST_ATTEMPTS)
    assert (Policy(max_attempts=3).attempts, Policy(max_lost_attempts=2).losses) == (3, 2)


@pytest.mark.parametrize(("failures", "wait"), [(1, 1), (2, 2), (3, 4), (10, 512), (13, 3600), (1000, 3600)])
def test_backoff_doubles_up_to_an_hour(failures: int, wait: int) -> None:
    assert Policy().backoff(failures) == wait * SECOND
    assert Policy(retry_backoff=7).backoff(1) == 7


def test_counts_tell_ours_from_what_never_was() -> None:
    counts = Counts()
    entries = [
        entry("a", CREATED, ordinal=1),
        entry("b", CREATED, owned=False, ordinal=2),
        entry("c", RETAINED, owned=False, ordinal=3),
        entry("d", FORGOTTEN, owned=False, ordinal=4),
        entry("e", NOT_CREATED, ordinal=9),
    ]
    for one in entries:
        counts.add(one, 1)
    assert (counts.open, counts.foreign, counts.total, counts.last_ordinal) == (1, 1, 5, 9)
    assert (counts.of(RETAINED), counts.of(CREATED, NOT_CREATED)) == (1, 2)
    for one in entries:
        counts.add(one, -1)
    assert counts.total == 0


def test_a_ledger_counts_what_it_writes_and_drops() -> None:
    held = ledger(entry("a"))
    held.put(entry("a", UNDONE, ordinal=1))
    extra = held.put(entry("a~1", CREATED, ordinal=2))
    assert (held.counts.total, held.counts.open, set(held.changed)) == (2, 1, {"a", "a~1"})
    held.drop(extra)
    assert (held.counts.total, held.counts.open, set(held.changed), held.removed) == (1, 0, {"a"}, {"a~1"})
    held.put(extra)
    assert (held.counts.total, held.removed) == (2, set())


def test_new_entries_are_numbered_after_all_others_though_they_are_not_loaded() -> None:
    held = ledger()
    held.counts.last_ordinal = 41
    assert held.intend(intent(), 1, NOW).ordinal == 42


def test_an_event_keeps_the_entry_as_it_was() -> None:
    one = entry()
    change = EntryChange.of(one)
    one.external_id = "changed"
    assert change.entry.external_id == "id-a"


def test_a_refusal_carries_reason_facts_and_fields() -> None:
    refusal = invalid("task.labels", "too many", "INVALID_ARGUMENT", limit="64")
    assert (refusal.reason, refusal.message, refusal.metadata) == (
        "INVALID_ARGUMENT",
        "task.labels: too many",
        {"limit": "64"},
    )
    assert (refusal.violations[0].field, refusal.violations[0].description) == ("task.labels", "too many")
    with pytest.raises(FailedPrecondition) as caught:
        ledger().named("a")
    assert caught.value.reason == "KEY_UNKNOWN"
