"""Where the server is: arguments, environment, defaults, and what is refused."""

from pathlib import Path

import pytest

from wharfinger._core.connection.settings import resolve


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVER", "PROJECT", "TOKEN", "CA"):
        monkeypatch.delenv(f"WHARFINGER_{name}", raising=False)


def test_without_anything_it_is_this_machine() -> None:
    found = resolve()
    assert (found.target, found.project, found.token, found.tls) == ("127.0.0.1:7480", "default", "", False)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARFINGER_SERVER", "127.0.0.1:9")
    monkeypatch.setenv("WHARFINGER_PROJECT", "mine")
    monkeypatch.setenv("WHARFINGER_TOKEN", "secret")
    found = resolve()
    assert (found.target, found.project, found.token) == ("127.0.0.1:9", "mine", "secret")
    assert "secret" not in repr(found)


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHARFINGER_SERVER", "127.0.0.1:9")
    monkeypatch.setenv("WHARFINGER_TOKEN", "secret")
    found = resolve("127.0.0.1:10", token="")
    assert (found.target, found.token) == ("127.0.0.1:10", "")


@pytest.mark.parametrize(
    ("server", "target", "tls"),
    [
        ("localhost", "localhost:7480", False),
        ("[::1]:8", "[::1]:8", False),
        ("::1", "[::1]:7480", False),
        ("[::1]", "[::1]:7480", False),
        ("unix:/run/w.sock", "unix:/run/w.sock", False),
        ("cloud.example", "cloud.example:7480", True),
        ("https://cloud.example:1/", "cloud.example:1", True),
        ("https://127.0.0.1:1", "127.0.0.1:1", True),
        ("http://cloud.example:1", "cloud.example:1", False),
    ],
)
def test_addresses(server: str, target: str, tls: bool) -> None:
    found = resolve(server)
    assert (found.target, found.tls) == (target, tls)


@pytest.mark.parametrize(
    "server",
    ["host:port", "host:0", "host:70000", ":1", "ftp://host:1", "::::", "a b:1", "[::1:1", "[nonsense]:1", "1::2::3",
     "host/path:1", "host:1/path", "me@host:1", "unix:", "https://", "a..b:1", "-:1", "host:٣", "\thost:1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(ValueError, match="server"):
        resolve(server)


def test_a_token_is_never_sent_in_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="unencrypted"):
        resolve("http://cloud.example:1", token="secret")
    assert resolve("127.0.0.1:1", token="secret").token == "secret"


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        resolve("https://127.0.0.1:1", tls=False)
    with pytest.raises(ValueError, match="both cert and key"):
        resolve("https://127.0.0.1:1", cert=b"x")
    with pytest.raises(ValueError, match="without a slash"):
        resolve(project="projects/x")


def test_certificates_are_bytes_or_files(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(b"PEM")
    assert resolve("127.0.0.1:1", ca=file) == resolve("127.0.0.1:1", ca=b"PEM")
    assert resolve("127.0.0.1:1", ca=b"PEM").tls


def test_the_token_may_stand_in_a_file(monkeypatch, tmp_path):
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    monkeypatch.setenv("WHARFINGER_TOKEN_FILE", str(file))
    assert resolve("127.0.0.1:1").token == "of-the-file"
    monkeypatch.setenv("WHARFINGER_TOKEN", "of-the-environment")
    assert resolve("127.0.0.1:1").token == "of-the-environment"
    assert resolve("127.0.0.1:1", token="given").token == "given"
    monkeypatch.delenv("WHARFINGER_TOKEN")
    monkeypatch.setenv("WHARFINGER_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(OSError, match=r"WHARFINGER_TOKEN_FILE: .* No such file"):
        resolve("127.0.0.1:1")
