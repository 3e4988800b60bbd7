"""What the user pays: the parts of a good's landed cost, and the margin and break-even price that follow.

Goods stand in costs.toml and in ERP exports; rules of costs.toml say what a market takes, from a day to a day. The
package knows no rates: they rot. What is not known is named and never zero.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from trendscout.errors import ConfigError
from trendscout.files import written_text
from trendscout.findings import Finding, finding
from trendscout.model import CostPart, Report, Row, StockRow
from trendscout.money import Rates

LANDED = ("cost", "freight", "duty")  # what it takes until a good is in its market
FEES = ("commission", "fulfilment", "tax")  # what selling one takes
_EXTRA = "other"  # as many as the user wants; none is needed
_SHARE_OF = ("price", "cost", "cost+freight")
_USUAL_SHARE = {"duty": "cost"}  # else of the price
_DIVISOR = 6000  # cm³ that count as a kilogram, unless the rule says
_MAX_BYTES = 10_000_000  # of costs.toml: about fifty thousand goods
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """What is known of one good's cost; None: not known."""

    cost_usd: Decimal | None = None
    fees_usd: Decimal | None = None  # all that it takes beside the cost and what is said separately
    weight_g: float | None = None
    supplier_url: str | None = None
    freight_usd: Decimal | None = None
    volume_cm3: float | None = None
    market: str | None = None  # freight and fees are of this market alone; None: of every one


@dataclass(frozen=True, slots=True)
class Rule:
    """What a market takes for one part of the cost of each good, from a day to a day."""

    part: str
    market: str
    valid_from: date
    valid_until: date  # the last day
    source: str  # where the user has it from
    currency: str = ""  # ISO 4217, of per_item and per_kg
    platform: str = ""  # "": every one
    category: str = ""  # as the list names it; "": every one
    per_item: Decimal = Decimal(0)
    per_kg: Decimal = Decimal(0)
    share: Decimal = Decimal(0)
    of: str = "price"  # what `share` is of
    divisor: float = _DIVISOR
    from_kg: float = 0.0
    up_to_kg: float = math.inf

    @property
    def by_weight(self) -> bool:
        """Whether it depends on what the good weighs."""
        return bool(self.per_kg) or self.from_kg > 0 or math.isfinite(self.up_to_kg)

    def is_for(self, row: Row) -> bool:
        """Whether it is about the row's market, platform and category, whatever the day."""
        facts = row.facts
        return (
            self.market == facts.market
            and self.platform in ("", facts.platform)
            and self.category in ("", facts.category)
        )

    def holds(self, on: date) -> bool:
        """Whether it is in force that day."""
        return self.valid_from <= on <= self.valid_until


@dataclass(frozen=True, slots=True)
class CostBook:
    """Goods by product id, item key or SKU, and the rules of their markets."""

    goods: Mapping[str, Cost] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def with_goods(self, more: Mapping[str, Cost]) -> CostBook:
        """The book with goods that it does not know itself; of those it knows, what it leaves out."""
        both = {key: _filled(cost, more.get(key)) for key, cost in self.goods.items()}
        return replace(self, goods={**more, **both})


def load(path: Path, rates: Rates | None = None, on: date | None = None) -> CostBook:
    """The goods and rules of costs.toml, costs in other currencies by the rate of the day.

    Raises ConfigError with the good or rule and the key that is wrong. A missing file is an empty book.
    """
    if not path.exists():
        return CostBook()
    try:
        tables = tomllib.loads(written_text(path, _MAX_BYTES), parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, str(error)) from error
    rules = tables.pop("rules", [])
    if not isinstance(rules, list):
        raise _wrong(path, "a rule begins with [[rules]]")
    return CostBook(
        {key: _cost(path, key, table, rates or Rates(), on) for key, table in tables.items()},
        tuple(_rule(path, number, table) for number, table in enumerate(rules, 1)),
    )


def of_goods(goods: Iterable[StockRow], at: datetime, rates: Rates) -> dict[str, Cost]:
    """What an ERP export says of costs, by item key and SKU, in US dollars at the rate of the day."""

    def dollars(amount: Decimal | None, currency: str | None) -> Decimal | None:
        return None if amount is None else _rounded(rates.in_usd(float(amount), currency, at.date()))

    costs: dict[str, Cost] = {}
    for good in goods:
        cost = Cost(
            cost_usd=dollars(good.cost, good.currency),
            fees_usd=dollars(good.fees, good.fees_currency),
            weight_g=good.weight_g,
            freight_usd=dollars(good.freight, good.freight_currency),
            volume_cm3=good.volume_cm3,
            market=good.market,
        )
        costs |= {key: cost for key in (good.sku, good.item_key) if key}
    return costs


def applied(report: Report, book: CostBook, rates: Rates) -> Report:
    """The report with what is known of costs where `book` knows the product or one of its listings.

    A rule whose day has passed is not applied, and that is a note of the report.
    """
    if not book.goods:
        return report
    on = report.as_of.date()
    rows = tuple(_costed(row, book, rates, on) for row in report.rows)
    known = [row for row in rows if _good_of(row, book)]
    lapsed = dict.fromkeys(one for row in known for one in _lapsed(row, book.rules, on))
    return replace(report, rows=rows, notes=(*report.notes, *lapsed))


def margin(price: Decimal | None, cost: Decimal | None, fees: Decimal | None) -> float | None:
    """(price - cost - fees) / price; None unless all three are known."""
    if price is None or cost is None or fees is None or price <= 0:
        return None
    return float((price - cost - fees) / price)


# --- one row -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sum:
    """One row's cost as its parts come to light: fixed amounts in dollars, and shares of the price."""

    price: Decimal | None
    fixed: dict[str, Decimal] = field(default_factory=dict)
    shares: dict[str, Decimal] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)

    def add(self, part: str, fixed: Decimal, share: Decimal = Decimal(0), rule: Rule | None = None) -> None:
        """One more amount of a part, and the rule that it comes from."""
        self.fixed[part] = self.fixed.get(part, Decimal(0)) + fixed
        self.shares[part] = self.shares.get(part, Decimal(0)) + share
        if rule:
            self.rules[part] = rule

    def of(self, parts: Iterable[str]) -> Decimal | None:
        """Some parts together at the row's price; None if one is not known."""
        names = tuple(parts)
        if any(part not in self.fixed for part in names):
            return None
        shares = sum((self.shares[part] for part in names), Decimal(0))
        if shares and self.price is None:
            return None
        return sum((self.fixed[part] for part in names), shares * (self.price or Decimal(0)))

    def break_even(self) -> Decimal | None:
        """The price at which nothing is left; None where no price is high enough."""
        left = 1 - sum(self.shares.values(), Decimal(0))
        return sum(self.fixed.values(), Decimal(0)) / left if left > 0 else None

    def told(self) -> tuple[CostPart, ...]:
        """The known parts, each with its source."""
        parts = []
        for part in self.fixed:
            rule = self.rules.get(part)
            amount = _rounded(self.of((part,)))
            parts.append(
                CostPart(part, amount, rule.source if rule else "", rule.valid_until.isoformat() if rule else None)
            )
        return tuple(parts)


def _costed(row: Row, book: CostBook, rates: Rates, on: date) -> Row:
    """The row with its costs; as it is where the book does not know the good."""
    cost = _good_of(row, book)
    if cost is None:
        return row
    total = _Sum(row.facts.price_usd)
    same_market = cost.market in (None, row.facts.market)
    given = {
        "cost": cost.cost_usd,
        "freight": cost.freight_usd if same_market else None,
        "fees": cost.fees_usd if same_market else None,
    }
    for part, amount in given.items():
        if amount is not None:
            total.add(part, amount)
    missing: list[str] = []
    if "fees" not in total.fixed:  # else they hold what is not said separately
        for part in (*LANDED[1:], *FEES, _EXTRA):
            if part not in total.fixed:
                missing += _apply(part, total, [rule for rule in book.rules if rule.is_for(row)], cost, rates, on)
    selling = [part for part in ("fees", *FEES, _EXTRA) if part in total.fixed]
    needed = ("cost", "fees") if "fees" in total.fixed else (*LANDED, *FEES)
    unknown = [part for part in dict.fromkeys((*needed, *LANDED)) if part not in total.fixed]
    whole = all(part in total.fixed for part in needed)
    spent = total.of(total.fixed) if whole else None
    own = replace(
        row.own,
        cost_usd=cost.cost_usd,
        fees_usd=_rounded(total.of(selling))
        if all(part in selling for part in needed if part not in LANDED)
        else None,
        landed_usd=_rounded(total.of(LANDED)),
        break_even_usd=_rounded(total.break_even()) if whole else None,
        margin=margin(total.price, spent, Decimal(0)),
        weight_g=cost.weight_g if cost.weight_g is not None else row.own.weight_g,
        supplier_url=cost.supplier_url or row.own.supplier_url,
        cost_parts=total.told(),
        cost_unknown=tuple(dict.fromkeys((*(["price"] if total.price is None else []), *unknown, *missing))),
    )
    return replace(row, own=own)


def _apply(part: str, total: _Sum, rules: Sequence[Rule], cost: Cost, rates: Rates, on: date) -> list[str]:
    """Add what the rules in force say of a part; what they would have to know and nobody does."""
    held = [rule for rule in rules if rule.part == part and rule.holds(on)]
    weighed = [(rule, _kilograms(cost, rule)) for rule in held]
    if any(kg is None for _, kg in weighed):
        return ["weight"]
    fitting = [
        (rule, kg or 0.0)
        for rule, kg in weighed
        if not rule.by_weight or rule.from_kg < (kg or 0.0) <= rule.up_to_kg
    ]
    if part != _EXTRA:  # the rule that says most about this good, and of such the latest
        fitting = sorted(
            fitting, key=lambda one: (bool(one[0].platform) + bool(one[0].category), one[0].valid_from)
        )[-1:]
    for rule, kg in fitting:
        amount = rule.per_item + rule.per_kg * Decimal(kg)
        dollars = Decimal(0) if not amount else _exact(rates.in_usd(float(amount), rule.currency, on))
        if dollars is None:
            return [f"rate {rule.currency}"]
        if rule.of == "price" or not rule.share:
            total.add(part, dollars, rule.share, rule)
            continue
        base = total.of(rule.of.split("+"))
        if base is not None:
            total.add(part, dollars + rule.share * base, rule=rule)
    return []


def _kilograms(cost: Cost, rule: Rule) -> float | None:
    """What is charged for: the weight, or the volume where that counts as more; None if no weight is known.

    A rule that does not go by weight takes any.
    """
    if not rule.by_weight:
        return 0.0
    return None if cost.weight_g is None else max(cost.weight_g / 1000, (cost.volume_cm3 or 0.0) / rule.divisor)


def _good_of(row: Row, book: CostBook) -> Cost | None:
    keys = (row.product_id, row.facts.item_key, *(one.item_key for one in row.facts.sightings))
    return next((book.goods[key] for key in keys if key in book.goods), None)


def _lapsed(row: Row, rules: Sequence[Rule], on: date) -> Iterable[Finding]:
    """The rules for the row that have ended with none in their place."""
    mine = [rule for rule in rules if rule.is_for(row)]
    for part in dict.fromkeys(rule.part for rule in mine):
        of_part = [rule for rule in mine if rule.part == part]
        if not any(rule.holds(on) for rule in of_part):
            last = max(of_part, key=lambda rule: rule.valid_until)
            if last.valid_until < on:
                yield ended(last)


def last_of_their_kind(rules: Sequence[Rule]) -> list[Rule]:
    """Of each part, market, platform and category the rules that end last."""
    last: dict[tuple[str, str, str, str], Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.valid_until):
        last[rule.part, rule.market, rule.platform, rule.category] = rule
    return list(last.values())


def ended(rule: Rule) -> Finding:
    """That a rule is past its date."""
    return finding(
        "cost_rule_ended",
        part=rule.part,
        market=rule.market,
        until=rule.valid_until.isoformat(),
        source=rule.source,
    )


def _rounded(dollars: Decimal | float | None) -> Decimal | None:
    return None if dollars is None else Decimal(dollars).quantize(_CENT)


def _exact(dollars: float | None) -> Decimal | None:
    return None if dollars is None else Decimal(str(dollars))


def _filled(cost: Cost, other: Cost | None) -> Cost:
    """The cost with what it leaves out taken from another; freight and fees only where it says neither."""
    if other is None:
        return cost
    said = cost.freight_usd is not None or cost.fees_usd is not None
    names = [one.name for one in fields(Cost) if not (said and one.name in ("freight_usd", "fees_usd", "market"))]
    return replace(cost, **{name: getattr(other, name) for name in names if getattr(cost, name) is None})


# --- reading -------------------------------------------------------------------------------------------

_GOOD_KEYS = frozenset("cost_usd cost currency fees_usd freight_usd weight_g size_cm supplier_url market".split())
_AMOUNTS = ("cost_usd", "cost", "fees_usd", "freight_usd", "weight_g")
_RULE_WORDS = ("part", "market", "source", "currency", "platform", "category", "of")
_RULE_AMOUNTS = ("per_item", "per_kg", "share", "divisor", "from_kg", "up_to_kg")
_RULE_DAYS = ("valid_from", "valid_until")
_SIDES = 3


def _cost(path: Path, key: str, table: Any, rates: Rates, on: date | None) -> Cost:
    if not isinstance(table, dict) or (unknown := set(table) - _GOOD_KEYS):
        what = f"unknown key {min(unknown)!r}" if isinstance(table, dict) else "not a table"
        raise _wrong(path, f"[{key}]: {what}")
    try:
        numbers = {name: _positive(table.get(name)) for name in _AMOUNTS}
        sides = [_positive(side) or Decimal(0) for side in table.get("size_cm", ())]
    except (InvalidOperation, ValueError, TypeError) as error:
        raise _wrong(path, f"[{key}]: a number of 0 or more is wanted") from error
    if sides and len(sides) != _SIDES:
        raise _wrong(path, f"[{key}]: size_cm has length, width and height")
    dollars, paid = numbers["cost_usd"], numbers["cost"]
    if paid is not None:
        code = str(table.get("currency", ""))
        rate = rates.rate(code, on) if code else None
        if dollars is not None or rate is None:
            reason = "cost_usd and cost are two words for one" if dollars is not None else f"no rate for {code!r}"
            raise _wrong(path, f"[{key}]: cost needs a currency with a rate: {reason}")
        dollars = _rounded(float(paid) * rate.usd)
    return Cost(
        cost_usd=dollars,
        fees_usd=numbers["fees_usd"],
        weight_g=_number(numbers["weight_g"]),
        supplier_url=str(table["supplier_url"]) if table.get("supplier_url") else None,
        freight_usd=numbers["freight_usd"],
        volume_cm3=float(math.prod(sides)) if sides else None,
        market=str(table["market"]) if table.get("market") else None,
    )


def _rule(path: Path, number: int, table: Any) -> Rule:
    where = f"[[rules]] {number}"
    known = {*_RULE_WORDS, *_RULE_AMOUNTS, *_RULE_DAYS}
    if not isinstance(table, dict) or (unknown := set(table) - known):
        what = f"unknown key {min(unknown)!r}" if isinstance(table, dict) else "not a table"
        raise _wrong(path, f"{where}: {what}")
    words = {name: table[name] for name in _RULE_WORDS if name in table}
    for name in ("part", "market", "source"):
        if not words.get(name):
            raise _wrong(path, f"{where}: {name} is missing")
    if wrong := [name for name, word in words.items() if not isinstance(word, str)]:
        raise _wrong(path, f"{where}: {wrong[0]} is no text")
    if wrong := [name for name in _RULE_DAYS if type(table.get(name)) is not date]:
        raise _wrong(path, f"{where}: {wrong[0]} is a day: 2026-12-31")
    if words["part"] not in (*LANDED[1:], *FEES, _EXTRA):
        raise _wrong(path, f"{where}: part is one of {', '.join((*LANDED[1:], *FEES, _EXTRA))}")
    try:
        amounts = {name: _positive(table[name]) for name in _RULE_AMOUNTS if name in table}
    except (InvalidOperation, ValueError) as error:
        raise _wrong(path, f"{where}: a number of 0 or more is wanted") from error
    words.setdefault("of", _USUAL_SHARE.get(words["part"], "price"))
    if words["of"] not in _SHARE_OF:
        raise _wrong(path, f"{where}: of is one of {', '.join(_SHARE_OF)}")
    if not any(name in amounts for name in ("per_item", "per_kg", "share")):
        raise _wrong(path, f"{where}: it says neither per_item, per_kg nor share; nothing to pay is share = 0")
    if (amounts.get("per_item") or amounts.get("per_kg")) and not words.get("currency"):
        raise _wrong(path, f"{where}: currency is missing")
    values: dict[str, Any] = {name: amounts[name] for name in ("per_item", "per_kg", "share") if name in amounts}
    bounds = ("divisor", "from_kg", "up_to_kg")
    values |= {name: float(amounts[name] or 0) for name in bounds if name in amounts}
    if values.get("divisor") == 0:
        raise _wrong(path, f"{where}: divisor is 0")
    return Rule(**words, **values, **{name: table[name] for name in _RULE_DAYS})


def _positive(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value < 10**12:
        raise ValueError
    return Decimal(value)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _wrong(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "{file} cannot be used: {reason}.",
        next_step="`trendscout costs --example` prints a file that says all that can stand there.",
        file=str(path),
        reason=reason,
    )
