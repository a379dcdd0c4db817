"""What is imported is looked at: formats by name, and what is no image, leads elsewhere or is cut short refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.image.conftest import MIB, House, files, image
from tests.servers import qcow2
from tests.servers.sources import Reply

import wharfinger_image.import_image as script
from wharfinger.script import Failed
from wharfinger.testing import Done
from wharfinger_image.inspecting import Inspector

RAW = image(MIB)


def imported(house: House, data: bytes, **params: object) -> Done:
    """Import `data` into a folder."""
    url = house.sources.serve("/image", Reply(data))
    return house.trial(script).run({"source": url, "stores": "first", "name": "x", **params})


def seen(data: bytes, expected: str = "auto", piece: int = 100_000) -> str:
    """Return the format of `data`, shown to the inspector in pieces; raises Failed."""
    inspector = Inspector(expected, "it")
    for at in range(0, len(data), piece):
        inspector.see(data[at : at + piece])
    return inspector.finish()


def refusal(data: bytes, expected: str = "auto") -> str:
    """Return why `data` is refused."""
    with pytest.raises(Failed) as caught:
        seen(data, expected)
    assert caught.value.reason == "FORMAT_REFUSED"
    return str(caught.value.metadata["cause"])


@pytest.fixture(scope="module")
def a_qcow2(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A valid qcow2 of some megabytes."""
    path = tmp_path_factory.mktemp("qcow2") / "x"
    qcow2.write(path, 3 * MIB)
    return path.read_bytes()


def changed(data: bytes, at: int, form: str, *values: int) -> bytes:
    """Return `data` with other numbers at a place."""
    edited = bytearray(data)
    struct.pack_into(form, edited, at, *values)
    return bytes(edited)


def vmdk(descriptor: str, grains: int = 4, size: int | None = None) -> bytes:
    """Return a sparse VMDK of `grains` grains of 64 KiB, with its tables."""
    sector, grain, entries = 512, 128, 512
    text = descriptor.encode().ljust(20 * sector, b"\0")
    directory, table, first = 21, 22, 128
    header = struct.pack(
        "<4sIIQQQQIQQQB4sH", b"KDMV", 1, 3, grains * grain, grain, 1, 20, entries, 0, directory, first, 0, b"\n \r\n", 0
    )
    body = header.ljust(sector, b"\0") + text + struct.pack("<I", table).ljust(sector, b"\0")
    body += struct.pack(f"<{grains}I", *(first + n * grain for n in range(grains))).ljust(4 * sector, b"\0")
    return body.ljust(first * sector, b"\0") + image(grains * grain * sector)


DESCRIPTOR = """# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicSparse"
RW 512 SPARSE "disk.vmdk"
"""


def vdi(blocks: int = 2) -> bytes:
    """Return a VDI of `blocks` blocks of 1 MiB."""
    head = bytearray(2 * MIB)
    head[:40] = b"<<< Oracle VM VirtualBox Disk Image >>>\n"
    struct.pack_into("<I", head, 64, 0xBEDA107F)
    struct.pack_into("<II", head, 340, MIB, 2 * MIB)
    struct.pack_into("<QIIII", head, 368, blocks * MIB, MIB, 0, blocks, blocks)
    return bytes(head) + image(blocks * MIB)


def iso(sectors: int = 300) -> bytes:
    """Return a disc of `sectors` sectors of 2 KiB."""
    data = bytearray(sectors * 2048)
    data[32768:32774] = b"\x01CD001"
    struct.pack_into("<I", data, 32768 + 80, sectors)
    struct.pack_into("<H", data, 32768 + 128, 2048)
    return bytes(data)


def gpt(sectors: int = 4096) -> bytes:
    """Return a disk with a GPT of `sectors` sectors."""
    data = bytearray(sectors * 512)
    struct.pack_into("<B3BB3BII", data, 446, 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, sectors - 1)
    data[510:512] = b"\x55\xaa"
    data[512:520] = b"EFI PART"
    struct.pack_into("<Q", data, 512 + 32, sectors - 1)
    return bytes(data)


def mbr(sectors: int = 4096) -> bytes:
    """Return a disk with one partition that ends with it."""
    data = bytearray(sectors * 512)
    struct.pack_into("<B3BB3BII", data, 446, 0x80, 0, 2, 0, 0x83, 255, 255, 255, 2048, sectors - 2048)
    data[510:512] = b"\x55\xaa"
    return bytes(data)


def vhd() -> bytes:
    """Return a dynamic VHD: its footer, a copy of which is its beginning, and something between."""
    footer = b"conectix".ljust(512, b"\0")
    return footer + image(MIB) + footer


WHOLE: dict[str, Callable[[], bytes]] = {
    "raw": lambda: RAW,
    "vmdk": lambda: vmdk(DESCRIPTOR),
    "vdi": vdi,
    "iso": iso,
    "gpt": gpt,
    "vhd": vhd,
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_format_is_known_by_its_bytes_however_they_come(name: str) -> None:
    for piece in (4096, 65_536, 10 * MIB):
        assert seen(WHOLE[name](), piece=piece) == name
    assert seen(WHOLE[name](), expected=name) == name


def test_a_qcow2_is_known(a_qcow2: bytes) -> None:
    assert seen(a_qcow2) == seen(a_qcow2, "qcow2") == seen(a_qcow2, piece=4 * MIB) == "qcow2"


def test_a_disk_with_a_partition_table_is_raw_too_and_a_disc_that_starts_machines_is_a_disc() -> None:
    assert seen(gpt(), "raw") == seen(mbr(), "raw") == "gpt"
    both = bytearray(iso())
    both[:512] = mbr()[:512]
    struct.pack_into("<II", both, 454, 0, 100)
    assert seen(bytes(both)) == "iso"


def test_another_format_than_the_named_one_is_refused(a_qcow2: bytes) -> None:
    assert refusal(a_qcow2, "raw") == "it is qcow2, not raw"
    assert refusal(RAW, "qcow2") == "it is raw, not qcow2"
    assert refusal(iso(), "vmdk") == "it is iso, not vmdk"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><title>Log in</title></html>",
        b"\n\n  <HTML>" + b"<p>moved</p>" * 1000,
        b"\xef\xbb\xbf<?xml version='1.0'?><Error/>",
        b'{"error": "not authorized"}\n',
        b"Not Found",
        "Gr\u00fc\u00dfe aus der Wartung, wir sind gleich wieder da.\n".encode() * 200,
        "not here".encode("utf-16"),
    ],
    ids=["html", "long html", "xml", "json", "words", "utf-8", "utf-16"],
)
@pytest.mark.parametrize("expected", ["auto", "raw"])
def test_pages_and_other_text_are_no_image(house: House, data: bytes, expected: str) -> None:
    done = imported(house, data, format=expected)
    assert (done.failure.code, done.failure.reason) == (9, "FORMAT_REFUSED")
    assert "format=any" in done.failure.message
    assert files(house.root) == []
    assert {entry.state for entry in done.ledger.values()} <= {"UNDONE"}


def test_any_takes_what_there_is(house: House) -> None:
    assert imported(house, b"<html>really</html>", format="any").result["size"] == 19
    assert (house.folder("first") / "x").read_bytes() == b"<html>really</html>"


def test_images_that_lead_to_other_files_are_refused(house: House, a_qcow2: bytes) -> None:
    backed = changed(a_qcow2, 8, ">QI", 512, 10)
    assert "backing file" in refusal(backed)
    assert "data file" in refusal(changed(a_qcow2, 72, ">Q", 4))
    assert "features that are not known" in refusal(changed(a_qcow2, 72, ">Q", 1 << 40))
    outside = DESCRIPTOR.replace('"disk.vmdk"', '"/etc/shadow"')
    assert "leads to other files" in refusal(vmdk(outside))
    flat = DESCRIPTOR.replace("monolithicSparse", "monolithicFlat").replace(
        'SPARSE "disk.vmdk"', 'FLAT "x-flat.vmdk" 0'
    )
    assert "leads to other files" in refusal(flat.encode())
    assert "never taken" in refusal(b"QED\0".ljust(4096, b"\1"))
    done = imported(house, backed)
    assert (done.failure.reason, done.failure.metadata["format"]) == ("FORMAT_REFUSED", "qcow2")
    assert files(house.root) == []


def test_what_leads_elsewhere_is_refused_as_soon_as_it_shows(house: House, a_qcow2: bytes) -> None:
    backed = changed(a_qcow2, 8, ">QI", 512, 10)
    url = house.sources.serve("/image", Reply(backed, endless=True, chunked=True))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    assert done.failure.reason == "FORMAT_REFUSED"


@pytest.mark.parametrize("part", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("name", ["vmdk", "vdi", "iso", "gpt", "vhd"])
def test_an_image_that_is_cut_short_is_refused(name: str, part: float) -> None:
    data = WHOLE[name]()
    assert "cut short" in refusal(data[: int(len(data) * part)])


@pytest.mark.parametrize("part", [0.00005, 0.01, 0.3, 0.6, 0.9])
def test_a_qcow2_that_is_cut_short_is_refused(a_qcow2: bytes, part: float) -> None:
    assert "cut short" in refusal(a_qcow2[: int(len(a_qcow2) * part)])


def test_a_disk_that_ends_before_its_last_partition_is_refused() -> None:
    assert seen(mbr()) == "gpt"
    assert "cut short" in refusal(mbr()[:-MIB])


def test_a_large_qcow2_with_many_tables_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    qcow2.write(path, 40 * MIB)
    data = path.read_bytes()
    assert seen(data, piece=MIB) == "qcow2"
    assert "cut short" in refusal(data[: 38 * MIB])


def test_what_is_cut_short_is_taken_where_nobody_looks(house: House, a_qcow2: bytes) -> None:
    assert imported(house, a_qcow2[:MIB], format="any").result["size"] == MIB
