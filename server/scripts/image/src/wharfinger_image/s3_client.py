"""The requests that obstore has none of, sent to an S3 store by botocore: multipart uploads, listed, composed, aborted.

A client knows its store by the same options as obstore does, and finds credentials where obstore looks for them. Its
calls block; `S3Client` brings them to threads. All keys are whole keys of the bucket, the store's prefix included.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from wharfinger.script import Store
from wharfinger_image.refusals import Missing, NoBucket, refusal

T = TypeVar("T")

_REGION = "us-east-1"
_ANSWER = 900.0
"""Seconds after which the answer begins at the latest: a store that copies gigabytes says nothing meanwhile."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TAKEN = frozenset({"PreconditionFailed", "412"})
_RACED = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
_MISSING = frozenset({"NoSuchKey", "NoSuchUpload", "404"})
_DENIED = frozenset({401, 403})
_PASSING = frozenset({408, 425, 429})
_NOT_IMPLEMENTED = 501


class ConditionFailed(Exception):
    """The store refused a request because there is an object of that name already."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A multipart upload that was begun and neither completed nor aborted; `when` by the store's clock."""

    key: str
    id: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Range:
    """A part of an upload that the store copies: `size` bytes of `key`, whose entity tag is `e_tag`, from `start`."""

    key: str
    start: int
    size: int
    e_tag: str = ""
    whole: bool = False


class S3Client:
    """The requests, each in a thread. They raise Missing, ConditionFailed, and Failed as `refusals.told` does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bucket = store.bucket
        self._raw = _open(store)
        self._encryption = _encryption(store.config)

    async def uploads(self, prefix: str) -> list[Begun]:
        """Return the open uploads of all keys that begin with `prefix`."""
        return await self._do(partial(self._uploads, prefix))

    async def create_upload(self, key: str, kind: str, metadata: Mapping[str, str]) -> str:
        """Begin an upload; return its id."""
        call = partial(
            self._raw.create_multipart_upload,
            Bucket=self._bucket,
            Key=key,
            ContentType=kind,
            Metadata=dict(metadata),
            **self._encryption,
        )
        return str((await self._do(call))["UploadId"])

    async def copy_part(self, key: str, upload: str, number: int, source: Range) -> str:
        """Let the store copy `source` to a part of an upload; return the part's entity tag."""
        extra: dict[str, Any] = {"CopySourceIfMatch": source.e_tag} if source.e_tag else {}
        if not source.whole:
            extra["CopySourceRange"] = f"bytes={source.start}-{source.start + source.size - 1}"
        call = partial(
            self._raw.upload_part_copy,
            Bucket=self._bucket,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": self._bucket, "Key": source.key},
            **extra,
        )
        return str((await self._do(call))["CopyPartResult"]["ETag"])

    async def put_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        """Send a part of an upload; return its entity tag."""
        call = partial(
            self._raw.upload_part, Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=number, Body=data
        )
        return str((await self._do(call))["ETag"])

    async def parts(self, key: str, upload: str) -> int:
        """Return how many parts an open upload has, 1000 at most."""
        call = partial(self._raw.list_parts, Bucket=self._bucket, Key=key, UploadId=upload)
        return len((await self._do(call)).get("Parts", ()))

    async def complete(self, key: str, upload: str, tags: list[str], *, replace: bool = False) -> None:
        """Let the object appear. Raises ConditionFailed, unless it may `replace` what has the name."""
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
        extra = {} if replace else {"IfNoneMatch": "*"}
        call = partial(
            self._raw.complete_multipart_upload,
            Bucket=self._bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            **extra,
        )
        await self._do(call)

    async def abort(self, key: str, upload: str) -> None:
        """Abort an upload; one that is gone already needs nothing."""
        try:
            await self._do(partial(self._raw.abort_multipart_upload, Bucket=self._bucket, Key=key, UploadId=upload))
        except (Missing, NoBucket):
            return

    async def put(self, key: str, data: bytes, *, replace: bool = True) -> None:
        """Write a small object. Raises ConditionFailed where it may not `replace` one that is there."""
        extra = {} if replace else {"IfNoneMatch": "*"}
        await self._do(
            partial(self._raw.put_object, Bucket=self._bucket, Key=key, Body=data, **self._encryption, **extra)
        )

    def _uploads(self, prefix: str) -> list[Begun]:
        found: list[Begun] = []
        markers: dict[str, str] = {}
        while True:
            answer = self._raw.list_multipart_uploads(Bucket=self._bucket, Prefix=prefix, **markers)
            listed = answer.get("Uploads", ())
            found += [Begun(one["Key"], one["UploadId"], one["Initiated"]) for one in listed]
            following = {
                "KeyMarker": answer.get("NextKeyMarker", ""),
                "UploadIdMarker": answer.get("NextUploadIdMarker", ""),
            }
            if not answer.get("IsTruncated") or not following["KeyMarker"] or following == markers:
                # Some stores ignore the prefix.
                return [one for one in found if one.key.startswith(prefix)]
            markers = following

    async def _do(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._told, call)

    def _told(self, call: Callable[[], T]) -> T:
        with _translated(self._store.name):
            return call()


_lock = threading.Lock()
_clients: dict[Store, S3Client] = {}
os.register_at_fork(after_in_child=_clients.clear)


async def client_of(store: Store) -> S3Client:
    """Return the client of an S3 store; it is kept, as the store is, and holds connections."""
    known = _clients.get(store)
    return known if known is not None else await asyncio.to_thread(_opened, store)


def _opened(store: Store) -> S3Client:
    with _lock:
        if store not in _clients:
            _clients[store] = S3Client(store)
        return _clients[store]


@contextmanager
def _translated(store: str) -> Iterator[None]:
    """Turn botocore's errors into ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        said = answer.get("Error", {}).get("Message", "") or code
        raise _meaning(store, code, status, f"{status} {code}: {said}") from error
    except BotoCoreError as error:
        word = "credentials" in type(error).__name__.lower()
        raise refusal(store, str(error), definite=word) from error


def _meaning(store: str, code: str, status: int, text: str) -> Exception:
    if code in _TAKEN or status == 412:
        return ConditionFailed(text)
    if code == "NoSuchBucket":
        metadata = {"store": store, "cause": "no such bucket"}
        return NoBucket(f"store {store!r} has no such bucket", reason="STORE_REFUSED", metadata=metadata)
    if code in _MISSING or status == 404:
        return Missing(store)
    if code in _RACED or status == 409:
        return refusal(store, text)
    definite = status in _DENIED or status == _NOT_IMPLEMENTED or (400 <= status < 500 and status not in _PASSING)
    return refusal(store, text, definite=definite, denied=status in _DENIED)


# ---------------------------------------------------------------- options


def _encryption(options: Mapping[str, str]) -> dict[str, Any]:
    """Return what asks for the encryption, and the payer, that the store's options name."""
    named = {
        "server_side_encryption": "ServerSideEncryption",
        "sse_kms_key_id": "SSEKMSKeyId",
    }
    found: dict[str, Any] = {to: options[name] for name, to in named.items() if options.get(name)}
    if options.get("sse_bucket_key_enabled") == "true":
        found["BucketKeyEnabled"] = True
    if options.get("request_payer") == "true":
        found["RequestPayer"] = "requester"
    return found


def _open(store: Store) -> Any:
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config

    options, client = store.config, store.client
    session = botocore.session.Session()
    # obstore reads the environment and asks the machine's role; it knows no files in somebody's home.
    for file in ("config_file", "credentials_file"):
        session.set_config_variable(file, os.devnull)
    if options.get("metadata_endpoint"):
        session.set_config_variable("ec2_metadata_service_endpoint", options["metadata_endpoint"])
    _take_role(session, options)
    config: dict[str, Any] = {
        "connect_timeout": _seconds(client.get("connect_timeout"), 10.0),
        "read_timeout": max(_seconds(client.get("read_timeout"), _ANSWER), _ANSWER),
        "retries": {"mode": "standard", "total_max_attempts": 1 + int(store.retry.get("max_retries", 4))},
        "s3": {"addressing_style": "virtual" if options.get("virtual_hosted_style_request") == "true" else "path"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
        "max_pool_connections": 16,
    }
    if options.get("skip_signature") == "true":
        config["signature_version"] = UNSIGNED
    if client.get("user_agent"):
        config["user_agent"] = str(client["user_agent"])
    if client.get("proxy_url"):
        config["proxies"] = dict.fromkeys(("http", "https"), str(client["proxy_url"]))
        if client.get("proxy_ca_certificate"):
            config["proxies_config"] = {"proxy_ca_bundle": _pem(str(client["proxy_ca_certificate"]))}
    region = options.get("region") or options.get("default_region")
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _REGION
    return session.create_client(
        "s3",
        region_name=region,
        endpoint_url=options.get("endpoint") or os.environ.get("AWS_ENDPOINT") or None,
        verify=_verify(client),
        aws_access_key_id=options.get("access_key_id"),
        aws_secret_access_key=options.get("secret_access_key"),
        aws_session_token=options.get("session_token"),
        config=Config(**config),
    )


def _take_role(session: Any, options: Mapping[str, str]) -> None:
    """Let `session` take its credentials where the options say that they are given out."""
    from botocore import credentials

    container = {
        f"AWS_{name.upper()}": options[name]
        for name in ("container_credentials_relative_uri", "container_credentials_full_uri")
        if options.get(name)
    }
    if container:
        if options.get("container_authorization_token_file"):
            container["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = options["container_authorization_token_file"]
        session._credentials = credentials.ContainerProvider(environ=container).load()  # noqa: SLF001 - no other way in
    elif options.get("role_arn") and options.get("web_identity_token_file"):
        fetcher = credentials.AssumeRoleWithWebIdentityCredentialFetcher(
            session.create_client,
            _token_loader(options["web_identity_token_file"]),
            options["role_arn"],
            extra_args={"RoleSessionName": options.get("role_session_name", "wharfinger")},
        )
        session._credentials = credentials.DeferredRefreshableCredentials(  # noqa: SLF001 - no other way in
            method="assume-role-with-web-identity", refresh_using=fetcher.fetch_credentials
        )


def _token_loader(path: str) -> Callable[[], str]:
    return lambda: Path(path).read_text()


def _verify(client: Mapping[str, Any]) -> Any:
    if str(client.get("allow_invalid_certificates", "")).lower() == "true":
        return False
    return _pem(str(client["root_certificate"])) if client.get("root_certificate") else None


def _pem(text: str) -> str:
    """Return a file with `text`, a certificate; botocore takes them by file only."""
    handle, path = tempfile.mkstemp(prefix="wharfinger-ca-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return path


def _seconds(value: Any, default: float) -> float:
    text = str(value if value is not None else "").strip().lower()
    for unit in ("ms", "s", "m", "h"):
        if text.endswith(unit) and text[: -len(unit)].strip().replace(".", "", 1).isdigit():
            return float(text[: -len(unit)]) * _SECONDS[unit]
    return float(text) if text.replace(".", "", 1).isdigit() else default
