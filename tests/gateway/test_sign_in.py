"""People who sign in with their identity provider, and what a stranger's page can't have of it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect
from tests.access.issuer import IdentityProvider
from tests.gateway.test_page import context, page
from tests.gateway.web import gateway_of
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving

__all__ = ["context", "page"]

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

LIST = "/wharfinger.v1.TaskService/ListTasks"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def serving(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("sign-in")
    config = write_config(folder, settings_of(provider, 'page_client = "the page"'))
    serving = Serving(folder, [*config, "--gateway", "127.0.0.1:0"])
    try:
        yield serving
    finally:
        assert serving.stop() == 0, serving.log()


@pytest.fixture(autouse=True)
def ann(provider: IdentityProvider) -> None:
    provider.person, provider.refuses, provider.secret = {}, "", ""


def settings_of(provider: IdentityProvider, *more: str) -> str:
    return "\n".join(["[oidc]", f'issuer = "{provider.url}"', 'audience = "wharfinger"', *more, ""])


class Told(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    kept: list[str]
    body: str


def ask(url: str, cookies: Mapping[str, str] | None = None, body: str | None = None, **headers: str) -> Told:
    """Ask once, without following where it leads."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookies:
        sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    where = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET" if body is None else "POST", where, body, sent)
    answer = connection.getresponse()
    kept = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    pairs = (one.partition(";")[0].partition("=") for one in kept)
    held = {name: value for name, _, value in pairs if value}
    said = answer.read().decode()
    connection.close()
    return Told(answer.status, {name.lower(): value for name, value in answer.getheaders()}, held, kept, said)


def signed_in(site: str, to: str = "") -> tuple[Told, Told]:
    """Go all the way; return the answers to its beginning and its end."""
    begun = ask(f"{site}/session/begin{to}")
    assert begun.status == 303, begun.body
    provided = ask(begun.headers["location"])
    return begun, ask(provided.headers["location"], begun.cookies)


def listed(site: str, cookies: Mapping[str, str], **headers: str) -> Told:
    body = json.dumps({"parent": "projects/a"})
    return ask(f"{site}{LIST}", cookies, body, content_type="application/json", **headers)


def test_the_token_comes_in_a_cookie_that_no_script_reads_and_the_page_asks_with_it(serving: Serving) -> None:
    site = gateway_of(serving)
    _, done = signed_in(site, "?to=%23%2Fa%2Ftasks")
    assert (done.status, done.headers["location"]) == (303, "/#/a/tasks")
    session = [one for one in done.kept if one.startswith("wharfinger_session0=")]
    assert "; HttpOnly; SameSite=Strict" in session[0]
    assert 0 < int(session[0].partition("Max-Age=")[2].partition(";")[0]) <= 600
    assert listed(site, done.cookies, origin=site).status == 200
    assert ask(f"{site}{LIST}", None, "{}", content_type="application/json").status == 401


def test_the_cookie_counts_for_nothing_that_the_page_did_not_ask(serving: Serving) -> None:
    site = gateway_of(serving)
    _, done = signed_in(site)
    assert listed(site, done.cookies).status == 401, "no browser posts without an origin"
    assert listed(site, done.cookies, origin="https://evil.example").status == 403
    assert listed(site, done.cookies, origin="null").status in (401, 403)
    assert ask(f"{site}/metrics", done.cookies).status == 401
    assert ask(f"{site}/session/end", done.cookies, "", origin="https://evil.example").status == 403
    assert ask(f"{site}/session/end", done.cookies, "").status == 403
    ended = ask(f"{site}/session/end", done.cookies, "", origin=site)
    assert (ended.status, ended.cookies) == (204, {})
    assert all("Max-Age=0" in one for one in ended.kept)


def test_a_code_is_of_no_use_to_another_browser_nor_a_second_time(serving: Serving) -> None:
    site = gateway_of(serving)
    begun = ask(f"{site}/session/begin")
    back = ask(begun.headers["location"]).headers["location"]
    assert ask(back).status == 403, "a link that signs a victim in as somebody else"
    other = ask(f"{site}/session/begin")
    assert ask(back, other.cookies).status == 403
    state, _, view = begun.cookies["wharfinger_begun"].split(".")
    assert ask(back, {"wharfinger_begun": f"{state}.another proof.{view}"}).status == 403
    back = ask(begun.headers["location"]).headers["location"]
    assert ask(back, begun.cookies).status == 303
    assert ask(back, begun.cookies).status == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "#//evil\r\nx: y", "/\\evil", "javascript:1"])
def test_nobody_is_led_elsewhere(serving: Serving, to: str) -> None:
    _, done = signed_in(gateway_of(serving), f"?to={quote(to)}")
    assert done.headers["location"] == "/"


def test_what_the_provider_says_is_told(provider: IdentityProvider, serving: Serving) -> None:
    site = gateway_of(serving)
    provider.refuses = "ask Bob\x1b[31m first"
    _, done = signed_in(site)
    assert (done.status, done.body) == (
        403,
        "you are not signed in: the identity provider refuses: ask Bob [31m first\n",
    )
    provider.refuses, provider.person = "", {"aud": "another"}
    _, done = signed_in(site)
    assert done.status == 403
    assert "is for somebody else" in done.body
    provider.person = {"nonce": "of another sign-in"}
    _, done = signed_in(site)
    assert "another sign-in" in done.body
    assert "wharfinger_session0" not in done.cookies


def test_a_token_longer_than_a_cookie_may_be_is_held_in_several(provider: IdentityProvider, serving: Serving) -> None:
    provider.person = {"groups": [f"group {number} of a large organisation" for number in range(250)]}
    site = gateway_of(serving)
    _, done = signed_in(site)
    assert len(done.cookies) > 2
    assert all(len(one) < 4096 for one in done.kept)
    assert listed(site, done.cookies, origin=site).status == 200


def test_a_client_with_a_secret_shows_it_and_behind_a_proxy_the_operator_says_where_the_page_is(
    provider: IdentityProvider, serve, tmp_path: Path
) -> None:
    provider.secret = "of the page"
    more = ('page_client = "the page"', 'page_secret = "of the page"', 'page_url = "https://ops.example"')
    config = write_config(tmp_path, settings_of(provider, *more))
    site = gateway_of(serve(*config, "--gateway", "127.0.0.1:0"))
    begun = ask(f"{site}/session/begin")
    back = ask(begun.headers["location"]).headers["location"]
    assert back.startswith("https://ops.example/session/done?")
    assert all("; Secure" in one for one in begun.kept)
    done = ask(back.replace("https://ops.example", site), begun.cookies)
    assert done.status == 303
    assert all("; Secure" in one for one in done.kept)
    assert listed(site, done.cookies, host="ops.example", origin="https://ops.example").status == 200


def test_a_provider_that_is_away_is_told_and_one_that_is_not_there_is_not_offered(
    provider: IdentityProvider, serving: Serving, web_server: Serving, serve, tmp_path: Path
) -> None:
    assert json.loads(ask(f"{gateway_of(serving)}/session").body) == {"signIn": True}
    open_to_all = gateway_of(web_server)
    assert json.loads(ask(f"{open_to_all}/session").body) == {"signIn": False}
    assert ask(f"{open_to_all}/session/begin").status == 404
    assert ask(f"{open_to_all}/session/begin", None, "").status == 405
    provider.away = True
    try:
        config = write_config(tmp_path, settings_of(provider, 'page_client = "the page"'))
        answer = ask(f"{gateway_of(serve(*config, '--gateway', '127.0.0.1:0'))}/session/begin")
    finally:
        provider.away = False
    assert answer.status == 503
    assert "can't be asked now" in answer.body


def test_a_person_signs_in_on_the_page_and_out_again(page, provider: IdentityProvider, serving: Serving) -> None:
    provider.person = {"sub": "ann", "wharfinger_role": "operator"}
    page.goto(f"{gateway_of(serving)}/#/a/executors")
    page.get_by_role("link", name="Sign in with your identity provider").click()
    expect(page.get_by_role("link", name="ann", exact=True)).to_be_visible()
    assert page.url.endswith("/#/a/executors")
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])") == '[{},{},""]'
    page.get_by_role("link", name="ann", exact=True).click()
    expect(page.get_by_text("by your identity provider")).to_be_visible()
    page.reload()
    expect(page.get_by_text("by your identity provider")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()
