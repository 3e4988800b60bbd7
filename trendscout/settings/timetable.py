"""When a job is due: cron lines as crontab(5) means them, in the job's own time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trendscout.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Timetable:
    """A cron line and its zone.

    0 and 7 are Sunday; where day of month and weekday are both given, either will do; 01:30 comes once when
    clocks go back, and a time that is skipped in spring comes right after the gap (as Debian's cron has it).
    An hourly job keeps its minute: where clocks go back by half an hour (Lord Howe), 90 minutes pass once a year
    between two of its times, as the wall clock has it. The times themselves are UTC, so that they can be compared
    and subtracted: in one zone Python goes by the wall clock, and an hour that comes twice would be lost.
    """

    cron: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The times when the job is due, later than `moment`, in UTC."""
        from cronsim import CronSim

        return (due.astimezone(UTC) for due in CronSim(self.cron, moment.astimezone(self.zone)))

    def next_after(self, moment: datetime) -> datetime:
        """The first time when the job is due, later than `moment`."""
        return next(iter(self.after(moment)))

    def local_date(self, moment: datetime) -> date:
        """The date of `moment` where the job lives."""
        return moment.astimezone(self.zone).date()

    def due_between(self, since: datetime, until: datetime, *, most: int = 366) -> list[datetime]:
        """The times when the job was due, later than `since` and not later than `until`: the last `most`."""
        times: list[datetime] = []
        for moment in self.after(since):
            if moment > until:
                break
            times.append(moment)
            if len(times) > most:
                del times[0]
        return times

    def period(self, moment: datetime) -> timedelta:
        """How long from the next time due to the one after it."""
        times = self.after(moment)
        first = next(iter(times))
        return self.next_after(first) - first


def timetable(cron: str, zone: str) -> Timetable:
    """The timetable of a cron line in a zone.

    Raises ConfigError if the line or the zone does not exist.
    """
    from cronsim import CronSim, CronSimError

    try:
        zone_info = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("{zone} is no time zone.", next_step='Write "Asia/Shanghai".', zone=zone) from error
    try:
        CronSim(cron, datetime(2026, 1, 1, tzinfo=zone_info))
    except CronSimError as error:
        raise ConfigError(
            "{cron!r} is no cron line: {error}.",
            next_step='Write five fields: "30 7 * * *" is 07:30 every day.',
            cron=cron,
            error=error,
        ) from error
    return Timetable(cron, zone_info)
