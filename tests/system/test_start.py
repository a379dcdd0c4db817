"""What a server imports at its start: the more, the longer that takes, and the count is the same on each machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.servers.serving import Serving

pytestmark = pytest.mark.processes

SELDOM = {
    "alembic": "only a database of an older server is migrated",
    "grpc_channelz": "only people who look for faults ask it",
    "grpc_reflection.v1alpha": "only tools that know nothing of the API ask it",
    "libcloud": "only compute tasks have a cloud",
    "requests": "libcloud's",
    "psycopg": "only a server on PostgreSQL needs it",
    "botocore": "only images in S3 need it",
    "google.protobuf.json_format": "the API is binary",
}
MOST = 495
"""Modules of other packages, Python's own among them, on SQLite; lower it when there are fewer."""


def _traced(command: list[str]) -> list[str]:
    return [command[0], "-X", "importtime", *command[1:]]


@pytest.mark.parametrize("start", ["first", "second"])
def test_a_start_imports_little_and_nothing_that_few_servers_need(start: str, tmp_path: Path) -> None:
    if start == "second":
        assert Serving(tmp_path).stop() == 0
        (tmp_path / "server.log").unlink()
    server = Serving(tmp_path, leash=_traced)
    try:
        log = server.log()
    finally:
        assert server.stop() == 0
    imported = re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", log, re.MULTILINE)
    assert "wharfinger_server.app.server" in imported
    assert "wharfinger_compute.deploy" in imported, "the bundled scripts are there"
    needless = {name: why for name, why in SELDOM.items() if any(f"{one}.".startswith(f"{name}.") for one in imported)}
    assert not needless
    others = [name for name in imported if not name.startswith("wharfinger")]
    assert len(others) <= MOST
