"""The gRPC server: its services, its limits and its port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import grpc
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from wharfinger.v1 import (
    access_service_pb2,
    executor_service_pb2,
    pricing_service_pb2,
    schedule_service_pb2,
    task_service_pb2,
)
from wharfinger_server import __version__
from wharfinger_server.app.health import Health
from wharfinger_server.app.knowing import Knowing
from wharfinger_server.app.tls import Certificates
from wharfinger_server.config import Address, Settings
from wharfinger_server.engine.engine import Engine
from wharfinger_server.engine.use_cases.price_changes import PriceChanges
from wharfinger_server.engine.use_cases.price_queries import PriceDesk
from wharfinger_server.pricing import Pricing
from wharfinger_server.rpc import service
from wharfinger_server.rpc.access import AccessMethods
from wharfinger_server.rpc.budgets import BudgetMethods
from wharfinger_server.rpc.calls import Calls
from wharfinger_server.rpc.executors import ExecutorMethods
from wharfinger_server.rpc.imports import CatalogImports
from wharfinger_server.rpc.leftovers import LeftoverMethods
from wharfinger_server.rpc.operations import OperationMethods
from wharfinger_server.rpc.price_changes import PriceChangeMethods
from wharfinger_server.rpc.pricing import PricingMethods
from wharfinger_server.rpc.schedules import ScheduleMethods
from wharfinger_server.rpc.tasks import TaskMethods
from wharfinger_server.rpc.watches import TaskWatches
from wharfinger_server.rpc.workers import WorkerStreams

TASKS = task_service_pb2.DESCRIPTOR.services_by_name["TaskService"]
EXECUTORS = executor_service_pb2.DESCRIPTOR.services_by_name["ExecutorService"]
ACCESS = access_service_pb2.DESCRIPTOR.services_by_name["AccessService"]
SCHEDULES = schedule_service_pb2.DESCRIPTOR.services_by_name["ScheduleService"]
PRICES = pricing_service_pb2.DESCRIPTOR.services_by_name["PricingService"]
OPERATIONS: Any = operations_pb2.DESCRIPTOR.services_by_name["Operations"]
REFLECTION, CHANNELZ = "grpc.reflection.v1alpha.ServerReflection", "grpc.channelz.v1.Channelz"
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
OURS = (TASKS.full_name, EXECUTORS.full_name, SCHEDULES.full_name, PRICES.full_name, ACCESS.full_name)
# The same messages under the name of the version that followed; newer tools ask for that first.
_REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"
# Room for calls of gRPC's own services, which nothing else counts.
_SPARE_CALLS = 256


class Listener(NamedTuple):
    """The gRPC server, and what answers its calls: each service's definition with its handlers by their names."""

    server: grpc.aio.Server
    calls: Calls
    knowing: Knowing
    services: tuple[tuple[Any, Mapping[str, Any]], ...]


class NotListening(Exception):
    """The port can't be opened; the message says why."""


def make(settings: Settings, engine: Engine, pricing: Pricing, health: Health, schema: str, instance: str) -> Listener:
    """Return a server with every service, not started and without a port.

    `schema` is the database's; `instance` tells this life of the server from every other.
    """
    limits = settings.limits
    most_calls = limits.watches + limits.calls + _SPARE_CALLS
    server = grpc.aio.server(options=_options(limits.message_bytes, most_calls), maximum_concurrent_rpcs=most_calls)
    trailers = (
        ("wharfinger-server-version", __version__),
        ("wharfinger-schema", schema),
        ("wharfinger-instance", instance),
    )
    knowing = Knowing(settings)
    calls = Calls(knowing.callers, limits.calls, trailers)
    desk = PriceDesk(pricing, limits)
    parts: tuple[tuple[Any, tuple[object, ...]], ...] = (
        (
            TASKS,
            (
                TaskMethods(engine.tasks, engine.remediation, limits),
                TaskWatches(engine.watches),
                LeftoverMethods(engine.leftovers),
            ),
        ),
        (EXECUTORS, (ExecutorMethods(engine.listing, limits), WorkerStreams(engine.workers))),
        (ACCESS, (AccessMethods(),)),
        (SCHEDULES, (ScheduleMethods(engine.schedules, limits),)),
        (OPERATIONS, (OperationMethods(engine.tasks, limits),)),
        (
            PRICES,
            (
                PricingMethods(desk, engine.estimates, limits),
                CatalogImports(desk),
                PriceChangeMethods(PriceChanges(pricing, desk, limits), limits),
                BudgetMethods(engine.budgets),
            ),
        ),
    )
    services = tuple((descriptor, service.add(server, calls, descriptor, *methods)) for descriptor, methods in parts)
    # Health is open to all: who asks is often a load balancer, and the answer tells nothing.
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    seldom = (
        service.Later(calls, (REFLECTION,), _add_reflection, {_REFLECTION_V1: REFLECTION}),
        service.Later(calls, (CHANNELZ,), _add_channelz),
    )
    server.add_generic_rpc_handlers(seldom)
    return Listener(server, calls, knowing, services)


def _add_reflection(server: Any) -> None:
    from grpc_channelz.v1 import channelz_pb2  # noqa: F401  # so that its definitions are known
    from grpc_reflection.v1alpha import reflection_pb2_grpc

    from wharfinger_server.app import reflection

    served = (*OURS, OPERATIONS.full_name, HEALTH, REFLECTION, _REFLECTION_V1, CHANNELZ)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflection.servicer(served), server)


def _add_channelz(server: Any) -> None:
    from grpc_channelz.v1 import channelz, channelz_pb2_grpc

    channelz_pb2_grpc.add_ChannelzServicer_to_server(channelz.aio.ChannelzServicer(), server)


def open_port(server: grpc.aio.Server, settings: Settings) -> Address:
    """Open the server's port and return the address that it is bound to.

    Raises:
        NotListening: the address is taken or not this machine's, or a certificate can't be used.
    """
    address = Address.parse(settings.server.address)
    try:
        if settings.tls.cert:
            port = server.add_secure_port(str(address), Certificates(settings.tls).credentials())
        else:
            port = server.add_insecure_port(str(address))
    except OSError as error:
        raise NotListening(f"a file of [tls] can't be read: {error}") from None
    except (RuntimeError, ValueError):
        port = 0
    if not port:
        why = "another program may listen there, or it is no address of this machine"
        if settings.tls.cert:
            why += ", or [tls] cert and key don't belong together"
        raise NotListening(f"the server can't listen on {address}: {why}")
    return address.at(port)


def _options(message_bytes: int, most_calls: int) -> list[tuple[str, int]]:
    return [
        # Two servers on one port would share its calls at random.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", message_bytes),
        ("grpc.max_send_message_length", message_bytes),
        ("grpc.enable_channelz", 1),
        # Of calls that arrive at once gRPC otherwise drops some beyond the thousandth, as CANCELLED: all watchers of a
        # server come back in one moment when it was started anew. Our own limits refuse with a reason.
        ("grpc.server.max_pending_requests", most_calls),
        ("grpc.server.max_pending_requests_hard_limit", most_calls),
        # Watches are long and often silent: find dead peers within a minute, and let callers do the same.
        ("grpc.keepalive_time_ms", 40_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ]
