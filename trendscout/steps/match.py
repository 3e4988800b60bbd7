"""The store's listings, or a file's, joined into products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import StoreError, UsageError
from trendscout.files import whole_file
from trendscout.findings import Finding, finding
from trendscout.matching import VERSION
from trendscout.sources.source import sources
from trendscout.store import products
from trendscout.store.labels import WORDS, Doubt, Join, Judgement, keep_label
from trendscout.store.products import Rejoined
from trendscout.store.sql import Connection

# The matcher is imported where it is asked: most runs find nothing new, and Arrow and NumPy take longer to start.
if TYPE_CHECKING:
    from trendscout.matching.match import Decisions


@dataclass(frozen=True, slots=True)
class Matched:
    """What a matching run gave."""

    listings: int
    products: int
    joined: int  # listings that share their product with another
    likely: int  # ... by a "likely" verdict
    anew: Rejoined | None = None  # what changed, if an earlier matcher had joined them

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What changed, to be told: a rank that fell for another join is no fall."""
        return (finding("joined_anew", **asdict(self.anew)),) if self.anew else ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What a word of the user changed: the products of the listings that it is about, before and after."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def match_store(connection: Connection) -> Matched:
    """Join the store's listings into products; those known keep theirs, the user's decisions hold."""
    worldwide = [source.platform for source in sources().values() if source.ids_worldwide]
    ground = products.ground(connection, worldwide, [VERSION, *sorted(open_markets())])
    if products.stands_on(connection, ground, VERSION) and not products.has_new(connection, worldwide):
        return Matched(*products.sizes(connection))
    return _matched(connection, worldwide, ground)


def _matched(connection: Connection, worldwide: Sequence[str], ground: str) -> Matched:
    """The store's new listings joined, or all of them where another matcher was at work."""
    from trendscout.matching.listings import SCHEMA
    from trendscout.matching.match import match_listings
    from trendscout.store.blocking import candidate_pairs

    news = products.new_records(connection, worldwide)
    known = products.match_index(connection, list(SCHEMA), VERSION)
    before = None
    if known is None:
        before = products.products_of(connection)
        products.forget_index(connection)
        news = products.new_records(connection, worldwide)
    matches = match_listings(
        news,
        candidate_pairs=candidate_pairs,
        known=known,
        former=dict(zip(*(column.to_pylist() for column in before.columns), strict=True))
        if before is not None
        else {},
        decisions=_constraints(products.decisions(connection), products.twins(connection, worldwide)),
        markets=open_markets(),
        lists=True,
    )
    anew = before is not None
    products.save_matches(
        connection, matches.pairs, matches.index, matches.suspects, VERSION, anew=anew, ground=ground
    )
    changed = products.rejoined(connection, before) if before is not None and len(before) else None
    return Matched(*products.sizes(connection), anew=changed)


def open_markets() -> frozenset[str]:
    """Platforms on which several sellers list one product."""
    return frozenset(source.platform for source in sources().values() if source.many_sellers)


def decide_match(connection: Connection, word: products.Word, a: str, b: str | None, *, now: datetime) -> Decided:
    """Take the user's word on the products that `a` and `b` name, or on the listings of `a`, and match again.

    Raises UsageError if it changes nothing, StoreError if the matching did not follow it.
    """
    first = products.find_product(connection, a).product
    second = products.find_product(connection, b).product if b else first
    if b and first == second:
        raise UsageError("{a} and {b} are one product already.", next_step="Name two products.", a=a, b=b)
    ones, others = products.members(connection, first), products.members(connection, second)
    if not b and len(ones) < 2:
        raise UsageError(
            "{a} has one listing only.", next_step="`trendscout why` shows a product's listings.", a=a
        )
    listings = sorted({*ones, *others})
    before = products.products_by_listing(connection, listings)
    products.decide(connection, word, ones, others, now)
    match_store(connection)
    after = products.products_by_listing(connection, listings)
    held = len(set(after.values())) == 1 if word == "merge" else not _meet(after, ones, others)
    if not held:
        raise StoreError(
            "Matching did not follow your word on {a}.", next_step="Nothing else was changed; report this.", a=a
        )
    return Decided(tuple(sorted(set(before.values()))), tuple(sorted(set(after.values()))))


def judge_doubt(connection: Connection, doubt: Doubt | Join, judgement: Judgement, *, now: datetime) -> None:
    """Keep the seller's answer as a label, and as their word on the two listings, and match again."""
    keep_label(connection, doubt, judgement, VERSION, now)
    products.decide(connection, WORDS[judgement], [doubt.listing], [doubt.other], now)
    match_store(connection)


def _meet(product: Mapping[int, str], ones: Sequence[int], others: Sequence[int]) -> bool:
    return any(one != other and product[one] == product[other] for one in ones for other in others)


def _constraints(decided: Sequence[products.Decision], twins: Sequence[tuple[str, str]]) -> Decisions:
    """What must hold: first what the user keeps apart, then what they merged, the newest first, then the twins."""
    from trendscout.matching.match import Decisions

    apart = [(one.a, one.b) for one in decided if one.action != "merge"]
    links = [*((one.a, one.b) for one in decided if one.action == "merge"), *twins]
    return Decisions(merged=tuple(_agreeing(links, apart)), apart=tuple(apart))


def _agreeing(links: Sequence[tuple[str, str]], apart: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The links that, taken in order, bring no two together that are to be apart."""
    if not apart:
        yield from links
        return
    group: dict[str, set[str]] = {}
    enemies: dict[str, set[str]] = {}
    for a, b in apart:
        enemies.setdefault(a, set()).add(b)
        enemies.setdefault(b, set()).add(a)
    for a, b in links:
        mine, theirs = group.get(a, {a}), group.get(b, {b})
        if mine is theirs:
            yield a, b
        elif not any(enemies.get(name, set()) & theirs for name in mine):
            mine |= theirs
            group.update(dict.fromkeys(mine, mine))
            yield a, b


def match_file(records: Path, out: Path, pairs_out: Path | None, *, many_shops: Sequence[str] = ()) -> Matched:
    """Join the records of a Parquet file; writes (id, product_id) and, if asked, every scored pair.

    A source of the file is taken for one platform's lists, unless it is one of `many_shops` or called "web".
    """
    from trendscout.matching.match import match_listings
    from trendscout.matching.pair_model import MANY_SHOPS
    from trendscout.store.blocking import candidate_pairs
    from trendscout.store.parquet import read_records, write_parquet
    from trendscout.tables import texts_of

    matches = match_listings(
        read_records(records),
        candidate_pairs=candidate_pairs,
        markets=open_markets(),
        many_shops={*MANY_SHOPS, *many_shops},
    )
    whole_file(out, lambda path: write_parquet(matches.clusters, path))
    if pairs_out:
        whole_file(pairs_out, lambda path: write_parquet(matches.pairs, path))
    sizes = Counter(texts_of(matches.clusters["product_id"])).values()
    likely = texts_of(matches.pairs["verdict"]).count("likely")
    return Matched(sum(sizes), len(sizes), sum(size for size in sizes if size > 1), likely)
