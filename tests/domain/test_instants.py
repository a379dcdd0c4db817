"""When schedules fire: cron's lines in time zones, and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wharfinger_server.domain.instants import Timing, check_cron, check_time_zone
from wharfinger_server.domain.timing import SECOND

BERLIN = ZoneInfo("Europe/Berlin")


def moment(*when: int) -> int:
    """Return a time of day in UTC as microseconds."""
    return int(datetime(*when, tzinfo=UTC).timestamp()) * SECOND


def told(timing: Timing, begin: int, end: int) -> Iterator[datetime]:
    """Tell the instants between two moments, in UTC."""
    while 0 < (begin := timing.after(begin)) <= end:
        yield datetime.fromtimestamp(begin / SECOND, UTC)


def test_a_line_that_has_no_fixed_hour_follows_real_time_through_a_change_of_clocks() -> None:
    """Each quarter of an hour that passes fires once, in the night that has 25 hours as in that which has 23."""
    timing = Timing("*/15 * * * *", 0, "Europe/Berlin")
    for begin, hours in ((datetime(2026, 10, 25, tzinfo=BERLIN), 25), (datetime(2026, 3, 29, tzinfo=BERLIN), 23)):
        start = int(begin.timestamp()) * SECOND
        fired = list(told(timing, start - 1, start + hours * 3600 * SECOND - 1))
        assert fired == [begin.astimezone(UTC) + timedelta(minutes=15 * n) for n in range(hours * 4)]


def test_a_fixed_hour_that_comes_twice_fires_once() -> None:
    """On 25 October 2026 in Berlin, half past two comes twice."""
    timing = Timing("30 2 * * *", 0, "Europe/Berlin")
    fired = list(told(timing, moment(2026, 10, 24, 12), moment(2026, 10, 26, 12)))
    assert fired == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_a_fixed_hour_that_is_left_out_fires_after_the_gap() -> None:
    """On 29 March 2026 in Berlin there is no half past two, nor two; three o'clock summer time is one o'clock UTC."""
    timing = Timing("0,30 2 * * *", 0, "Europe/Berlin")
    fired = list(told(timing, moment(2026, 3, 28, 12), moment(2026, 3, 30, 12)))
    after = [datetime(2026, 3, 30, 0, 0, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)]
    assert fired == [datetime(2026, 3, 29, 1, 0, tzinfo=UTC), *after]


def test_an_interval_counts_from_its_start_whatever_is_asked_when() -> None:
    """The first instant is one interval after the start."""
    timing = Timing(every=90 * SECOND, start=1000 * SECOND)
    assert timing.after(0) == timing.after(1000 * SECOND) == timing.after(1089 * SECOND) == 1090 * SECOND
    assert timing.after(1090 * SECOND) == 1180 * SECOND
    assert timing.after(10_000 * SECOND) == 10_000 * SECOND + 90 * SECOND


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "@daily", "a b c d e", "* " * 400],
)
def test_a_line_that_is_none_or_never_fires_is_told(line: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(ValueError, match=r"fields|never fires|characters"):
        check_cron(line)


@pytest.mark.parametrize("name", ["Europe/Bremen", "../../etc/passwd", "/etc/localtime", "x" * 1000, "Europe", "\0"])
def test_a_time_zone_that_is_none_is_told(name: str) -> None:
    """Nothing is read but the database of time zones."""
    with pytest.raises(ValueError, match="no time zone"):
        check_time_zone(name)


def test_a_seldom_day_is_found_years_ahead() -> None:
    """29 February."""
    assert Timing("0 12 29 2 *").after(moment(2026, 1, 1)) == moment(2028, 2, 29, 12)
