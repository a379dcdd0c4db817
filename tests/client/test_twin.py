"""The blocking client is what is generated from the one for asyncio; the calls are those of the descriptors."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from wharfinger._core.connection import methods
from wharfinger.v1 import task_pb2, task_service_pb2

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_blocking", ROOT / "tools" / "generate_blocking.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.processes
def test_the_blocking_client_is_what_is_generated(generator: ModuleType) -> None:
    sources = {path.name: path for path in generator.SOURCE.glob("*.py")}
    assert {path.name for path in generator.TARGET.glob("*.py")} == set(sources)
    for name, path in sources.items():
        made = generator.tidy(name, generator.blocking(name, path.read_text()))
        assert made == (generator.TARGET / name).read_text(), f"{name} is stale; run `make generate`"


def test_what_is_awaited_is_run_and_the_clients_own_is_called(generator: ModuleType) -> None:
    source = '''
"""Text."""

from wharfinger._core.verbs import asking, paging


class Verbs:
    async def one(self, é: str) -> int:
        """Return é."""
        return max(await self.two(é), await asking.once(self._transport, await self._transport.unary(é)))  # kept

    async def all(self) -> AsyncGenerator[int, None]:
        async for page in paging.pages(self._transport):
            yield page

    async def again(self) -> AsyncGenerator[int, None]:
        async with aclosing(self.all()) as told:
            async for page in told:
                yield page

    def some(self) -> AsyncGenerator[int, None]:
        return paging.pages(self._transport)
'''
    made = generator.blocking("verbs.py", source)
    assert "await" not in made
    assert "async" not in made
    for line in (
        "from wharfinger._core.connection.blocking import iterate, run\n",
        "return max(self.two(é), run(asking.once(self._transport, run(self._transport.unary(é)))))  # kept\n",
        "def all(self) -> Generator[int, None, None]:\n        for page in iterate(paging.pages(self._transport)):\n",
        "with closing(self.all()) as told:\n            for page in told:\n",
        "return iterate(paging.pages(self._transport))\n",
    ):
        assert line in made, made


def test_words_that_are_gone_stop_the_generator(generator: ModuleType) -> None:
    with pytest.raises(LookupError, match="correct WORDS"):
        generator.blocking("client.py", '"""Other words."""\n')


def test_every_call_of_the_api_is_known_by_its_request() -> None:
    method = methods.method_of(task_service_pb2.BatchCreateTasksRequest)
    assert (method.path, method.seconds) == ("/wharfinger.v1.TaskService/BatchCreateTasks", 60.0)
    assert methods.method_of(task_service_pb2.GetTaskRequest).answer is task_pb2.Task.DESCRIPTOR
    assert len(methods.METHODS) == sum(len(service.methods) for service in methods.SERVICES)


def test_what_changes_something_is_repeated_only_where_that_was_declared() -> None:
    once = {method.name for method in methods.METHODS.values() if not method.repeatable}
    assert once == {"DeleteSchedule", "ImportCatalog", "Work"}
    (policy,) = json.loads(methods.service_config())["methodConfig"]
    sent_again = {name["method"] for name in policy["name"]}
    assert {
        "CreateTask",
        "RollbackTask",
        "CancelTask",
        "ResolveLedgerEntry",
        "DeleteTask",
        "ActivateCatalog",
    } <= sent_again
    # Watches are opened again by what reads them.
    assert not sent_again & {*once, "WatchTask", "WatchTasks"}


def test_an_answer_of_another_type_is_a_mistake_here_and_not_a_strange_value() -> None:
    with pytest.raises(AssertionError, match=r"CancelTask does not answer with a wharfinger\.v1\.Progress"):
        methods.Calls(None).of(task_service_pb2.CancelTaskRequest, task_pb2.Progress)
