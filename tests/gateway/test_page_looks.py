"""How each view of the page looks, in both themes, wide and narrow, and to those who see or move otherwise.

With `PAGE_PICTURES=FOLDER` the pictures are kept there; `make pictures` keeps those that the guide shows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.gateway.test_chromium import FLAGS, chromium
from tests.gateway.web import gateway_of
from tests.pricing.making import document, line
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving
from tools.generate_page import WEB, install_tools

import wharfinger

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
WIDTHS = {"wide": 1280, "narrow": 360}
PRICES = "provider,sku,region,unit,currency,amount\nquay,large,north,Hours,USD,1.5\nquay,small,north,Hours,USD,0.25\n"
VIEWS = {
    "tasks": "tasks",
    "task": "tasks/web-tier",
    "submit": "submit/harbour.deploy",
    "schedules": "schedules",
    "leftovers": "leftovers",
    "prices": "prices?provider=pier&sku=slip",
    "scripts": "scripts",
    "executors": "executors",
    "me": "me",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with something in each view."""
    folder = tmp_path_factory.mktemp("looks")
    (folder / "prices").mkdir()
    (folder / "prices" / "quay.csv").write_text(PRICES)
    settings = (
        f'[prices]\nfolder = "{folder / "prices"}"\nlibcloud = false\n[prices.budgets]\nharbour = {{ USD = "10" }}\n'
    )
    serving = Serving(folder, [*write_config(folder, settings), "--gateway", "127.0.0.1:0"])
    with wharfinger.Client(serving.address, project="harbour") as client:
        skus = {"node/web-0": "large", "node/web-1": "large", "volume/web-0": "small", "address/web-0": "gold"}
        client.submit("harbour.priced", {"skus": skus, "fail": True}, task_id="web-tier")
        client.submit("harbour.priced", {"skus": {"node/db-0": "large"}}, task_id="database")
        client.submit("harbour.count", {"steps": 400, "pause": 1}, task_id="copy-images")
        client.submit("harbour.fail", {"how": "raise"}, task_id="nightly-report")
        for name in ("web-tier", "database", "nightly-report"):
            client.wait(name, 60)
        count = wharfinger.NewTask("harbour.count", {"steps": 3})
        client.create_schedule("nightly", wharfinger.NewSchedule(count, "0 3 * * *", time_zone="Europe/Berlin"))
        for amount in ("1", "1.25", "1.2"):
            file = document([line("slip", amount, provider="pier"), line("other", amount, provider="pier")])
            client.import_catalog(file, file_name="pier.jsonl", source_name="pier", override_checks=True)
    yield serving
    serving.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_serious_fault_for_those_who_see_or_move_otherwise(
    browser: Browser, scene: Serving, tmp_path: Path, scheme: str
) -> None:
    install_tools()
    kept = Path(os.environ.get("PAGE_PICTURES") or tmp_path)
    kept.mkdir(parents=True, exist_ok=True)
    # axe is brought in from outside, which the page's policy would refuse.
    page = browser.new_context(bypass_csp=True, color_scheme=scheme, timezone_id="UTC").new_page()
    for view, place in VIEWS.items():
        page.set_viewport_size({"width": WIDTHS["wide"], "height": 800})
        page.goto("about:blank")
        page.goto(f"{gateway_of(scene)}/#/harbour/{place}")
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_text("asking …").wait_for(state="hidden")
        page.wait_for_timeout(300)
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run().then(found => found.violations)")
        bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]
        assert bad == [], view
        for name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 1000})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{view} at {width}"
            picture = kept / f"{view}-{scheme}-{name}.png"
            page.screenshot(path=picture)
            assert picture.stat().st_size > 5_000, "it is not blank"
    page.context.close()


def test_a_task_is_printed_as_a_report(browser: Browser, scene: Serving, tmp_path: Path) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{gateway_of(scene)}/#/harbour/{VIEWS['task']}")
    page.get_by_role("region", name="What went wrong").wait_for()
    page.emulate_media(media="print")
    for gone in ("navigation", "button"):
        assert page.get_by_role(gone).count() == 0, f"a {gone} is of no use on paper"
    for kept in ("State", "What went wrong", "Ledger", "Timeline", "Events", "Params"):
        assert page.get_by_role("region", name=kept).is_visible(), kept
    assert page.pdf().startswith(b"%PDF")
    page.context.close()


def test_it_is_wide_on_a_wide_screen(browser: Browser, scene: Serving) -> None:
    page = browser.new_context(viewport={"width": 3840, "height": 2160}).new_page()
    page.goto(f"{gateway_of(scene)}/#/harbour/tasks")
    page.get_by_role("link", name="web-tier").wait_for()
    assert _widest(page) > 1200


def _widest(page: Page) -> float:
    return float(page.evaluate("document.querySelector('main').getBoundingClientRect().width"))
