"""Exports of paid tools and ERPs, by column profiles: into snapshots, or into rows of the seller's own goods."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import TypeVar

from trendscout.errors import UsageError
from trendscout.findings import Finding
from trendscout.intake import figures, links, told
from trendscout.intake.countries import market_named
from trendscout.intake.drafts import Draft, draft_of, known_draft
from trendscout.intake.figures import Manner, style_in
from trendscout.intake.profiles import Layout, Profile, best_profile, fit_of, known_names, layout_of, needs
from trendscout.intake.sheets import Sheet, sheets_of
from trendscout.intake.tables import Table, headless, name_says, place_name, read_table
from trendscout.intake.trends import read_download
from trendscout.intake.values import Cell, DateOrder, item_id, moment, order_in, web_url, words
from trendscout.model import Entry, Query, Snapshot, StockRow
from trendscout.sources.source import list_id, sources
from trendscout.text.currencies import code_of
from trendscout.text.digits import Style
from trendscout.text.markets import country_of

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
_CENTIMETRES = {"mm": 0.1, "cm": 1.0, "m": 100.0, "in": 2.54, "inch": 2.54, "毫米": 0.1, "厘米": 1.0, "米": 100.0}
_SIDE = r"([\d.,]+)\s*"
_SIZE = re.compile(rf"{_SIDE}[x×*X]\s*{_SIDE}[x×*X]\s*{_SIDE}([A-Za-z]*|毫米|厘米|米)")
_NUMERIC = frozenset("price count rating reviews cost sales stock return_rate weight freight fees".split())
_CURRENCY_WORDS = {
    "美元": "USD",
    "人民币": "CNY",
    "英镑": "GBP",
    "欧元": "EUR",
    "日元": "JPY",
    "$": "USD",
    "US$": "USD",
}
# What of a profile's fields has a place in the store, by role; a list's market is in its name.
_KEPT = {
    "list": frozenset(
        """rank item_key title url image price currency count rating reviews seller listed_at market
        taken_at""".split()
    ),
    "stock": frozenset(
        """sku item_key return_rate sales stock cost currency weight category market size freight fees""".split()
    ),
}
_MANY_DOUBLED = 5  # of a list's rows more than one in so many shares its rank with another
_LONGEST_KEY = 200
_SPAN = re.compile(
    r".*\s(?:-|–|to|~|至)\s(.*)"
)  # "Jul 06, 2026 - Jul 29, 2026": a report's range ends the day it shows
PLAIN = "plain"  # a list that no tool made, read by the columns and addresses that it has
GUESSED = 'name = "mine"'  # in the text of a profile that the program made
TRENDS = "google_trends"  # instead of a profile's name: its downloads are no tables with a header
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Export:
    """What one file gave."""

    profile: str
    snapshots: tuple[Snapshot, ...] = ()
    stock: tuple[StockRow, ...] = ()
    findings: tuple[Finding, ...] = ()  # of `told`: rows left out, cells lost, and why
    taken_at: datetime | None = None  # when the list was looked at, as far as one time holds for all rows
    is_dated: bool = False  # whether the file or the user says that time
    used: Profile | None = None
    sheet: str = ""  # which one was read
    order: str = ""  # "rows": the user says that the rows stand in the list's order
    category: str = ""  # the list's own name, as the user says


def read_export(
    path: Path,
    *,
    at: datetime | None = None,
    now: datetime | None = None,
    profile: Profile | None = None,
    market: str | None = None,
    sheet: str | None = None,
    order: str = "",
    category: str = "",
) -> Export:
    """The rows of an export, by `profile` or by the shipped one that fits its headers.

    A list becomes one snapshot per market, and per category where the file holds several lists, taken `at`, else
    when the file says, else `now`; `category` names the list. Ranks are the profile's rank column, else with
    `order` "rows" the order of the rows, else none. Raises UsageError if the file cannot be read, or no profile
    fits, with a draft of one.
    """
    sheets = sheets_of(path, known_names())
    if profile is None and (trends := _trends(sheets, at, now, market)) is not None:
        return trends
    table = _table_of(path, sheets, profile, sheet)
    said = None if at else table.said_at or name_says(path)
    when = at or said or now
    if when is None:
        raise ValueError("an export needs a time")
    chosen = profile or _fitting(table, path.stem)
    if chosen is None:
        raise _no_profile(path, table)
    if chosen.refused:
        raise _no_list(path, table, chosen.refused)
    layout = layout_of(chosen, table.headers)
    if missing := needs(chosen, layout):
        raise UsageError(
            "{path} has no column for {missing}, which the profile {profile} needs.",
            next_step="Choose another --profile, or add the column's name to your own.",
            path=path,
            missing=missing,
            profile=chosen.name,
        )
    if not table.rows:
        return Export(chosen.name, findings=_about(table) or (told.NO_ROWS,))
    rows = _Rows(chosen, layout, table, market, order or chosen.order, when, category)
    read = rows.stock() if chosen.role == "stock" else rows.lists()
    is_dated = read.snapshots and "taken_at" not in layout.columns
    time = (told.said_time(said),) if said and is_dated else ()
    return replace(
        read,
        findings=(*_about(table), *time, *read.findings),
        taken_at=when,
        is_dated=bool(at or said),
        used=chosen,
        sheet=sheet or "",
        order=order,
        category=category,
    )


def _trends(
    sheets: Sequence[Sheet], at: datetime | None, now: datetime | None, market: str | None
) -> Export | None:
    """A download of Google Trends, which is no table with a header; None if the file is none."""
    when = at or now
    download = read_download(sheets[0], at, when, market) if len(sheets) == 1 and when else None
    if download is None:
        return None
    said = (told.said_time(download.said_at),) if download.said_at else ()
    return Export(
        TRENDS,
        snapshots=download.snapshots,
        findings=(*said, *download.findings),
        taken_at=download.said_at or when,
        is_dated=bool(at or download.said_at),
    )


def propose(path: Path, *, sheet: str | None = None) -> Draft:
    """A profile for a table that no shipped one fits, as far as its columns can be told.

    Raises UsageError with the reason where there is no list in the table.
    """
    table = _table_of(path, sheets_of(path, known_names()), None, sheet, guess=True)
    known = best_profile(table.headers)
    draft = known_draft(table, known) if known else draft_of(table, path.stem)
    if draft.profile is None or draft.profile.refused:
        raise _no_list(path, table, draft.why or (known.refused if known else ""))
    return draft


def _table_of(
    path: Path, sheets: Sequence[Sheet], profile: Profile | None, sheet: str | None, *, guess: bool = False
) -> Table:
    has_header = profile.header if profile else True
    fit = partial(fit_of, profile)
    try:
        return read_table(path, sheets, sheet=sheet, has_header=has_header, fit=fit)
    except UsageError as error:
        bare = (
            headless(sheets)
            if has_header and error.fields.get("why") == "no row of it names its columns"
            else None
        )
        if bare is None or profile is not None:
            raise
        if guess:
            return bare
        raise _no_profile(path, bare) from None


def _fitting(table: Table, stem: str) -> Profile | None:
    """The shipped profile that the columns prove, else the plain one where addresses prove the platform."""
    found = best_profile(table.headers)
    if found:
        return found
    draft = draft_of(table, stem)
    return replace(draft.profile, name=PLAIN) if draft.profile and draft.is_sure else None


def _no_profile(path: Path, table: Table) -> UsageError:
    draft = draft_of(table, path.stem)
    if draft.profile is None:
        return _no_list(path, table, draft.why)
    columns = ", ".join(header for header in table.headers if header)[:500]
    what = (
        "No column profile fits {path}; its columns are {columns}."
        if table.has_header
        else "{path} has no header row: its first row is {columns}."
    )
    if not table.has_header:
        columns = ", ".join(words(cell) or "" for cell in table.rows[0])[:500]
    return UsageError(
        what,
        next_step="Save this draft as mine.toml, correct it, and give --profile mine.toml.\n\n{draft}",
        path=path,
        columns=columns,
        draft=draft.toml,
    )


def _no_list(path: Path, table: Table, why: str) -> UsageError:
    return UsageError(
        "{path} holds no list that can be read: {why}.",
        next_step="Its columns are {columns}.",
        path=path,
        why=why,
        columns=", ".join(header for header in table.headers if header)[:500],
    )


def _about(table: Table) -> tuple[Finding, ...]:
    """What is told of a table before its cells are read."""
    found = [told.other_sheets(table.sheet, table.others)] if table.others else []
    found += [told.rows_left(count, why) for why, count in table.left.items()]
    found += [told.cut(len(table.rows))] if table.is_cut else []
    return tuple(found)


@dataclass(slots=True)
class _Tally:
    """How many cells of a column say something, and how many of these cannot be read."""

    present: int = 0
    lost: int = 0
    example: str = ""


@dataclass(slots=True)
class _Rows:
    """The rows of one table as entries or goods; what of them is lost is counted."""

    profile: Profile
    layout: Layout
    table: Table
    market: str | None  # the user's word
    order: str
    at: datetime
    category: str  # the list's own name, as the user says
    tallies: dict[str, _Tally] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    found: dict[Finding, None] = field(default_factory=dict)  # in order, each once
    style: Style | None = field(init=False)
    key_form: re.Pattern[str] | None = field(init=False)  # that every id of the platform has
    orders: dict[str, DateOrder | None] = field(init=False)

    def __post_init__(self) -> None:
        places = [place for name, place in self.layout.columns.items() if name in _NUMERIC]
        proven = style_in(row[place] for row in self.table.rows for place in places)
        told_style = {"": None, ",": Style(",", "."), ".": Style(".", ",")}[self.profile.decimal]
        self.style = told_style or proven
        known = sources().get(self.profile.source)
        self.key_form = re.compile(known.key_form) if known and known.key_form else None
        self.orders = {}
        for name in ("listed_at", "taken_at"):
            if (place := self.layout.columns.get(name)) is not None:
                column = [row[place] for row in self.table.rows]
                self.orders[name] = order_in(column, self.profile.dates, self._one_market())
                if self.orders[name] is None:
                    self.found[told.unclear_dates(self.table.headers[place])] = None

    def _one_market(self) -> str | None:
        """The market that all rows name, else the user's or the profile's."""
        place = self.layout.columns.get("market")
        named = {market_named(row[place]) for row in self.table.rows} - {None} if place is not None else set()
        return named.pop() if len(named) == 1 else self.market or self.profile.market

    # --- cells ---------------------------------------------------------------------------------------------

    def _cell(self, row: Sequence[Cell], name: str) -> Cell:
        place = self.layout.columns.get(name)
        return row[place] if place is not None else None

    def _read(self, name: str, cell: Cell, value: T | None) -> T | None:
        """The value, counted: a cell that says something and was not read is lost."""
        text = words(cell)
        if text is not None or (cell is not None and not isinstance(cell, str)):
            tally = self.tallies.setdefault(name, _Tally())
            tally.present += 1
            if value is None and text is not None:
                tally.lost += 1
                tally.example = tally.example or text[:60]
        return value

    def _url(self, row: Sequence[Cell], name: str) -> str | None:
        cell = self._cell(row, name)
        text = words(cell) or ""
        first = re.search(r"(?:https?:)?//[^\s\"'|;\]]+", text) if name == "image" else None
        if first and re.search(r"//[^\s]*[;|,\s\"][^\s]*//", text):
            self.found[told.FIRST_IMAGE] = None
        return self._read(name, cell, web_url(first[0].rstrip(",") if first else text))

    def _money(
        self, row: Sequence[Cell], name: str, market: str | None
    ) -> tuple[Decimal | None, str | None, str | None]:
        """Amount, currency and text; the currency is told by the cell, a column, the header or the profile."""
        cell = self._cell(row, name)
        shown = words(cell)
        said = words(self._cell(row, "currency"))
        unit = self.layout.units.get(name, "")
        told_code = (
            (self._read("currency", said, code_of(said, market)) if said else None)
            or (_currency_of(unit, market) if unit else None)
            or self.profile.currency
        )
        read = self._read(name, cell, figures.price(cell, Manner(self.style, market), told_code))
        if read is None:
            return None, None, shown
        if read.is_span:
            self.found[told.LOW_END] = None
        return read.amount, read.currency or told_code, shown

    def _market(self, row: Sequence[Cell], link: links.Linked | None) -> str | None:
        cell = self._cell(row, "market")
        said = self._read("market", cell, market_named(cell)) or (link.market if link else None)
        if said and self.market and said != self.market:
            self.found[told.other_market(said, self.market)] = None
        return said or self.market or self.profile.market

    def _link(self, url: str | None) -> links.Linked | None:
        link = links.linked(url) if url else None
        return link if link and (self.profile.links or link.source == self.profile.source) else None

    def _key(self, row: Sequence[Cell], url: str | None, link: links.Linked | None) -> str | None:
        """The item's own id, else that in its address; why there is none is counted."""
        raw = self._cell(row, "item_key")
        match = self.profile.key_in_url.search(url) if self.profile.key_in_url and url else None
        key = item_id(raw) or (match[1] if match else link.key if link else None)
        text = words(raw)
        if text and self.layout.columns["item_key"] == self.layout.columns.get("title"):
            return text if len(text) <= _LONGEST_KEY else f"{text[:160]} {sha256(text.encode()).hexdigest()[:32]}"
        if item_id(raw) and self.key_form and not self.key_form.fullmatch(key or ""):
            self.left[told.FOREIGN_ID] += 1
            return None
        if key:
            return links.clean_key(link.source if link else self.profile.source, key)
        if text:
            self.left[told.LONG_ID if len(text) > _LONGEST_KEY else told.ROUNDED_ID] += 1
        else:
            self.left[told.NO_ID_IN_LINK if url else told.NO_ID] += 1
        return None

    # --- lists ---------------------------------------------------------------------------------------------

    def lists(self) -> Export:
        rows: list[tuple[datetime, str, str, Entry]] = []  # time, list without category, category, entry
        for row in self.table.rows:
            when = self._when(row)
            if when is None:
                self.left[told.NO_TIME] += 1
            elif (read := self._entry(row)) is not None:
                rows.append((when, *read))
        by_list: dict[tuple[str, date], dict[str, Entry]] = {}
        times: dict[tuple[str, date], datetime] = {}
        split = self.profile.lists_by == "category"
        for when, query, category, entry in rows:
            own = category if split else self.category
            name = f"{query}/{own.strip().replace('/', '-') or 'all'}"
            place = (name, when.date())
            times[place] = max(when, times.get(place, when))
            entries = by_list.setdefault(place, {})
            if entry.item_key in entries:
                self.left[told.REPEATED] += 1
                continue
            rank = len(entries) + 1 if self.order == "rows" and "rank" not in self.layout.columns else entry.rank
            entries[entry.item_key] = replace(entry, list=name, rank=rank)
        lists = {place: self._ranked(tuple(entries.values())) for place, entries in by_list.items()}
        self._tell_list(lists, split=split)
        findings = (
            *(told.rows_left(count, why) for why, count in self.left.items() if count),
            *self._losses(),
            *self.found,
        )
        severe = tuple(one for one in (*_about(self.table), *findings) if one.severity != "note")
        snapshots = tuple(
            Snapshot(
                list_id=place[0],
                taken_at=times[place],
                status="partial" if severe else "ok",
                entries=entries,
                layout=f"export: {self.profile.name}",
                findings=severe,
            )
            for place, entries in lists.items()
        )
        return Export(self.profile.name, snapshots=snapshots, findings=findings)

    def _when(self, row: Sequence[Cell]) -> datetime | None:
        """When the row was looked at; without a column of times, when the file was made."""
        if "taken_at" not in self.layout.columns:
            return self.at
        cell = self._cell(row, "taken_at")
        if isinstance(cell, str) and (span := _SPAN.fullmatch(words(cell) or "")):
            cell = span[1]
        return self._read("taken_at", cell, moment(cell, self.orders["taken_at"], serials=True))

    def _entry(self, row: Sequence[Cell]) -> tuple[str, str, Entry] | None:
        url = self._url(row, "url")
        link = self._link(url)
        key = self._key(row, url, link)
        if key is None:
            return None
        market = self._market(row, link)
        source = link.source if link and self.profile.links else self.profile.source
        manner = Manner(self.style, market)
        amount, currency, shown = self._money(row, "price", market)
        cells = {name: self._cell(row, name) for name in ("rank", "count", "rating", "reviews", "listed_at")}
        counted = self._read("count", cells["count"], figures.count(cells["count"], manner))
        reviewed = self._read("reviews", cells["reviews"], figures.reviews(cells["reviews"], manner))
        when = moment(cells["listed_at"], self.orders.get("listed_at"), serials=True)
        entry = Entry(
            list="",
            rank=self._read("rank", cells["rank"], figures.rank(cells["rank"], manner)),
            item_key=key,
            title=words(self._cell(row, "title")),
            url=url,
            image=self._url(row, "image"),
            price=amount,
            currency=currency,
            price_text=shown,
            count=counted[0] if counted else None,
            count_kind=self.profile.count_kind if counted else None,
            count_floor=counted[1] if counted else None,
            count_text=words(cells["count"]),
            rating=self._read("rating", cells["rating"], figures.rating(cells["rating"])) or None,
            reviews=reviewed[0] if reviewed else None,
            seller=words(self._cell(row, "seller")),
            listed_at=self._read("listed_at", cells["listed_at"], when),
            extra=self._extra(row, manner),
        )
        query = list_id(Query(source, market, self.profile.kind)).rpartition("/")[0]
        return query, words(self._cell(row, "category")) or "", entry

    def _ranked(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The entries, without ranks where so many share one that these are several lists in one."""
        ranks = Counter(entry.rank for entry in entries if entry.rank is not None)
        shared = sum(times for times in ranks.values() if times > 1)
        if self.profile.shipped or shared * _MANY_DOUBLED <= len(entries):
            return entries
        rank, times = ranks.most_common(1)[0]
        self.found[told.doubled_ranks(rank or 0, times)] = None
        return tuple(replace(entry, rank=None) for entry in entries)

    def _tell_list(self, lists: dict[tuple[str, date], tuple[Entry, ...]], *, split: bool) -> None:
        """What nobody said of the list: its market, the money, the order."""
        entries = [entry for found in lists.values() for entry in found]
        if any("_XX/" in name for name, _ in lists):
            self.found[told.NO_MARKET] = None
        if any(entry.price is not None and entry.currency is None for entry in entries):
            self.found[told.NO_CURRENCY] = None
        if self.market:
            for currency in sorted({entry.currency for entry in entries if entry.currency} - _monies(self.market)):
                self.found[told.other_currency(currency, self.market)] = None
        if "rank" not in self.layout.columns:
            self.found[told.ROW_ORDER if self.order == "rows" else told.NO_RANK] = None
        self._tell_columns({"category"} if split else set())

    def _tell_columns(self, used: set[str]) -> None:
        """Every column that says something and that the store has no place for."""
        kept = {
            place
            for name, place in self.layout.columns.items()
            if name in _KEPT[self.profile.role] or name in used
        }
        names = [
            header or place_name(place)
            for place, header in enumerate(self.table.headers)
            if place not in kept and any(words(row[place]) is not None for row in self.table.rows)
        ]
        if names:
            self.found[told.not_kept(names)] = None

    def _losses(self) -> list[Finding]:
        return [
            told.cells_lost(
                name,
                self.table.headers[self.layout.columns[name]] or place_name(self.layout.columns[name]),
                tally.present,
                tally.lost,
                tally.example,
            )
            for name, tally in self.tallies.items()
            if tally.lost
        ]

    def _extra(self, row: Sequence[Cell], manner: Manner) -> dict[str, str | int | float | bool | None]:
        found: dict[str, str | int | float | bool | None] = {}
        for name, place in self.layout.extra.items():
            text = words(row[place])
            if text is not None:
                read = figures.price(row[place], manner)
                found[name] = text[:200] if read is None else float(read.amount)
        return found

    # --- own goods -----------------------------------------------------------------------------------------

    def stock(self) -> Export:
        goods: dict[str, StockRow] = {}
        for row in self.table.rows:
            sku = item_id(self._cell(row, "sku"))
            if not sku:
                self.left[told.NO_SKU] += 1
                continue
            url = self._url(row, "url")
            link = self._link(url)
            market = self._market(row, link)
            manner = Manner(self.style, market)
            cost, currency, _ = self._money(row, "cost", market)
            freight, freight_currency, _ = self._money(row, "freight", market)
            fees, fees_currency, _ = self._money(row, "fees", market)
            match = self.profile.key_in_url.search(url) if self.profile.key_in_url and url else None
            self.left[told.REPEATED_SKU] += sku in goods
            goods[sku] = StockRow(
                sku=sku,
                item_key=item_id(self._cell(row, "item_key")) or (match[1] if match else None),
                return_rate=self._share(row, "return_rate", manner),
                sales=self._amount(row, "sales", manner),
                stock=self._amount(row, "stock", manner),
                cost=cost,
                currency=currency,
                weight_g=self._weight(row, manner),
                category=words(self._cell(row, "category")),
                market=market,
                volume_cm3=self._volume(row, manner),
                freight=freight,
                freight_currency=freight_currency or currency,  # paid where the good is
                fees=fees,
                fees_currency=fees_currency,
            )
        self._tell_columns(set())
        findings = (
            *(told.rows_left(count, why) for why, count in self.left.items() if count),
            *self._losses(),
            *self.found,
        )
        return Export(self.profile.name, stock=tuple(goods.values()), findings=findings)

    def _amount(self, row: Sequence[Cell], name: str, manner: Manner) -> float | None:
        cell = self._cell(row, name)
        value = self._read(name, cell, figures.amount(cell, manner))
        return None if value is None else float(value)

    def _share(self, row: Sequence[Cell], name: str, manner: Manner) -> float | None:
        cell = self._cell(row, name)
        return self._read(name, cell, figures.share(cell, manner, self.layout.units.get(name, "")))

    def _weight(self, row: Sequence[Cell], manner: Manner) -> float | None:
        """Grams; the unit stands in the cell or behind the column's name, and is grams where neither tells."""
        cell = self._cell(row, "weight")
        found = _WEIGHT.fullmatch(words(cell) or "")
        value = figures.amount(found[1], manner) if found else None
        unit = ((found[2] if found else "") or self.layout.units.get("weight") or "g").lower()
        grams = round(float(value) * _GRAMS[unit], 3) if value is not None and unit in _GRAMS else None
        return self._read("weight", cell, grams)

    def _volume(self, row: Sequence[Cell], manner: Manner) -> float | None:
        """Cubic centimetres of "20 x 12 x 8 cm"; the unit stands behind it or behind the column's name."""
        cell = self._cell(row, "size")
        match = _SIZE.fullmatch(words(cell) or "")
        sides = [figures.amount(side, manner) for side in match.groups()[:-1]] if match else []
        unit = ((match[4] if match else "") or self.layout.units.get("size") or "cm").lower()
        volume = None
        if sides and all(side is not None for side in sides) and unit in _CENTIMETRES:
            volume = round(prod(float(side or 0) * _CENTIMETRES[unit] for side in sides), 3)
        return self._read("size", cell, volume)


def _currency_of(unit: str, market: str | None) -> str | None:
    """The currency behind a column's name. 元 is the market's own where that writes it so, else the seller's."""
    return _CURRENCY_WORDS.get(unit) or code_of(unit, market) or ("CNY" if unit == "元" else None)


@cache
def _monies(market: str) -> frozenset[str]:
    """The money of a market, and the dollar, in which tools show every market."""
    from babel.numbers import get_territory_currencies

    return frozenset({"USD", *get_territory_currencies(country_of(market).upper())})
