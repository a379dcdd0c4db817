"""Layers: whose files they are, what becomes of broken ones, and that changes are seen."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path

import pytest
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import document, line

from wharfinger_prices.lookup.layers import bundled
from wharfinger_prices.lookup.stack import PriceAmbiguous
from wharfinger_server.domain.errors import NotFound
from wharfinger_server.pricing import ImportRequest, Pricing, export_libcloud


def _write(path: Path, *lines: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document(lines))


async def _amount(pricing: Pricing, project: str = "", sku: str = "m.large") -> tuple[str, str]:
    found = (await pricing.current(project)).price("onprem", "fra", sku)
    return found.layer, str(found.price.amount)


async def _seen(pricing: Pricing) -> None:
    await pricing.refresh()


async def test_a_project_asks_its_own_files_first_then_the_operators_then_what_was_downloaded(
    pricing: Pricing, tmp_path: Path
) -> None:
    await pricing.import_file(
        io.BytesIO(document([line(amount="3"), line("b", "3"), line("c", "3")])), ImportRequest(activate=True)
    )
    _write(tmp_path / "mine" / "ours.jsonl", line(amount="2"), line("b", "2"))
    _write(tmp_path / "mine" / "projects" / "red" / "deal.jsonl", line(amount="1"))
    assert await _amount(pricing, "red") == ("project", "1")
    assert await _amount(pricing, "blue") == ("operator", "2")
    assert await _amount(pricing, "red", "b") == ("operator", "2")
    assert await _amount(pricing, "red", "c") == ("downloaded", "3")


async def test_a_file_that_changes_is_read_again_and_its_stack_of_before_can_still_be_asked(
    pricing: Pricing, tmp_path: Path
) -> None:
    path = tmp_path / "mine" / "ours.jsonl"
    _write(path, line(amount="1"))
    assert await _amount(pricing) == ("operator", "1")
    before = await pricing.current()
    _write(path, line(amount="22"))
    await _seen(pricing)
    assert await _amount(pricing) == ("operator", "22")
    again = await pricing.stack_of(before.digest)
    assert (again.digest, str(again.price("onprem", "fra", "m.large").price.amount)) == (before.digest, "1")
    path.unlink()
    await _seen(pricing)
    assert (await pricing.current()).layers == ()


async def test_a_change_is_seen_by_those_who_ask_a_second_later(pricing: Pricing, tmp_path: Path) -> None:
    path = tmp_path / "mine" / "ours.jsonl"
    _write(path, line(amount="1"))
    assert await _amount(pricing) == ("operator", "1")
    _write(path, line(amount="22"))
    async with asyncio.timeout(20):
        while await _amount(pricing) != ("operator", "22"):  # noqa: ASYNC110 - it is seen when somebody asks
            await asyncio.sleep(0.1)


async def test_a_broken_file_is_told_and_harms_no_other(pricing: Pricing, tmp_path: Path) -> None:
    _write(tmp_path / "mine" / "good.jsonl", line(amount="1"))
    _write(tmp_path / "mine" / "negative.jsonl", line("b", "-1"))
    (tmp_path / "mine" / "readme.txt").write_text("These are our prices.")
    (tmp_path / "mine" / ".hidden").write_text("?")
    (tmp_path / "mine" / "old.jsonl~").write_text("?")
    (tmp_path / "mine" / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    assert await _amount(pricing) == ("operator", "1")
    assert len(pricing.troubles) == 2
    assert "negative.jsonl can't be used: the price data (jsonl) can't be taken" in pricing.troubles[0]
    assert "readme.txt can't be used" in pricing.troubles[1]


async def test_a_file_that_is_broken_by_a_change_says_what_it_said_before(pricing: Pricing, tmp_path: Path) -> None:
    path = tmp_path / "mine" / "ours.jsonl"
    _write(path, line(amount="1"))
    assert await _amount(pricing) == ("operator", "1")
    path.write_text('{"provider": "onprem", "sk')
    await _seen(pricing)
    assert await _amount(pricing) == ("operator", "1")
    assert "what it said before stays in force" in pricing.troubles[0]


async def test_what_two_files_contradict_each_other_about_is_ambiguous_and_nothing_else(
    pricing: Pricing, tmp_path: Path
) -> None:
    _write(tmp_path / "mine" / "a.jsonl", line(amount="1"), line(amount="5", region="ams"))
    _write(tmp_path / "mine" / "b.jsonl", line(amount="2"), line("b", "2"))
    stack = await pricing.current()
    with pytest.raises(PriceAmbiguous, match="said to be 1 and 2 USD at once"):
        stack.price("onprem", "fra", "m.large")
    told = [stack.price("onprem", *thing) for thing in (("ams", "m.large"), ("fra", "b"))]
    assert [(found.layer, str(found.price.amount)) for found in told] == [("operator", "5"), ("operator", "2")]
    (trouble,) = pricing.troubles
    assert "a.jsonl, b.jsonl contradict each other: the price of onprem fra m.large" in trouble
    again = await pricing.stack_of(stack.digest)
    with pytest.raises(PriceAmbiguous):
        again.price("onprem", "fra", "m.large")
    _write(tmp_path / "mine" / "b.jsonl", line(amount="1"), line("b", "2"))
    await _seen(pricing)
    assert await _amount(pricing) == ("operator", "1")
    assert not pricing.troubles


async def test_one_bad_price_does_not_drop_its_file(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    """It is told where it stands, by the next server too."""
    _write(tmp_path / "mine" / "ours.jsonl", line(amount="1"), line("bad", "-1"), line("c", "3"))
    for _ in range(2):
        pricing = await open_pricing(folder=str(tmp_path / "mine"))
        assert await _amount(pricing) == ("operator", "1")
        assert (await pricing.current()).price("onprem", "fra", "c").price.amount == 3
        (trouble,) = pricing.troubles
        assert "ours.jsonl: 1 row is left out: line 2: the amount '-1' is negative" in trouble


@pytest.mark.parametrize(
    ("others", "stale"),
    [
        ([], True),
        ([line("b", effective="2031-01-01T00:00:00Z")], True),
        ([line("b", effective="2020-02-01T00:00:00Z", expire="2090-01-01T00:00:00Z")], True),
        ([line("b")], False),
    ],
    ids=["old", "announced for later", "old too", "one that tells nothing"],
)
async def test_a_file_whose_prices_all_tell_when_they_began_is_as_old_as_the_newest_in_force(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path, others: list[dict[str, object]], *, stale: bool
) -> None:
    """However new the file itself is, as an answer of Azure's that somebody copied; otherwise the file tells."""
    _write(tmp_path / "mine" / "ours.jsonl", line(effective="2020-01-01T00:00:00Z"), *others)
    pricing = await open_pricing(folder=str(tmp_path / "mine"))
    assert (await pricing.current()).price("onprem", "fra", "m.large").stale == stale


async def test_a_file_that_tells_no_time_is_as_old_as_itself(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    """So prices of one's own that nobody looks after become stale."""
    path = tmp_path / "mine" / "ours.jsonl"
    _write(path, line(amount="1"))
    pricing = await open_pricing(folder=str(tmp_path / "mine"))
    assert not (await pricing.current()).price("onprem", "fra", "m.large").stale
    os.utime(path, (1_500_000_000, 1_500_000_000))
    await _seen(pricing)
    found = (await pricing.current()).price("onprem", "fra", "m.large")
    assert (found.stale, str(found.price.amount)) == (True, "1")


async def test_a_folder_of_ones_own_libcloud_prices_is_honoured_unless_switched_off(
    open_pricing: OpenPricing, without_bundled: None, home: Path
) -> None:
    mine = home / ".libcloud" / "pricing.json"
    mine.parent.mkdir()
    mine.write_text('{"compute": {"gandi": {"small": 0.7}}, "storage": {}, "updated": 1700000000}')
    pricing = await open_pricing()
    found = (await pricing.current()).price("gandi", "", "small")
    assert (found.layer, str(found.price.amount), found.stale) == ("libcloud", "0.7", True)
    pricing = await open_pricing(libcloud=False)
    assert (await pricing.current()).layers == ()


async def test_what_we_exported_for_libcloud_does_not_hide_what_is_newer(
    open_pricing: OpenPricing, without_bundled: None, home: Path
) -> None:
    pricing = await open_pricing()
    data = io.BytesIO(b'{"compute": {"gandi": {"small": 0.02}}, "storage": {}, "updated": 1700000000}')
    await pricing.import_file(data, ImportRequest(activate=True))
    export_libcloud(await pricing.current())
    await _seen(pricing)
    assert [layer.name for layer in (await pricing.current()).layers] == ["downloaded"]


async def test_an_active_catalogue_whose_file_is_gone_or_damaged_is_told(
    open_pricing: OpenPricing, without_bundled: None
) -> None:
    pricing = await open_pricing()
    found = await pricing.import_file(io.BytesIO(document([line()])), ImportRequest(activate=True))
    pricing.path_of(found.digest).unlink()
    pricing = await open_pricing()
    assert (await pricing.current()).layers == ()
    assert f"the active catalogue {found.digest} of jsonl can't be used" in pricing.troubles[0]
    with pytest.raises(NotFound):
        await pricing.stack_of(found.digest)


async def test_files_are_not_read_again_by_the_next_server(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    path = tmp_path / "mine" / "ours.jsonl"
    _write(path, line(amount="1"))
    pricing = await open_pricing(folder=str(tmp_path / "mine"))
    assert await _amount(pricing) == ("operator", "1")
    found = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"1"', b'"7"'))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    pricing = await open_pricing(folder=str(tmp_path / "mine"))
    assert await _amount(pricing) == ("operator", "1")


async def test_prices_work_where_nothing_can_be_kept(pricing: Pricing, tmp_path: Path) -> None:
    _write(tmp_path / "mine" / "ours.jsonl", line(amount="1"))
    pricing.folder.parent.mkdir(exist_ok=True)
    pricing.folder.write_bytes(b"")
    assert (await pricing.current()).layers == ()
    assert any("ours.jsonl" in trouble for trouble in pricing.troubles)


async def test_before_the_first_question_nothing_is_read_that_takes_long(open_pricing: OpenPricing) -> None:
    pricing = await open_pricing()
    await pricing.open()
    with pytest.raises(RuntimeError, match="current first"):
        pricing.stack()
    assert bundled() is not None
