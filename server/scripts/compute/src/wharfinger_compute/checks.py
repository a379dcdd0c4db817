"""The checks before the first node is created: size, image, location, names, quota."""

from __future__ import annotations

import asyncio
import difflib
import inspect
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wharfinger.script import AsyncTask, Failed
from wharfinger_compute.account import Account, told
from wharfinger_compute.providers import FLOATING, LIMITED, LISTED
from wharfinger_compute.shaping import SIZE_AS_TEXT, check, from_image, keywords, takes_volumes
from wharfinger_libcloud.wording import said

_INVALID = 3
_NOT_FOUND = 5
_EXISTS = 6
_EXHAUSTED = 8
_UNIMPLEMENTED = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What the nodes are made of, as libcloud wants it. `location` None: any; `pool`: where addresses come from.

    `given` are all keywords of `create_node` but the name and what marks a node as ours.
    """

    size: Any
    image: Any
    location: Any
    pool: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


async def choose(account: Account, asked: dict[str, Any]) -> Plan:
    """Return size, image and location, and where addresses come from.

    Raises Failed: UNKNOWN_SIZE, UNKNOWN_IMAGE, UNKNOWN_LOCATION, UNKNOWN_ADDRESS_POOL, NOT_SUPPORTED, and
    PARAMS_INVALID for what this provider can't do without.
    """
    if asked.get("addresses") and account.provider not in FLOATING:
        able = " and ".join(sorted(FLOATING))
        raise Failed(
            f"floating addresses can be made on {able}, not on {account.provider}; leave `addresses` out",
            reason="NOT_SUPPORTED",
            code=_UNIMPLEMENTED,
            metadata={"feature": "addresses", "provider": account.provider},
        )
    if asked.get("volumes") and not takes_volumes(account.provider, account.driver.create_volume):
        raise Failed(
            f"volumes can't be made at {account.provider} by their size alone; leave `volumes` out",
            reason="NOT_SUPPORTED",
            code=_UNIMPLEMENTED,
            metadata={"feature": "volumes", "provider": account.provider},
        )
    given = keywords(account.provider, asked, account.extra)
    try:
        sizes, images, locations, pools = await all_of(
            _sizes(account),
            _images(account, asked["image"]),
            _locations(account, asked),
            _pools(account, asked),
        )
    except Exception as error:
        raise told(account.profile, error) from error
    size = asked["size"] if sizes is None else _one("size", asked["size"], sizes)
    image = _one("image", asked["image"], images)
    location = _one("location", asked["location"], locations) if asked.get("location") else None
    if account.provider == "ec2" and location is None:
        # Volumes can be attached within their zone only, so there must be one.
        location = locations[0]
    if location is None and _wants_location(account):
        raise _must_choose("location", account, locations)
    pool = _pool(account, asked.get("address_pool", ""), pools) if asked.get("addresses") else ""
    given = from_image(account.provider, asked, given, image)
    given[SIZE_AS_TEXT.get(account.provider, "size")] = size
    if location is not None:
        given["location"] = location
    check(account.provider, account.driver.create_node, {"name": "", **given, **account.marks.options("token")})
    return Plan(size, image, location, pool, given)


async def _sizes(account: Account) -> list[Any] | None:
    """Return the sizes there are, None where the driver can't list them and takes any."""
    if account.provider in SIZE_AS_TEXT:
        return None
    found: list[Any] = await account.driver.list_sizes()
    return found


def _wants_location(account: Account) -> bool:
    known = inspect.signature(account.driver.create_node).parameters.get("location")
    return known is not None and known.default is known.empty


def _pool(account: Account, wanted: str, pools: Sequence[Any]) -> str:
    if wanted:
        return str(_one("address_pool", wanted, pools).id)
    if len(pools) > 1:
        raise _must_choose("address_pool", account, pools)
    return str(pools[0].id) if pools else ""


def _must_choose(field: str, account: Account, choices: Sequence[Any]) -> Failed:
    some = ", ".join(sorted(str(choice.id) for choice in choices)[:8]) or "none"
    return Failed(
        f"{field}: {account.provider} needs one; there are {some}",
        reason="PARAMS_INVALID",
        code=_INVALID,
        metadata={"field": field},
    )


async def all_of(*questions: Awaitable[Any]) -> list[Any]:
    """Ask all at once, and raise the first error once all are answered."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def _locations(account: Account, asked: dict[str, Any]) -> list[Any]:
    if not asked.get("location") and account.provider != "ec2" and not _wants_location(account):
        return []
    found: list[Any] = await account.driver.list_locations()
    return found


async def _pools(account: Account, asked: dict[str, Any]) -> list[Any]:
    if not asked.get("addresses"):
        return []
    found: list[Any] = await account.driver.run(FLOATING[account.provider].pools)
    return found


async def _images(account: Account, wanted: str) -> list[Any]:
    if account.provider == "azure_arm":
        # Listed by publisher, offer and product, some thousand requests; the image is named by all of them.
        return [await account.driver.get_image(wanted)] if wanted.count(":") == 3 else []
    # EC2 has a hundred thousand images.
    options = {"ex_image_ids": [wanted]} if account.provider == "ec2" else {}
    try:
        found: list[Any] = await account.driver.list_images(**options)
    except Exception as error:
        if "InvalidAMIID" in said(error):
            return []
        raise
    return found


def _slug(choice: Any) -> str:
    """Return what a provider calls it beside id and name, "" for nothing."""
    extra = getattr(choice, "extra", None)
    return str(extra.get("slug") or "") if isinstance(extra, dict) else ""


def _one(what: str, wanted: str, choices: Sequence[Any]) -> Any:
    exact = [choice for choice in choices if str(choice.id) == wanted] or [c for c in choices if c.name == wanted]
    exact = exact or [choice for choice in choices if _slug(choice) == wanted]
    if len(exact) == 1:
        return exact[0]
    if exact:
        why = f"{len(exact)} have this name; use the id"
    else:
        known = sorted({str(word) for choice in choices for word in (choice.id, choice.name) if word})
        near = difflib.get_close_matches(wanted, known, 1)
        some = ", ".join(sorted({str(choice.name) for choice in choices})[:8])
        why = (
            f"there is none; did you mean {near[0]}?" if near else f"there is none; some that are: {some or 'nothing'}"
        )
    raise Failed(
        f"{what} {wanted!r}: {why}",
        reason=f"UNKNOWN_{what.upper()}",
        code=_NOT_FOUND,
        metadata={what: wanted},
    )


async def room(task: AsyncTask, account: Account, names: Sequence[str]) -> None:
    """Check names and quota. Raises Failed: NAME_TAKEN, QUOTA_EXCEEDED."""
    from libcloud.compute.types import NodeState

    try:
        listed, most = await all_of(account.driver.list_nodes(**LISTED.get(account.provider, {})), _most(task, account))
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
    limited = LIMITED.get(account.provider)
    if limited is None:
        return None
    try:
        most: int | None = await account.driver.run(limited.most_nodes)
    except Exception as error:  # noqa: BLE001 - the cloud itself will refuse what is too much
        task.notify(f"the quota is not known: {type(error).__name__}", "warning")
        return None
    return most
