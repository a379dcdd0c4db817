"""A Pricing over a real store and a data folder of its own, with the installed sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.servers.sources import Sources
from tests.store.making import encode

from wharfinger_prices.lookup import layers
from wharfinger_prices.registry import SOURCES, SourcePlugin, load_group
from wharfinger_server import config
from wharfinger_server.pricing import Pricing
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store

OpenPricing = Callable[..., Pricing]


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The installed price sources, and nothing else."""
    found = load_group(SOURCES)
    return Registry({}, {}, {one.name: SourcePlugin(one.name, "", "", one.broken, one.target) for one in found})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def without_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where Libcloud is not installed: its file is large."""
    monkeypatch.setattr(layers, "bundled", lambda: None)


@pytest_asyncio.fixture
async def open_pricing(tmp_path: Path, home: Path, registry: Registry) -> AsyncIterator[OpenPricing]:
    """Opens a Pricing with the keys of `[prices]` that are given; one after the other, on one data folder."""
    opened: list[tuple[Pricing, Store]] = []

    async def start(**prices: object) -> Pricing:
        await _close(opened)
        tables = {("prices", key): value for key, value in prices.items()}
        settings = config.load(None, {"WHARFINGER_DATA_DIR": str(tmp_path / "data"), "HOME": str(home)}, tables)
        settings.data_dir.mkdir(exist_ok=True)
        store = Store.open(settings.database_url, encode=encode)
        opened.append((Pricing(store, registry, settings), store))
        return opened[-1][0]

    yield start
    await _close(opened)


async def _close(opened: list[tuple[Pricing, Store]]) -> None:
    while opened:
        pricing, store = opened.pop()
        pricing.close()
        await store.close()


@pytest_asyncio.fixture
async def pricing(open_pricing: OpenPricing, without_bundled: None, tmp_path: Path) -> Pricing:
    """A Pricing with nothing in it; the operator's files are in `mine`, beside the test's data."""
    return await open_pricing(folder=str(tmp_path / "mine"))


@pytest.fixture
def web() -> Iterator[Sources]:
    """A web server on loopback."""
    with Sources() as sources:
        yield sources
