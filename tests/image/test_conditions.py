"""S3 stores that ignore or refuse conditions are found out at their first import, and remembered until a restart."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from tests.image.conftest import MIB, Bucket, House, image
from tests.servers.sources import Reply

import wharfinger_image.clone_image as clone
import wharfinger_image.import_image as script

pytestmark = pytest.mark.lengthy

DATA = image(MIB)
NOT_IMPLEMENTED = b"<Error><Code>NotImplemented</Code><Message>A header you provided implies it</Message></Error>"


class Doubtful(ThreadingHTTPServer):
    """Stands before an S3 server, and ignores or refuses conditions; `asked` lists the methods of those that had one.

    `on` are the methods it does so with; what they answer to `condition`: None, as if there were none; or a status.
    """

    daemon_threads = True

    def __init__(self, behind: str, condition: int | None, on: tuple[str, ...] = ("PUT", "POST")) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind)
        self.condition = condition
        self.on = on
        self.asked: list[str] = []
        self.requests = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Doubtful

    def _pass(self) -> None:
        server = self.server
        server.requests += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        if headers.get("If-None-Match") and self.command in server.on:
            server.asked.append(self.command)
            if server.condition:
                self._answer(server.condition, {"Content-Type": "application/xml"}, NOT_IMPLEMENTED)
                return
            del headers["If-None-Match"]
        behind = http.client.HTTPConnection(server.behind.hostname or "", server.behind.port)
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        kept = {
            k: v for k, v in answer.getheaders() if k.lower() not in ("connection", "date", "server", "content-length")
        }
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self._answer(answer.status, {**kept, "Content-Length": length or "0"}, content)
        behind.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def doubtful(request: pytest.FixtureRequest, bucket: Bucket) -> Iterator[Doubtful]:
    """A store before `bucket` that is as the test's parameter says."""
    server = Doubtful(bucket.endpoint, *request.param)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def endpoint(server: Doubtful) -> str:
    """Return its URL."""
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("doubtful", "word"),
    [
        ((None,), "ignores"),
        ((None, ("PUT",)), "ignores"),
        ((None, ("POST",)), "ignores"),
        ((501,), "refuses"),
        ((501, ("POST",)), "refuses"),
        ((400,), "refuses"),
    ],
    ids=["ignored", "ignored on puts", "ignored at completion", "501", "501 at completion", "400"],
    indirect=["doubtful"],
)
def test_a_store_without_conditions_takes_no_image(house: House, bucket: Bucket, doubtful: Doubtful, word: str) -> None:
    house.extra["odd"] = bucket.table(endpoint=endpoint(doubtful), max_retries=10)
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "odd", "name": "x"})
    assert (done.failure.code, done.failure.reason, done.failure.retryable) == (9, "STORE_MISCONFIGURED", False)
    assert f"[stores.odd] it {word} `If-None-Match: *`" in done.failure.message
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert (bucket.keys(), bucket.uploads()) == ([], 0)
    assert len(doubtful.asked) <= 2

    tried = len(doubtful.asked)
    again = house.trial(script).run({"source": url, "stores": "odd", "name": "y"})
    assert again.failure.message == done.failure.message
    assert len(doubtful.asked) == tried


@pytest.mark.parametrize("doubtful", [(None, ())], indirect=True)
def test_a_store_with_conditions_is_tried_once(house: House, bucket: Bucket, doubtful: Doubtful) -> None:
    doubtful.on = ()
    house.extra["good"] = bucket.table(endpoint=endpoint(doubtful))
    url = house.sources.serve("/image", Reply(DATA))
    counted = []
    for name in ("x", "y"):
        before = doubtful.requests
        house.trial(script).run({"source": url, "stores": "good", "name": name}).result  # noqa: B018
        counted.append(doubtful.requests - before)
    assert counted[0] > counted[1]
    assert (bucket.keys(), bucket.uploads()) == (["x", "y"], 0)


@pytest.mark.parametrize("doubtful", [(None,)], indirect=True)
def test_a_clone_is_not_made_there_either(house: House, bucket: Bucket, doubtful: Doubtful) -> None:
    bucket.put("x", DATA)
    house.extra["odd"] = bucket.table(endpoint=endpoint(doubtful))
    done = house.trial(clone).run({"from_store": "odd", "name": "x", "to_store": "odd", "to_name": "y"})
    assert done.failure.reason == "STORE_MISCONFIGURED"
    assert (bucket.keys(), bucket.uploads()) == (["x"], 0)


@pytest.mark.parametrize("doubtful", [(None,)], indirect=True)
def test_an_operators_own_header_is_tried_out_too(house: House, bucket: Bucket, doubtful: Doubtful) -> None:
    house.extra["odd"] = bucket.table(
        endpoint=endpoint(doubtful), copy_if_not_exists="header: x-copy-destination-if-none-match: *"
    )
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "odd", "name": "x"})
    assert done.failure.reason == "STORE_MISCONFIGURED"
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


@pytest.mark.parametrize("doubtful", [(403,)], indirect=True)
def test_a_store_in_trouble_is_not_remembered_for_it(house: House, bucket: Bucket, doubtful: Doubtful) -> None:
    doubtful.condition = 503
    house.extra["busy"] = bucket.table(endpoint=endpoint(doubtful), max_retries=0)
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "busy", "name": "x"})
    assert (done.failure.reason, done.failure.retryable) == ("STORE_UNAVAILABLE", True)
    doubtful.on = ()
    house.trial(script).run({"source": url, "stores": "busy", "name": "x"}).result  # noqa: B018
    assert bucket.keys() == ["x"]
