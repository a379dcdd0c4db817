"""Executors and scripts."""

from __future__ import annotations

from wharfinger.v1 import executor_pb2, script_pb2
from wharfinger_server.engine.use_cases.listing import ExecutorShown, ScriptShown
from wharfinger_server.rpc.messages.params import fill_struct
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.sdk.workers import WorkerShown


def executor_message(executor: ExecutorShown, *, counted: bool) -> executor_pb2.Executor:
    """Return the executor as it is shown; `counted`: to whom may know of the tasks of all projects, and of hosts."""
    return executor_pb2.Executor(
        name=f"executors/{executor.name}",
        version=executor.version,
        summary=clean(executor.summary),
        slots=executor.slots,
        running=executor.running if counted else 0,
        queued=executor.queued if counted else 0,
        draining=executor.draining,
        unavailable_reason=clean(executor.unavailable_reason),
        workers=[_worker_message(worker, counted=counted) for worker in executor.workers],
    )


def _worker_message(worker: WorkerShown, *, counted: bool) -> executor_pb2.Worker:
    facts = worker.facts
    message = executor_pb2.Worker(
        id=clean(facts.id),
        host=clean(facts.host) if counted else "",
        language=clean(facts.language),
        slots=facts.slots,
        running=worker.running if counted else 0,
        scripts=sorted(name for name, _ in facts.scripts),
    )
    message.connect_time.FromMicroseconds(round(worker.since * 1e6))
    return message


def script_message(script: ScriptShown) -> script_pb2.Script:
    """Return the script as it is shown; a schema that says nothing is left unset."""
    message = script_pb2.Script(
        name=f"scripts/{script.name}",
        version=script.version,
        distribution=script.distribution,
        summary=clean(script.summary),
        can_undo=script.can_undo,
        can_find=script.can_find,
        can_look=script.can_look,
        can_estimate=script.can_estimate,
        resumable=script.resumable,
        undo_compatible_since=script.undo_compatible_since,
        run_compatible_since=script.run_compatible_since,
        executors=script.executors,
        broken_reason=clean(script.broken_reason),
    )
    if script.params_schema:
        fill_struct(message.params_schema, script.params_schema)
    if script.result_schema:
        fill_struct(message.result_schema, script.result_schema)
    return message
