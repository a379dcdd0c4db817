"""Make a zone and its records at any DNS provider; what is changed is restored by a rollback."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from wharfinger.script import AsyncIntent, AsyncTask, Failed, Item, Prices, Resource, ResourceType
from wharfinger_compute import making
from wharfinger_compute.account import Account, opened, told
from wharfinger_compute.params import DNS_SCHEMA
from wharfinger_libcloud.removal import is_gone

__all__ = ["PARAMS_SCHEMA", "RESOURCE_TYPES", "RESUMABLE", "estimate", "exists", "find", "main", "undo"]

RESUMABLE = True
PARAMS_SCHEMA = DNS_SCHEMA
ZONE, RECORD, CHANGE = "dns.zone", "dns.record", "dns.change"
RESOURCE_TYPES = {
    ZONE: ResourceType(call_timeout=90, settling=10),
    RECORD: ResourceType(call_timeout=90, settling=10),
    # The same record is given the same content, however often.
    CHANGE: ResourceType(idempotent=True, call_timeout=90, settling=10),
}
_MISSING = frozenset({"ZoneDoesNotExistError", "RecordDoesNotExistError"})


async def main(task: AsyncTask) -> dict[str, Any]:
    """Make the records. Returns the zone's id, and name, type and id of each record."""
    asked = dict(task.params)
    domain = asked["zone"]
    await task.plan([f"zone/{domain}", *(_key(domain, one) for one in asked["records"])])
    async with opened(task, asked["profile"], kind="dns", workers=4) as account:
        zone = await _zone(task, account, asked)
        made = [await _record(task, account, domain, zone, one) for one in asked["records"]]
    return {"zone": str(zone.id), "records": made}


def estimate(params: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what the zone costs, as the provider's `zone` where catalogues have one; records are free."""
    domain, account = params["zone"], prices.profile(params["profile"])
    zone = prices.item(f"zone/{domain}", provider=account["provider"], region="", sku="zone", quantity="1")
    return [zone, *(prices.free(_key(domain, one)) for one in params["records"])]


def _key(domain: str, record: Mapping[str, Any]) -> str:
    return f"record/{record['name'] or '@'}.{domain}/{record['type']}/{record['data']}"[:250].replace("~", "-")


# ---------------------------------------------------------------- making


async def _zone(task: AsyncTask, account: Account, asked: Mapping[str, Any]) -> Any:
    """Return the zone; one that is there already stays whose it is. Raises Failed (UNKNOWN_ZONE)."""
    domain, key = asked["zone"], f"zone/{asked['zone']}"
    there = await _read(account, partial(_find_zone, domain=domain))
    ours: bool = await task.once("makes the zone", lambda: there is None)
    if not ours:
        if there is None:
            raise Failed(f"the zone {domain!r} is gone", reason="UNKNOWN_ZONE", code=5, metadata={"zone": domain})
        await task.adopt(ZONE, key, str(there.id), profile=account.profile, attributes={"name": domain})
        return there
    if not asked.get("make_zone", False):
        why = f"zone {domain!r}: there is none at {account.profile!r}; `make_zone` makes it"
        raise Failed(why, reason="UNKNOWN_ZONE", code=5, metadata={"zone": domain})

    async def call(intent: AsyncIntent) -> str | None:
        make = partial(account.driver.create_zone, domain, extra=asked.get("zone_extra", {}))
        return await making.make(intent, "zone", make)

    await task.create(ZONE, key, call, profile=account.profile, attributes={"name": domain}, undo_data={"zone": domain})
    return await _read(account, partial(_find_zone, domain=domain))


async def _record(task: AsyncTask, account: Account, domain: str, zone: Any, asked: dict[str, Any]) -> dict[str, str]:
    """Make one record, or change the one of its name and type if it may be replaced; return what it is."""
    key, after = _key(domain, asked), (f"zone/{domain}",)
    about = {"name": asked["name"], "type": asked["type"], "data": asked["data"]}
    # Once only: when the task resumes, the record may be there because of it.
    before: dict[str, Any] = await task.once(f"before {key}", partial(_before, account, zone, asked))
    same: Any = dict(profile=account.profile, attributes=about)  # noqa: C408 - keywords
    if before["same"]:
        await task.adopt(RECORD, key, before["same"], **same)
        return {**about, "id": before["same"]}

    async def make(intent: AsyncIntent) -> str | None:
        call = partial(account.driver.run, partial(_create, domain=domain, asked=asked))
        return await making.make(intent, "record", call)

    async def change(intent: AsyncIntent) -> str | None:
        content = {"data": asked["data"], "extra": asked.get("extra", {})}
        call = partial(account.driver.run, partial(_update, domain=domain, one=before["other"], content=content))
        return await making.make(intent, "record", call)

    if before["other"]:
        data = {"zone": domain, "record": before["other"], "before": before["data"], "after": asked["data"]}
        made = await task.create(CHANGE, key, change, after=after, undo_data=data, **same)
    else:
        made = await task.create(RECORD, key, make, after=after, undo_data={"zone": domain}, **same)
    return {**about, "id": made}


async def _before(account: Account, zone: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is there: the id of the `same` record, or of the `other` one that is to be changed, with its data."""
    found = [one for one in await _read(account, lambda driver: list(driver.list_records(zone))) if _is(one, asked)]
    same = next((str(one.id) for one in found if one.data == asked["data"]), "")
    if same or not found or asked.get("add", False):
        return {"same": same, "other": "", "data": ""}
    if not asked.get("replace", False) or len(found) > 1:
        why = (
            f"record {asked['name'] or '@'} {asked['type']}: {len(found)} of that name and type there, with other data;"
        )
        why += " say `add` to have one more, or `replace` to have the one there changed"
        raise Failed(why, reason="NAME_TAKEN", code=6, metadata={"name": asked["name"], "count": str(len(found))})
    return {"same": "", "other": str(found[0].id), "data": str(found[0].data)}


# ---------------------------------------------------------------- at the provider


def _is(record: Any, asked: Mapping[str, Any]) -> bool:
    name = str(record.name or "").rstrip(".")
    return (name, str(record.type).rpartition(".")[2]) == (asked["name"], asked["type"])


def _find_zone(driver: Any, domain: str) -> Any:
    return next((zone for zone in driver.list_zones() if zone.domain.rstrip(".") == domain), None)


def _zone_of(driver: Any, domain: str) -> Any:
    zone = _find_zone(driver, domain)
    if zone is None:
        raise LookupError(f"there is no zone {domain!r}")
    return zone


def _create(driver: Any, domain: str, asked: Mapping[str, Any]) -> str:
    zone = _zone_of(driver, domain)
    return str(driver.create_record(asked["name"], zone, asked["type"], asked["data"], asked.get("extra", {})).id)


def _update(driver: Any, domain: str, one: str, content: Mapping[str, Any]) -> str:
    record = driver.get_record(_zone_of(driver, domain).id, one)
    driver.update_record(record, name=record.name, type=record.type, data=content["data"], extra=content["extra"])
    return one


async def _read(account: Account, work: Any) -> Any:
    try:
        return await account.driver.run(work)
    except Exception as error:
        raise told(account.profile, error) from error


def _record_of(driver: Any, domain: str, one: str) -> Any:
    """Return a record by its id, None where there is none, or no such zone."""
    try:
        zone = _find_zone(driver, domain)
        return None if zone is None else driver.get_record(zone.id, one)
    except Exception as error:
        if is_gone(error) or type(error).__name__ in _MISSING:
            return None
        raise


# ---------------------------------------------------------------- looking and undoing


async def find(task: AsyncTask, resource: Resource) -> list[str]:
    """Return the id of what `resource` is about, if it is there with the content that was asked for."""
    domain, about = resource.undo_data["zone"], resource.attributes

    def look(driver: Any) -> list[str]:
        """Ask for the zone, its records or the one that was to be changed."""
        zone = _find_zone(driver, domain)
        if zone is None:
            return []
        if resource.type == ZONE:
            return [str(zone.id)]
        if resource.type == CHANGE:
            record = _record_of(driver, domain, resource.undo_data["record"])
            return [str(record.id)] if record is not None and record.data == about["data"] else []
        return [str(one.id) for one in driver.list_records(zone) if _is(one, about) and one.data == about["data"]]

    async with opened(task, resource.profile, kind="dns", workers=1) as account:
        found: list[str] = await account.driver.run(look)
        return found


async def exists(task: AsyncTask, resource: Resource) -> bool:
    """Return whether the zone, or the record with its content, is there."""
    return resource.external_id in await find(task, resource)


async def undo(task: AsyncTask, resource: Resource) -> None:
    """Delete what was made; what was changed is restored, unless somebody has changed it since."""
    domain = resource.undo_data["zone"]

    def work(driver: Any) -> None:
        """Do it."""
        if resource.type == ZONE:
            zone = _find_zone(driver, domain)
            if zone is not None and str(zone.id) == resource.external_id:
                driver.delete_zone(zone)
            return
        record = _record_of(driver, domain, resource.external_id)
        if record is None:
            return
        if resource.type == RECORD:
            driver.delete_record(record)
        elif record.data == resource.undo_data["after"]:
            _update(driver, domain, resource.external_id, {"data": resource.undo_data["before"], "extra": {}})

    async with opened(task, resource.profile, kind="dns", workers=1) as account:
        await account.driver.run(work)
