"""PricingService over the wire: prices, catalogues, imports, and every way in which they are refused."""

import hashlib
import os
import time
from decimal import Decimal

import grpc
import pytest
from google.protobuf import timestamp_pb2
from tests.pricing.making import Signer, document, line, many
from tests.rpc.test_access import bearer, tokens_table, write_config
from tests.rpc.wire import connected, create_request, refused
from tests.servers.serving import Serving
from tests.servers.sources import Reply, Sources, redirect
from tests.system.documented import as_promised

from wharfinger.v1 import catalog_pb2, executor_service_pb2
from wharfinger.v1 import pricing_service_pb2 as v1

pytestmark = pytest.mark.processes

CHUNK = 64 * 1024
LIMIT = 512 * 1024
SIGNER = Signer()
IMPORTED, ACTIVE = catalog_pb2.CATALOG_STATE_IMPORTED, catalog_pb2.CATALOG_STATE_ACTIVE
QUARANTINED = catalog_pb2.CATALOG_STATE_QUARANTINED


@pytest.fixture(scope="module")
def web():
    with Sources() as sources:
        yield sources


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("priced")


@pytest.fixture(scope="module")
def priced(folder, web):
    """A server with the operator's prices, those of the project `a`, and limits that are soon reached."""
    prices = folder / "prices"
    (prices / "projects" / "a").mkdir(parents=True)
    here = [
        line("s.small", "0.05"),
        line("s.large", "0.10"),
        line("s.large", "0.11", region="ber"),
        line("s.both", "0.2"),
        line("s.both", "0.3", currency="EUR"),
        line("s.spot", "0.01", category="spot"),
        line("s.unknown", None),
        line("s.comma", "5"),
        line("s.comma", "6", region="fra,ber"),
        line("s.long", "7", provider="onprem_linux"),
        line("s.long", "8", provider="onprem_windows"),
        line("disk", "0.10", unit="GB-Months", region=""),
    ]
    (prices / "own.jsonl").write_bytes(document(here))
    (prices / "projects" / "a" / "own.jsonl").write_bytes(document([line("s.large", "0.001"), line("s.only-a", "9")]))
    settings = (
        f'[prices]\nfolder = "{prices}"\nmax_bytes = "{LIMIT}"\nlibcloud = false\nupdate_every = "0s"\n'
        f'url = "{web.url("/default.jsonl")}"\nallow_sources = ["{web.address}"]\n'
        f'trusted_keys = {{ ops = "{SIGNER.public}" }}\n'
    )
    table = tokens_table(ann=("ann-token", '["a"]'), bob=("bob-token", '["b"]'), root=("root-token", '"*"'))
    serving = Serving(folder, write_config(folder, settings + table))
    with connected(serving.address) as stubs:
        yield stubs
    assert serving.stop() == 0, serving.log()


ANN, BOB, ROOT = bearer("ann-token"), bearer("bob-token"), bearer("root-token")


def ask(stubs, sku, metadata=BOB, project="b", provider="onprem", **more):
    request = v1.GetPriceRequest(parent=f"projects/{project}", provider=provider, sku=sku, **more)
    return stubs.prices.GetPrice(request, metadata=metadata)


def not_told(stubs, sku, metadata=BOB, project="b", provider="onprem", **more):
    request = v1.GetPriceRequest(parent=f"projects/{project}", provider=provider, sku=sku, **more)
    return as_promised(refused(stubs.prices.GetPrice, request, metadata=metadata))


def messages(data=b"", chunk=CHUNK, file_name="", url="", **header):
    if url:
        header["fetch"] = v1.CatalogUrl(url=url)
    elif file_name:
        header["upload"] = v1.CatalogUpload(file_name=file_name)
    yield v1.ImportCatalogRequest(header=v1.ImportCatalogHeader(**header))
    for start in range(0, len(data), chunk):
        yield v1.ImportCatalogRequest(chunk=data[start : start + chunk])


def bring(stubs, data=b"", metadata=ROOT, **header):
    *progress, last = stubs.prices.ImportCatalog(messages(data, **header), metadata=metadata, timeout=30)
    assert all(message.WhichOneof("kind") == "progress" for message in progress)
    return last.catalog


def not_brought(stubs, data=b"", metadata=ROOT, **header):
    if not {"url", "configured"} & set(header):
        header.setdefault("file_name", "some.jsonl")
    return as_promised(refused(stubs.prices.ImportCatalog, messages(data, **header), metadata=metadata, timeout=30))


# ---------------------------------------------------------------------- one price


def test_a_price_is_told_with_where_it_comes_from(priced):
    price = ask(priced, "s.large", region="fra")
    assert (price.amount.amount, price.amount.currency_code, price.unit) == ("0.1", "USD", "Hours")
    assert (price.provider, price.region, price.sku, price.category) == ("onprem", "fra", "s.large", "on-demand")
    assert (price.layer, price.free, price.stale) == ("operator", False, False)
    assert price.catalog_digest.startswith("sha256:")
    assert price.id


def test_a_projects_own_price_is_for_its_callers_alone(priced):
    assert ask(priced, "s.large", ANN, "a", region="fra").amount.amount == "0.001"
    assert ask(priced, "s.large", ANN, "a", region="fra").layer == "project"
    assert not_told(priced, "s.only-a").reason == "PRICE_UNKNOWN"
    told = not_told(priced, "s.only-a", BOB, "a")
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    listed = priced.prices.ListPrices(v1.ListPricesRequest(parent="projects/b"), metadata=BOB).prices
    assert "s.only-a" not in {price.sku for price in listed}


def test_an_unknown_price_is_not_found_and_similar_ones_are_named(priced):
    told = not_told(priced, "s.largr", region="fra")
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "PRICE_UNKNOWN")
    assert (told.choices.field, told.choices.values[0]) == ("sku", "onprem fra s.large")
    assert not told.choices.complete
    assert not_told(priced, "s.unknown", region="fra").reason == "PRICE_UNKNOWN"


def test_a_typing_error_in_the_provider_is_answered_by_the_close_one(priced):
    assert "onprem fra s.large" in not_told(priced, "s.large", provider="onpren", region="fra").choices.values


@pytest.mark.parametrize(
    ("asked", "field", "choices"),
    [
        ({"sku": "s.large"}, "region", ["ber", "fra"]),
        ({"sku": "s.both", "region": "fra"}, "currency_code", ["EUR", "USD"]),
        ({"sku": "s.long"}, "provider", ["onprem_linux", "onprem_windows"]),
    ],
)
def test_a_question_that_fits_several_prices_names_the_choices(priced, asked, field, choices):
    told = not_told(priced, **asked)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRICE_AMBIGUOUS")
    assert told.metadata == {"field": field}
    assert (told.choices.field, list(told.choices.values), told.choices.complete) == (field, choices, True)


def test_a_price_of_one_source_only(priced):
    found = ask(priced, "s.large", region="fra")
    assert found.source == "jsonl"
    assert ask(priced, "s.large", region="fra", source="jsonl") == found
    assert not_told(priced, "s.large", region="fra", source="libcloud").reason == "PRICE_UNKNOWN"
    skus = {price.sku for price in listed(priced, filter='source = "jsonl" AND sku : "s.l"')}
    assert skus == {"s.large", "s.long"}
    assert not list(listed(priced, filter='source = "libcloud"'))


def test_a_choice_may_have_a_comma(priced):
    told = not_told(priced, "s.comma")
    assert (told.choices.field, list(told.choices.values)) == ("region", ["fra", "fra,ber"])


def test_a_catalogue_and_a_basis_at_once_are_refused(priced):
    both = {"catalog_digest": "0" * 64, "price_basis": "1" * 64, "parent": "projects/b"}
    for call, request in (
        (priced.prices.GetPrice, v1.GetPriceRequest(provider="onprem", sku="s.large", **both)),
        (priced.prices.ListPrices, v1.ListPricesRequest(**both)),
        (priced.prices.EstimateCost, v1.EstimateCostRequest(items=items("s.large").items, **both)),
    ):
        told = as_promised(refused(call, request, metadata=BOB))
        assert (told.reason, told.fields) == ("INVALID_ARGUMENT", ["price_basis"])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"category": "gift"}, "category"),
        ({"currency_code": "dollars"}, "currency_code"),
        ({"at_time": timestamp_pb2.Timestamp(nanos=-1)}, "at_time"),
    ],
)
def test_a_question_that_can_have_no_answer_is_refused(priced, asked, field):
    told = not_told(priced, "s.large", **asked)
    assert (told.reason, told.fields) == ("INVALID_ARGUMENT", [field])


# ---------------------------------------------------------------------- many


def listed(stubs, filter="", size=0, **more):  # noqa: A002
    request = v1.ListPricesRequest(parent="projects/b", filter=filter, page_size=size, **more)
    while True:
        page = stubs.prices.ListPrices(request, metadata=BOB)
        yield from page.prices
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def test_prices_are_listed_page_by_page_in_order_and_unknown_ones_without_an_amount(priced):
    whole = list(listed(priced))
    assert [price.sku for price in listed(priced, size=1)] == [price.sku for price in whole]
    keys = [(price.provider, price.region, price.sku) for price in whole]
    assert keys == sorted(keys)
    [unknown] = [price for price in whole if price.sku == "s.unknown"]
    assert not unknown.HasField("amount")


@pytest.mark.parametrize(
    ("filter", "skus"),
    [
        ('provider = "onprem_linux"', ["s.long"]),
        ('provider="onprem" AND sku:"s.la"', ["s.large", "s.large"]),
        ('region = "" AND unit = "GB-Months"', ["disk"]),
        ('category = "spot"', ["s.spot"]),
        ('sku = "s.both" AND currency_code = "EUR"', ["s.both"]),
        ('provider = "nobody"', []),
    ],
)
def test_prices_are_filtered(priced, filter, skus):  # noqa: A002
    assert [price.sku for price in listed(priced, filter)] == skus


@pytest.mark.parametrize("filter", ["skus = 1", "sku < 1", 'sku = "a" AND sku = "b"', "provider", "labels.a = 1"])
def test_a_filter_that_can_not_be_is_refused(priced, filter):  # noqa: A002
    request = v1.ListPricesRequest(parent="projects/b", filter=filter)
    assert as_promised(refused(priced.prices.ListPrices, request, metadata=BOB)).reason == "INVALID_FILTER"


def test_a_page_token_of_another_question_or_of_nobody_is_refused(priced):
    first = priced.prices.ListPrices(v1.ListPricesRequest(parent="projects/b", page_size=1), metadata=BOB)
    for request in (
        v1.ListPricesRequest(parent="projects/b", page_token=first.next_page_token, filter='sku = "disk"'),
        v1.ListPricesRequest(parent="projects/b", page_token="bm9uZQ"),
        v1.ListPricesRequest(parent="projects/b", page_token="%"),
    ):
        told = as_promised(refused(priced.prices.ListPrices, request, metadata=BOB))
        assert told.reason == "INVALID_PAGE_TOKEN"


# ---------------------------------------------------------------------- estimates


def items(*skus, quantity="1"):
    request = v1.EstimateCostRequest(parent="projects/b")
    for sku in skus:
        item = request.items.add(what=f"thing/{sku}", quantity=quantity)
        item.price.provider, item.price.sku, item.price.region = "onprem", sku, "fra"
    return request


def test_a_list_of_items_is_estimated_and_what_is_unknown_stands_apart(priced):
    found = priced.prices.EstimateCost(items("s.large", "s.small", "s.unknown", quantity="3"), metadata=BOB)
    assert [(money.currency_code, money.amount) for money in found.hourly] == [("USD", "0.45")]
    assert list(found.unpriced) == ["thing/s.unknown"]
    assert [item.hourly.amount for item in found.items] == ["0.3", "0.15", ""]
    assert found.items[0].price.layer == "operator"


def test_an_estimate_is_made_again_to_the_same_bytes(priced):
    found = priced.prices.EstimateCost(items("s.large"), metadata=BOB)
    request = items("s.large")
    request.price_basis = found.price_basis
    request.at_time.CopyFrom(found.estimate_time)
    again = priced.prices.EstimateCost(request, metadata=BOB)
    assert again.SerializeToString(deterministic=True) == found.SerializeToString(deterministic=True)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (v1.EstimateCostRequest(parent="projects/b"), "INVALID_ARGUMENT"),
        (items("s.large", quantity="1e3"), "INVALID_ARGUMENT"),
        (items("s.large", quantity="-1"), "INVALID_ARGUMENT"),
        (items(""), "MISSING_FIELD"),
        (items("s.both"), "PRICE_AMBIGUOUS"),
        (
            v1.EstimateCostRequest(parent="projects/b", catalog_digest="0" * 64, items=items("x").items),
            "UNKNOWN_CATALOG",
        ),
        (v1.EstimateCostRequest(parent="projects/b", task=create_request("b", "harbour.noop").task), "CANNOT_ESTIMATE"),
        (v1.EstimateCostRequest(parent="projects/b", task=create_request("b", "no.such").task), "UNKNOWN_SCRIPT"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_estimate_that_can_not_be_made_is_refused(priced, request_, reason):
    assert as_promised(refused(priced.prices.EstimateCost, request_, metadata=BOB)).reason == reason


# ---------------------------------------------------------------------- catalogues


def test_a_file_that_is_streamed_in_becomes_a_catalogue_that_can_be_looked_in(priced, folder):
    data = document([line("t.one", "1", region="x"), line("t.two", None, region="x")])
    catalog = bring(priced, data, file_name="t.jsonl", sha256=hashlib.sha256(data).hexdigest())
    assert (catalog.price_count, catalog.unknown_count, catalog.state) == (2, 1, IMPORTED)
    assert catalog.digest == "sha256:" + catalog.name.removeprefix("catalogs/")
    assert (catalog.source, catalog.origin) == ("jsonl", "jsonl t.jsonl")
    assert [(s.section, s.price_count) for s in catalog.sections] == [("onprem", 2)]
    assert ask(priced, "t.one", region="x", catalog_digest=catalog.digest).layer == "downloaded"
    assert [price.sku for price in listed(priced, catalog_digest=catalog.digest)] == ["t.one", "t.two"]
    assert not_told(priced, "t.one", region="x").reason == "PRICE_UNKNOWN"
    assert priced.prices.GetCatalog(v1.GetCatalogRequest(name=catalog.name), metadata=BOB) == catalog
    assert not list((folder / "data" / "prices" / "work").iterdir())


def test_what_is_left_out_of_a_catalogue_is_told(priced):
    data = document([*(line(f"o.{number}", "1") for number in range(120)), line("o.bad", "-1")])
    catalog = bring(priced, data, file_name="o.jsonl")
    assert (catalog.fault_count, catalog.state) == (1, IMPORTED)
    assert list(catalog.faults) == ["line 121: the amount '-1' is negative"]
    assert priced.prices.GetCatalog(v1.GetCatalogRequest(name=catalog.name), metadata=BOB).fault_count == 1


def test_a_catalogue_becomes_active_and_an_earlier_one_again(priced):
    first = bring(priced, many(40, "0.50"), file_name="1.jsonl", activate=True, override_checks=True)
    assert first.state == ACTIVE
    second = bring(priced, many(41, "0.51"), file_name="2.jsonl", activate=True, reason="newer")
    assert second.state == ACTIVE
    assert (second.diff.added, second.diff.raised) == (1, 40)
    assert priced.prices.GetCatalog(v1.GetCatalogRequest(name="catalogs/active"), metadata=BOB).name == second.name
    request = v1.ActivateCatalogRequest(name=first.name, override_checks=True)
    back = priced.prices.ActivateCatalog(request, metadata=ROOT)
    assert back.state == ACTIVE
    assert ask(priced, "m7", region="fra").amount.amount == "0.5"


def test_catalogues_are_listed_the_newest_first_page_by_page(priced):
    made = [bring(priced, many(3, f"0.0{n}"), file_name=f"{n}.jsonl").name for n in range(1, 4)]
    request, seen = v1.ListCatalogsRequest(page_size=2), []
    while True:
        page = priced.prices.ListCatalogs(request, metadata=BOB)
        seen += [catalog.name for catalog in page.catalogs]
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert seen[:3] == made[::-1]
    assert len(set(seen)) == len(seen)


def test_what_the_checks_object_to_is_kept_in_quarantine_until_somebody_overrides(priced):
    before = bring(priced, many(60, "0.70"), file_name="q1.jsonl", activate=True, override_checks=True)
    told = not_brought(priced, many(60, "0.10"), file_name="q2.jsonl", activate=True)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRICES_QUARANTINED")
    name = f"catalogs/{told.metadata['catalog']}"
    kept = priced.prices.GetCatalog(v1.GetCatalogRequest(name=name), metadata=BOB)
    assert kept.quarantine_reason
    assert kept.state == QUARANTINED
    assert priced.prices.GetCatalog(v1.GetCatalogRequest(name="catalogs/active"), metadata=BOB).name == before.name
    again = as_promised(refused(priced.prices.ActivateCatalog, v1.ActivateCatalogRequest(name=name), metadata=ROOT))
    assert again.reason == "PRICES_QUARANTINED"
    request = v1.ActivateCatalogRequest(name=name, override_checks=True, reason="they really fell")
    assert priced.prices.ActivateCatalog(request, metadata=ROOT).state == ACTIVE


def test_activations_are_listed_the_newest_first_page_by_page_with_who_and_why(priced):
    first = bring(priced, many(80, "0.80"), file_name="h1.jsonl", activate=True, override_checks=True)
    bring(priced, many(81, "0.81"), file_name="h2.jsonl", activate=True, reason="newer")
    far = bring(priced, many(81, "0.10"), file_name="h3.jsonl", activate=True, override_checks=True, reason="they fell")
    request = v1.ActivateCatalogRequest(name=first.name, override_checks=True, reason="back")
    priced.prices.ActivateCatalog(request, metadata=ROOT)
    asked, seen = v1.ListActivationsRequest(page_size=2), []
    while True:
        page = priced.prices.ListActivations(asked, metadata=ROOT)
        assert 1 <= len(page.activations) <= 2
        seen += page.activations
        asked.page_token = page.next_page_token
        if not asked.page_token:
            break
    told = [(one.catalog, one.actor, one.reason) for one in seen[:3]]
    assert told[0] == (first.name, "root", "back")
    assert told[1] == (far.name, "root", "they fell")
    assert (told[2][2], [one.overridden for one in seen[1:3]]) == ("newer", [True, False])
    times = [one.activate_time.ToMicroseconds() for one in seen]
    assert times == sorted(times, reverse=True)
    assert abs(times[0] / 1e6 - time.time()) < 60
    whole = priced.prices.ListActivations(v1.ListActivationsRequest(), metadata=ROOT)
    assert (list(whole.activations), whole.next_page_token) == (seen, "")


def test_the_record_of_activations_is_not_for_who_may_see_some_projects_only(priced):
    told = as_promised(refused(priced.prices.ListActivations, v1.ListActivationsRequest(), metadata=ANN))
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")


@pytest.mark.parametrize("token", ["x", "AAAA", "nobody-gave-this-out"])
def test_a_page_of_activations_behind_a_token_of_nobody_is_refused(priced, token):
    request = v1.ListActivationsRequest(page_token=token)
    assert as_promised(refused(priced.prices.ListActivations, request, metadata=ROOT)).reason == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize(
    ("name", "reason"),
    [(f"catalogs/{'0' * 64}", "UNKNOWN_CATALOG"), ("catalogs/some", "INVALID_NAME"), ("active", "INVALID_NAME")],
)
def test_a_catalogue_that_is_none_is_refused(priced, name, reason):
    for method, request in (
        (priced.prices.GetCatalog, v1.GetCatalogRequest(name=name)),
        (priced.prices.ActivateCatalog, v1.ActivateCatalogRequest(name=name)),
    ):
        assert as_promised(refused(method, request, metadata=ROOT)).reason == reason


def test_only_who_may_see_all_projects_changes_what_all_are_told(priced):
    active = bring(priced, many(45, "0.55"), file_name="5.jsonl", activate=True, override_checks=True)
    assert priced.prices.GetCatalog(v1.GetCatalogRequest(name="catalogs/active"), metadata=ANN) == active
    told = not_brought(priced, many(2), metadata=ANN)
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    request = v1.ActivateCatalogRequest(name=active.name)
    assert as_promised(refused(priced.prices.ActivateCatalog, request, metadata=ANN)).reason == "PERMISSION_DENIED"
    assert not_brought(priced, configured=v1.CatalogUpdate(), metadata=ANN).reason == "PERMISSION_DENIED"
    unknown = refused(priced.prices.ImportCatalog, messages(many(2)), timeout=10)
    assert unknown.reason == "UNAUTHENTICATED"


def test_lists_take_a_project_or_none(priced):
    executors = priced.executors
    for call, request in (
        (priced.prices.ListCatalogs, v1.ListCatalogsRequest),
        (executors.ListExecutors, executor_service_pb2.ListExecutorsRequest),
        (executors.ListScripts, executor_service_pb2.ListScriptsRequest),
    ):
        assert call(request(parent="projects/a"), metadata=ANN) == call(request(), metadata=ANN)
        foreign = as_promised(refused(call, request(parent="projects/b"), metadata=ANN))
        assert (foreign.code, foreign.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
        odd = as_promised(refused(call, request(parent="a"), metadata=ANN))
        assert (odd.reason, odd.fields) == ("INVALID_NAME", ["parent"])
    record = priced.prices.ListActivations
    assert record(v1.ListActivationsRequest(parent="projects/a"), metadata=ROOT) == record(
        v1.ListActivationsRequest(), metadata=ROOT
    )
    assert refused(record, v1.ListActivationsRequest(parent="a"), metadata=ROOT).fields == ["parent"]


# ---------------------------------------------------------------------- imports that are refused


def test_a_catalogue_for_one_project_is_refused_rather_than_misunderstood(priced):
    told = not_brought(priced, many(2), parent="projects/a")
    assert (told.code, told.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")


def test_a_catalogue_of_another_source_stands_beside_those_that_are_there(priced):
    same = bring(priced, many(2, "0.31"), file_name="own.jsonl", source="jsonl", activate=True, override_checks=True)
    other = bring(priced, document([line("only-here", "7")]), source="another", activate=True)
    assert (same.source, other.source) == ("jsonl", "another")
    assert (same.state, other.state) == (ACTIVE, ACTIVE)
    assert 0 < same.precedence < other.precedence
    for catalog in (same, other):
        asked = v1.GetCatalogRequest(name="catalogs/active", source=catalog.source)
        assert priced.prices.GetCatalog(asked, metadata=BOB).name == catalog.name
        listed = priced.prices.ListCatalogs(v1.ListCatalogsRequest(source=catalog.source), metadata=BOB).catalogs
        assert {one.source for one in listed} == {catalog.source}
        acts = priced.prices.ListActivations(
            v1.ListActivationsRequest(source=catalog.source), metadata=ROOT
        ).activations
        assert (acts[0].catalog, {one.source for one in acts}) == (catalog.name, {catalog.source})
    for bad in ("no name", "active", "x" * 101):
        assert not_brought(priced, many(2), source=bad).fields == ["source"]


def test_a_fetch_of_no_address_lacks_a_field(priced):
    told = not_brought(priced, fetch=v1.CatalogUrl(), file_name="")
    assert (told.reason, told.fields) == ("MISSING_FIELD", ["header.fetch.url"])


def test_data_that_is_malformed_is_refused_with_where(priced):
    told = not_brought(priced, document([line("b", "-2")]))
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PRICES_MALFORMED")
    assert told.metadata["format"] == "jsonl"
    assert not_brought(priced, b"\x00\x01\x02").reason == "PRICES_MALFORMED"
    assert "jsonl" in not_brought(priced, many(2), format="no_such_format").message


def test_data_with_another_checksum_is_refused(priced):
    told = not_brought(priced, many(2), sha256="ab" * 32)
    assert (told.reason, told.metadata["expected"]) == ("PRICES_CHECKSUM", "ab" * 32)
    assert not_brought(priced, many(2), sha256="ab").reason == "INVALID_ARGUMENT"


def test_a_signature_that_does_not_hold_is_refused_and_one_that_does_is_named(priced):
    data = many(5, "0.91")
    assert not_brought(priced, data, signature=SIGNER.sign(b"something else")).reason == "PRICES_SIGNATURE"
    told = not_brought(priced, data, signature=Signer().sign(data))
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PRICES_SIGNATURE")
    assert bring(priced, data, file_name="s.jsonl", signature=SIGNER.sign(data)).signed_by == "ops"


def test_a_file_that_is_too_large_is_refused_while_it_comes(priced):
    told = not_brought(priced, os.urandom(LIMIT + 1))
    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "PRICES_TOO_LARGE")
    assert told.metadata == {"limit_bytes": str(LIMIT)}


def test_a_url_is_fetched_and_one_that_leads_inside_is_refused(priced, web):
    web.serve("/prices.jsonl", Reply(many(7, "0.93")))
    catalog = bring(priced, url=web.url("/prices.jsonl"))
    assert catalog.price_count == 7
    assert catalog.origin.endswith("/prices.jsonl")
    web.serve("/away.jsonl", redirect("http://169.254.169.254/latest"))
    told = not_brought(priced, url=web.url("/away.jsonl"))
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PRICES_URL_REFUSED")
    assert not_brought(priced, url="http://127.0.0.1:9/x").reason == "PRICES_URL_REFUSED"
    assert not_brought(priced, url="file:///etc/passwd").reason == "PRICES_URL_REFUSED"


def test_a_url_that_does_not_answer_well_is_unreachable(priced, web):
    web.serve("/gone.jsonl", Reply(status=404))
    told = not_brought(priced, url=web.url("/gone.jsonl"))
    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "PRICES_UNREACHABLE")
    assert told.metadata["status"] == "404"


def test_an_update_fetches_what_the_operator_configured(priced, web):
    data = many(9, "0.97")
    web.serve("/default.jsonl", Reply(data))
    web.serve("/default.jsonl.sha256", Reply(hashlib.sha256(data).hexdigest().encode()))
    assert bring(priced, configured=v1.CatalogUpdate()).price_count == 9


def test_one_import_at_once(priced):
    def slowly():
        yield from messages(many(2), file_name="slow.jsonl")
        time.sleep(1.5)

    first = priced.prices.ImportCatalog(slowly(), metadata=ROOT, timeout=30)
    next(first)
    told = not_brought(priced, many(2))
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "PRICES_BUSY")
    assert list(first)[-1].catalog.price_count == 2


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [v1.ImportCatalogRequest(chunk=b"x")],
        [v1.ImportCatalogRequest()],
        list(messages()),
        [*messages(), *messages()],
        [*messages(), v1.ImportCatalogRequest(chunk=b"x" * ((1 << 20) + 1))],
        list(messages(reason="x" * 2000)),
    ],
)
def test_messages_that_are_no_import_are_refused(priced, sent):
    told = as_promised(refused(priced.prices.ImportCatalog, iter(sent), metadata=ROOT, timeout=10))
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_a_caller_that_goes_away_leaves_nothing(priced, folder):
    def unfinished():
        yield from messages(many(100), file_name="left.jsonl")
        time.sleep(20)

    work = folder / "data" / "prices" / "work"
    before = set((folder / "data" / "prices" / "catalogs").glob("*"))
    call = priced.prices.ImportCatalog(unfinished(), metadata=ROOT, timeout=30)
    assert next(call).progress.step == "fetch"
    assert list(work.iterdir())
    call.cancel()
    until = time.monotonic() + 20
    while list(work.iterdir()):
        assert time.monotonic() < until, "what was staged is still there"
        time.sleep(0.05)
    assert set((folder / "data" / "prices" / "catalogs").glob("*")) == before
    assert bring(priced, many(2, "0.33"), file_name="after.jsonl").price_count == 2


def test_where_no_room_is_found_the_catalogue_is_not_kept(serve, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prices").write_text("a file where the folder should be")
    serving = serve()
    with connected(serving.address) as stubs:
        told = not_brought(stubs, many(3), metadata=None)
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRICES_NOT_KEPT")
    assert told.metadata["path"].endswith("prices")


def test_amounts_travel_exactly(priced):
    catalog = bring(priced, document([line("tiny", "0.0000000021")]), file_name="tiny.jsonl")
    told = ask(priced, "tiny", region="fra", catalog_digest=catalog.digest).amount.amount
    assert Decimal(told) == Decimal("0.0000000021")
