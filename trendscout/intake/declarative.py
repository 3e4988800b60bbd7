"""A source declared in TOML: any list the user may read becomes a `Source` like the ones that come along.

Fields are CSS selectors for HTML ("a.title", "a@href", "@data-id"), JMESPath for JSON, element names for feeds.
A declaration is data: it runs no code, its requests go to the one host that its address names, and its key comes
from an environment variable of trendscout's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from trendscout.errors import ConfigError, LayoutChanged, TrendscoutError
from trendscout.findings import finding
from trendscout.findings import words as words_of
from trendscout.intake.figures import number
from trendscout.intake.values import item_id, moment, web_url, words
from trendscout.model import CountKind, Entry, ListNote, Page, Query, Request
from trendscout.settings.config import line_of, load_toml
from trendscout.sources._fields import decimal, whole
from trendscout.sources._rows import ranked
from trendscout.sources.source import Reader, Source, list_id, shipped_sources
from trendscout.text.currencies import code_of
from trendscout.text.digits import Style, style_of
from trendscout.text.markets import country_of
from trendscout.text.numbers import Count, parse_count, parse_price

_MAX_BYTES = 65_536
_MAX_ITEMS = 5_000
_NAME = re.compile(r"""^name *= *["']([a-z0-9_]+)["']""", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_KNOWN = frozenset({"page", "category", "market", "country", "kind", "key"})
_ENGLISH = Style(".", ",")

# What one field of one item says: text, a number of JSON as it is, True for a mark of advertisements without text.
Scalar = str | int | float | None
Get = Callable[[Any], Scalar]
_NO = frozenset(("", "0", "false", "no", "n", "off", "none", "null"))  # marks that say that it is none


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration, checked; `fields` read one item each."""

    file: Path
    text: str
    table: Mapping[str, Any]
    inside: str = ""  # the table of the file that this is, with its point

    def wrong(self, key: str, fault: str, /, **fields: object) -> ConfigError:
        """The error for a key of the file: a template of what is wrong, with its fields."""
        key = self.inside + key
        return ConfigError(
            "{path}{line}: {key}: {fault}.",
            next_step="Mend that line.",
            path=self.file,
            line=line_of(self.text, key.split(".")),
            key=key,
            fault=words_of(fault, **fields),
        )


def load_source(path: Path, *, taken: Collection[str] = ()) -> Source:
    """The source that a TOML file declares.

    `taken` are variables of the environment that hold what is somebody else's: addresses of channels. Raises
    ConfigError naming file, line and key if anything in it is wrong.
    """
    if path.exists() and path.stat().st_size > _MAX_BYTES:
        raise ConfigError(
            "{path} has more than {limit} bytes.",
            next_step="A declaration is a page.",
            path=path,
            limit=_MAX_BYTES,
        )
    table = load_toml(path, "source")
    declaration = Declaration(path, path.read_text(encoding="utf-8-sig"), table)
    if table["name"] in shipped_sources():
        raise declaration.wrong("name", "{name} is the name of a source that comes along", name=table["name"])
    name = table["name"]
    _require_own_key(declaration, taken)
    host = _host(declaration)
    readers = tuple(
        Reader(
            name_of_layout(path, number),
            lambda page: bool(page.body),
            _reader(replace(declaration, table=layout, inside="layouts." * bool(number))),
        )
        for number, layout in enumerate(layouts_of(table))
    )
    return Source(
        name=name,
        platform=table.get("platform", name),
        title=table.get("title", name),
        kinds=tuple(table.get("kinds", ("list",))),
        markets=tuple(table.get("markets", ("XX",))),
        way_in=("key",) if "key_env" in table else ("live",) if host else ("own",),
        terms=table["terms"],
        why=table.get("why", "Declared by you."),
        readers=readers,
        hosts=(host,) if host else (),
        requests=_requests(declaration) if host else None,
        query_of=_query_of(declaration, host) if host else None,
        key_env=table.get("key_env", ""),
        spacing_s=float(table.get("spacing_s", 5.0)),
        length=table.get("length"),
        categories=tuple(table.get("categories", ())),
        ordered=table.get("ordered", True),
    )


def layouts_of(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The forms of the list: the declaration itself, and with what is its own each of its `layouts`."""
    shared = {key: value for key, value in table.items() if key not in ("items", "layouts")}
    return [table, *({**shared, **layout} for layout in table.get("layouts", ()))]


def name_of_layout(path: Path, number: int) -> str:
    """What a reading says of the layout with that number."""
    return f"declared in {path.name}" + (f", layout {number + 1}" if number else "")


def load_sources(
    folder: Path, *, taken: Collection[str] = ()
) -> tuple[tuple[Source, ...], tuple[tuple[str, TrendscoutError], ...]]:
    """The sources that the TOML files of a folder declare, and by name why others are left out.

    One that is wrong, or declares a name that another has, costs nobody but itself. `taken` as for `load_source`.
    """
    paths: dict[str, Path] = {}
    loaded, faults = [], []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            source = load_source(path, taken=taken)
            if source.name in paths:
                raise ConfigError(
                    "{path} and {other} both declare the source {name}.",
                    next_step="Rename one of them.",
                    path=path,
                    other=paths[source.name],
                    name=source.name,
                )
        except TrendscoutError as fault:
            faults.append((_name_in(path), fault))
            continue
        paths[source.name] = path
        loaded.append(source)
    return tuple(loaded), tuple(faults)


def _name_in(path: Path) -> str:
    """What a file that is wrong calls its source, so that it is found by that name; else the file's own."""
    found = None
    with suppress(OSError):
        if path.is_file():  # no pipe: it would be waited for
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                found = _NAME.search(file.read(_MAX_BYTES))
    return found[1] if found else path.stem


def _require_own_key(declaration: Declaration, taken: Collection[str]) -> None:
    """The file may come from somebody else: the variable that it sends away is its own, and no other's."""
    variable = declaration.table.get("key_env")
    if variable is None:
        return
    own = f"TRENDSCOUT_{declaration.table['name'].upper()}_KEY"
    if variable != own:
        raise declaration.wrong("key_env", "it follows from the source's name and can only be {own}", own=own)
    if own in taken or own in {source.key_env for source in shipped_sources().values()}:
        raise declaration.wrong(
            "key_env", "{own} holds a secret of another source or of a channel; rename this source", own=own
        )


# --- requests --------------------------------------------------------------------------------------------


def _host(declaration: Declaration) -> str:
    """The host that requests go to; "" for a list that the user saves."""
    url: str = declaration.table.get("url", "")
    if not url:
        return ""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise declaration.wrong("url", "the port is no number") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in parts.netloc:
        raise declaration.wrong("url", "it must begin with https:// and a host without placeholders")
    if "@" in parts.netloc or port is not None:
        raise declaration.wrong("url", "user names, passwords and ports do not belong into it")
    for key in ("url", "body"):
        unknown = set(_PLACEHOLDER.findall(declaration.table.get(key, ""))) - _KNOWN
        if unknown:
            raise declaration.wrong(
                key,
                "unknown placeholder {{{name}}}; known are {names}",
                name=min(unknown),
                names=", ".join(sorted(_KNOWN)),
            )
    if (
        "key_env" not in declaration.table
        and "{key}" in f"{url}{declaration.table.get('body')}{declaration.table.get('headers')}"
    ):
        raise declaration.wrong("url", "{{key}} needs key_env, the environment variable that holds your key")
    if int(declaration.table.get("pages", 1)) > 1 and "{page}" not in url + declaration.table.get("body", ""):
        raise declaration.wrong("pages", "more than one page needs {{page}} in url or body")
    return parts.hostname


def _requests(declaration: Declaration) -> Callable[[Query], tuple[Request, ...]]:
    table = declaration.table
    first = int(table.get("first_page", 1))

    def requests(query: Query) -> tuple[Request, ...]:
        return tuple(_request(table, query, number, number - 1 + first) for number in range(1, _pages(table) + 1))

    return requests


def _pages(table: Mapping[str, Any]) -> int:
    return int(table.get("pages", 1))


def _request(table: Mapping[str, Any], query: Query, number: int, shown: int) -> Request:
    placeholders = {
        "page": str(shown),
        "category": query.category,
        "market": query.market or "",
        "country": country_of(query.market),
        "kind": query.kind or next(iter(table.get("kinds", ("list",)))),
    }

    def in_url(match: re.Match[str]) -> str:
        return quote(placeholders[match[1]], safe="") if match[1] in placeholders else match[0]

    def in_body(match: re.Match[str]) -> str:
        # Inside a JSON string or a form; quotes must not end what they stand in.
        return re.sub(r"[\"\\\x00-\x1f&=]", " ", placeholders[match[1]]) if match[1] in placeholders else match[0]

    body = table.get("body")
    return Request(
        url=_PLACEHOLDER.sub(in_url, table["url"]),
        method=table.get("method", "GET"),
        headers=tuple(table.get("headers", {}).items()),
        body=_PLACEHOLDER.sub(in_body, body).encode() if body else None,
        page=number,
    )


def _query_of(declaration: Declaration, host: str) -> Callable[[str], Query | None]:
    name = declaration.table["name"]
    markets = declaration.table.get("markets", ("XX",))

    def query_of(url: str) -> Query | None:
        try:
            same = urlsplit(url).hostname == host
        except ValueError:
            return None
        return Query(name, markets[0] if len(markets) == 1 else None) if same else None

    return query_of


# --- reading ---------------------------------------------------------------------------------------------


def _reader(declaration: Declaration) -> Callable[[Page], Iterator[Entry | ListNote]]:
    table = declaration.table
    items, field = {"html": _html, "json": _json, "feed": _feed}[table["format"]](declaration)
    gets = {key: _picked(declaration, key, field) for key in table["fields"]}
    if "item_key" not in gets and "url" not in gets and table["format"] != "feed":
        raise declaration.wrong("fields", "item_key or url is needed to know an item again")
    if table["format"] == "feed":
        defaults = {"item_key": ("guid", "id", "link"), "title": ("title",), "url": ("link",)}
        defaults["listed_at"] = ("pubDate", "published", "updated")
        gets = {key: _first(field, names) for key, names in defaults.items()} | gets

    def read(page: Page) -> Iterator[Entry | ListNote]:
        elements = list(items(page))[:_MAX_ITEMS]
        if not elements:
            raise LayoutChanged(
                "{file}: `items` finds nothing in the page; it is {items!r}.",
                next_step="Look in the saved page for what stands once for each item; goods that the page fetches "
                "later are in another reply: save that.",
                file=declaration.file.name,
                items=table.get("items", "item"),
            )
        records = [{key: get(element) for key, get in gets.items()} for element in elements]
        if all(_is_ad(record) for record in records):
            raise LayoutChanged(
                "{file}: `is_ad` marks all {count} items as advertisements.",
                next_step="Let it find what only advertisements have, or `pick` that word from what all have.",
                file=declaration.file.name,
                count=len(records),
            )
        entries = [_entry(page, table, record) for record in records]
        yield from entries if "rank" in gets else _placed(page, table, entries)
        unplaced = sum(entry.rank is None and not entry.is_ad for entry in entries)
        if "rank" in gets and unplaced and table.get("ordered", True):
            yield ListNote(entries[0].list, findings=(finding("rows_without_rank", count=unplaced),))

    return read


def _entry(page: Page, table: Mapping[str, Any], record: Mapping[str, Scalar]) -> Entry:
    market, language = page.query.market, table.get("language")
    texts = {key: words(value) for key, value in record.items()}
    price, currency = _price(record.get("price"), market)
    count = _count(record.get("count"), market, language)
    reviews = _count(record.get("reviews"), market, language)
    rank = parse_count((texts.get("rank") or "").lstrip("#"), "US") if "rank" in texts else None
    is_ad = _is_ad(record)
    base = page.url or table.get("url", "")  # a saved file may not say where it is from
    url = web_url(texts.get("url"), base)
    kind: CountKind | None = table.get("count_kind") or (count.unit if count else None)
    return Entry(
        list=list_id(page.query),
        rank=rank.value if rank and not is_ad and table.get("ordered", True) else None,
        item_key=item_id(record.get("item_key")) or (url or "").partition("?")[0],
        title=texts.get("title"),
        url=url,
        image=web_url(texts.get("image"), base),
        price=price,
        currency=(currency or _currency(texts) or table.get("currency")) if price is not None else None,
        price_text=texts.get("price"),
        count=count.value if count else None,
        count_kind=kind if texts.get("count") else None,
        count_floor=count.is_floor if count else None,
        count_text=texts.get("count"),
        rating=_rating(record.get("rating"), style_of(market, language) or _ENGLISH),
        reviews=reviews.value if reviews else None,
        seller=texts.get("seller"),
        listed_at=moment(texts.get("listed_at")),
        is_ad=is_ad,
    )


def _is_ad(found: Mapping[str, Scalar]) -> bool:
    """Whether the mark of advertisements is there and does not say no: true, 1, "Sponsored", an icon."""
    mark = found.get("is_ad")
    return mark.strip().lower() not in _NO if isinstance(mark, str) else bool(mark)


def _price(value: Scalar, market: str | None) -> tuple[Decimal | None, str | None]:
    """A price and what its text says of the currency; a number of a reply is one in every country."""
    if isinstance(value, str):
        read = parse_price(value, market)
        return (read.amount, read.currency) if read else (None, None)
    return decimal(value), None


def _count(value: Scalar, market: str | None, language: str | None) -> Count | None:
    if isinstance(value, str):
        return parse_count(value, market, language)
    exact = whole(value)
    return None if exact is None else Count(exact, False, None, str(exact))


def _rating(value: Scalar, style: Style) -> float | None:
    """The first number of a text, or the number, if it can be a rating out of 5."""
    if isinstance(value, str):
        found = re.search(r"\d(?:[.,]\d+)?", value)
        read = number(found.group(), style) if found else None
    else:
        read = decimal(value)
    return float(read) if read is not None and 0 < read <= 5 else None


def _currency(record: Mapping[str, str | None]) -> str | None:
    """The currency that the reply names beside its prices."""
    return code_of((record.get("currency") or "").strip(), None)


def _placed(page: Page, table: Mapping[str, Any], entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries by order of appearance, as every source places them: an advertisement holds no place.

    On later pages of a list whose page length is not told nothing is known of places.
    """
    length, pages = table.get("length"), _pages(table)
    before = 0 if page.number == 1 else (page.number - 1) * (int(length) // pages) if length else None
    if before is None or not table.get("ordered", True):
        return iter(entries)
    return ranked(entries, before=before)


def _picked(declaration: Declaration, key: str, field: Callable[[str, str], Get]) -> Get:
    rule = declaration.table["fields"][key]
    if isinstance(rule, str):
        return field(key, rule)
    get = field(key, rule["at"])
    try:
        pattern = re.compile(rule.get("pick", "(.*)"))
    except re.error as error:
        raise declaration.wrong(
            f"fields.{key}", "pick is no regular expression: {said}", said=str(error)
        ) from error
    if pattern.groups != 1:
        raise declaration.wrong(f"fields.{key}", "pick needs exactly one group in brackets")

    def picked(item: Any) -> str | None:
        match = pattern.search((words(get(item)) or "")[:500])
        return match[1] if match else None

    return picked


def _first(field: Callable[[str, str], Get], names: tuple[str, ...]) -> Get:
    gets = [field(name, name) for name in names]
    return lambda item: next((found for get in gets if (found := get(item))), None)


def _html(declaration: Declaration) -> tuple[Callable[[Page], Any], Callable[[str, str], Get]]:
    from trendscout.text.markup import all_of, attr_of, is_css, parse_html, text_of

    css = declaration.table.get("items")
    if not css or not is_css(css):
        raise declaration.wrong("items", "a CSS selector is needed: the element that stands once for each item")

    def field(key: str, selector: str) -> Get:
        inner, _, attribute = selector.partition("@")
        if inner and not is_css(inner):
            raise declaration.wrong(f"fields.{key}", "{text!r} is no CSS selector", text=inner)
        if key == "is_ad":
            return lambda item: _mark(item.css_first(inner) if inner else item, attribute)
        if attribute:
            return lambda item: words(attr_of(item, inner or None, attribute))
        return lambda item: words(text_of(item, inner))

    return lambda page: all_of(parse_html(page), css), field


def _json(declaration: Declaration) -> tuple[Callable[[Page], Any], Callable[[str, str], Get]]:
    import jmespath

    from trendscout.text.jsontext import parse_json

    def compiled(key: str, expression: str) -> Callable[[Any], Any]:
        try:
            search = jmespath.compile(expression).search
        except (jmespath.exceptions.JMESPathError, RecursionError) as error:
            raise declaration.wrong(key, "no JMESPath: {said}", said=" ".join(str(error).split())[:120]) from error

        def searched(value: Any) -> Any:
            try:
                return search(value)
            except (jmespath.exceptions.JMESPathError, TypeError, ValueError, ArithmeticError):
                return None  # a function got a value that it does not take: this item has no such field

        return searched

    if "items" not in declaration.table:
        raise declaration.wrong("items", "a JMESPath is needed: where the list of items stands")
    rows = compiled("items", declaration.table["items"])

    def items(page: Page) -> list[Any]:
        elements = rows(parse_json(page))
        return elements if isinstance(elements, list) else []

    def field(key: str, expression: str) -> Get:
        get = compiled(f"fields.{key}", expression)
        return lambda item: _scalar(get(item), of_ads=key == "is_ad")

    return items, field


def _mark(node: Any, attribute: str) -> Scalar:
    """What a mark of advertisements says: an icon has no text, and an attribute need not have a value."""
    from trendscout.text.markup import text_of

    if node is None or (attribute and attribute not in node.attrs):
        return None
    return (node.attrs.get(attribute) if attribute else text_of(node)) or True


def _scalar(value: Any, *, of_ads: bool) -> Scalar:
    """A value of a reply; of what marks advertisements also true, and an object that holds something."""
    if of_ads and isinstance(value, (bool, list, dict)):
        return bool(value)
    return value if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _feed(declaration: Declaration) -> tuple[Callable[[Page], Any], Callable[[str, str], Get]]:
    from trendscout.text.markup import parse_feed

    if "items" in declaration.table:
        raise declaration.wrong("items", "a feed has its own items; leave the key out")

    def items(page: Page) -> list[Any]:
        return [element for element in parse_feed(page).iter() if _local(element.tag) in ("item", "entry")]

    def field(key: str, path: str) -> Get:  # noqa: ARG001 - the three kinds share one signature
        tag, _, attribute = path.partition("@")

        def get(item: Any) -> str | None:
            for child in item:
                if _local(child.tag) == tag.rpartition(":")[2]:
                    content = words(child.get(attribute) if attribute else child.text or child.get("href"))
                    if content:
                        return content
            return None

        return get

    return items, field


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
