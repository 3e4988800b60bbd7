"""Exports of paid tools and ERPs, by column profiles: into snapshots, or into rows of the seller's own goods."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from trendscout.errors import UsageError
from trendscout.findings import text
from trendscout.intake.profiles import (
    Layout,
    Profile,
    as_toml,
    best_profile,
    folded,
    layout_of,
    needs,
    profiles,
)
from trendscout.intake.tables import Table, read_table
from trendscout.intake.values import Cell, item_id, moment, number, share, style_in, web_url, words
from trendscout.model import Entry, Query, Snapshot, StockRow
from trendscout.sources.source import list_id
from trendscout.text.currencies import code_of, places_of
from trendscout.text.digits import Style
from trendscout.text.markets import MARKETS
from trendscout.text.numbers import parse_count, parse_price

_GRAMS = {
    "g": 1.0,
    "克": 1.0,
    "kg": 1000.0,
    "千克": 1000.0,
    "公斤": 1000.0,
    "lb": 453.592,
    "lbs": 453.592,
    "oz": 28.3495,
}
_GRAMS |= {"pounds": 453.592, "pound": 453.592, "ounces": 28.3495, "grams": 1.0, "kilograms": 1000.0}
_WEIGHT = re.compile(r"([\d.,]+)\s*([A-Za-z克千公斤]*)\.?")
# As exports write them, beside the codes and the names that CLDR has.
_SITES = {
    "COM": "US",
    "CO.UK": "UK",
    "CO.JP": "JP",
    "GB": "UK",
    "印尼": "ID",
    "沙特": "SA",
    "台湾": "TW",
    "USA": "US",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What one file gave."""

    profile: str
    snapshots: tuple[Snapshot, ...] = ()
    stock: tuple[StockRow, ...] = ()
    findings: tuple[str, ...] = ()  # plain English sentences: rows left out and why


def read_export(path: Path, *, at: datetime, profile: Profile | None = None, market: str | None = None) -> Export:
    """The rows of an export, by `profile` or by the shipped one that fits its headers.

    A list becomes one snapshot per market, taken `at`; ranks are the profile's rank column, else the order of the
    rows. Raises UsageError if the file cannot be read, or no profile fits: `propose_profile` then drafts one.
    """
    table = read_table(path)
    profile = profile or best_profile(table.headers)
    if profile is None:
        raise UsageError(
            "No column profile fits {path}; its columns are {columns}.",
            next_step="Save this draft as mine.toml, correct it, and give --profile mine.toml.\n\n{draft}",
            path=path,
            columns=", ".join(header for header in table.headers if header)[:500],
            draft=propose_profile(table),
        )
    layout = layout_of(profile, table.headers)
    if missing := needs(profile, layout):
        raise UsageError(
            "{path} has no column for {missing}, which the profile {profile} needs.",
            next_step="Choose another --profile, or add the column's name to your own.",
            path=path,
            missing=missing,
            profile=profile.name,
        )
    if not table.rows:
        return Export(profile.name, findings=("the table has a header and no rows",))
    read = _Rows(profile, layout, market, _style_of(profile, layout, table))
    if profile.role == "stock":
        return read.stock(table)
    return read.lists(table, at)


def propose_profile(table: Table) -> str:
    """A profile for an unknown table as TOML, guessed by the column names of all shipped profiles."""
    votes: dict[str, Counter[str]] = {}
    for profile in profiles().values():
        for field, aliases in profile.columns.items():
            for alias in aliases:
                votes.setdefault(folded(alias), Counter())[field] += 1
    columns: dict[str, str] = {}
    for header in table.headers:
        found = votes.get(folded(header))
        if found and (field := found.most_common(1)[0][0]) not in columns:
            columns[field] = header
    is_stock = "sku" in columns and not {"rank", "count"} & columns.keys()
    guessed = (
        {"role": "stock"}
        if is_stock
        else {"role": "list", "source": "my_tool", "kind": "list", "count_kind": "sold"}
    )
    unknown = [header for header in table.headers if header and header not in columns.values()]
    return as_toml("mine", guessed, columns, unknown)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one table as entries or goods."""

    profile: Profile
    layout: Layout
    market: str | None
    style: Style

    def _cell(self, row: Sequence[Cell], field: str) -> Cell:
        place = self.layout.columns.get(field)
        return row[place] if place is not None else None

    def lists(self, table: Table, at: datetime) -> Export:
        by_list: dict[str, list[Entry]] = {}
        seen: set[tuple[str, str]] = set()
        left: Counter[str] = Counter()
        for row in table.rows:
            entry, fault = self._entry(row, by_list)
            if entry is None:
                left[fault] += 1
            elif (entry.list, entry.item_key) in seen:
                left["repeat an item"] += 1
            else:
                seen.add((entry.list, entry.item_key))
                by_list.setdefault(entry.list, []).append(entry)
        findings = (*(f"{count} rows {why}" for why, count in left.items()), *table.notes)
        bad = any(why != "repeat an item" for why in left) or bool(table.notes)
        snapshots = tuple(
            Snapshot(
                list_id=name,
                taken_at=at,
                status="partial" if bad else "ok",
                entries=tuple(entries),
                layout=f"export: {self.profile.name}",
                findings=tuple(text(f"{one}.", "partial") for one in findings) if bad else (),
            )
            for name, entries in by_list.items()
        )
        return Export(self.profile.name, snapshots=snapshots, findings=findings)

    def _entry(self, row: Sequence[Cell], by_list: dict[str, list[Entry]]) -> tuple[Entry | None, str]:
        url = web_url(words(self._cell(row, "url")))
        raw = self._cell(row, "item_key")
        key = item_id(raw) or self._key_in(url)
        if not key:
            rounded = raw is not None and words(raw) is not None
            return None, "have an id that a spreadsheet rounded: export as text" if rounded else "have no id"
        market = _market(self._cell(row, "market")) or self.market or self.profile.market
        name = list_id(Query(self.profile.source, market, self.profile.kind))
        rank = self._count(row, "rank")
        amount, currency, shown = self._price(row, "price", market)
        count_text = words(self._cell(row, "count"))
        count = self._count(row, "count")
        rating = number(self._cell(row, "rating"), self.style)
        entry = Entry(
            list=name,
            rank=rank or (None if "rank" in self.layout.columns else len(by_list.get(name, ())) + 1),
            item_key=key,
            title=words(self._cell(row, "title")),
            url=url,
            image=web_url(words(self._cell(row, "image"))),
            price=amount,
            currency=currency,
            price_text=shown,
            count=count,
            count_kind=self.profile.count_kind if count is not None else None,
            count_floor="+" in (count_text or "") if count is not None else None,
            count_text=count_text,
            rating=round(float(rating), 3) if rating is not None and 0 < rating <= 5 else None,
            reviews=self._count(row, "reviews"),
            seller=words(self._cell(row, "seller")),
            listed_at=moment(self._cell(row, "listed_at"), self.profile.dates),
            extra=self._extra(row),
        )
        return entry, ""

    def stock(self, table: Table) -> Export:
        rows: list[StockRow] = []
        left = 0
        for row in table.rows:
            sku = item_id(self._cell(row, "sku"))
            if not sku:
                left += 1
                continue
            market = _market(self._cell(row, "market")) or self.market
            cost, currency, _ = self._price(row, "cost", market)
            rows.append(
                StockRow(
                    sku=sku,
                    item_key=item_id(self._cell(row, "item_key"))
                    or self._key_in(web_url(words(self._cell(row, "url")))),
                    return_rate=self._share(row, "return_rate"),
                    sales=_float(number(self._cell(row, "sales"), self.style)),
                    stock=_float(number(self._cell(row, "stock"), self.style)),
                    cost=cost,
                    currency=currency,
                    weight_g=self._weight(row),
                    category=words(self._cell(row, "category")),
                    market=market,
                )
            )
        findings = (f"{left} rows have no SKU",) if left else ()
        return Export(self.profile.name, stock=tuple(rows), findings=findings + table.notes)

    def _key_in(self, url: str | None) -> str | None:
        found = self.profile.key_in_url.search(url) if self.profile.key_in_url and url else None
        return found[1] if found else None

    def _count(self, row: Sequence[Cell], field: str) -> int | None:
        cell = self._cell(row, field)
        value = number(cell, self.style)
        if value is None and isinstance(cell, str):
            shown = parse_count(cell.lstrip("#"), language="en" if self.style.decimal == "." else "de")
            return shown.value if shown else None
        return None if value is None or value < 0 or _may_be_grouped(cell, value) else int(value)

    def _price(
        self, row: Sequence[Cell], field: str, market: str | None
    ) -> tuple[Decimal | None, str | None, str | None]:
        """Amount, currency and text; the currency is told by the cell, a column, the header or the profile."""
        cell = self._cell(row, field)
        shown = words(cell)
        priced = parse_price(shown, market) if isinstance(cell, str) and shown else None
        plain_amount = number(cell, self.style)
        amount = plain_amount if plain_amount is not None else priced.amount if priced else None
        told = words(self._cell(row, "currency"))
        unit = self.layout.units.get(field, "")
        currency = (
            (priced.currency if priced else None)
            or (code_of(told, market) if told else None)
            or (_CURRENCY_WORDS.get(unit) or code_of(unit, market) if unit else None)
            or self.profile.currency
        )
        if amount is None or amount < 0 or (_may_be_grouped(cell, amount) and places_of(currency) < 3):
            return None, None, shown
        return amount, currency, shown

    def _share(self, row: Sequence[Cell], field: str) -> float | None:
        cell = self._cell(row, field)
        if self.layout.units.get(field) == "%" and not isinstance(cell, str):
            value = number(cell, self.style)
            return float(value) / 100 if value is not None and 0 <= value <= 100 else None
        return share(cell, self.style)

    def _weight(self, row: Sequence[Cell]) -> float | None:
        """Grams; the unit stands in the cell or behind the column's name, and is grams where neither tells."""
        found = _WEIGHT.fullmatch(words(self._cell(row, "weight")) or "")
        value = number(found[1], self.style) if found else None
        if found is None or value is None:
            return None
        unit = (found[2] or self.layout.units.get("weight") or "g").lower()
        return round(float(value) * _GRAMS[unit], 3) if unit in _GRAMS else None

    def _extra(self, row: Sequence[Cell]) -> dict[str, str | int | float | bool | None]:
        told: dict[str, str | int | float | bool | None] = {}
        for name, place in self.layout.extra.items():
            text = words(row[place])
            if text is None:
                continue
            value = number(row[place], self.style)
            told[name] = text[:200] if value is None or "%" in text else float(value)
        return told


def _may_be_grouped(cell: Cell, value: Decimal) -> bool:
    """Whether "1.234" may be a thousand and more: in another country's table it is."""
    return isinstance(cell, str) and value.as_tuple().exponent == -3


def _style_of(profile: Profile, layout: Layout, table: Table) -> Style:
    """How the table writes numbers: as the profile says, else as its columns of numbers prove."""
    if profile.decimal:
        return Style(",", ".") if profile.decimal == "," else Style(".", ",")
    places = [place for field, place in layout.columns.items() if field in _NUMERIC]
    return style_in(row[place] for row in table.rows for place in places) or Style(".", ",")


_NUMERIC = frozenset("price count rating reviews cost sales stock return_rate weight".split())
_CURRENCY_WORDS = {
    "美元": "USD",
    "人民币": "CNY",
    "英镑": "GBP",
    "欧元": "EUR",
    "日元": "JPY",
    "$": "USD",
    "US$": "USD",
}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _market(cell: Cell) -> str | None:
    """The market code of "US", "美国", "Amazon.de" or "com"."""
    text = words(cell)
    if text is None:
        return None
    ending = text.upper().removeprefix("AMAZON").lstrip(".-_ ")
    code = _SITES.get(text) or _SITES.get(ending) or _countries().get(text.casefold()) or ending
    return code if code in MARKETS else None


@cache
def _countries() -> dict[str, str]:
    """Country names in Chinese and English, by CLDR, to market codes."""
    from babel import Locale

    named = {name.casefold(): code for lang in ("zh", "en") for code, name in Locale(lang).territories.items()}
    return {name: _SITES.get(code, code) for name, code in named.items()}
