"""The test whether a store keeps to `If-None-Match`, once for each store: others would overwrite silently."""

from __future__ import annotations

from contextlib import suppress

from wharfinger.script import Failed, Store
from wharfinger_image.refusals import Missing
from wharfinger_image.s3_client import ConditionFailed, S3Client, client_of
from wharfinger_image.unbroken import unbroken

_answers: dict[Store, Failed | None] = {}
"""What was found out since the process began: None, all is well."""


def known(store: Store) -> bool:
    """Whether that `store` keeps to conditions is known. Raises Failed if it is known that it does not."""
    if store not in _answers:
        return False
    found = _answers[store]
    if found is not None:
        raise Failed(found.message, reason=found.reason, metadata=found.metadata)
    return True


def remember(store: Store, answer: Failed | None) -> None:
    """Keep what was found out, until the process ends."""
    _answers[store] = answer


async def prove(store: Store, key: str) -> None:
    """See that a second write to `key`, and a second upload, are refused under the condition that there is none.

    Raises Failed: STORE_MISCONFIGURED, and what the store answers otherwise.
    """
    if not known(store):
        await unbroken(_prove(store, key))


async def _prove(store: Store, key: str) -> None:
    client = await client_of(store)
    await client.put(key, b"condition")
    try:
        await _refuses_put(client, key)
        await _refuses_completion(client, key)
    except ConditionIgnored:
        raise ignored(store) from None
    except Failed as error:
        if error.reason == "STORE_REFUSED":
            raise refused(store, error.message) from None
        raise
    remember(store, None)


class ConditionIgnored(Exception):
    """The store took what it should have refused."""


async def _refuses_put(client: S3Client, key: str) -> None:
    try:
        await client.put(key, b"condition", replace=False)
    except ConditionFailed:
        return
    raise ConditionIgnored


async def _refuses_completion(client: S3Client, key: str) -> None:
    upload = await client.create_upload(key, "application/octet-stream", {})
    try:
        tag = await client.put_part(key, upload, 1, b"condition")
        await client.complete(key, upload, [tag])
    except ConditionFailed:
        return
    finally:
        with suppress(Failed, Missing):  # where it can't be aborted now, that is done with what is staged
            await client.abort(key, upload)
    raise ConditionIgnored


def ignored(store: Store) -> Failed:
    """Return, and keep, the failure of a store that ignores the condition."""
    return _misconfigured(store, "it ignores `If-None-Match: *`, so an import could overwrite an object of that name")


def refused(store: Store, said: str) -> Failed:
    """Return, and keep, the failure of a store that refuses requests with the condition."""
    return _misconfigured(store, f"it refuses `If-None-Match: *`, by which an object is never overwritten ({said})")


def _misconfigured(store: Store, why: str) -> Failed:
    advice = "use a store that has conditional writes, or name its own header in copy_if_not_exists"
    message = f"[stores.{store.name}] {why}; {advice}, then restart the server"
    failure = Failed(message, reason="STORE_MISCONFIGURED", metadata={"store": store.name, "cause": why})
    remember(store, failure)
    return failure
