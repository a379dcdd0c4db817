"""The section `[prices]` of the server's settings, and the folders that go with it.

The server reads it with all the rest; where there is no server, `load` reads these few keys of the same file.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from wharfinger_prices.settings.gather import PREFIX, ConfigError, Gathered
from wharfinger_prices.settings.sections import Kind, read_section, setting
from wharfinger_prices.settings.tables import check_budgets, check_sources, check_trusted_keys

APPLICATION = "wharfinger"
SERVER_ADDRESS = "127.0.0.1:7480"
"""Where a server listens that was told nothing else."""
_ON_LINUX = bool(sys.platform == "linux")


@dataclass(frozen=True, slots=True)
class Prices:
    """Where prices come from, and how far they are trusted."""

    folder: str = setting(
        "",
        "Folder with price files of your own, in any format that is known; those in its projects/PROJECT hold for one"
        " project. Empty: prices/ beside this file.",
        Kind.PATH,
    )
    url: str = setting(
        "", "What `wharfinger prices update` fetches; its checksum is looked for beside it. Empty: Libcloud's own file."
    )
    trusted_keys: Mapping[str, str] = setting(
        {}, 'Minisign public keys by a name of your choice, whose signatures are trusted: { ops = "RWQf6LRC…" }.'
    )
    require_signature: bool = setting(False, "Refuse price data without a signature by a trusted key.")
    max_bytes: int = setting("2GiB", "Largest file of price data, as it comes.", Kind.SIZE, least=1)
    max_unpacked: int = setting("8GiB", "Largest file of price data, unpacked.", Kind.SIZE, least=1)
    fetch_timeout: int = setting("10m", "How long fetching price data may take in all.", Kind.DURATION, least=1)
    stale_after: int = setting("30d", "Prices older than this are marked as stale.", Kind.DURATION, least=1)
    update_every: int = setting(
        "1d", "How long `wharfinger prices update` does not ask again, unless it is forced.", Kind.DURATION
    )
    allow_sources: tuple[str, ...] = setting(
        (), 'HOST:PORT that price data may be fetched from though they are not public: ["127.0.0.1:8000"].'
    )
    order: tuple[str, ...] = setting(
        (), 'Sources that are asked first, in this order: ["aws_ec2", "azure"]; the others as each came first.'
    )
    libcloud: bool = setting(True, "Honour ~/.libcloud/pricing.json of the server's user, as Libcloud does.")
    bundled: bool = setting(True, "Know the prices that the installed Libcloud brings, where nothing newer does.")
    budgets: Mapping[str, Mapping[str, Decimal]] = setting(
        {}, 'What all that a project has alive may cost in an hour, by currency: { default = { USD = "12.50" } }.'
    )


class PriceSettings(Protocol):
    """The settings that prices need, whoever read them: `data_dir` has what is kept, `price_folder` one's own files."""

    @property
    def prices(self) -> Prices:
        """The section `[prices]`."""

    @property
    def data_dir(self) -> Path:
        """The data folder; catalogues are in its `prices`."""

    @property
    def price_folder(self) -> Path:
        """The folder with price files of one's own."""


class FolderSettings(NamedTuple):
    """The settings of prices alone, read where no server reads them.

    `store_url` is that of the server's database, "" for the one in the data folder; `server_address` is where the
    server is told to listen.
    """

    prices: Prices
    data_dir: Path
    price_folder: Path
    store_url: str = ""
    server_address: str = SERVER_ADDRESS

    @property
    def database_url(self) -> str:
        """Where the server's database is: what was set, otherwise SQLite's file in the data folder."""
        return database_url(self.store_url, self.data_dir)


def load(environ: Mapping[str, str] | None = None) -> FolderSettings:
    """Read the settings that prices need, from the server's file and the environment; what else stands there is left.

    Raises ConfigError with all that is wrong.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(PREFIX + "CONFIG")
    gathered = Gathered(Path(named).expanduser() if named else default_path())
    if named or gathered.file.exists():
        gathered.read_file()
    gathered.read_environment(environ, ("prices", "server", "store"))
    told = read_prices(gathered)
    server, store = gathered.table("server"), gathered.table("store")
    data_dir = str(server.get("data_dir") or "")
    if data_dir:
        folder = gathered.file.absolute().parent if gathered.used else Path.cwd()
        data_dir = str(folder / Path(data_dir).expanduser())
    if gathered.problems:
        raise ConfigError(gathered.problems)
    source = gathered.file if gathered.used else None
    return FolderSettings(
        told,
        data_dir_of(data_dir),
        price_folder_of(told, source),
        str(store.get("url") or ""),
        str(server.get("address") or SERVER_ADDRESS),
    )


def read_prices(gathered: Gathered) -> Prices:
    """Return the section of prices, its tables checked."""
    told = read_section(gathered, "prices", Prices)
    check_sources(gathered, told.allow_sources)
    keys = check_trusted_keys(gathered, told.trusted_keys)
    if told.require_signature and not keys:
        gathered.problem(("prices", "require_signature"), "needs at least one key in prices.trusted_keys")
    return dataclasses.replace(told, trusted_keys=keys, budgets=check_budgets(gathered, told.budgets))


def default_path() -> Path:
    """Return where the file is looked for when none is named."""
    return _users("config", "XDG_CONFIG_HOME", "~/.config") / "server.toml"


def data_dir_of(told: str) -> Path:
    """Return the data folder: the one that was told, otherwise the platform's."""
    if told:
        return Path(told)
    return _users("data", "XDG_DATA_HOME", "~/.local/share")


def _users(kind: str, variable: str, usual: str) -> Path:
    """Return the user's folder of a kind. Linux is answered here: platformdirs takes longer to load than to ask."""
    if _ON_LINUX:
        told = os.environ.get(variable, "").strip()
        return (Path(told) if told.startswith("/") else Path(usual).expanduser()) / APPLICATION
    import platformdirs

    found: Path = getattr(platformdirs, f"user_{kind}_path")(APPLICATION, appauthor=False)
    return found


def price_folder_of(prices: Prices, source: Path | None) -> Path:
    """Return the folder with price files of one's own; `source` is the file that the settings came from."""
    if prices.folder:
        return Path(prices.folder)
    if source:
        return source.absolute().parent / "prices"
    return default_path().parent / "prices"


def database_url(told: str, data_dir: Path) -> str:
    """Return where the server's database is: what was told, otherwise SQLite's file in the data folder."""
    return told or f"sqlite:///{data_dir / 'wharfinger.db'}"
