"""CPU of ranking an invented store of 50 lists and two years, with and without what earlier mornings left there.

    python benchmarks/mornings.py

3.6 million observations of 118,000 items with titles of twelve words. A fit is due on some mornings and not on
others; what the store keeps of lists and titles (docs/ranking.md) saves computing the past anew. Exits with 1 if
they change a score.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from ranking import DAY_S, PLACES, START_S, market

from trendscout.ranking.scoring import Scores
from trendscout.steps.rank import rank
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
from trendscout.store.query import ANYWHERE
from trendscout.store.sql import Connection

LISTS, DAYS, WORDS, VOCABULARY = 50, 730, 12, 20_000
STAY_DAYS = 33  # then an item makes room for another
LAST = datetime.fromtimestamp(START_S + (DAYS - 1) * DAY_S, UTC)


def rows() -> pa.Table:
    """The observations as a history in a file has them."""
    history = market(LISTS * PLACES * DAYS, DAYS)
    day = history.obs_snap % DAYS
    items, code = np.unique(
        history.obs_item.astype(np.int64) * DAYS + (day + history.obs_item * 37 % 90) // STAY_DAYS,
        return_inverse=True,
    )
    random = np.random.default_rng(3)
    words = np.array([f"w{np.base_repr(number, 36).lower()}" for number in range(VOCABULARY)], object)
    drawn = np.minimum(random.zipf(1.15, (len(items), WORDS)), VOCABULARY) - 1
    titles = [" ".join(words[title]) for title in drawn]
    return pa.table(
        {
            "list_id": pa.array(history.lists).take(pa.array(history.snap_list[history.obs_snap])),
            "snapshot_at": pa.array(history.snap_time[history.obs_snap] * 1_000_000, pa.timestamp("us")),
            "rank": history.obs_rank,
            "item_key": pa.array([f"B{number:09}" for number in items]).take(pa.array(code)),
            "item": pa.array(titles).take(pa.array(code)),
        }
    )


def ranked(connection: Connection, now: datetime, forget: Iterable[str] = ()) -> tuple[float, Scores]:
    """CPU seconds of one rank after forgetting what stands in these tables, and what it gave."""
    for what in forget:
        connection.execute(f"DELETE FROM {what}")
    began = time.process_time()
    scores = rank(connection, ANYWHERE, now=now)
    return time.process_time() - began, scores


def main() -> int:
    """Print the table; 0 if scores are the same."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.parquet"
        parquet.write_table(rows(), file)
        with open_store(Path(folder) / "store.duckdb") as connection:
            connection.execute("SET threads = 1")
            import_history(connection, file, loaded_at=LAST)
            ranked(connection, LAST - timedelta(days=7))
            due, due_scores = ranked(connection, LAST - timedelta(days=1))
            ranked(connection, LAST)  # now it has its models
            kept, kept_scores = ranked(connection, LAST, ["kept WHERE name = 'scores'"])
            anew, anew_scores = ranked(connection, LAST, ["folds", "kept", "title_marks"])
            due_anew, due_anew_scores = ranked(
                connection, LAST - timedelta(days=1), ["folds", "kept", "title_marks", "models"]
            )
    print("| morning | computed anew | gone on from kept states |\n|---|---|---|")
    print(f"| no fit due | {anew:.1f} s | {kept:.1f} s |\n| a fit due | {due_anew:.1f} s | {due:.1f} s |")
    same = np.array_equal(kept_scores.score, anew_scores.score)
    return 0 if same and np.array_equal(due_scores.score, due_anew_scores.score) else 1


if __name__ == "__main__":
    sys.exit(main())
