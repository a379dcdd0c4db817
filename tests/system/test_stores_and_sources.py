"""Images through the whole server: stores and sources that refuse, told in the task's error as the API promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.rpc import code_pb2
from tests.rpc.wire import Stubs, connected, refused
from tests.servers.serving import Serving
from tests.servers.sources import Reply, Sources, redirect
from tests.system.documented import promises

from wharfinger.v1 import failure_pb2, task_pb2

pytestmark = pytest.mark.processes

FAILED, PARTIALLY_FAILED = task_pb2.TASK_STATE_FAILED, task_pb2.TASK_STATE_PARTIALLY_FAILED


class _Denying(BaseHTTPRequestHandler):
    """An object store that lets nobody in."""

    def _deny(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _deny  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    with Sources() as sources:
        yield sources


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory, sources: Sources) -> Iterator[Stubs]:
    """Return a connection to a server with stores good and bad."""
    folder = tmp_path_factory.mktemp("stores")
    denying = ThreadingHTTPServer(("127.0.0.1", 0), _Denying)
    threading.Thread(target=denying.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{denying.server_port}"
    keys = 'access_key_id = "id"\nsecret_access_key = "secret"\nregion = "us-east-1"\nallow_http = "true"'
    config = folder / "server.toml"
    config.write_text(
        f"""
        [stores.others]
        url = "{(folder / "others").as_uri()}"
        projects = ["others"]
        [stores.shared]
        url = "{(folder / "shared").as_uri()}"
        prefix_by_project = true
        [stores.good]
        url = "file://{folder}/good"
        [stores.closed]
        url = "s3://bucket/images"
        endpoint = "{endpoint}"
        {keys}
        [stores.odd]
        url = "gopher://bucket"
        [image]
        allow_sources = ["{sources.address}"]
        connect_timeout = "1s"
        idle_timeout = "1s"
        retries = 1
        """
    )
    config.chmod(0o600)
    serving = Serving(folder, ["--config", str(config)])
    try:
        with connected(serving.address) as stubs:
            yield stubs
    finally:
        serving.kill()
        denying.shutdown()
        denying.server_close()


def ended(stubs: Stubs, script: str, **params: Any) -> tuple[task_pb2.Task, failure_pb2.Failure]:
    """Run an image task to its end; return it with its failure, checked against what is promised of it."""
    task = stubs.wait(stubs.create("images", script, params=params).name, 30)
    failure = task.failure
    promise = promises()[failure.reason]
    assert code_pb2.Code.Name(failure.code) == promise.code
    assert set(failure.metadata) <= promise.keys, failure
    assert failure.message
    return task, failure


@pytest.mark.parametrize(
    ("store", "reason", "phrase"),
    [
        ("odd", "STORE_MISCONFIGURED", "[stores.odd]"),
        ("closed", "STORE_REFUSED", "store 'closed' refuses it"),
    ],
)
def test_a_store_that_cannot_be_used_is_told(
    stubs: Stubs, sources: Sources, store: str, reason: str, phrase: str
) -> None:
    sources.serve("/disk", Reply(b"x" * 10_000))
    task, info = ended(stubs, "image.import", source=sources.url("/disk"), stores=[store], name=f"to-{store}")
    assert (task.state, info.reason, info.metadata["store"]) == (FAILED, reason, store)
    assert phrase in task.failure.message


def test_a_store_that_is_not_configured_is_told_before_there_is_a_task(stubs: Stubs) -> None:
    params = {"source": "https://example.org/disk", "stores": ["good", "nowhere"], "name": "disk"}
    answer = refused(stubs.create, "images", "image.import", params=params)
    assert (answer.code.name, answer.reason) == ("NOT_FOUND", "UNKNOWN_STORE")
    assert answer.metadata["store"] == "nowhere"
    assert "task.params.stores[1]" in answer.message
    assert "there is closed, good, odd" in answer.message


def test_a_store_of_others_is_as_if_it_were_not_there(stubs: Stubs, sources: Sources) -> None:
    sources.serve("/disk", Reply(b"x" * 10_000))
    params = {"source": sources.url("/disk"), "stores": ["others"], "name": "disk"}
    never = {**params, "stores": ["never"]}
    theirs, nobodys = (refused(stubs.create, "images", "image.import", params=asked) for asked in (params, never))
    assert (theirs.code, theirs.reason) == (nobodys.code, nobodys.reason)
    assert theirs.message.replace("others", "never") == nobodys.message
    made = stubs.wait(stubs.create("others", "image.import", params=params).name)
    assert made.state == task_pb2.TASK_STATE_SUCCEEDED


def test_a_store_with_a_folder_for_each_project_shows_none_what_others_have(stubs: Stubs, sources: Sources) -> None:
    sources.serve("/disk", Reply(b"x" * 10_000))
    params = {"source": sources.url("/disk"), "stores": ["shared"], "name": "disk"}
    for project in ("one", "two"):  # the name is free for both
        assert (
            stubs.wait(stubs.create(project, "image.import", params=params).name).state == task_pb2.TASK_STATE_SUCCEEDED
        )
    clone = {"from_store": "shared", "name": "disk", "to_store": "good", "to_name": "copied"}
    task = stubs.wait(stubs.create("three", "image.clone", params=clone).name)
    assert (task.state, task.failure.reason) == (FAILED, "OBJECT_NOT_FOUND")


def test_a_second_store_that_refuses_leaves_the_first_object_listed(stubs: Stubs, sources: Sources) -> None:
    sources.serve("/disk", Reply(b"x" * 10_000))
    task, info = ended(stubs, "image.import", source=sources.url("/disk"), stores=["good", "closed"], name="half")
    assert (task.state, info.reason) == (PARTIALLY_FAILED, "STORE_REFUSED")
    assert [entry.key for entry in task.partial_failure.left_over] == ["object/good/half"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=404), "SOURCE_FAILED"),
        (Reply(b"x" * 1000, silent=True), "SOURCE_FAILED"),
        (Reply(b"x" * 1000, claimed=2000, ranges=False, etag=""), "SOURCE_FAILED"),
        (Reply(b"x" * 2000, claimed=1000, ranges=False, etag=""), "SIZE_MISMATCH"),
        (Reply(b"<html>please log in</html>"), "FORMAT_REFUSED"),
        (redirect("http://169.254.169.254/latest/meta-data"), "SOURCE_REFUSED"),
        (redirect("file:///etc/passwd"), "SOURCE_REFUSED"),
    ],
    ids=[
        "not there",
        "silent",
        "too few bytes",
        "too many bytes",
        "a page",
        "redirected inward",
        "redirected to a file",
    ],
)
def test_a_source_that_cannot_be_read_is_told(stubs: Stubs, sources: Sources, reply: Reply, reason: str) -> None:
    sources.serve("/bad", reply)
    task, info = ended(stubs, "image.import", source=sources.url("/bad"), stores=["good"], name="bad")
    assert (task.state, info.reason) == (FAILED, reason)


def test_a_source_on_this_machine_is_refused_unless_the_operator_allows_it(stubs: Stubs) -> None:
    task, info = ended(stubs, "image.import", source="http://127.0.0.1:9/disk", stores=["good"], name="inward")
    assert (task.state, info.reason) == (FAILED, "SOURCE_REFUSED")
    assert "allow_sources" in task.failure.message


def test_what_was_refused_has_left_nothing_in_the_store(stubs: Stubs, tmp_path: Path) -> None:
    task, info = ended(stubs, "image.export", store="good", name="bad", to=str(tmp_path))
    assert (task.state, info.reason) == (FAILED, "PERMISSION_DENIED")
    task, info = ended(stubs, "image.clone", from_store="good", name="bad", to_store="good", to_name="worse")
    assert (task.state, info.reason) == (FAILED, "OBJECT_NOT_FOUND")
