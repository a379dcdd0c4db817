"""Reads the settings: the file, then the environment, then the command line; each over the one before."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from wharfinger_prices.settings.gather import PREFIX, ConfigError, Gathered
from wharfinger_prices.settings.price_settings import Prices, default_path, read_prices
from wharfinger_prices.settings.sections import read_section
from wharfinger_server.config.address import Address
from wharfinger_server.config.secrets import secrets_in
from wharfinger_server.config.settings import (
    Access,
    Gateway,
    Limits,
    Oidc,
    Retention,
    Sealing,
    Server,
    Settings,
    Store,
    Table,
    Tls,
)
from wharfinger_server.config.store_tables import check_tables
from wharfinger_server.config.tokens import read_certificates, read_tokens

SECTIONS = {
    "server": Server,
    "store": Store,
    "sealing": Sealing,
    "tls": Tls,
    "access": Access,
    "oidc": Oidc,
    "gateway": Gateway,
    "limits": Limits,
    "retention": Retention,
    "prices": Prices,
}
ALGORITHMS = (*(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)), "EdDSA")
"""Signatures by a key of which the public half is enough to check them: whoever can check can't sign."""
NAMED = ("stores", "profiles", "executors")
_KNOWN = (*SECTIONS, *NAMED, "tokens", "certificates")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


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
        _guard_secrets(gathered)
    gathered.read_environment(environ, SECTIONS)
    for (section, key), value in (overrides or {}).items():
        gathered.put((section, key), value, f"--{key.replace('_', '-')}")
    settings = _build(gathered, None if packages is None else frozenset(packages))
    if gathered.problems:
        raise ConfigError(gathered.problems)
    return settings


def read_access(settings: Settings) -> Settings:
    """Return the settings with the tokens and certificates that their file has now; nothing else is read again.

    Raises:
        ConfigError: the file can't be read, or what it says of them is wrong.
    """
    if settings.source is None:
        return settings
    gathered = Gathered(settings.source)
    gathered.read_file()
    _guard_secrets(gathered)
    found = dataclasses.replace(settings, tokens=read_tokens(gathered), certificates=read_certificates(gathered))
    if gathered.problems:
        raise ConfigError(gathered.problems)
    return found


def _guard_secrets(gathered: Gathered) -> None:
    """Refuse a file with credentials that others can read."""
    secret = ("tokens",) if gathered.tree.get("tokens") else next(iter(secrets_in(gathered.tree)), None)
    mode = gathered.file.stat().st_mode & 0o777
    if secret is not None and mode & 0o077:
        todo = f"run `chmod 600 {gathered.file}`"
        gathered.problem(secret, f"is a credential, and the file is open to others (mode {mode:o}); {todo}")


def check_exposure(settings: Settings) -> str:
    """Return why the server may not listen where it is told to, or an empty string.

    Beyond this machine it needs encryption, and callers it knows; `insecure` takes both demands away.
    """
    known = "" if settings.authenticates else "[[tokens]], [oidc], or [tls] client_ca"
    return _exposed(settings, Address.parse(settings.server.address), known)


def check_gateway_exposure(settings: Settings) -> str:
    """Return why the gateway may not listen where it is told to, or an empty string; it knows callers by tokens."""
    return _exposed(settings, Address.parse(settings.gateway.address), "" if settings.knows_tokens else "[[tokens]]")


def _exposed(settings: Settings, address: Address, to_know_callers: str) -> str:
    """Return why nothing may listen at `address`; `to_know_callers` is what lacks for that, "" if nothing does."""
    lacking = []
    if not settings.tls.cert:
        lacking.append("TLS ([tls] cert and key)")
    if to_know_callers:
        lacking.append(f"way to know its callers ({to_know_callers})")
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
        server=read_section(gathered, "server", Server),
        store=read_section(gathered, "store", Store),
        sealing=read_section(gathered, "sealing", Sealing),
        tls=read_section(gathered, "tls", Tls),
        tokens=read_tokens(gathered),
        certificates=read_certificates(gathered),
        access=read_section(gathered, "access", Access),
        oidc=read_section(gathered, "oidc", Oidc),
        gateway=read_section(gathered, "gateway", Gateway),
        limits=read_section(gathered, "limits", Limits),
        retention=read_section(gathered, "retention", Retention),
        stores=_named(gathered, "stores"),
        profiles=_named(gathered, "profiles"),
        executors=_named(gathered, "executors"),
        prices=read_prices(gathered),
        packages=extra,
        source=gathered.file if gathered.used else None,
    )
    _check_address(gathered, settings)
    _check_tls(gathered, settings.tls)
    _check_gateway(gathered, settings)
    _check_callers(gathered, settings)
    _check_limits(gathered, settings.limits)
    check_tables(gathered, settings.stores, settings.profiles)
    return settings


def _named(gathered: Gathered, section: str) -> dict[str, Table]:
    """Return the tables `[section.NAME]`."""
    tables: dict[str, Table] = {}
    for name in gathered.table(section):
        if _NAME.fullmatch(name):
            tables[name] = gathered.table(section, name)
        else:
            gathered.problem((section, name), "is no name: write lower-case letters, digits, _ and -, a letter first")
    return tables


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


def _check_gateway(gathered: Gathered, settings: Settings) -> None:
    where = ("gateway", "address")
    for origin in settings.gateway.cors_origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}"):
            gathered.problem(
                ("gateway", "cors_origins"),
                f'holds {origin!r}, which is none; write "https://ops.example", or "*"',
            )
    if not settings.gateway.address:
        return
    try:
        path = Address.parse(settings.gateway.address).path
    except ValueError as error:
        gathered.problem(where, f"can't be used: {error}")
        return
    if path:
        gathered.problem(where, "can't be a socket's path: browsers need HOST:PORT")
    elif refusal := check_gateway_exposure(settings):
        gathered.problem(where, f"is refused: {refusal}")
    elif settings.tls.client_ca and not settings.knows_tokens:
        gathered.problem(where, "needs [[tokens]]: it asks for no client certificate, and would know nobody")


def _check_callers(gathered: Gathered, settings: Settings) -> None:
    if settings.certificates and not settings.tls.client_ca:
        gathered.problem(("certificates",), "needs [tls] client_ca: nobody is asked for a certificate")
    oidc = settings.oidc
    if not oidc.issuer:
        return
    if not oidc.audience:
        gathered.problem(("oidc", "audience"), "must say what the issuer's tokens for this server have in `aud`")
    for key in ("issuer", "keys_url"):
        url = urlsplit(getattr(oidc, key))
        if getattr(oidc, key) and not (url.scheme == "https" or (url.scheme == "http" and _loopback(url.hostname))):
            gathered.problem(("oidc", key), "must be an https URL; http is taken of this machine only")
    page = urlsplit(oidc.page_url)
    if oidc.page_url and (page.scheme not in ("http", "https") or not page.netloc or page.path not in ("", "/")):
        gathered.problem(("oidc", "page_url"), "must be where the page is, such as https://ops.example")
    if oidc.page_client and not settings.gateway.address:
        gathered.problem(("oidc", "page_client"), "needs [gateway] address: without a gateway there is no page")
    for name in oidc.algorithms:
        if name not in ALGORITHMS:
            gathered.problem(("oidc", "algorithms"), f"has {name!r}; there are {', '.join(ALGORITHMS)}")


def _loopback(host: str | None) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def _check_limits(gathered: Gathered, limits: Limits) -> None:
    if limits.page_size > limits.max_page_size:
        gathered.problem(("limits", "page_size"), "must not be above limits.max_page_size")
    if limits.response_bytes > limits.message_bytes:
        gathered.problem(("limits", "response_bytes"), "must not be above limits.message_bytes")
