"""A workbook read back by openpyxl, as plain values."""

import io
import json
import warnings
from datetime import datetime
from typing import Any

from openpyxl import Workbook, load_workbook


def opened(data: bytes) -> Workbook:
    """The workbook as openpyxl sees it; it knows no sparklines and says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparkline Group extension is not supported")
        return load_workbook(io.BytesIO(data))


def cells(data: bytes) -> dict[str, list[list[Any]]]:
    """Every sheet's rows; dates as ISO text."""
    book = opened(data)
    return {
        sheet.title: [
            [
                cell.value.isoformat(" ", "minutes") if isinstance(cell.value, datetime) else cell.value
                for cell in row
            ]
            for row in sheet.iter_rows()
        ]
        for sheet in book.worksheets
    }


def dump(data: bytes) -> bytes:
    """The same as text to compare: values, number formats, links, frozen panes, filters."""
    book = opened(data)
    shown = {
        sheet.title: {
            "frozen": sheet.freeze_panes,
            "filter": sheet.auto_filter.ref,
            "rows": [
                [
                    None if cell.value is None else f"{cell.data_type} {cell.number_format} {cell.value}"
                    for cell in row
                ]
                for row in sheet.iter_rows()
            ],
            "links": [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink],
        }
        for sheet in book.worksheets
    }
    return json.dumps(shown, ensure_ascii=False, indent=1).encode() + b"\n"
