"""ScheduleService over the wire."""

import grpc
import pytest
from tests.rpc.wire import refused

from wharfinger.v1 import schedule_pb2
from wharfinger.v1 import schedule_service_pb2 as v1


def wanted(project, schedule_id, **fields):
    """Return a request for a schedule of harbour.noop."""
    request = v1.CreateScheduleRequest(parent=f"projects/{project}", schedule_id=schedule_id)
    request.schedule.MergeFrom(schedule_pb2.Schedule(**({"cron": "0 3 * * *"} | fields)))
    request.schedule.task.script = "harbour.noop"
    return request


def test_a_schedule_shows_what_was_asked_for_and_its_defaults(stubs, project):
    request = wanted(project, "nightly", time_zone="Europe/Berlin")
    request.schedule.task.params.update({"n": 3})
    request.schedule.task.labels["env"] = "test"
    request.schedule.uid = "ignored"
    made = stubs.schedules.CreateSchedule(request)
    assert made.name == f"projects/{project}/schedules/nightly"
    assert (made.cron, made.time_zone, made.overlap) == ("0 3 * * *", "Europe/Berlin", schedule_pb2.OVERLAP_POLICY_SKIP)
    assert made.catch_up_window.seconds == 3600
    assert (made.task.params["n"], dict(made.task.labels)) == (3, {"env": "test"})
    assert made.next_time.seconds > made.create_time.seconds
    assert made.uid not in ("", "ignored")
    assert stubs.schedules.GetSchedule(v1.GetScheduleRequest(name=made.name)) == made


def test_schedules_are_listed_in_pages_by_name(stubs, project):
    for name in ("c", "a", "b"):
        stubs.schedules.CreateSchedule(wanted(project, name))
    names, token = [], ""
    while True:
        request = v1.ListSchedulesRequest(parent=f"projects/{project}", page_size=2, page_token=token)
        page = stubs.schedules.ListSchedules(request)
        names += [one.name.rpartition("/")[2] for one in page.schedules]
        token = page.next_page_token
        if not token:
            break
    assert names == ["a", "b", "c"]
    for bad in ("x", "%%%"):
        request = v1.ListSchedulesRequest(parent=f"projects/{project}", page_token=bad)
        assert refused(stubs.schedules.ListSchedules, request).reason == "INVALID_PAGE_TOKEN"


def test_a_request_that_is_repeated_makes_one(stubs, project):
    request = wanted(project, "once")
    request.request_id = "r"
    assert stubs.schedules.CreateSchedule(request).uid == stubs.schedules.CreateSchedule(request).uid
    request.schedule.paused = True
    assert refused(stubs.schedules.CreateSchedule, request).reason == "REQUEST_ID_REUSED"
    other = refused(stubs.schedules.CreateSchedule, wanted(project, "once"))
    assert (other.code, other.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SCHEDULE_EXISTS")


@pytest.mark.parametrize("call", ["Get", "Pause", "Resume", "Run", "Delete"])
def test_what_is_not_there_is_refused(stubs, project, call):
    method, request = getattr(stubs.schedules, f"{call}Schedule"), getattr(v1, f"{call}ScheduleRequest")
    gone = refused(method, request(name=f"projects/{project}/schedules/gone"))
    assert (gone.code, gone.reason) == (grpc.StatusCode.NOT_FOUND, "SCHEDULE_NOT_FOUND")
    assert gone.metadata == {"schedule": f"projects/{project}/schedules/gone"}
    assert refused(method, request(name="schedules/gone")).reason == "INVALID_NAME"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cron": "0 0 31 2 *"}, "schedule.cron"),
        ({"time_zone": "Europe/Bremen"}, "schedule.time_zone"),
        ({"overlap": 9}, "schedule.overlap"),
        ({"catch_up_window": {"seconds": -1}}, "schedule.catch_up_window"),
        ({"jitter": {"seconds": 100_000}}, "schedule.jitter"),
    ],
)
def test_what_is_wrong_is_named(stubs, project, fields, field):
    assert refused(stubs.schedules.CreateSchedule, wanted(project, "wrong", **fields)).fields == [field]


def test_sealed_params_are_refused(stubs, project):
    request = wanted(project, "secret")
    request.schedule.task.script = "harbour.vault"
    request.schedule.task.params.update({"password": "correct horse"})
    said = refused(stubs.schedules.CreateSchedule, request)
    assert said.reason == "NOT_SUPPORTED"
    assert "correct horse" not in said.message
