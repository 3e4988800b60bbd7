"""Cron lines mean what crontab(5) says, in the job's own zone."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from trendscout.errors import ConfigError
from trendscout.settings.timetable import timetable


def times(cron, zone, start, count):
    found = timetable(cron, zone).after(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)))
    return [moment.strftime("%a %d %H:%M") for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 7 * * 1-5", ["Mon 02 07:00", "Tue 03 07:00", "Wed 04 07:00", "Thu 05 07:00", "Fri 06 07:00"]),
        ("0 7 * * 0", ["Sun 01 07:00", "Sun 08 07:00"]),
        ("0 7 * * 7", ["Sun 01 07:00", "Sun 08 07:00"]),
        ("0 7 13 * 5", ["Fri 06 07:00", "Fri 13 07:00", "Fri 20 07:00"]),
        ("0 7 3 * 1", ["Mon 02 07:00", "Tue 03 07:00", "Mon 09 07:00"]),
    ],
)
def test_weekdays_and_days_of_the_month(cron, expected):
    assert times(cron, "UTC", "2026-11-01T00:00", len(expected)) == expected


def test_half_past_one_comes_once_when_clocks_go_back():
    assert times("30 1 * * *", "Europe/London", "2026-10-24T12:00", 2) == ["Sun 25 01:30", "Mon 26 01:30"]


def test_a_time_that_spring_skips_comes_right_after_the_gap():
    assert times("30 1 * * *", "Europe/London", "2026-03-28T12:00", 2) == ["Sun 29 02:00", "Mon 30 01:30"]


def test_due_between_counts_every_local_day_over_both_clock_changes():
    table = timetable("30 1 * * *", "America/New_York")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    dates = [moment.date() for moment in table.due_between(start, start + timedelta(days=365))]
    assert len(dates) == len(set(dates)) == 365


@pytest.mark.parametrize("cron", ["30 7 * *", "99 7 * * *", "a b c d e", ""])
def test_a_wrong_line_is_told(cron):
    with pytest.raises(ConfigError, match="no cron line"):
        timetable(cron, "UTC")


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "../etc/passwd", "x" * 5000])
def test_a_wrong_zone_is_told(zone):
    with pytest.raises(ConfigError, match="no time zone"):
        timetable("30 7 * * *", zone)
