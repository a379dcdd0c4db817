"""The calls of the API with the deadline of each and whether repeating it does no harm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf import empty_pb2

from wharfinger.v1 import (
    catalog_pb2,
    executor_pb2,
    executor_service_pb2,
    price_pb2,
    pricing_service_pb2,
    script_pb2,
    task_pb2,
    task_service_pb2,
)

Q = TypeVar("Q")
A = TypeVar("A")

TASKS = "TaskService"
EXECUTORS = "ExecutorService"
PRICES = "PricingService"


@dataclass(frozen=True, slots=True)
class Method(Generic[Q, A]):
    """One call: `seconds` is its default deadline, `repeatable` whether gRPC may send it again by itself."""

    service: str
    name: str
    request: type[Q]
    answer: type[A]
    seconds: float = 30.0
    repeatable: bool = True


# Repeatable because every one of ours carries a request_id.
CREATE = Method(TASKS, "CreateTask", task_service_pb2.CreateTaskRequest, task_pb2.Task)
BATCH = Method(
    TASKS, "BatchCreateTasks", task_service_pb2.BatchCreateTasksRequest, task_service_pb2.BatchCreateTasksResponse, 60.0
)
GET = Method(TASKS, "GetTask", task_service_pb2.GetTaskRequest, task_pb2.Task)
LIST = Method(TASKS, "ListTasks", task_service_pb2.ListTasksRequest, task_service_pb2.ListTasksResponse)
WAIT = Method(TASKS, "WaitTask", task_service_pb2.WaitTaskRequest, task_pb2.Task)
EVENTS = Method(
    TASKS, "ListTaskEvents", task_service_pb2.ListTaskEventsRequest, task_service_pb2.ListTaskEventsResponse
)
RESOURCES = Method(
    TASKS, "ListTaskResources", task_service_pb2.ListTaskResourcesRequest, task_service_pb2.ListTaskResourcesResponse
)
CANCEL = Method(TASKS, "CancelTask", task_service_pb2.CancelTaskRequest, task_pb2.Task)
# As CREATE: the second one of the same request_id changes nothing.
RESUME = Method(TASKS, "ResumeTask", task_service_pb2.ResumeTaskRequest, task_pb2.Task)
ROLL_BACK = Method(TASKS, "RollbackTask", task_service_pb2.RollbackTaskRequest, task_pb2.Task)
# Sent twice it would be refused though it did its work.
RESOLVE = Method(TASKS, "ResolveResource", task_service_pb2.ResolveResourceRequest, task_pb2.Task, repeatable=False)
# Sent twice it would answer NOT_FOUND though it did its work.
DELETE = Method(TASKS, "DeleteTask", task_service_pb2.DeleteTaskRequest, empty_pb2.Empty, repeatable=False)
LIST_EXECUTORS = Method(
    EXECUTORS, "ListExecutors", executor_service_pb2.ListExecutorsRequest, executor_service_pb2.ListExecutorsResponse
)
GET_EXECUTOR = Method(EXECUTORS, "GetExecutor", executor_service_pb2.GetExecutorRequest, executor_pb2.Executor)
LIST_SCRIPTS = Method(
    EXECUTORS, "ListScripts", executor_service_pb2.ListScriptsRequest, executor_service_pb2.ListScriptsResponse
)
GET_SCRIPT = Method(EXECUTORS, "GetScript", executor_service_pb2.GetScriptRequest, script_pb2.Script)
ESTIMATE = Method(PRICES, "EstimateCost", pricing_service_pb2.EstimateCostRequest, price_pb2.CostEstimate)
GET_PRICE = Method(PRICES, "GetPrice", pricing_service_pb2.GetPriceRequest, price_pb2.Price)
LIST_PRICES = Method(
    PRICES, "ListPrices", pricing_service_pb2.ListPricesRequest, pricing_service_pb2.ListPricesResponse
)
GET_CATALOG = Method(PRICES, "GetCatalog", pricing_service_pb2.GetCatalogRequest, catalog_pb2.Catalog)
LIST_CATALOGS = Method(
    PRICES, "ListCatalogs", pricing_service_pb2.ListCatalogsRequest, pricing_service_pb2.ListCatalogsResponse
)
# Activating the same catalogue again changes nothing.
ACTIVATE_CATALOG = Method(PRICES, "ActivateCatalog", pricing_service_pb2.ActivateCatalogRequest, catalog_pb2.Catalog)
LIST_ACTIVATIONS = Method(
    PRICES, "ListActivations", pricing_service_pb2.ListActivationsRequest, pricing_service_pb2.ListActivationsResponse
)

IMPORT_CATALOG = Method(
    PRICES, "ImportCatalog", pricing_service_pb2.ImportCatalogRequest, pricing_service_pb2.ImportCatalogResponse
)
WATCH = Method(TASKS, "WatchTask", task_service_pb2.WatchTaskRequest, task_service_pb2.WatchTaskResponse)
WATCH_PROJECT = Method(TASKS, "WatchTasks", task_service_pb2.WatchTasksRequest, task_service_pb2.WatchTasksResponse)

UNARY = (
    CREATE,
    BATCH,
    GET,
    LIST,
    WAIT,
    EVENTS,
    RESOURCES,
    CANCEL,
    RESUME,
    ROLL_BACK,
    RESOLVE,
    DELETE,
    LIST_EXECUTORS,
    GET_EXECUTOR,
    LIST_SCRIPTS,
    GET_SCRIPT,
    ESTIMATE,
    GET_PRICE,
    LIST_PRICES,
    GET_CATALOG,
    LIST_CATALOGS,
    ACTIVATE_CATALOG,
    LIST_ACTIVATIONS,
)


def service_config() -> str:
    """Return gRPC's service config: the repeatable calls are tried up to 5 times, about a second and a half in all.

    Watches are not in it: they are opened again by what reads them, which knows where to go on. Nor are imports.
    """
    names = [{"service": f"wharfinger.v1.{m.service}", "method": m.name} for m in UNARY if m.repeatable]
    retry = {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": retry}]})
