"""The instants of a schedule: by a line of cron in a time zone, or by an interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from wharfinger_server.domain.timing import SECOND

_FIELDS = 5
LONGEST_CRON = 500


@dataclass(frozen=True, slots=True)
class Timing:
    """When a schedule fires: `cron` in `time_zone` ("": UTC), or each `every` microseconds from `start` on."""

    cron: str = ""
    every: int = 0
    time_zone: str = ""
    start: int = 0

    def after(self, moment: int) -> int:
        """Return the first instant after a moment, in whole seconds as microseconds; 0 where there is none to come."""
        if self.every:
            return self.start + max(1, (moment - self.start) // self.every + 1) * self.every
        return _after(self.cron, self.time_zone, moment // SECOND) * SECOND


@lru_cache(maxsize=1024)
def _after(cron: str, time_zone: str, moment: int) -> int:
    # Here and below: a server without schedules starts without either.
    from zoneinfo import ZoneInfo

    from cronsim import CronSim

    zone = ZoneInfo(time_zone) if time_zone not in ("", "UTC") else UTC
    told: Iterator[datetime] = CronSim(cron, datetime.fromtimestamp(moment, zone))
    # When clocks change, several lines of the day can fall on one instant.
    return next((instant for one in told if (instant := int(one.timestamp())) > moment), 0)


def check_cron(cron: str) -> None:
    """Raise ValueError, with what is wrong, for a line that is no cron line of five fields."""
    from cronsim import CronSim, CronSimError

    if len(cron) > LONGEST_CRON:
        raise ValueError(f"has {len(cron)} characters; {LONGEST_CRON} are the most")
    if len(cron.split()) != _FIELDS:
        raise ValueError(f"{cron!r} does not have five fields: minute, hour, day of the month, month, day of the week")
    try:
        CronSim(cron, datetime.fromtimestamp(0, UTC))
    except CronSimError as error:
        raise ValueError(f"{cron!r} is no line of cron, or never fires: {str(error).lower()}") from None


def check_time_zone(name: str) -> None:
    """Raise ValueError, with what is wrong, for a name that is no time zone's."""
    if not name:
        return
    from zoneinfo import ZoneInfo

    try:
        if name.startswith("/") or len(name) > 100:
            raise ValueError(name)
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{name[:100]!r} is no time zone of the IANA database, such as Europe/Berlin") from None
