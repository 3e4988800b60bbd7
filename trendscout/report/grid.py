"""Lines of a terminal: texts cut to cells, and tables whose every row is one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from trendscout.model import Row

_NEVER_FIRST = "，。；：、）！？」”’)"  # signs that no line begins with


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column. Its width is that of its longest cell, up to `most`; 0: it shares what the others leave."""

    head: str
    most: int
    cell: Callable[[Row, int], Text]  # a row's text, made for that many cells; longer ones are cut
    keep: int = 9  # where the screen is too narrow, columns that are kept less go first
    right: bool = False


class Grid:
    """Columns laid out for some rows and a screen; what no row has is left out."""

    def __init__(self, columns: Sequence[GridColumn], rows: Sequence[Row], width: int, *, least: int) -> None:
        """`least`: what is left at least for each column that shares the rest."""
        cells = [(column, _longest(column, rows, width)) for column in columns]
        needed = {
            column.head: min(column.most, max(cell_len(column.head), cell)) for column, cell in cells if cell
        }
        self.columns = [column for column in columns if column.head in needed]
        while True:
            sharing = sum(column.most == 0 for column in self.columns)
            rest = width - sum(needed[column.head] for column in self.columns) - len(self.columns) + 1
            if rest >= least * sharing or len(self.columns) <= 2:
                break
            self.columns.remove(min(self.columns, key=lambda column: column.keep))
        self.widths = [needed[column.head] or max(rest // sharing, 1) for column in self.columns]

    def header(self) -> Text:
        """The heads of the columns."""
        line = self._line([Text(column.head) for column in self.columns])
        line.stylize("underline dim")
        return line

    def line(self, row: Row) -> Text:
        """The row's one line."""
        return self._line(
            [column.cell(row, width) for column, width in zip(self.columns, self.widths, strict=True)]
        )

    def _line(self, texts: Sequence[Text]) -> Text:
        cells = zip(self.columns, self.widths, texts, strict=True)
        return Text(" ").join([fit(text, width, right=column.right) for column, width, text in cells])


def _longest(column: GridColumn, rows: Sequence[Row], width: int) -> int:
    return max((column.cell(row, column.most or width).cell_len for row in rows), default=0)


def fit(text: Text, width: int, *, right: bool = False) -> Text:
    """`text` in exactly `width` cells: cut with an ellipsis, or padded."""
    text = text.copy()
    text.truncate(width, overflow="ellipsis")
    room = width - text.cell_len
    text.pad_left(room) if right else text.pad_right(room)
    return text


def wrapped(text: Text, width: int, *, indent: int = 0) -> list[Text]:
    """`text` on as many lines as it needs, those after the first set in by `indent`."""
    if "\n" not in text.plain and cell_len(text.plain) <= width:
        return [text]
    lines = [
        line for part in text.split("\n", allow_blank=True) for line in part.divide(_breaks(part, width - indent))
    ]
    for line in lines:
        line.rstrip()
    return [lines[0], *(Text(" " * indent).append_text(line) for line in lines[1:])]


def _breaks(text: Text, width: int) -> list[int]:
    """Where lines of `width` cells begin anew: behind a space, before or behind a Chinese sign, else anywhere.

    A number and the sign behind it, its unit (14天), stay together.
    """
    plain, starts, begin, last, used = text.plain, [], 0, 0, 0
    for at, sign in enumerate(plain):
        before = plain[at - 1] if at else ""
        if before == " " or (_wide(sign) and not before.isdigit()) or (before and _wide(before)):
            last = at if at and sign != " " and sign not in _NEVER_FIRST else last
        used += cell_len(sign)
        if used > width and sign != " " and at > begin:
            begin = last if last > begin else at
            starts.append(begin)
            used = cell_len(plain[begin : at + 1])
    return starts


def _wide(sign: str) -> bool:
    return cell_len(sign) == 2


def packed(parts: Sequence[str], stop: str, width: int) -> list[str]:
    """`parts` with `stop` between, on lines that break between parts wherever they can."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1] + stop + part) <= width:
            lines[-1] += stop + part
        else:
            lines.append(part)
    return lines
