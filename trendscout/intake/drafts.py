"""A profile for a table that none of the shipped ones fits, guessed from its columns' names and cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, islice
from typing import Literal

from trendscout.intake import figures, links, told
from trendscout.intake.figures import Manner
from trendscout.intake.profiles import OWN, Profile, as_toml, folded, layout_of, profiles, whole
from trendscout.intake.tables import Table
from trendscout.intake.values import Cell, item_id, web_url, words
from trendscout.model import CountKind

_SAMPLE = 200  # rows that are looked at
_LEAST_BLOCK = 5  # rows of a list
_LEAST_TITLE = 8  # characters on average
_LEAST_VARIANTS = 3
_MOST = 0.8  # of the cells that say something have to be of a kind
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
_KEY_PATH = r"https?://[^/]+/([^?#]+)"  # of a shop that is not known: the path of the item's page
_MAX_NAME = 40  # characters of a source's or a kind's name
_COUNTS: dict[CountKind, tuple[str, ...]] = {
    "views": ("views", "viewcount", "playcount", "plays", "播放量", "播放数", "浏览量", "再生数", "tayangan"),
    "downloads": ("downloads", "下载量"),
    "searches": ("searchvolume", "searches", "搜索量"),
    "votes": ("votes", "votescount", "upvotes"),
}  # fmt: skip
_ASK_ID = "No column holds an id: the name is used, so that a renamed item counts as another."
_ASK_SOURCE = "Whose goods these are is not said; write the platform into source, such as shopee."
_ASK_MARKET = 'Of which market is the list? Write market = "US" here, or give --market.'
_ASK_MONEY = 'In which currency are the prices? Write currency = "USD" here.'
_ASK_ORDER = 'No column says the rank. If the rows stand in the list\'s order, write order = "rows".'


@dataclass(frozen=True, slots=True)
class Draft:
    """What a table seems to be."""

    profile: Profile | None  # None: it holds no list
    is_sure: bool = False  # True: addresses or ids prove whose goods these are, and the columns what is what
    toml: str = ""  # for a person to check
    why: str = ""  # English: why it holds no list


def draft_of(table: Table, stem: str) -> Draft:
    """The profile that the table's columns suggest; `stem` is the file's name, for the list's own."""
    columns = _Columns(table)
    places = dict(_named(table.headers))
    columns.complete(places)
    if _is_stock(table, places, columns):
        return _drafted(table, profiles()["erp"], places, role="stock")
    return _list(table, stem, places, columns)


def _is_stock(table: Table, places: dict[str, int], columns: _Columns) -> bool:
    """Whether these are the seller's own goods: SKUs with a stock, a cost or a return rate."""
    own = dict(_named(table.headers, ("erp",)))
    if "sku" not in own or not any(name in own for name in OWN) or columns.link_of(places.get("url")):
        return False
    places.clear()
    places.update(own)
    return True


def _list(table: Table, stem: str, places: dict[str, int], columns: _Columns) -> Draft:
    link = columns.link_of(places.get("url"))
    by_form = links.source_of_keys(columns.ids(places.get("item_key")))
    count_kind = _count_kind(table.headers, places)
    if why := _no_list(table, places, columns, link, by_form):
        return Draft(None, why=why)
    asked: list[str] = []
    pattern = None
    if "item_key" not in places:
        if link:
            pattern = link.pattern
        elif "url" in places:
            pattern = _KEY_PATH
        else:
            asked.append(_ASK_ID)
            places["item_key"] = places["title"]
    markets = columns.markets(places.get("url"))
    own = slug(stem)
    base = replace(
        profiles()["plain"],
        source=(link.source if link else by_form or columns.shop(places) or f"list_{own or 'mine'}")[:_MAX_NAME],
        kind=(own if own[:1].isalpha() else f"list_{own}" if own else "plain")[:_MAX_NAME],
        market=next(iter(markets)) if len(markets) == 1 and "market" not in places else None,
        key_in_url=re.compile(pattern) if pattern else None,
        count_kind=count_kind,
        lists_by="category" if columns.begins_anew(places) else "",
        links=len(markets) > 1,
        header=table.has_header,
    )
    asked += [] if link or by_form else [_ASK_SOURCE]
    asked += _open_questions(places, columns, markets)
    is_sure = bool(link or by_form == "amazon_bestsellers") and bool({"price", "count"} & places.keys())
    return replace(_drafted(table, base, places, role="list", asked=asked), is_sure=is_sure)


def _no_list(
    table: Table, places: dict[str, int], columns: _Columns, link: links.Linked | None, by_form: str | None
) -> str:
    """Why the table holds no list, or ""."""
    if not table.has_header and not (link or by_form):
        return told.NO_HEADER
    if "title" not in places:
        return told.NO_GOODS
    if not {"price", "count", "rank", "reviews"} & places.keys():
        return told.NO_FIGURES
    if not table.rows:
        return told.NONE_FITS if table.left else told.ONLY_HEADER
    return told.ONE_ITEM if columns.is_one_item(places, link) else ""


def _open_questions(places: dict[str, int], columns: _Columns, markets: set[str]) -> Iterator[str]:
    """What of a list nobody says."""
    if not markets and "market" not in places:
        yield _ASK_MARKET
    if "price" in places and "currency" not in places and not columns.has_money(places["price"]):
        yield _ASK_MONEY
    if "rank" not in places:
        yield _ASK_ORDER


def known_draft(table: Table, profile: Profile) -> Draft:
    """The shipped profile that fits the table, with the table's own names: to be changed, if need be."""
    layout = layout_of(profile, table.headers)
    return _drafted(table, profile, dict(layout.columns), role=profile.role)


def _drafted(
    table: Table,
    base: Profile,
    places: dict[str, int],
    *,
    role: Literal["list", "stock"],
    asked: Sequence[str] = (),
) -> Draft:
    named = {field: [_whole_name(table, place)] for field, place in places.items() if table.headers[place]}
    profile = replace(
        base, name="mine", title="mine", role=role, columns=named, extra={}, distinct=(), shipped=False
    )
    unknown = [name for place, name in enumerate(table.headers) if name and place not in places.values()]
    text = as_toml(profile, unknown, asked)
    return Draft(replace(profile, text=text), toml=text)


def _whole_name(table: Table, place: int) -> str:
    return " ".join(table.headers[place].split())[:80]


def slug(stem: str) -> str:
    """A list's name from a file's: without dates, numbers and marks, so that tomorrow's file has the same."""
    text = re.sub(r"20\d{2}[-_.]?\d{2}(?:[-_.]?\d{2})?|\(\d+\)|\d{4,}", " ", stem.lower())
    return "_".join(re.findall(r"[a-z0-9]+", text)).strip("_")


@cache
def _votes() -> dict[str, Counter[str]]:
    """By folded column name, which field the shipped profiles read it as; the plain one counts most."""
    votes: dict[str, Counter[str]] = {}
    for profile in profiles().values():
        weight = 100 if profile.name == "plain" else 1
        for field, aliases in profile.columns.items():
            for alias in aliases:
                if profile.role == "list":
                    votes.setdefault(folded(alias), Counter())[field] += weight
    return votes


def _named(headers: Sequence[str], only: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Fields and the columns whose names say them; of two for one field the better name, then the first."""
    best: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        for form in (folded(header), whole(header)):
            if only:
                fields = [
                    (field, place_in)
                    for name in only
                    for field, aliases in profiles()[name].columns.items()
                    for place_in, alias in enumerate(aliases)
                    if folded(alias) == form
                ]
            else:
                counted = _votes().get(form)
                fields = [(field, 0) for field, _ in counted.most_common(1)] if counted else []
                fields = [(field, _standing(field, form)) for field, _ in fields]
            for field, standing in fields:
                if field not in best or standing < best[field][0]:
                    best[field] = (standing, place)
    yield from ((field, place) for field, (_, place) in best.items())


def _standing(field: str, form: str) -> int:
    """How good a name is for its field: its place in the plain profile's list."""
    aliases = profiles()["plain"].columns.get(field, ())
    return next((place for place, alias in enumerate(aliases) if folded(alias) == form), 1000)


def _count_kind(headers: Sequence[str], places: dict[str, int]) -> CountKind:
    """Of what the count is, by its column's name; finds such a column where none is named as sales."""
    if "count" not in places:
        for kind, names in _COUNTS.items():
            place = next((place for place, header in enumerate(headers) if folded(header) in names), None)
            if place is not None:
                places["count"] = place
                return kind
    return "sold"


class _Columns:
    """What the columns of a table hold, by its first rows."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = list(islice(table.rows, _SAMPLE))

    def cells(self, place: int) -> list[Cell]:
        """The cells of a column that say something."""
        return [row[place] for row in self.rows if words(row[place]) is not None]

    def complete(self, places: dict[str, int]) -> None:
        """Add fields that no name tells by what a column holds; drop named ones that hold something else."""
        if "url" in places and not self._mostly(places["url"], lambda cell: web_url(words(cell)) is not None):
            del places["url"]
        for place in range(len(self.table.headers)):
            if place in places.values() or not self.table.headers[place]:
                continue
            field = self._holds(place)
            if field and field not in places:
                places[field] = place
        if "title" not in places and (longest := self._longest(places)) is not None:
            places["title"] = longest

    def _mostly(self, place: int, test: Callable[[Cell], bool]) -> bool:
        cells = self.cells(place)
        return bool(cells) and sum(map(test, cells)) >= _MOST * len(cells)

    def _holds(self, place: int) -> str | None:
        """The field that a column of that content can be."""
        if self._mostly(place, lambda cell: web_url(words(cell)) is not None):
            if self._mostly(place, lambda cell: bool(_PICTURE.search(words(cell) or ""))):
                return "image"
            return "url" if self._mostly(place, lambda cell: links.linked(words(cell) or "") is not None) else None
        if links.source_of_keys(key for cell in self.cells(place) if (key := words(cell))):
            return "item_key"
        if self.table.has_header:
            return None
        if self._mostly(place, _is_money):
            return "price"
        return (
            "rank"
            if place == 0 and self._mostly(place, lambda cell: figures.rank(cell, Manner()) is not None)
            else None
        )

    def _longest(self, places: dict[str, int]) -> int | None:
        """Without a header: the column of the longest texts."""
        if self.table.has_header:
            return None
        sizes = {
            place: sum(len(words(cell) or "") for cell in self.cells(place)) / max(1, len(self.cells(place)))
            for place in range(len(self.table.headers))
            if place not in places.values()
        }
        size, place = max(((size, place) for place, size in sizes.items()), default=(0.0, 0))
        return place if size >= _LEAST_TITLE else None

    def link_of(self, place: int | None) -> links.Linked | None:
        """What most addresses of the column say."""
        if place is None:
            return None
        return links.most(links.linked(words(cell) or "") for cell in self.cells(place))

    def markets(self, place: int | None) -> set[str]:
        """The markets that the addresses name."""
        if place is None:
            return set()
        found = [
            ((link := links.linked(text)) and link.market) or links.market_of(text) for text in self._texts(place)
        ]
        return {market for market in found if market}

    def _texts(self, place: int) -> list[str]:
        return [words(cell) or "" for cell in self.cells(place)]

    def ids(self, place: int | None) -> list[str]:
        """The ids of the column."""
        return [key for cell in self.cells(place) if (key := item_id(cell))] if place is not None else []

    def shop(self, places: dict[str, int]) -> str | None:
        """The name of a shop that is not known, by the hosts of addresses or pictures."""
        for field in ("url", "image"):
            if field in places:
                names = Counter(name for text in self._texts(places[field]) if (name := links.name_of(text)))
                if names:
                    return names.most_common(1)[0][0]
        return None

    def is_one_item(self, places: dict[str, int], link: links.Linked | None) -> bool:
        """Whether three rows and more have one id: a product's page, with a row a variant."""
        keys = self.ids(places.get("item_key"))
        if not keys and link:
            keys = [found.key for text in self._texts(places["url"]) if (found := links.linked(text))]
        return len(keys) >= _LEAST_VARIANTS and len(set(keys)) == 1

    def has_money(self, place: int) -> bool:
        """Whether the prices say their currency."""
        return self._mostly(place, _is_money)

    def begins_anew(self, places: dict[str, int]) -> bool:
        """Whether ranks begin anew in each category, so that each is a list of its own."""
        if "category" not in places:
            return False
        if "rank" not in places:
            return self._stands_in_blocks(places["category"])
        ranks: dict[str, list[int]] = {}
        for row in self.table.rows:
            rank = figures.rank(row[places["rank"]], Manner())
            if rank is not None:
                ranks.setdefault(words(row[places["category"]]) or "", []).append(rank)
        return bool(ranks) and all(
            min(numbers) == 1 and len(set(numbers)) * 10 >= len(numbers) * 9 for numbers in ranks.values()
        )

    def _stands_in_blocks(self, place: int) -> bool:
        """Whether the rows of each category stand together and are many: lists put one below the other."""
        texts = [words(row[place]) or "" for row in self.table.rows]
        blocks = [len(list(group)) for _, group in groupby(texts)]
        return 1 < len(blocks) == len(set(texts)) and min(blocks) >= _LEAST_BLOCK


def _is_money(cell: Cell) -> bool:
    read = figures.price(cell, Manner()) if isinstance(cell, str) else None
    return bool(read and (read.currency or re.search(r"[$¥元￥kr]", str(cell))))
