"""Tells which settings are credentials, so that they are guarded and never shown.

What stands in `[stores.NAME]` and `[profiles.NAME]` is one unless its key is known to be harmless: what providers and
drivers take as credentials has more names than anybody knows. Elsewhere names tell, and passwords in URLs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|credential|private|cookie|bearer|signature|^sas|^key$|^sig$"
    r"|(access|account|api|encryption|shared|master|signing)[_-]?key"
    r"|(^|[_-])(pwd|pass|passcode|dsn|auth)$|authorization|connection[_-]?string",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)(\S+)(@)")
_URL_ARGUMENT = re.compile(r"([?&;])([^=&;#\s]+)(=)([^&;#\s]+)")
HIDDEN = "(hidden)"

GUARDED = ("stores", "profiles")
"""The groups of tables in which every key holds a credential unless it is harmless."""

_HARMLESS_NAMES = """
    url prefix prefix_by_project max_size region host port secure provider projects options env

    allow_http allow_invalid_certificates connect_timeout http1_only http2_only max_retries pool_idle_timeout
    pool_max_idle_per_host proxy_excludes proxy_url read_timeout retry_timeout root_certificate timeout user_agent

    account_name application_credentials authority_host base_url checksum_algorithm client_id conditional_put
    container_authorization_token_file container_credentials_full_uri container_credentials_relative_uri
    copy_if_not_exists credential_type default_region disable_bulk_delete disable_tagging endpoint
    federated_token_file metadata_endpoint msi_endpoint msi_resource_id object_id request_payer role_arn
    role_session_name server_side_encryption service_account skip_signature sse_bucket_key_enabled sse_kms_key_id
    sts_endpoint tenant_id unsigned_payload use_azure_cli use_emulator use_fabric_endpoint
    virtual_hosted_style_request web_identity_token_file

    application_credential_id auth_url backend container_format disk_format interface project_domain_name project_id
    project_name user_domain_name visibility

    api_version datacenter ex_domain_name ex_force_auth_url ex_force_auth_version ex_force_base_url
    ex_force_microversion ex_force_service_name ex_force_service_region ex_force_service_type ex_tenant_domain_id
    ex_tenant_name location project retry_delay signature_version subscription_id verify zone
"""
"""Of every table; of a store, how its client connects; of S3, Google Cloud Storage, Azure and OpenStack; of drivers."""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
_NO_SECRETS = frozenset({"price"})
"""Tables whose keys are the server's own, and none of them a credential."""


def is_secret(key: str, value: object, *, guarded: bool = False) -> bool:
    """Whether the setting `key` holds a credential: by its name, or because its value is a URL with one in it.

    `guarded`: it stands in a store or a profile.
    """
    if not value or isinstance(value, bool):
        return False
    named = key.lower() not in _HARMLESS if guarded else bool(_SECRET_KEY.search(key))
    return named or (isinstance(value, str) and bool(_in_url(value)))


def shown(key: str, value: Any, *, guarded: bool = False) -> Any:
    """Return `value` fit to be printed: credentials are replaced, at any depth."""
    if key in _NO_SECRETS:
        return value
    if isinstance(value, Mapping):
        return {name: shown(name, inner, guarded=guarded) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown(key, inner, guarded=guarded) for inner in value]
    if isinstance(value, str) and _in_url(value):
        return shown_url(value)
    return HIDDEN if is_secret(key, value, guarded=guarded) else value


def secrets_in(
    table: Mapping[str, Any], path: tuple[str, ...] = (), *, guarded: bool = False
) -> Iterator[tuple[str, ...]]:
    """Yield the path of every credential in `table`: of all settings, or of one table of theirs."""
    for key, value in table.items():
        where = (*path, key)
        inside = guarded or (not path and key in GUARDED)
        if key in _NO_SECRETS or _printed_elsewhere(value):
            continue
        if isinstance(value, Mapping):
            yield from secrets_in(value, where, guarded=inside)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                if isinstance(inner, Mapping):
                    yield from secrets_in(inner, (*where, str(index)), guarded=inside)
                elif is_secret(key, inner, guarded=inside):
                    yield where
        elif is_secret(key, value, guarded=inside):
            yield where


def secret_values(value: Any, key: str = "", *, guarded: bool = False) -> Iterator[str]:
    """Yield every credential in a table, or in the value of `key`: what it is itself, or names in the environment.

    Of a URL it is the password, and each argument that is one. What a command prints is known only to who runs it.
    """
    if key in _NO_SECRETS:
        return
    if isinstance(value, Mapping):
        yield from _in_table(value, key, guarded=guarded)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secret_values(inner, key, guarded=guarded)
    elif isinstance(value, str) and (found := _in_url(value)):
        yield from found
    elif isinstance(value, str | int | float) and is_secret(key, value, guarded=guarded):
        yield str(value)


def _in_table(table: Mapping[str, Any], key: str, *, guarded: bool) -> Iterator[str]:
    if isinstance(table.get("env"), str) and is_secret(key, table, guarded=guarded):
        yield from filter(None, [os.environ.get(table["env"])])
    if _printed_elsewhere(table):
        return
    for name, inner in table.items():
        # Beside a secret a key is only its name: of an account, or of the secret.
        if name != "key" or not table.get("secret"):
            yield from secret_values(inner, name, guarded=guarded)


def shown_url(url: str) -> str:
    """Return a URL without the password in it, and without the values of arguments that are credentials."""
    url = _URL_PASSWORD.sub(rf"\g<1>{HIDDEN}\g<3>", url)
    if "://" not in url:
        return url
    return _URL_ARGUMENT.sub(
        lambda found: f"{found[1]}{found[2]}={HIDDEN}" if _SECRET_KEY.search(found[2]) else found[0], url
    )


def _in_url(text: str) -> list[str]:
    """Return the credentials in a URL, as they stand there and as they are meant; [] for what is none or has none."""
    if "://" not in text:
        return []
    found = [match[2] for match in _URL_PASSWORD.finditer(text)]
    found += [match[4] for match in _URL_ARGUMENT.finditer(text) if _SECRET_KEY.search(match[2])]
    return list(dict.fromkeys([*found, *map(unquote, found)]))


def _printed_elsewhere(value: object) -> bool:
    """Whether a setting says by which command, or from which variable, its value is to be had."""
    return isinstance(value, Mapping) and len(value) == 1 and bool({"command", "env"} & value.keys())
