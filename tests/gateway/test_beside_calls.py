"""What the gateway has beside calls: credentials, pages of other origins, health, figures, uploads, TLS, its end."""

import json
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.gateway.test_protocols import CREATE, GET, WATCH, create, creating
from tests.gateway.web import End, Web, gateway_of
from tests.rpc.test_access import Authority, tokens_table, write_config, write_pair
from tests.servers.serving import NotServing, Serving

from wharfinger.v1 import task_pb2, task_service_pb2
from wharfinger_server.app import web as gateway_of_server
from wharfinger_server.config import ConfigError, Gateway, Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
SKUS = {"thing/1": "small", "thing/2": "large"}
PRICES = "provider,sku,unit,currency,amount\nquay,small,Hours,EUR,0.125\nquay,large,Hours,EUR,0.25\n"
JSON, PLAIN = "connect+json", "text/plain"


def get(caller: Web, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    status, body, told = caller.ask(path, b"", PLAIN, method="GET", **headers)
    return status, body.decode(), told


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A gateway that wants tokens, and that pages of one origin may ask."""
    table = tokens_table(ann=("ann-token", '["a"]'), root=("root-token", '"*"'))
    table += '[gateway]\naddress = "127.0.0.1:0"\ncors_origins = ["https://ops.example"]\n'
    folder = tmp_path_factory.mktemp("guarded")
    serving = Serving(folder, write_config(folder, table))
    yield gateway_of(serving)
    assert serving.stop() == 0, serving.log()
    assert "ann-token" not in serving.log()


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic ann-token"}])
def test_a_call_without_a_known_token_is_refused_before_anything_is_read(guarded, header):
    _, end = Web(guarded, JSON).one(CREATE, b"no json", **header)
    assert (end.http, end.code, end.reason) == (401, 16, "UNAUTHENTICATED")


def test_the_token_says_who_calls_and_what_is_open(guarded):
    ann = Web(guarded, JSON, authorization="Bearer ann-token")
    task, _ = ann.one(CREATE, creating("a", "harbour.noop"))
    assert task.creator == "ann"
    _, end = ann.one(CREATE, creating("b", "harbour.noop"))
    assert end.code == 7


def test_health_is_open_to_all_and_figures_only_to_who_may_see_all_projects(guarded):
    assert get(Web(guarded, JSON), "/healthz")[:2] == (200, "ok\n")
    assert get(Web(guarded, JSON), "/metrics")[0] == 401
    assert get(Web(guarded, JSON), "/metrics", authorization="Bearer ann-token")[0] == 403
    status, text, _ = get(Web(guarded, JSON), "/metrics", authorization="Bearer root-token")
    assert status == 200
    assert "wharfinger_tasks{" in text


def test_a_page_of_an_allowed_origin_may_ask_and_read_what_it_needs(guarded):
    caller = Web(guarded, JSON)
    asked = {"origin": "https://ops.example", "access_control_request_method": "POST"}
    status, _, headers = caller.ask("/wharfinger.v1.TaskService/GetTask", b"", PLAIN, method="OPTIONS", **asked)
    assert status == 204
    assert headers["access-control-allow-origin"] == "https://ops.example"
    assert "authorization" in headers["access-control-allow-headers"]
    _, end = caller.one(GET, {"name": "projects/a/tasks/x"}, authorization="Bearer ann-token", origin=asked["origin"])
    assert end.code == 5
    exposed = end.headers["access-control-expose-headers"]
    for name in ("grpc-status", "grpc-message", "grpc-status-details-bin", "wharfinger-server-version"):
        assert name in exposed
    _, end = caller.one(GET, {}, origin=asked["origin"])
    assert (end.code, end.headers["access-control-allow-origin"]) == (16, asked["origin"])


def test_a_page_of_another_origin_may_not_ask(guarded):
    caller = Web(guarded, JSON, authorization="Bearer root-token")
    for path, method in (("/wharfinger.v1.TaskService/ListTasks", "OPTIONS"), ("/v1/catalogs:upload", "POST")):
        status, _, headers = caller.ask(path, b"x", PLAIN, method=method, origin="https://evil.example")
        assert status == 403
        assert "access-control-allow-origin" not in headers


def test_a_server_without_tokens_is_not_asked_by_a_name_that_was_made_to_point_to_it(url):
    assert get(Web(url, JSON), "/healthz", host="evil.example:80")[0] == 403
    assert get(Web(url, JSON), "/healthz", host="localhost:80")[0] == 200


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    """A gateway with tasks of some states and leftovers with a price: its figures by name and labels."""
    folder = tmp_path_factory.mktemp("figures")
    (folder / "prices").mkdir()
    (folder / "prices" / "quay.csv").write_text(PRICES)
    settings = f'[gateway]\naddress = "127.0.0.1:0"\n[prices]\nfolder = "{folder}/prices"\nlibcloud = false\n'
    serving = Serving(folder, write_config(folder, settings))
    try:
        yield Web(gateway_of(serving), JSON)
    finally:
        assert serving.stop() == 0, serving.log()


def figures(caller: Web) -> dict[str, float]:
    _, text, _ = get(caller, "/metrics")
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def test_the_figures_tell_what_is_left_to_do(half_done, project):
    caller = half_done
    running = create(caller, project, steps=1, pause=30)
    halves = create(caller, project, "harbour.half"), create(caller, project, "harbour.priced", skus=SKUS, fail=True)
    for owing in halves:
        waited, end = caller.one("TaskService/WaitTask", {"name": owing, "timeout": "20s"})
        assert end.code == 0
        assert waited.state == task_pb2.TASK_STATE_PARTIALLY_FAILED
    until = time.monotonic() + 20
    while (told := figures(caller))['wharfinger_tasks{state="PARTIALLY_FAILED"}'] < len(halves):
        assert time.monotonic() < until
        time.sleep(0.5)
    assert told['wharfinger_tasks{state="RUNNING"}'] == 1
    assert told['wharfinger_attempts_running{executor="asyncio"}'] == 1
    assert told["wharfinger_leftovers"] == 2 + len(SKUS)
    assert told["wharfinger_leftovers_unpriced"] == 1
    assert told['wharfinger_leftovers_hourly_cost{currency="EUR"}'] == 0.375
    assert told["wharfinger_ledger_uncertain_entries"] == 1
    assert told["wharfinger_queue_age_seconds"] == 0
    assert told["wharfinger_commit_seconds_count"] > 2
    assert told['wharfinger_commit_seconds_bucket{le="+Inf"}'] == told["wharfinger_commit_seconds_count"]
    called = 'wharfinger_calls_total{service="wharfinger.v1.TaskService",method="CreateTask",code="OK"}'
    assert told[called] == 3
    assert caller.one("TaskService/CancelTask", {"name": running})[1].code == 0


def test_the_queues_age_is_of_what_waits_for_a_slot(serve, tmp_path, project):
    settings = '[gateway]\naddress = "127.0.0.1:0"\n[executors.asyncio]\nslots = 1\n'
    serving = serve(*write_config(tmp_path, settings))
    caller = Web(gateway_of(serving), JSON)
    later = creating(project, steps=1)
    later.task.policy.not_before_time.FromSeconds(int(time.time()) + 3600)
    assert caller.one(CREATE, later)[1].code == 0
    create(caller, project, steps=1, pause=30)
    assert figures(caller)["wharfinger_queue_age_seconds"] == 0
    create(caller, project, steps=1)
    time.sleep(0.5)
    assert 0.4 < figures(caller)["wharfinger_queue_age_seconds"] < 30


def test_each_figure_is_documented_and_each_that_is_documented_is_told(half_done):
    _, text, _ = get(half_done, "/metrics")
    told = set(re.findall(r"# TYPE (\S+)", text))
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert told == set(re.findall(r"`(wharfinger_\w+)", page))


def test_a_catalogue_is_uploaded_by_one_post(half_done):
    body = b"provider,region,sku,unit,currency,amount\nquay,south,size-l,Hours,EUR,0.5\n"
    path = "/v1/catalogs:upload?format=csv&file_name=mine.csv&activate=true"
    status, answer, _ = half_done.ask(path, body, "application/octet-stream")
    told = json.loads(answer)
    assert status == 200, told
    assert told["state"] == "CATALOG_STATE_ACTIVE", told
    price, end = half_done.one(
        "PricingService/GetPrice",
        {"parent": "projects/default", "provider": "quay", "region": "south", "sku": "size-l"},
    )
    assert end.code == 0
    assert price.amount.amount == "0.5"


@pytest.mark.parametrize(("query", "body"), [("format=csv", b""), ("format=none", b"x"), ("nothing=1", b"x")])
def test_an_upload_that_is_no_catalogue_is_refused(half_done, query, body):
    status, answer, _ = half_done.ask(f"/v1/catalogs:upload?{query}", body, "application/octet-stream")
    assert status in (400, 404), answer
    assert json.loads(answer)["details"]


def test_a_drain_ends_streams_with_their_reason_and_takes_no_more_calls(serve, project):
    serving = serve("--gateway", "127.0.0.1:0")
    caller = Web(gateway_of(serving), JSON)
    name = create(caller, project, steps=4, pause=1)
    end, began = End(), threading.Event()

    def watch() -> None:
        for _ in caller.call(WATCH, task_service_pb2.WatchTaskRequest(name=name), end, stream=True):
            began.set()

    watching = threading.Thread(target=watch)
    watching.start()
    assert began.wait(10)
    serving.process.send_signal(signal.SIGTERM)
    watching.join(10)
    assert (end.code, end.reason) == (14, "SERVER_DRAINING")
    # The script still has time to go on.
    assert get(caller, "/healthz")[:2] == (503, "not serving\n")
    _, refused = caller.one(CREATE, creating(project))
    assert (refused.http, refused.code, refused.reason) == (503, 14, "SERVER_DRAINING")
    assert serving.process.wait(20) == 0, serving.log()
    assert '"level": "error"' not in serving.log()


def test_the_gateway_has_the_certificate_of_the_server_and_takes_a_renewed_one(serve, tmp_path):
    authority = Authority()
    write_pair(tmp_path, authority.issue("first.test"))
    config = '[tls]\ncert = "cert.pem"\nkey = "key.pem"\n[gateway]\naddress = "127.0.0.1:0"\n'
    serving = serve(*write_config(tmp_path, config))
    url = gateway_of(serving)
    assert url.startswith("https://")
    assert get(Web(url, JSON), "/healthz")[0] == 200
    host, _, port = url.removeprefix("https://").partition(":")
    before = ssl.get_server_certificate((host, int(port)))
    write_pair(tmp_path, Authority().issue("second.test"))
    until = time.monotonic() + 20
    while ssl.get_server_certificate((host, int(port))) == before:
        assert time.monotonic() < until
        time.sleep(0.3)
    assert serving.stop() == 0, serving.log()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('address = "0.0.0.0:0"', "no TLS"),
        ('address = "nowhere"', "is not an address"),
        ('address = "unix:/tmp/x"', "browsers need HOST:PORT"),
        ('cors_origins = ["ops.example"]', "https://ops.example"),
        ('adress = "127.0.0.1:0"', "address"),
    ],
)
def test_settings_that_cannot_be_are_refused(serve, tmp_path, setting, said):
    with pytest.raises(NotServing) as refused:
        serve(*write_config(tmp_path, f"[gateway]\n{setting}\n"))
    assert refused.value.exit_code == 5
    assert said in refused.value.log


def test_a_port_that_is_taken_is_told(serve, url, tmp_path):
    with pytest.raises(NotServing) as refused:
        serve("--gateway", url.removeprefix("http://"))
    assert refused.value.exit_code == 5
    assert "the gateway can't listen on" in refused.value.log


def test_where_it_is_not_installed_the_server_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "wharfinger_server.gateway.listening", raising=False)
    settings = Settings(gateway=Gateway(address="127.0.0.1:0"))
    with pytest.raises(ConfigError, match=r"pip install 'wharfinger-server\[gateway\]'"):
        gateway_of_server.open_gateway(settings, *[None] * 4)


def test_nothing_of_it_is_imported_where_none_is_wanted():
    code = "import wharfinger_server.app.server, sys; print('uvicorn' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
