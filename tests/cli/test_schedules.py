"""Schedules on the command line, against a real server."""

from datetime import UTC, datetime, timedelta

from tests.cli.conftest import Shell


def test_a_schedule_of_its_life(wharf: Shell) -> None:
    """Created, shown, listed, paused, run at once, resumed, and deleted; its task is like one that was submitted."""
    said = wharf("schedule", "create", "nightly", "--cron", "30 2 * * *", "--time-zone", "Europe/Berlin",
                 "harbour.count", "steps=2", "--label", "env=test", "--overlap", "queue")  # fmt: skip
    assert (said.code, said.out, said.err) == (0, f"projects/{wharf.project}/schedules/nightly\n", "")
    shown = wharf("schedule", "show", "nightly")
    assert "30 2 * * * Europe/Berlin" in shown.out
    assert "queue" in shown.out
    [listed] = wharf("schedule", "list", "-o", "json").json
    assert (listed["task"]["params"], listed["overlap"], listed["paused"]) == ({"steps": 2}, "QUEUE", False)
    due = datetime.fromisoformat(listed["next_time"])
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(hours=25)
    assert "paused" in wharf("schedule", "pause", "nightly").out
    ran = wharf("schedule", "run", "nightly", "-o", "json").json
    assert ran["labels"] == {"env": "test", "schedule": "nightly"}
    assert wharf("wait", ran["name"]).code == 0
    assert wharf("schedule", "resume", "nightly").code == 0
    assert wharf("schedule", "list", "-o", "json").json[0]["next_time"] == listed["next_time"]
    assert wharf("schedule", "delete", "nightly").code == 0
    assert wharf("schedule", "show", "nightly").code == 5
    assert wharf("ls", "-o", "json").json[0]["name"] == ran["name"]


def test_a_schedule_fires(wharf: Shell) -> None:
    """Once in a second, with one task each; the command line finds them by their label."""
    assert wharf("schedule", "create", "often", "--every", "1s", "harbour.noop").code == 0
    with wharf.client() as client:
        while (found := client.schedule("often")).fired_count < 2:
            client.wait_ready()
        assert found.last_firing is not None
        assert found.last_firing.task.startswith(f"projects/{wharf.project}/tasks/")
        client.pause_schedule("often")
        again = client.schedule("often")
        made = list(client.list('labels.schedule = "often"'))
    assert len(made) == again.fired_count
    assert wharf("schedule", "delete", "often").code == 0


def test_what_is_wrong_with_a_schedule_is_told(wharf: Shell) -> None:
    """By the server where it knows more, with nothing left behind."""
    for arguments, words in (
        (("--cron", "0 0 30 2 *", "harbour.noop"), "never fires"),
        (("--cron", "* * * * *", "--time-zone", "Europe/Bremen", "harbour.noop"), "is no time zone"),
        (("--cron", "* * * * *", "harbour.nope"), "harbour.nope"),
        (("--every", "1h", "harbour.count", "steps=many"), "steps"),
        (("--every", "1h", "--cron", "* * * * *", "harbour.noop"), "either --cron or --every"),
        (("harbour.noop",), "either --cron or --every"),
    ):
        said = wharf("schedule", "create", "wrong", *arguments)
        assert said.code in (2, 5), said
        assert words in said.err
    said = wharf("schedule", "list")
    assert (said.code, said.out) == (0, "")
    assert wharf("schedule", "create", "may", "--cron", "0 0 1 1 *", "--validate-only", "harbour.noop").code == 0
    assert wharf("schedule", "show", "may").code == 5
