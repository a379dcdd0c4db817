"""`wharfinger estimate`, against a real server."""

import pytest
from tests.cli.conftest import Shell
from tests.pricing.making import document, line
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("priced")
    (folder / "prices").mkdir()
    here = [
        line("s", "0.05", provider="quay", region=""),
        line("l", "0.15", provider="quay", region="", currency="EUR"),
    ]
    (folder / "prices" / "own.jsonl").write_bytes(document(here))
    serving = Serving(folder, write_config(folder, f'[prices]\nfolder = "{folder / "prices"}"\nlibcloud = false\n'))
    yield Shell(serving.address)
    assert serving.stop() == 0, serving.log()


def test_each_item_has_its_price_and_what_is_unknown_stands_apart(priced):
    said = priced("estimate", "harbour.priced", 'skus:={"web": "s", "db": "l", "odd": "x"}', "quantity=2")
    assert said.code == 0, said
    lines = said.out.splitlines()
    [web] = [text for text in lines if text.startswith("web ")]
    assert all(word in web for word in ("quay s", "0.05 USD per Hour", "0.1 USD", "█"))
    assert "total  at least 0.1 USD an hour, about 73.00 USD a month" in lines
    assert "total  at least 0.3 EUR an hour, about 219.00 EUR a month" in lines
    assert lines[lines.index("without a known price, which does not mean zero (1):") + 1] == (
        "  odd: quay (everywhere) x (on-demand); there are quay s, quay l"
    )
    assert not any(text.startswith("odd") for text in lines)
    assert "--basis sha256:" in said.out


def test_programs_get_it_as_json_and_can_repeat_it(priced):
    command = ("estimate", "harbour.priced", 'skus:={"web": "s"}', "-o", "json")
    found = priced(*command).json
    assert (found["hourly"], found["unpriced"]) == ([{"amount": "0.05", "currency": "USD"}], [])
    assert found["items"][0]["price"]["layer"] == "operator"
    again = priced(*command, "--basis", found["price_basis"], "--at", found["time"])
    assert again.json == found


def test_what_has_no_price_says_what_was_looked_up_and_what_comes_near(priced):
    command = ("estimate", "harbour.priced", 'skus:={"web": "ss", "db": "l"}')
    assert "  web: quay (everywhere) ss (on-demand); there are quay s, quay l\n" in priced(*command).out
    items = {item["what"]: item for item in priced(*command, "-o", "json").json["items"]}
    asked = items["web"]["asked"]
    assert [asked[name] for name in ("provider", "region", "sku", "category", "amount")] == [
        "quay", "", "ss", "on-demand", None
    ]  # fmt: skip
    assert items["web"]["similar"] == ["quay s", "quay l"]
    assert (items["db"]["asked"], items["db"]["similar"]) == (None, [])
    with priced.client() as client:
        (web,) = (item for item in client.estimate("harbour.priced", {"skus": {"web": "ss"}}).items)
        assert (web.asked.sku, web.similar) == ("ss", ("quay s", "quay l"))
        # What is kept with a task says it too.
        kept = client.submit("harbour.priced", {"skus": {"web": "ss"}}).task.estimate.items[0]
        assert (kept.asked.sku, kept.similar) == ("ss", ())


def test_mistakes_end_with_the_codes_that_are_documented(priced):
    assert priced("estimate", "harbour.priced", "skuss=1").code == 2
    assert priced("estimate", "harbour.priced", "--at", "yesterday").code == 2
    refused = priced("estimate", "harbour.noop")
    assert (refused.code, "CANNOT_ESTIMATE" in refused.err) == (5, True)
