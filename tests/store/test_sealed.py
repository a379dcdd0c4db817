"""The values of sealed params: written with the task, apart from it, and erased for good."""

from tests.store.making import draft, new_task

from wharfinger_server.store.store import Draft, Sealed


def sealing(body: bytes):
    """Return what seals `body`, with the uid that it is sealed for."""
    return lambda uid: Sealed("k1", uid.encode() + body)


async def test_sealed_values_are_written_with_their_task_and_read_by_nobody_else(store):
    task = await store.create(Draft(new_task(sealed=("/word",), seal_key="k1"), seal=sealing(b"!")))
    assert await store.sealed(task.id) == Sealed("k1", task.uid.encode() + b"!")
    found = await store.task_by_id(task.id)
    assert (found.spec.sealed, found.seal_key) == (("/word",), "k1")
    assert await store.seal_keys() == {"k1": 1}


async def test_a_task_that_gets_another_id_is_sealed_for_its_own_uid(store):
    first = await store.create(draft())
    second = await store.create(Draft(new_task(id=first.id, seal_key="k1"), seal=sealing(b"!")))
    assert second.id != first.id
    assert (await store.sealed(second.id)).body == second.uid.encode() + b"!"


async def test_sealed_values_that_are_erased_are_gone_and_the_task_knows_where_they_were(store):
    task = await store.create(Draft(new_task(sealed=("/word",), seal_key="k1"), seal=sealing(b"!")))
    await store.change(task.id, lambda work: work.erase_sealed())
    assert await store.sealed(task.id) is None
    found = await store.task_by_id(task.id)
    assert (found.spec.sealed, found.seal_key) == (("/word",), "")


async def test_purging_a_task_takes_its_sealed_values_along(store):
    task = await store.create(Draft(new_task(seal_key="k1"), seal=sealing(b"!")))

    def delete(work):
        work.task.delete_time = work.now - 10
        work.touch()

    await store.change(task.id, delete)
    assert await store.purge(work_end(), 10) == 1
    assert await store.seal_keys() == {}


def work_end() -> int:
    """Return a time after all that the tests did, in microseconds."""
    return 1 << 60
