"""Streams that are open end when their caller may not have them any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.access.test_roles import digest
from tests.rpc.test_access import bearer, write_config
from tests.rpc.wire import connected, told
from tests.servers.serving import Serving

from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.config import Granted, token_file

pytestmark = pytest.mark.processes


def filed(name: str, *projects: str, **more: Any) -> token_file.FiledToken:
    return token_file.FiledToken(name, digest(f"{name}-token"), name, Granted(frozenset(projects)), **more)


class Watch:
    """A watch of the project `a` that is read in a thread, until it ends."""

    def __init__(self, stubs: Any, name: str) -> None:
        self.ended: grpc.RpcError | None = None
        self._begun = threading.Event()
        request = v1.WatchTasksRequest(parent="projects/a")
        request.heartbeat_interval.FromMilliseconds(200)
        self.call = stubs.tasks.WatchTasks(request, metadata=bearer(f"{name}-token"))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._begun.wait(10)

    def _read(self) -> None:
        try:
            for _ in self.call:
                self._begun.set()
        except grpc.RpcError as error:
            self.ended = error

    def end(self) -> tuple[str, str]:
        """Wait for its end, and return code and reason."""
        self._reader.join(10)
        assert self.ended is not None, "it goes on"
        return self.ended.code().name, told(self.ended).reason

    @property
    def goes_on(self) -> bool:
        return self._reader.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Any, Path]]:
    file = tmp_path / "tokens.json"
    token_file.write(file, [filed("ann", "a"), filed("bob", "a", "b")])
    serving = Serving(tmp_path, write_config(tmp_path, f'[access]\ntoken_file = "{file}"\n'))
    with connected(serving.address) as stubs:
        yield stubs, file
    assert serving.stop() == 0, serving.log()


def test_a_watch_ends_when_its_token_is_revoked_and_others_go_on(place: tuple[Any, Path]) -> None:
    stubs, file = place
    ann, bob = Watch(stubs, "ann"), Watch(stubs, "bob")
    token_file.write(file, [filed("ann", "a", revoked=1), filed("bob", "a", "b")])
    assert ann.end() == ("UNAUTHENTICATED", "UNAUTHENTICATED")
    token_file.write(file, [filed("bob", "a", "b", "c")])  # more is open now
    time.sleep(1.2)
    assert bob.goes_on
    bob.call.cancel()


def test_a_watch_ends_when_its_token_opens_less(place: tuple[Any, Path]) -> None:
    stubs, file = place
    bob = Watch(stubs, "bob")
    token_file.write(file, [filed("bob", "b")])
    assert bob.end() == ("PERMISSION_DENIED", "PERMISSION_DENIED")


def test_a_watch_ends_with_the_time_of_its_token(place: tuple[Any, Path]) -> None:
    stubs, file = place
    soon = int((time.time() + 2) * 1_000_000)
    token_file.write(file, [filed("carl", "a", expires=soon)])
    time.sleep(1.0)
    carl = Watch(stubs, "carl")
    time.sleep(1.5)
    token_file.write(file, [filed("carl", "a", expires=soon), filed("dora", "a")])  # a change has all looked at
    assert carl.end() == ("UNAUTHENTICATED", "UNAUTHENTICATED")
