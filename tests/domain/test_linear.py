"""What is decided over a long ledger costs what it is about, not the square of the ledger's length."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.domain.build import entry, ledger

from wharfinger.ledger import undo
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.states import EntryState

CREATED = EntryState.CREATED


def grows(work: Callable[[int], object]) -> float:
    """Return how many times longer `work` takes for four times as much, the best of three tries."""

    def spent(size: int) -> float:
        begun = time.process_time()
        work(size)
        return time.process_time() - begun

    return min(spent(1200) / spent(300) for _ in range(3))


def chain(size: int) -> Ledger:
    return ledger(*(entry(f"k{n}", CREATED, depends_on=(f"k{n - 1}",) if n else ()) for n in range(size)))


def flat(size: int) -> Ledger:
    return ledger(*(entry(f"k{n}", CREATED) for n in range(size)))


def test_the_order_of_undo() -> None:
    for shape in (chain, flat):
        held = shape(50)
        waves = undo.Order(held).waves()
        assert [key for wave in waves for key in wave] == [f"k{n}" for n in reversed(range(50))]
        assert len(waves) == (50 if shape is chain else 1)
        assert grows(lambda size, shape=shape: undo.Order(shape(size)).waves()) < 9


def test_what_stands_in_the_way_of_each_thing() -> None:
    def all_blockers(size: int) -> None:
        held = chain(size)
        for one in held:
            undo.Order(held).blocker(one)

    assert grows(all_blockers) < 9


def test_who_holds_a_thing() -> None:
    def all_holders(size: int) -> None:
        held = flat(size)
        first = held.named("k0")
        for n in range(size):
            found = held.holder(first, f"id-k{n}")
            assert (found and found.key) == (f"k{n}" if n else None)

    assert grows(all_holders) < 9


def test_the_family_of_each_key() -> None:
    def all_families(size: int) -> None:
        held = flat(size)
        for n in range(size):
            assert [one.key for one in held.family(f"k{n}")] == [f"k{n}"]

    assert grows(all_families) < 9


def test_what_a_find_shows_beyond_the_thing_it_was_asked_about() -> None:
    def found(size: int) -> None:
        held = ledger(entry("a", EntryState.INTENDED, external_id=""))
        ids = [f"id-{n}" for n in range(size)]
        changed = held.found("a", held.named("a").version, ids, 10**18, 0)
        assert [one.key for one in changed] == ["a", *(f"a~{n}" for n in range(1, size))]
        assert [one.external_id for one in changed] == ids

    assert grows(found) < 9


def test_an_index_follows_what_is_put_and_dropped() -> None:
    held = ledger(entry("a"), entry("b", depends_on=("a",)))
    a, b = held.named("a"), held.named("b")
    assert held.children_of("a") == [b]
    evidence = held.put(entry("a~1", EntryState.UNCERTAIN, external_id="3", ordinal=3))
    assert held.family("a") == [a, evidence]
    assert held.holder(a, "3") is evidence
    held.drop(evidence)
    assert held.family("a") == [a]
    assert held.holder(a, "3") is None
