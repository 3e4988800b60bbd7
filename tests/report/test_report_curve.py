"""Curves: three states, and no line across a gap."""

import re
from datetime import timedelta

from example import NOW, curve
from hypothesis import given
from hypothesis import strategies as st

from trendscout.model import Point
from trendscout.report import chart
from trendscout.report.curve import heights, holes, sparkline
from trendscout.report.plot import plot

MARKS = st.lists(st.one_of(st.integers(1, 500).map(str), st.just("-"), st.just("?")), min_size=1, max_size=40)


def test_states_look_different() -> None:
    assert sparkline(curve("80 40 ? 20 - 10"), 12) == "▁▃ ▆·█"


def test_a_missed_look_is_no_fall() -> None:
    with_gap, without = sparkline(curve("80 40 ? 20 10"), 12), sparkline(curve("80 40 20 10"), 12)
    assert with_gap.replace(" ", "") == without


def test_jitter_stays_small() -> None:
    assert set(sparkline(curve("12 11 13 12 12"), 12)) <= set("▄▅")


def test_many_points_fit_the_cells() -> None:
    points = curve(" ".join(str(rank) for rank in range(200, 0, -1)))
    line = sparkline(points, 12)
    assert len(line) == 12
    assert line[0] == "▁"
    assert line[-1] == "█"


def test_a_long_silence_is_a_hole() -> None:
    days = (0, 1, 2, 9, 10)
    points = [Point(NOW + timedelta(days=day), "seen", 10) for day in days]
    assert holes(points) == [NOW + timedelta(days=9)]


@given(MARKS)
def test_seen_signs_stand_only_for_sightings(marks: list[str]) -> None:
    line = sparkline(curve(" ".join(marks)), 60)
    first = next((at for at, mark in enumerate(marks) if mark.isdigit()), 0)
    marks = marks[max(first - 2, 0) :]  # what came before it was first seen says nothing
    assert len(line) == len(marks)
    for sign, mark in zip(line, marks, strict=True):
        assert sign == {"-": "·", "?": " "}.get(mark, sign)
        assert (sign in "▁▂▃▄▅▆▇█") == mark.isdigit()


@given(MARKS)
def test_heights_stay_in_the_frame_and_keep_the_order(marks: list[str]) -> None:
    points = curve(" ".join(marks))
    known = [
        (point.rank, level) for point, level in zip(points, heights(points), strict=True) if level is not None
    ]
    assert all(0 <= level <= 1 for _, level in known)
    assert [rank for rank, _ in sorted(known, key=lambda pair: (-pair[1], pair[0]))] == sorted(
        rank for rank, _ in known
    )


@given(MARKS, st.integers(20, 120))
def test_plots_stay_in_their_cells(marks: list[str], width: int) -> None:
    lines = plot(curve(" ".join(marks)), width=width)
    assert len(lines) == 8
    assert all(len(line) <= width for line in lines)


def test_lines_of_the_page_break_at_gaps() -> None:
    points = curve("9 8 7 ? 6 5 - 4 3 2")
    frame = chart.Frame(points[0].at, NOW, 520, 132)
    drawn = chart.curve(points, frame, axis=True)
    assert lines(drawn, "line") == 3
    assert drawn.count('class="blind"') == 1
    assert lines(drawn, "absent") == 1


def lines(drawn: str, kind: str) -> int:
    """How many lines a drawing has of a kind."""
    found = re.search(rf'class="{kind}"[^>]* d="([^"]+)"', drawn)
    return found[1].count("M") if found else 0


def test_looks_in_a_row_have_one_shade_and_ticks_that_touch_are_one() -> None:
    points = curve("9 ? ? ? 8 7 - - - 6 5")
    drawn = chart.curve(points, chart.Frame(points[0].at, NOW, 520, 132))
    assert drawn.count('class="blind"') == 1
    assert lines(drawn, "absent") == 3  # 51 pixels apart
    assert lines(chart.curve(points, chart.Frame(points[0].at, NOW, 40, 34)), "absent") == 1  # 3.4 pixels


def test_a_drawing_of_hourly_looks_is_short_and_keeps_peaks() -> None:
    ranks = [50 + at % 7 for at in range(45 * 24)]
    ranks[400] = 1
    hours = [timedelta(hours=len(ranks) - 1 - at) for at in range(len(ranks))]
    points = [Point(NOW - back, "seen", rank) for back, rank in zip(hours, ranks, strict=True)]
    frame = chart.Frame(points[0].at, NOW, 520, 132)
    drawn = chart.curve(points, frame)
    assert len(drawn) < 1000
    begin, steps = re.search(r'd="M([\d ]+)l([^"]+)"', drawn).groups()
    y = float(begin.split()[1])
    height = [y := y + int(step) for step in re.findall(r"-?\d+", steps)[1::2]]
    assert min(height) / 2 == frame.top  # rank 1
    assert sum(int(step) for step in re.findall(r"-?\d+", steps)[::2]) / 2 == frame.x(NOW) - frame.left


@given(MARKS)
def test_drawings_hold_numbers_only(marks: list[str]) -> None:
    points = curve(" ".join(marks))
    for axis in (True, False):
        drawn = chart.curve(points, chart.Frame(points[0].at, NOW, 130, 34), axis=axis)
        assert "nan" not in drawn
        assert "inf" not in drawn
        assert "None" not in drawn


def test_counts_are_drawn_where_there_is_no_rank() -> None:
    points = [Point(NOW - timedelta(days=day), "seen", None, 1000.0 * 2**-day) for day in (3, 2, 1, 0)]
    assert sparkline(points, 8) == "▁▃▆█"
    assert lines(chart.curve(points, chart.Frame(points[0].at, NOW, 130, 34)), "line") == 1


def test_what_stands_on_a_list_without_order_is_drawn_as_seen() -> None:
    points = (Point(NOW - timedelta(days=2), "seen"), Point(NOW - timedelta(days=1), "absent"), Point(NOW, "seen"))
    assert sparkline(points, 8) == "▅·▅"
