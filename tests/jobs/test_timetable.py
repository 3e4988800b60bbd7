"""Cron lines mean what crontab(5) says, in the job's own zone."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from trendscout.errors import ConfigError
from trendscout.settings.timetable import timetable


def times(cron, zone, start, count):
    found = timetable(cron, zone).after(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)))
    return [moment.astimezone(ZoneInfo(zone)).strftime("%a %d %H:%M") for moment in islice(found, count)]


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
    dates = [table.local_date(moment) for moment in table.due_between(start, start + timedelta(days=365))]
    assert len(dates) == len(set(dates)) == 365


def test_an_hourly_job_keeps_its_minute_where_clocks_go_back_by_half_an_hour():
    table = timetable("0 * * * *", "Australia/Lord_Howe")
    due = table.due_between(datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 4, 4, 18, tzinfo=UTC))
    assert all(moment.tzinfo is UTC and moment.astimezone(table.zone).minute == 0 for moment in due)
    assert [b - a for a, b in pairwise(due)].count(timedelta(minutes=90)) == 1
    assert {b - a for a, b in pairwise(due)} == {timedelta(hours=1), timedelta(minutes=90)}


def test_an_hour_that_comes_twice_is_an_hour_of_its_own():
    table = timetable("*/30 * * * *", "Europe/London")
    until = datetime(2026, 10, 25, 1, 10, tzinfo=ZoneInfo("Europe/London"))  # the first of two
    due = table.due_between(datetime(2026, 10, 24, 23, 50, tzinfo=UTC), until)
    assert [f"{moment:%H:%M}" for moment in due] == ["00:00"]
    assert table.period(until) == timedelta(minutes=30)


@pytest.mark.parametrize("cron", ["30 7 * *", "99 7 * * *", "a b c d e", ""])
def test_a_wrong_line_is_told(cron):
    with pytest.raises(ConfigError, match="no cron line"):
        timetable(cron, "UTC")


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "../etc/passwd", "x" * 5000])
def test_a_wrong_zone_is_told(zone):
    with pytest.raises(ConfigError, match="no time zone"):
        timetable("30 7 * * *", zone)
