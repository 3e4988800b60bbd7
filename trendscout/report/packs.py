"""Selection packs: named filters in TOML; a product says which it met, which line failed, what is unknown."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from operator import attrgetter
from pathlib import Path
from typing import Any

from trendscout.errors import ConfigError, UsageError
from trendscout.files import written_text
from trendscout.lang import Lang, tr
from trendscout.model import ROW_FIELDS, PackCheck, Report, Row, first_seen_by_place
from trendscout.report import phrases
from trendscout.report.clean import visible
from trendscout.text.stock_words import stock_words

Interval = tuple[float, float]  # what is known of a number: it lies within; an exact one has equal ends

_BOUNDS = {"at_least": ">=", "at_most": "<="}
_SETS = {"one_of": "in", "none_of": "not-in"}
_SIGNS = {">=": "≥", "<=": "≤", "in": "=", "not-in": "≠"}


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: a value, an operator (>=, <=, in, not-in) and what it is compared with."""

    value: str
    operator: str
    bound: float = 0.0
    words: tuple[str, ...] = ()
    needed: bool = False  # what defines the pack: unknown, the pack is not met

    @property
    def code(self) -> str:
        """The line as text that `say` reads again: "price_usd <= 50"."""
        return f"{self.value} {self.operator} {'|'.join(self.words) if self.words else f'{self.bound:g}'}"


@dataclass(frozen=True, slots=True)
class Pack:
    """A named filter. Titles and what it is for, by language."""

    name: str
    titles: Mapping[str, str]
    about: Mapping[str, str]
    lines: tuple[Line, ...]


@cache
def shipped() -> Mapping[str, Pack]:
    """The packs that come with trendscout, by name."""
    return _packs((resources.files("trendscout") / "packs").iterdir())


def load(folder: Path | None = None, *, tell: Callable[[ConfigError], object] | None = None) -> Mapping[str, Pack]:
    """Shipped packs and those in `folder`, by name; an own one replaces a shipped one of its name.

    A file that is no pack is told with what is wrong in it, and left out; without `tell` it raises ConfigError.
    """
    own = _packs(folder.iterdir(), tell) if folder is not None and folder.is_dir() else {}
    return {**shipped(), **own}


def judged(report: Report, packs: Mapping[str, Pack], *, only: str | None = None) -> Report:
    """The report with every good's standing in every pack; with `only`, just the goods that meet that pack.

    Raises UsageError if there is no pack of that name or title.
    """
    only = _named(only, packs) if only is not None else None
    rows = []
    for row in report.rows:
        fit = packs.values() if row.facts.item_kind == "goods" else ()
        checks = tuple(check(pack, row, report.as_of) for pack in fit)
        met = tuple(one.pack for one in checks if one.met)
        if only is None or only in met:
            rows.append(replace(row, checks=replace(row.checks, packs=met, pack_checks=checks)))
    return replace(report, rows=tuple(rows))


def asks_curves(name: str, packs: Mapping[str, Pack]) -> bool:
    """Whether a pack asks what only a curve shows: how a price changed, or whether a rise was promoted.

    Raises UsageError as `judged`.
    """
    lines = packs[_named(name, packs)].lines
    return any(line.value == "price_change" or "promoted" in line.words for line in lines)


def _named(text: str, packs: Mapping[str, Pack]) -> str:
    """The name of the pack that `text` names: its name, or its title as reports show it."""
    for pack in packs.values():
        if text.casefold() in {str(title).casefold() for title in (pack.name, *pack.titles.values())}:
            return pack.name
    known = ", ".join(sorted(packs))
    raise UsageError("There is no pack {name!r}.", next_step="There are: {known}.", name=text, known=known)


def check(pack: Pack, row: Row, now: datetime) -> PackCheck:
    """How a row stands to a pack: what is unknown fails nothing, but most lines and all needed must be known."""
    held = {line.code: holds(line, row, now) for line in pack.lines}
    failed = tuple(code for code, answer in held.items() if answer is False)
    unknown = tuple(code for code, answer in held.items() if answer is None)
    defined = not any(line.needed and line.code in unknown for line in pack.lines)
    met = not failed and defined and 2 * len(unknown) < len(held)
    return PackCheck(pack.name, met=met, failed=failed, unknown=unknown)


def title(name: str, lang: Lang) -> str:
    """A pack's title; an own pack is shown by its name."""
    pack = shipped().get(name)
    return pack.titles.get(lang, pack.name) if pack else visible(name)


def nearest(check: PackCheck) -> tuple[bool, int, int]:
    """Sorts packs: those met first, then those that fail the fewest lines."""
    return (not check.met, len(check.failed), len(check.unknown))


def sign(check: PackCheck) -> str:
    """✓ met, ✗ a line fails, ? too little is known."""
    return "✓" if check.met else "✗" if check.failed else "?"


def met(row: Row, lang: Lang) -> list[str]:
    """The packs that a row meets, each with how many of its lines are unknown."""
    unknown = {one.pack: len(one.unknown) for one in row.checks.pack_checks}
    named = ((title(pack, lang), unknown.get(pack, 0)) for pack in row.checks.packs)
    return [tr("{pack} ({n} unknown)", lang, pack=name, n=n) if n else name for name, n in named]


def say(code: str, lang: Lang) -> str:
    """A line for people: "price ≤ 50 USD"."""
    value, operator, bound = code.split(" ", 2)
    label, form = VALUES[value][0], VALUES[value][1]
    if operator in _SETS.values():
        shown = "/".join(_term(value, word, lang) for word in bound.split("|"))
    else:
        shown = form.format(float(bound))
    return f"{tr(label, lang)} {_SIGNS[operator]} {shown}"


def _term(value: str, word: str, lang: Lang) -> str:
    known = {"stage": phrases.STAGES, "flags": phrases.FLAGS}.get(value, {})
    return tr(known.get(word, word), lang)


# --- what can be asked ---------------------------------------------------------------------------------


def _exactly(number: object) -> Interval | None:
    if number is None:
        return None
    known = float(str(number))
    return (known, known)


def _age(row: Row, now: datetime) -> Interval | None:
    """Days since it was listed; where the page does not say, at least the days since we first saw it."""
    facts = row.facts
    if facts.listed_at is not None:
        return _exactly((now - facts.listed_at).total_seconds() / 86_400)
    return None if facts.first_seen is None else ((now - facts.first_seen).total_seconds() / 86_400, math.inf)


_SALES = ("sold", "orders")


def _sold(row: Row, _: datetime) -> Interval | None:
    """The row's own sales, else those of its listing that sells most: as much is sold at least."""
    facts = row.facts
    if facts.count is not None and facts.count_kind in _SALES:
        return (facts.count, math.inf if facts.count_floor else facts.count)
    sales = [one.count for one in facts.sightings if one.count is not None and one.count_kind in _SALES]
    return (max(sales), math.inf) if sales else None


def _review_rate(row: Row, now: datetime) -> Interval | None:
    facts = row.facts
    sold = _sold(row, now)
    if sold is None or facts.reviews is None or sold[0] <= 0:
        return None
    return (facts.reviews / sold[1], facts.reviews / sold[0])


def _stage_age(row: Row, now: datetime) -> Interval | None:
    return (
        None
        if row.scored.stage_since is None
        else _exactly((now - row.scored.stage_since).total_seconds() / 86_400)
    )


def _climb(row: Row, _: datetime) -> Interval | None:
    scored = row.scored
    return _exactly(scored.rank_before / scored.rank) if scored.rank and scored.rank_before else None


def _markup(row: Row, _: datetime) -> Interval | None:
    return (
        _exactly(row.facts.price_usd / row.own.cost_usd)
        if row.facts.price_usd is not None and row.own.cost_usd
        else None
    )


def _lead(row: Row, _: datetime) -> Interval | None:
    return _exactly(max((gap.lead_days for gap in row.facts.gaps), default=0.0))


def _place_days(row: Row, now: datetime) -> Interval | None:
    """Days since it was first seen at its newest place; None while there is but one."""
    since = first_seen_by_place(row.facts.sightings)
    return _exactly((now - max(since.values())).total_seconds() / 86_400) if len(since) > 1 else None


_PRICE_SPAN = timedelta(days=7)


def _price_change(row: Row, now: datetime) -> Interval | None:
    """How its price on its list changed within a week: -0.2 is a fifth cheaper."""
    curve = next((one.curve for one in row.facts.sightings if one.list_id == row.scored.list_id), ())
    prices = [point.price for point in sorted(curve, key=lambda point: point.at)
              if point.price and point.at >= now - _PRICE_SPAN]  # fmt: skip
    return _exactly(prices[-1] / prices[0] - 1) if len(prices) > 1 else None


def _count(row: Row, _: datetime) -> Interval | None:
    facts = row.facts
    return None if facts.count is None else (facts.count, math.inf if facts.count_floor else facts.count)


def _stock(row: Row, _: datetime) -> set[str] | None:
    """What its title says of the stock; nothing said is known too."""
    return set(stock_words(row.facts.title))


def _places(row: Row, _: datetime) -> Interval | None:
    return (
        _exactly(len({(one.platform, one.market) for one in row.facts.sightings})) if row.facts.sightings else None
    )


def _number(name: str) -> Callable[[Row, datetime], Interval | None]:
    field = attrgetter(ROW_FIELDS[name])
    return lambda row, _: _exactly(field(row))


def _axis(name: str) -> Callable[[Row, datetime], Interval | None]:
    return lambda row, _: _exactly(row.axes[name].value)


# name: (label, how a bound is shown, how it is measured)
VALUES: dict[str, tuple[str, str, Callable[[Row, datetime], Any]]] = {
    "price_usd": ("price", "{:g} USD", _number("price_usd")),
    "sold": ("sold", "{:,.0f}", _sold),
    "reviews": ("ratings", "{:,.0f}", _number("reviews")),
    "review_rate": ("ratings per sale", "{:.1%}", _review_rate),
    "rating": ("stars", "{:g}", _number("rating")),
    "age_days": ("days since listing", "{:g}", _age),
    "sellers": ("sellers", "{:g}", _number("sellers")),
    "near_copies": ("near copies", "{:g}", _number("near_copies")),
    "variants": ("variants", "{:g}", _number("variants")),
    "listings": ("listings", "{:g}", _number("listings")),
    "weight_g": ("weight", "{:g} g", _number("weight_g")),
    "cost_usd": ("cost", "{:g} USD", _number("cost_usd")),
    "fees_usd": ("fees", "{:g} USD", _number("fees_usd")),
    "landed_usd": ("landed cost", "{:g} USD", _number("landed_usd")),
    "break_even_usd": ("break-even price", "{:g} USD", _number("break_even_usd")),
    "margin": ("margin", "{:.0%}", _number("margin")),
    "markup": ("price over cost", "{:g}×", _markup),
    "probability": ("chance", "{:.0%}", _number("probability")),
    "velocity": ("velocity", "{:g}", _axis("velocity")),
    "newness": ("新 new", "{:g}", _axis("newness")),
    "oddness": ("奇 odd", "{:g}", _axis("oddness")),
    "specialness": ("特 special", "{:g}", _axis("specialness")),
    "rank": ("rank", "{:g}", _number("rank")),
    "climb": ("rank before over rank now", "{:g}×", _climb),
    "stage_days": ("days in this stage", "{:g}", _stage_age),
    "lead_days": ("days of lead", "{:g}", _lead),
    "places": ("platforms and markets", "{:g}", _places),
    "place_days": ("days at its newest place", "{:g}", _place_days),
    "price_change": ("price change in a week", "{:+.0%}", _price_change),
    "count": ("count", "{:,.0f}", _count),
    "stock": ("stock words", "{}", _stock),
    "words": ("watch words", "{}", lambda row, _: set(row.checks.words)),
    "stage": ("stage", "{}", lambda row, _: None if row.scored.stage == "not_enough_data" else {row.scored.stage}),
    "market": ("market", "{}", lambda row, _: {row.facts.market} if row.facts.market else None),
    "platform": ("platform", "{}", lambda row, _: {row.facts.platform}),
    "flags": ("warning", "{}", lambda row, _: {flag.code for flag in row.checks.flags}),
    "list_pace": ("list pace", "{}", lambda row, _: {row.scored.list_pace} if row.scored.list_pace else None),
}
_TEXTS = {"stage", "stock", "words", "market", "platform", "flags", "list_pace"}


def holds(line: Line, row: Row, now: datetime) -> bool | None:
    """Whether the line holds; None where what is known does not decide it."""
    known = VALUES[line.value][2](row, now)
    if known is None:
        return None
    if line.operator in _SETS.values():
        return bool(known & set(line.words)) == (line.operator == "in")
    low, high = known
    sure, never = (
        (low >= line.bound, high < line.bound) if line.operator == ">=" else (high <= line.bound, low > line.bound)
    )
    return True if sure else False if never else None


# --- reading -------------------------------------------------------------------------------------------


def _packs(files: Iterable[Traversable], tell: Callable[[ConfigError], object] | None = None) -> dict[str, Pack]:
    packs: dict[str, Pack] = {}
    for file in sorted((file for file in files if file.name.endswith(".toml")), key=lambda file: file.name):
        try:
            pack = _pack(file)
        except ConfigError as fault:
            if tell is None:
                raise
            tell(fault)
        else:
            packs[pack.name] = pack
    return packs


def _pack(file: Traversable) -> Pack:
    name = file.name.removesuffix(".toml")
    try:
        table = tomllib.loads(written_text(file))
        lines = tuple(line for entry in table["lines"] for line in read_lines(entry))
        if lines:
            return Pack(name, dict(table.get("title", {})), dict(table.get("about", {})), lines)
        reason = "it has no lines"
    except KeyError as error:
        reason = f"{error.args[0]!r} is missing or not known"
    except (ValueError, TypeError, AttributeError, OSError, RecursionError) as error:
        reason = str(error)
    raise ConfigError(
        "{file} is no selection pack: {reason}.",
        next_step='A line reads {{ value = "price_usd", at_most = 50 }}; values are {values}.',
        file=file.name,
        reason=reason,
        values=", ".join(VALUES),
    )


def read_lines(entry: Mapping[str, Any]) -> Iterator[Line]:
    """The lines of `{ value = "price_usd", at_least = 10, at_most = 50 }`.

    Raises KeyError for an unknown value or bound and ValueError for a bound that cannot be compared.
    """
    value = entry["value"]
    needed = entry.get("needed", False)
    bounds = {key: wanted for key, wanted in entry.items() if key not in ("value", "needed")}
    VALUES[value]
    if not isinstance(needed, bool):
        raise TypeError(f"needed of {value} is {needed!r}")
    if not bounds:
        raise ValueError(f"the line on {value} has no bound")
    for key, wanted in bounds.items():
        texts = value in _TEXTS
        operator = (_SETS if texts else _BOUNDS)[key]
        if texts and isinstance(wanted, list) and wanted and all(isinstance(word, str) for word in wanted):
            yield Line(value, operator, words=tuple(wanted), needed=needed)
        elif (
            not texts
            and isinstance(wanted, (int, float))
            and not isinstance(wanted, bool)
            and math.isfinite(wanted)
        ):
            yield Line(value, operator, bound=float(wanted), needed=needed)
        else:
            raise ValueError(f"{key} of {value} is {wanted!r}")
