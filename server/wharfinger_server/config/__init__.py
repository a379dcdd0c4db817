"""The operator's settings: read once from a TOML file, the environment and the command line; frozen from then on."""

from wharfinger_prices.settings.gather import ConfigError
from wharfinger_prices.settings.price_settings import Prices, default_path
from wharfinger_server.config.address import Address
from wharfinger_server.config.granted import Granted, granted
from wharfinger_server.config.load import check_exposure, load, read_access
from wharfinger_server.config.sample import effective, sample
from wharfinger_server.config.seal_keys import SealKeys, make_key
from wharfinger_server.config.seal_keys import parse as parse_keys
from wharfinger_server.config.secrets import secret_values, shown_url
from wharfinger_server.config.settings import (
    Access,
    Certificate,
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
    Token,
)
from wharfinger_server.config.token_file import BadTokenFile, FiledToken

__all__ = [
    "Access",
    "Address",
    "BadTokenFile",
    "Certificate",
    "ConfigError",
    "FiledToken",
    "Gateway",
    "Granted",
    "Limits",
    "Oidc",
    "Prices",
    "Retention",
    "SealKeys",
    "Sealing",
    "Server",
    "Settings",
    "Store",
    "Table",
    "Tls",
    "Token",
    "check_exposure",
    "default_path",
    "effective",
    "granted",
    "load",
    "make_key",
    "parse_keys",
    "read_access",
    "sample",
    "secret_values",
    "shown_url",
]
