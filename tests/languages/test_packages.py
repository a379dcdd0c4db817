"""What the packages of the other languages promise, toolchain or not."""

import json

import pytest
from tools.generate_clients import GO, TYPESCRIPT


@pytest.mark.parametrize(
    "example", [GO / "examples" / "watch" / "main.go", TYPESCRIPT / "examples" / "watch.ts"], ids=["go", "ts"]
)
def test_an_example_is_short(example):
    assert len(example.read_text().splitlines()) < 80


def test_every_package_of_connect_is_pinned_to_one_version():
    package = json.loads((TYPESCRIPT / "package.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]
    locked = json.loads((TYPESCRIPT / "package-lock.json").read_text())["packages"]
    versions = {entry["version"] for place, entry in locked.items() if "/@connectrpc/" in place}
    assert {version for name, version in wanted.items() if name.startswith("@connectrpc/")} == versions
    assert len(versions) == 1


def test_the_lock_file_knows_what_packages_hash_to_and_no_place_that_serves_them():
    lock = json.loads((TYPESCRIPT / "package-lock.json").read_text())
    packages = {place: entry for place, entry in lock["packages"].items() if place}
    assert packages
    assert [place for place, entry in packages.items() if "resolved" in entry] == []
    assert [place for place, entry in packages.items() if "integrity" not in entry] == []
