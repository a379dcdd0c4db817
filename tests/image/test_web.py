"""What web servers answer besides a plain 200: each is understood, and none leads on for ever."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.image.conftest import MIB, House, image, sha256
from tests.servers.sources import Reply, Sources, redirect

import wharfinger_image.export_image as export
import wharfinger_image.import_image as script
from wharfinger.testing import Done

pytestmark = pytest.mark.lengthy

DATA = image(2 * MIB)


def imported(house: House, url: str, **params: object) -> Done:
    """Import `url` into a folder."""
    return house.trial(script).run({"source": url, "stores": "first", "name": "x", **params})


class Raw:
    """A server that answers each connection with the bytes that `answer` makes of the request's head."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self.heads: list[str] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                    head += more
                self.heads.append(head.decode("latin-1"))
                try:
                    connection.sendall(self._answer(self.heads[-1]))
                except OSError:
                    continue

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


@pytest.fixture
def raw(house: House) -> Iterator[Callable[[Callable[[str], bytes]], Raw]]:
    """Return a function that starts a server of raw answers; it may be read from."""
    running: list[Raw] = []

    def start(answer: Callable[[str], bytes]) -> Raw:
        running.append(Raw(answer))
        house.settings.setdefault("allow_sources", [house.sources.address]).append(running[-1].address)
        return running[-1]

    yield start
    for one in running:
        one.close()


def from_raw(house: House, server: Raw, **params: object) -> Done:
    """Import from a raw server."""
    trial = house.trial(script, allow_sources=[server.address])
    return trial.run({"source": f"http://{server.address}/image", "stores": "first", "name": "x", **params})


def plain(head: str) -> bytes:
    """Answer with the image."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("path", "encoding"),
    [("/disk.img.gz", "gzip"), ("/disk.img.gz", "x-gzip"), ("/disk.TGZ", "gzip"), ("/d.xz", "xz"), ("/d.zst", "zstd")],
)
def test_a_compressed_file_may_be_called_compressed(house: House, path: str, encoding: str) -> None:
    url = house.sources.serve(path, Reply(DATA, headers={"Content-Encoding": encoding}))
    assert imported(house, url, sha256=sha256(DATA)).result["size"] == len(DATA)


def test_a_redirect_may_lead_to_another_name_of_the_compressed_file(house: House) -> None:
    house.sources.serve("/blob", Reply(DATA, headers={"Content-Encoding": "gzip"}))
    url = house.sources.serve("/disk.img.gz", redirect("/blob?X-Signature=s"))
    assert imported(house, url).result["size"] == len(DATA)


@pytest.mark.parametrize(("path", "encoding"), [("/disk.img", "gzip"), ("/disk.img.gz", "br"), ("/d.xz", "gzip, br")])
def test_what_is_compressed_on_the_way_is_refused(house: House, path: str, encoding: str) -> None:
    done = imported(house, house.sources.serve(path, Reply(DATA, headers={"Content-Encoding": encoding})))
    assert (done.failure.reason, done.failure.retryable) == ("SOURCE_FAILED", False)
    assert encoding in done.failure.message


# ---------------------------------------------------------------- waiting


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("dated", [False, True])
def test_a_server_that_asks_to_wait_is_left_alone_so_long(house: House, status: int, dated: bool) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=2.9), usegmt=True) if dated else "1"
    url = house.sources.serve("/image", Reply(status=status, headers={"Retry-After": when}), Reply(DATA))
    began = time.monotonic()
    assert imported(house, url).result["size"] == len(DATA)
    assert time.monotonic() - began >= 0.95


def test_a_server_that_asks_to_wait_for_long_fails_the_attempt_and_says_so(house: House) -> None:
    url = house.sources.serve("/image", Reply(status=503, headers={"Retry-After": "7200"}))
    done = imported(house, url)
    assert (done.failure.reason, done.failure.retryable) == ("SOURCE_FAILED", True)
    assert "7200 s" in done.failure.message
    assert len(house.sources.requests) == 1


@pytest.mark.parametrize("value", ["", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "1" * 500])
def test_a_strange_wish_to_wait_does_no_harm(house: House, value: str) -> None:
    url = house.sources.serve("/image", Reply(status=503, headers={"Retry-After": value}), Reply(DATA))
    done = imported(house, url)
    assert done.result["size"] == len(DATA) if len(value) < 100 else done.failure.reason == "SOURCE_FAILED"


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/a b/disk image", "/a%20b/disk%20image"),
        ("/gr\u00fc\u00dfe".encode().decode("latin-1"), "/gr%C3%BC%C3%9Fe"),
        ("/gr\u00fc", "/gr%FC"),
        ("/a%20b?q=%C3%BC", "/a%20b"),
        ("  /trimmed ", "/trimmed"),
    ],
    ids=["spaces", "utf-8", "latin-1", "encoded", "trimmed"],
)
def test_a_redirect_may_be_spelled_as_servers_spell_them(house: House, location: str, path: str) -> None:
    house.sources.serve(path, Reply(DATA))
    url = house.sources.serve("/image", redirect(location))
    assert imported(house, url).result["size"] == len(DATA)


def test_cookies_come_back_to_who_set_them_and_to_nobody_else(house: House) -> None:
    with Sources("127.0.0.2") as elsewhere:
        there = elsewhere.serve("/far", Reply(DATA))
        setting = {"Location": "/second", "Set-Cookie": "session=abc; Path=/"}
        url = house.sources.serve("/first", Reply(status=302, headers=setting, ranges=False))
        house.sources.serve("/second", redirect(there))
        trial = house.trial(script, allow_sources=[house.sources.address, elsewhere.address])
        trial.run({"source": url, "stores": "first", "name": "x"}).result  # noqa: B018
        assert [seen.headers.get("Cookie") for seen in house.sources.requests] == [None, "session=abc"]
        assert elsewhere.requests[0].headers.get("Cookie") is None


# ---------------------------------------------------------------- answers


def test_interim_answers_are_passed_over(house: House, raw: Callable[..., Raw]) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    early += b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    assert from_raw(house, raw(lambda head: early + plain(head))).result["sha256"] == sha256(DATA)


@pytest.mark.parametrize("status", [b"100 Continue", b"103 Early Hints"])
def test_interim_answers_without_end_are_none(house: House, raw: Callable[..., Raw], status: bytes) -> None:
    server = raw(lambda _: (b"HTTP/1.1 %b\r\n\r\n" % status) * 100_000)
    began = time.monotonic()
    assert from_raw(house, server).failure.reason == "SOURCE_FAILED"
    assert time.monotonic() - began < 10


def test_a_target_that_answers_100_without_end_is_given_up(house: House) -> None:
    (house.folder("first")).mkdir(parents=True)
    (house.folder("first") / "x").write_bytes(DATA)

    def endless(_: str) -> bytes:
        return b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000

    server = Raw(endless)
    trial = house.trial(export, allow_targets=[server.address], retries=1)
    done = trial.run({"store": "first", "name": "x", "url": f"http://{server.address}/x?s=1"})
    server.close()
    assert (done.failure.reason, done.failure.retryable) == ("STORE_UNAVAILABLE", True)


def test_a_206_to_a_plain_request_is_the_file_if_it_is_all_of_it(house: House, raw: Callable[..., Raw]) -> None:
    size = len(DATA)
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-%d/%d\r\nContent-Length: %d\r\n\r\n"
    server = raw(lambda _: head % (size - 1, size, size) + DATA)
    assert from_raw(house, server).result["sha256"] == sha256(DATA)


def test_a_206_that_is_the_beginning_is_gone_on_from(house: House, raw: Callable[..., Raw]) -> None:
    size, step = len(DATA), len(DATA) // 3

    def slice_of(request: str) -> bytes:
        start = int(request.partition("bytes=")[2].partition("-")[0] or 0)
        body = DATA[start : start + step]
        head = 'HTTP/1.1 206 Partial Content\r\nETag: "a"\r\n'
        head += f"Content-Range: bytes {start}-{start + len(body) - 1}/{size}\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    assert from_raw(house, raw(slice_of)).result["sha256"] == sha256(DATA)


def test_a_206_of_something_else_is_refused(house: House, raw: Callable[..., Raw]) -> None:
    server = raw(
        lambda _: b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n12345"
    )
    assert from_raw(house, server).failure.reason == "SOURCE_FAILED"


def test_http_1_0_cut_short_is_no_image(house: House, raw: Callable[..., Raw]) -> None:
    cut = raw(lambda _: b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA[:MIB])
    done = from_raw(house, cut)
    assert (done.failure.reason, done.failure.retryable) == ("SOURCE_FAILED", True)
    assert f"at byte {MIB} of {len(DATA)}" in done.failure.message


def test_http_1_0_without_a_length_is_whole_by_its_size_or_checksum_only(house: House, raw: Callable[..., Raw]) -> None:
    answers = [DATA[:MIB], DATA]
    server = raw(lambda _: b"HTTP/1.0 200 OK\r\n\r\n" + (answers.pop(0) if len(answers) > 1 else answers[0]))
    assert "does not say how long it is" in from_raw(house, server).failure.message
    answers[:] = [DATA[:MIB], DATA]
    assert from_raw(house, server, size=len(DATA)).result["sha256"] == sha256(DATA)
    answers[:] = [DATA[:MIB]]
    done = from_raw(house, server, sha256=sha256(DATA), name="y")
    assert (done.failure.reason, done.failure.retryable) == ("CHECKSUM_MISMATCH", True)
    assert "cut short" in done.failure.message


# ---------------------------------------------------------------- checksums


def sums(data: bytes, name: str = "image") -> str:
    """Return a SHA512SUMS with `name` among others."""
    return "\n".join(
        f"{hashlib.sha512(one).hexdigest()}  {file}" for one, file in ((b"a", "a"), (data, name), (b"b", "b"))
    )


@pytest.mark.parametrize("good", [True, False])
def test_an_image_is_held_to_a_checksum_said_outright(house: House, good: bool) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    digest = hashlib.sha512(DATA if good else b"").hexdigest()
    for checksum in (f"sha512:{digest}", f"sha256:{sha256(DATA if good else b'')}"):
        done = imported(house, url, checksum=checksum, name=checksum[:6])
        if good:
            assert done.result["sha256"] == sha256(DATA)
        else:
            assert done.failure.reason == "CHECKSUM_MISMATCH"
            assert done.failure.metadata["algorithm"] == checksum[:6]


@pytest.mark.parametrize(
    "text",
    [
        sums(DATA),
        sums(DATA).replace("  ", " *"),
        sums(DATA, "./sub/image"),
        f"# made today\r\nSHA512 (image) = {hashlib.sha512(DATA).hexdigest()}\r\n",
        f"{sha256(DATA)}  image\n",
        f"{hashlib.sha512(DATA).hexdigest()}\n",
        f"{'0' * 40}  image\n{sha256(DATA)}  image",
    ],
    ids=["gnu", "binary", "folders", "bsd", "sha256", "alone", "sha1 beside"],
)
def test_a_file_of_checksums_says_what_the_image_must_be(house: House, text: str) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    listed = house.sources.serve("/SHA512SUMS", Reply(text.encode()))
    assert imported(house, url, checksum=listed).result["sha256"] == sha256(DATA)
    house.sources.serve("/image", Reply(image(MIB, 5)))
    assert imported(house, url, checksum=listed, name="y").failure.reason == "CHECKSUM_MISMATCH"


@pytest.mark.parametrize(
    ("reply", "phrase"),
    [
        (Reply(sums(DATA, "other").encode()), "lists no SHA-256 or SHA-512 of 'image'"),
        (Reply(status=404), "404"),
        (Reply(f"{'0' * 128}  image\n{'1' * 128}  image".encode()), "more than once"),
        (Reply(bytes(MIB), endless=True, chunked=True), "something else"),
    ],
    ids=["another file", "not there", "twice", "endless"],
)
def test_a_file_of_checksums_that_does_not_help_fails_the_import(house: House, reply: Reply, phrase: str) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    done = imported(house, url, checksum=house.sources.serve("/SUMS", reply))
    assert done.failure.reason == "SOURCE_FAILED"
    assert phrase in done.failure.message
    assert done.ledger == {}


def test_a_file_of_checksums_inside_is_refused_like_any_source(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    assert imported(house, url, checksum="http://127.0.0.1:1/SUMS").failure.reason == "SOURCE_REFUSED"


# ---------------------------------------------------------------- credentials


@pytest.mark.parametrize(
    "params",
    [{"token": "s3cr3t-token"}, {"headers": {"Authorization": "Bearer s3cr3t-token"}}],
    ids=["token", "header"],
)
def test_a_token_goes_to_the_source_and_not_to_where_it_redirects(house: House, params: dict[str, object]) -> None:
    with Sources() as elsewhere:
        url = house.sources.serve("/image", redirect("/second"))
        house.sources.serve("/second", redirect(elsewhere.serve("/far", Reply(DATA))))
        trial = house.trial(script, allow_sources=[house.sources.address, elsewhere.address])
        done = trial.run({"source": url, "stores": "first", "name": "x", **params})
        assert done.result["size"] == len(DATA)
        sent = [seen.headers.get("Authorization") for seen in house.sources.requests]
        assert sent == ["Bearer s3cr3t-token"] * 2
        assert elsewhere.requests[0].headers.get("Authorization") is None
        assert "s3cr3t" not in repr(done.ledger)


@pytest.mark.parametrize(
    "headers", [{"Range": "bytes=0-1"}, {"X-A": "a\r\nX-B: b"}, {"X A": "quiet"}, {"X-A": "\u00fc"}, {"host": "inside"}]
)
def test_headers_that_would_change_the_request_are_refused_and_not_told(house: House, headers: dict[str, str]) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    done = imported(house, url, headers=headers)
    assert done.failure.reason == "PARAMS_INVALID"
    assert house.sources.requests == []
    assert next(iter(headers.values())) not in done.failure.message


def test_headers_and_token_are_sealed() -> None:
    properties = script.PARAMS_SCHEMA["properties"]
    assert properties["headers"]["writeOnly"] is properties["token"]["writeOnly"] is True
