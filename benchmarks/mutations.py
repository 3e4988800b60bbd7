"""How often a changed page is read wrong without a word: mutants of every fixture and capture, read and compared.

Each mutant comes to one of these:

- told: an error of ours, or a reading that is not "ok"
- same: entries, ranks, prices and counts as on the page before the change
- less: as before, but for what the change took away (values gone, rows gone and those below one place up), or
  in the order that a moved row now has
- wrong: an entry, rank, price or count that the page never showed, under the status "ok"
- crash: an error that is not ours

Run `python benchmarks/mutations.py [--each 120] [--captures FOLDER] [--show]`; exits 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutants import Mutant, mutants

from trendscout.errors import TrendscoutError
from trendscout.model import Entry, Page, Reading
from trendscout.sources.snapshots import shown_by
from trendscout.sources.source import Source, get_source, query_for, read_page, sources

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "sources"
CAPTURES = ROOT.parent / "shared" / "captures"
NOW = datetime(2026, 7, 19, 6, tzinfo=UTC)
# Whose replies a folder of captures holds, where the folder's name is not the source's.
SOURCES_OF = {
    "1688": ("alibaba_1688",),
    "amazon": ("amazon_bestsellers", "amazon_search"),
    "recalls": ("cpsc_recalls",),
    "tiktok": ("tiktok_hashtags", "tiktok_shop"),
    "youtube": ("youtube_hashtag", "youtube_popular"),
}


@dataclass(frozen=True)
class Seed:
    """A page that is read well as it is."""

    name: str
    source: Source
    page: Page
    reading: Reading


@dataclass(frozen=True)
class Verdict:
    """What one mutant came to."""

    kind: str
    detail: str = ""


def fixture_seeds() -> Iterator[Seed]:
    """Every fixture that is read with status "ok"."""
    for folder in sorted(meta.parent for meta in FIXTURES.glob("*/*/meta.toml")):
        meta = tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8"))
        if "raises" in meta or meta.get("reading", "ok") != "ok":
            continue
        source = get_source(folder.parent.name)
        (file,) = folder.glob("page.*")
        params = tuple((key, str(value)) for key, value in meta.get("params", {}).items())
        told = {name: meta.get(name, "") for name in ("url", "kind", "category")}
        query = query_for(source, market=meta.get("market"), params=params, **told)
        status = meta.get("status", 200)
        page = Page(told["url"], meta.get("at", NOW), status, {}, file.read_bytes(), query)
        yield Seed(f"{source.name}/{folder.name}", source, page, read_page(source, page))


def capture_seeds(folder: Path) -> Iterator[Seed]:
    """Every saved reply of a real site that one of its sources reads with status "ok"."""
    for file in sorted(path for path in folder.glob("*/*") if path.parent.is_dir()):
        for name in SOURCES_OF.get(file.parent.name, (file.parent.name,)):
            source = sources().get(name)
            if source is None:
                continue
            page = Page("", NOW, 200, {}, file.read_bytes(), query_for(source))
            try:
                reading = read_page(source, page)
            except TrendscoutError:
                continue
            if reading.status == "ok":
                yield Seed(f"{file.parent.name}/{file.name}", source, page, reading)
                break


def judged(seed: Seed, mutant: Mutant) -> Verdict:
    """What reading the mutant came to."""
    try:
        reading = read_page(seed.source, replace(seed.page, body=mutant.body))
    except TrendscoutError as error:
        return Verdict("told", type(error).__name__)
    except Exception as error:  # noqa: BLE001 - a crash of any kind is what is looked for
        return Verdict("crash", repr(error))
    if reading.status != "ok":
        return Verdict("told", reading.status)
    shown = seed.page.body.decode("utf-8", "replace") if mutant.moved else ""
    return compared(seed.reading.entries, reading.entries, mutant, shown)


_PART = (202, 205, 206, 207, 226, 299)  # a success that is not the whole page (RFC 9110)
_BY_CHANCE = 3  # rows that two pages may share


def of_the_crawl(seed: Seed) -> Iterator[tuple[str, Verdict]]:
    """What the same bytes come to behind the status of a part, and as the next page of their own list."""
    for status in _PART:
        part = Seed(seed.name, seed.source, replace(seed.page, status=status), seed.reading)
        verdict = judged(part, Mutant("status of a part", seed.page.body))
        yield "status of a part", verdict if verdict.kind == "told" else Verdict("wrong", f"{status} is whole")
    if sum(not entry.is_ad for entry in seed.reading.entries) >= _BY_CHANCE:
        pages = [seed.page, replace(seed.page, number=seed.page.number + 1)]
        shown = shown_by(seed.source, seed.page.query, seed.page.fetched_at, pages)
        whole = any(one.status == "ok" for one in shown.snapshots)
        yield "page repeated", Verdict("wrong", "two pages are one") if whole else Verdict("told")


def compared(before: Sequence[Entry], after: Sequence[Entry], mutant: Mutant, shown: str = "") -> Verdict:
    """Whether the entries after the change say anything that those before it did not."""
    less = False
    for name, entries in _by_list(after).items():
        old = _same_list(name, entries, _by_list(before))
        verdict = _compared_lists(old, entries, mutant, shown)
        if verdict.kind == "wrong":
            return verdict
        less |= verdict.kind == "less"
    missing = {_key(entry) for entry in before} - {_key(entry) for entry in after}
    if missing and not mutant.removed:
        return Verdict("wrong", f"{len(missing)} entries lost")
    return Verdict("less" if less or missing else "same")


Key = tuple[str, bool]


def _key(entry: Entry) -> Key:
    return entry.item_key, entry.is_ad


def _by_list(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    lists: dict[str, list[Entry]] = {}
    for entry in entries:
        lists.setdefault(entry.list, []).append(entry)
    return lists


def _same_list(name: str, entries: Sequence[Entry], lists: dict[str, list[Entry]]) -> list[Entry]:
    """The list before the change that has the most in common with this one; names come from the page, too."""
    keys = {_key(entry) for entry in entries}
    return max(lists.items(), key=lambda other: (len(keys & {_key(e) for e in other[1]}), other[0] == name))[1]


def _compared_lists(before: Sequence[Entry], after: Sequence[Entry], mutant: Mutant, shown: str) -> Verdict:
    known: dict[Key, list[Entry]] = {}
    for entry in before:
        known.setdefault(_key(entry), []).append(entry)
    less = False
    for entry in after:
        were = known.get(_key(entry))
        if were is None and mutant.removed:  # the mark of an advertisement may be what was taken away
            were = known.get((entry.item_key, not entry.is_ad))
        if were is None and mutant.removed and (entry.title == entry.item_key or mutant.moved):
            continue  # a list of words has another word, or a link was moved into the list
        if were is None:
            return Verdict("wrong", f"an entry that was not there: {entry.item_key} on {entry.list}")
        faults = [_difference(was, entry, before if mutant.moved else (), shown) for was in were]
        if all(faults):
            return Verdict("wrong", faults[0])
        less |= all(_emptied(was, entry) for was in were)
    old_ranks = {key: {was.rank for was in were} for key, were in known.items()}
    moved = [entry for entry in after if entry.rank and entry.rank not in old_ranks.get(_key(entry), {entry.rank})]
    if moved and not _closed_ranks(before, after, mutant):
        return Verdict("wrong", f"rank of {moved[0].item_key} became {moved[0].rank} on {moved[0].list}")
    return Verdict("less" if less or moved else "same")


def _difference(was: Entry, entry: Entry, moved: Sequence[Entry], shown: str) -> str:
    """What the entry says otherwise than it did.

    A lower bound of an exact count that is no longer there is true, too; and so is what was moved into the row
    from one of `moved`, or from elsewhere on the page, whose text before was `shown`; and so is another count that
    the page tells of it, under its own name, where what the list counted is gone.
    """
    if entry.count_kind != was.count_kind and was.extra.get(entry.count_kind or "") == entry.count is not None:
        entry = replace(entry, count=None, count_kind=None)
    for name in ("price", "currency", "count", "count_kind"):
        value, old = getattr(entry, name), getattr(was, name)
        if value is None or value == old or value in [getattr(other, name) for other in moved]:
            continue
        text = entry.price_text if name in ("price", "currency") else entry.count_text
        if moved and text and text in shown:
            continue
        if (
            name in ("price", "currency")
            and old is None
            and was.price_text
            and (entry.price_text or "?") in was.price_text
        ):
            continue  # of two prices the change took one away
        if name == "count" and entry.count_floor is not False and old is not None and value <= old:
            continue
        return f"{name} of {entry.item_key} {old} became {value}"
    return ""


def _closed_ranks(before: Sequence[Entry], after: Sequence[Entry], mutant: Mutant) -> bool:
    """Whether the rows only closed up (or took a new order, if a row was moved) where rows were taken away."""
    places = {entry.item_key: number for number, entry in reversed(list(enumerate(before)))}
    old = [entry.rank for entry in before if entry.rank is not None]
    own = [entry for entry in after if not entry.is_ad]
    ranked = {entry.item_key for entry in before if not entry.is_ad}
    if mutant.moved and all(entry.rank in (None, *old) for entry in own):
        return True  # a row's own sign of its rank was moved to another
    if not old or [entry.rank for entry in own] != list(range(min(old), min(old) + len(own))):
        return False
    order = [places[entry.item_key] for entry in own if entry.item_key in ranked]
    return mutant.moved or order == sorted(order)


def _emptied(before: Entry, after: Entry) -> bool:
    names = ("rank", "price", "count")
    return any(getattr(after, name) is None and getattr(before, name) is not None for name in names)


def run(seeds: Iterable[Seed], each: int) -> tuple[dict[str, Counter[str]], list[str]]:
    """Verdicts by operator, and what was wrong, for `each` mutants of every seed."""
    table: dict[str, Counter[str]] = {}
    wrong: list[str] = []
    for seed in seeds:
        changed = ((mutant.operator, judged(seed, mutant)) for mutant in mutants(seed.page.body, seed.name, each))
        for operator, verdict in (*changed, *of_the_crawl(seed)):
            table.setdefault(operator, Counter())[verdict.kind] += 1
            if verdict.kind in ("wrong", "crash"):
                wrong.append(f"{seed.name}: {operator}: {verdict.kind}: {verdict.detail}")
    return table, wrong


def main() -> int:
    """Print the table; 1 if a mutant was read wrong without a word or crashed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=120, help="mutants of each page")
    parser.add_argument("--captures", type=Path, default=CAPTURES, help="folder of saved real replies")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    parser.add_argument("--show", action="store_true", help="every wrong reading in a line")
    asked = parser.parse_args()
    started = time.process_time()
    seeds = [*fixture_seeds(), *capture_seeds(asked.captures)]
    seeds = [seed for seed in seeds if asked.only in seed.name]
    table, wrong = run(seeds, asked.each)
    kinds = ("told", "same", "less", "wrong", "crash")
    print(f"{'operator':28}" + "".join(f"{kind:>8}" for kind in kinds))
    for operator, counts in sorted(table.items()):
        print(f"{operator:28}" + "".join(f"{counts[kind]:8}" for kind in kinds))
    total = sum(table.values(), Counter())
    print(f"{'all':28}" + "".join(f"{total[kind]:8}" for kind in kinds))
    print(f"{total.total()} mutants of {len(seeds)} pages, {time.process_time() - started:.0f} s of CPU")
    if asked.show:
        print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
