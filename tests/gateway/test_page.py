"""The page in a real browser, against a real server: what a person sees, and what they can do about it."""

from __future__ import annotations

import datetime as dt
import http.client
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from tests.docs.pages import free_ports
from tests.gateway.test_chromium import FLAGS, chromium
from tests.gateway.web import gateway_of
from tests.pricing.making import document, line
from tests.rpc.test_access import tokens_table, write_config
from tests.servers.serving import Serving

import wharfinger

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "\x1b]0;owned\x07 \u202eexe.txt \u200b\u2066",
    "'\"><svg/onload=document.title='owned'>",
    "{{constructor.constructor('document.title=1')()}}",
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("page"), ["--gateway", "127.0.0.1:0"])
    try:
        yield serving
    finally:
        assert serving.stop() == 0, serving.log()


@pytest.fixture
def client(gateway: Serving, project: str) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(gateway.address, project=project) as client:
        yield client


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            context = browser.new_context()
            context.set_default_timeout(30_000)
            expect.set_options(timeout=30_000)
            yield context
        finally:
            browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script fails and that asks nobody but its server."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert faults == []


def half_done(client: wharfinger.Client, yard: Path, things: int = 2) -> str:
    """Make things that stand on each other, and one that the yard has no room for; return the task's id."""
    keys = [f"t{number}" for number in range(things)] + ["refused"]
    params = {
        "yard": str(yard),
        "keys": keys,
        "after": {key: [before] for before, key in pairwise(keys)},
        "refuse": ["refused"],
    }
    task = client.submit("harbour.build", params)
    assert client.wait(task.name, 60).state is wharfinger.TaskState.PARTIALLY_FAILED
    return str(task.name.rpartition("/")[2])


def test_its_files_may_load_nothing_else_and_are_not_sent_twice(gateway: Serving) -> None:
    size = 0
    for path in ("/", "/page.js", "/page.css"):
        status, headers, body = ask(gateway, "GET", path, **{"accept-encoding": "gzip"})
        assert status == 200
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert ask(gateway, "GET", path, **{"if-none-match": headers["etag"]})[0::2] == (304, b"")
        assert ask(gateway, "POST", path)[0] == 405
        size += len(body)
    assert size < 200_000, "compressed, in all"
    assert b"<script>" not in ask(gateway, "GET", "/")[2]


def ask(gateway: Serving, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection(gateway_of(gateway).removeprefix("http://"), timeout=30)
    try:
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        line.close()


def test_a_half_done_task_is_told_in_plain_words_and_rolled_back_while_one_looks(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, tmp_path: Path
) -> None:
    task = half_done(client, tmp_path / "yard")
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks")
    page.get_by_role("link", name=task).click()
    wrong = page.get_by_role("region", name="What went wrong")
    expect(wrong).to_contain_text("2 made and alive")
    expect(wrong).to_contain_text("0 of which nobody can tell whether they exist")
    expect(wrong).to_contain_text("2 without a known price")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    page.get_by_role("button", name="Roll back", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text(["thing/t1", "thing/t0"])
    dialog.get_by_role("button", name="Roll back 2 things").click()
    expect(page.get_by_role("region", name="State").get_by_text("rolled back")).to_be_visible()
    expect(page.get_by_role("region", name="Ledger").get_by_text("undone").first).to_be_visible()
    assert client.get(task).state is wharfinger.TaskState.ROLLED_BACK


def test_many_things_go_only_once_their_number_is_written(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, tmp_path: Path
) -> None:
    task = half_done(client, tmp_path / "yard", things=12)
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks/{task}")
    page.get_by_role("button", name="Roll back", exact=True).click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Roll back 12 things")
    expect(sure).to_be_disabled()
    page.get_by_label("Write 12 to go on").fill("11")
    expect(sure).to_be_disabled()
    page.get_by_label("Write 12 to go on").fill("12")
    sure.click()
    expect(page.get_by_role("region", name="State").get_by_text("rolled back")).to_be_visible()


def test_a_task_is_resumed_and_an_entry_resolved(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, tmp_path: Path
) -> None:
    task = half_done(client, tmp_path / "yard")
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks/{task}")
    page.get_by_role("button", name="Resume", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(page.get_by_role("region", name="Events").get_by_text("running").nth(1)).to_be_visible()
    expect(page.get_by_role("region", name="State").get_by_text("partially failed")).to_be_visible()
    for key in ("thing/t1", "thing/t0"):
        page.get_by_role("button", name="Resolve", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Entry").select_option(key)
        dialog.get_by_label("retain").check()
        dialog.get_by_role("button", name="Resolve").click()
        expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="State").get_by_text("failed", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_be_enabled()
    assert client.get(task).state is wharfinger.TaskState.FAILED


def test_a_watch_goes_on_through_a_kill_and_tells_each_event_once(page: Page, serve, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    arguments = ("--gateway", f"127.0.0.1:{port}", "--address", f"127.0.0.1:{free_ports(1)[0]}")
    serving = serve(*arguments)
    with wharfinger.Client(serving.address) as client:
        task = client.submit("harbour.count", {"steps": 30, "pause": 0.1}).name
        page.goto(f"http://127.0.0.1:{port}/#/default/tasks/{task.rpartition('/')[2]}")
        lines = page.get_by_role("region", name="Events").get_by_role("listitem")
        expect(lines.nth(4)).to_be_visible()
        serving.kill()
        expect(page.get_by_role("alert").first).to_contain_text("The connection is lost")
        serving = serve(*arguments)
        expect(page.get_by_role("region", name="State").get_by_text("succeeded")).to_be_visible(timeout=90_000)
        expect(page.get_by_text("The connection is lost")).to_be_hidden()
        count = client.get(task).last_sequence
        expect(page.get_by_text(f"{count} in all")).to_be_visible()
        assert lines.count() == count


def test_filters_live_in_the_address_and_the_list_is_alive(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str
) -> None:
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks")
    expect(page.get_by_text("There is no task in this project yet.")).to_be_visible()
    first = client.submit("harbour.count", {"steps": 1}).name.rpartition("/")[2]
    expect(page.get_by_role("link", name=first)).to_be_visible()
    failed = client.submit("harbour.fail", {"how": "raise"}).name
    client.wait(failed, 60)
    page.get_by_role("link", name="failed", exact=True).click()
    expect(page.get_by_role("link", name=failed.rpartition("/")[2])).to_be_visible()
    expect(page.get_by_role("link", name=first)).to_have_count(0)
    assert "filter=state+%3D+FAILED" in page.url
    page.go_back()
    expect(page.get_by_role("link", name=first)).to_be_visible()
    page.get_by_label("Filter").fill("state ~ FAILED")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("INVALID_FILTER")


def test_a_long_list_keeps_few_rows_in_the_document(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str
) -> None:
    tasks = [wharfinger.NewTask("harbour.count", {"steps": 1}, policy={"not_before_time": LATER}) for _ in range(700)]
    assert not [outcome for outcome in client.submit_many(tasks) if isinstance(outcome, Exception)]
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks")
    rows = page.get_by_role("region", name="Tasks").locator("tbody tr:not(.gap)")
    expect(rows.first).to_be_visible()
    seen = set()
    for _ in range(60):
        seen.update(rows.evaluate_all("rows => rows.map(row => row.querySelector('a').textContent)"))
        assert rows.count() < 80
        page.get_by_role("region", name="Tasks").evaluate("box => { box.scrollTop += 600 }")
        page.wait_for_timeout(60)
    assert len(seen) == 700


def test_a_form_has_the_scripts_fields_and_shows_what_is_wrong_at_them(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str
) -> None:
    page.goto(f"{gateway_of(gateway)}/#/{project}/submit")
    page.get_by_label("Script").select_option("harbour.parrot")
    assert page.get_by_label("word needed").get_attribute("type") == "password"
    page.get_by_label("word needed").fill("wrong!")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("params")
    expect(page.locator(".field.wrong").first).to_be_visible()
    page.get_by_label("how needed").select_option("succeed")
    page.get_by_label("word needed").fill("polly-wants")
    page.get_by_text("Command line", exact=True).click()
    expect(page.get_by_text("wharfinger submit --project")).not_to_contain_text("polly-wants")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("region", name="State").get_by_text("succeeded")).to_be_visible()
    expect(page.get_by_role("region", name="Params")).to_contain_text('"sealed": true')


def test_what_is_left_over_in_all_projects_is_summed(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, tmp_path: Path
) -> None:
    task = half_done(client, tmp_path / "yard")
    page.goto(f"{gateway_of(gateway)}/#/{project}/leftovers")
    sums = page.get_by_role("region", name="Sums by project").get_by_role("row", name=project)
    expect(sums).to_contain_text("2 without a known price")
    page.get_by_role("combobox", name="By").select_option("script")
    sums = page.get_by_role("region", name="Sums by script").get_by_role("row", name="harbour.build")
    expect(sums).to_contain_text("without a known price")
    assert page.url.endswith("leftovers?by=script")
    page.get_by_role("region", name="Half-done tasks").get_by_role("link", name=task).click()
    expect(page.get_by_role("heading", name=task)).to_be_focused()


PRICES = "provider,sku,unit,currency,amount\nquay,large,Hours,USD,1.5\n"


def test_budgets_prices_and_their_history_are_shown(page: Page, serve, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "quay.csv").write_text(PRICES)
    settings = f'[prices]\nfolder = "{tmp_path / "own"}"\nlibcloud = false\n[prices.budgets]\npoor = {{ USD = "2" }}\n'
    serving = serve(*write_config(tmp_path, settings), "--gateway", "127.0.0.1:0")
    with wharfinger.Client(serving.address, project="poor") as client:
        client.wait(client.submit("harbour.priced", {"skus": {"a": "large"}}).name, 60)
        for amount, other in (("1", "0.1"), ("1.25", "0.1"), ("1.2", "0.2")):
            file = document([line("t.one", amount), line("t.other", other)])
            client.import_catalog(file, file_name="t.jsonl", source_name="test", override_checks=True)
    page.goto(f"{gateway_of(serving)}/#/poor/leftovers")
    budget = page.get_by_role("region", name="The budgets").get_by_role("row", name="poor")
    expect(budget).to_contain_text("1.5 USD")
    expect(budget).to_contain_text("0.5 USD")
    page.get_by_role("link", name="prices", exact=True).click()
    catalogues = page.get_by_role("region", name="The catalogues")
    expect(catalogues.get_by_role("row")).to_have_count(4)
    catalogues.get_by_role("link", name="what changed").first.click()
    changes = page.get_by_role("region", name="The changes")
    expect(changes.get_by_role("row", name="t.one")).to_contain_text("1.25 USD per Hours1.2 USD per Hours")
    changes.get_by_role("link", name="t.one").click()
    expect(page.get_by_role("img", name="What t.one cost since when")).to_be_visible()
    history = page.get_by_role("region", name="Its history").locator("tbody tr")
    expect(history).to_have_count(3)
    expect(history.first).to_contain_text("1.2 USD")
    page.get_by_label("sku").fill("t.nothing")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("PRICE_UNKNOWN")


def test_a_schedule_is_run_paused_resumed_and_deleted(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str
) -> None:
    page.goto(f"{gateway_of(gateway)}/#/{project}/schedules")
    expect(page.get_by_text("This project has none")).to_be_visible()
    client.create_schedule(
        "nightly", wharfinger.NewSchedule(wharfinger.NewTask("harbour.count", {"steps": 1}), "0 3 * * *")
    )
    page.reload()
    mine = page.get_by_role("region", name="nightly")
    expect(mine).to_contain_text("0 3 * * * (UTC). Next:")
    mine.get_by_role("button", name="Pause").click()
    expect(mine).to_contain_text("Paused: it does not fire.")
    mine.get_by_role("button", name="Resume").click()
    expect(mine).to_contain_text("Next:")
    mine.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("region", name="State").get_by_text("succeeded")).to_be_visible()
    page.go_back()
    mine.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the schedule").click()
    expect(page.get_by_text("This project has none")).to_be_visible()


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_comes_from_others_becomes_markup(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, text: str
) -> None:
    task = client.submit("harbour.count", {"steps": 1}, policy={"not_before_time": LATER})
    client.cancel(task.name, text)
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks/{task.name.rpartition('/')[2]}")
    expect(page.get_by_role("region", name="What went wrong")).to_be_visible()
    expect(page.get_by_role("region", name="Events")).to_contain_text("cancelled")
    shown = page.locator("#main").inner_text()
    assert text.split("\x1b", maxsplit=1)[0][:20] in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert "owned" not in page.title()
    assert page.locator("#main img, #main script, #main svg").count() == 0


def test_the_page_is_used_by_the_keyboard_alone(
    page: Page, gateway: Serving, client: wharfinger.Client, project: str, tmp_path: Path
) -> None:
    task = half_done(client, tmp_path / "yard")
    page.goto(f"{gateway_of(gateway)}/#/{project}/tasks")
    expect(page.get_by_role("link", name=task)).to_be_visible()
    _tab_to(page, task)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Roll back", exact=True)).to_be_enabled()
    _tab_to(page, "Roll back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert client.get(task).state is wharfinger.TaskState.PARTIALLY_FAILED
    _tab_to(page, "Roll back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Roll back 2 things")).to_be_enabled()
    _tab_to(page, "Roll back 2 things")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="State").get_by_text("rolled back")).to_be_visible()


def _tab_to(page: Page, text: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == text:
            return
    raise AssertionError(f"the focus never came to {text}")


def test_a_server_with_tokens_asks_who_one_is_and_the_token_is_kept_nowhere(page: Page, serve, tmp_path: Path) -> None:
    config = write_config(tmp_path, tokens_table(ann=("ann-token", '["a"]')))
    serving = serve(*config, "--gateway", "127.0.0.1:0")
    page.goto(f"{gateway_of(serving)}/#/a/tasks")
    page.get_by_label("Token").fill("ann-token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("There is no task in this project yet.")).to_be_visible()
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])") == '[{},{},""]'
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_what_one_may_not_do_is_not_offered(page: Page, serve, tmp_path: Path) -> None:
    tokens = tokens_table(ann=("ann-token", '["a"]\nrole = "viewer"'), bob=("bob-token", '["a"]'))
    serving = serve(*write_config(tmp_path, tokens), "--gateway", "127.0.0.1:0")
    with wharfinger.Client(serving.address, project="a", token="bob-token") as client:
        task = half_done(client, tmp_path / "yard")
        count = wharfinger.NewTask("harbour.count", {"steps": 1})
        client.create_schedule("nightly", wharfinger.NewSchedule(count, "0 3 * * *"))
    page.goto(f"{gateway_of(serving)}/#/a/tasks/{task}")
    page.get_by_label("Token").fill("ann-token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Your credential looks at this project")).to_be_visible()
    expect(page.get_by_role("button", name="Roll back", exact=True)).to_have_count(0)
    page.get_by_role("link", name="schedules", exact=True).click()
    expect(page.get_by_role("region", name="nightly")).to_be_visible()
    expect(page.get_by_role("button", name="Run now")).to_have_count(0)
    page.get_by_role("link", name="submit", exact=True).click()
    expect(page.get_by_text("to submit a task takes an operator")).to_be_visible()
    page.get_by_role("link", name="ann", exact=True).click()
    expect(page.get_by_text("viewer: looks, and changes nothing")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").fill("bob-token")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{gateway_of(serving)}/#/a/tasks/{task}")
    expect(page.get_by_role("button", name="Roll back", exact=True)).to_be_enabled()
