"""How prices changed, over the wire: between two catalogues, and of one thing over time."""

import time

import grpc
import pytest
from google.protobuf import timestamp_pb2
from tests.pricing.making import document, line, many
from tests.rpc.test_pricing import BOB, bring, folder, priced, web
from tests.rpc.wire import refused
from tests.system.documented import as_promised

from wharfinger.v1 import pricing_service_pb2 as v1

__all__ = ["folder", "priced", "web"]

pytestmark = pytest.mark.processes


def active(stubs, lines, source):
    data = lines if isinstance(lines, bytes) else document(lines)
    return bring(stubs, data, file_name="some.jsonl", source=source, activate=True, override_checks=True).name


def changes(stubs, name, before="", size=0):
    """Return what differs as (sku, before, after), over all pages, and what it was compared with."""
    request, seen = v1.DiffCatalogsRequest(name=name, before=before, page_size=size), []
    while True:
        page = stubs.prices.DiffCatalogs(request, metadata=BOB)
        for change in page.changes:
            one, other = (
                (part.sku, part.amount.amount) if change.HasField(side) else None
                for side, part in (("before", change.before), ("after", change.after))
            )
            seen.append((one, other))
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return seen, page.before


def history(stubs, sku, **more):
    """Return the amounts that a thing had, the oldest first; None: unknown. Their times rise, and none is to come."""
    request = v1.ListPriceHistoryRequest(parent="projects/b", provider="onprem", sku=sku, **more)
    points = stubs.prices.ListPriceHistory(request, metadata=BOB).points
    times = [point.start_time.ToNanoseconds() for point in points]
    assert times == sorted(set(times))
    assert times[-1] <= time.time_ns()
    return [point.price.amount.amount if point.HasField("price") else None for point in points]


def test_what_is_not_the_same_in_two_catalogues_is_listed_in_order_page_by_page(priced):
    first = active(priced, [line("d.gone", "1"), line("d.raised", "2"), line("d.same", "3")], "diffed")
    second = active(priced, [line("d.new", "4"), line("d.raised", "2.5"), line("d.same", "3")], "diffed")
    expected = [
        (("d.gone", "1"), None),
        (None, ("d.new", "4")),
        (("d.raised", "2"), ("d.raised", "2.5")),
    ]
    assert changes(priced, second) == changes(priced, second, first, size=1) == (expected, first)
    back, compared = changes(priced, first, second)
    assert (back, compared) == ([(after, before) for before, after in expected], second)
    assert changes(priced, first, first) == ([], first)


def test_a_difference_to_nothing_or_of_nothing_is_refused(priced):
    alone = active(priced, [line("d.alone", "1")], "alone")
    told = as_promised(refused(priced.prices.DiffCatalogs, v1.DiffCatalogsRequest(name=alone), metadata=BOB))
    assert (told.reason, told.fields) == ("MISSING_FIELD", ["before"])
    nobodys = "catalogs/" + "0" * 64
    for asked in ({"name": nobodys}, {"name": alone, "before": nobodys}):
        request = v1.DiffCatalogsRequest(**asked)
        assert as_promised(refused(priced.prices.DiffCatalogs, request, metadata=BOB)).reason == "UNKNOWN_CATALOG"
    request = v1.DiffCatalogsRequest(name=alone, before=active(priced, many(3), "alone"), page_token="no token")
    assert as_promised(refused(priced.prices.DiffCatalogs, request, metadata=BOB)).reason == "INVALID_PAGE_TOKEN"


def test_a_history_has_each_figure_from_when_it_was_told(priced):
    for number, amount in enumerate(("1", "1", "1.5", None, "1.2"), 1):
        active(priced, [line("h.thing", amount), line("h.other", str(number))], "told")
    assert history(priced, "h.thing") == ["1", "1.5", None, "1.2"]
    assert history(priced, "h.thing", region="fra", source="told") == ["1", "1.5", None, "1.2"]


def test_a_history_has_what_comes_into_force_within_one_catalogue(priced):
    soon = timestamp_pb2.Timestamp()
    soon.FromNanoseconds(time.time_ns() + 1_500_000_000)
    at = soon.ToJsonString()
    active(priced, [line("h.step", "1", expire=at), line("h.step", "2", effective=at)], "stepped")
    assert history(priced, "h.step") == ["1"]
    time.sleep(1.6)
    assert history(priced, "h.step") == ["1", "2"]


def test_a_price_that_no_catalogue_has_has_one_point(priced):
    assert history(priced, "s.small") == ["0.05"]


def test_a_history_of_what_nobody_knows_is_refused_as_its_price_is(priced):
    for asked, reason in (({"sku": "nothing"}, "PRICE_UNKNOWN"), ({"sku": "s.both"}, "PRICE_AMBIGUOUS")):
        request = v1.ListPriceHistoryRequest(parent="projects/b", provider="onprem", **asked)
        assert as_promised(refused(priced.prices.ListPriceHistory, request, metadata=BOB)).reason == reason
    foreign = v1.ListPriceHistoryRequest(parent="projects/a", provider="onprem", sku="s.small")
    assert refused(priced.prices.ListPriceHistory, foreign, metadata=BOB).code == grpc.StatusCode.PERMISSION_DENIED
