"""CSV and XLSX as one plain table: any charset of the trade, hostile files refused before they are unpacked."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from trendscout.errors import UsageError
from trendscout.files import file_size
from trendscout.intake.values import Cell, words
from trendscout.text.charset import decode

MAX_FILE = 256 * 1024 * 1024
MAX_ROWS = 100_000  # the tools export 10,000 at most, an ERP as many as it has SKUs
_MAX_COLUMNS = 400
_MAX_UNPACKED = 64 * 1024 * 1024  # of a whole workbook, read in 2 s; 10,000 rows of a tool have 20 MB
_MAX_CELLS = 8_000_000  # of one sheet: calamine keeps all of them, empty ones too, at 32 bytes each
_MAX_PARTS = 2_000
_HEADER_ROWS = 20  # exports put a title, a date and a notice above the header row
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # the old .xls
_CELL_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})(\d{1,9})["']""")
_ROW_PLACE = re.compile(rb"""<(?:\w+:)?row\b[^>]{0,300}?\br\s*=\s*["'](\d{1,9})["']""")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A header row and the rows below it, each as wide as the header."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()  # plain English sentences: what was cut off


def read_table(path: Path) -> Table:
    """The first table of a CSV, TSV or XLSX file; told apart by content, not by name.

    CSV may be UTF-8, UTF-16 or GB18030, with or without a byte-order mark, separated by comma, semicolon, tab or
    bar. Raises UsageError if the file is none of these, is larger than 256 MiB, unpacks to more than 64 MiB, or
    spans more cells than it can hold.
    """
    try:
        size = file_size(path)
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise UsageError("{path} cannot be read.", next_step="Check the path.", path=path) from error
    if size > MAX_FILE:
        raise _refused(path, f"it has more than {MAX_FILE >> 20} MiB")
    rows = _sheet(path) if head.startswith((_ZIP, _OLE)) else _csv(path)
    return _with_header(path, rows)


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        "{path} was not read: {why}.",
        next_step="Export the list again as CSV or XLSX, one table with one header row.",
        path=path,
        why=why,
    )


def _with_header(path: Path, rows: Iterator[Sequence[Cell]]) -> Table:
    """The table below the header: the widest of the first rows whose cells are all words."""
    first = list(islice(rows, _HEADER_ROWS))
    names = [[words(cell) or "" for cell in row[:_MAX_COLUMNS]] for row in first]
    width = max((_name_count(row) for row in names), default=0)
    if width < 2:
        raise _refused(path, "no header row was found")
    place = next(place for place, row in enumerate(names) if _name_count(row) * 10 >= width * 7)
    headers = tuple(names[place])
    body: list[tuple[Cell, ...]] = []
    notes: tuple[str, ...] = ()
    body.extend(_fitted(row, len(headers)) for row in first[place + 1 :])
    for row in rows:
        if len(body) >= MAX_ROWS:
            notes = (f"only the first {MAX_ROWS} rows were read",)
            break
        body.append(_fitted(row, len(headers)))
    return Table(headers, tuple(row for row in body if any(words(cell) for cell in row)), notes)


def _name_count(row: Sequence[str]) -> int:
    """How many cells could be column names: short, and not numbers."""
    return sum(bool(cell) and len(cell) <= 60 and not re.fullmatch(r"[\W\d]+", cell) for cell in row)


def _fitted(row: Sequence[Cell], width: int) -> tuple[Cell, ...]:
    return tuple(row[:width]) + (None,) * (width - len(row))


# --- CSV ---------------------------------------------------------------------------------------------------


def _csv(path: Path) -> Iterator[Sequence[Cell]]:
    text = decode(path.read_bytes(), fallback="gb18030").replace("\0", " ")
    start = text[:20_000]
    if start.lstrip()[:1] in ("<", "{"):
        raise _refused(path, "it is no table")
    marked = re.match(r"sep=(.)\r?\n", text)  # Excel's own line
    delimiter = marked[1] if marked else max(",;\t|", key=lambda sign: _columns(start, sign))
    csv.field_size_limit(1 << 20)
    reader = csv.reader(io.StringIO(text[marked.end() :] if marked else text, newline=""), delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise _refused(path, f"line {reader.line_num} is no CSV: {error}") from error


def _columns(text: str, sign: str) -> int:
    """How often the sign stands in the fullest of the first lines."""
    return max((line.count(sign) for line in text.splitlines()[:_HEADER_ROWS]), default=0)


# --- XLSX --------------------------------------------------------------------------------------------------


def _sheet(path: Path) -> Iterator[Sequence[Cell]]:
    from python_calamine import CalamineError, CalamineWorkbook

    if zipfile.is_zipfile(path):
        _refuse_bomb(path)
    elif path.stat().st_size > _CHUNK * 32:
        raise _refused(path, "it is an old .xls of more than 32 MiB")
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = [sheet.name for sheet in book.sheets_metadata]
            for name in names[:20]:
                sheet = book.get_sheet_by_name(name)
                if sheet.height >= 2 and sheet.width >= 2:
                    yield from sheet.iter_rows()
                    return
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise _refused(path, f"it is no workbook that can be read ({str(error)[:120]})") from error
    raise _refused(path, "no sheet holds a table")


def _refuse_bomb(path: Path) -> None:
    """Raise UsageError for a workbook that unpacks beyond bounds: by its directory, and by what comes out."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise _refused(path, f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB")
            left = _MAX_UNPACKED
            for part in parts:
                left -= _checked_part(path, book, part, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _refused(path, f"it is a damaged or locked workbook ({str(error)[:120]})") from error


def _checked_part(path: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo, limit: int) -> int:
    """How many bytes the part really holds; sheets may not place cells beyond what a sheet may span."""
    import zlib

    is_sheet = "worksheets/" in part.filename.lower()
    size, rows, columns = 0, 0, 0
    tail = b""
    try:
        with book.open(part) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise _refused(path, f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB")
                if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                    raise _refused(path, "it declares entities, which no workbook needs")
                if not is_sheet:
                    continue
                window = tail + chunk
                for letters, row in _CELL_PLACE.findall(window):
                    columns, rows = max(columns, _column(letters)), max(rows, int(row))
                rows = max([rows, *(int(row) for row in _ROW_PLACE.findall(window))])
                tail = window[-64:]
    except zlib.error as error:
        raise _refused(path, "it is damaged") from error
    if rows * max(columns, 1) > _MAX_CELLS:
        raise _refused(path, f"a sheet spans {rows} rows and {columns} columns")
    return size


def _column(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
