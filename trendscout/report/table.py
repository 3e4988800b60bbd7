"""The report in a terminal: a line of figures a product, under it one line of words, then what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.style import Style
from rich.text import Text

from trendscout.lang import Lang, retold, tr
from trendscout.model import Report, Row
from trendscout.report import absences, amounts, packs, words
from trendscout.report.changes import Changes, Seen, leading
from trendscout.report.clean import visible, web_address
from trendscout.report.curve import main_curve, sparkline

_NARROW = 56  # below this no column fits beside a title
_WIDE = 108  # from here the movement has a column of its own
_INDENT = 4  # of the words below a product's figures
_MISSING_SHOWN = 12
_STAGE_STYLES = {"emerging": "cyan", "rising": "green", "peaking": "yellow", "fading": "red"}


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    width: int
    cell: Callable[[Row], Text]
    right: bool = False


def render(
    report: Report, *, lang: Lang, width: int, zone: tzinfo = UTC, changes: Changes | None = None
) -> RenderableType:
    """The report for a terminal of `width` cells; with `changes`, only what changed.

    Goods marked `mine` that fade and watched ones that move stand first.
    """
    page = _Page(report, lang, max(width, 40), zone)
    lines = [*page.heading(), Text()]
    if changes is not None:
        lines += page.changes(changes)
    elif report.rows:
        lines += page.rows()
    else:
        lines.append(Text(absences.nothing(report, lang), style="bold"))
    return Group(*lines, Text(), *page.footing())


def text(report: Report, *, lang: Lang, width: int, zone: tzinfo = UTC, changes: Changes | None = None) -> str:
    """The same as plain text without colour, for files and tests."""
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(render(report, lang=lang, width=width, zone=zone, changes=changes))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def fit(text: Text, width: int, *, right: bool = False) -> Text:
    """`text` in exactly `width` cells: cut with an ellipsis, or padded."""
    text = text.copy()
    text.truncate(width, overflow="ellipsis")
    room = width - text.cell_len
    text.pad_left(room) if right else text.pad_right(room)
    return text


def flow(parts: Sequence[Text], width: int, *, indent: int, most: int) -> list[Text]:
    """`parts` set one after another with " · " between, on at most `most` lines; what does not fit is left out."""
    lines: list[Text] = []
    room = width - indent
    for part in parts:
        part = part.copy()
        part.truncate(room, overflow="ellipsis")
        if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
            lines[-1].append(" · ", style="dim").append_text(part)
        elif len(lines) < most:
            lines.append(Text(" " * indent).append_text(part))
    return lines


@dataclass(frozen=True, slots=True)
class _Page:
    report: Report
    lang: Lang
    width: int
    zone: tzinfo

    def say(self, text: str, **fields: object) -> str:
        return tr(text, self.lang, **fields)

    # --- above and below -------------------------------------------------------------------------------

    def heading(self) -> list[Text]:
        report = self.report
        name = visible(report.title) or self.say("What may break out")
        if report.market:
            name += f" · {visible(report.market)}"
        first = Text(f"{name} · {amounts.minute(report.as_of, self.zone)} {self.zone}", style="bold")
        rule = words.order_rule(report.sort, self.lang)
        shown = self.say(
            "{n} of {total} products, by {rule}", n=len(report.rows), total=f"{report.total:,}", rule=rule
        )
        horizons = {row.horizon_h for row in report.rows if row.horizon_h}
        if len(horizons) == 1:
            time = amounts.span(horizons.pop() / 24, self.lang)
            shown += " · " + self.say("chance: to break out within {time}, with 90 % interval", time=time)
        first.truncate(self.width, overflow="ellipsis")
        return [first, *wrapped(Text(shown, style="dim"), self.width)]

    def footing(self) -> list[Text]:
        lines = []
        if any(row.sightings for row in self.report.rows):
            legend = self.say(
                "curve: higher is nearer the top; · looked and not on the list; blank: nobody looked"
            )
            if any(row.likely for row in self.report.rows):
                legend += ("；" if self.lang == "zh" else "; ") + self.say("≈ joined on likeness: check")
            lines += wrapped(Text(legend, style="dim"), self.width)
        for note in self.report.notes:
            lines += wrapped(Text(f"! {visible(retold(note, self.lang))}", style="yellow"), self.width, indent=2)
        return lines + self.missing()

    def missing(self) -> list[Text]:
        bad = sorted((one for one in self.report.coverage if one.status != "ok"), key=absences.by_urgency)
        head = absences.missing_head(self.report, self.lang)
        lines = wrapped(Text(head, style="bold" if bad else "dim"), self.width) if head else []
        for one in bad[:_MISSING_SHOWN]:
            line = absences.missing(one, self.lang, now=self.report.as_of, zone=self.zone)
            lines += wrapped(Text(f"  {line}"), self.width, indent=4)
        if len(bad) > _MISSING_SHOWN:
            lines.append(Text("  " + self.say("and {n} more", n=len(bad) - _MISSING_SHOWN)))
        return lines

    # --- the table -------------------------------------------------------------------------------------

    def rows(self) -> list[Text]:
        mine, watched = leading(self.report.rows)
        led = {row.product_id for row in (*mine, *watched)}
        rest = [row for row in self.report.rows if row.product_id not in led]
        lines = [self.header()]
        lines += self.group("Yours, fading", mine, "bold red")
        lines += self.group("Watched, moving", watched, "bold green")
        lines += self.group("All others" if led else "", rest, "bold")
        return lines

    def changes(self, changes: Changes) -> list[Text]:
        if changes.first:
            return [Text(self.say("First report: everything is new."), style="bold"), *self.rows()]
        if not changes:
            return [Text(self.say("Nothing changed since the last report."), style="bold")]
        lines = [self.header()] if changes.new or changes.risen or changes.faded else []
        lines += self.group("New", changes.new, "bold cyan")
        lines += self.group("Risen", changes.risen, "bold green")
        lines += self.group("Fading or warned of", changes.faded, "bold red")
        if changes.gone:
            lines.append(Text(self.say("Gone from the report"), style="bold"))
            lines += [self.gone(seen) for seen in changes.gone]
        if changes.unchanged:
            lines += [Text(), Text(self.say("{n} others did not change.", n=changes.unchanged), style="dim")]
        return lines

    def gone(self, seen: Seen) -> Text:
        was = self.say("was {stage}", stage=words.stage(seen.stage, self.lang))
        tail = Text(f"  {was}", style="dim")
        return fit(Text(f"    {visible(seen.title)}"), self.width - tail.cell_len).append_text(tail)

    def group(self, name: str, rows: Iterable[Row], style: str) -> list[Text]:
        lines = [line for row in rows for line in (self.line(row), *self.details(row))]
        return [Text(self.say(name), style=style), *lines] if name and lines else lines

    def columns(self) -> list[_Column]:
        lang, wide = self.lang, self.width >= _WIDE
        fixed = [
            _Column(self.say("Curve"), 12 if wide else 8, self.curve),
            _Column(self.say("Stage"), 9 if lang == "en" else 8, self.stage),
            _Column(self.say("Chance"), 12, lambda row: Text(words.chance(row), style="bold"), right=True),
        ]
        if wide:
            fixed.append(_Column(self.say("Movement"), 26 if lang == "en" else 22, self.movement))
        for head, get in (("Vel", "velocity"), ("新", "newness"), ("奇", "oddness"), ("特", "specialness")):
            fixed.append(_Column(self.say(head), 4 if head == "Vel" else 3, partial(_axis, get), right=True))
        number = _Column("#", 3, lambda row: Text(str(row.position), style="dim"), right=True)
        if self.width < _NARROW:
            fixed = fixed[2:3]
        room = self.width - number.width - sum(column.width for column in fixed) - len(fixed) - 1
        return [number, _Column(self.say("Product"), room, self.title), *fixed]

    def header(self) -> Text:
        cells = [fit(Text(column.head), column.width, right=column.right) for column in self.columns()]
        line = Text(" ").join(cells)
        line.stylize("underline dim")
        return line

    def line(self, row: Row) -> Text:
        cells = [fit(column.cell(row), column.width, right=column.right) for column in self.columns()]
        return Text(" ").join(cells)

    def title(self, row: Row) -> Text:
        return Text(words.title(row, self.lang), style=Style(link=web_address(row.url)))

    def curve(self, row: Row) -> Text:
        sighting = main_curve(row)
        width = 12 if self.width >= _WIDE else 8
        line = sparkline(sighting.curve, width) if sighting else ""
        return Text(line, style=_STAGE_STYLES.get(row.stage, ""))

    def stage(self, row: Row) -> Text:
        return Text(words.stage(row.stage, self.lang), style=_STAGE_STYLES.get(row.stage, "dim"))

    def movement(self, row: Row) -> Text:
        return Text(words.movement(row, self.lang))

    def details(self, row: Row) -> list[Text]:
        lang, now = self.lang, self.report.as_of
        stop = "、" if lang == "zh" else ", "
        parts = [Text(f"⚠ {words.flag(flag, lang)}", style="red") for flag in row.flags]
        if self.width < _WIDE:
            parts.append(Text(words.movement(row, lang)))
        parts += [Text(words.price_band(row)), Text(words.competition(row, lang))]
        seen = words.seen_at(row.sightings, lang, now=now, zone=self.zone)
        if len(seen) > 3:
            seen = (*seen[:3], self.say("and {n} more", n=len(seen) - 3))
        parts.append(Text(stop.join(seen)))
        gaps = words.not_yet(row.gaps[:2], lang)
        together = self.say("not yet: {place}", place=stop.join(gaps))
        if cell_len(together) > self.width - _INDENT:
            together = self.say("not yet: {place}", place=gaps[0])
        parts.append(Text(together if gaps else "", style="green"))
        parts.append(Text(words.counted(row.count, row.count_kind, row.count_floor, lang)))
        parts += [Text(self.say("pack {name}", name=pack), style="cyan") for pack in packs.met(row, lang)]
        if row.margin is not None:
            parts.append(Text(self.say("margin {share}", share=amounts.share(row.margin))))
        if row.mark:
            parts.append(Text(self.say(row.mark), style="magenta"))
        if row.note:
            parts.append(Text(visible(row.note), style="italic"))
        shown = [part for part in parts if part.plain]
        return flow(shown, self.width, indent=_INDENT, most=2 if self.width >= _WIDE else 4)


def _axis(name: str, row: Row) -> Text:
    return Text(words.axis(getattr(row, name).value))


def wrapped(text: Text, width: int, *, indent: int = 0) -> list[Text]:
    """`text` on as many lines as it needs, those after the first set in by `indent`."""
    console = Console(width=width, color_system=None, legacy_windows=False)
    first, *rest = text.wrap(console, width - indent) or [Text()]
    if cell_len(text.plain) <= width:
        return [text]
    return [first, *(Text(" " * indent).append_text(line) for line in rest)]
