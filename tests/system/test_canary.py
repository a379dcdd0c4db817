"""Secrets planted wherever they can enter are nowhere to be read: files, logs, events, errors, answers, terminals."""

import base64
import hashlib
import secrets
import string
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.json_format import MessageToJson
from tests.rpc.wire import Stubs, create_request, refused
from tests.servers.serving import Serving

from wharfinger.v1 import executor_service_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

FULL = task_pb2.TASK_VIEW_FULL
ENDS = {
    "succeed": task_pb2.TASK_STATE_SUCCEEDED,
    "raise": task_pb2.TASK_STATE_PARTIALLY_FAILED,
    "fail": task_pb2.TASK_STATE_PARTIALLY_FAILED,
    "exit": task_pb2.TASK_STATE_PARTIALLY_FAILED,
    "keys": task_pb2.TASK_STATE_SUCCEEDED,
    "partly": task_pb2.TASK_STATE_PARTIALLY_FAILED,
}


class Canaries:
    """Random words, and every form in which one of them, or a half of it, would be found."""

    def __init__(self) -> None:
        self.cores: list[str] = []

    def word(self) -> str:
        """Return a new word."""
        self.cores.append("".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24)))
        return self.cores[-1]

    def number(self) -> int:
        """Return a new number."""
        self.cores.append(str(10**11 + secrets.randbelow(10**11)))
        return int(self.cores[-1])

    def found_in(self, what: bytes) -> list[bytes]:
        """Return the first places of `what` where one of the words is, with what stands around it."""
        found = []
        for core in self.cores:
            for needle in self._needles(core):
                at = what.find(needle.encode())
                if at >= 0:
                    found.append(what[max(0, at - 80) : at + 80])
        return found[:5]

    @staticmethod
    def _needles(core: str) -> list[str]:
        if core.isdigit():
            return [core, core.encode().hex()]
        half = len(core) // 2
        needles = [core[:half], core[half:]]
        for part in (core[:half], core[half:]):
            needles += [part.encode().hex(), part.encode().hex().upper()]
            for before in range(3):
                text = base64.b64encode(b"-" * before + part.encode()).decode()
                needles.append(text[4 : len(text) - 4])
        return needles


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def seeded(canaries: Canaries, how: str) -> dict[str, object]:
    """Return params with a secret in every sealed place: with quotes, with lines, in an object and in a list."""
    return {
        "how": how,
        "word": f'{canaries.word()}/"ü&%+\\ {canaries.word()}\n  line two: {canaries.word()}\n',
        "login": {"password": f"pass <{canaries.word()}>"},
        "pins": [canaries.number(), None],
        "profile": "lab",
    }


def answers(stubs, project: str) -> bytes:
    """Return all that the API tells of a project's tasks, as bytes and as JSON."""
    told = []

    def note(message) -> None:
        told.append(message.SerializeToString())
        told.append(MessageToJson(message, ensure_ascii=False).encode())

    note(stubs.executors.ListScripts(executor_service_pb2.ListScriptsRequest(page_size=100)))
    listed = stubs.tasks.ListTasks(v1.ListTasksRequest(parent=f"projects/{project}", view=FULL, page_size=100))
    note(listed)
    for task in listed.tasks:
        note(stubs.tasks.GetTask(v1.GetTaskRequest(name=task.name, view=FULL)))
        note(stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=task.name, page_size=1000)))
        note(stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name)))
        if task.state not in (task_pb2.TASK_STATE_RUNNING, task_pb2.TASK_STATE_QUEUED):
            for message in stubs.tasks.WatchTask(v1.WatchTaskRequest(name=task.name), timeout=30):
                note(message)
    return b"\n".join(told)


class Listener:
    """Hears the project's feed while things happen."""

    def __init__(self, stubs, project: str) -> None:
        self.heard: list[bytes] = []
        self._call = stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent=f"projects/{project}"))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for message in self._call:
                self.heard.append(MessageToJson(message, ensure_ascii=False).encode())
        except grpc.RpcError:
            return

    def close(self) -> None:
        self._call.cancel()
        self._thread.join(10)


def on_disk(serving: Serving) -> bytes:
    """Return every byte below the server's folder, its log and its settings' neighbours included."""
    files = [path for path in serving.folder.rglob("*") if path.is_file() and path.name != "server.toml"]
    assert {"server.log", "wharfinger.db", "seal.keys"} <= {path.name for path in files}
    return b"\n".join(path.read_bytes() for path in files)


def command(serving: Serving, token: str, *arguments: str) -> bytes:
    """Return what the command line prints, on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "wharfinger", "--server", serving.address, "--project", "aviary", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env={"WHARFINGER_TOKEN": token, "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "HOME": str(serving.folder)},
    )
    assert done.returncode in (0, 3), done.stderr
    return done.stdout + done.stderr


def config(folder: Path, canaries: Canaries, token: str) -> str:
    """Write settings with credentials of every kind; return the path of the file."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    file = folder / "server.toml"
    file.write_text(
        f"""
        [[tokens]]
        sha256 = "{digest}"
        creator = "keeper"
        projects = ["aviary"]

        [profiles.lab]
        provider = "dummy"
        key = "keeper"
        secret = "{canaries.word()}"
        options = {{ api_token = "{canaries.word()}" }}

        [stores.shed]
        url = "memory://shed"
        secret_access_key = "{canaries.word()}"
        """
    )
    file.chmod(0o600)
    return str(file)


class _Bearer(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends a token with every call."""

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def _with_token(self, go_on, details, request):
        return go_on(details._replace(metadata=self._metadata), request)

    intercept_unary_unary = intercept_unary_stream = _with_token


@contextmanager
def connected(serving: Serving, token: str) -> Iterator[Stubs]:
    """Connect with a token."""
    with grpc.insecure_channel(serving.address) as channel:
        yield Stubs(grpc.intercept_channel(channel, _Bearer(token)))


def refusals(stubs: Stubs, canaries: Canaries) -> Iterator[bytes]:
    """Yield what the server says of params with a secret where it can't be."""
    good = seeded(canaries, "succeed")
    for wrong in (
        {"word": f"!{canaries.word()}"},
        {"word": canaries.word() * 1000},
        {"word": canaries.number()},
        {"word": {canaries.word(): canaries.word()}},
        {"word": {"sealed": True}},
        {"how": canaries.word()},
        {"plain": canaries.word()},
        {"pins": [canaries.word()]},
        {"pins": canaries.word()},
        {"login": {"password": [canaries.word()]}},
        {"login": canaries.word()},
        {"word": f"{canaries.word()}\ud800"},
    ):
        request = create_request("aviary", "harbour.parrot")
        try:
            request.task.params.update(good | wrong)
        except (UnicodeEncodeError, ValueError):
            continue  # it can't even be sent
        said = refused(stubs.tasks.CreateTask, request)
        assert said.reason == "PARAMS_INVALID", wrong
        yield repr(said).encode()


@pytest.mark.timeout(180)
def test_no_planted_secret_is_told_or_written_anywhere(serve, tmp_path, canaries):
    token = canaries.word()
    options = ("--config", config(tmp_path, canaries, token), "--log-level", "debug")
    serving = serve(*options)
    told: list[bytes] = []
    with connected(serving, token) as stubs:
        listener = Listener(stubs, "aviary")
        told += refusals(stubs, canaries)
        names = {}
        for how in ENDS:
            for executor in ("asyncio", "thread") if how == "raise" else ("asyncio",):
                params = seeded(canaries, how)
                made = stubs.create(
                    "aviary", "harbour.parrot", params=params, executor=executor, request_id=how + executor
                )
                told.append(made.SerializeToString())
                names[made.name] = how
        word = f"word={canaries.word()}"
        told.append(command(serving, token, "submit", "harbour.parrot", "how=succeed", word, "--watch"))
        ended = {name: stubs.wait(name).state for name in names}
        assert ended == {name: ENDS[how] for name, how in names.items()}
        last = list(names)[-1]
        for way in ("show", "watch", "logs", "resources"):
            told.append(command(serving, token, way, last, "-o", "json" if way != "logs" else "text"))
        held = stubs.create("aviary", "harbour.parrot", params=seeded(canaries, "wait")).name
        told.append(answers(stubs, "aviary"))
        listener.close()
        told += listener.heard
    serving.kill()
    assert canaries.found_in(on_disk(serving)) == []
    again = serve(*options, folder=serving.folder)
    with connected(again, token) as stubs:
        failed = [name for name, how in names.items() if how in ("fail", "partly")]
        for name in failed:
            stubs.tasks.RollbackTask(v1.RollbackTaskRequest(name=name))
        # Its undo raises each time, so it is begun three times, each after the window of the one before.
        assert {stubs.wait(name, 60).state for name in failed} == {task_pb2.TASK_STATE_ROLLBACK_FAILED}
        stubs.tasks.CancelTask(v1.CancelTaskRequest(name=held))
        stubs.wait(held)
        told.append(answers(stubs, "aviary"))
    assert again.stop() == 0
    everything = b"\n".join(told)
    assert "«sealed»".encode() in everything
    assert canaries.found_in(everything) == []
    assert canaries.found_in(on_disk(again)) == []


def test_the_canaries_would_be_found(canaries):
    word = canaries.word()
    assert canaries.found_in(f"say {word[:12]}".encode())
    assert canaries.found_in(base64.b64encode(f"user:{word}".encode()))
    assert canaries.found_in(word.encode().hex().encode())
