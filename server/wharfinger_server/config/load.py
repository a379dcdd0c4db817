"""Reads the settings: the file, then the environment, then the command line; each over the one before."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from wharfinger_server.config.address import Address
from wharfinger_server.config.gather import PREFIX, ConfigError, Gathered, toml_value
from wharfinger_server.config.price_tables import check_budgets, check_sources, check_trusted_keys
from wharfinger_server.config.settings import (
    APPLICATION,
    Kind,
    Limits,
    Prices,
    Retention,
    Sealing,
    Server,
    Settings,
    Store,
    Table,
    Tls,
)
from wharfinger_server.config.store_tables import check_prices
from wharfinger_server.config.tokens import read_tokens
from wharfinger_server.config.units import parse_duration, parse_size

SECTIONS = {
    "server": Server,
    "store": Store,
    "sealing": Sealing,
    "tls": Tls,
    "limits": Limits,
    "retention": Retention,
    "prices": Prices,
}
NAMED = ("stores", "profiles", "executors")
_KNOWN = (*SECTIONS, *NAMED, "tokens")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
S = TypeVar("S")


def default_path() -> Path:
    """Return where the file is looked for when none is named."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / "server.toml"


def load(
    path: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[tuple[str, str], object] | None = None,
    packages: Iterable[str] | None = None,
) -> Settings:
    """Read all settings.

    `path` is the file, None for WHARFINGER_CONFIG or else the default place, where it may be missing. `environ` is the
    process's own unless given. `overrides` come from the command line: (section, key) → value. `packages` are the names
    of the script packages, whose tables are allowed; None allows any table.

    Raises:
        ConfigError: with everything that is wrong.
    """
    environ = os.environ if environ is None else environ
    named = path or environ.get(PREFIX + "CONFIG")
    gathered = Gathered(Path(named).expanduser() if named else default_path())
    if named or gathered.file.exists():
        gathered.read_file()
    gathered.read_environment(environ, SECTIONS)
    for (section, key), value in (overrides or {}).items():
        gathered.put((section, key), value, f"--{key.replace('_', '-')}")
    settings = _build(gathered, None if packages is None else frozenset(packages))
    if gathered.problems:
        raise ConfigError(gathered.problems)
    return settings


def check_exposure(settings: Settings) -> str:
    """Return why the server may not listen where it is told to, or an empty string.

    Beyond this machine it needs encryption, and callers it knows; `insecure` takes both demands away.
    """
    address = Address.parse(settings.server.address)
    lacking = []
    if not settings.tls.cert:
        lacking.append("TLS ([tls] cert and key)")
    if not settings.authenticates:
        lacking.append("way to know its callers ([[tokens]], or [tls] client_ca)")
    if address.loopback or settings.server.insecure or not lacking:
        return ""
    return (
        f"{address} can be reached from other machines, and the server has no {' and no '.join(lacking)}; configure "
        "that, listen on 127.0.0.1, or pass --insecure if everyone on that network may run tasks"
    )


def _build(gathered: Gathered, packages: frozenset[str] | None) -> Settings:
    """Return the settings, with defaults for what is not set or wrong."""
    extra = {}
    for name in gathered.tree:
        if name not in _KNOWN:
            if packages is None or name in packages:
                extra[name] = gathered.table(name)
            else:
                gathered.unknown((name,), (*_KNOWN, *packages), "setting and no installed script package")
    settings = Settings(
        server=_section(gathered, "server", Server),
        store=_section(gathered, "store", Store),
        sealing=_section(gathered, "sealing", Sealing),
        tls=_section(gathered, "tls", Tls),
        tokens=read_tokens(gathered),
        limits=_section(gathered, "limits", Limits),
        retention=_section(gathered, "retention", Retention),
        stores=_named(gathered, "stores"),
        profiles=_named(gathered, "profiles"),
        executors=_named(gathered, "executors"),
        prices=_prices(gathered),
        packages=extra,
        source=gathered.file if gathered.used else None,
    )
    _check_address(gathered, settings)
    _check_tls(gathered, settings.tls)
    _check_limits(gathered, settings.limits)
    check_prices(gathered, settings.stores)
    return settings


def _prices(gathered: Gathered) -> Prices:
    """Return the section of prices, its tables checked."""
    told = _section(gathered, "prices", Prices)
    check_sources(gathered, told.allow_sources)
    keys = check_trusted_keys(gathered, told.trusted_keys)
    if told.require_signature and not keys:
        gathered.problem(("prices", "require_signature"), "needs at least one key in prices.trusted_keys")
    return dataclasses.replace(told, trusted_keys=keys, budgets=check_budgets(gathered, told.budgets))


def _named(gathered: Gathered, section: str) -> dict[str, Table]:
    """Return the tables `[section.NAME]`."""
    tables: dict[str, Table] = {}
    for name in gathered.table(section):
        if _NAME.fullmatch(name):
            tables[name] = gathered.table(section, name)
        else:
            gathered.problem((section, name), "is no name: write lower-case letters, digits, _ and -, a letter first")
    return tables


def _section(gathered: Gathered, name: str, kind: type[S]) -> S:
    """Return the typed section `name`."""
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, raw in gathered.table(name).items():
        if key not in fields:
            gathered.unknown((name, key), fields)
            continue
        try:
            values[key] = _value(raw, fields[key].metadata)
        except ValueError as error:
            gathered.problem((name, key), str(error))
            continue
        if fields[key].metadata["kind"] is Kind.PATH and values[key]:
            folder = gathered.file.absolute().parent if gathered.used else Path.cwd()
            values[key] = str(folder / Path(str(values[key])).expanduser())
    return kind(**values)


def _value(raw: object, metadata: Mapping[str, Any]) -> object:
    """Return `raw` as its kind wants it; text does for everything, because the environment has nothing else."""
    kind: Kind = metadata["kind"]
    value = _convert(raw, kind)
    if value is None:
        raise ValueError(f"must be {kind.value}, not {raw!r}")
    if isinstance(value, int) and not isinstance(value, bool) and value < metadata["least"]:
        raise ValueError(f"is too small: {raw!r}")
    if metadata["among"] and value not in metadata["among"]:
        raise ValueError(f"must be one of {', '.join(metadata['among'])}, not {raw!r}")
    return value


def _convert(raw: object, kind: Kind) -> str | int | bool | tuple[str, ...] | Mapping[str, Any] | None:
    """Return `raw` converted, None where it is of the wrong type."""
    if kind in (Kind.LIST, Kind.TABLE):
        return _gathering(toml_value(raw) if isinstance(raw, str) else raw, kind)
    if kind in (Kind.TEXT, Kind.PATH):
        return raw if isinstance(raw, str) else None
    if kind is Kind.SWITCH:
        return raw if isinstance(raw, bool) else _WORDS.get(str(raw).lower())
    if isinstance(raw, str):
        if kind is Kind.NUMBER:
            return int(raw) if re.fullmatch(r"-?[0-9][0-9_]*", raw) else None
        return parse_duration(raw) if kind is Kind.DURATION else parse_size(raw)
    whole = isinstance(raw, int) and not isinstance(raw, bool)
    return int(str(raw)) if whole and kind is not Kind.DURATION else None


def _gathering(raw: object, kind: Kind) -> tuple[str, ...] | Mapping[str, Any] | None:
    """Return a list or a table as it is kept, None where it is of the wrong type."""
    if kind is Kind.TABLE:
        return raw if isinstance(raw, Mapping) else None
    return tuple(raw) if isinstance(raw, list) and all(isinstance(item, str) for item in raw) else None


def _check_address(gathered: Gathered, settings: Settings) -> None:
    where = ("server", "address")
    try:
        Address.parse(settings.server.address)
    except ValueError as error:
        gathered.problem(where, f"can't be used: {error}")
        return
    if refusal := check_exposure(settings):
        gathered.problem(where, f"is refused: {refusal}")


def _check_tls(gathered: Gathered, tls: Tls) -> None:
    if bool(tls.cert) != bool(tls.key) or (tls.client_ca and not tls.cert):
        gathered.problem(("tls",), "needs both cert and key")
    for key in ("cert", "key", "client_ca"):
        file = getattr(tls, key)
        if file and not os.access(file, os.R_OK):
            gathered.problem(("tls", key), f"can't be read: {file}")


def _check_limits(gathered: Gathered, limits: Limits) -> None:
    if limits.page_size > limits.max_page_size:
        gathered.problem(("limits", "page_size"), "must not be above limits.max_page_size")
    if limits.response_bytes > limits.message_bytes:
        gathered.problem(("limits", "response_bytes"), "must not be above limits.message_bytes")
