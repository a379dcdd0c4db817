"""What the server says to a worker beside assignments and commands."""

from __future__ import annotations

from collections.abc import Iterable

from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker.values import duration

WorkResponse = executor_service_pb2.WorkResponse


def answer(told: worker_pb2.WorkerAnswer) -> WorkResponse:
    """Return the answer to a report."""
    return WorkResponse(answer=told)


def lost(report: worker_pb2.WorkerReport) -> WorkResponse:
    """Return the answer to a report of an attempt that nobody knows."""
    return WorkResponse(answer=worker_pb2.WorkerAnswer(lease=report.lease, number=report.number, lease_lost=True))


def renewed(renewal: worker_pb2.WorkerRenewal) -> WorkResponse:
    """Return the answer to a sign of life."""
    return WorkResponse(renewed=worker_pb2.WorkerRenewed(number=renewal.number))


def welcome(lease_ttl: float, kept: Iterable[tuple[str, str, int]]) -> WorkResponse:
    """Return the answer to a hello; `lease_ttl` in seconds, the leases that are kept as (task, uid, epoch)."""
    leases = [worker_pb2.WorkLease(task=task, uid=uid, epoch=epoch) for task, uid, epoch in kept]
    told = worker_pb2.WorkerWelcome(lease_ttl=duration(lease_ttl), renew_every=duration(lease_ttl / 4), kept=leases)
    return WorkResponse(welcome=told)
