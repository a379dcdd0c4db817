"""What is played on an earlier server to fill its database, and all that a server says of such a database."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from tests.rpc.wire import Stubs, create_request

from wharfinger.v1 import policy_pb2, pricing_service_pb2, task_pb2, task_service_pb2

PROJECT = "harbour"
SCRIPT = "keel.lay"
SEALED_WORD = "a word under a seal"

PRICES = """\
provider,region,sku,unit,currency,amount,category,term,free,tiers,effective,expire,source
onprem,fra1,m.large,Hours,EUR,0.12,,,,,,,
onprem,fra1,m.large,Hours,EUR,0.08,committed,1yr,,,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,contract 17
onprem,fra1,archive,GB-Months,EUR,,,,,0:0.02 1024:0.015,,,
onprem,fra1,address,Hours,EUR,0,,,true,,,,
"""
SKUS = {"hull": "m.large", "mast": "address", "cargo": "unknown"}

KEEP, ROLL_BACK = policy_pb2.LEFTOVER_POLICY_KEEP, policy_pb2.LEFTOVER_POLICY_ROLL_BACK


def write_seal_key(data: Path) -> None:
    """Give a server the key that its sealed params are under: made anew each time, always the same one."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "seal.keys"
    file.touch(0o600)
    file.write_text(base64.b64encode(hashlib.sha256(b"databases of earlier servers").digest()).decode() + "\n")


# ---------------------------------------------------------------- what an earlier server is made to do


class Scene:
    """Tasks in every state on one server, whose working directory is `folder`."""

    def __init__(self, stubs: Stubs, folder: Path) -> None:
        self._stubs = stubs
        self._tasks = stubs.tasks
        self._folder = folder

    def play(self) -> None:
        """Bring tasks into every state; returns while three of them are in the middle of something."""
        self._import_prices()
        self._succeed()
        self._fail()
        self._part_ways()
        self._roll_back()
        self._hold()
        self._begin()

    def create(
        self, name: str, *, project: str = PROJECT, policy: dict[str, Any] | None = None, **more: Any
    ) -> task_pb2.Task:
        labels = more.pop("labels", {})
        request = create_request(
            project, SCRIPT, task_id=name, request_id=f"request-of-{name}", params=more, labels=labels
        )
        request.task.policy.MergeFrom(policy_pb2.Policy(**policy or {}))
        return self._tasks.CreateTask(request, timeout=10)

    def wait(self, task: task_pb2.Task, state: str) -> task_pb2.Task:
        """Wait until a task rests, which must be in `state`."""
        found = self._stubs.wait(task.name, 60)
        assert found.state == task_pb2.TaskState.Value(f"TASK_STATE_{state}"), found
        return found

    def until(self, task: task_pb2.Task, condition: Callable[[task_pb2.Task], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition(self.get(task)):
            assert time.monotonic() < deadline, self.get(task)
            time.sleep(0.01)

    def get(self, task: task_pb2.Task) -> task_pb2.Task:
        return self._tasks.GetTask(task_service_pb2.GetTaskRequest(name=task.name), timeout=10)

    def _import_prices(self) -> None:
        data = PRICES.encode()
        header = pricing_service_pb2.ImportCatalogHeader(
            format="csv",
            sha256=hashlib.sha256(data).hexdigest(),
            activate=True,
            upload=pricing_service_pb2.CatalogUpload(file_name="own.csv"),
            reason="the first",
        )
        parts = [
            pricing_service_pb2.ImportCatalogRequest(header=header),
            pricing_service_pb2.ImportCatalogRequest(chunk=data),
        ]
        for _ in self._stubs.prices.ImportCatalog(iter(parts), timeout=30):
            pass

    def _succeed(self) -> None:
        done = self.create(
            "done", keys=["hull", "mast"], after={"mast": ["hull"]}, adopt=["pier"], skus=SKUS,
            labels={"tide": "high"}, policy={"priority": 3, "max_attempts": 2},
        )  # fmt: skip
        self.wait(done, "SUCCEEDED")
        self.wait(self.create("long", text="x" * 5_000), "SUCCEEDED")
        self.wait(self.create("elsewhere", project="dock", keys=["raft"]), "SUCCEEDED")
        deleted = self.wait(self.create("deleted", text="gone"), "SUCCEEDED")
        self._tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=deleted.name), timeout=10)

    def _fail(self) -> None:
        self.wait(self.create("failed", fail="for good"), "FAILED")
        waiting = self.create("cancelled", policy={"not_before_time": _far()})
        self._cancel(waiting)
        self.wait(waiting, "CANCELLED")

    def _part_ways(self) -> None:
        # One was made, one refused, one never begun.
        self.wait(
            self.create(
                "partly", keys=["hull", "mast", "sail"], refuse=["mast"], policy={"on_failure": KEEP}, skus=SKUS
            ),
            "PARTIALLY_FAILED",
        )
        # Nobody knows whether the second one exists.
        self.wait(
            self.create("unsure", keys=["hull", "mast"], lose=["mast"], stuck=True, policy={"on_failure": KEEP}),
            "PARTIALLY_FAILED",
        )
        settled = self.create("settled", keys=["hull", "mast"], fail="for good", policy={"on_failure": KEEP})
        self.wait(settled, "PARTIALLY_FAILED")
        for key, verdict in (("hull", "RETAIN"), ("mast", "FORGET")):
            request = task_service_pb2.ResolveLedgerEntryRequest(name=settled.name, key=key, reason="seen there")
            request.verdict = task_service_pb2.LedgerVerdict.Value(f"LEDGER_VERDICT_{verdict}")
            self._tasks.ResolveLedgerEntry(request, timeout=10)
        self.wait(settled, "FAILED")

    def _roll_back(self) -> None:
        keys, after = ["hull", "mast"], {"mast": ["hull"]}
        self.wait(self.create("undone", keys=keys, fail="for good", policy={"on_failure": ROLL_BACK}), "FAILED")
        regretted = self.wait(self.create("regretted", keys=keys, after=after), "SUCCEEDED")
        self._tasks.RollbackTask(regret(regretted.name), timeout=10)
        self.wait(regretted, "ROLLED_BACK")
        self.wait(
            self.create("stuck", keys=keys, after=after, stuck=True, fail="for good", policy={"on_failure": ROLL_BACK}),
            "ROLLBACK_FAILED",
        )

    def _hold(self) -> None:
        # Two attempts that run until the gate opens, one of which is asked in vain to stop.
        running = self.create("running", keys=["hull"], gate="gate", policy={"concurrency_key": "slip"}, skus=SKUS)
        self.until(running, lambda task: task.ledger.created == 1)
        self.create("queued", keys=["hull"], policy={"concurrency_key": "slip"})
        sealed = self.create("sealed", gate="gate", word=SEALED_WORD)
        self.until(sealed, lambda task: task.state == task_pb2.TASK_STATE_RUNNING)
        cancelling = self.create("cancelling", keys=["hull"], gate="gate", deaf=True, policy={"on_cancel": ROLL_BACK})
        self.until(cancelling, lambda task: task.ledger.created == 1)
        self._cancel(cancelling)
        self.create("later", policy={"not_before_time": _far()})

    def _begin(self) -> None:
        """Begin what lasts a few seconds: a call, the undoing of a thing, the wait before a second attempt."""
        undoing = self.create(
            "undoing", keys=["hull"], undo_hangs=True, fail="for good", policy={"on_failure": ROLL_BACK}
        )
        calling = self.create("calling", keys=["hull", "mast"], hang=["mast"])
        backoff = policy_pb2.Policy(max_attempts=2)
        backoff.retry_backoff.FromSeconds(3)
        retrying = self.create(
            "retrying", fail="for now", policy={"max_attempts": 2, "retry_backoff": backoff.retry_backoff}
        )
        self.until(retrying, lambda task: task.state == task_pb2.TASK_STATE_QUEUED and len(task.attempts) == 1)
        self.until(undoing, lambda task: self._states(task) == ["UNDOING"])
        self.until(calling, lambda task: self._states(task) == ["CREATED", "INTENDED"])

    def _states(self, task: task_pb2.Task) -> list[str]:
        return [one["state"].removeprefix("LEDGER_ENTRY_STATE_") for one in ledger(self._stubs, task.name)]

    def _cancel(self, task: task_pb2.Task) -> None:
        self._tasks.CancelTask(task_service_pb2.CancelTaskRequest(name=task.name, reason="no tide"), timeout=10)


def regret(name: str) -> task_service_pb2.RollbackTaskRequest:
    """Return the request that undoes what a task made, but for the hull."""
    return task_service_pb2.RollbackTaskRequest(name=name, retain=["hull"], request_id="request-to-regret")


def _far() -> Any:
    policy = policy_pb2.Policy()
    policy.not_before_time.FromJsonString("2126-01-01T00:00:00Z")
    return policy.not_before_time


# ---------------------------------------------------------------- what a server says


Said = dict[str, Any]


def said(message: Message) -> Said:
    """Return a message as JSON."""
    return MessageToDict(message, preserving_proto_field_name=True)


def tasks(stubs: Stubs, project: str) -> list[Said]:
    """Return all tasks of a project, whole."""
    request = task_service_pb2.ListTasksRequest(parent=f"projects/{project}", page_size=1000, order_by="create_time")
    request.view = task_pb2.TASK_VIEW_FULL
    return [said(task) for task in stubs.tasks.ListTasks(request, timeout=20).tasks]


def ledger(stubs: Stubs, name: str) -> list[Said]:
    """Return the ledger of a task."""
    request = task_service_pb2.ListLedgerEntriesRequest(parent=name, page_size=1000)
    return [said(entry) for entry in stubs.tasks.ListLedgerEntries(request, timeout=20).entries]


def events(stubs: Stubs, name: str) -> list[Said]:
    """Return the events of a task."""
    request = task_service_pb2.ListTaskEventsRequest(parent=name, page_size=1000)
    return [said(event) for event in stubs.tasks.ListTaskEvents(request, timeout=20).events]


def prices(stubs: Stubs) -> Said:
    """Return the catalogues, how they became active, their prices, and what a task and two items would cost."""
    asked = stubs.prices
    estimate = pricing_service_pb2.EstimateCostRequest(parent=f"projects/{PROJECT}")
    estimate.task.script = SCRIPT
    estimate.task.params.update({"skus": SKUS})
    listed = pricing_service_pb2.ListPricesRequest(parent=f"projects/{PROJECT}", page_size=1000)
    return {
        "catalogs": said(asked.ListCatalogs(pricing_service_pb2.ListCatalogsRequest(), timeout=20)),
        "activations": said(asked.ListActivations(pricing_service_pb2.ListActivationsRequest(), timeout=20)),
        "prices": said(asked.ListPrices(listed, timeout=20)),
        "estimate": said(asked.EstimateCost(estimate, timeout=20)),
    }


def everything(stubs: Stubs) -> Said:
    """Return all that a server says of its database."""
    told = [task for project in (PROJECT, "dock") for task in tasks(stubs, project)]
    return {
        "tasks": {task["name"]: task for task in told},
        "ledgers": {task["name"]: ledger(stubs, task["name"]) for task in told},
        "events": {task["name"]: events(stubs, task["name"]) for task in told},
        "prices": prices(stubs),
    }


class Watch:
    """A watch of the project, in a thread of its own; keeps each message's token with the events that it told."""

    def __init__(self, stubs: Stubs, token: bytes = b"") -> None:
        request = task_service_pb2.WatchTasksRequest(parent=f"projects/{PROJECT}", resume_token=token)
        self._call = stubs.tasks.WatchTasks(request)
        self.told: list[tuple[bytes, list[Said]]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            for message in self._call:
                self.told.append((message.resume_token, [said(event) for event in message.events.events]))
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                raise

    def events(self) -> list[Said]:
        """Return the events that were told so far."""
        return [event for _, events in list(self.told) for event in events]

    def until(self, condition: Callable[[list[Said]], bool], seconds: float = 20.0) -> list[Said]:
        """Wait until enough was told, and return it."""
        deadline = time.monotonic() + seconds
        while not condition(self.events()):
            assert time.monotonic() < deadline, f"no more was told than {self.events()}"
            time.sleep(0.01)
        return self.events()

    def end(self) -> list[tuple[bytes, list[Said]]]:
        """End the watch, and return what was told."""
        self._call.cancel()
        self._thread.join(10)
        return self.told
