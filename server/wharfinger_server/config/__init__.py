"""The operator's settings: read once from a TOML file, the environment and the command line; frozen from then on."""

from wharfinger_server.config.address import Address
from wharfinger_server.config.gather import ConfigError
from wharfinger_server.config.load import check_exposure, default_path, load
from wharfinger_server.config.sample import effective, sample
from wharfinger_server.config.secrets import shown_url
from wharfinger_server.config.settings import Limits, Retention, Server, Settings, Store, Table, Tls, Token

__all__ = [
    "Address",
    "ConfigError",
    "Limits",
    "Retention",
    "Server",
    "Settings",
    "Store",
    "Table",
    "Tls",
    "Token",
    "check_exposure",
    "default_path",
    "effective",
    "load",
    "sample",
    "shown_url",
]
