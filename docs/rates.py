"""The exchange rates that travel with the package, made anew: trendscout/rates/ecb.csv and others.csv.

`python docs/rates.py eurofxref-hist.zip` keeps of the European Central Bank's table (its own download; reuse is
free with the source named) the last rate of each month since 2015, and the newest.

`python docs/rates.py usd.json ...` adds to others.csv the day of each such file: it holds units for one dollar as
the npm package `@fawazahmed0/currency-api` publishes them. The currencies that the ECB does not quote are
taken. Days that are there already stay as they are.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from trendscout.money import FIXED
from trendscout.text.currencies import CURRENCIES

FOLDER = Path(__file__).parents[1] / "trendscout" / "rates"
SINCE = "2015-01"
NOT_QUOTED = ("N/A", "")
DIGITS = 6


def ecb(archive: Path) -> None:
    """The ECB's whole history cut to a rate a month: dollars for one unit."""
    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as table:
        rows = list(csv.DictReader(io.TextIOWrapper(table, "utf-8")))  # the newest first
    last = {row["Date"][:7]: row for row in reversed(rows) if row["Date"][:7] >= SINCE}
    found = []
    for row in last.values():
        dollars = float(row["USD"])
        found.append(("EUR", row["Date"], dollars))
        for code, units in row.items():
            if code in CURRENCIES and code != "USD" and units not in NOT_QUOTED:
                found.append((code, row["Date"], dollars / float(units)))
    write(FOLDER / "ecb.csv", found)


def others(files: Iterable[Path]) -> None:
    """Days added to the table of currencies that the ECB does not quote today."""
    newest = max(row["day"] for row in read(FOLDER / "ecb.csv"))
    quoted = {row["currency"] for row in read(FOLDER / "ecb.csv") if row["day"] == newest}
    kept = {(row["currency"], row["day"]): float(row["usd"]) for row in read(FOLDER / "others.csv")}
    for file in files:
        told = json.loads(file.read_text(encoding="utf-8"))
        for code in sorted(CURRENCIES - quoted - FIXED.keys() - {"USD"}):
            units = told["usd"].get(code.lower())
            if units:
                kept.setdefault((code, told["date"]), 1 / float(units))
    write(FOLDER / "others.csv", [(code, day, usd) for (code, day), usd in kept.items()])


def read(file: Path) -> list[dict[str, str]]:
    """The rows of one of the two tables; none where it is not there."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def write(file: Path, rows: Iterable[tuple[str, str, float]]) -> None:
    """The table by currency and day."""
    with file.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("currency", "day", "usd"))
        writer.writerows((code, day, f"{usd:.{DIGITS}g}") for code, day, usd in sorted(rows))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        if name.endswith(".zip"):
            ecb(Path(name))
    others(Path(name) for name in sys.argv[1:] if name.endswith(".json"))
