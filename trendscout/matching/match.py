"""Listings into products: read, block, score, cluster. The table of contents of this folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from trendscout.matching.candidates import keys_of
from trendscout.matching.clusters import Ties, cluster
from trendscout.matching.copies import beside, too_cheap
from trendscout.matching.hashtags import is_hashtag, spell_out, vocabulary
from trendscout.matching.listings import SCHEMA, Listings, read_listings, weigh
from trendscout.matching.pair_model import PairModel, ScoredPairs, score, shipped
from trendscout.matching.reasons import reasons
from trendscout.matching.verdicts import VERDICTS, verdicts

if TYPE_CHECKING:
    from numpy.typing import NDArray

CandidatePairs = Callable[..., pa.Table]  # store.blocking.candidate_pairs
_CATALOGUES = 63  # bits of a mask


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the user decided, by listing id; it outlives every run."""

    merged: tuple[tuple[str, str], ...] = ()  # these two are one product
    split: tuple[str, ...] = ()  # this one is a product of its own, unless merged


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What `match_listings` found.

    `clusters`: id, product_id, one row per listing. `pairs`: id_a, id_b, probability, verdict, reason (English),
    copy (another product so alike that it competes), for every scored pair, id_a < id_b. `index`: what the next
    run takes as `known`.
    `products`: product_id, line_id (the product whose variant it is, else itself), variants, near_copies: how many
    other products. `suspects`: id, times_cheaper: branded, and far below the product's usual price.
    """

    clusters: pa.Table
    pairs: pa.Table
    index: pa.Table
    products: pa.Table
    suspects: pa.Table


def match_listings(
    records: pa.Table,
    *,
    candidate_pairs: CandidatePairs,
    known: pa.Table | None = None,
    decisions: Decisions = Decisions(),
    model: PairModel | None = None,
) -> Matches:
    """The records joined into products, together with the `known` listings of earlier runs.

    `records` has id, source, title and, where known, brand, price, currency, image, text. A known listing that
    comes again keeps its product; known products keep their ids and join each other only by a merge of the user.
    Product ids are "p:" and the smallest listing id of the product at its first run.
    """
    model = model or shipped()
    table, products = _together(_read(records, known), known)
    listings = weigh(table)
    first_new = len(products) - products.count(None)
    found = candidate_pairs(keys_of(listings, first_new), first_new=first_new)
    a, b = (found[name].to_numpy() for name in ("a", "b"))
    scored = score(listings, a, b, model)
    ease = np.where(listings.tag[a] | listings.tag[b], model.tag, 1)
    link = np.minimum(scored.probability / ease, 1)
    ties = _ties(listings, products, decisions, scored)
    label = cluster(a, b, link, scored.hard & (link < model.conflict), ties, model.likely)
    ids = table["id"].to_pylist()
    product_ids = _name(ids, products, label)
    verdict = verdicts(listings, a, b, scored, label, ease, model)
    line, variants, copies = beside(label, a, b, verdict == VERDICTS.index("variant"), scored.copy)
    pairs = pa.table(
        {
            "id_a": pa.array(ids).take(a),
            "id_b": pa.array(ids).take(b),
            "probability": scored.probability,
            "verdict": pa.DictionaryArray.from_arrays(verdict, VERDICTS),
            "reason": reasons(scored.notes, verdict),
            "copy": scored.copy & (label[a] != label[b]),
        }
    )
    product_column = pa.array(product_ids, pa.string())
    return Matches(
        clusters=pa.table({"id": table["id"], "product_id": product_column}),
        pairs=_ordered(pairs) if first_new else pairs,
        index=table.append_column("product_id", product_column),
        products=pa.table(
            {
                "product_id": product_column,
                "line_id": product_column.take(pa.array(line)),
                "variants": variants,
                "near_copies": copies,
            }
        ).filter(pa.array(label == np.arange(len(label)))),
        suspects=too_cheap(listings, label),
    )


def _read(records: pa.Table, known: pa.Table | None) -> pa.Table:
    """The records read, hashtags spelled out by the words of all other titles."""
    titles = records["title"].cast(pa.string()).fill_null("").to_pylist()
    tags = np.array([is_hashtag(title) for title in titles], bool)
    plain = read_listings(records.filter(pa.array(~tags)))
    if not tags.any():
        return plain
    words = vocabulary(plain, *([] if known is None else [known]))
    place = records.column_names.index("title")
    spelled = [spell_out(title, words) for title, tag in zip(titles, tags, strict=True) if tag]
    tagged = records.filter(pa.array(tags)).set_column(place, "title", pa.array(spelled, pa.string()))
    return pa.concat_tables([plain, read_listings(tagged, tags=True)]).sort_by("id").combine_chunks()


def _together(new: pa.Table, known: pa.Table | None) -> tuple[pa.Table, list[str | None]]:
    """Known listings first, then new ones, each sorted by id; with the known ones' products."""
    if known is None or not len(known):
        return new, [None] * len(new)
    old_ids = set(known["id"].to_pylist())
    fresh = new.filter(pa.array([identity not in old_ids for identity in new["id"].to_pylist()], pa.bool_()))
    known = known.sort_by("id")
    products = known["product_id"].to_pylist() + [None] * len(fresh)
    return pa.concat_tables([known.select(SCHEMA.names), fresh]).combine_chunks(), products


def _ties(listings: Listings, products: list[str | None], decisions: Decisions, scored: ScoredPairs) -> Ties:
    ids = listings.table["id"]
    numbers = {product: number for number, product in enumerate(dict.fromkeys(products)) if product is not None}
    known = np.array([-1 if product is None else numbers[product] for product in products], np.int64)
    named = {name for pair in decisions.merged for name in pair} | set(decisions.split)
    place = {name: row for row, name in enumerate(ids.to_pylist()) if name in named} if named else {}
    together = [(place[one], place[other]) for one, other in decisions.merged if one in place and other in place]
    alone = np.zeros(len(known), bool)
    alone[[place[name] for name in decisions.split if name in place]] = True
    bit = np.zeros(len(listings.sources), np.uint64)
    chosen = np.flatnonzero(scored.catalogue)[:_CATALOGUES]
    bit[chosen] = np.uint64(1) << np.arange(len(chosen), dtype=np.uint64)
    if len(listings.sources) < 2:
        bit[:] = 0
    return Ties(known, bit[listings.source], np.array(together, np.int64).reshape(-1, 2), alone)


def _name(ids: list[str], products: list[str | None], label: NDArray[np.int64]) -> list[str]:
    """A product id per row: the known one (the smallest, if the user merged several), else a new one."""
    names: dict[int, str] = {}
    for row, product in enumerate(products):
        if product is not None:
            cluster_row = int(label[row])
            names[cluster_row] = min(product, names.get(cluster_row, product))
    taken = set(names.values())
    for row in range(len(ids)):  # sorted by id: the first new row of a cluster has its smallest id
        cluster_row = int(label[row])
        if cluster_row not in names:
            name = f"p:{ids[row]}"
            while name in taken:  # the product of that name lost its first listing to a split
                name += "'"
            taken.add(name)
            names[cluster_row] = name
    return [names[int(row)] for row in label]


def _ordered(pairs: pa.Table) -> pa.Table:
    """The pairs with id_a < id_b."""
    import pyarrow.compute as pc

    a, b = pairs["id_a"], pairs["id_b"]
    straight = pc.less(a, b)
    pairs = pairs.set_column(0, "id_a", pc.if_else(straight, a, b))
    return pairs.set_column(1, "id_b", pc.if_else(straight, b, a))
