"""The requests of OpenStack's image service, sent by openstacksdk, which knows how to log in and where the service is.

A client knows its cloud by the store's options. Its calls block; `GlanceClient` brings them to threads. Nothing is
sent twice by itself: bytes that were read can't be sent again, and whoever calls knows what a repetition would do.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from wharfinger.script import Failed, Store
from wharfinger_image.refusals import Missing, refusal

Image = dict[str, Any]
"""An image as the service tells of it: `id`, `name`, `status`, `size`, `owner` and the rest, properties among them."""

_PIECE = 1024 * 1024
_ANSWER = 900.0
"""Seconds after which the answer to an upload begins at the latest: the service may copy gigabytes before it."""

_PATCH = "application/openstack-images-v2.1-json-patch"
_AUTH = [
    "application_credential_id",
    "application_credential_secret",
    "auth_url",
    "password",
    "project_domain_name",
    "project_id",
    "project_name",
    "token",
    "user_domain_name",
    "username",
]
_PASSING = frozenset({408, 409, 425, 429})
_FULL = 413


class GlanceClient:
    """The requests. They raise Missing, and Failed as `refusals.refusal` does: STORE_REFUSED, STORE_UNAVAILABLE.

    An upload that has no room raises Failed too (STORE_FULL).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connect = _seconds(store.client.get("connect_timeout"), 10.0)
        self._read = _seconds(store.client.get("read_timeout"), 60.0)
        self._connection = _connection(store)
        with self._told():
            self._images = self._connection.image
            self.project = str(self._connection.session.get_project_id() or "")
            """The id of the project that is logged in to; "" where a bare token does not tell."""

    async def get(self, image: str) -> Image:
        """Return an image. Raises Missing."""
        found: Image = await self._ask("get", f"/images/{image}")
        return found

    async def listed(self, **filters: str) -> list[Image]:
        """Return all images that are to be seen and that the service's own `filters` let through."""
        found: list[Image] = []
        answer: dict[str, Any] = await self._ask("get", "/images", params={"limit": "200", **filters})
        while True:
            found += answer["images"]
            following = answer.get("next")
            if not following:
                return found
            # With its query; the path before it has the version, which the client puts there itself.
            answer = await self._ask("get", f"/images?{urlsplit(following).query}")

    async def create(self, image: Mapping[str, Any]) -> bool:
        """Make an image without bytes; return False if there is, or was, one with its id."""
        try:
            await self._ask("post", "/images", json=dict(image))
        except Conflict:
            return False
        return True

    async def change(self, image: str, changes: Sequence[Mapping[str, Any]]) -> None:
        """Change an image's properties by JSON patches, in one step. Raises Missing."""
        await self._ask("patch", f"/images/{image}", json=list(changes), headers={"Content-Type": _PATCH})

    async def delete(self, image: str) -> None:
        """Delete an image; one that is gone already needs nothing."""
        try:
            await self._ask("delete", f"/images/{image}")
        except Missing:
            return

    def write(self, image: str, body: Iterable[bytes], backend: str) -> None:
        """Send the bytes of an image; blocks. With a length, `body` is sent as that many bytes. Raises Missing."""
        headers = {"Content-Type": "application/octet-stream", "Accept": ""}
        if backend:
            headers["X-Image-Meta-Store"] = backend
        patience = (self._connect, max(self._read, _ANSWER))
        self._request("put", f"/images/{image}/file", data=body, headers=headers, timeout=patience)

    def read(self, image: str, start: int, size: int) -> Generator[memoryview, None, None]:
        """Yield the bytes of an image, `size` in all, from `start` on; blocks. Raises Missing."""
        headers = {"Accept": "application/octet-stream"} | ({"Range": f"bytes={start}-"} if start else {})
        response = self._request("get", f"/images/{image}/file", headers=headers, stream=True)
        with self._told(), response:
            position = start if response.status_code == 206 else 0
            for piece in response.iter_content(_PIECE):
                before, position = position, position + len(piece)
                if position > start:
                    yield memoryview(piece)[max(start - before, 0) :]
            if position != size:
                raise refusal(self._store.name, f"it sent {position} bytes of the image's {size}")

    async def _ask(self, verb: str, path: str, **more: Any) -> Any:
        response = await asyncio.to_thread(partial(self._request, verb, path, **more))
        return response.json() if response.content else None

    def _request(self, verb: str, path: str, **more: Any) -> Any:
        call = getattr(self._images, verb)
        more.setdefault("timeout", (self._connect, self._read))
        with self._told():
            response = call(path, raise_exc=False, connect_retries=0, status_code_retries=0, **more)
            if response.status_code < 300:
                return response
            raise self._meaning(response.status_code, f"{response.status_code}: {_said(response)}")

    def _meaning(self, status: int, text: str) -> Exception:
        if status in (404, 410):
            return Missing(self._store.name)
        if status == 409:
            return Conflict(self._store.name, text)
        if status == _FULL:
            word = refusal(self._store.name, text)
            why = f"store {self._store.name!r} has no room left: {text}"
            return Failed(why, reason="STORE_FULL", code=8, retryable=True, metadata=word.metadata)
        definite = 300 <= status < 500 and status not in _PASSING
        return refusal(self._store.name, text, definite=definite, denied=status in (401, 403))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the errors of openstacksdk, keystoneauth1 and requests into ours."""
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException
        from requests.exceptions import RequestException

        try:
            yield
        except (SDKException, ClientException, RequestException) as error:
            status = getattr(error, "http_status", None) or 0
            definite = 400 <= status < 500 and status not in _PASSING
            denied = status in (401, 403)
            raise refusal(self._store.name, _line(str(error)), definite=definite, denied=denied) from error


class Conflict(Failed):
    """The service says that something stands in the way now: an id that was used, an image that is being written."""

    def __init__(self, store: str, text: str) -> None:
        word = refusal(store, text)
        super().__init__(word.message, reason=word.reason, retryable=word.retryable, metadata=word.metadata)


def _said(response: Any) -> str:
    """Return what an answer says in words: the service wraps them in a page."""
    text = response.text[:4000]
    body = text.partition("</h1>")[2] or text
    return _line(body.partition("<br")[0]) or str(response.reason)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


_lock = threading.Lock()
_clients: dict[Store, GlanceClient] = {}
os.register_at_fork(after_in_child=_clients.clear)


async def client_of(store: Store) -> GlanceClient:
    """Return the client of a store of images; it is kept, as the store is, and holds connections.

    Raises Failed: STORE_MISCONFIGURED where openstacksdk is not installed, and what logging in raises.
    """
    known = _clients.get(store)
    return known if known is not None else await asyncio.to_thread(_opened, store)


def _opened(store: Store) -> GlanceClient:
    made = GlanceClient(store)  # not under the lock: a cloud that does not answer must not hold up the others
    with _lock:
        return _clients.setdefault(store, made)


def _connection(store: Store) -> Any:
    try:
        from keystoneauth1 import loading
        from keystoneauth1.exceptions import MissingRequiredOptions
        from keystoneauth1.session import Session
        from openstack.connection import Connection
    except ImportError as error:
        why = f"[stores.{store.name}] images in OpenStack need the extra `wharfinger-image[glance]`: {error}"
        raise Failed(why, reason="STORE_MISCONFIGURED", metadata={"store": store.name}) from error

    options = store.config
    auth = {name: options[name] for name in _AUTH if options.get(name)}
    endpoint = options.get("endpoint", "").rstrip("/").removesuffix("/v2")
    if "token" in auth and "auth_url" not in auth:
        # Nobody is logged in to: the token is sent as it is, to the service that the operator names.
        kind, auth = "admin_token", {"token": auth["token"], "endpoint": endpoint}
    elif "application_credential_id" in auth:
        kind = "v3applicationcredential"
    else:
        kind = "token" if "token" in auth else "password"
    # Not by the library's own files and variables, which a server's user may have in the home for something else.
    try:
        login: Any = loading.get_plugin_loader(kind).load_from_options(**auth)
    except MissingRequiredOptions as error:
        why = f"[stores.{store.name}] the login is not whole: {error}"
        raise Failed(why, reason="STORE_MISCONFIGURED", metadata={"store": store.name}) from None
    session = Session(
        auth=login,
        verify=_verify(store.client),
        timeout=_seconds(store.client.get("read_timeout"), 60.0),
        app_name="wharfinger",
    )
    return Connection(
        session=session,
        region_name=store.bucket or None,
        image_interface=options.get("interface") or "public",
        image_api_version="2",
        image_endpoint_override=endpoint or None,
    )


def _verify(client: Mapping[str, Any]) -> bool | str:
    """Return what the service's certificate is checked by: those of the system, or a file of the operator's."""
    if str(client.get("allow_invalid_certificates", "")).lower() == "true":
        return False
    if not client.get("root_certificate"):
        return True
    handle, path = tempfile.mkstemp(prefix="wharfinger-ca-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(str(client["root_certificate"]))
    return path


def _seconds(value: Any, default: float) -> float:
    """Return what `value`, such as "90s", is in seconds."""
    text = str(value if value is not None else "").strip().lower()
    for unit, factor in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)):
        if text.endswith(unit) and text[: -len(unit)].strip().replace(".", "", 1).isdigit():
            return float(text[: -len(unit)]) * factor
    return float(text) if text.replace(".", "", 1).isdigit() else default
