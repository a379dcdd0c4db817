"""Prices for Libcloud itself: its real file in, an export out, and Libcloud reads the same."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import document, line, price

from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.lookup.layers import bundled
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.pricing import ImportRequest, Layer, Stack, export_libcloud

# Asks Libcloud for each price of its bundled file, which it finds by itself in the home folder first.
_ASK = """
import json, sys
from libcloud import pricing
assert pricing.get_pricing_file_path() == sys.argv[1], pricing.get_pricing_file_path()
with open(pricing.DEFAULT_PRICING_FILE_PATH) as file:
    theirs = json.load(file)["compute"]
def leaves(node):
    if not isinstance(node, dict):
        return float(node)
    inside = {key: leaves(inner) for key, inner in node.items() if key not in ("description", "sku")}
    return {key: inner for key, inner in inside.items() if inner != {}}
asked = 0
for section, sizes in theirs.items():
    if section.startswith("gce_"):
        assert leaves(pricing.get_pricing("compute", section)) == leaves(sizes), section
        asked += 1
        continue
    for size, told in sizes.items():
        for region in told if isinstance(told, dict) else [None]:
            expected = float(told if region is None else told[region])
            got = pricing.get_size_price("compute", section, size, region)
            assert got == expected, (section, size, region, got, expected)
            asked += 1
print(asked)
"""


@pytest.mark.processes
@pytest.mark.timeout(180)
async def test_libclouds_real_file_comes_in_and_libcloud_reads_the_same_from_our_export(
    open_pricing: OpenPricing, without_bundled: None, home: Path
) -> None:
    path = bundled()
    assert path is not None
    pricing = await open_pricing()
    found = await pricing.import_file(path, ImportRequest(activate=True))
    assert found.format == "libcloud"
    assert found.price_count > 100_000
    assert 0.10 < found.unknown_count / found.price_count < 0.12
    assert dict(found.sections)["ec2_linux"] > 15_000
    assert len(found.sections) > 50
    assert found.data_time > 1_700_000_000_000_000

    done = await pricing.export_libcloud()
    assert done.path == home / ".libcloud" / "pricing.json"
    assert (done.count, dict(done.left_out)) == (found.price_count, {})
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "ignore", "-c", _ASK, str(done.path)],
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 90_000


def test_what_libclouds_file_can_not_say_is_left_out_and_counted(tmp_path: Path) -> None:
    stack = Stack(
        (
            Layer(
                "downloaded",
                Catalogue.of(
                    [
                        price("a"),
                        price("b", None),
                        price("a", region="ams", currency="EUR"),
                        price("disk", unit="GB-Months"),
                        price("a", category="spot"),
                        price("c", region=""),
                        price("c", "1", region="fra"),
                    ]
                ),
            ),
        )
    )
    done = export_libcloud(stack, tmp_path / "new" / "folder" / "p.json")
    told = json.loads(done.path.read_bytes())
    assert told["compute"] == {"onprem": {"c": 0.1, "a": {"fra": 0.1}, "b": {"fra": 0.0}}}
    assert told["updated"] > 1_700_000_000
    assert (done.count, dict(done.left_out)) == (
        3,
        {
            "prices in EUR": 1,
            "prices for GB-Months": 1,
            "spot prices": 1,
            "prices of a region beside one for everywhere": 1,
        },
    )


def test_amounts_are_written_as_they_are_and_not_as_a_float_has_them(tmp_path: Path) -> None:
    stack = Stack((Layer("downloaded", Catalogue.of([price("a", "0.00000000210000000001")])),))
    assert b"0.00000000210000000001" in export_libcloud(stack, tmp_path / "p.json").path.read_bytes()


def test_an_export_that_can_not_be_written_leaves_what_was(tmp_path: Path) -> None:
    stack = Stack((Layer("downloaded", Catalogue.of([price("a")])),))
    target = tmp_path / "p.json"
    target.mkdir()
    with pytest.raises(FailedPrecondition) as refused:
        export_libcloud(stack, target)
    assert refused.value.reason == "PRICES_NOT_KEPT"
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(FailedPrecondition):
        export_libcloud(stack, tmp_path / "file" / "p.json")


def _own(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '{"compute": {"onprem": {"a": {"fra": 0.07}}, "mycloud": {"m": 0.5, "note": "x"}}, "storage": {"s": {"t": 1}},'
        ' "updated": 1600000000, "mine": [1.50, "é"]}'
    )


async def test_an_export_over_the_users_own_file_keeps_it_in_force(
    open_pricing: OpenPricing, without_bundled: None, home: Path
) -> None:
    path = home / ".libcloud" / "pricing.json"
    _own(path)
    before = path.read_bytes()
    pricing = await open_pricing()
    told = document([line("a", "0.096"), line("b", "0.2")])
    await pricing.import_file(io.BytesIO(told), ImportRequest(activate=True, file_name="p.jsonl"))
    for _ in range(2):  # a second one finds an export there, and the user's file beside it
        done = await pricing.export_libcloud()
        assert (done.own, done.merged) == (path.with_name("pricing.own.json"), 3)
        assert done.own is not None
        assert done.own.read_bytes() == before
        said = json.loads(path.read_bytes())
        assert said["compute"]["onprem"] == {"a": {"fra": 0.07}, "b": {"fra": 0.2}}
        assert said["compute"]["mycloud"] == {"m": 0.5, "note": "x"}
        assert (said["storage"], said["mine"]) == ({"s": {"t": 1}}, [1.5, "é"])
    await pricing.refresh()
    _own(done.own)  # as it was, but readable by us: without the note
    done.own.write_text('{"compute": {"mycloud": {"m": 0.5}}, "storage": {}, "updated": 1600000000}')
    await pricing.refresh()
    assert (await pricing.current()).price("mycloud", "", "m").layer == "libcloud"


def test_a_file_of_the_users_that_is_no_json_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "p.json"
    target.write_text("mine")
    with pytest.raises(FailedPrecondition, match="no JSON"):
        export_libcloud(Stack((Layer("downloaded", Catalogue.of([price("a")])),)), target)
    assert target.read_text() == "mine"


def test_what_is_exported_is_in_force_now_and_has_the_datas_own_date(tmp_path: Path) -> None:
    now = time.time_ns() // 1000
    year = 365 * 86_400_000_000
    told = [
        price("m", "0.3", effective=now - 2 * year),
        price("m", "0.2", effective=now - year // 12),
        price("m", "0.1", effective=now + year),
        price("ended", "1", expire=now - year),
        price("own", "5", effective=now - year),
    ]
    stack = Stack(
        (
            Layer("operator", Catalogue.of([price("own", "4")])),
            Layer("downloaded", Catalogue.of(told), data_time=1_700_000_000_000_000),
        )
    )
    done = export_libcloud(stack, tmp_path / "p.json")
    said = json.loads(done.path.read_bytes())
    assert said["compute"] == {"onprem": {"m": {"fra": 0.2}, "own": {"fra": 4}}}
    assert said["updated"] == 1_700_000_000
    assert done.left_out["prices that hold at another time"] == 2
