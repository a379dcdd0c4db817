"""The tasks of all projects at once, as far as a credential opens them."""

import grpc
import pytest
from tests.postgres import postgres  # noqa: F401  # the fixture
from tests.rpc.test_access import bearer, tokens_table, write_config
from tests.rpc.wire import connected, create_request, refused
from tests.servers.serving import Serving
from tests.system.documented import as_promised

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

ANN, BOTH, ROOT = bearer("ann-token"), bearer("both-token"), bearer("root-token")
PRICES = "provider,sku,unit,currency,amount\nquay,large,Hours,USD,1.5\nquay,berth,Hours,EUR,0.25\n"
HALF = "state = PARTIALLY_FAILED"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def guarded(request, tmp_path_factory):
    """A server with a half-done task in each of projects a, b and c: `ann` may use a, `both` a and b, `root` all."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "prices").mkdir()
    (folder / "prices" / "quay.csv").write_text(PRICES)
    tokens = tokens_table(ann=("ann-token", '["a"]'), both=("both-token", '["a", "b"]'), root=("root-token", '"*"'))
    config = write_config(folder, f'[prices]\nfolder = "{folder / "prices"}"\nlibcloud = false\n' + tokens)
    on = () if request.param == "sqlite" else ("--store", request.getfixturevalue("postgres").database())
    serving = Serving(folder, (*config, *on))
    with connected(serving.address) as stubs:
        for project, sku in (("a", "large"), ("b", "berth"), ("c", "gold")):
            params = {"skus": {"thing": sku}, "fail": True}
            half = stubs.create(project, "harbour.priced", params=params, metadata=ROOT, labels={"dock": "1"})
            done = stubs.create(project, "harbour.noop", metadata=ROOT)
            for name in (half.name, done.name):
                request = v1.WaitTaskRequest(name=name, timeout={"seconds": 20})
                assert stubs.tasks.WaitTask(request, metadata=ROOT, timeout=25).end_time.seconds
        yield stubs
    assert serving.stop() == 0, serving.log()


def listed(stubs, metadata, **more):
    """Return the tasks of all pages."""
    request, found = v1.ListTasksRequest(parent="projects/-", **more), []
    while True:
        page = stubs.tasks.ListTasks(request, metadata=metadata)
        found += page.tasks
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def projects(tasks):
    return [task.name.split("/")[1] for task in tasks]


@pytest.mark.parametrize(("metadata", "opened"), [(ANN, "a"), (BOTH, "ab"), (ROOT, "abc")])
def test_a_credential_lists_the_half_done_tasks_of_the_projects_that_it_opens(guarded, metadata, opened):
    found = listed(guarded, metadata, filter=HALF, order_by="create_time")
    assert "".join(projects(found)) == opened
    told = {
        project: ([(money.currency_code, money.amount) for money in cost.known_hourly], cost.unpriced, cost.uncertain)
        for project, cost in zip(opened, (task.ledger.leftover for task in found), strict=True)
    }
    known = {"a": ([("USD", "1.5")], 0, 0), "b": ([("EUR", "0.25")], 0, 0), "c": ([], 1, 0)}
    assert told == {project: known[project] for project in opened}


@pytest.mark.parametrize(("metadata", "opened"), [(ANN, "a"), (BOTH, "ab"), (ROOT, "abc")])
def test_pages_of_all_projects_hold_each_task_once_in_one_order(guarded, metadata, opened):
    whole = listed(guarded, metadata)
    assert projects(whole) == [project for project in opened[::-1] for _ in range(2)]
    assert listed(guarded, metadata, page_size=1) == whole
    assert listed(guarded, metadata, page_size=1, order_by="create_time") == whole[::-1]
    assert [task.name for task in listed(guarded, metadata, view=task_pb2.TASK_VIEW_FULL)] == [t.name for t in whole]


def test_filters_hold_in_all_projects(guarded):
    assert projects(listed(guarded, ROOT, filter='labels.dock = "1"')) == ["c", "b", "a"]
    assert projects(listed(guarded, BOTH, filter='labels.dock = "1" AND script = "harbour.priced"')) == ["b", "a"]
    assert projects(listed(guarded, ANN, filter='labels.dock != "1"')) == ["a"]


def test_a_page_token_of_one_project_does_not_go_on_in_all_of_them(guarded):
    request = v1.ListTasksRequest(parent="projects/a", page_size=1)
    token = guarded.tasks.ListTasks(request, metadata=ROOT).next_page_token
    request = v1.ListTasksRequest(parent="projects/-", page_size=1, page_token=token)
    told = as_promised(refused(guarded.tasks.ListTasks, request, metadata=ROOT))
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


def test_only_lists_take_all_projects_at_once(guarded):
    create = create_request("a", "harbour.noop")
    create.parent = "projects/-"
    for method, request in (
        (guarded.tasks.CreateTask, create),
        (guarded.tasks.BatchCreateTasks, v1.BatchCreateTasksRequest(parent="projects/-", requests=[create])),
        (guarded.tasks.WatchTasks, v1.WatchTasksRequest(parent="projects/-")),
        (guarded.tasks.GetTask, v1.GetTaskRequest(name="projects/-/tasks/t")),
    ):
        assert as_promised(refused(method, request, metadata=ROOT, timeout=10)).reason == "INVALID_NAME"


def test_who_is_not_known_lists_nothing(guarded):
    told = refused(guarded.tasks.ListTasks, v1.ListTasksRequest(parent="projects/-"))
    assert told.code is grpc.StatusCode.UNAUTHENTICATED
