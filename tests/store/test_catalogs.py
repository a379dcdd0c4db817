"""Catalogues in the database: what is known of them, and which is active."""

from __future__ import annotations

import asyncio

import pytest

from wharfinger_prices.catalog import Activation, Catalog, CatalogDiff
from wharfinger_server.domain.errors import Aborted, FailedPrecondition, NotFound
from wharfinger_server.store.store import Store

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def _catalog(digest: str, **more: object) -> Catalog:
    return Catalog(digest, "libcloud", "https://prices.example/p.json", price_count=3, **more)  # type: ignore[arg-type]


async def test_a_catalogue_is_read_back_as_it_was_written(store: Store) -> None:
    told = _catalog(
        A,
        data_time=5,
        unknown_count=1,
        signed_by="ops",
        diff=CatalogDiff(added=1, compared=2),
        sections=(("ec2_linux", 2), ("gce", 1)),
        skipped=(("of another kind", 4),),
        etag='"one"',
        fault_count=7,
        faults=("line 4: no price", "line 9: no price"),
    )
    kept = await store.keep_catalog(told, None, None)
    assert kept.import_time == kept.check_time > 0
    found = await store.catalog(A)
    assert found == kept
    assert found.diff == told.diff
    assert found.sections == told.sections
    assert not found.active


async def test_the_last_activation_names_the_active_catalogue(store: Store) -> None:
    assert await store.active_catalog() is None
    await store.keep_catalog(_catalog(A), Activation(A, "ann", "first"), None)
    await store.keep_catalog(_catalog(B), Activation(B, "bob"), A)
    active = await store.active_catalog()
    assert active is not None
    assert (active.digest, active.active) == (B, True)
    assert (await store.activate_catalog(Activation(A, "ann", "back"))).active
    assert [(a.digest, a.actor, a.reason) for a in await store.activations(10)] == [
        (A, "ann", "back"),
        (B, "bob", ""),
        (A, "ann", "first"),
    ]


async def test_the_pages_of_activations_hold_each_once_the_newest_first(store: Store) -> None:
    await store.keep_catalog(_catalog(A), Activation(A, "ann"), None)
    await store.keep_catalog(_catalog(B), Activation(B, "bob"), A)
    for digest in (A, B, A):
        await store.activate_catalog(Activation(digest, "eve"))
    first = await store.activations(2)
    rest = await store.activations(9, first[-1].number)
    assert [(a.digest, a.actor) for a in [*first, *rest]] == [
        (A, "eve"),
        (B, "eve"),
        (A, "eve"),
        (B, "bob"),
        (A, "ann"),
    ]
    assert await store.activations(9, rest[-1].number) == []


async def test_activating_the_active_one_again_changes_nothing(store: Store) -> None:
    await store.keep_catalog(_catalog(A), Activation(A, "ann"), None)
    await store.activate_catalog(Activation(A, "bob"))
    assert [a.actor for a in await store.activations(10)] == ["ann"]


async def test_a_catalogue_in_quarantine_needs_an_override_which_is_recorded(store: Store) -> None:
    await store.keep_catalog(_catalog(A, quarantine_reason="it is old"), None, None)
    with pytest.raises(FailedPrecondition, match="it is old") as refused:
        await store.activate_catalog(Activation(A, "ann"))
    assert (refused.value.reason, refused.value.metadata) == ("PRICES_QUARANTINED", {"catalog": A})
    assert await store.active_catalog() is None
    await store.activate_catalog(Activation(A, "ann", "we know", overridden=True))
    assert [a.overridden for a in await store.activations(10)] == [True]


async def test_what_was_checked_against_another_catalogue_than_the_active_is_refused(store: Store) -> None:
    await store.keep_catalog(_catalog(A), Activation(A, "ann"), None)
    with pytest.raises(Aborted) as refused:
        await store.keep_catalog(_catalog(B), Activation(B, "bob"), None)
    assert refused.value.reason == "PRICES_BUSY"
    assert await store.catalog(B) is None


async def test_a_catalogue_that_does_not_exist_can_not_become_active(store: Store) -> None:
    with pytest.raises(NotFound) as refused:
        await store.activate_catalog(Activation(A, "ann"))
    assert refused.value.reason == "UNKNOWN_CATALOG"


async def test_the_pages_of_catalogues_hold_each_once_the_newest_first(store: Store) -> None:
    for digest in (A, B, C):
        await store.keep_catalog(_catalog(digest), None, None)
        await asyncio.sleep(0.002)
    first = await store.catalogs("", 2)
    rest = await store.catalogs(first[-1].digest, 2)
    assert [catalog.digest for catalog in [*first, *rest]] == [C, B, A]
    with pytest.raises(NotFound):
        await store.catalogs("d" * 64, 2)


async def test_an_import_of_what_is_known_keeps_the_first_import_time(store: Store) -> None:
    first = await store.keep_catalog(_catalog(A), None, None)
    again = await store.keep_catalog(_catalog(A, signed_by="ops"), None, None)
    assert (again.import_time, again.signed_by) == (first.import_time, "ops")
    assert again.check_time > first.check_time


async def test_the_origin_that_has_nothing_newer_is_noted(store: Store) -> None:
    first = await store.keep_catalog(_catalog(A, etag='"x"'), None, None)
    checked = await store.catalog_checked(A)
    assert checked is not None
    assert checked.check_time > first.check_time
    found = await store.catalog_of("https://prices.example/p.json")
    assert found is not None
    assert (found.digest, found.etag) == (A, '"x"')
    assert await store.catalog_of("https://elsewhere.example") is None


async def test_refused_writes_about_catalogues_harm_no_other_in_their_batch(store: Store) -> None:
    results = await asyncio.gather(
        store.keep_catalog(_catalog(A), Activation(A, "ann"), None),
        store.keep_catalog(_catalog(B), Activation(B, "bob"), None),
        store.activate_catalog(Activation(C, "eve")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Catalog, Aborted, NotFound]
