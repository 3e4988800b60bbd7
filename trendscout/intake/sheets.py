"""CSV, XLSX, XLS and HTML tables as rows of cells; told apart by content, hostile files refused."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from trendscout.errors import LayoutChanged, UsageError
from trendscout.files import file_size
from trendscout.intake.lettering import table_text
from trendscout.intake.values import Cell

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_FILE = 256 * 1024 * 1024
MAX_ROWS = 100_000  # the tools export 10,000 at most, an ERP as many as it has SKUs
_MAX_UNPACKED = 64 * 1024 * 1024  # of a whole workbook, read in 2 s; 10,000 rows of a tool have 20 MB
_MAX_CELLS = 8_000_000  # of one sheet: calamine keeps all of them, empty ones too, at 32 bytes each
_MAX_COLUMNS = 16_384  # of a line, as in any spreadsheet
_MAX_PARTS = 2_000
_MAX_SHEETS = 20
_MAX_LINES = 200  # of one row: more, and a quote was opened and never closed
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # the old .xls
_CELL_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})(\d{1,9})["']""")
_ROW_PLACE = re.compile(rb"""<(?:\w+:)?row\b[^<>]{0,300}?\br\s*=\s*["'](\d{1,9})["']""")
# A formula whose result nobody computed: the file was written by a program, not saved by a spreadsheet.
_UNCOMPUTED = re.compile(
    rb"""<c\b[^<>]{0,200}?\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]{0,200}>\s*<f\b[^<>]{0,200}>([^<]{0,400})</f>\s*"""
    rb"""(?:<v\s*/>|<v>\s*</v>)?\s*</c>"""
)
SPREADSHEET_XML = b"urn:schemas-microsoft-com:office:spreadsheet"  # Excel 2003's own XML, often named .xls
_MAX_WIDTH = 1_000  # cells of one row: an index may name any column
_CHUNK = 1 << 20
_SS = f"{{{SPREADSHEET_XML.decode()}}}"
_SIGNS = ",;\t|"
_SAMPLE_ROWS = 60
_SAMPLE = 200_000  # characters


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one table as they stand in the file, of any width."""

    rows: tuple[Sequence[Cell], ...]
    name: str = ""  # of a workbook's sheet
    is_even: bool = True  # False: each row has its own number of cells (CSV), so that one can lack or exceed some
    is_cut: bool = False  # True: the file has more rows than are read


def sheets_of(path: Path, known: Collection[str] = ()) -> list[Sheet]:
    """The tables of a file, in its order; `known` are lower-case column names that help to tell charset and signs.

    Raises UsageError if the file is no table, is larger than 256 MiB, unpacks to more than 64 MiB, or spans more
    cells than it can hold.
    """
    try:
        size = file_size(path)
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UsageError("{path} cannot be read.", next_step="Check the path.", path=path) from error
    if size > MAX_FILE:
        raise refused(path, f"it has more than {MAX_FILE >> 20} MiB")
    if head.startswith((_ZIP, _OLE)):
        return list(_workbook(path))
    data = path.read_bytes()
    if SPREADSHEET_XML in head:
        return list(_spreadsheet_xml(path, data))
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return list(_html(path, data))
    return [_csv(path, table_text(data, known).replace("\0", " "), known)]


def refused(path: Path, why: str) -> UsageError:
    """The error for a file that holds no table that can be read."""
    return UsageError(
        "{path} was not read: {why}.",
        next_step="Export the list again as CSV or XLSX, one table with one header row.",
        path=path,
        why=why,
    )


# --- CSV ---------------------------------------------------------------------------------------------------


def _csv(path: Path, text: str, known: Collection[str]) -> Sheet:
    if text.lstrip()[:1] == "{":
        raise refused(path, "it is no table")
    marked = re.match(r"sep=(.)\r?\n", text)  # Excel's own line
    if marked:
        text = text[marked.end() :]
    sign = marked[1] if marked else max(_SIGNS, key=lambda sign: _fit(text, sign, known))
    csv.field_size_limit(1 << 20)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    rows: list[Sequence[Cell]] = []
    line = cells = 0
    try:
        for row in reader:
            if len(row) > _MAX_COLUMNS:
                raise refused(
                    path, f"line {line + 1} has {len(row):,} columns, and a table {_MAX_COLUMNS:,} at most"
                )
            cells += len(row)
            if cells > _MAX_CELLS:
                raise refused(path, f"it has more than {_MAX_CELLS:,} cells")
            if reader.line_num - line > _MAX_LINES:
                raise refused(path, f"a quotation mark opened in line {line + 1} is not closed")
            line = reader.line_num
            if row:
                rows.append(row)
            if len(rows) > MAX_ROWS + _SAMPLE_ROWS:
                break
    except csv.Error as error:
        raise refused(path, f"line {reader.line_num} is no CSV: {error}") from error
    is_cut = len(rows) > MAX_ROWS + _SAMPLE_ROWS
    return Sheet(tuple(rows), is_even=False, is_cut=is_cut)


def _fit(text: str, sign: str, known: Collection[str]) -> tuple[int, float, int]:
    """How well a sign parts the first lines: names that are known, then rows of one width, then that width."""
    lines = text[:_SAMPLE].splitlines(keepends=True)[: _SAMPLE_ROWS * 4]
    csv.field_size_limit(1 << 20)
    try:
        rows = [row for row in islice(csv.reader(lines, delimiter=sign), _SAMPLE_ROWS) if row]
    except csv.Error:
        return 0, 0.0, 0
    named = max((sum(cell.strip().lower() in known for cell in row) for row in rows), default=0)
    widths = Counter(len(row) for row in rows)
    width, even = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
    if width < 2:
        return 0, 0.0, 0
    return named, even / len(rows), width


# --- HTML named .xls ---------------------------------------------------------------------------------------


def _html(path: Path, data: bytes) -> Iterator[Sheet]:
    from trendscout.text.markup import tables_in

    if b"<table" not in data.lower():
        raise refused(path, "it is no table")
    try:
        tables = tables_in(data)
    except LayoutChanged as error:
        raise refused(path, str(error).rstrip(".")) from error
    for place, rows in enumerate(tables[:_MAX_SHEETS]):
        yield Sheet(tuple(rows[:MAX_ROWS]), name=f"table {place + 1}", is_cut=len(rows) > MAX_ROWS)


# --- Excel 2003's XML, which ERPs still write ---------------------------------------------------------------


def _spreadsheet_xml(path: Path, data: bytes) -> Iterator[Sheet]:
    from trendscout.text.markup import parse_feed

    try:
        book = parse_feed(data)
    except LayoutChanged as error:
        raise refused(path, str(error).rstrip(".")) from error
    for sheet in book.findall(f"{_SS}Worksheet")[:_MAX_SHEETS]:
        rows = [_xml_row(path, row) for row in islice(sheet.iterfind(f"{_SS}Table/{_SS}Row"), MAX_ROWS + 1)]
        yield Sheet(tuple(rows[:MAX_ROWS]), name=sheet.get(f"{_SS}Name", ""), is_cut=len(rows) > MAX_ROWS)


def _xml_row(path: Path, row: Element) -> list[Cell]:
    """The cells of a row at their places: one may name its column, or span several."""
    cells: list[Cell] = []
    for cell in row.iterfind(f"{_SS}Cell"):
        index = _ordinal(cell.get(f"{_SS}Index"))
        if max(index or 0, len(cells)) > _MAX_WIDTH:
            raise refused(path, f"a row has more than {_MAX_WIDTH} cells")
        cells += [None] * ((index or 0) - 1 - len(cells))
        value = cell.find(f"{_SS}Data")
        cells.append(None if value is None else _xml_value(value))
        cells += [None] * min(_ordinal(cell.get(f"{_SS}MergeAcross")) or 0, _MAX_WIDTH)
    return cells


def _ordinal(text: str | None) -> int | None:
    """A place as an attribute gives it; what is no number, or beyond any table, is a place too far."""
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else _MAX_WIDTH + 1


def _xml_value(value: Element) -> Cell:
    """A number or time by its type, else the text; a number that is none stays text, to be told as lost."""
    text = "".join(value.itertext())
    try:
        if value.get(f"{_SS}Type") == "Number":
            return float(text) if "." in text or "e" in text.lower() else int(text)
        if value.get(f"{_SS}Type") == "DateTime":
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    return text


# --- XLSX --------------------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook

    formulas: dict[int, dict[tuple[int, int], str]] = {}
    if zipfile.is_zipfile(path):
        formulas = _checked(path)
    elif path.stat().st_size > _CHUNK * 32:
        raise refused(path, "it is an old .xls of more than 32 MiB")
    try:
        with CalamineWorkbook.from_path(path) as book:
            for place, metadata in enumerate(book.sheets_metadata[:_MAX_SHEETS]):
                sheet = book.get_sheet_by_name(metadata.name)
                if sheet.height < 1 or sheet.width < 2:
                    continue
                left = (sheet.start or (0, 0))[1]
                rows: list[Sequence[Cell]] = list(islice(sheet.iter_rows(), MAX_ROWS + _SAMPLE_ROWS))
                # iter_rows begins with the sheet's first row, filled or not, and the first filled column
                uncomputed = formulas.get(place, {})
                rows = [_with_formulas(row, at, left, uncomputed) for at, row in enumerate(rows)]
                yield Sheet(tuple(rows), name=metadata.name, is_cut=sheet.height > MAX_ROWS + _SAMPLE_ROWS)
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise refused(path, f"it is no workbook that can be read ({str(error)[:120]})") from error


def _with_formulas(
    row: Sequence[Cell], at: int, left: int, uncomputed: dict[tuple[int, int], str]
) -> Sequence[Cell]:
    """The row with each formula that has no result as its text: what cannot be read is told by an example."""
    if not uncomputed:
        return row
    return [uncomputed.get((at, left + place), cell) for place, cell in enumerate(row)]


def _checked(path: Path) -> dict[int, dict[tuple[int, int], str]]:
    """Formulas without a result, by sheet and place.

    Raises UsageError for a workbook that unpacks beyond bounds: by its directory, and by what comes out.
    """
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise refused(path, f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB")
            left = _MAX_UNPACKED
            by_sheet: dict[int, dict[tuple[int, int], str]] = {}
            for part in parts:
                size, formulas = _checked_part(path, book, part, left)
                left -= size
                number = re.search(r"sheet(\d+)\.xml$", part.filename)
                if formulas and number:
                    by_sheet[int(number[1]) - 1] = formulas
            return by_sheet
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise refused(path, f"it is a damaged or locked workbook ({str(error)[:120]})") from error


def _checked_part(
    path: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo, limit: int
) -> tuple[int, dict[tuple[int, int], str]]:
    """How many bytes the part really holds, and its formulas without a result; sheets may not span too much."""
    import zlib

    is_sheet = "worksheets/" in part.filename.lower()
    size, rows, columns = 0, 0, 0
    tail = b""
    formulas: dict[tuple[int, int], str] = {}
    try:
        with book.open(part) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise refused(path, f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB")
                if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                    raise refused(path, "it declares entities, which no workbook needs")
                if not is_sheet:
                    continue
                window = tail + chunk
                for letters, row in _CELL_PLACE.findall(window):
                    columns, rows = max(columns, _column(letters)), max(rows, int(row))
                rows = max([rows, *(int(row) for row in _ROW_PLACE.findall(window))])
                for letters, row, text in _UNCOMPUTED.findall(window):
                    formulas[int(row) - 1, _column(letters) - 1] = "=" + text.decode("utf-8", "replace")
                tail = window[-1000:]
    except zlib.error as error:
        raise refused(path, "it is damaged") from error
    if rows * max(columns, 1) > _MAX_CELLS:
        raise refused(path, f"a sheet spans {rows} rows and {columns} columns")
    return size, formulas


def _column(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
