"""Listings into products: read, block, score, cluster. The table of contents of this folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.matching.candidates import NEAREST, WIDE_NEAREST, keys_of, wide_rows
from trendscout.matching.clusters import MISSING, Ties, cluster
from trendscout.matching.comparison import other_codes, other_material, other_storage, replaced_words
from trendscout.matching.copies import beside, too_cheap
from trendscout.matching.doubles import once_more, platform_of_row
from trendscout.matching.hashtags import is_hashtag, spell_out, vocabulary
from trendscout.matching.listings import SCHEMA, Listings, read_listings, weigh
from trendscout.matching.pair_model import MANY_SHOPS, PairModel, ScoredPairs, score, shipped
from trendscout.matching.reasons import reasons
from trendscout.matching.verdicts import VERDICTS, verdicts
from trendscout.tables import Table, arrays, changed, coded, column, joined, taken, texts_of, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trendscout.tables import ArrowStreamExportable

NAME = log(31)  # the weight of a word that 167 listings have: what is rarer may be a product's name
CandidatePairs = Callable[..., tuple[Any, Any]]  # store.blocking.candidate_pairs


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds whatever the matcher thinks, by listing id; it outlives every run."""

    merged: tuple[tuple[str, str], ...] = ()  # these two are one product
    apart: tuple[tuple[str, str], ...] = ()  # these two are not, and no chain of `merged` says that they are


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What `match_listings` found.

    `clusters`: id, product_id, one row per listing. `pairs`: id_a, id_b, probability, verdict, reason (English),
    copy (another product so alike that it competes), for every scored pair, id_a < id_b. `index`: what the next
    run takes as `known`.
    `products`: product_id, line_id (the product whose variant it is, else itself), variants, near_copies: how many
    other products. `suspects`: id, times_cheaper: branded, and far below the product's usual price.
    """

    clusters: Table
    pairs: Table
    index: Table
    products: Table
    suspects: Table


def match_listings(
    records: ArrowStreamExportable,
    *,
    candidate_pairs: CandidatePairs,
    known: Table | None = None,
    former: Mapping[str, str] = {},
    decisions: Decisions = Decisions(),
    many_shops: Collection[str] = MANY_SHOPS,
    markets: Collection[str] = (),
    lists: bool = False,
    model: PairModel | None = None,
) -> Matches:
    """The records joined into products, together with the `known` listings of earlier runs.

    `records`, any Arrow table, has id, source, title and, where known, brand, price, currency, image, text. A
    known listing that comes again keeps its product; known products keep their ids and join each other only by a
    merge of the user. A known product of which two listings are to be apart falls: into its listings if all of
    them are, else its listings are looked at as if they were new. `former` are products by listing that nothing is
    held to; their ids stay with most of their listings.
    A source is one platform's lists, where a product stands once, unless it is one of `many_shops` or its platform
    is one of `markets`, where several sellers list it. `lists`: no two sources are two shops' whole catalogues.
    Product ids are "p:" and the smallest listing id of the product at its first run.
    """
    model = model or shipped()
    table, products, before = _together(_read(Table.from_arrow(records), known), known, former, decisions)
    listings = weigh(table)
    first_new = len(products) - products.count(None)
    platform = platform_of_row(listings, many_shops)
    wide = wide_rows(listings, platform)
    keys = keys_of(listings, wide, first_new)
    a, b = candidate_pairs(keys, np.where(wide, WIDE_NEAREST, NEAREST), first_new=first_new)
    scored = score(listings, a, b, model, () if lists else many_shops, catalogues=not lists)
    ease = np.where(listings.tag[a] | listings.tag[b], model.tag, 1)
    link = np.minimum(scored.probability / ease, 1)
    if scored.store:
        link = _unnamed(listings, a, b, scored, link, model)
    veto = _vetoes(listings, a, b, scored, link, model)
    ties = _ties(listings, products, decisions, platform)
    inside = (platform[a] == platform[b]) & (platform[a] >= 0)
    likely = inside & (link >= model.likely)
    doubles = once_more(listings, a[inside], b[inside], scored.where(inside), ties, markets, model)
    label = cluster(a, b, link, veto, ties.also(doubles), model.likely)
    ids = texts_of(table["id"])
    product_ids = _name(ids, products, before, label)
    verdict = verdicts(listings, a, b, scored, label, inside, ease, model)
    line, variants, copies = beside(label, a, b, verdict == VERDICTS.index("variant"), scored.copy)
    low, high = _in_order(ids, a, b) if first_new else (a, b)
    id_column, product_column = whole(table["id"]), column("VARCHAR", product_ids)
    by_row = arrays(
        product_id=product_column, line_id=product_column.take(line), variants=variants, near_copies=copies
    )
    return Matches(
        clusters=arrays(id=id_column, product_id=product_column),
        pairs=arrays(
            id_a=id_column.take(low),
            id_b=id_column.take(high),
            probability=scored.probability,
            verdict=coded(VERDICTS, verdict),
            reason=reasons(scored.notes, verdict, likely),
            copy=scored.copy & (label[a] != label[b]),
        ),
        index=changed(table, product_id=product_column),
        products=taken(by_row, np.flatnonzero(label == np.arange(len(label)))),
        suspects=too_cheap(listings, label),
    )


def _in_order(ids: list[str], a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows of each pair, the smaller id first."""
    place = np.empty(len(ids), np.int64)
    place[np.argsort(np.array(ids, object), kind="stable")] = np.arange(len(ids))
    first, second = place[a], place[b]
    straight: NDArray[np.bool_] = first < second
    return np.where(straight, a, b), np.where(straight, b, a)


def _unnamed(
    listings: Listings, a: NDArray[Any], b: NDArray[Any], scored: ScoredPairs, link: NDArray[Any], model: PairModel
) -> NDArray[Any]:
    """The links of a store, where what two titles say does not name one product no better than none.

    Without a shared code that is so where a rare word or a material stands in place of another, and where one
    offers more storage: members of a brand's line, two brands' goods, a choice of sizes. A doubtful pair has to
    say the storage on both sides.
    """
    few = listings.tag[a] | listings.tag[b] | (listings.han[a] != listings.han[b])  # hardly a word to share
    rows = np.flatnonzero((link > MISSING) & ~scored.coded & ~few)
    left, right, chance = a[rows], b[rows], link[rows]
    named = replaced_words(listings, left, right, phrases=False) >= NAME
    none = named | other_material(listings, left, right) | other_storage(listings, left, right)
    none |= (chance < model.doubtful) & other_storage(listings, left, right, silent=True)
    link = link.copy()
    link[rows[none]] = MISSING
    return link


def _vetoes(
    listings: Listings, a: NDArray[Any], b: NDArray[Any], scored: ScoredPairs, link: NDArray[Any], model: PairModel
) -> NDArray[np.bool_]:
    """Which pairs keep their clusters apart; in a store, where neighbours are many, any conflict does."""
    if not scored.store:
        return scored.hard & (link < model.conflict)
    veto = scored.hard | (link < model.unlike)
    rest = np.flatnonzero(~veto)
    veto[rest] = other_codes(listings, a[rest], b[rest])
    return veto


def _read(records: Table, known: Table | None) -> Table:
    """The records read, hashtags spelled out by the words of all other titles."""
    titles = texts_of(records["title"])
    tags = np.array([is_hashtag(title) for title in titles], bool)
    if not tags.any():
        return read_listings(records)
    plain = read_listings(taken(records, np.flatnonzero(~tags)))
    words = vocabulary(plain, *([] if known is None else [known]))
    spelled = column("VARCHAR", [spell_out(title, words) for title, tag in zip(titles, tags, strict=True) if tag])
    tagged = changed(taken(records, np.flatnonzero(tags)), title=spelled)
    return _by_id(joined([plain, read_listings(tagged, tags=True)]))


def _by_id(table: Table) -> Table:
    return taken(table, np.argsort(np.array(texts_of(table["id"]), object), kind="stable"))


def _together(
    new: Table, known: Table | None, former: Mapping[str, str], decisions: Decisions
) -> tuple[Table, list[str | None], list[str | None]]:
    """Known listings first, then those to be joined now, each sorted by id; with the known ones' products.

    The last list is the product that each had before, which one that fell is not held to.
    """
    new_ids = texts_of(new["id"])
    if known is None or not len(known):
        return new, [None] * len(new), list(map(former.get, new_ids))
    known = _by_id(known)
    old_ids, before = texts_of(known["id"]), texts_of(known["product_id"])
    there = set(old_ids)
    fresh = taken(new, np.flatnonzero([identity not in there for identity in new_ids]))
    held = _held(old_ids, before, decisions.apart)
    stays = np.array([product is not None for product in held], bool)
    known = known.select(list(SCHEMA))
    open_rows = joined([taken(known, np.flatnonzero(~stays)), fresh])
    fell = np.array([*np.array(before, object)[~stays], *[None] * len(fresh)], object)
    order = np.argsort(np.array(texts_of(open_rows["id"]), object), kind="stable")
    table = joined([taken(known, np.flatnonzero(stays)), taken(open_rows, order)])
    products = [*(product for product in held if product is not None), *[None] * len(order)]
    return table, products, [*np.array(before, object)[stays], *fell[order]]


def _held(ids: list[str], products: list[str], apart: tuple[tuple[str, str], ...]) -> list[str | None]:
    """The product that each known listing stays with; None where it is to be joined again."""
    if not apart:
        return list(products)
    product = dict(zip(ids, products, strict=True))
    parted: dict[str, set[frozenset[str]]] = {}
    for a, b in apart:
        if a in product and product.get(b) == product[a]:
            parted.setdefault(product[a], set()).add(frozenset((a, b)))
    members: dict[str, list[str]] = {}
    for name, its in product.items():
        if its in parted:
            members.setdefault(its, []).append(name)
    held: dict[str, str | None] = {}
    for its, names in members.items():
        all_apart = len(parted[its]) == len(names) * (len(names) - 1) // 2
        held |= {name: f"{its} {name}" if all_apart else None for name in names}
    return [held.get(name, its) for name, its in product.items()]


def _ties(
    listings: Listings, products: list[str | None], decisions: Decisions, platform: NDArray[np.int64]
) -> Ties:
    numbers = {product: number for number, product in enumerate(dict.fromkeys(products)) if product is not None}
    known = np.array([-1 if product is None else numbers[product] for product in products], np.int64)
    named = {name for pair in (*decisions.merged, *decisions.apart) for name in pair}
    ids = texts_of(listings.table["id"]) if named else []
    place = {name: row for row, name in enumerate(ids) if name in named}
    return Ties(known, platform, _rows(decisions.merged, place), _rows(decisions.apart, place))


def _rows(pairs: tuple[tuple[str, str], ...], place: dict[str, int]) -> NDArray[np.int64]:
    """The pairs of ids as rows, without those of which one is not there."""
    there = [(place[one], place[other]) for one, other in pairs if one in place and other in place]
    return np.array(there, np.int64).reshape(-1, 2)


def _name(
    ids: list[str], products: list[str | None], before: list[str | None], label: NDArray[np.int64]
) -> list[str]:
    """A product id per row: the known one (the smallest, if the user merged several), else a new one.

    Of a product that fell, the part with most of its listings keeps the id, or the one that it was named after.
    """
    names: dict[int, str] = {}
    for row, product in enumerate(products):
        if product is not None and product == before[row]:
            cluster_row = int(label[row])
            names[cluster_row] = min(product, names.get(cluster_row, product))
    taken = set(names.values())
    fell = [row for row, former in enumerate(before) if former is not None and former != products[row]]
    parts = Counter((before[row], int(label[row])) for row in fell)
    namesakes = {(before[row], int(label[row])) for row in fell if before[row] == f"p:{ids[row]}"}
    for part in sorted(parts, key=lambda part: (-parts[part], part not in namesakes, part)):
        former, cluster_row = part
        if former is not None and former not in taken and cluster_row not in names:
            names[cluster_row] = former
            taken.add(former)
    for row in range(len(ids)):  # sorted by id: the first new row of a cluster has its smallest id
        cluster_row = int(label[row])
        if cluster_row not in names:
            name = f"p:{ids[row]}"
            while name in taken:  # the product of that name lost its first listing to a split
                name += "'"
            taken.add(name)
            names[cluster_row] = name
    return [names[int(row)] for row in label]
