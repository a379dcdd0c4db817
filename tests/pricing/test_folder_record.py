"""The record as a file of the folder: all that the database's record must do, and what only a file must."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from tests.store.test_catalogs import (
    test_a_catalogue_in_quarantine_needs_an_override_which_is_recorded,
    test_a_catalogue_is_read_back_as_it_was_written,
    test_a_catalogue_that_does_not_exist_can_not_become_active,
    test_activating_the_active_one_again_changes_nothing,
    test_an_import_of_what_is_known_keeps_the_first_import_time,
    test_refused_writes_about_catalogues_harm_no_other_in_their_batch,
    test_the_last_activation_names_the_active_catalogue,
    test_the_origin_that_has_nothing_newer_is_noted,
    test_the_pages_of_activations_hold_each_once_the_newest_first,
    test_the_pages_of_catalogues_hold_each_once_the_newest_first,
    test_what_was_checked_against_another_catalogue_than_the_active_is_refused,
)

from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_prices.errors import FailedPrecondition, Unavailable
from wharfinger_prices.folder_record import FILE, FolderRecord

__all__ = [
    "test_a_catalogue_in_quarantine_needs_an_override_which_is_recorded",
    "test_a_catalogue_is_read_back_as_it_was_written",
    "test_a_catalogue_that_does_not_exist_can_not_become_active",
    "test_activating_the_active_one_again_changes_nothing",
    "test_an_import_of_what_is_known_keeps_the_first_import_time",
    "test_refused_writes_about_catalogues_harm_no_other_in_their_batch",
    "test_the_last_activation_names_the_active_catalogue",
    "test_the_origin_that_has_nothing_newer_is_noted",
    "test_the_pages_of_activations_hold_each_once_the_newest_first",
    "test_the_pages_of_catalogues_hold_each_once_the_newest_first",
    "test_what_was_checked_against_another_catalogue_than_the_active_is_refused",
]


@pytest.fixture
def store(tmp_path: Path) -> FolderRecord:
    """What those tests call a store."""
    return FolderRecord(tmp_path / "prices")


async def test_another_process_reads_what_was_written(store: FolderRecord, tmp_path: Path) -> None:
    kept = await store.keep_catalog(Catalog("a" * 64, "csv"), Activation("a" * 64, "ann"), None)
    assert await FolderRecord(tmp_path / "prices").active_catalog() == kept


def test_changes_at_once_are_all_kept(store: FolderRecord, tmp_path: Path) -> None:
    digests = [f"{number:064x}" for number in range(24)]

    def keep(digest: str) -> None:
        asyncio.run(FolderRecord(tmp_path / "prices").keep_catalog(Catalog(digest, "csv"), None, None))

    threads = [threading.Thread(target=keep, args=(digest,)) for digest in digests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.digest for one in asyncio.run(store.catalogs("", 100))) == digests


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"catalogs": [{"digest": 1}], "activations": []}'])
async def test_a_damaged_record_is_told_with_its_path_and_is_not_written_over(
    store: FolderRecord, tmp_path: Path, damage: bytes
) -> None:
    await store.keep_catalog(Catalog("a" * 64, "csv"), None, None)
    file = tmp_path / "prices" / FILE
    file.write_bytes(damage)
    with pytest.raises(Unavailable, match=str(file)):
        await store.active_catalog()
    with pytest.raises(Unavailable, match="restore it from a backup"):
        await store.keep_catalog(Catalog("b" * 64, "csv"), None, None)
    assert file.read_bytes() == damage


async def test_a_folder_that_can_not_be_written_is_told_and_what_was_stays(tmp_path: Path) -> None:
    (tmp_path / "prices").write_bytes(b"a file stands where the folder should")
    with pytest.raises(FailedPrecondition) as refused:
        await FolderRecord(tmp_path / "prices").keep_catalog(Catalog("a" * 64, "csv"), None, None)
    assert refused.value.reason == "PRICES_NOT_KEPT"


async def test_what_a_crash_left_half_written_is_not_read(store: FolderRecord, tmp_path: Path) -> None:
    kept = await store.keep_catalog(Catalog("a" * 64, "csv"), None, None)
    (tmp_path / "prices" / FILE).with_suffix(".part").write_bytes(b'{"catalogs": [')
    assert await store.catalogs("", 10) == [kept]
    await store.keep_catalog(Catalog("b" * 64, "csv"), None, None)
    assert len(await store.catalogs("", 10)) == 2
