"""The store's listings, or a file's, joined into products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trendscout.errors import UsageError
from trendscout.files import whole_file
from trendscout.matching.listings import SCHEMA, read_listings
from trendscout.matching.match import Decisions, match_listings
from trendscout.source import sources
from trendscout.store import products
from trendscout.store.blocking import candidate_pairs
from trendscout.store.sql import Connection


@dataclass(frozen=True, slots=True)
class Matched:
    """What a matching run gave."""

    listings: int
    products: int
    joined: int  # listings that share their product with another
    likely: int  # ... by a "likely" verdict


def match(connection: Connection) -> Matched:
    """Join the store's listings into products; those known keep theirs, the user's merges and splits hold."""
    decided = products.decisions(connection)
    merged = [(one.a, one.b) for one in decided if one.action == "merge" and one.b]
    split = {one.a for one in decided if one.action == "split"}
    worldwide = [source.platform for source in sources().values() if source.ids_worldwide]
    twins = [pair for pair in products.twins(connection, worldwide) if not split & set(pair)]
    known = _known_listings(connection, worldwide)
    found = match_listings(
        products.new_records(connection, worldwide),
        candidate_pairs=candidate_pairs,
        known=known,
        decisions=Decisions(merged=(*merged, *twins), split=tuple(sorted(split))),
    )
    products.save_matches(connection, found.pairs, found.index, found.suspects)
    return Matched(*products.sizes(connection))


def _known_listings(connection: Connection, worldwide: Sequence[str]) -> pa.Table:
    """The listings of earlier runs with their products; read again if an older matcher read them."""
    kept = products.match_index(connection, SCHEMA.names)
    if kept is not None:
        return kept
    products.forget_index(connection)
    joined = products.products_of(connection)
    product = dict(zip(joined["id"].to_pylist(), joined["product_id"].to_pylist(), strict=True))
    again = read_listings(products.new_records(connection, worldwide))
    column = pa.array([product.get(name) for name in again["id"].to_pylist()], pa.string())
    return again.append_column("product_id", column).filter(column.is_valid())


def match_file(records: Path, out: Path, pairs_out: Path | None) -> Matched:
    """Join the records of a Parquet file; writes (id, product_id) and, if asked, every scored pair."""
    try:
        table = pq.read_table(records)
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError(
            "{file} is not a readable Parquet file.", next_step="Check the path.", file=records
        ) from error
    lacking = [name for name in ("id", "title") if name not in table.column_names]
    if lacking:
        raise UsageError(
            "{file} has no column {names}.",
            next_step="It needs id and title; source, brand, price, currency, image and text are used if there.",
            file=records,
            names=", ".join(lacking),
        )
    found = match_listings(table, candidate_pairs=candidate_pairs)
    whole_file(out, lambda path: pq.write_table(found.clusters, path))
    if pairs_out:
        whole_file(pairs_out, lambda path: pq.write_table(found.pairs, path))
    sizes = found.clusters.group_by("product_id").aggregate([("id", "count")])["id_count"].to_pylist()
    likely = sum(verdict == "likely" for verdict in found.pairs["verdict"].to_pylist())
    return Matched(sum(sizes), len(sizes), sum(size for size in sizes if size > 1), likely)
