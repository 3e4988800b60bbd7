"""Reports of invented products in many shapes, for tests and pictures."""

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from trendscout.findings import Finding, text
from trendscout.model import (
    ROW_FIELDS,
    ROW_PARTS,
    Axis,
    Coverage,
    Flag,
    Gap,
    JobState,
    PackCheck,
    Point,
    Reason,
    Report,
    Row,
    Sighting,
)

NOW = dt.datetime(2026, 7, 19, 6, 30, tzinfo=dt.UTC)
AMAZON = "amazon_bestsellers_US/bestsellers/toys"
TIKTOK = "tiktok_hashtags_US/popular/all"
ALI = "aliexpress_ID/bestsellers/home"


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def curve(ranks: str) -> tuple[Point, ...]:
    """A point a day up to now: a number is a rank, `-` absent, `?` not looked."""
    marks = ranks.split()
    points = []
    for back, mark in zip(range(len(marks) - 1, -1, -1), marks, strict=True):
        if mark == "-":
            points.append(Point(ago(back), "absent"))
        elif mark == "?":
            points.append(Point(ago(back), "not_looked"))
        else:
            points.append(Point(ago(back), "seen", int(mark)))
    return tuple(points)


def sighting(platform: str, market: str, list_id: str, since: float, ranks: str, **more: object) -> Sighting:
    points = curve(ranks)
    seen = [point.rank for point in points if point.rank is not None]
    return Sighting(
        platform, market, ago(since), list_id, points[-1].rank, min(seen, default=None), points, **more
    )


def made(**values: Any) -> Row:
    """A row from the values of its parts, whatever part they belong to."""
    parts: dict[str, dict[str, Any]] = {part: {} for part in ROW_PARTS}
    own = {name: values.pop(name) for name in ("product_id", "position")}
    for name, value in values.items():
        part, field = ROW_FIELDS[name].split(".")
        parts[part][field] = value
    parts["scored"]["item_key"] = own["product_id"]
    return Row(**own, **{part: ROW_PARTS[part](**its) for part, its in parts.items()})


def but(row: Row, **values: Any) -> Row:
    """The row with some values of its parts changed."""
    for name, value in values.items():
        part, _, field = ROW_FIELDS.get(name, name).partition(".")
        row = replace(row, **{part: replace(getattr(row, part), **{field: value}) if field else value})
    return row


RISING = made(
    product_id="p-7f3a",
    position=1,
    item_key="B0EXAMPLE1",
    title="Cloudlet Squeeze Lamp, 3 Glow Modes, Rechargeable Night Light for Kids",
    platform="amazon",
    market="US",
    list_id=AMAZON,
    category="toys",
    rank=21,
    rank_before=84,
    rank_span_days=4.0,
    stage="rising",
    stage_since=ago(3),
    probability=0.34,
    probability_low=0.21,
    probability_high=0.48,
    horizon_h=168,
    label="top",
    gain=1.07,
    score=0.364,
    velocity=Axis(92, "It climbs faster than {share:.0%} of its list.", {"share": 0.97}),
    newness=Axis(88, "First seen {days} days ago.", {"days": 16}),
    oddness=Axis(71, "The words “cloudlet” and “squeeze” are rare in its category.", {}),
    specialness=Axis(64, "On {n} platforms, {copies} near copies.", {"n": 2, "copies": 5}),
    reasons=(
        Reason("slope", 2.1, 0.92),
        Reason("age_place", 0.06, 0.41),
        Reason("gap_best", 0.0, 0.18),
        Reason("turnover", 0.31, -0.22),
    ),
    sightings=(
        sighting("tiktok", "US", TIKTOK, 16, "60 48 31 ? ? 22 14 9 7 6 6 5 4 4", item_key="7398112233445566778"),
        sighting("amazon", "US", AMAZON, 9, "- - - - ? 97 - 91 ? 84 70 45 30 21", item_key="B0EXAMPLE1"),
    ),
    gaps=(Gap("amazon", "UK", 9.0, 12.0), Gap("aliexpress", None, 16.0)),
    first_seen=ago(16),
    listed_at=ago(40),
    gloss_zh="云朵捏捏灯",
    url="https://shop.example/dp/B0EXAMPLE1",
    image="https://img.example/B0EXAMPLE1.jpg",
    price=Decimal("12.99"),
    price_high=Decimal("18.99"),
    currency="USD",
    price_usd=Decimal("12.99"),
    count=5000,
    count_kind="sold",
    count_floor=True,
    rating=4.6,
    reviews=83,
    listings=3,
    sellers=2,
    near_copies=5,
    variants=4,
    packs=("new-burst",),
    pack_checks=(
        PackCheck("new-burst", met=True, unknown=("weight_g <= 500",)),
        PackCheck("hidden-hit", met=False, failed=("reviews <= 50",)),
    ),
    cost_usd=Decimal("2.4"),
    weight_g=180.0,
    fees_usd=Decimal("5.1"),
    margin=0.4226,
)
FADING = made(
    product_id="p-19cc",
    position=2,
    item_key="1729508370969631",
    title="指尖弹力球 解压玩具 新款发光",
    platform="tiktok_shop",
    market="UK",
    list_id="tiktok_shop_UK/bestsellers/all",
    category="toys",
    rank=41,
    rank_before=3,
    rank_span_days=9.0,
    stage="fading",
    stage_since=ago(5),
    probability=0.004,
    probability_low=0.001,
    probability_high=0.011,
    horizon_h=168,
    label="top",
    gain=2.0,
    score=0.008,
    velocity=Axis(3),
    newness=Axis(12),
    oddness=Axis(35),
    specialness=Axis(8),
    sightings=(
        sighting("tiktok_shop", "UK", "tiktok_shop_UK/bestsellers/all", 120, "2 1 1 2 3 3 5 ? 9 14 20 29 33 41"),
    ),
    first_seen=ago(120),
    price=Decimal("4.5"),
    currency="GBP",
    price_usd=Decimal("5.75"),
    count=1_240_000,
    count_kind="sold",
    sellers=38,
    near_copies=61,
    flags=(
        Flag("fading", "rank 3 → 41"),
        Flag("price_war", "floor price −38 % in 30 days", "https://rules.example/war"),
    ),
    mark="mine",
    note="20 件在仓",
)
YOUNG = made(
    product_id="p-55ab",
    position=3,
    item_key="1005009999888777",
    title="Botol Minum Lipat Bentuk Pisang 500ml BPA Free",
    platform="aliexpress",
    market="ID",
    list_id=ALI,
    category="home",
    rank=58,
    newness=Axis(97),
    specialness=Axis(90),
    sightings=(sighting("aliexpress", "ID", ALI, 1, "71 58"),),
    first_seen=ago(1),
    price=Decimal(38500),
    currency="IDR",
    price_usd=Decimal("2.36"),
    likely=True,
    gloss_zh="香蕉形折叠水壶",
)
STEADY = made(
    product_id="p-02de",
    position=4,
    item_key="B0EXAMPLE4",
    title="Đèn ngủ hình nấm cảm ứng, cổng USB-C",
    platform="amazon",
    market="US",
    list_id=AMAZON,
    category="toys",
    rank=12,
    rank_before=12,
    rank_span_days=7.0,
    stage="evergreen",
    probability=0.08,
    probability_low=0.05,
    probability_high=0.12,
    horizon_h=168,
    label="top",
    gain=0.26,
    score=0.021,
    velocity=Axis(48),
    newness=Axis(4),
    oddness=Axis(22),
    specialness=Axis(31),
    sightings=(sighting("amazon", "US", AMAZON, 300, "12 11 13 12 ? 12 12 11 12 13 12 12 12 12"),),
    first_seen=ago(300),
    price=Decimal("24.00"),
    currency="USD",
    price_usd=Decimal("24.00"),
    sellers=1,
    reviews=15230,
    rating=4.4,
    listings=1,
    mark="watch",
)


def because(what: str, next_step: str = "") -> tuple[Finding, ...]:
    """Why a list did not come."""
    return (Finding("error", {"what": what, "next_step": next_step}),)


COVERAGE = (
    Coverage(AMAZON, "amazon_bestsellers", "US", "ok", ago(0.1), 7, 6, 100),
    Coverage(
        TIKTOK,
        "tiktok_hashtags",
        "US",
        "partial",
        ago(2),
        14,
        9,
        3,
        because("Only the top 3 rows are shown logged off."),
    ),
    Coverage(
        ALI,
        "aliexpress",
        "ID",
        "blocked",
        ago(1.2),
        7,
        5,
        0,
        because(
            "The page is a captcha, not a list.",
            "Open the list in a browser, save the page and `trendscout ingest` it.",
        ),
    ),
    Coverage(
        "shopee_VN/bestsellers/all",
        "shopee",
        "VN",
        "never",
        None,
        0,
        0,
        0,
        because("Off: no way in without a browser."),
    ),
)
BACKTEST = {
    "groups": [
        {
            "group": "amazon_US",
            "rules": {"label": "halve", "horizon_h": 168},
            "trials": 4200,
            "base": 0.041,
            "ece": 0.009,
            "curve": [
                {"said": 0.01, "came": 0.012, "trials": 2600},
                {"said": 0.05, "came": 0.046, "trials": 1100},
                {"said": 0.18, "came": 0.21, "trials": 380},
                {"said": 0.41, "came": 0.37, "trials": 120},
            ],
        },
        {
            "group": "tiktok_US",
            "rules": {"label": "top", "horizon_h": 72},
            "trials": 90,
            "base": None,
            "ece": None,
            "curve": [],
        },
    ]
}


JOBS = (
    JobState("daily", "done", ago(0.96), ago(0.96), ago(-0.04)),
    JobState("hourly", "failed", ago(0.02), ago(3), ago(-0.02), (text("StoreBusy"),)),
)


def example() -> Report:
    """A morning with a rising, a fading, a young and a steady product, and lists that did not come."""
    return Report(
        as_of=NOW,
        rows=(RISING, FADING, YOUNG, STEADY),
        coverage=COVERAGE,
        market="US",
        total=3412,
        notes=because("The clock of this machine went back by 2 hours on 18 July."),
        backtest=BACKTEST,
        jobs=JOBS,
    )


def empty(*, looked: bool = True) -> Report:
    """A report without a row; lists were all blocked, or nothing was ever collected."""
    blocked = (
        Coverage(
            ALI, "aliexpress", "ID", "blocked", ago(3), 7, 0, 0, because("The page is a captcha, not a list.")
        ),
    )
    return Report(as_of=NOW, rows=(), coverage=blocked if looked else ())


_PIECES = (
    "=HYPERLINK(\"https://evil.example\",\"x\")", "+1+1", "-2+3|cmd|' /C calc'!A0", "@SUM(A1:A9)", "＝1+1",
    "<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "</script><script>window.pwned=1",
    "{{7*7}}", "{% raw %}", "${7*7}", "%s%n", "[red]x[/red]", "[link=https://evil.example]x[/link]", "</style>",
    "\x00", "\x07", "\x1b[31m", "\x1b]8;;https://evil.example\x07", "\x9b2J", "\x7f", "\r", "\n", "\r\n", "\t",
    "\u2028", "\u202e", "\u2066", "\u200b", "\u200d", "\u200f", "\ufeff", "\ufffe", "\ud800", "\u0301" * 20,
    "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇨🇳", "❤️", "汉字", "日本語", "ไทย", "مرحبا", "đèn", "ﷺ", "𝔘𝔫𝔦",
    '"', "'", '""', ",", ";", "|", "\\", "`", "&amp;", "&lt;", "_x0041_", "1729508370969629931", "1e5", "3-4",
    "0012", "javascript:alert(1)", "file:///etc/passwd", "../../x", "--", "#", "*bold*", "@all", "<@everyone>",
    "<at id=all></at>",
)  # fmt: skip


def hostile(count: int = 500, seed: int = 5) -> list[str]:
    """Titles that try to be something else: formulas, markup, escapes, controls, and 10,000 signs of them."""
    pick = random.Random(seed)
    titles = [*_PIECES, "x" * 10_000, "汉" * 10_000, "<" * 10_000, " ", "\u200b", "\x00" * 50]
    while len(titles) < count:
        titles.append("".join(pick.choices((*_PIECES, "lamp", " ", "mini", "杯"), k=pick.randint(1, 9))))
    return titles[:count]
