"""A running server that wanted credentials wants them until it is started anew, whatever becomes of its files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import grpc
import pytest
from tests.access.test_roles import digest, until_it_is
from tests.rpc.test_access import bearer, write_config
from tests.rpc.wire import connected, refused
from tests.servers.serving import Serving

from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.access.callers import Callers
from wharfinger_server.config import Granted, Settings, token_file
from wharfinger_server.domain.errors import Unauthenticated


def filed(name: str) -> token_file.FiledToken:
    return token_file.FiledToken(name, digest(f"{name}-token"), name, Granted(None))


@pytest.mark.processes
@pytest.mark.parametrize("kept_in", ["token file", "settings"])
def test_a_server_whose_last_token_is_taken_away_opens_to_nobody(tmp_path: Path, kept_in: str) -> None:
    file = tmp_path / "tokens.json"
    access = f'[access]\ntoken_file = "{file}"\n'
    table = f'[[tokens]]\nsha256 = "{digest("one-token")}"\ncreator = "one"\nprojects = "*"\n'
    if kept_in == "token file":
        token_file.write(file, [filed("one")])
    serving = Serving(tmp_path, write_config(tmp_path, access + (table if kept_in == "settings" else "")))
    try:
        with connected(serving.address) as stubs:
            until_it_is(stubs, "one-token", "OK")
            file.unlink(missing_ok=True)
            write_config(tmp_path, access)
            until_it_is(stubs, "one-token", "UNAUTHENTICATED")
            for metadata in (None, bearer(""), bearer("wrong")):
                told = refused(stubs.tasks.ListTasks, v1.ListTasksRequest(parent="projects/own"), metadata=metadata)
                assert told.code == grpc.StatusCode.UNAUTHENTICATED
            token_file.write(file, [filed("two")])
            until_it_is(stubs, "two-token", "OK")
    finally:
        assert serving.stop() == 0, serving.log()


class Shown:
    """A certificate that an authority of `client_ca` signed, and no token."""

    token = ""
    certificate = b"never read: nothing that is configured could name it"


def test_when_tokens_go_an_authority_does_not_vouch_for_every_certificate(tmp_path: Path) -> None:
    settings = Settings()
    settings = dataclasses.replace(
        settings,
        tls=dataclasses.replace(settings.tls, client_ca=str(tmp_path / "ca.pem")),
        access=dataclasses.replace(settings.access, token_file=str(tmp_path / "tokens.json")),
    )
    token_file.write(tmp_path / "tokens.json", [filed("one")])
    callers = Callers(settings, [filed("one")])
    (tmp_path / "tokens.json").unlink()
    callers.take(settings, [])
    assert not callers.open_to_all
    with pytest.raises(Unauthenticated, match="Bearer TOKEN"):
        callers.of(Shown())
