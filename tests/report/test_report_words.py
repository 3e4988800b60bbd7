"""How figures are said, and that text from outside cannot steer what shows it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from example import FADING, NOW, RISING, STEADY, YOUNG, but, empty, example
from hypothesis import given
from hypothesis import strategies as st

from trendscout.findings import Finding
from trendscout.model import Borrowed, Coverage, Flag, Report
from trendscout.report import absences, amounts, atom, digest, drop, page, phrases, table
from trendscout.report.changes import Changes
from trendscout.report.clean import guarded, visible, web_address


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (None, "", ""),
        (0, "0", "0"),
        (950, "950", "950"),
        (9_999, "9,999", "9,999"),
        (12_340, "12.3K", "1.2万"),
        (1_200_000, "1.2M", "120万"),
        (240_000_000, "240M", "2.4亿"),
        (3.25, "3.2", "3.2"),
    ],
)
def test_counts(value: float | None, en: str, zh: str) -> None:
    assert (amounts.number(value, "en"), amounts.number(value, "zh")) == (en, zh)


def test_a_floor_is_said_to_be_one() -> None:
    assert phrases.counted(5000, "sold", True, "en") == "5,000+ sold"
    assert phrases.counted(5000, "sold", True, "zh") == "已售 5,000+"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (Decimal("12.9"), "USD", "$12.90"),
        (Decimal(38500), "IDR", "Rp38,500"),
        (Decimal(1980), "JPY", "JP¥1,980"),
        (Decimal(12), "AED", "AED 12.00"),
        (Decimal(3), None, "3.00"),
        (None, "USD", ""),
    ],
)
def test_prices(amount: Decimal | None, currency: str | None, shown: str) -> None:
    assert amounts.money(amount, currency) == shown


def test_a_fact_of_another_place_says_whose_it_is() -> None:
    lent = but(RISING, borrowed=(Borrowed("price", "amazon", "UK"), Borrowed("count", "aliexpress", "ID")))
    assert phrases.price_band(lent, "en") == "$12.99–18.99 (Amazon UK)"
    assert phrases.count(lent, "en") == "5,000+ sold (AliExpress ID)"
    assert phrases.short_price(lent) == "$12.99*"
    assert phrases.rating(lent, "en") == "4.6 of 5 (83 ratings)"
    assert phrases.price_band(but(YOUNG, currency=None), "en") == "38,500.00 (currency not told)"


@pytest.mark.parametrize(
    ("list_id", "english", "chinese"),
    [
        (
            "amazon_bestsellers_US/bestsellers/home-garden",
            "Amazon US · Best sellers · Home garden",
            "Amazon US · 畅销榜 · Home garden",
        ),
        ("tiktok_hashtags_US/popular/all", "TikTok hashtags US · Popular", "TikTok 话题标签 US · 热门"),
        ("mine_XX/odd_kind/12345", "mine · Odd kind · 12345", "mine · Odd kind · 12345"),
        ("whatever", "whatever", "whatever"),
    ],
)
def test_a_list_has_a_name(list_id: str, english: str, chinese: str) -> None:
    assert phrases.list_name(list_id, "en") == english
    assert phrases.list_name(list_id, "zh") == chinese


def test_a_price_band_names_dollars_where_the_list_does_not() -> None:
    assert phrases.price_band(RISING, "en") == "$12.99–18.99"
    assert phrases.price_band(FADING, "en") == "£4.50 (≈$5.75)"


@pytest.mark.parametrize(
    ("row", "en", "zh"),
    [
        (RISING, "rank 84 → 21 in 4 days", "4 天内第 84 名 → 21"),
        (STEADY, "rank 12 for 7 days", "第 12 名，7 天未变"),
        (YOUNG, "rank 58, no earlier place known", "第 58 名，此前名次未知"),
        (but(RISING, rank_before=None), "off the list → 21 in 4 days", "4 天内榜外 → 21"),
        (but(RISING, rank=None), "off the list, was 84", "已掉出榜单，原第 84 名"),
        (but(RISING, rank_span_days=0.25), "rank 84 → 21 in 6 hours", "6 小时内第 84 名 → 21"),
    ],
)
def test_velocity_in_plain_words(row: object, en: str, zh: str) -> None:
    assert (phrases.movement(row, "en"), phrases.movement(row, "zh")) == (en, zh)


def test_chance_with_its_interval() -> None:
    assert phrases.chance(RISING) == "34% (21–48)"
    assert phrases.chance(YOUNG) == "–"
    assert amounts.share(0.004) == "0.4%"


def test_days_are_the_readers_own() -> None:
    late = datetime(2026, 7, 18, 20, 0, tzinfo=UTC)
    shanghai = ZoneInfo("Asia/Shanghai")
    assert amounts.day(late, "en", now=NOW, zone=shanghai) == "19 Jul"
    assert amounts.day(late, "zh", now=NOW) == "7月18日"
    assert amounts.day(datetime(2025, 9, 22, tzinfo=UTC), "zh", now=NOW) == "2025年9月22日"


def test_an_unknown_warning_is_shown_as_it_is() -> None:
    assert phrases.flag(Flag("odd_smell", "nose"), "zh") == "odd smell"


def test_margin_says_what_is_not_known() -> None:
    assert phrases.margin(but(RISING, margin=None, cost_unknown=("tax", "rate XAU")), "zh") == "未知：税, 汇率 XAU"
    assert phrases.margin(YOUNG, "en") == ""


def test_an_empty_report_says_why() -> None:
    assert "Nothing has been collected" in absences.nothing(empty(looked=False), "en")
    assert "nobody could look" in absences.nothing(empty(), "en")
    assert "passes the filters" in absences.nothing(replace(example(), rows=()), "en")
    assert "at least two looks" in absences.nothing(replace(example(), rows=(), total=0), "en")


LATE = [replace(one, status="late", findings=()) for one in example().coverage]
NEWEST = max(one.last_ok for one in LATE if one.last_ok)
UNREACHED = (Finding("error", {"what": "No page of {host}.", "host": "x", "reached": False}, "failed"),)


def stale_report(coverage: list[Coverage], now: datetime) -> Report:
    return replace(example(), as_of=now, coverage=tuple(coverage), notes=absences.stale(coverage, now=now))


@pytest.mark.parametrize(
    ("age", "en", "zh"),
    [
        (timedelta(hours=1), "data of an hour ago", "1 小时前的数据"),
        (timedelta(hours=30), "data of 30 hours ago", "30 小时前的数据"),
        (timedelta(days=12), "data of 12 days ago", "12 天前的数据"),
        (timedelta(days=122), "data of 4 months ago", "4 个月前的数据"),
    ],
)
def test_a_report_of_old_looks_says_how_old_in_its_first_line(age: timedelta, en: str, zh: str) -> None:
    made = stale_report(LATE, NEWEST + age)
    assert table.text(made, lang="en", width=100).splitlines()[0].endswith(f" · {en}")
    assert table.text(made, lang="zh", width=100).splitlines()[0].endswith(f" · {zh}")
    assert en.capitalize() in str(made.notes[0])
    assert "Nobody looked since" in str(made.notes[0])


def test_a_report_without_a_network_says_so_in_every_form() -> None:
    since = NEWEST + timedelta(hours=7)
    down = [replace(one, status="failed", findings=UNREACHED, lost_since=since) for one in LATE]
    made = stale_report(down, NEWEST + timedelta(days=122))
    first = f"data of 4 months ago · network down since {since:%Y-%m-%d %H:%M}"
    assert first in " ".join(table.text(made, lang="en", width=80).splitlines()[:2])
    assert digest.digest(made, Changes(), key="k", lang="en").title.endswith(first)
    assert f"none of {len({one.source for one in down})} sites was reached" in str(made.notes[0])
    assert first in page.render(made, lang="en")
    assert first.encode() in atom.as_atom(made, None, "en")
    assert str(made.notes[0]) in drop.document(made)["notes"]
    assert "No page of x." not in table.text(made, lang="en", width=80), "one sentence says it of all lists"


def test_one_site_that_is_not_reached_is_no_network_that_is_down() -> None:
    since = NEWEST + timedelta(hours=7)
    lost = [replace(one, status="failed", findings=UNREACHED, lost_since=since, source="a") for one in LATE]
    assert absences.network_down(lost) is None
    assert "No page of x." in str(absences.stale(lost, now=NEWEST + timedelta(days=3))[0])
    two = [*lost, replace(lost[0], source="b")]
    assert absences.network_down(two) is not None
    assert absences.network_down([*two, replace(lost[0], status="ok", last_ok=since + timedelta(hours=1))]) is None


def test_nothing_is_said_of_age_where_something_was_read() -> None:
    assert absences.stale(example().coverage, now=NOW) == ()
    assert absences.stale([replace(one, last_ok=None) for one in LATE], now=NOW) == ()


def test_a_rest_that_is_over_is_not_told() -> None:
    rest = Finding(
        "error", {"what": "It blocks.", "next_step": "Wait until {until:%H:%M}.", "until": NOW}, "blocked"
    )
    one = replace(LATE[0], status="blocked", findings=(rest,))
    assert "Wait until" in absences.missing(one, "en", now=NOW - timedelta(minutes=1))
    assert "Wait until" not in absences.missing(one, "en", now=NOW + timedelta(days=240))


@given(st.text())
def test_visible_text_has_no_control_left(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert all(sign >= " " and not "\x7f" <= sign <= "\x9f" for sign in shown)
    assert visible(shown) == shown


def test_what_does_not_steer_survives() -> None:
    kept = "👨‍👩‍👧‍👦 مرحبا\u200f 汉字 \u200b é <b>&amp;"
    assert visible(kept) == kept
    assert visible("a\nb\x1b[0m\u202e\ud800") == r"a\nb\x1b[0m\u202e\ud800"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2",
        "@SUM(A1)",
        "＝1",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        "1729508370969629931",
        "1e5",
        "3-4",
        "3/4",
    ],
)
def test_cells_that_a_spreadsheet_would_read_are_led_by_a_tab(text: str) -> None:
    assert guarded(text) == f"\t{text}"


@pytest.mark.parametrize("text", ["lamp", "3 in 1", "杯 500ml", "a=b", ""])
def test_other_cells_stay(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a\n.b",
        "https://a.example/\u202egpj.exe",  # shown the other way round
        "data:text/html,x",
        "",
        None,
    ],
)
def test_only_web_addresses_are_links(url: str | None) -> None:
    assert web_address(url) is None
    assert web_address("HTTPS://shop.example/x") == "HTTPS://shop.example/x"
