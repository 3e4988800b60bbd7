"""Writes schemas/drop.schema.json and the field table of docs/drop-format.md from the columns."""

from __future__ import annotations

import json
import re
from pathlib import Path

from trendscout.report.columns import COVERAGE, RECORD, ROW, TYPES, Column, schema
from trendscout.resources import folder

TABLE = "<!-- fields: made by python -m trendscout.report.fields -->"
_END = "<!-- end of fields -->"


def documented(text: str) -> str:
    """`text` with the field tables between its two marks made anew."""
    parts = {"Products": ROW, "Coverage": COVERAGE, "Record": RECORD}
    tables = "\n\n".join((TABLE, *(f"### {name}\n{_table(its)}" for name, its in parts.items()), _END))
    return re.sub(f"{re.escape(TABLE)}.*?{re.escape(_END)}", lambda _: tables, text, flags=re.DOTALL)


def write(schemas: Path, document: Path) -> None:
    """Make both files say what the columns say."""
    text = json.dumps(schema(), ensure_ascii=False, indent=2)
    (schemas / "drop.schema.json").write_text(f"{text}\n", encoding="utf-8")
    document.write_text(documented(document.read_text(encoding="utf-8")), encoding="utf-8")


def _table(columns: tuple[Column, ...]) -> str:
    lines = ["| column | type | meaning |", "|---|---|---|"]
    return "\n".join(lines + [f"| {one.name} | {TYPES[one.kind]['type']} | {one.about} |" for one in columns])


if __name__ == "__main__":
    write(folder("schemas"), folder("docs") / "drop-format.md")
