"""Reading a `[stores.NAME]` table: which options each kind of store takes, and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit

from wharfinger.runtime import store_prices
from wharfinger.runtime.store_prices import StorePrice
from wharfinger.runtime.wrong_option import WrongOption


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CLIENT = _names("""
    allow_http allow_invalid_certificates connect_timeout default_headers http1_only http2_only pool_idle_timeout
    pool_max_idle_per_host proxy_ca_certificate proxy_excludes proxy_url read_timeout root_certificate timeout
    user_agent
""")
_RETRY = frozenset({"max_retries", "retry_timeout"})
_PROVIDER = {
    "s3": _names("""
        access_key_id checksum_algorithm conditional_put container_authorization_token_file
        container_credentials_full_uri container_credentials_relative_uri copy_if_not_exists default_region
        disable_bulk_delete disable_tagging endpoint metadata_endpoint region request_payer role_arn role_session_name
        secret_access_key server_side_encryption session_token skip_signature sse_bucket_key_enabled sse_kms_key_id
        sts_endpoint unsigned_payload virtual_hosted_style_request web_identity_token_file
    """),
    "gs": _names("""
        application_credentials base_url bearer_token service_account service_account_key skip_signature
    """),
    "az": _names("""
        account_key account_name authority_host client_id client_secret credential_type disable_tagging encryption_key
        endpoint federated_token_file msi_endpoint msi_resource_id object_id sas_key skip_signature tenant_id token
        use_azure_cli use_emulator use_fabric_endpoint
    """),
    "glance": _names("""
        application_credential_id application_credential_secret auth_url backend container_format disk_format endpoint
        interface password project_domain_name project_id project_name token user_domain_name username visibility
    """),
}
_FORWARD = {
    "glance": _names("allow_invalid_certificates connect_timeout read_timeout root_certificate"),
}
"""What is said of connections, where that is not all that obstore's clients take."""
_OWN = frozenset({"max_size", "prefix", "price", "url"})
_SCHEMES = {name: name for name in ("file", "memory", "s3", "gs", "az", "glance")} | {"s3a": "s3", "azure": "az"}

# One request may carry a whole large object: what counts is that bytes keep coming.
_CLIENT_DEFAULTS = {"timeout": "24h", "read_timeout": "60s", "connect_timeout": "10s"}

_BINARY = {f"{unit}i": 1024**n for n, unit in enumerate("kmgt", 1)}
_UNITS = {"": 1} | {unit: 1000**n for n, unit in enumerate("kmgt", 1)} | _BINARY
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", re.IGNORECASE)
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\s*", re.IGNORECASE)
_SECONDS = {"": 1.0, "s": 1.0, "ms": 0.001, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """One table, read.

    `scheme` is "file", "memory", "s3", "gs", "az" or "glance"; `place` the folder, bucket or container (or the shared
    name of a memory store, or a cloud's region, "" for its only one); `prefix` has no slash at either end; `max_size`
    is bytes, None: no limit; `price` is how keeping an object there is billed.
    """

    scheme: str
    place: str
    prefix: str = ""
    max_size: int | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    retry: Mapping[str, Any] = field(default_factory=dict)
    price: StorePrice = field(default_factory=StorePrice)


def read(table: Mapping[str, Any]) -> StoreOptions:
    """Return what a `[stores.NAME]` table says. Raises WrongOption naming the first option that is wrong."""
    url = table.get("url")
    if not isinstance(url, str) or not url:
        raise WrongOption("url", 'is missing; give a URL such as "file:///srv/images" or "s3://bucket/prefix"')
    parts = urlsplit(url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None:
        raise WrongOption(
            "url", f"{parts.scheme or 'no scheme'!r} is not known; use file, memory, s3, gs, az or glance"
        )
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise WrongOption("url", "must have no user, query or fragment; give credentials as options of their own")
    _check_names(table, scheme)
    place, path = _place(scheme, parts.netloc, unquote(parts.path))
    prefix = _prefix(scheme, path, table.get("prefix", ""))
    config, client, retry = _sorted(table, scheme)
    if scheme == "glance":
        _check_login(config)
    if config.get("endpoint", config.get("base_url", "")).startswith("http://"):
        client.setdefault("allow_http", True)
    price = store_prices.read(table.get("price"), scheme)
    return StoreOptions(scheme, place, prefix, _size(table.get("max_size")), config, client, retry, price)


def _check_names(table: Mapping[str, Any], scheme: str) -> None:
    allowed = _OWN | _PROVIDER.get(scheme, frozenset())
    if scheme in _PROVIDER:
        allowed |= _FORWARD.get(scheme, _CLIENT | _RETRY)
    for name in table:
        if name not in allowed:
            close = get_close_matches(name, allowed, 1)
            hint = f"; did you mean {close[0]}?" if close else f"; {scheme} stores take {', '.join(sorted(allowed))}"
            raise WrongOption(name, f"is no option of a {scheme} store{hint}")


def _check_login(config: Mapping[str, str]) -> None:
    """Raise WrongOption where nothing says who asks the image service, or where it is."""
    if "auth_url" not in config and not {"token", "endpoint"} <= config.keys():
        raise WrongOption("auth_url", "is missing; give Keystone's URL and how to log in, or endpoint and token")
    wanted = {"username", "application_credential_id", "token"}
    if not wanted & config.keys():
        raise WrongOption("username", "is missing; give username and password, an application credential, or a token")


def _place(scheme: str, host: str, path: str) -> tuple[str, str]:
    if scheme == "file":
        if host not in ("", "localhost") or not path.startswith("/") or path.strip("/") == "":
            raise WrongOption("url", 'must name a folder by its whole path, such as "file:///srv/images"')
        return path.rstrip("/"), ""
    if scheme == "memory":
        if path.strip("/"):
            raise WrongOption("url", 'a memory store has no folders; use "memory://" or "memory://NAME"')
        return host, ""
    if not host and scheme != "glance":
        raise WrongOption("url", f'names no bucket; give one, such as "{scheme}://bucket/prefix"')
    return host, path


def _prefix(scheme: str, path: str, more: Any) -> str:
    if not isinstance(more, str):
        raise WrongOption("prefix", f"must be a string, not {more!r}")
    if more and scheme == "memory":
        raise WrongOption("prefix", "a memory store takes none; use another store name instead")
    parts = [part for part in f"{path}/{more}".split("/") if part]
    if any(part in (".", "..") for part in parts):
        raise WrongOption("prefix" if more else "url", "must not have `.` or `..` among its parts")
    return "/".join(parts)


def _sorted(table: Mapping[str, Any], scheme: str) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
    config: dict[str, str] = {}
    client: dict[str, Any] = dict(_CLIENT_DEFAULTS)
    retry: dict[str, Any] = {}
    for name, value in table.items():
        if name in _OWN:
            continue
        if name in _RETRY:
            retry[name] = _retry(name, value)
        elif name in _PROVIDER[scheme]:
            if not isinstance(value, (str, bool, int)):
                raise WrongOption(name, f"must be a string, a number or a boolean, not {type(value).__name__}")
            config[name] = str(value).lower() if isinstance(value, bool) else str(value)
        else:
            client[name] = value
    return config, client, retry


def _retry(name: str, value: Any) -> Any:
    if name == "max_retries":
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise WrongOption(name, f"must be a whole number, 0 or more, not {value!r}")
        return value
    match = _TIME.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        raise WrongOption(name, f'must be a time such as "90s" or "5m", not {value!r}')
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2].lower()])


def _size(value: Any) -> int | None:
    if value is None:
        return None
    match = _SIZE.fullmatch(str(value))
    if match is None or isinstance(value, bool) or match[2].lower() == "i":
        raise WrongOption("max_size", f'must be bytes, or a size such as "20 GiB", not {value!r}')
    return int(float(match[1]) * _UNITS[match[2].lower()])
