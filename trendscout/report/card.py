"""One product of the page: what its line and its opened part show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from markupsafe import Markup, escape

from trendscout.lang import Lang, tr
from trendscout.model import Flag, PackCheck, Row, Sighting
from trendscout.report import amounts, chart, packs, phrases
from trendscout.report.bilingual import LANGS, both, dots, say
from trendscout.report.clean import picture_address, visible, web_address
from trendscout.report.columns import SHOWN, View, words
from trendscout.report.curve import drawable, main_curve, of_prices, prices, since_seen
from trendscout.report.signal_names import effect, named

_DAYS = 45  # of history in the curves
_BANDS = (10, 25, 50, 100)  # US dollars
_BAR = 120  # pixels of a bar that shows what a signal added
_DOT = Markup(" · ")
_METERS = ("Vel", "新", "奇", "特")


@dataclass(frozen=True, slots=True)
class Card:
    """A row as the template reads it: every property is escaped or markup made of numbers."""

    row: Row
    place: int  # in the page's own order
    now: datetime
    zone: tzinfo
    images: bool
    change: str = ""  # new, risen, faded
    part: Markup | str = ""  # what begins with it: tags, topics, videos, apps

    @property
    def keys(self) -> Markup:
        """The data attributes that sorting, filters and search read, those that say something."""
        row, facts = self.row, self.row.facts
        text = f"{facts.category} {facts.item_key} {row.own.note}"  # beside the title, which stands in the card
        keys = {
            "position": str(self.place),
            "chance": _sortable(row.scored.probability),
            **{name: _sortable(row.axes[name].value) for _, name in phrases.AXES},
            "since": _sortable(row.facts.first_seen.timestamp() if row.facts.first_seen else None),
            "price": _sortable(row.facts.price_usd),
            "stage": row.scored.stage,
            **{name: " ".join(named(row)) for name, _, named in FILTERS},
            "place": " ".join(sorted(slug(*place) for place in places(row))),
            "packs": " ".join(slug(pack) for pack in row.checks.packs),
            "mark": row.own.mark,
            "change": self.change,
            "text": visible(text).strip(),
        }
        return Markup(" ".join(f'data-{name}="{escape(value)}"' for name, value in keys.items() if value))  # noqa: S704

    @property
    def title(self) -> str:
        """The title as the platform shows it."""
        return visible(self.row.facts.title) or visible(self.row.facts.item_key)

    @property
    def gloss(self) -> str:
        """A Chinese gloss of a foreign title."""
        return visible(self.row.facts.gloss_zh or "")

    @property
    def where(self) -> Markup:
        """The list that it stands on, in words."""
        return both(partial(phrases.list_name, self.row.scored.list_id))

    @property
    def run(self) -> Markup | str:
        """Whether it is new today, or since when it is shown; nothing where no earlier report is known."""
        return both(partial(phrases.run, self.row)) if self.row.run.days_shown else ""

    @property
    def image(self) -> str | None:
        """The picture's address, where pictures are wanted and it is one."""
        return picture_address(self.row.facts.image) if self.images else None

    @property
    def stage(self) -> Markup:
        """The stage's name."""
        return _staged(self.row.scored.stage)

    @property
    def flags(self) -> list[Markup]:
        """The warnings in a few words each."""
        return [_flagged(flag.code) for flag in self.row.checks.flags]

    @property
    def meters(self) -> Markup:
        """Velocity, 新, 奇 and 特: a name, a bar and a number each."""
        axes = self.row.axes
        return Markup("").join(
            _meter(label, phrases.axis(axes[name].value))
            for label, (_, name) in zip(_METERS, phrases.AXES, strict=True)
        )

    @property
    def chance(self) -> str:
        """The probability alone."""
        return phrases.chance(self.row).partition(" ")[0]

    @property
    def interval(self) -> str:
        """Its interval in brackets."""
        return phrases.chance(self.row).partition(" ")[2]

    @property
    def movement(self) -> Markup:
        """Velocity in plain words."""
        return both(partial(phrases.movement, self.row))

    @property
    def price(self) -> Markup:
        """The price band."""
        return both(partial(phrases.price_band, self.row))

    @property
    def spark(self) -> Markup | str:
        """The small curve of the list in which it moves most."""
        main = main_curve(self.row)
        if main is None or not drawable(main.curve):
            return ""
        return Markup(chart.curve(main.curve, chart.Frame(self._start, self.now, 130, 34)))  # noqa: S704 - numbers

    @property
    def curves(self) -> list[dict[str, Any]]:
        """A curve for every place that ranks or counts, all over the same stretch of time."""
        frame = chart.Frame(self._start, self.now, 520, 132, left=34, right=8, top=8, bottom=22)
        return [self._figure(one, frame) for one in self.row.facts.sightings if drawable(one.curve)]

    @property
    def facts(self) -> Iterator[tuple[Markup, Markup | str]]:
        """What is known of it, label by label; nothing for what is not known."""
        row = self.row
        english, chinese = (View(lang, self.zone, self.now) for lang in LANGS)
        for column in SHOWN:
            if text := words(column, row, english):
                yield say(column.head), both({"en": text, "zh": words(column, row, chinese)}.__getitem__)
        for flag in row.checks.flags:
            yield say("Warning"), dots((_flagged(flag.code), _rule(flag)))

    @property
    def axes(self) -> list[tuple[Markup, Markup]]:
        """A sentence on each of velocity, 新, 奇 and 特 that has one."""
        named = ((label, self.row.axes[name]) for label, name in phrases.AXES)
        return [(say(label), say(axis.why, **axis.fields)) for label, axis in named if axis.why]

    @property
    def reasons(self) -> list[tuple[Markup, Markup, Markup]]:
        """What each signal added to the score, largest first: its name, a bar, and the effect in words."""
        ordered = sorted(self.row.scored.reasons, key=lambda one: -abs(one.contribution))
        most = max((abs(one.contribution) for one in ordered), default=0.0) or 1.0
        return [
            (
                _signal(one.signal),
                _bar(round(one.contribution / most * _BAR / 2)),
                both(partial(effect, one.contribution, most)),
            )
            for one in ordered
        ]

    @property
    def met(self) -> list[Markup]:
        """The packs it met, each with how many of its lines are unknown."""
        if not self.row.checks.packs:
            return []
        pairs = zip(packs.met(self.row, "en"), packs.met(self.row, "zh"), strict=True)
        return [both({"en": english, "zh": chinese}.__getitem__) for english, chinese in pairs]

    @property
    def packs(self) -> list[Markup]:
        """How it stands to each pack, a line each, those it met first."""
        return [_check(one) for one in sorted(self.row.checks.pack_checks, key=packs.nearest)]

    @property
    def links(self) -> list[tuple[str, str]]:
        """Pages to open."""
        pages = (("Open the listing", self.row.facts.url), ("Supplier", self.row.own.supplier_url))
        return [(label, link) for label, url in pages if (link := web_address(url))]

    def _figure(self, sighting: Sighting, frame: chart.Frame) -> dict[str, Any]:
        about = (
            both(partial(phrases.list_name, sighting.list_id)),
            both(lambda lang: tr("since {day}", lang, day=self._day(sighting.since, lang))),
            say("best rank {rank}", rank=sighting.best_rank) if sighting.best_rank else None,
            both(partial(phrases.counted, sighting.count, sighting.count_kind, sighting.count_floor)),
        )
        steps = {lang: phrases.price_steps(sighting, lang, now=self.now, zone=self.zone) for lang in LANGS}
        trades = (
            both(steps.__getitem__) if steps["en"] else None,
            both(partial(phrases.count_steps, sighting)) if phrases.count_steps(sighting, "en") else None,
        )
        return {
            "about": list(_dotted(about)),
            "plot": Markup(chart.curve(sighting.curve, frame, axis=True)),  # noqa: S704 - numbers only
            "trades": list(_dotted(trades)),
            "price_plot": Markup(chart.curve(of_prices(sighting.curve), replace(frame, height=60), axis=True))  # noqa: S704
            if len(prices(sighting.curve)) > 1
            else "",
        }

    @property
    def _start(self) -> datetime:
        """Where its curves begin: a little before it was first seen."""
        looks = (since_seen(one.curve) for one in self.row.facts.sightings)
        first = min((points[0].at for points in looks if points), default=self.now)
        return max(first, self.now - timedelta(days=_DAYS))

    def _day(self, moment: datetime | None, lang: Lang) -> str:
        return amounts.day(moment, lang, now=self.now, zone=self.zone) if moment else ""


def _dotted(parts: Iterable[Markup | str | None]) -> Iterator[Markup]:
    """What there is of `parts`, a dot before each but the first."""
    known = (part for part in parts if part)
    for number, part in enumerate(known):
        yield _DOT + part if number else escape(part)


def _price_band(row: Row) -> dict[str, tuple[str, str]]:
    usd = row.facts.price_usd
    if usd is None:
        return {}
    place = sum(usd >= band for band in _BANDS)
    low = _BANDS[place - 1] if place else 0
    text = f"${low}–{_BANDS[place]}" if place < len(_BANDS) else f"${low}+"
    return {f"b{place}": (text, text)}


def _named(text: str, english: str, chinese: str) -> dict[str, tuple[str, str]]:
    return {slug(text): (english, chinese)} if text else {}


def _list(row: Row) -> dict[str, tuple[str, str]]:
    name = row.scored.list_id
    return _named(name, phrases.list_name(name, "en"), phrases.list_name(name, "zh"))


def _market(row: Row) -> dict[str, tuple[str, str]]:
    market = visible(row.facts.market or "")
    return _named(market, market, market)


def _items(row: Row) -> dict[str, tuple[str, str]]:
    kind = row.facts.item_kind
    return _named(kind, phrases.item_kind(kind, "en"), phrases.item_kind(kind, "zh"))


def _kind(row: Row) -> dict[str, tuple[str, str]]:
    kind = row.scored.list_id.partition("/")[2].partition("/")[0]
    return _named(kind, phrases.kind_name(kind, "en"), phrases.kind_name(kind, "zh"))


def _category(row: Row) -> dict[str, tuple[str, str]]:
    category = visible(row.facts.category)
    return _named(category, phrases.category_name(category, "en"), phrases.category_name(category, "zh"))


# By what a page can be filtered: data attribute, label, and a row's token with its name in both languages.
FILTERS: tuple[tuple[str, str, Callable[[Row], dict[str, tuple[str, str]]]], ...] = (
    ("market", "Market", _market),
    ("list", "List", _list),
    ("items", "Kind", _items),
    ("kind", "Kind of list", _kind),
    ("category", "Category", _category),
    ("band", "Price in USD", _price_band),
)


def places(row: Row) -> set[tuple[str, str | None]]:
    """Where it is sold or talked about."""
    facts = row.facts
    return {(one.platform, one.market) for one in facts.sightings} | {(facts.platform, facts.market)}


def slug(*parts: str | None) -> str:
    """A word for a data attribute, the same for the same parts, without blanks."""
    return "-".join("".join(visible(part).split()) for part in parts if part)


def _sortable(value: float | Decimal | None) -> str:
    return "" if value is None else f"{float(value):.4f}".rstrip("0").rstrip(".")


def _rule(flag: Flag) -> Markup:
    link = web_address(flag.url)
    rule = say(flag.rule)
    if link is None:
        return rule
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>').format(
        link, rule or link
    )


# What recurs from row to row is written once: a report of 1,000 rows has some hundred different ones of each.


@lru_cache(len(_METERS) * 102)
def _meter(label: str, value: str) -> Markup:
    bar = Markup('<rect width="{}%"/>').format(value) if value.isdigit() else ""
    return Markup('<span>{}</span><svg aria-hidden="true">{}</svg><span>{}</span>').format(say(label), bar, value)


@lru_cache(64)
def _staged(stage: str) -> Markup:
    return both(partial(phrases.stage, stage))


@lru_cache(256)
def _flagged(code: str) -> Markup:
    return both(partial(phrases.flag, Flag(code, "")))


@lru_cache(1024)
def _signal(name: str) -> Markup:
    return both(partial(named, name))


@lru_cache(2 * _BAR)
def _bar(pixels: int) -> Markup:
    return Markup(chart.bar(2 * pixels / _BAR, _BAR))  # noqa: S704 - numbers only


@lru_cache(4096)
def _check(check: PackCheck) -> Markup:
    def line(lang: Lang) -> str:
        failed, unknown = (
            ", ".join(packs.say(code, lang) for code in codes) for codes in (check.failed, check.unknown)
        )
        parts = (
            f"{packs.sign(check)} {packs.title(check.pack, lang)}",
            tr("fails: {lines}", lang, lines=failed) if failed else "",
            tr("unknown: {lines}", lang, lines=unknown) if unknown else "",
        )
        return " · ".join(filter(None, parts))

    return Markup('<span class="met">{}</span>').format(both(line)) if check.met else both(line)
