"""What the client says of prices, blocking and for asyncio, against a real server."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.pricing.making import document, line, many
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving

import wharfinger
import wharfinger.aio

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("priced")
    (folder / "prices").mkdir()
    tiers = [{"from_quantity": "0", "amount": "0.10"}, {"from_quantity": "1000", "amount": "0.05"}]
    here = [
        line("s", "0.05", provider="quay", region=""),
        line("l", "0.125", provider="quay", region=""),
        line("none", None, provider="quay", region=""),
        line("gift", "0", provider="quay", region="", free=True),
        line("steps", "0.10", provider="quay", region="", unit="Requests", tiers=tiers),
        line("old", "1", provider="quay", region="", effective="2020-01-01T00:00:00Z", expire="2021-01-01T00:00:00Z"),
    ]
    (folder / "prices" / "own.jsonl").write_bytes(document(here))
    serving = Serving(folder, write_config(folder, f'[prices]\nfolder = "{folder / "prices"}"\nlibcloud = false\n'))
    yield serving.address
    assert serving.stop() == 0, serving.log()


@pytest.fixture
def client(address):
    with wharfinger.Client(address, project="a") as client:
        yield client


def test_a_price_is_exact_and_says_where_it_comes_from(client):
    price = client.price("quay", "s")
    assert price.amount == wharfinger.Money(Decimal("0.05"), "USD")
    assert (price.unit, price.layer, price.stale, str(price)) == ("Hours", "operator", False, "0.05 USD per Hour")
    assert str(client.price("quay", "gift")) == "free"
    steps = client.price("quay", "steps").tiers
    assert [(step.from_quantity, step.amount.amount) for step in steps] == [
        (0, Decimal("0.1")),
        (1000, Decimal("0.05")),
    ]


def test_a_price_that_held_is_found_by_its_moment(client):
    then = datetime(2020, 6, 1, tzinfo=UTC)
    assert client.price("quay", "old", at=then).expire_time == datetime(2021, 1, 1, tzinfo=UTC)
    with pytest.raises(wharfinger.NotFound):
        client.price("quay", "old")
    with pytest.raises(wharfinger.InvalidArgument, match="time zone"):
        client.price("quay", "old", at=then.replace(tzinfo=None))


def test_an_unknown_price_is_an_error_with_similar_ones_and_listed_without_an_amount(client):
    with pytest.raises(wharfinger.NotFound) as caught:
        client.price("quay", "none")
    assert caught.value.reason == "PRICE_UNKNOWN"
    [price] = client.prices('sku = "none"')
    assert (price.amount, str(price)) == (None, "unknown")


def test_prices_are_told_over_pages(client):
    found = [price.sku for price in client.prices('provider = "quay"', page_size=2)]
    assert found == ["gift", "l", "none", "old", "s", "steps"]


def test_an_estimate_sums_what_is_known_and_is_made_again_from_its_digest(client):
    params = {"skus": {"a": "s", "b": "l", "c": "none"}, "quantity": "2"}
    found = client.estimate("harbour.priced", params)
    assert found.hourly == (wharfinger.Money(Decimal("0.35"), "USD"),)
    assert found.unpriced == ("c",)
    hourly = {item.what: item.hourly and item.hourly.amount for item in found.items}
    assert hourly == {"a": Decimal("0.1"), "b": Decimal("0.25"), "c": None}
    again = client.estimate("harbour.priced", params, basis=found.price_basis, at=found.time)
    assert again == found
    assert again.raw.SerializeToString(deterministic=True) == found.raw.SerializeToString(deterministic=True)


def test_what_can_not_be_estimated_is_refused(client):
    with pytest.raises(wharfinger.FailedPrecondition) as caught:
        client.estimate("harbour.noop")
    assert caught.value.reason == "CANNOT_ESTIMATE"
    with pytest.raises(wharfinger.InvalidArgument):
        client.estimate("harbour.priced", {"skus": 1})


def test_a_catalogue_is_imported_from_a_file_bytes_and_an_open_file_with_progress(client, tmp_path):
    data, heard = many(200, "0.42"), []
    path = tmp_path / "mine.jsonl"
    path.write_bytes(data)
    catalog = client.import_catalog(path, override_checks=True, on_progress=heard.append)
    assert (catalog.state, catalog.active, catalog.price_count) == ("ACTIVE", True, 200)
    assert (catalog.source, catalog.origin) == ("jsonl", "jsonl mine.jsonl")
    assert [progress.step for progress in heard][-1] == "activate"
    assert heard[0].total == len(data)
    assert client.import_catalog(data, file_name="b.jsonl").id == catalog.id
    opened = io.BytesIO(data)
    assert client.import_catalog(opened, file_name="c.jsonl").id == catalog.id
    assert not opened.closed
    assert client.catalog() == client.catalog(catalog.digest) == client.catalog(catalog.name)
    assert client.price("onprem", "m7", region="fra").layer == "downloaded"


def test_one_goes_back_to_an_earlier_catalogue(client):
    first = client.import_catalog(many(200, "0.43"), override_checks=True)
    second = client.import_catalog(many(201, "0.44"))
    assert second.diff == wharfinger.CatalogDiff(added=1, raised=200)
    assert client.activate_catalog(first.digest, override_checks=True, reason="a test").active
    assert [catalog.id for catalog in client.catalogs()][:2] == [second.id, first.id]
    last, *_ = client.activations()
    assert (last.catalog, last.actor, last.reason) == (first.name, "anonymous", "a test")
    assert last.time >= first.import_time


def test_what_changed_between_catalogues_and_since_when_is_told(client):
    lines = [line("c.one", "1"), line("c.gone", "2")]
    first = client.import_catalog(document(lines), file_name="1.jsonl", source_name="changing", override_checks=True)
    second = client.import_catalog(
        document([line("c.one", "1.5")]), file_name="2.jsonl", source_name="changing", override_checks=True
    )
    gone, raised = client.price_changes(second.name)
    assert (gone.before.sku, gone.after) == ("c.gone", None)
    assert [str(one.amount) for one in (raised.before, raised.after)] == ["1 USD", "1.5 USD"]
    assert list(client.price_changes(second.digest, first.digest)) == [gone, raised]
    points = client.price_history("onprem", "c.one")
    assert [str(point.price.amount) for point in points] == ["1 USD", "1.5 USD"]
    assert points[0].time < points[1].time


def test_wrong_uses_are_told_before_anything_is_sent(client):
    with pytest.raises(wharfinger.InvalidArgument):
        client.catalog("nothing")
    with pytest.raises(ValueError, match="either a source or a url"):
        client.import_catalog(b"x", url="http://example.org/")
    with pytest.raises(FileNotFoundError):
        client.import_catalog("/no/such/file")


async def test_the_asyncio_client_has_the_same_verbs(address, tmp_path):
    heard = []
    async with wharfinger.aio.Client(address, project="a") as client:
        assert (await client.price("quay", "l")).amount == wharfinger.Money(Decimal("0.125"), "USD")
        assert len([price async for price in client.prices('provider = "quay"', page_size=4)]) == 6
        assert (await client.estimate("harbour.priced", {"skus": {"a": "s"}})).hourly[0].amount == Decimal("0.05")
        path = tmp_path / "later.jsonl"
        path.write_bytes(many(150, "0.61"))
        catalog = await client.import_catalog(path, override_checks=True, on_progress=heard.append)
        assert catalog.active
        assert heard
        assert (await client.catalog()).id == catalog.id
        assert catalog.id in {one.id async for one in client.catalogs()}
        assert (await client.activate_catalog(catalog.name)).active
        last = await anext(client.activations())
        assert (last.catalog, last.overridden) == (catalog.name, True)
        with pytest.raises(wharfinger.InvalidArgument) as caught:
            await client.import_catalog(b"{")
        assert caught.value.reason == "PRICES_MALFORMED"
