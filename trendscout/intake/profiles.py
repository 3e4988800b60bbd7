"""Column profiles: which column of an export means what, in TOML; shipped ones and the user's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, cast

from trendscout.errors import ConfigError, UsageError
from trendscout.intake.values import DateOrder
from trendscout.model import CountKind
from trendscout.settings.config import line_of, load_toml
from trendscout.text.titles import fold

FOLDER = Path(__file__).parent.parent / "profiles"
# A unit behind a name: "Price($)", "重量（g）", "Fees US$".
_UNIT = re.compile(r"\s*[\(\[]([^)\]]{1,20})[\)\]]\s*$|\s+((?:US|CA|A)?\$|[€£¥₹])$")
_NOISE = re.compile(r"[\s_.:：#'\"*\u200b\ufeff-]+")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the columns of one tool's export mean."""

    name: str
    title: str
    role: Literal["list", "stock"]
    columns: Mapping[str, Sequence[str]]  # by our field: the column names that may carry it, best first
    extra: Mapping[str, Sequence[str]]
    distinct: Sequence[str]  # column names that only this tool uses
    source: str = ""
    kind: str = ""
    market: str | None = None
    currency: str | None = None
    decimal: str = ""  # "": as the file's own cells prove, else "."
    dates: DateOrder = ""
    count_kind: CountKind | None = None
    key_in_url: re.Pattern[str] | None = None
    order: Literal["", "rows"] = ""  # "rows": without a rank column the rows stand in the list's order
    lists_by: Literal["", "category"] = ""  # "category": each category of the file is a list of its own
    links: bool = False  # True: source, market and id are told by each item's address
    header: bool = True  # False: the file names no columns, the profile does by their place: "column 1"
    refused: str = ""  # English: why such a table is known and not read
    shipped: bool = False
    text: str = ""  # the TOML that it was read from


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a profile's fields stand in one file."""

    columns: Mapping[str, int]  # by our field
    extra: Mapping[str, int]
    units: Mapping[str, str]  # what stood in brackets behind the column's name, by our field


@lru_cache(8192)
def folded(name: str) -> str:
    """A column name without case, accents, spaces, punctuation, a unit in brackets, and traditional characters."""
    return _NOISE.sub("", fold(bare(name)))


def bare(name: str) -> str:
    """A column name without the unit behind it."""
    name = unicodedata.normalize("NFKC", name).strip()
    return _UNIT.sub("", name) or name


def unit_in(name: str) -> str:
    """The unit behind a column name, or ""."""
    found = _UNIT.search(unicodedata.normalize("NFKC", name).strip())
    return (found[1] or found[2] or "").strip() if found else ""


@cache
def known_names() -> frozenset[str]:
    """Every column name that a shipped profile knows, lower case, folded and as it is written."""
    names = [
        alias
        for profile in profiles().values()
        for aliases in (*profile.columns.values(), *profile.extra.values(), profile.distinct)
        for alias in aliases
    ]
    return frozenset(form for name in names for form in (folded(name), whole(name), name.lower()))


def load_profile(name_or_path: str) -> Profile:
    """A shipped profile by name, or the user's own by the path of its TOML file.

    Raises UsageError for an unknown name and ConfigError, with line and key, for a file that is wrong.
    """
    if name_or_path.endswith(".toml"):
        return _loaded(Path(name_or_path))
    known = profiles()
    if name_or_path not in known:
        raise UsageError(
            "There is no column profile {name!r}.",
            next_step="Known are {known}; or give the path of your own .toml.",
            name=name_or_path,
            known=", ".join(known),
        )
    return known[name_or_path]


@cache
def profiles() -> dict[str, Profile]:
    """The profiles that come along, by name."""
    return {path.stem: _loaded(path) for path in sorted(FOLDER.glob("*.toml"))}


def _loaded(path: Path) -> Profile:
    table = load_toml(path, "profile")
    pattern = table.get("key_in_url")
    try:
        key_in_url = re.compile(pattern) if pattern else None
    except re.error as error:
        raise _wrong(path, "key_in_url", f"no regular expression: {error}") from error
    if key_in_url and key_in_url.groups != 1:
        raise _wrong(path, "key_in_url", "it needs exactly one group in brackets")
    needed = ("sku",) if table["role"] == "stock" else ("title",)
    if missing := [key for key in needed if key not in table["columns"]]:
        raise _wrong(path, "columns", f"{missing[0]} is needed")
    if table["role"] == "list" and not (
        {"item_key", "url"} & table["columns"].keys() and (table.get("source") or table.get("links"))
    ):
        raise _wrong(path, "columns", "item_key or url, and the key source, are needed")
    return Profile(
        name=table["name"],
        title=table.get("title", table["name"]),
        role=cast("Literal['list', 'stock']", table["role"]),
        columns=table["columns"],
        extra=table.get("extra", {}),
        distinct=tuple(table.get("distinct", ())),
        source=table.get("source", ""),
        kind=table.get("kind", table["name"]),
        market=table.get("market"),
        currency=table.get("currency"),
        decimal=table.get("decimal", ""),
        dates=table.get("dates", ""),
        count_kind=table.get("count_kind"),
        key_in_url=key_in_url,
        order=table.get("order", ""),
        lists_by=table.get("lists_by", ""),
        links=table.get("links", False),
        header=table.get("header", True),
        refused=table.get("refused", ""),
        shipped=path.parent == FOLDER,
        text=path.read_text(encoding="utf-8-sig"),
    )


def _wrong(path: Path, key: str, fault: str) -> ConfigError:
    line = line_of(path.read_text(encoding="utf-8-sig"), [key])
    return ConfigError(
        "{path}{line}: {key}: {fault}.",
        next_step="Mend that line; the profiles that come along show how.",
        path=path,
        line=line,
        key=key,
        fault=fault,
    )


def layout_of(profile: Profile, headers: Sequence[str]) -> Layout:
    """Where the profile's columns stand among these headers."""
    places: dict[str, int] = {}
    for place, header in enumerate(headers):
        places.setdefault(folded(header), place)
        # "Sales(7D)" and "Sales(30D)" differ by their brackets only: the whole name counts before the bare one.
        places.setdefault(whole(header), place)

    def find(fields: Mapping[str, Sequence[str]]) -> dict[str, int]:
        place_of: dict[str, int] = {}
        for name, aliases in fields.items():
            exact = (places[whole(alias)] for alias in aliases if whole(alias) in places)
            partly = (places[folded(alias)] for alias in aliases if folded(alias) in places)
            place = next(chain(exact, partly), None)
            if place is not None:
                place_of[name] = place
        return place_of

    columns = find(profile.columns)
    return Layout(columns, find(profile.extra), {name: unit_in(headers[place]) for name, place in columns.items()})


@lru_cache(8192)
def whole(name: str) -> str:
    """A column name without case, spaces and punctuation, with its unit."""
    return _NOISE.sub("", fold(name))


def best_profile(headers: Sequence[str]) -> Profile | None:
    """The shipped profile that fits the headers, or None where none or two fit equally well.

    A profile fits if it finds what it needs and at least one column name that only its tool uses.
    """
    names = {folded(header) for header in headers} | {whole(header) for header in headers}
    scored: list[tuple[int, int, str]] = []
    for profile in profiles().values():
        layout = layout_of(profile, headers)
        own = sum(whole(name) in names for name in profile.distinct)
        if own and needs(profile, layout) is None:
            scored.append((own, len(layout.columns), profile.name))
    scored.sort(reverse=True)
    if not scored or (len(scored) > 1 and scored[0][:2] == scored[1][:2]):
        return None
    return profiles()[scored[0][2]]


OWN = ("stock", "cost", "return_rate")  # what makes a table of SKUs one of the seller's own goods


def fit_of(profile: Profile | None, headers: Sequence[str]) -> int:
    """How many columns a table has for the profile, or for the shipped one that fits it best."""
    chosen = profile or best_profile(headers)
    return 0 if chosen is None or needs(chosen, found := layout_of(chosen, headers)) else len(found.columns)


def needs(profile: Profile, layout: Layout) -> str | None:
    """What the profile cannot do without and the file lacks, in words of the profile's keys; or None."""
    if profile.role == "stock":
        if "sku" not in layout.columns:
            return "sku"
        # "SKU" is no proof; a profile of the user's own is, and so are the columns of Amazon's reports.
        choices = OWN if profile.shipped and profile.name == "erp" else (*OWN, "sales")
        return None if profile.refused or any(name in layout.columns for name in choices) else " / ".join(choices)
    if not {"item_key", "url"} & layout.columns.keys():
        return "item_key / url"
    return None if "title" in layout.columns else "title"


def as_toml(profile: Profile, unknown: Sequence[str] = (), asked: Sequence[str] = ()) -> str:
    """A profile as TOML text, for a person to check and complete.

    `unknown` are columns without a meaning yet, `asked` questions that the file leaves open.
    """
    import json

    def quoted(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    keys = ("role", "source", "kind", "market", "currency", "count_kind", "order", "lists_by", "decimal", "dates")
    head = [f"# {question}" for question in asked]
    head += [f"name = {quoted(profile.name)}"]
    head += [f"{key} = {quoted(value)}" for key in keys if (value := getattr(profile, key))]
    head += ["links = true"] if profile.links else []
    head += ["header = false"] if not profile.header else []
    if profile.key_in_url:
        head.append(f"key_in_url = {quoted(profile.key_in_url.pattern)}")
    body = [f"{field} = [{', '.join(map(quoted, names))}]" for field, names in profile.columns.items()]
    left = [f"# ? = [{quoted(' '.join(header.split()))}]" for header in unknown]
    return "\n".join([*head, "", "[columns]", *body, *left, ""])
