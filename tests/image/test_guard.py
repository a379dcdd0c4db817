"""Which sources may be read from at all."""

from __future__ import annotations

import socket

import pytest

from wharfinger.script import Failed
from wharfinger_image import guard
from wharfinger_outbound import locations
from wharfinger_outbound.addresses import public

INWARD = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:0:4136:e378::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:a9fe:a9fe::", "2002:7f00:1::1",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
OUTWARD = [
    "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "100.63.255.255", "100.128.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::200e", "2001:4860::8888",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", OUTWARD)
def test_a_public_address_is_allowed(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "localhost", "[::1]", "[::ffff:127.0.0.1]",
     "localhost.", "LOCALHOST"],
)  # fmt: skip
def test_every_spelling_of_loopback_is_refused(host: str) -> None:
    with pytest.raises(Failed) as caught:
        guard.locate(f"http://{host}:8080/x")
    assert caught.value.reason == "SOURCE_REFUSED"


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/x", "file:///etc/passwd", "gopher://example.com/", "//example.com/x", "example.com/x", "",
     "http://", "http:///x", "http://example.com:0/", "http://example.com:99999/", "http://exa mple.com/",
     "http://example.com/a b", "http://example.com/\r\nHost: x", "http://example.com\\@127.0.0.1/", "http://[::1/",
     "http://user@example.com/", "http://user:hunter2@example.com/"],
)  # fmt: skip
def test_a_url_that_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(Failed) as caught:
        guard.locate(url)
    assert caught.value.reason == "SOURCE_REFUSED"
    assert "hunter2" not in f"{caught.value}{caught.value.metadata}"


def answering(*addresses: str) -> object:
    """Return a resolver that knows these addresses for every name."""

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


def test_one_inward_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8", "10.1.2.3"))
    with pytest.raises(Failed) as caught:
        guard.locate("https://example.com/x")
    assert caught.value.reason == "SOURCE_REFUSED"
    assert "10.1.2.3" not in f"{caught.value}{caught.value.metadata}"


def test_the_addresses_that_were_checked_are_those_to_connect_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8", "8.8.4.4"))
    found = guard.locate("https://example.com/x?y=z#part")
    assert found == locations.Location(
        "https", "example.com", 443, "/x?y=z", ("8.8.8.8", "8.8.4.4"), "https://example.com/x"
    )


def test_an_exception_is_for_one_host_and_port() -> None:
    allowed = {"127.0.0.1:8000"}
    assert guard.locate("http://127.0.0.1:8000/x", allowed).addresses == ("127.0.0.1",)
    for url in ("http://127.0.0.1:8001/x", "http://127.0.0.2:8000/x", "http://localhost:8000/x"):
        with pytest.raises(Failed):
            guard.locate(url, allowed)


def test_what_is_shown_of_a_url_holds_no_secret() -> None:
    assert locations.shown("https://user:hunter2@example.com:8443/a/b?signature=s#f") == "https://example.com:8443/a/b"
    assert locations.shown("http://[::1") == "(not a URL)"
