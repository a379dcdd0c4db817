"""ExecutorService over the wire."""

import grpc
import pytest
from tests.rpc.wire import refused

from wharfinger.v1 import executor_service_pb2 as v1


def test_executors_are_listed_by_name(stubs):
    executors = stubs.executors.ListExecutors(v1.ListExecutorsRequest()).executors
    names = ["asyncio", "process", "remote", "thread"]
    assert [executor.name for executor in executors] == [f"executors/{name}" for name in names]
    assert [executor.unavailable_reason for executor in executors] == ["", "", "", ""]
    assert all(executor.summary and executor.version for executor in executors)
    assert [executor.slots > 0 for executor in executors] == [True, True, False, True]  # no worker is attached
    assert stubs.executors.GetExecutor(v1.GetExecutorRequest(name="executors/thread")).name == "executors/thread"


def test_scripts_are_listed_in_pages_by_name(stubs):
    names, token = [], ""
    while True:
        page = stubs.executors.ListScripts(v1.ListScriptsRequest(page_size=3, page_token=token))
        names += [script.name for script in page.scripts]
        token = page.next_page_token
        if not token:
            break
        assert len(page.scripts) == 3
    assert names == sorted(names)
    assert {"scripts/harbour.noop", "scripts/harbour.count", "scripts/harbour.plain"} <= set(names)


def test_a_script_shows_its_schema_and_what_it_can(stubs):
    script = stubs.executors.GetScript(v1.GetScriptRequest(name="scripts/harbour.build"))
    assert script.params_schema["properties"]["yard"]["type"] == "string"
    assert (script.can_find, script.resumable, script.distribution, script.version) == (True, True, "harbour", "1.0")
    assert list(script.executors) == ["asyncio", "process", "remote", "thread"]
    assert script.summary == "Make things in a yard of files, one after the other."


@pytest.mark.parametrize(
    ("method", "request_type", "name", "code", "reason"),
    [
        ("GetScript", v1.GetScriptRequest, "scripts/nobody.knows", grpc.StatusCode.NOT_FOUND, "UNKNOWN_SCRIPT"),
        ("GetScript", v1.GetScriptRequest, "nobody.knows", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME"),
        ("GetExecutor", v1.GetExecutorRequest, "executors/no", grpc.StatusCode.NOT_FOUND, "UNKNOWN_EXECUTOR"),
        ("GetExecutor", v1.GetExecutorRequest, "scripts/x", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME"),
    ],
)
def test_what_is_not_there_is_refused(stubs, method, request_type, name, code, reason):
    told = refused(getattr(stubs.executors, method), request_type(name=name))
    assert (told.code, told.reason) == (code, reason)


def test_a_page_token_of_another_list_is_refused(stubs):
    token = stubs.executors.ListScripts(v1.ListScriptsRequest(page_size=1)).next_page_token
    for bad in (token, "x", "é", "%%%"):
        assert (
            refused(stubs.executors.ListExecutors, v1.ListExecutorsRequest(page_token=bad)).reason
            == "INVALID_PAGE_TOKEN"
        )


def test_a_negative_page_size_is_refused(stubs):
    assert refused(stubs.executors.ListScripts, v1.ListScriptsRequest(page_size=-1)).fields == ["page_size"]
