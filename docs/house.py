"""The law of the house: which part may import which, and where each outside library lives.

`tests/test_architecture.py` holds the code to these two tables; `python docs/house.py` writes them into
docs/architecture.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parent / "architecture.md"


class Layer(NamedTuple):
    """Parts of the package that may import every layer below theirs, never their neighbours."""

    parts: tuple[str, ...]  # folders and modules directly below `trendscout/`
    what: str


class Library(NamedTuple):
    """An outside library, and the only parts that may import it."""

    modules: tuple[str, ...]  # as they are imported
    homes: tuple[str, ...]  # folders, or modules without ".py", below `trendscout/`
    what: str


# From the top down.
LAYERS = (
    Layer(("__main__",), "starts the command line"),
    Layer(("cli",), "the commands; the only code that prints"),
    Layer(
        ("desk", "agent"),
        "the local web page: guard, pages, the one writer behind them (extra `desk`); tools for agents (`mcp`)",
    ),
    Layer(("demo",), "a simulated market, its sites, and a month of mornings on it"),
    Layer(("jobs",), "one report a job and local date; the clock that starts jobs; pushes; what is wrong"),
    Layer(("pipeline",), "the table of contents, a function a step"),
    Layer(("steps",), "the steps: collect, load, replay, ingest, match, rank, rows, report, ledger"),
    Layer(
        ("fetch", "intake", "store", "matching", "ranking", "report"),
        "the net; what the user brings; the database; listings into products; scores; files, page and pushes",
    ),
    Layer(("sources",), "what a source is, queries, snapshots, walls, and one file a site"),
    Layer(("settings",), "the configuration, job files, timetables"),
    Layer(("archive", "text", "money"), "pages as received, and their decoding; text; currencies"),
    Layer(
        ("model", "bounds", "history", "tables", "clock"),
        "the nouns, as frozen types; what can be; ranked lists as arrays; columns of values; time",
    ),
    Layer(("findings",), "what is amiss, as data, and how it is said"),
    Layer(("errors", "lang", "resources", "files", "stopping", "__init__"), "what every layer may use"),
)

LIBRARIES = (
    Library(("httpx", "protego", "stamina"), ("fetch",), "HTTP, robots.txt, retries"),
    Library(("brotli", "backports", "compression"), ("archive/decoding",), "content encodings"),
    Library(("warcio",), ("archive",), "WARC records"),
    Library(("selectolax",), ("text/markup",), "HTML and XML"),
    Library(("duckdb", "duckdb_extensions"), ("store",), "the store, as a file and on DuckLake"),
    Library(
        ("numpy",),
        ("history", "ranking", "matching", "store", "tables", "demo"),
        "arrays: what ranking and matching work on",
    ),
    Library(("arro3",), ("tables",), "Arrow tables: columns between DuckDB, arrays and Python"),
    Library(("rapidfuzz",), ("matching",), "similarity of titles"),
    Library(("babel",), ("text/digits", "intake"), "how numbers are written where"),
    Library(("python_calamine",), ("intake/sheets",), "workbooks in"),
    Library(("jmespath",), ("intake/declarative",), "paths of declared sources"),
    Library(("fastjsonschema",), ("settings/config",), "checks of TOML files"),
    Library(("jinja2", "markupsafe"), ("report", "desk"), "the page, and those of the desk"),
    Library(("starlette", "uvicorn"), ("desk", "agent/serve"), "the desk's server (extra `desk`)"),
    Library(("mcp", "mcp_types", "pydantic"), ("agent",), "the protocol that agents speak (extra `mcp`)"),
    Library(("xlsxwriter",), ("report/workbook",), "workbooks out"),
    Library(("rich",), ("report", "cli"), "tables and colours of the terminal"),
    Library(("apprise",), ("report/push",), "other channels (extra `push`)"),
    Library(("apscheduler",), ("jobs/schedule",), "waiting for the next job"),
    Library(("platformdirs",), ("resources",), "the user's folder for data, by platform"),
    Library(("cronsim",), ("settings/timetable",), "cron lines"),
    Library(("typer",), ("cli",), "the command line"),
)


def layers_table() -> str:
    """The layers as a Markdown table, from the top down."""
    rows = (f"| {', '.join(map(_code, layer.parts))} | {layer.what} |\n" for layer in LAYERS)
    return "| modules | what they are |\n|---|---|\n" + "".join(rows)


def libraries_table() -> str:
    """The outside libraries as a Markdown table."""
    rows = (
        f"| {', '.join(library.modules)} | {', '.join(map(_code, library.homes))} | {library.what} |\n"
        for library in LIBRARIES
    )
    return "| library | home | for |\n|---|---|---|\n" + "".join(rows)


def _code(part: str) -> str:
    return f"`{part}`"


def written(document: str) -> str:
    """The document with both tables made anew between their marks."""
    for name, table in (("layers", layers_table()), ("libraries", libraries_table())):
        start, end = f"<!-- {name}: made by docs/house.py -->", f"<!-- end of {name} -->"
        document = re.sub(
            f"{re.escape(start)}.*?{re.escape(end)}",
            lambda _, text=f"{start}\n{table}{end}": text,  # type: ignore[misc]  # bound for this pass
            document,
            flags=re.DOTALL,
        )
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
