"""`wharfinger prices`: without a server, beside one, and by --server; an update as a process of its own."""

import getpass
import hashlib
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest
from tests.cli.conftest import Said
from tests.pricing.making import document, line, many
from tests.servers.serving import Serving
from tests.servers.sources import Reply, Sources, redirect

from wharfinger.cli.app import run

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]


class Folder:
    """A data folder of one's own, and the command line on it in a process of its own."""

    def __init__(self, folder: Path, web: Sources) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.settings = folder / "server.toml"
        self.settings.write_text(
            f'[prices]\nurl = "{web.url("/default.jsonl")}"\nallow_sources = ["{web.address}"]\n'
            f'bundled = false\nfolder = "{folder / "own"}"\n'
        )
        self.settings.chmod(0o600)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        self.environ = {
            **kept,
            "HOME": str(self.home),
            "WHARFINGER_CONFIG": str(self.settings),
            "WHARFINGER_DATA_DIR": str(folder / "data"),
            "NO_COLOR": "1",
        }

    def __call__(self, *arguments: str) -> Said:
        """Run it in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environ, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = run(arguments)
            except SystemExit as end:
                code = int(str(end.code))
        return Said(code, out.getvalue(), err.getvalue())

    def apart(self, *arguments: str) -> Said:
        """Run it in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "wharfinger", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self.environ,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def prices(self, *arguments: str) -> Said:
        return self("prices", *arguments)

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)


@pytest.fixture(scope="module")
def web():
    with Sources() as sources:
        yield sources


@pytest.fixture
def here(tmp_path, web):
    return Folder(tmp_path / "here", web)


def served(web: Sources, path: str, data: bytes, *, checksum: str | None = None) -> None:
    """Serve the data, once; whoever has it hears that nothing changed. Perhaps with a checksum beside it."""
    web.serve(path, Reply(data), Reply(status=304))
    told = Reply(status=404) if checksum is None else Reply(f"{checksum}  {path[1:]}\n".encode())
    web.serve(f"{path}.sha256", told)
    web.serve(f"{path}.sha512", Reply(status=404))


def test_an_update_with_a_checksum_beside_it_then_unchanged_then_not_asked_again(here, web):
    data = many(30)
    served(web, "/default.jsonl", data, checksum=hashlib.sha256(data).hexdigest())
    first = here.apart("prices", "update")
    assert first.code == 0, first
    assert first.out.startswith("imported ")
    assert "prices    30" in first.out
    assert "fetching" in first.err
    again = here.prices("update")
    assert (again.code, "not asked again" in again.out) == (0, True), again
    forced = here.prices("update", "--force", "-o", "json")
    assert (forced.code, forced.json["outcome"], forced.json["state"]) == (0, "unchanged", "ACTIVE"), forced
    assert [row["price_count"] for row in here.prices("ls", "-o", "json").json] == [30]


def test_an_update_without_a_checksum_and_one_that_does_not_fit(here, web):
    served(web, "/plain.jsonl", many(20))
    assert here.prices("update", "--url", web.url("/plain.jsonl")).code == 0
    web.serve("/plain.jsonl", Reply(many(20)))
    wrong = here.prices("update", "--url", web.url("/plain.jsonl"), "--sha256", "ab" * 32)
    assert (wrong.code, "PRICES_CHECKSUM" in wrong.err) == (5, True), wrong
    right = hashlib.sha256(many(20)).hexdigest()
    known = here.prices("update", "--url", web.url("/plain.jsonl"), "--sha256", right)
    assert (known.code, "not asked again" in known.out) == (0, True), known
    served(web, "/default.jsonl", many(21), checksum="cd" * 32)
    beside = here.prices("update")
    assert (beside.code, "PRICES_CHECKSUM" in beside.err) == (5, True), (beside, wrong)
    inward = web.url("/inward.jsonl")
    web.serve("/inward.jsonl", redirect("http://10.0.0.1/"))
    refused = here.prices("update", "--url", inward)
    assert (refused.code, "PRICES_URL_REFUSED" in refused.err) == (5, True), refused
    assert here.prices("ls", "-o", "json").json[0]["price_count"] == 20


def test_beside_a_running_server_the_commands_go_through_it(here, web):
    served(web, "/default.jsonl", many(25))
    own = here.folder / "own"
    own.mkdir()
    (own / "mine.jsonl").write_bytes(document([line("mine", "0.5")]))
    server = Serving(here.folder, ("--config", str(here.settings)), {"HOME": str(here.home)})
    try:
        assert here.apart("prices", "update").code == 0
        shown = here.prices("show", "onprem", "fra", "mine", "-o", "json")
        assert (shown.json["layer"], shown.json["amount"]["amount"]) == ("operator", "0.5"), shown
        rows = {row["layer"]: row for row in here.prices("path", "-o", "json").json}
        assert rows["operator"]["path"] == str(own / "mine.jsonl")
        assert rows["downloaded"]["exists"]
        exported = here.prices("export", "--libcloud")
        assert exported.code == 0, exported
        named = here("prices", "ls", "--server", server.address, "-o", "json")
        assert [row["price_count"] for row in named.json] == [25], named
        assert here("prices", "path", "--server", server.address).code == 2
        far = here("prices", "export", "--libcloud", "--to", str(here.folder / "far.json"), "--server", server.address)
        assert far.code == 0, far
        one, other = (
            json.loads(file.read_text()) for file in (here.home / ".libcloud/pricing.json", here.folder / "far.json")
        )
        assert one["compute"] == other["compute"]
        assert one["compute"]["onprem"]["mine"] == {"fra": 0.5}
        first = named.json[0]["digest"]
        changed = [line("m0", None), line("new", "1"), *(line(f"m{n}", "0.11") for n in range(1, 25))]
        done = here.prices("import", here.write("next.jsonl", document(changed)), "--override-checks")
        assert done.code == 0, done
        compared = here.prices("diff", first, "-o", "json").json
        assert (compared["added"], compared["raised"], compared["became_zero"]) == (1, 24, 1)
        assert here("prices", "diff", first, "--server", server.address, "-o", "json").json == compared
    finally:
        assert server.stop() == 0, server.log()


HEAVY = ("sqlalchemy", "alembic", "stevedore", "psycopg", "jsonschema_rs", "wharfinger_server.engine",
         "wharfinger_server.store", "wharfinger_server.rpc", "wharfinger_server.registry")  # fmt: skip
LIGHTLY = (
    "import sys\nfrom wharfinger.cli.app import run\ncode = run(sys.argv[1:])\n"
    f"print([code, *(name for name in {HEAVY!r} if name in sys.modules)], file=sys.stderr)"
)


@pytest.mark.parametrize("access", ["open", "tokens"])
def test_what_a_running_server_tells_is_shown_without_loading_a_server(here, access):
    if access == "tokens":
        digest = hashlib.sha256(b"secret").hexdigest()
        with here.settings.open("a") as settings:
            settings.write(f'[[tokens]]\nsha256 = "{digest}"\ncreator = "me"\nprojects = "*"\n')
        here.environ["WHARFINGER_TOKEN"] = "secret"
    own = here.folder / "own"
    own.mkdir()
    (own / "mine.jsonl").write_bytes(document([line("mine", "0.5")]))
    server = Serving(here.folder, ("--config", str(here.settings)), {"HOME": str(here.home)})
    try:
        named = {"WHARFINGER_SERVER": server.address}
        every = [({}, ["show", "onprem", "fra", "mine"]), ({}, ["history"]), ({}, ["path"]), (named, ["ls"])]
        for where, asked in every if access == "open" else [({}, ["ls"])]:
            done = subprocess.run(
                [sys.executable, "-c", LIGHTLY, "prices", *asked],
                capture_output=True, text=True, timeout=60, check=False, env={**here.environ, **where},
            )  # fmt: skip
            assert done.stderr.splitlines()[-1] == "[0]", (asked, where, done)
    finally:
        assert server.stop() == 0, server.log()


def test_a_stranger_at_the_address_of_a_server_that_is_gone_is_not_taken_for_it(here, tmp_path_factory):
    server = Serving(here.folder, ("--config", str(here.settings)), {"HOME": str(here.home)})
    server.kill()
    assert here.prices("import", here.write("mine.jsonl", many(7))).code == 0
    other = Serving(tmp_path_factory.mktemp("other"), ("--address", server.address))
    try:
        assert [row["price_count"] for row in here.prices("ls", "-o", "json").json] == [7]
    finally:
        assert other.stop() == 0, other.log()


def test_a_price_is_shown_with_its_history_and_catalogues_are_compared_and_gone_back_to(here):
    for day, amount in enumerate(("0.10", "0.12", "0.13")):
        data = document([line("m.a", amount), *(line(f"m{n}", "1") for n in range(60))])
        done = here.prices("import", here.write(f"{day}.jsonl", data))
        assert done.code == 0, done
    listed = here.prices("ls", "-o", "json").json
    assert [row["state"] for row in listed] == ["ACTIVE", "IMPORTED", "IMPORTED"]
    newest, middle, oldest = (row["name"].removeprefix("catalogs/") for row in listed)
    shown = here.prices("show", "onprem", "fra", "m.a")
    assert "0.13 USD per Hour" in shown.out
    assert "+30.0 %" in shown.out
    assert [word in shown.out for word in ("downloaded", oldest[:12], middle[:12], newest[:12], "█")] == [True] * 5
    diff = here.prices("diff", oldest[:8], "active", "-o", "json").json
    assert (diff["raised"], diff["added"], diff["differences"][0]["sku"]) == (1, 0, "m.a")
    assert "+30.0 %" in here.prices("diff", oldest[:8]).out
    back = here.prices("activate", oldest[:10], "--reason", "the newer ones are wrong")
    assert back.code == 0, back
    assert here.prices("show", "onprem", "-", "m.a", "--no-history", "-o", "json").json["amount"]["amount"] == "0.1"


def test_what_the_checks_object_to_is_refused_kept_and_can_be_accepted(here):
    assert here.prices("import", here.write("good.jsonl", many(50, "1"))).code == 0
    refused = here.prices("import", here.write("odd.jsonl", many(50, "9")))
    assert (refused.code, "PRICES_QUARANTINED" in refused.err, "--override-checks" in refused.err) == (6, True, True)
    listed = here.prices("ls")
    assert "quarantined" in listed.out
    [odd] = [row for row in here.prices("ls", "-o", "json").json if row["quarantine_reason"]]
    digits = odd["name"].removeprefix("catalogs/")
    assert here.prices("activate", digits).code == 6
    assert here.prices("activate", digits, "--override-checks").code == 0


def test_who_made_which_catalogue_active_and_why_is_told_with_and_without_a_server(here):
    assert here.prices("history", "-o", "json").json == []
    assert "update` fetches one" in here.prices("history").err
    assert here.prices("import", here.write("good.jsonl", many(50, "1"))).code == 0
    odd = here.prices("import", here.write("odd.jsonl", many(50, "9")), "--override-checks", "--reason", "a sale")
    assert odd.code == 0, odd
    told = here.prices("history", "-o", "json").json
    assert [(one["reason"], one["overridden"]) for one in told] == [("a sale", True), ("", False)]
    assert {one["actor"] for one in told} == {getpass.getuser()}
    lines = here.prices("history").out.splitlines()
    assert lines[0].split() == ["ACTIVE", "SINCE", "CATALOG", "SOURCE", "BY", "CHECKS", "REASON"]
    assert lines[1].endswith("OVERRIDDEN  a sale")
    assert told[0]["catalog"].removeprefix("catalogs/")[:12] in lines[1]
    some = here.prices("history", "--limit", "1")
    assert (len(some.out.splitlines()), "--limit 0 lists all" in some.err) == (2, True), some
    server = Serving(here.folder, ("--config", str(here.settings)), {"HOME": str(here.home)})
    try:
        assert here("prices", "history", "--server", server.address, "-o", "json").json == told
    finally:
        assert server.stop() == 0, server.log()


def test_by_themselves_the_commands_say_the_same_and_end_with_the_same_codes(here):
    assert here.prices("import", here.write("good.jsonl", many(50, "1"))).code == 0
    for asked, code in (
        (["ls", "-o", "json"], 0),
        (["show", "onprem", "fra", "m1", "-o", "json"], 0),
        (["show", "onprem", "fra", "none"], 5),
        (["ls", "--server", "127.0.0.1:1"], 4),
        (["ls", "--server", "nowhere:x"], 2),
        (["activate", "xyz"], 2),
        (["shw"], 2),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "wharfinger_prices", *asked],
            capture_output=True, text=True, timeout=60, check=False, env=here.environ,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (code, here.prices(*asked).out), (asked, done)
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("wharfinger-prices: " if code else ""), done.stderr


def test_mistakes_end_with_the_codes_that_are_documented(here):
    unknown = here.prices("show", "onprem", "fra", "none")
    assert (unknown.code, "does not mean zero" in unknown.err) == (5, True)
    assert here.prices("import", here.write("broken.jsonl", b"{")).code == 5
    assert here.prices("activate", "xyz").code == 2
    assert here.prices("activate", "abcdef").code == 2
    assert here.prices("export").code == 2
    assert here("prices", "ls", "--server", "127.0.0.1:1").code == 4


def test_a_folder_of_pages_is_imported_as_one(here):
    pages = here.folder / "pages"
    pages.mkdir()
    item = {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": 0.096, "unitPrice": 0.096,
        "armRegionName": "westeurope", "location": "EU West", "effectiveStartDate": "2024-01-01T00:00:00Z",
        "meterId": "m", "meterName": "D2 v3", "productId": "p", "skuId": "s",
        "productName": "Virtual Machines Dv3 Series",
        "skuName": "D2 v3", "serviceName": "Virtual Machines", "serviceId": "v", "serviceFamily": "Compute",
        "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True, "armSkuName": "Standard_D2_v3",
    }  # fmt: skip
    for number, following in ((1, "https://prices.example.org/?$skip=1"), (2, None)):
        page = {
            "BillingCurrency": "USD", "CustomerEntityId": "Default", "CustomerEntityType": "Retail",
            "Items": [{**item, "armSkuName": f"Standard_D{number}_v3"}], "NextPageLink": following, "Count": 1,
        }  # fmt: skip
        (pages / f"page-{number}.json").write_text(json.dumps(page))
    done = here.prices("import", str(pages), "--format", "azure", "-o", "json")
    assert (done.code, done.json["price_count"]) == (0, 2), done


def azure_page(region: str, figure: float) -> bytes:
    item = {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": figure, "armRegionName": region,
        "effectiveStartDate": "2026-01-01T00:00:00Z", "meterName": "D2", "productName": "Virtual Machines Dsv3 Series",
        "skuName": "D2", "serviceName": "Virtual Machines", "unitOfMeasure": "1 Hour", "type": "Consumption",
        "armSkuName": "Standard_D2",
    }  # fmt: skip
    return json.dumps({"BillingCurrency": "USD", "Items": [item], "NextPageLink": None, "Count": 1}).encode() + b"\n"


def test_the_commands_know_sources(here):
    for region, figure in (("eastus", 0.1), ("westeurope", 0.3)):
        done = here.prices("import", here.write(f"{region}.jsonl", azure_page(region, figure)))
        assert (done.code, f"azure:{region}" in done.out) == (0, True), done
    assert here.prices("import", here.write("own.jsonl", many(5)), "--source", "ours").code == 0
    assert here.prices("import", here.write("eastus.jsonl", azure_page("eastus", 0.11))).code == 0
    assert len(here.prices("ls", "-o", "json").json) == 4
    assert {one["source"] for one in here.prices("ls", "--source", "azure:eastus", "-o", "json").json} == {
        "azure:eastus"
    }
    assert len(here.prices("history", "--source", "azure:eastus", "-o", "json").json) == 2
    paths = [one for one in here.prices("path", "-o", "json").json if one["layer"] == "downloaded"]
    assert [one["source"] for one in paths] == ["azure:eastus", "azure:westeurope", "ours"]
    first = here.prices("ls", "--source", "azure:eastus", "-o", "json").json[-1]["digest"].removeprefix("sha256:")
    changed = here.prices("diff", first[:12])
    assert (changed.code, "0.11" in changed.out) == (0, True), changed
    assert here.prices("diff", first, "azure:westeurope").code == 0
    since = here.prices("diff", "azure:eastus", "--since", "2020-01-01", "-o", "json").json
    assert (since["before"], since["raised"]) == (first, 1)
    assert here.prices("diff", "azure:eastus", "--since", "2999-01-01", "-o", "json").json["differences"] == []
    assert here.prices("diff", "nobody", "--since", "2020-01-01").code == 2
    assert here.prices("activate", first[:12]).code == 0
    assert "0.1 USD" in here.prices("show", "azure_linux", "eastus", "Standard_D2").out
    assert "0.3 USD" in here.prices("show", "azure_linux", "westeurope", "Standard_D2").out
    assert here.prices("import", here.write("own.jsonl", many(5)), "--source", "no name").code == 5


def test_what_a_rule_of_a_price_book_makes_of_a_price_is_shown_beside_what_is_listed(here):
    own = here.folder / "own"
    own.mkdir()
    (own / "agreed.toml").write_text('[[rule]]\nname = "contract 17"\nprovider = "onprem"\npercent = -12\n')
    assert here.prices("import", here.write("p.jsonl", many(5))).code == 0
    said = here.prices("show", "onprem", "fra", "m1")
    assert ("0.088 USD" in said.out, "0.1 USD: contract 17" in said.out) == (True, True), said
    assert any(one["note"] == "rules of a price book" for one in here.prices("path", "-o", "json").json)
    server = Serving(here.folder, ("--config", str(here.settings)), {"HOME": str(here.home)})
    try:
        told = here("prices", "show", "onprem", "fra", "m1", "--server", server.address, "-o", "json").json
        assert (told["amount"]["amount"], told["list_amount"]["amount"], told["rule"]) == (
            "0.088",
            "0.1",
            "contract 17",
        )
    finally:
        assert server.stop() == 0, server.log()
