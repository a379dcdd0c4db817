"""Health is told as it changes, and the end of it last."""

import asyncio

from grpc_health.v1 import health_pb2

from wharfinger_server.app.health import NOT_SERVING, SERVING, UNKNOWN, Health


def watch(health, service=""):
    return health.Watch(health_pb2.HealthCheckRequest(service=service), None)


async def test_a_watch_tells_each_change():
    health = Health()
    stream = watch(health)
    assert (await anext(stream)).status == UNKNOWN
    health.set("", serving=True)
    assert (await anext(stream)).status == SERVING
    health.set("other", serving=True)
    health.set("", serving=False)
    assert (await anext(stream)).status == NOT_SERVING


async def test_a_watch_that_is_telling_when_the_server_ends_still_hears_of_it():
    health = Health()
    health.set("", serving=True)
    stream = watch(health)
    assert (await anext(stream)).status == SERVING
    health.end()
    assert [answer.status async for answer in stream] == [NOT_SERVING]


async def test_a_watch_that_waits_when_the_server_ends_hears_of_it_and_ends():
    health = Health()
    health.set("", serving=True)
    stream = watch(health)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    health.end()
    assert (await waiting).status == NOT_SERVING
    assert [answer async for answer in stream] == []


async def test_nothing_serves_again_once_the_server_ends():
    health = Health()
    health.set("", serving=True)
    health.end()
    health.set("", serving=True)
    answer = await health.Check(health_pb2.HealthCheckRequest(), None)
    assert answer.status == NOT_SERVING


async def test_all_of_them_are_listed():
    health = Health()
    health.set("", serving=True)
    health.set("executor/asyncio", serving=False)
    listed = await health.List(health_pb2.HealthListRequest(), None)
    assert {name: one.status for name, one in listed.statuses.items()} == {"": SERVING, "executor/asyncio": NOT_SERVING}
