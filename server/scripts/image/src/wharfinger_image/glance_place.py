"""A place in OpenStack's image service, which knows images by ids, and lets several have one name.

The id is ours to choose, and tells what is ours: it is made of the task's mark and a number, and the service takes an
id once and never again, deleted or not. So a request that is repeated, or arrives late, makes nothing twice. While
bytes are on their way the image is hidden and has a staging name; it gets its own in one step. Because the service
does not refuse a name that is taken, the name is claimed first: of several that do so at once, one at most gets it.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from wharfinger.script import Failed
from wharfinger_image import disk_format
from wharfinger_image.glance_client import Conflict, GlanceClient, Image, client_of
from wharfinger_image.kept import Origin, StartOver
from wharfinger_image.outflow import Outflow, SizedOutflow
from wharfinger_image.place import Look, Place, Taken, limited
from wharfinger_image.pump import Pump
from wharfinger_image.refusals import Missing, refusal
from wharfinger_image.traits import Traits, traits
from wharfinger_image.transfer import Content, Piece

_MARK, _NUMBER, _CLAIM, _CONTENT = "wharfinger_mark", "wharfinger_number", "wharfinger_claim", "wharfinger_content"
_GONE = frozenset({"deleted", "killed", "pending_delete"})
_CLAIMS = 6
"""How often a name is claimed while others claim it too."""

_MOST = 1000
"""How many ids one task may use up in one store."""


class GlancePlace(Place):
    """A name in an image service; see Place."""

    _image = ""
    traits = Traits()
    """What the image is to be; see `ask`."""

    def ask(self, asked: Mapping[str, Any]) -> None:
        """Have the image be what the param `glance` says, and the store's table where it says nothing."""
        self.traits = traits(asked, self.store.config)

    @property
    def about(self) -> dict[str, str]:
        """As Place.about: the image's id, by which servers are started from it."""
        return {"image": self._image} if self._image else {}

    # ------------------------------------------------------------------ looking

    async def look(self) -> Look:
        """As Place.look; what is ours stays ours, whatever somebody has called it since."""
        client = await client_of(self.store)
        if (ours := await self._published(client)) is not None:
            self._image = ours["id"]
            return Look.OURS
        return Look.TAKEN if await self._others(client) else Look.ABSENT

    async def staged(self, size: int) -> bool:
        """As Place.staged."""
        found = await self._staged(await client_of(self.store))
        if [(one["status"], one["size"]) for one in found] != [("active", size)]:
            return False
        self._image = found[0]["id"]
        return True

    async def recorded(self) -> tuple[Content | None, bool]:
        """As Place.recorded. The service itself knows a digest of the bytes, which never change."""
        try:
            found = await self._named(await client_of(self.store))
        except Missing:
            return None, False
        sha512 = found.get("os_hash_value") or "" if found.get("os_hash_algo") == "sha512" else ""
        # Who makes an image of a server copies the properties of the one that it was started from: it is of one id.
        image, _, sha256 = str(found.get(_CONTENT, "")).partition("/")
        sha256 = sha256 if image == found["id"] else ""
        return (Content(found["size"], sha256, sha512) if sha256 or sha512 else None), True

    async def facts(self) -> tuple[int, str]:
        """As Place.facts."""
        found = await self._named(await client_of(self.store))
        return found["size"], str(found.get(_MARK, ""))

    async def e_tag(self) -> str:
        """As Place.e_tag: an image's bytes never change, so its id says which they are."""
        return f'"{(await self._named(await client_of(self.store)))["id"]}"'

    # ------------------------------------------------------------------ reading

    async def open(self, start: int = 0, e_tag: str = "") -> tuple[int, str, AsyncIterator[Piece]]:
        """As Place.open."""
        client = await client_of(self.store)
        found = await self._named(client)
        if start and (e_tag != f'"{found["id"]}"' or start > found["size"]):
            raise StartOver
        return found["size"], f'"{found["id"]}"', self._read(client, found, start)

    async def _read(self, client: GlanceClient, image: Image, start: int) -> AsyncIterator[Piece]:
        if start == image["size"]:
            return
        async with Pump[memoryview](partial(client.read, image["id"], start, image["size"]), lambda: None) as pieces:
            async for piece in pieces:
                yield piece

    # ------------------------------------------------------------------ writing

    async def upload(
        self,
        pieces: AsyncIterator[Piece],
        size: int | None,
        *,
        most: int = 0,
        start: int = 0,
        origin: Origin | None = None,
    ) -> None:
        """As Place.upload, by one request; what an earlier one has left is no use, and is deleted."""
        self._check_limit(size)
        client = await client_of(self.store)
        await self._delete_staged(client)
        kind, pieces = await disk_format.told(limited(pieces, self.limit))
        self._image = await self._begin(client, kind)
        body = Outflow(pieces) if size is None else SizedOutflow(pieces, size)
        backend = self.store.config.get("backend", "")
        await body.through(lambda body: client.write(self._image, body, backend))
        found = await client.get(self._image)
        if found["status"] != "active":
            raise refusal(self.store.name, f"the image is {found['status']} after all of it was sent")
        if found.get("os_hash_algo") == "sha512" and found["os_hash_value"] != body.sha512:
            raise refusal(self.store.name, "what it has is not what was sent to it: its SHA-512 is another one")

    async def _begin(self, client: GlanceClient, kind: str) -> str:
        """Make an image without bytes, by the first of our ids that was never used; return it."""
        wanted = self.traits
        for number in range(_MOST):
            image = _id(self.mark, number)
            about = {
                **wanted.about,
                "id": image,
                "name": self.staging,
                "os_hidden": True,
                "disk_format": kind if wanted.disk_format == "auto" else wanted.disk_format,
                "container_format": wanted.container_format,
                "visibility": wanted.visibility,
                _MARK: self.mark,
                _NUMBER: str(number),
            }
            if await client.create(about):
                return image
        raise refusal(self.store.name, f"{_MOST} images were begun and deleted by one task", definite=True)

    # ------------------------------------------------------------------ naming

    async def publish(self, *, replace: bool = False) -> None:
        """As Place.publish. Whoever does not ask for claims, as people do, can take the name at the same time."""
        client = await client_of(self.store)
        staged = [one for one in await self._staged(client) if one["status"] == "active"]
        if not staged:
            raise Missing(self.store.name)
        self._image = staged[0]["id"]
        if replace:
            await self._replace(client)
        elif await self._claimed(client):
            await self._name(client, [{"op": "remove", "path": f"/{_CLAIM}"}])
        else:
            raise Taken

    async def _claimed(self, client: GlanceClient) -> bool:
        """Claim the name; False if somebody has it, or goes on claiming it."""
        claim = {"op": "add", "path": f"/{_CLAIM}", "value": self._key}
        for tried in range(_CLAIMS):
            if await self._others(client):
                return False
            await client.change(self._image, [claim])
            # Claims first: who has got the name since has given up the claim in the same step.
            rivals = await client.listed(os_hidden="true", **{_CLAIM: self._key})
            if all(one["id"] == self._image for one in rivals) and not await self._others(client):
                return True
            await client.change(self._image, [{"op": "remove", "path": f"/{_CLAIM}"}])
            await asyncio.sleep(random.uniform(0.05, 0.2) * 2**tried)  # noqa: S311 - so that two don't meet again
        return False

    async def _replace(self, client: GlanceClient) -> None:
        old = await self._others(client)
        kept = next((one for one in old if one.get("protected")), None)
        if kept is not None:
            why = f"the image {kept['id']} has the name, and is protected: it can't be replaced"
            raise refusal(self.store.name, why, definite=True)
        await self._name(client, [])
        for one in old:
            await client.delete(one["id"])

    async def _name(self, client: GlanceClient, more: list[dict[str, Any]]) -> None:
        changes: list[dict[str, Any]] = [
            {"op": "replace", "path": "/name", "value": self._key},
            {"op": "replace", "path": "/os_hidden", "value": False},
            {"op": "replace", "path": "/protected", "value": self.traits.protected},
        ]
        await client.change(self._image, changes + more)

    async def note(self, content: Content) -> None:
        """As Place.note: as a property of the image. Raises Missing."""
        client = await client_of(self.store)
        ours = await self._published(client)
        if ours is None:
            raise Missing(self.store.name)
        value = f"{ours['id']}/{content.sha256}"
        await client.change(ours["id"], [{"op": "add", "path": f"/{_CONTENT}", "value": value}])

    # ------------------------------------------------------------------ taking away

    async def discard(self) -> None:
        """As Place.discard. Where nothing is there the next id is used up: a request on its way makes nothing later."""
        client = await client_of(self.store)
        if await self._delete_staged(client) or await self._published(client) is not None:
            return
        with suppress(Failed, Missing):  # whoever may not make images has none on their way
            await client.delete(await self._begin(client, "raw"))

    async def _delete_staged(self, client: GlanceClient) -> bool:
        staged = await self._staged(client)
        for one in staged:
            await client.delete(one["id"])
        return bool(staged)

    async def delete(self) -> None:
        """As Place.delete; it is protected no longer."""
        client = await client_of(self.store)
        ours = await self._published(client)
        if ours is None:
            return
        if ours.get("protected"):
            await client.change(ours["id"], [{"op": "replace", "path": "/protected", "value": False}])
        try:
            await client.delete(ours["id"])
        except Conflict as error:
            why = f"the image {ours['id']} is in use: {error.message}"
            raise Failed(why, reason=error.reason, retryable=True, metadata=error.metadata) from None

    # ------------------------------------------------------------------ images

    @property
    def _key(self) -> str:
        """The image's name in the service, the store's prefix included."""
        return self.store.key(self.name)

    async def _ours(self, client: GlanceClient) -> list[Image]:
        """Return what bears our mark and one of our ids: a mark alone is copied to images that are made of servers."""
        shown, hidden = [await client.listed(os_hidden=said, **{_MARK: self.mark}) for said in ("false", "true")]
        found = [*shown, *hidden]
        return [one for one in found if one["id"] == _id(self.mark, one.get(_NUMBER)) and one["status"] not in _GONE]

    async def _staged(self, client: GlanceClient) -> list[Image]:
        return [one for one in await self._ours(client) if one["name"] == self.staging]

    async def _published(self, client: GlanceClient) -> Image | None:
        return next((one for one in await self._ours(client) if one["name"] != self.staging), None)

    async def _others(self, client: GlanceClient) -> list[Image]:
        """Return the images of this project that have the name and are not ours."""
        found = await client.listed(name=self._key)
        mine = [one for one in found if client.project in ("", one.get("owner"))]
        return [one for one in mine if one["id"] != _id(self.mark, one.get(_NUMBER)) and one["status"] not in _GONE]

    async def _named(self, client: GlanceClient) -> Image:
        """Return the image that is to be read: the project's own, or else another's that is to be seen.

        Raises Missing; and Failed (STORE_REFUSED) if several have the name, none of which bears our mark.
        """
        found = [one for one in await client.listed(name=self._key) if one["status"] == "active"]
        own = [one for one in found if one.get("owner") == client.project]
        ours = [one for one in found if self.mark and one["id"] == _id(self.mark, one.get(_NUMBER))]
        among = ours or own or found
        if not among and _is_id(self.name):
            among = [await client.get(self.name)]
        if not among:
            raise Missing(self.store.name)
        if len(among) > 1:
            why = f"{len(among)} images are called {self._key!r}; name one by its id: "
            why += ", ".join(sorted(one["id"] for one in among)[:5])
            raise refusal(self.store.name, why, definite=True)
        return among[0]


def _id(mark: str, number: Any) -> str:
    """Return the id of the image that a task begins as its `number`th in one store."""
    return str(uuid.uuid5(uuid.UUID(mark), str(number)))


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False
