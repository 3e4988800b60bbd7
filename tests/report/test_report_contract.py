"""The contract of the machine file: schema, document and columns agree, and columns are only added."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest
from example import example

from trendscout.report import drop, fields
from trendscout.report.columns import ROW, schema
from trendscout.resources import folder

ROOT = Path(__file__).parents[2]
RELEASED = (Path(__file__).parent / "columns.txt").read_text(encoding="utf-8").split()


def test_columns_are_only_added() -> None:
    assert [column.name for column in ROW][: len(RELEASED)] == RELEASED


def test_every_column_is_pinned() -> None:
    assert len(ROW) == len(RELEASED), "add the new column's name to the end of columns.txt"


def test_the_schema_file_is_what_the_columns_say() -> None:
    kept = json.loads((folder("schemas") / "drop.schema.json").read_text(encoding="utf-8"))
    assert kept == schema(), "run: python -m trendscout.report.fields"


def test_the_document_is_what_the_columns_say() -> None:
    kept = (ROOT / "docs" / "drop-format.md").read_text(encoding="utf-8")
    assert fields.TABLE in kept
    assert fields.documented(kept) == kept, "run: python -m trendscout.report.fields"


@pytest.mark.parametrize("kind", sorted({column.kind for column in ROW}))
def test_every_cell_has_the_type_that_the_schema_promises(kind: str) -> None:
    read = {
        "integer": int,
        "number": float,
        "datetime": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"),  # noqa: DTZ007 - Z is in the text
        "boolean": {"true": True, "false": False}.__getitem__,
        "string": str,
    }
    types = {field["name"]: field["type"] for field in schema()["fields"]}
    report = example()
    rows = list(csv.DictReader(io.StringIO(drop.as_csv(report, ROW, report.rows, None).decode())))
    for column in (column for column in ROW if column.kind == kind):
        for row in rows:
            if row[column.name]:
                read[types[column.name]](row[column.name])
