"""What is looked at before the first node is made: size, image, location, names, quota."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from libcloud.compute.types import NodeState

from wharfinger.script import AsyncTask, Failed
from wharfinger_compute.account import Account, told
from wharfinger_libcloud.wording import said

_NOT_FOUND = 5
_EXISTS = 6
_EXHAUSTED = 8
_UNIMPLEMENTED = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What the nodes are made of, as libcloud wants it. `location` None: any."""

    size: Any
    image: Any
    location: Any


async def choose(account: Account, asked: dict[str, Any]) -> Plan:
    """Return size, image and location. Raises Failed: UNKNOWN_SIZE, UNKNOWN_IMAGE, UNKNOWN_LOCATION, NOT_SUPPORTED."""
    if asked.get("addresses") and account.provider != "ec2":
        raise Failed(
            f"floating addresses can be made on ec2 only, not on {account.provider}; leave `addresses` out",
            reason="NOT_SUPPORTED",
            code=_UNIMPLEMENTED,
            metadata={"feature": "addresses", "provider": account.provider},
        )
    try:
        sizes, images, locations = await _all(
            account.driver.list_sizes(), _images(account, asked["image"]), _locations(account, asked)
        )
    except Exception as error:
        raise told(account.profile, error) from error
    location = _one("location", asked["location"], locations) if asked.get("location") else None
    if account.provider == "ec2" and location is None:
        # Volumes can be attached within their zone only, so there must be one.
        location = locations[0]
    return Plan(_one("size", asked["size"], sizes), _one("image", asked["image"], images), location)


async def _all(*questions: Awaitable[Any]) -> list[Any]:
    """Ask all at once, and raise the first error once all are answered."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def _locations(account: Account, asked: dict[str, Any]) -> list[Any]:
    if not asked.get("location") and account.provider != "ec2":
        return []
    found: list[Any] = await account.driver.list_locations()
    return found


async def _images(account: Account, wanted: str) -> list[Any]:
    # EC2 has a hundred thousand images.
    options = {"ex_image_ids": [wanted]} if account.provider == "ec2" else {}
    try:
        found: list[Any] = await account.driver.list_images(**options)
    except Exception as error:
        if "InvalidAMIID" in said(error):
            return []
        raise
    return found


def _one(what: str, wanted: str, choices: Sequence[Any]) -> Any:
    exact = [choice for choice in choices if str(choice.id) == wanted] or [c for c in choices if c.name == wanted]
    if len(exact) == 1:
        return exact[0]
    some = ", ".join(sorted({str(choice.name) for choice in choices})[:8])
    why = f"{len(exact)} have this name; use the id" if exact else f"there is none; some that are: {some or 'nothing'}"
    raise Failed(
        f"{what} {wanted!r}: {why}",
        reason=f"UNKNOWN_{what.upper()}",
        code=_NOT_FOUND,
        metadata={what: wanted},
    )


async def room(task: AsyncTask, account: Account, names: Sequence[str]) -> None:
    """Check names and quota. Raises Failed: NAME_TAKEN, QUOTA_EXCEEDED."""
    try:
        listed, most = await _all(account.driver.list_nodes(), _most(task, account))
    except Exception as error:
        raise told(account.profile, error) from error
    alive = [node for node in listed if node.state != NodeState.TERMINATED]
    taken = sorted(set(names) & {node.name for node in alive})
    if taken:
        raise Failed(
            f"{len(taken)} of the names are taken at {account.profile!r}: {', '.join(taken[:5])}",
            reason="NAME_TAKEN",
            code=_EXISTS,
            metadata={"name": taken[0], "count": str(len(taken))},
        )
    if most is not None and len(alive) + len(names) > most:
        raise Failed(
            f"{len(names)} nodes are too many: {len(alive)} of {most} are in use at {account.profile!r}",
            reason="QUOTA_EXCEEDED",
            code=_EXHAUSTED,
            metadata={"used": str(len(alive)), "limit": str(most), "asked": str(len(names))},
        )


async def _most(task: AsyncTask, account: Account) -> int | None:
    """Return how many nodes the account may have, None where the provider can't tell."""
    if account.provider != "ec2":
        return None
    try:
        limits = await account.driver.ex_get_limits()
    except Exception as error:  # noqa: BLE001 - the cloud itself will refuse what is too much
        task.notify(f"the quota is not known: {type(error).__name__}", "warning")
        return None
    found = limits.get("resource", {}).get("max-instances")
    return found if isinstance(found, int) else None
