"""Messages put together from bytes are the messages that the library would have built."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharfinger.v1 import event_pb2, task_service_pb2
from wharfinger_server.engine.watching.broadcast import MOST_TOLD, Recent, Topic
from wharfinger_server.engine.watching.positions import Position, mark_of
from wharfinger_server.rpc.messages.framing import FrameCache, framed, tag, varint
from wharfinger_server.rpc.watches import TaskWatches


def event(sequence, text="x"):
    return event_pb2.TaskEvent(
        task="projects/p/tasks/t", sequence=sequence, log=event_pb2.LogLine(text=text)
    ).SerializeToString(deterministic=True)


@given(st.integers(0, 2**63 - 1))
def test_a_varint_is_read_back_by_the_library(number):
    message = task_service_pb2.WatchTaskResponse.FromString(varint(5 << 3) + varint(number))
    assert message.sequence == number


@pytest.mark.parametrize("size", [0, 1, 127, 128, 20_000])
def test_a_framed_field_is_read_back_by_the_library(size):
    token = b"x" * size
    assert task_service_pb2.WatchTasksResponse.FromString(framed(tag(5), token)).resume_token == token


def test_a_batch_of_events_is_one_message_with_its_position():
    frames = tuple(event(n, "y" * n * 100) for n in range(1, 6))
    message = TaskWatches(None)._task_events(frames, 5, b"after")
    expected = task_service_pb2.WatchTaskResponse(sequence=5, resume_token=b"after")
    expected.events.events.extend(event_pb2.TaskEvent.FromString(frame) for frame in frames)
    assert task_service_pb2.WatchTaskResponse.FromString(message) == expected


def test_a_batch_of_a_feed_is_one_message_with_its_token():
    frames = tuple(event(n) for n in range(1, 4))
    message = task_service_pb2.WatchTasksResponse.FromString(TaskWatches(None)._feed_events(frames, b"after"))
    assert message.resume_token == b"after"
    assert [e.sequence for e in message.events.events] == [1, 2, 3]


def test_a_batch_stays_well_below_what_a_message_may_hold():
    topic = Topic()
    topic.add(Recent(n, b"x" * 10_000, None) for n in range(1, 1001))
    told, after = [], 0
    while read := topic.frames(after):
        frames, (after, mark) = read
        assert mark == mark_of(frames[-1])
        assert sum(map(len, frames)) <= MOST_TOLD
        told += frames
    assert (len(told), after) == (1000, 1000)
    topic.add([Recent(1001, b"y" * (MOST_TOLD + 1), None), Recent(1002, b"z", None)])
    assert topic.frames(1000) == ((b"y" * (MOST_TOLD + 1),), Position(1001, mark_of(b"y" * (MOST_TOLD + 1))))


def test_watchers_of_one_batch_share_one_message():
    watches = TaskWatches(None)
    frames = (event(1), event(2))
    assert watches._task_events(frames, 2, b"t") is watches._task_events(frames, 2, b"t")


def test_an_equal_batch_that_is_another_object_is_not_mistaken_for_the_first():
    cache = FrameCache()
    frames, twin = (bytes(bytearray(b"x")),), (bytes(bytearray(b"x")),)
    cache.put(frames, 1, b"built")
    assert cache.get(frames, 1) == b"built"
    assert cache.get(frames, 2) is None
    assert cache.get(twin, 1) is None


def test_the_cache_forgets_the_oldest_batches():
    cache = FrameCache(2)
    batches = [(bytes([n]),) for n in range(3)]
    for batch in batches:
        cache.put(batch, 0, b"built")
    assert [cache.get(batch, 0) for batch in batches] == [None, b"built", b"built"]


def test_a_thousand_watchers_of_a_batch_cost_the_memory_of_one():
    watches = TaskWatches(None)
    frames = tuple(event(n, "z" * 1000) for n in range(1, 101))
    watches._task_events(frames, 100, b"after")
    tracemalloc.start()
    kept = [watches._task_events(frames, 100, b"after") for _ in range(1000)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 1000
    assert peak < 100_000
