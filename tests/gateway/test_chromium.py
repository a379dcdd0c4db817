"""A real browser: a page of another origin watches a task through a restart, and gets each event once."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.docs.pages import blocks, free_ports
from tests.gateway.test_protocols import create
from tests.gateway.web import Web, gateway_of
from tests.rpc.test_access import tokens_table, write_config

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "browsers.md"
FLAGS = ["--no-sandbox", "--disable-background-networking"]
PAGE = """<!doctype html><script type="module">
import { watchTask } from "./watch.js";
window.seen = [];
window.watch = async (gateway, name, token) => {
  try {
    for await (const message of watchTask(gateway, name, { token })) window.seen.push(message);
    window.over = "at rest";
  } catch (error) { window.over = String(error.code ?? error); }
};
window.loaded = true;
</script>"""


def chromium() -> str:
    """Return the browser's program; skip where there is none, which is a failure in CI."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed: `make chromium` does that where it may")
    assert found is not None, "Chromium is not installed"
    return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The origin of the page, another than the gateway's."""
    folder = tmp_path / "site"
    folder.mkdir()
    (script,) = (block for block in blocks(GUIDE.read_text()) if block.file == "watch.js")
    (folder / "watch.js").write_text(script.body)
    (folder / "index.html").write_text(PAGE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{files.server_port}"
        files.shutdown()


@pytest.fixture
def page(site: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            page = browser.new_page()
            page.goto(f"{site}/index.html")
            page.wait_for_function("window.loaded")
            yield page
        finally:
            browser.close()


def test_a_page_watches_a_task_through_a_restart_and_gets_each_event_once(page, site, serve, tmp_path):
    (port,) = free_ports(1)
    table = tokens_table(ann=("ann-token", '["a"]'))
    settings = (
        f'{table}[gateway]\naddress = "127.0.0.1:{port}"\ncors_origins = ["{site}"]\n[server]\ndrain_grace = "0s"\n'
    )
    config = write_config(tmp_path, settings)
    serving = serve(*config)
    url = gateway_of(serving)
    caller = Web(url, "connect+json", authorization="Bearer ann-token")
    name = create(caller, "a", steps=25, pause=0.2)
    page.evaluate("([gateway, name, token]) => void window.watch(gateway, name, token)", [url, name, "ann-token"])
    page.wait_for_function("window.seen.flatMap(m => m.events?.events ?? []).length > 6")
    assert serving.stop() == 0, serving.log()
    before = page.evaluate("window.seen.length")
    serving = serve(*config)
    page.wait_for_function("window.over", timeout=60_000)
    assert page.evaluate("window.over") == "at rest"
    seen = page.evaluate("window.seen")
    assert len(seen) > before
    numbers = [int(event["sequence"]) for message in seen for event in message.get("events", {}).get("events", [])]
    first = int(seen[0].get("sequence", 0))
    assert numbers == list(range(first + 1, numbers[-1] + 1))
    task, end = caller.one("TaskService/GetTask", {"name": name})
    assert end.code == 0
    assert task.last_sequence == numbers[-1]
    assert len(task.attempts) > 1
    assert serving.stop() == 0, serving.log()


def test_a_page_whose_origin_is_not_named_may_not_watch(page, serve):
    serving = serve("--gateway", "127.0.0.1:0")
    url = gateway_of(serving)
    name = create(Web(url, "connect+json"), "a", steps=1)
    said = page.evaluate(
        "([url, name]) => fetch(url, {method: 'POST', headers: {'content-type': 'application/json'},"
        " body: JSON.stringify({name})}).then(() => 'answered', error => String(error))",
        [f"{url}/wharfinger.v1.TaskService/GetTask", name],
    )
    assert said == "TypeError: Failed to fetch"
    assert serving.stop() == 0, serving.log()
