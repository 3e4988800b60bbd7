"""Splink as a peer of the matcher: Fellegi and Sunter's model of words, codes, brand and price, without labels.

Pairs are those that share one of a listing's six rarest words that at most 100 listings have. Weights are
estimated by expectation maximisation, as its documentation shows. Needs requirements/bench.in.
"""

from __future__ import annotations

import logging
import re
from collections import Counter

import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

_RARE, _COMMON = 6, 100
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")
_SHARED = "len(list_intersect(words_l, words_r)) / len(list_distinct(list_concat(words_l, words_r)))"
_TIMES = "greatest(price_l, price_r) / least(price_l, price_r)"
_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("unique_id", "source", "brand", "rarest", "second"), pa.string()),
        **dict.fromkeys(("words", "rare", "codes"), pa.list_(pa.string())),
        "price": pa.float64(),
    }
)


def scores(table: pa.Table, *, two_shops: bool) -> dict[tuple[str, str], float]:
    """Match weights of the blocked pairs, ids in order; with `two_shops` only of pairs across their sources."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    listings = _listings(table)
    parts = [listings]
    if two_shops:
        shops = sorted({str(row["source"]) for row in listings})
        parts = [[row for row in listings if row["source"] == shop] for shop in shops]
    engine = DuckDBAPI()
    frames = [engine.register(pa.Table.from_pylist(part, _SCHEMA)) for part in parts]
    settings = SettingsCreator(
        link_type="link_only" if two_shops else "dedupe_only",
        comparisons=[
            _levels("words", "false", {share: f"{_SHARED} >= {share}" for share in (0.8, 0.6, 0.45, 0.3, 0.2)}),
            cl.ArrayIntersectAtSizes("rare", [4, 3, 2, 1]),
            _levels("codes", "len(codes_l) = 0 OR len(codes_r) = 0", {1: "list_has_any(codes_l, codes_r)"}),
            cl.JaroWinklerAtThresholds("brand", [0.9]),
            _levels(
                "price",
                "price_l IS NULL OR price_r IS NULL",
                {times: f"{_TIMES} <= {times}" for times in (1.05, 1.2, 1.5, 2)},
            ),
        ],
        blocking_rules_to_generate_predictions=[block_on("rare", arrays_to_explode=["rare"])],
    )
    linker = Linker(frames if two_shops else frames[0], settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for column in ("rarest", "second"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(column), max_pairs=1e7)
    found = linker.inference.predict().as_pyarrow_table()
    pairs = zip(found["unique_id_l"].to_pylist(), found["unique_id_r"].to_pylist(), strict=True)
    return {
        (min(pair), max(pair)): weight
        for pair, weight in zip(pairs, found["match_weight"].to_pylist(), strict=True)
    }


def _levels(name: str, unknown: str, conditions: dict[float, str]) -> cl.CustomComparison:
    """A comparison with a level for each SQL condition, the best first."""
    levels = [{"sql_condition": unknown, "label_for_charts": "unknown", "is_null_level": True}]
    levels += [{"sql_condition": sql, "label_for_charts": str(label)} for label, sql in conditions.items()]
    return cl.CustomComparison(
        output_column_name=name,
        comparison_levels=[*levels, {"sql_condition": "ELSE", "label_for_charts": "else"}],
    )


def _listings(table: pa.Table) -> list[dict[str, object]]:
    rows = table.to_pylist()
    titles = [sorted(set(_WORD.findall(row["title"].lower()))) for row in rows]
    seen = Counter(word for words in titles for word in words)
    listings = []
    for row, words in zip(rows, titles, strict=True):
        rare = sorted((word for word in words if 1 < seen[word] <= _COMMON), key=seen.__getitem__)[:_RARE]
        listings.append(
            {
                "unique_id": row["id"],
                "source": row["source"],
                "words": words,
                "rare": rare,
                "rarest": next(iter(rare), None),
                "second": next(iter(rare[1:]), None),
                "codes": [word for word in words if re.search(r"\d", word) and re.search(r"[a-z]", word)],
                "brand": (row.get("brand") or "").lower() or None,
                "price": float(row["price"]) if row.get("price") else None,
            }
        )
    return listings
