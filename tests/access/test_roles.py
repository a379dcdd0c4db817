"""Every call, with every kind of credential, in an own and a foreign project: each cell as the table of rules says."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from tests.rpc.test_access import bearer, write_config
from tests.rpc.test_every_call import call
from tests.rpc.test_rules import EVERY, about
from tests.rpc.wire import connected, create_request, told
from tests.servers.serving import Serving

from wharfinger.v1 import task_service_pb2
from wharfinger_server.access.rules import Rule, Scope, rule_of
from wharfinger_server.config import Granted, token_file
from wharfinger_server.domain.roles import ROLES, Role

pytestmark = pytest.mark.processes

HOLDERS = {
    "viewer": ('projects = ["own"]\nrole = "viewer"', Role.VIEWER),
    "operator": ('projects = ["own"]\nrole = "operator"', Role.OPERATOR),
    "admin": ('projects = ["own"]\nrole = "admin"', Role.ADMIN),
    "mixed": ('projects = ["own"]\nrole = "viewer"\nroles = { other = "operator" }', Role.VIEWER),
    "all-viewer": ('projects = "*"\nrole = "viewer"', Role.VIEWER),
    "all-operator": ('projects = "*"\nrole = "operator"', Role.OPERATOR),
    "all-admin": ('projects = "*"\nrole = "admin"', Role.ADMIN),
}
"""What credentials open, and their role in the project `own`."""
NOBODY = {
    "none": None,
    "empty": bearer(""),
    "wrong": bearer("wrong"),
    "expired": bearer("expired-token"),
    "revoked": bearer("revoked-token"),
    "basic": (("authorization", "Basic viewer-token"),),
}
SECRET = "quayside-7431"  # stands in a task of another project


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Guarded:
    """A server with all those credentials, and the name of a foreign task."""

    stubs: Any
    foreign: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("roles")
    tables = [
        f'[[tokens]]\nsha256 = "{digest(f"{name}-token")}"\ncreator = "{name}"\n{opened}\n'
        for name, (opened, _) in HOLDERS.items()
    ]
    tables.append(f'[[tokens]]\nsha256 = "{digest("worker-token")}"\ncreator = "w"\nprojects = "*"\nrole = "worker"\n')
    tables.append(
        f'[[tokens]]\nsha256 = "{digest("expired-token")}"\ncreator = "e"\nprojects = "*"\n'
        "expires = 2020-01-01T00:00:00Z\n"
    )
    filed = token_file.FiledToken("r", digest("revoked-token"), "r", Granted(None, "admin"), revoked=1)
    token_file.write(folder / "tokens.json", [filed])
    tables.append(f'[access]\ntoken_file = "{folder / "tokens.json"}"\n')
    serving = Serving(folder, write_config(folder, "".join(tables)))
    with connected(serving.address) as stubs:
        request = create_request("foreign", "harbour.noop")
        request.task.labels["note"] = SECRET
        made = stubs.tasks.CreateTask(request, metadata=bearer("all-admin-token"))
        yield Guarded(stubs, made.name)
    assert serving.stop() == 0, serving.log()
    assert "-token" not in serving.log().replace("[[tokens]]", ""), "no token is in the log"


def answer(guarded: Guarded, method: Any, request: Any, metadata: Any) -> tuple[str, str, str]:
    """Return the code, the reason, and all that was told in text."""
    asked = call(guarded.stubs, method)
    try:
        answered = asked(request, timeout=0.7 if method.server_streaming else 10, metadata=metadata)
        if method.server_streaming:
            answered = next(iter(answered), None)
        return "OK", "", str(answered)
    except grpc.RpcError as error:
        refused = told(error)
        return error.code().name, refused.reason, f"{refused.message} {refused.trailers} {refused.metadata}"


def ids(method: Any) -> str:
    return str(method.name)


CALLS = [method for method in EVERY if not method.client_streaming]


@pytest.mark.parametrize("method", CALLS, ids=ids)
@pytest.mark.parametrize("kind", NOBODY)
def test_who_is_not_known_is_told_nothing(guarded: Guarded, method: Any, kind: str) -> None:
    code, reason, said = answer(guarded, method, about(method, "own"), NOBODY[kind])
    assert (code, reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED")
    assert SECRET not in said


@pytest.mark.parametrize("method", CALLS, ids=ids)
def test_a_worker_may_look_at_nothing(guarded: Guarded, method: Any) -> None:
    code, reason, _ = answer(guarded, method, about(method, "own"), bearer("worker-token"))
    assert (code, reason) == ("PERMISSION_DENIED", "PERMISSION_DENIED")


@pytest.mark.parametrize("method", CALLS, ids=ids)
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_role_may_do_what_the_table_says(guarded: Guarded, method: Any, holder: str) -> None:
    rule = rule_of(method.containing_service.full_name, method.name)
    role = HOLDERS[holder][1]
    code, reason, said = answer(guarded, method, about(method, "own"), bearer(f"{holder}-token"))
    if may(rule, role, everything=holder.startswith("all")):
        assert code not in ("UNAUTHENTICATED", "PERMISSION_DENIED"), said
    else:
        assert (code, reason) == ("PERMISSION_DENIED", "PERMISSION_DENIED")


def may(rule: Rule, role: Role, *, everything: bool) -> bool:
    return role >= rule.least and (rule.scope is not Scope.ALL or everything)


OF_PROJECTS = [m for m in CALLS if rule_of(m.containing_service.full_name, m.name).scope is Scope.PROJECT]


@pytest.mark.parametrize("method", OF_PROJECTS, ids=ids)
@pytest.mark.parametrize("holder", [name for name in HOLDERS if not name.startswith("all")])
def test_what_is_of_a_foreign_project_is_as_if_it_were_not(guarded: Guarded, method: Any, holder: str) -> None:
    metadata = bearer(f"{holder}-token")
    there = about(method, "foreign")
    if "name" in method.input_type.fields_by_name and "/tasks/" in there.name:
        there.name = guarded.foreign
    found, never = (answer(guarded, method, one, metadata) for one in (there, about(method, "never")))
    assert found[:2] == never[:2]
    assert found[0] in ("NOT_FOUND", "PERMISSION_DENIED")
    assert SECRET not in found[2]


def test_a_role_in_one_project_is_another_than_in_the_next(guarded: Guarded) -> None:
    create = next(method for method in CALLS if method.name == "CreateTask")
    said = {name: answer(guarded, create, about(create, name), bearer("mixed-token")) for name in ("own", "other")}
    assert said["other"][0] == "OK"
    assert (said["own"][0], said["own"][1]) == ("PERMISSION_DENIED", "PERMISSION_DENIED")
    assert "needs the role operator" in said["own"][2]


def test_a_batch_takes_no_task_along_into_a_project_where_the_role_is_less(guarded: Guarded) -> None:
    batch = task_service_pb2.BatchCreateTasksRequest(parent="projects/other")
    batch.requests.add(parent="projects/own").task.script = "harbour.noop"
    batch.requests.add(parent="projects/other").task.script = "harbour.noop"
    smuggled, made = guarded.stubs.tasks.BatchCreateTasks(batch, metadata=bearer("mixed-token")).outcomes
    assert smuggled.WhichOneof("outcome") == "error"
    assert made.task.name.startswith("projects/other/")
    viewed = task_service_pb2.ListTasksRequest(parent="projects/own", filter='creator = "mixed"')
    assert not guarded.stubs.tasks.ListTasks(viewed, metadata=bearer("mixed-token")).tasks


def test_reflection_is_for_the_known_and_channelz_for_who_sees_all(guarded: Guarded) -> None:
    servers = guarded.stubs.channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")
    for token, code in (("viewer", "PERMISSION_DENIED"), ("worker", "PERMISSION_DENIED"), ("all-viewer", "OK")):
        try:
            servers(b"", timeout=10, metadata=bearer(f"{token}-token"))
            found = "OK"
        except grpc.RpcError as error:
            found = error.code().name
        assert found == code, token


def test_every_role_has_a_word_and_every_call_of_the_api_a_rule() -> None:
    assert list(ROLES) == ["viewer", "operator", "admin"]
    for method in EVERY:
        rule = rule_of(method.containing_service.full_name, method.name)
        assert rule.least in Role
        message_factory.GetMessageClass(method.input_type)


def test_tokens_come_and_go_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    first = token_file.FiledToken("one", digest("first-token"), "first", Granted(frozenset({"own"})))
    token_file.write(file, [first])
    settings = write_config(tmp_path, f'[access]\ntoken_file = "{file}"\n')
    serving = Serving(tmp_path, settings)
    try:
        with connected(serving.address) as stubs:
            assert stubs.create("own", "harbour.noop", metadata=bearer("first-token")).creator == "first"
            second = token_file.FiledToken("two", digest("second-token"), "second", Granted(frozenset({"own"})))
            token_file.write(file, [first, second])
            until_it_is(stubs, "second-token", "OK")
            until_it_is(stubs, "first-token", "OK")
            token_file.write(file, [second])
            until_it_is(stubs, "first-token", "UNAUTHENTICATED")
            file.write_text("no JSON")  # what was known stays
            time.sleep(1.2)
            until_it_is(stubs, "second-token", "OK")
            table = f'[[tokens]]\nsha256 = "{digest("third-token")}"\ncreator = "third"\nprojects = "*"\n'
            token_file.write(file, [second])
            write_config(tmp_path, f'[access]\ntoken_file = "{file}"\n{table}')
            until_it_is(stubs, "third-token", "OK")
            token_file.write(file, [])
            write_config(tmp_path, f'[access]\ntoken_file = "{file}"\n')
            for gone in ("second-token", "third-token"):
                until_it_is(stubs, gone, "UNAUTHENTICATED")
            assert "could not be read again" in serving.log()
    finally:
        assert serving.stop() == 0, serving.log()
    assert token_file.read_used(file).keys() == {"one", "two"}


def until_it_is(stubs: Any, token: str, wanted: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            stubs.tasks.ListTasks(task_service_pb2.ListTasksRequest(parent="projects/own"), metadata=bearer(token))
            code = "OK"
        except grpc.RpcError as error:
            code = error.code().name
        if code == wanted:
            return
        assert time.monotonic() < until, f"{token} is {code}"
        time.sleep(0.1)


def test_a_token_file_that_others_can_read_keeps_the_server_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    token_file.write(file, [])
    file.chmod(0o644)
    from tests.servers.serving import NotServing

    with pytest.raises(NotServing, match="chmod 600"):
        Serving(tmp_path, write_config(tmp_path, f'[access]\ntoken_file = "{file}"\n'))
