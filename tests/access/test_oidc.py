"""Callers whose tokens an identity provider issued, against a provider on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import jwt
import pytest
from tests.access.issuer import IdentityProvider, rsa_key

from wharfinger_server.access import oidc
from wharfinger_server.access.callers import Callers
from wharfinger_server.access.credentials import Shown
from wharfinger_server.config import Oidc, Settings
from wharfinger_server.domain.errors import Unauthenticated, Unavailable
from wharfinger_server.domain.roles import Role
from wharfinger_server.engine.interface.requests import Caller


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


Ask = Callable[[str], Awaitable[Caller]]


@pytest.fixture
def ask(provider: IdentityProvider) -> Ask:
    callers = Callers(Settings(oidc=Oidc(issuer=provider.url, audience="wharfinger")))

    async def asking(token: str) -> Caller:
        found = callers.of(Shown(token))
        return await found if inspect.isawaitable(found) else found

    return asking


async def test_a_token_says_who_calls_and_what_is_open(provider: IdentityProvider, ask: Ask) -> None:
    caller = await ask(provider.token())
    assert (caller.creator, caller.projects, caller.role, caller.how) == ("ann", {"a"}, Role.VIEWER, "oidc")
    caller = await ask(provider.token(wharfinger_projects="a b", wharfinger_role="operator"))
    assert (caller.projects, caller.role) == ({"a", "b"}, Role.OPERATOR)
    caller = await ask(provider.token(wharfinger_projects="*", wharfinger_role="admin"))
    assert (caller.projects, caller.role) == (None, Role.ADMIN)
    caller = await ask(provider.token(wharfinger_projects=None))
    assert caller.projects == frozenset()
    caller = await ask(provider.token(wharfinger_role="worker"))
    assert caller.is_worker
    assert provider.asked == 1, "the keys are asked for once"


def forged_by_its_public_key(provider: IdentityProvider) -> str:
    """Sign with the public key as if it were a shared secret; PyJWT itself refuses to make such a token."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "first", "typ": "JWT"}, provider.claims())]
    said = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(provider.public_pem(), said, hashlib.sha256).digest()
    return (said + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def forged_by_another_key(provider: IdentityProvider) -> str:
    return jwt.encode(provider.claims(), rsa_key("a forger's"), "RS256", {"kid": "first"})


def changed(provider: IdentityProvider) -> str:
    head, _, signature = provider.token().split(".")
    claims = base64.urlsafe_b64encode(json.dumps(provider.claims(wharfinger_role="admin")).encode()).rstrip(b"=")
    return f"{head}.{claims.decode()}.{signature}"


BAD: dict[str, Callable[[IdentityProvider], str]] = {
    "forged by another key": forged_by_another_key,
    "forged by its public key": forged_by_its_public_key,
    "not signed": lambda provider: jwt.encode(provider.claims(), None, "none", {"kid": "first"}),
    "changed": changed,
    "of an unknown key": lambda provider: jwt.encode(provider.claims(), provider.keys["first"], "RS256", {"kid": "x"}),
    "for somebody else": lambda provider: provider.token(aud="another"),
    "of another issuer": lambda provider: provider.token(iss="https://evil.example"),
    "expired": lambda provider: provider.token(exp=int(time.time()) - 60),
    "of the future": lambda provider: provider.token(nbf=int(time.time()) + 600),
    "issued in the future": lambda provider: provider.token(iat=int(time.time()) + 600),
    "without an end": lambda provider: provider.token(exp=None),
    "without an audience": lambda provider: provider.token(aud=None),
    "without a name": lambda provider: provider.token(sub=None),
    "with a name that steers text": lambda provider: provider.token(sub="an\x1b]0;n"),
    "with a role that nobody knows": lambda provider: provider.token(wharfinger_role="god"),
    "with projects that are none": lambda provider: provider.token(wharfinger_projects=["../b"]),
    "no token": lambda provider: "a.b.c",
    "too long": lambda provider: provider.token(padding="x" * 20_000),
}


@pytest.mark.parametrize("what", BAD)
async def test_one_that_does_not_hold_opens_nothing(provider: IdentityProvider, ask: Ask, what: str) -> None:
    for _ in range(2):  # what was refused once is not remembered as if it had been good
        with pytest.raises(Unauthenticated) as caught:
            await ask(BAD[what](provider))
        assert provider.url not in caught.value.message


async def test_clocks_may_differ_by_the_leeway(provider: IdentityProvider, ask: Ask) -> None:
    now = int(time.time())
    assert (await ask(provider.token(exp=now - 10, nbf=now + 10))).creator == "ann"


async def test_a_new_key_is_asked_for_and_one_that_is_taken_back_opens_nothing(
    provider: IdentityProvider, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_ASK_AGAIN", 0.0)
    old = provider.token()
    assert (await ask(old)).creator == "ann"
    provider.add_key("second", curve=True)
    assert (await ask(provider.token("second"))).creator == "ann"
    assert provider.asked == 2
    second = provider.token("second")
    del provider.keys["first"]
    provider.add_key("third")
    assert (await ask(provider.token("third"))).creator == "ann"
    with pytest.raises(Unauthenticated):
        await ask(old)
    assert (await ask(second)).creator == "ann"


async def test_made_up_keys_do_not_have_the_issuer_asked_again_and_again(provider: IdentityProvider, ask: Ask) -> None:
    key = provider.keys["first"]
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await ask(jwt.encode(provider.claims(), key, "RS256", {"kid": f"made-up-{number}"}))
    assert provider.asked == 1


async def test_while_the_issuer_is_away_known_keys_go_on_and_without_any_it_is_said(
    provider: IdentityProvider, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_ASK_AGAIN", 0.0)
    provider.away = True
    with pytest.raises(Unavailable) as caught:
        await ask(provider.token())
    assert caught.value.reason == "IDENTITY_UNAVAILABLE"
    provider.away = False
    assert (await ask(provider.token())).creator == "ann"
    provider.away = True
    monkeypatch.setattr(oidc, "_KEYS_LAST", 0.0)
    assert (await ask(provider.token(jti="another"))).creator == "ann"


async def test_what_was_checked_once_ends_with_its_time(provider: IdentityProvider) -> None:
    now = int(time.time()) * 1_000_000
    clock: list[int] = [now]
    settings = Settings(oidc=Oidc(issuer=provider.url, audience="wharfinger"))
    callers = Callers(settings, clock=lambda: clock[0])
    token = provider.token()
    first: Any = callers.of(Shown(token))
    assert (await first).creator == "ann"
    found = callers.of(Shown(token))
    assert isinstance(found, Caller), "nothing is checked again"
    clock[0] += 700 * 1_000_000
    with pytest.raises(Unauthenticated, match="expired"):
        callers.of(Shown(token))
