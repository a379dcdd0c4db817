"""Price data that must not be used, on the command line: each is refused with its reason, and what was active stays."""

import gzip
import json
import os
import socket
import subprocess
import sys
import time

import pytest
from tests.cli.test_prices import Folder
from tests.pricing.making import Signer, document, line, many
from tests.servers.sources import Reply, Sources, redirect

pytestmark = pytest.mark.processes

TRUSTED, STRANGER = Signer(), Signer()
GOOD = [line(f"m{number}", "0.10") for number in range(40)]
LIBCLOUD = '{"compute": {"gandi": {"small": %s}}, "storage": {}, "updated": %d}'


@pytest.fixture(scope="module")
def web():
    with Sources() as sources:
        yield sources


@pytest.fixture(scope="module")
def here(tmp_path_factory, web):
    """Return a data folder whose active catalogue has 40 prices."""
    folder = Folder(tmp_path_factory.mktemp("refused") / "here", web)
    with folder.settings.open("a") as settings:
        settings.write(
            f'max_unpacked = "1MiB"\nfetch_timeout = "1s"\n[prices.trusted_keys]\nops = "{TRUSTED.public}"\n'
        )
    done = folder.prices("import", folder.write("good.jsonl", document(GOOD)))
    assert done.code == 0, done
    return folder


def active(here):
    (row,) = [row for row in here.prices("ls", "-o", "json").json if row["state"] == "ACTIVE"]
    return row["name"]


def refused(here, reason, *arguments):
    """Run a command that must be refused; return what it says."""
    before = active(here)
    said = here.prices(*arguments)
    assert said.code == {"PRICES_QUARANTINED": 6, "PRICES_UNREACHABLE": 4}.get(reason, 5), said
    assert f"[{reason}]" in said.err
    assert "Traceback" not in said.err
    assert len(said.err) < 2000
    assert active(here) == before
    return said.err


@pytest.mark.parametrize(
    ("data", "options", "reason", "phrase"),
    [
        (b"<html>it moved</html>", (), "PRICES_MALFORMED", "libcloud"),
        (b"<html>it moved</html>", ("--format", "libcloud"), "PRICES_MALFORMED", "stands where"),
        (document(GOOD)[:-20], (), "PRICES_MALFORMED", "line 40"),
        (b"", (), "PRICES_MALFORMED", "empty"),
        (gzip.compress(document(GOOD))[:60], (), "PRICES_MALFORMED", ""),
        (gzip.compress(b"\0" * 20_000_000), (), "PRICES_TOO_LARGE", "1048576"),
        (document(GOOD), ("--sha256", "ab" * 32), "PRICES_CHECKSUM", "ab" * 32),
        (document([*GOOD, line("bad", "-1")]), (), "PRICES_QUARANTINED", "negative"),
        (document([*GOOD, line("bad", "2e12")]), (), "PRICES_QUARANTINED", "absurd"),
        (document([*GOOD, line("m1", "0.11")]), (), "PRICES_QUARANTINED", "m1"),
        (document([*GOOD, line("bad", currency="ABC")]), (), "PRICES_QUARANTINED", "ABC"),
        (document(GOOD[:30]), (), "PRICES_QUARANTINED", "10 of 40 known prices are missing"),
        (many(40, "0.90"), (), "PRICES_QUARANTINED", "moved by more than half"),
        (document([*GOOD[1:], line("m0", "0")]), (), "PRICES_QUARANTINED", "line 40: amount is 0"),
        (document([*GOOD[1:], line("m0", None)]), (), "PRICES_QUARANTINED", "zero or unknown"),
    ],
    ids=[
        "nothing known", "no JSON", "truncated", "empty", "truncated gzip", "bomb", "checksum", "negative", "absurd",
        "duplicates", "currency", "coverage", "moved", "zero", "unknown",
    ],
)  # fmt: skip
def test_bad_data_is_refused_and_the_active_catalogue_stays(here, data, options, reason, phrase):
    assert phrase in refused(here, reason, "import", here.write("bad.jsonl", data), *options)


@pytest.mark.parametrize(
    ("signature", "phrase"),
    [
        (STRANGER.sign(document(GOOD)), "trusted are: ops"),
        (TRUSTED.sign(many(3)), "does not fit the data"),
        (b"no signature", "no minisign signature"),
    ],
    ids=["by an unknown key", "of other data", "none"],
)
def test_a_signature_that_does_not_hold_is_refused(here, signature, phrase):
    sidecar = here.write("signature.minisig", signature)
    path = here.write("signed.jsonl", document(GOOD))
    assert phrase in refused(here, "PRICES_SIGNATURE", "import", path, "--signature", sidecar)


def test_older_data_is_refused_and_named_as_such(web, tmp_path):
    here = Folder(tmp_path / "older", web)
    assert here.prices("import", here.write("new.json", (LIBCLOUD % ("0.02", 1_700_000_000)).encode())).code == 0
    older = here.write("old.json", (LIBCLOUD % ("0.021", 1_600_000_000)).encode())
    assert "older than the active catalogue's" in refused(here, "PRICES_QUARANTINED", "import", older)


@pytest.mark.parametrize(
    ("reply", "reason", "phrase"),
    [
        (redirect("http://169.254.169.254/latest/"), "PRICES_URL_REFUSED", "169.254.169.254"),
        (redirect("file:///etc/passwd"), "PRICES_URL_REFUSED", "file"),
        (Reply(many(9), hang_after=9), "PRICES_UNREACHABLE", "not there within 1 s"),
        (Reply(many(9), endless=True, chunked=True, rate=20_000), "PRICES_UNREACHABLE", "not there within 1 s"),
        (Reply(many(9), cut_after=100), "PRICES_UNREACHABLE", ""),
        (Reply(b"gone", status=410), "PRICES_UNREACHABLE", "410"),
    ],
    ids=["inward", "file", "hanging", "endless", "cut", "gone"],
)
def test_an_address_that_serves_nothing_good_is_refused_in_its_time(here, web, reply, reason, phrase):
    began = time.monotonic()
    assert phrase in refused(here, reason, "update", "--url", web.serve("/bad.jsonl", reply), "--force")
    assert time.monotonic() - began < 10


def test_an_address_where_nobody_listens_is_told(here, web):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    refused(here, "PRICES_URL_REFUSED", "update", "--url", f"http://{address}/p.jsonl", "--force")


def test_of_two_updates_at_once_the_second_is_told_to_wait(here, web):
    url = web.serve("/slow.jsonl", Reply(document(GOOD), rate=600))
    first = subprocess.Popen(
        [sys.executable, "-m", "wharfinger", "prices", "update", "--url", url, "--force", "-o", "json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**here.environ, "WHARFINGER_PRICES__FETCH_TIMEOUT": "20s"},
    )
    try:
        until = time.monotonic() + 20
        while not any(seen.path == "/slow.jsonl" for seen in web.requests):
            assert time.monotonic() < until, "the first update asks for nothing"
            time.sleep(0.02)
        began = time.monotonic()
        for command in (("import", here.write("second.jsonl", document(GOOD))), ("ls",)):
            told = here.prices(*command)
            assert (told.code, "[PRICES_BUSY]" in told.err) == (5, True), told
            assert str(here.folder / "data") in told.err
            assert "run this again when it has ended" in told.err
        assert time.monotonic() - began < 10
        out, err = first.communicate(timeout=30)
        assert first.returncode == 0, err
        assert json.loads(out)["price_count"] == 40
    finally:
        first.kill()
        first.wait()


def test_a_folder_that_can_not_be_written_is_told_with_its_path(web, tmp_path):
    here = Folder(tmp_path / "readonly", web)
    (here.folder / "data").mkdir()
    if os.geteuid():
        (here.folder / "data").chmod(0o500)
    else:  # whom no mode stops: a file stands where the folder should
        (here.folder / "data" / "prices").write_bytes(b"")
    said = here.prices("import", here.write("good.jsonl", document(GOOD)))
    (here.folder / "data").chmod(0o700)
    assert said.code == 5, said
    assert str(here.folder / "data") in said.err
    assert "Traceback" not in said.err


def test_what_was_left_out_is_told_at_the_import_and_by_show_skipped(web, tmp_path):
    here = Folder(tmp_path / "odd", web)
    rows = [line(f"m{number}", "0.1") for number in range(200)]
    path = here.write("odd.jsonl", document([*rows, line("evil\x1b]0;owned", "0.1")]))
    done = here.prices("import", path)
    assert done.code == 0, done
    assert "1 at fault (line 201: sku" in done.out
    told = here.prices("show", "--skipped", "jsonl")
    assert told.code == 0, told
    assert "line 201: sku" in told.out
    assert "\x1b" not in done.out + told.out
    document_of = here.prices("show", "--skipped", "-o", "json").json
    assert (document_of["source"], document_of["fault_count"], len(document_of["faults"])) == ("jsonl", 1, 1)
    assert here.prices("show", "onprem").code == 2
    assert here.prices("show", "--skipped", "jsonl", "fra").code == 2
    assert here.prices("import", here.write("good.jsonl", document(rows[:199]))).code == 0
    assert "nothing was left out" in here.prices("show", "--skipped", "jsonl").out
