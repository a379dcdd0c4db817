"""Imports: what comes in, what is refused and why, and that what was active stays."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import hashlib
import io
import lzma
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

import pytest
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import Signer, document, line, many

from wharfinger_server.domain.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    OutOfRange,
    PermissionDenied,
    Refused,
)
from wharfinger_server.pricing import Catalog, ImportProgress, ImportRequest, Pricing

ACTIVATE = ImportRequest(activate=True, actor="ann")


async def _import(pricing: Pricing, data: bytes, **more: object) -> Catalog:
    request = ImportRequest(**{"activate": True, "actor": "ann", "file_name": "prices.jsonl"} | more)  # type: ignore[arg-type]
    return await pricing.import_file(io.BytesIO(data), request)


async def _refused(pricing: Pricing, data: bytes, kind: type[Refused], reason: str, **more: object) -> Refused:
    """Import what must be refused while something is active; return the refusal."""
    before = await _import(pricing, many(3))
    kept = sorted(path.name for path in (pricing.folder / "catalogs").iterdir())
    with pytest.raises(kind) as refused:
        await _import(pricing, data, **more)
    assert refused.value.reason == reason
    active = await pricing.catalog("active")
    assert active.digest == before.digest
    assert sorted(path.name for path in (pricing.folder / "catalogs").iterdir()) == kept
    assert list((pricing.folder / "work").iterdir()) == []
    assert (await pricing.current()).price("onprem", "fra", "m1").layer == "downloaded"
    return refused.value


async def test_an_import_becomes_active_and_is_looked_up_in(pricing: Pricing) -> None:
    found = await _import(pricing, document([line(), line("m.small", None)]))
    assert (found.active, found.price_count, found.unknown_count, found.format) == (True, 2, 1, "jsonl")
    assert (found.source, found.whence) == ("jsonl", "jsonl prices.jsonl")
    assert found.sections == (("onprem", 2),)
    assert (await pricing.current()).price("onprem", "fra", "m.large").catalog == found.digest
    assert pricing.path_of(found.digest).exists()


async def test_an_import_that_was_not_to_be_activated_changes_no_look_up(pricing: Pricing) -> None:
    found = await _import(pricing, many(3), activate=False)
    assert not found.active
    assert (await pricing.current()).layers == ()
    assert [catalog.digest for catalog in await pricing.catalogs()] == [found.digest]


async def test_a_stream_is_taken_piece_by_piece(pricing: Pricing) -> None:
    data = many(50)

    async def pieces() -> AsyncIterator[bytes]:
        """Send a few bytes at a time."""
        for start in range(0, len(data), 1000):
            await asyncio.sleep(0)
            yield data[start : start + 1000]

    told: list[ImportProgress] = []
    found = await pricing.import_file(pieces(), ACTIVATE, told.append)
    assert found.price_count == 50
    await asyncio.sleep(0)
    assert {progress.step for progress in told} >= {"read", "check", "activate"}


async def test_a_folder_of_pages_needs_no_name(pricing: Pricing, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await pricing.import_file(tmp_path / "nowhere", ACTIVATE)
    assert "can't be read" in refused.value.message


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
async def test_packed_data_is_unpacked(pricing: Pricing, pack: Callable[[bytes], bytes]) -> None:
    assert (await _import(pricing, pack(many(3)), file_name="prices.jsonl.gz")).price_count == 3


async def test_the_same_data_again_is_the_same_catalogue(pricing: Pricing) -> None:
    first, again = await _import(pricing, many(3)), await _import(pricing, many(3))
    assert (first.digest, first.import_time) == (again.digest, again.import_time)
    assert len(await pricing.activations()) == 1


async def test_a_catalogues_file_is_carried_to_another_server_by_importing_it(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    pricing = await open_pricing()
    first = await _import(pricing, many(3))
    data = pricing.path_of(first.digest).read_bytes()
    assert (await _import(pricing, data)).digest == first.digest


# ---------------------------------------------------------------------- bad data


async def test_what_is_no_json_is_refused(pricing: Pricing) -> None:
    error = await _refused(pricing, b"<html>it moved</html>", InvalidArgument, "PRICES_MALFORMED", format="libcloud")
    assert error.metadata["format"] == "libcloud"


async def test_what_no_format_fits_is_refused_with_the_formats_there_are(pricing: Pricing) -> None:
    error = await _refused(pricing, b"<html>it moved</html>", InvalidArgument, "PRICES_MALFORMED")
    assert "libcloud" in error.message


async def test_a_format_that_does_not_exist_is_refused(pricing: Pricing) -> None:
    error = await _refused(pricing, many(2), InvalidArgument, "PRICES_MALFORMED", format="nosuch")
    assert "'nosuch'" in error.message


async def test_truncated_data_is_refused(pricing: Pricing) -> None:
    await _refused(pricing, many(9)[:-20], InvalidArgument, "PRICES_MALFORMED")
    whole = b'{"compute": {"ec2_linux": {"m5.large": {"us-east-1": 0.096}}}, "storage": {}, "updated": 1700000000}'
    assert (await _import(pricing, whole, activate=False)).price_count == 1
    for cut in (30, 60, len(whole) - 1):
        with pytest.raises(InvalidArgument):
            await _import(pricing, whole[:cut], format="libcloud", activate=False)


async def test_truncated_packed_data_is_refused(pricing: Pricing) -> None:
    packed = gzip.compress(many(500))
    await _refused(pricing, packed[: len(packed) // 2], InvalidArgument, "PRICES_MALFORMED")


async def test_a_gzip_bomb_is_refused_before_it_fills_the_disk(
    open_pricing: OpenPricing, without_bundled: None
) -> None:
    pricing = await open_pricing(max_unpacked="1MiB")
    error = await _refused(pricing, gzip.compress(b"\0" * 50_000_000), OutOfRange, "PRICES_TOO_LARGE")
    assert error.metadata == {"limit_bytes": str(1 << 20)}


async def test_a_zip_bomb_is_refused(open_pricing: OpenPricing, without_bundled: None) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("prices.jsonl", b"\0" * 50_000_000)
    pricing = await open_pricing(max_unpacked="1MiB")
    await _refused(pricing, packed.getvalue(), OutOfRange, "PRICES_TOO_LARGE")


async def test_a_zip_file_of_several_files_is_refused_unless_they_are_pages(pricing: Pricing) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", many(1))
        archive.writestr("b.jsonl", many(1))
    await _refused(pricing, packed.getvalue(), InvalidArgument, "PRICES_MALFORMED")


async def test_a_zip_bomb_of_several_files_is_refused(open_pricing: OpenPricing, without_bundled: None) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"page-{number}.json", b" " * 500_000)
    pricing = await open_pricing(max_unpacked="1MiB")
    await _refused(pricing, packed.getvalue(), OutOfRange, "PRICES_TOO_LARGE")


async def test_a_zip_file_of_pages_is_read(pricing: Pricing) -> None:
    packed = io.BytesIO()
    pages = (Path(__file__).parents[1] / "sources" / "samples" / "gcp.jsonl").read_text().splitlines()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, page in enumerate(pages):
            archive.writestr(f"page-{number}.json", page)
    taken = await pricing.import_file(io.BytesIO(packed.getvalue()), ImportRequest())
    assert taken.price_count == 6


async def test_more_bytes_than_are_allowed_are_refused(open_pricing: OpenPricing, without_bundled: None) -> None:
    pricing = await open_pricing(max_bytes="2000B")
    await _refused(pricing, many(100), OutOfRange, "PRICES_TOO_LARGE")


async def test_a_wrong_checksum_is_refused_and_the_right_one_taken(pricing: Pricing) -> None:
    data = many(4)
    error = await _refused(pricing, data, InvalidArgument, "PRICES_CHECKSUM", sha256="0" * 64)
    assert error.metadata == {"expected": "0" * 64, "actual": hashlib.sha256(data).hexdigest()}
    assert (await _import(pricing, data, sha256=hashlib.sha256(data).hexdigest().upper())).active


async def test_a_checksum_that_is_none_is_refused(pricing: Pricing) -> None:
    await _refused(pricing, many(4), InvalidArgument, "INVALID_ARGUMENT", sha256="abc")


# ---------------------------------------------------------------------- signatures


async def test_a_signature_by_a_trusted_key_is_named(open_pricing: OpenPricing, without_bundled: None) -> None:
    signer = Signer()
    pricing = await open_pricing(trusted_keys={"ops": signer.public}, require_signature=True)
    for prehashed in (True, False):
        data = many(4 - prehashed)
        found = await _import(pricing, data, signature=signer.sign(data, prehashed=prehashed))
        assert (found.signed_by, found.active) == ("ops", True)


async def test_signatures_that_do_not_hold_are_refused(open_pricing: OpenPricing, without_bundled: None) -> None:
    signer, stranger = Signer(), Signer()
    pricing = await open_pricing(trusted_keys={"ops": signer.public})
    data = many(4)
    good = signer.sign(data)
    changed_comment = good.replace(b"timestamp:1", b"timestamp:2")
    for signature, why in (
        (signer.sign(many(5)), "does not fit the data"),
        (signer.sign(many(5), prehashed=False), "does not fit the data"),
        (stranger.sign(data), "trusted are: ops"),
        (changed_comment, "trusted comment was changed"),
        (b"untrusted comment: x\nnonsense\ntrusted comment: y\nnonsense\n", "no minisign signature"),
        (b"\n" * 9000, "no minisign signature"),
    ):
        error = await _refused(pricing, data, PermissionDenied, "PRICES_SIGNATURE", signature=signature)
        assert why in error.message
    key = stranger.id[::-1].hex().upper()
    error = await _refused(pricing, data, PermissionDenied, "PRICES_SIGNATURE", signature=stranger.sign(data))
    assert error.metadata == {"key": key}


async def test_a_missing_signature_is_refused_where_one_is_demanded(
    open_pricing: OpenPricing, without_bundled: None
) -> None:
    pricing = await open_pricing(trusted_keys={"ops": Signer().public}, require_signature=True)
    with pytest.raises(PermissionDenied, match="no signature") as refused:
        await _import(pricing, many(3))
    assert refused.value.reason == "PRICES_SIGNATURE"
    with pytest.raises(Refused, match="there is no catalogue"):
        await pricing.catalog("active")


# ---------------------------------------------------------------------- checks


async def _quarantined(pricing: Pricing, data: bytes, why: str, **more: object) -> str:
    """Import what the checks must object to; return the digest of the catalogue in quarantine."""
    before = await pricing.catalog("active")
    with pytest.raises(FailedPrecondition) as refused:
        await _import(pricing, data, **more)
    assert refused.value.reason == "PRICES_QUARANTINED"
    assert why in refused.value.message
    digest = refused.value.metadata["catalog"]
    kept = await pricing.catalog(digest)
    assert why in kept.quarantine_reason
    assert (await pricing.catalog("active")).digest == before.digest
    return digest


async def test_a_drop_in_coverage_is_quarantined_and_a_small_one_is_not(pricing: Pricing) -> None:
    await _import(pricing, many(100))
    await _quarantined(pricing, many(97), "3 of 100 known prices are missing (3.0%")
    found = await _import(pricing, many(98))
    assert found.active
    assert found.diff is not None
    assert (found.diff.removed, found.diff.added) == (2, 0)


async def test_many_prices_that_moved_far_are_quarantined_and_few_are_not(pricing: Pricing) -> None:
    prices = [line(f"m{n}", "0.10") for n in range(100)]
    await _import(pricing, document(prices))
    moved = [line(f"m{n}", "0.16" if n < 6 else "0.12") for n in range(100)]
    await _quarantined(pricing, document(moved), "6 of 100 prices moved by more than half")
    found = await _import(pricing, document(moved[1:5] + prices[:1] + prices[5:]))
    assert found.diff is not None
    assert (found.diff.raised, found.diff.moved) == (4, 4)


async def test_prices_that_became_unknown_are_quarantined(pricing: Pricing) -> None:
    await _import(pricing, many(100))
    changed = document([line(f"m{n}", None if n == 7 else "0.10") for n in range(100)])
    await _quarantined(pricing, changed, "1 prices that had a figure are zero or unknown now")


async def test_older_data_is_quarantined(pricing: Pricing) -> None:
    def told(updated: int, figure: str) -> bytes:
        """Return a file of Libcloud's with its time."""
        return f'{{"compute": {{"gandi": {{"small": {figure}}}}}, "storage": {{}}, "updated": {updated}}}'.encode()

    await _import(pricing, told(1_700_000_000, "0.02"))
    await _quarantined(pricing, told(1_600_000_000, "0.021"), "older than the active catalogue's")


async def test_an_override_accepts_what_the_checks_object_to_and_is_recorded(pricing: Pricing) -> None:
    await _import(pricing, many(100))
    digest = await _quarantined(pricing, many(10), "known prices are missing")
    with pytest.raises(FailedPrecondition):
        await pricing.activate(digest, "bob")
    active = await pricing.activate(digest, "bob", "we dropped a region", override=True)
    assert active.active
    last = (await pricing.activations(1))[0]
    assert (last.actor, last.reason, last.overridden) == ("bob", "we dropped a region", True)
    again = await _import(pricing, many(100), override_checks=True, actor="cem")
    assert again.active


async def test_one_can_go_back_to_an_earlier_catalogue(pricing: Pricing) -> None:
    first = await _import(pricing, document([line(amount="0.10")]))
    await _import(pricing, document([line(amount="0.11")]))
    await pricing.activate(first.digest, "ann", "the new ones are wrong")
    assert (await pricing.current()).price("onprem", "fra", "m.large").price.amount == Decimal("0.10")


async def test_what_does_not_exist_can_not_become_active(pricing: Pricing) -> None:
    for digest in ("0" * 64, "nonsense", ""):
        with pytest.raises(Refused) as refused:
            await pricing.activate(digest, "ann")
        assert refused.value.reason == "UNKNOWN_CATALOG"


async def test_a_catalogue_whose_file_is_damaged_can_not_become_active(pricing: Pricing) -> None:
    first = await _import(pricing, many(3), activate=False)
    pricing.path_of(first.digest).write_bytes(b"[]\n")
    with pytest.raises(Refused, match="damaged"):
        await pricing.activate(first.digest, "ann")


# ---------------------------------------------------------------------- the folder, and others


async def test_a_folder_that_can_not_be_written_is_told(pricing: Pricing) -> None:
    pricing.folder.parent.mkdir(exist_ok=True)
    pricing.folder.write_bytes(b"")  # root may write anywhere, but not into a file as if it were a folder
    with pytest.raises(FailedPrecondition) as refused:
        await _import(pricing, many(3))
    assert refused.value.reason == "PRICES_NOT_KEPT"
    assert refused.value.metadata["path"] == str(pricing.folder)
    assert (await pricing.current()).layers == ()


async def test_a_catalogue_that_can_not_be_given_its_name_is_told_and_what_was_active_stays(pricing: Pricing) -> None:
    first = await _import(pricing, many(3))
    second = await _import(pricing, many(4), activate=False)
    path = pricing.path_of(second.digest)
    path.unlink()
    path.mkdir()
    with pytest.raises(FailedPrecondition) as refused:
        await _import(pricing, many(4))
    assert refused.value.reason == "PRICES_NOT_KEPT"
    assert (await pricing.catalog("active")).digest == first.digest


async def test_two_imports_at_once_one_is_told_to_wait(pricing: Pricing) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        """Send half, and wait."""
        yield many(3)
        reached.set()
        await go_on.wait()

    first = asyncio.create_task(pricing.import_file(slow(), ACTIVATE))
    await reached.wait()
    with pytest.raises(Aborted) as refused:
        await _import(pricing, many(5))
    assert refused.value.reason == "PRICES_BUSY"
    go_on.set()
    found = await first
    assert (await pricing.catalog("active")).digest == found.digest


async def test_a_stream_that_never_ends_is_given_up(open_pricing: OpenPricing, without_bundled: None) -> None:
    pricing = await open_pricing(fetch_timeout="200ms")

    async def endless() -> AsyncIterator[bytes]:
        """Send a little, and no more."""
        yield b"["
        await asyncio.Event().wait()

    with pytest.raises(Refused) as refused:
        await pricing.import_file(endless(), ACTIVATE)
    assert refused.value.reason == "PRICES_UNREACHABLE"


async def test_an_import_whose_caller_goes_leaves_nothing_and_the_next_goes_through(pricing: Pricing) -> None:
    async def slow() -> AsyncIterator[bytes]:
        """Send without end."""
        while True:
            yield many(100)
            await asyncio.sleep(0.001)

    job = asyncio.create_task(pricing.import_file(slow(), ACTIVATE))
    await asyncio.sleep(0.2)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert list((pricing.folder / "work").iterdir()) == []
    assert (await _import(pricing, many(3))).active


async def test_what_a_dead_import_left_is_removed_by_the_next(pricing: Pricing) -> None:
    left = pricing.folder / "work" / "dead"
    left.mkdir(parents=True)
    (left / "staged").write_bytes(b"x" * 1000)
    await _import(pricing, many(3))
    assert list((pricing.folder / "work").iterdir()) == []


async def test_staleness_is_told(open_pricing: OpenPricing, without_bundled: None) -> None:
    pricing = await open_pricing(stale_after="1h")
    old = f'{{"compute": {{"gandi": {{"small": 0.02}}}}, "storage": {{}}, "updated": {int(time.time()) - 7200}}}'
    found = await _import(pricing, old.encode())
    assert found.stale
    assert (await pricing.catalog("active")).stale
    assert (await pricing.current()).price("gandi", "", "small").stale


# ---------------------------------------------------------------------- rows that can't be taken


@pytest.mark.parametrize("bad", [line(amount="-1"), line(amount="2000000000"), line(currency="ABC")])
async def test_negative_absurd_and_unknown_money_keeps_few_prices_in_quarantine(
    pricing: Pricing, bad: dict[str, object]
) -> None:
    await _import(pricing, many(3))
    await _quarantined(pricing, document([line("good"), bad]), "1 of 2 rows can't be taken (50.0%; 1% may)")


async def test_duplicates_that_disagree_keep_few_prices_in_quarantine(pricing: Pricing) -> None:
    await _import(pricing, many(3))
    twice = document([line("a"), line(amount="0.1"), line("b"), line(amount="0.2")])
    await _quarantined(pricing, twice, "twice and differs")


@pytest.mark.parametrize(
    "bad",
    [[line("bad", "-1")], [line("bad", currency="ABC")], [line("bad", "0.1"), line("bad", "0.2")], [line("bad", {})]],
    ids=["negative", "currency", "contradiction", "no figure"],
)
async def test_one_odd_row_among_hundreds_is_left_out_and_told(pricing: Pricing, bad: list[dict[str, object]]) -> None:
    """All others are taken; more than one in a hundred is too much."""
    good = [line(f"m{number}", "0.1") for number in range(200)]
    found = await _import(pricing, document([*good[:100], *bad, *good[100:]]))
    assert (found.active, found.fault_count, len(found.faults)) == (True, 1, 1)
    assert "bad" in found.faults[0] or found.faults[0].startswith("line 101: ")
    told = await pricing.catalog(found.digest)
    assert (told.fault_count, told.faults) == (1, found.faults)
    many_bad = document([*good, line("new"), *(line(f"bad{number}", "-1") for number in range(3))])
    await _quarantined(pricing, many_bad, "3 of 204 rows can't be taken")
    assert (await _import(pricing, many_bad, override_checks=True)).active


async def test_the_first_import_of_a_source_is_held_to_its_faults_too(pricing: Pricing) -> None:
    with pytest.raises(FailedPrecondition, match="1 of 4 rows") as refused:
        await _import(pricing, document([line("a"), line("b"), line("c"), line("bad", "-1")]))
    assert refused.value.reason == "PRICES_QUARANTINED"


async def test_a_catalogue_that_is_here_is_none_the_worse_for_a_file_with_faults(pricing: Pricing) -> None:
    """What is left of it are the very prices that are active."""
    found = await _import(pricing, many(3))
    with pytest.raises(FailedPrecondition, match="which stays as it is"):
        await _import(pricing, many(3) + document([line("bad", "-1")]))
    assert await pricing.catalog("active") == await pricing.catalog(found.digest)
    assert not (await pricing.catalog(found.digest)).quarantine_reason
