"""The report as an Excel workbook: products, coverage, meanings of columns, and histories."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from io import BytesIO
from typing import TYPE_CHECKING, Any

from trendscout.lang import tr
from trendscout.model import Coverage, Point, Report, Row
from trendscout.report import absences, amounts, job_lines, phrases
from trendscout.report.clean import visible, web_address
from trendscout.report.columns import COVERAGE, ROW, Column, Value, View, heading, value
from trendscout.report.curve import main_curve

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_CELL_LIMIT = 32_767  # characters; Excel calls a file with more broken
_LINK_LIMIT = 2_079  # characters of an address; longer ones stay text
_MOST_LINKS = 65_530  # of one sheet, Excel's own limit; further addresses stay text
# Products with curve, history and prices: 150 cells each; of more nobody reads them in a sheet.
_MOST_CURVES = 2_000
_CURVE_SPANS = 60  # columns of the history sheet
_HOURS_UNTIL_DAYS = 3
_FROZEN = 3  # columns
_THUMBNAIL = 64  # pixels of a picture's longer side
_MOST_PIXELS = 10_000.0
_PRINTED = 18  # columns of the products
_NARROWEST, _AROUND = 4, 2  # characters of a column; what the filter's arrow takes beside its heading
_LANDSCAPE_A4 = 9
# What a seller reads first stands left; ids and times that only machines ask for stand at the end.
_FIRST = (
    "position", "title", "gloss_zh", "list_name", "movement", "stage", "probability", "flags", "mark", "packs",
    "price", "currency", "price_usd", "count", "count_kind", "rating", "reviews", "margin", "velocity", "newness",
    "oddness", "specialness", "seen_on", "not_yet_on", "sellers", "near_copies", "listings", "variants", "note",
    "url", "supplier_url",
)  # fmt: skip
_LAST = ("platform", "market", "list_id", "category", "product_id", "item_key", "seen_at", "as_of")


def as_xlsx(report: Report, view: View, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """The workbook: ids and titles are text, times are local dates, numbers are numbers; no cell is a formula."""
    from xlsxwriter import Workbook

    out = BytesIO()
    never = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", **never})
    book.set_properties(
        {"title": visible(report.title), "author": "trendscout", "created": report.as_of.replace(tzinfo=None)}
    )
    sheets = _Book(book, report, view, pictures or {})
    sheets.products()
    sheets.coverage()
    sheets.columns()
    sheets.history()
    sheets.trades()
    book.close()
    return out.getvalue()


class _Book:
    """The sheets of one workbook and the formats they share."""

    def __init__(self, book: Workbook, report: Report, view: View, pictures: Mapping[str, bytes]) -> None:
        self.report, self.view, self.pictures = report, view, pictures
        self.drawn = report.rows[:_MOST_CURVES]
        self.links = 0  # addresses of the products that could be links
        self.span = _span(self.drawn, view.zone)
        self.spans = self.looks()
        self.head: Format = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.head_line: Format = book.add_format({"bold": True})
        self.warning: Format = book.add_format({"bold": True, "font_color": "#9C5700"})
        self.formats: dict[str, Format] = {
            "text": book.add_format({"num_format": "@"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "number": book.add_format({"num_format": "#,##0.##"}),
            "integer": book.add_format({"num_format": "#,##0"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "url": book.add_format({"font_color": "blue", "underline": 1}),
        }
        names = ("Products", "History", "Prices and counts", "Coverage", "Columns")
        self.sheets: dict[str, Worksheet] = {name: book.add_worksheet(tr(name, view.lang)) for name in names}

    def products(self) -> None:
        """The rows, then a last column with their curves."""
        sheet = self.sheets["Products"]
        columns = arranged(pictures=bool(self.pictures))
        warning = absences.warning(self.report, self.view.lang)
        top = self.table(sheet, columns, self.report.rows, above=self.first_line(warning), warned=bool(warning))
        place = len(columns)
        self.text(sheet, top, place, tr("Curve", self.view.lang), self.head)
        sheet.set_column(place, place, 24)
        # More columns would be too small to read.
        sheet.print_area(0, 0, top + max(len(self.report.rows), 1), _PRINTED - 1)
        self.thumbnails(sheet, top, [column.name for column in columns].index("image"))
        history = self.sheets["History"].get_name()
        width = len(self.spans)
        places: list[str] = []
        ranges: list[str] = []
        for line, row in enumerate(self.drawn, start=1):
            if width and main_curve(row) is not None:
                cells = f"'{history}'!{_range(line, 3 + width, 2 + 2 * width)}"
                places.append(_range(top + line, place, place))
                ranges.append(cells)
        if places:  # one group: each of its own would have its colours made anew
            look: dict[str, Any] = {"location": places, "range": ranges}
            look |= {"markers": True, "empty_cells": "gaps", "show_hidden": True}
            sheet.add_sparkline(top + 1, place, look)

    def thumbnails(self, sheet: Worksheet, top: int, place: int) -> None:
        """Of each product whose picture is at hand and is one: the picture, fitted into its cell."""
        for line, row in enumerate(self.report.rows, start=top + 1):
            data = self.pictures.get(row.facts.image or "", b"")
            scale = _fitted(data)
            if scale:
                sheet.set_row_pixels(line, _THUMBNAIL)
                look = {"image_data": BytesIO(data), "x_scale": scale, "y_scale": scale, "object_position": 1}
                sheet.insert_image(line, place, "picture", look)

    def first_line(self, warning: str) -> str:
        """What the report is, of when, and how old or incomplete."""
        view = self.view
        name = visible(self.report.title) or tr("What may break out", view.lang)
        moment = f"{amounts.minute(self.report.as_of, view.zone)} {view.zone}"
        parts = (name, visible(self.report.market or ""), moment, warning and f"! {warning}")
        return " · ".join(filter(None, parts))

    def coverage(self) -> None:
        """What each list gave, and below it why rows are missing and how the jobs went."""
        sheet = self.sheets["Coverage"]
        notes = [note.said(self.view.lang) for note in self.report.notes]
        if not self.report.rows:
            notes.insert(0, absences.nothing(self.report, self.view.lang))
        notes += [
            job_lines.sentence(job, self.view.lang, now=self.view.now, zone=self.view.zone)
            for job in self.report.jobs
        ]
        notes += [tr(template, self.view.lang, count=count) for template, count in self.left]
        self.table(sheet, COVERAGE, self.report.coverage)
        for line, note in enumerate(notes, start=len(self.report.coverage) + 2):
            self.text(sheet, line, 0, note)

    @property
    def left(self) -> list[tuple[str, int]]:
        """What this sheet of so many products leaves out."""
        notes = []
        if len(self.report.rows) > _MOST_CURVES:
            notes.append(("Curves, history and prices are of the first {count:,} products only.", _MOST_CURVES))
        if self.links > _MOST_LINKS:
            notes.append(
                ("Only {count:,} addresses are links, as many as Excel opens; the others are text.", _MOST_LINKS)
            )
        return notes

    def columns(self) -> None:
        """What each column means."""
        sheet, lang = self.sheets["Columns"], self.view.lang
        heads = ("Column", "Name in machine files", "Meaning")
        for place, (head, width) in enumerate(zip(heads, (28, 24, 100), strict=True)):
            self.text(sheet, 0, place, tr(head, lang), self.head)
            sheet.set_column(place, place, width)
        for line, column in enumerate(ROW, start=1):
            for place, text in enumerate((heading(column, self.view), column.name, tr(column.about, lang))):
                self.text(sheet, line, place, text)
        sheet.freeze_panes(1, 0)

    def history(self) -> None:
        """Ranks by day; hidden right of them the same below zero, so that in a sparkline the top is above."""
        sheet, spans = self.sheets["History"], self.spans
        for place, head in enumerate(("Title", "List", "Item key")):
            self.text(sheet, 0, place, tr(head, self.view.lang), self.head)
        for at, span in enumerate(spans):
            self.text(sheet, 0, 3 + at, span, self.head)
            self.text(sheet, 0, 3 + len(spans) + at, f"↑ {span}", self.head)
        for line, row in enumerate(self.drawn, start=1):
            sighting = main_curve(row)
            where = phrases.list_name(sighting.list_id, self.view.lang) if sighting else ""
            labels = (row.facts.title, where, row.facts.item_key)
            for place, label in enumerate(labels):
                self.text(sheet, line, place, label)
            curve = sighting.curve if sighting else ()
            last = {self.when(point): shown for point in curve if (shown := _shown(point)) is not None}
            for at, span in enumerate(spans):
                if span in last:
                    sheet.write_number(line, 3 + at, last[span][0])
                    sheet.write_number(line, 3 + len(spans) + at, last[span][1])
        sheet.set_column(0, 2, 24)
        if spans:
            sheet.set_column(3 + len(spans), 2 + 2 * len(spans), None, None, {"hidden": True})
        sheet.freeze_panes(1, _FROZEN)
        _printed(sheet)

    def trades(self) -> None:
        """Rank, price and count of each shown product on each list at each look, the last first."""
        sheet, view = self.sheets["Prices and counts"], self.view
        heads = ("Title", "List", "Time", "Rank", "Price", "Currency", "Count", "Counted")
        for place, (head, width) in enumerate(zip(heads, (48, 36, 17, 7, 9, 9, 12, 12), strict=True)):
            self.text(sheet, 0, place, tr(head, view.lang), self.head)
            sheet.set_column(place, place, width)
        line = 0
        for row in self.drawn:
            for sighting in row.facts.sightings:
                points = [point for point in sighting.curve if point.price is not None or point.count is not None]
                for point in sorted(points, key=lambda point: point.at, reverse=True)[:_CURVE_SPANS]:
                    line += 1
                    self.text(sheet, line, 0, row.facts.title)
                    self.text(sheet, line, 1, phrases.list_name(sighting.list_id, view.lang))
                    local = point.at.astimezone(view.zone).replace(tzinfo=None)
                    sheet.write_datetime(line, 2, local, self.formats["moment"])
                    numbers = ((3, point.rank, "integer"), (4, point.price, "money"), (6, point.count, "integer"))
                    for place, number, form in numbers:
                        if number is not None:
                            sheet.write_number(line, place, float(number), self.formats[form])
                    if point.price is not None and sighting.currency:
                        self.text(sheet, line, 5, sighting.currency)
                    if point.count is not None and sighting.count_kind:
                        self.text(sheet, line, 7, phrases.count_name(sighting.count_kind, view.lang))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(line, 1), len(heads) - 1)

    def looks(self) -> list[str]:
        """The last days on which any of the shown lists was looked at; hours, while they are few days' looks."""
        curves = [one.curve for row in self.drawn if (one := main_curve(row))]
        return sorted({self.when(point) for curve in curves for point in curve})[-_CURVE_SPANS:]

    def when(self, point: Point) -> str:
        """The day or hour of a point, where the reader lives."""
        return point.at.astimezone(self.view.zone).strftime(self.span)

    def table(
        self,
        sheet: Worksheet,
        columns: Sequence[Column],
        items: Sequence[Row | Coverage],
        *,
        above: str = "",
        warned: bool = False,
    ) -> int:
        """A header that stays, a filter, and one line an item; the line of the header, below what stands above.

        A column is as wide as what stands in it, at most as declared: paper shows few of wide and empty ones.
        """
        from rich.cells import cell_len

        top = 1 if above else 0
        if above:
            self.text(sheet, 0, 0, above, self.warning if warned else self.head_line)
        for place, column in enumerate(columns):
            head = heading(column, self.view)
            self.text(sheet, top, place, head, self.head)
            needed = max(_NARROWEST, *map(cell_len, head.split()))
            for line, item in enumerate(items, start=top + 1):
                shown = value(column, item, self.report, self.view)
                self.cell(sheet, line, place, column, shown)
                if needed < column.width and shown is not None:
                    needed = max(needed, cell_len(shown) if isinstance(shown, str) else column.width)
            sheet.set_column(place, place, min(column.width, needed + _AROUND))
        sheet.freeze_panes(top + 1, _FROZEN if columns is not COVERAGE else 1)
        _printed(sheet, top)
        sheet.autofilter(top, 0, top + max(len(items), 1), len(columns) - 1)
        return top

    def cell(self, sheet: Worksheet, line: int, place: int, column: Column, cell: Value) -> None:
        """One cell by its kind; nothing for a value that is not known."""
        if cell is None:
            return
        if isinstance(cell, bool):
            sheet.write_boolean(line, place, cell)
        elif isinstance(cell, datetime):
            local = cell.astimezone(self.view.zone).replace(tzinfo=None)
            sheet.write_datetime(line, place, local, self.formats["moment"])
        elif not isinstance(cell, str):
            if math.isfinite(cell):
                whole = column.kind == "number" and cell == int(cell)  # by its format Excel shows 168 as "168."
                sheet.write_number(line, place, cell, self.formats.get("integer" if whole else column.kind))
        elif column.kind == "url" and (link := self.link(cell)):
            shown = tr("picture", self.view.lang) if column.name == "image" else link
            if sheet.write_url(line, place, link, self.formats["url"], shown[:_CELL_LIMIT]) < 0:
                self.text(sheet, line, place, cell)
        else:
            self.text(sheet, line, place, cell)

    def link(self, found: str) -> str | None:
        """The address as one that Excel takes for a link, as long as the sheet may hold more of them."""
        link = web_address(found)
        if not link or len(link) > _LINK_LIMIT:
            return None
        self.links += 1
        return link if self.links <= _MOST_LINKS else None

    def text(self, sheet: Worksheet, line: int, place: int, text: str, form: Any = None) -> None:
        """Text that Excel takes for text whatever it looks like."""
        sheet.write_string(line, place, visible(text)[:_CELL_LIMIT], form or self.formats["text"])


def _fitted(data: bytes) -> float:
    """By what a picture is scaled to fit a cell; 0 if it is none that every Excel shows."""
    from xlsxwriter.image import Image

    try:
        picture = Image(BytesIO(data))
        size = max(float(picture.width), float(picture.height))
        known = picture.image_type in ("PNG", "JPEG", "GIF")
    except Exception:  # noqa: BLE001 - whatever a site sent instead of a picture
        return 0.0
    return _THUMBNAIL / size if known and 1 <= size <= _MOST_PIXELS else 0.0


def arranged(*, pictures: bool = False) -> tuple[Column, ...]:
    """The columns of a row in the order of a reader; `pictures` stand beside the titles."""
    by_name = {column.name: column for column in ROW}
    rest = (name for name in by_name if name not in {*_FIRST, *_LAST})
    names = [*_FIRST, *rest, *_LAST]
    if pictures:
        names.remove("image")
        names.insert(_FROZEN, "image")
    return tuple(by_name[name] for name in names)


def _printed(sheet: Worksheet, top: int = 0) -> None:
    """On landscape pages as wide as the table, the header on each."""
    sheet.set_landscape()
    sheet.set_paper(_LANDSCAPE_A4)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, top)


def _span(rows: Sequence[Row], zone: tzinfo) -> str:
    """How the history names its columns: by day, whose last rank counts; by hour while days are too few.

    By the minute, lists looked at one after another would have columns of their own, and curves would be torn.
    """
    curves = [one.curve for row in rows if (one := main_curve(row))]
    days = {point.at.astimezone(zone).date() for curve in curves for point in curve}
    return "%Y-%m-%d" if len(days) > _HOURS_UNTIL_DAYS else "%Y-%m-%d %H:00"


def _shown(point: Point) -> tuple[float, float] | None:
    if point.presence != "seen":
        return None
    if point.rank is not None:
        return point.rank, -float(point.rank)
    return None if point.count is None else (point.count, point.count)


def _range(line: int, first: int, last: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return str(xl_range_abs(line, first, line, last))
