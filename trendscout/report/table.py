"""The report in a terminal: what is asked, a table of products, what its signs mean, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.text import Text

from trendscout.lang import Lang, tr
from trendscout.model import ITEM_KINDS, Left, Report, Row
from trendscout.report import absences, amounts, job_lines, lines, phrases
from trendscout.report.changes import Changes, Seen, leading
from trendscout.report.clean import visible
from trendscout.report.columns import View
from trendscout.report.grid import Grid, fit, packed, wrapped

_TITLE = 26  # cells of a title at least
_INDENT = 3
_MISSING_SHOWN = 12


def render(
    report: Report, *, lang: Lang, width: int, zone: tzinfo = UTC, changes: Changes | None = None
) -> RenderableType:
    """The report for a terminal of `width` cells; with `changes`, only what changed.

    Goods marked `mine` that fade and watched ones that move stand first.
    """
    page = _Page(report, lang, max(width, 40), zone)
    shown = [*page.heading(), Text()]
    rows = report.rows
    if changes is not None:
        shown += page.changes(changes)
        rows = (*changes.new, *changes.risen, *changes.faded)
    elif rows:
        shown += [*page.rows(), *page.left()]
    else:
        shown.append(Text(absences.nothing(report, lang), style="bold"))
    return Group(*shown, Text(), *page.footing(rows))


def text(report: Report, *, lang: Lang, width: int, zone: tzinfo = UTC, changes: Changes | None = None) -> str:
    """The same as plain text without colour, for files and tests."""
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(render(report, lang=lang, width=width, zone=zone, changes=changes))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


@dataclass(frozen=True, slots=True)
class _Page:
    report: Report
    lang: Lang
    width: int
    zone: tzinfo

    @property
    def view(self) -> View:
        return View(self.lang, self.zone, self.report.as_of)

    def say(self, text: str, **fields: object) -> str:
        return tr(text, self.lang, **fields)

    # --- above and below -------------------------------------------------------------------------------

    def heading(self) -> list[Text]:
        report = self.report
        name = visible(report.title) or self.say("What may break out")
        if report.market:
            name += f" · {visible(report.market)}"
        first = Text(f"{name} · {amounts.minute(report.as_of, self.zone)} {self.zone}", style="bold")
        if warning := absences.warning(report, self.lang):
            first.append(f" · {warning}", style="bold yellow")
        shown = self.say(
            "{n} of {total} products, by {rule}",
            n=len(report.rows),
            total=f"{report.total:,}",
            rule=phrases.order_rule(report.sort, self.lang),
        )
        events = phrases.events(report.rows, self.lang)
        if events:
            shown += " · " + self.say("chance: {event}", event=events)
        head = [*wrapped(first, self.width), *wrapped(Text(shown, style="dim"), self.width)]
        for note in report.notes:
            said = Text(f"! {visible(note.said(self.lang))}", style="bold yellow")
            head += wrapped(said, self.width, indent=2)
        return head

    def footing(self, rows: Sequence[Row]) -> list[Text]:
        shown: list[Text] = []
        heads = {column.head for column in self.grid(rows).columns} if rows else set()
        legend = phrases.legend(rows, self.lang, heads)
        for text in packed(legend, "；" if self.lang == "zh" else "; ", self.width):
            shown += wrapped(Text(text, style="dim"), self.width)
        if rows:
            example = lines.short_ids(rows)[rows[0].product_id]
            step = self.say("More on one: trendscout why {row}, or why {id}", row=rows[0].position, id=example)
            shown += wrapped(Text(step, style="dim"), self.width)
        return [*shown, *self.record(), *self.missing(), *self.jobs()]

    def left(self) -> list[Text]:
        if not self.report.left:
            return []
        head = Text(self.say("Left since the last report"), style="bold")
        return [head, *map(self.gone_why, self.report.left)]

    def gone_why(self, one: Left) -> Text:
        tail = Text(f"  {phrases.left_why(one, self.lang)}", style="dim")
        return fit(Text(f"    {visible(one.title)}"), self.width - tail.cell_len).append_text(tail)

    def record(self) -> list[Text]:
        told = phrases.record(self.report.record, self.lang)
        return wrapped(Text(told, style="dim"), self.width) if told else []

    def missing(self) -> list[Text]:
        bad = sorted((one for one in self.report.coverage if one.status != "ok"), key=absences.by_urgency)
        head = absences.missing_head(self.report, self.lang)
        shown = wrapped(Text(head, style="bold" if bad else "dim"), self.width) if head else []
        if absences.network_down(self.report.coverage):  # said above; the same of each list says no more
            bad = [one for one in bad if not absences.unreached(one.findings)]
        for coverage in bad[:_MISSING_SHOWN]:
            line = absences.missing(coverage, self.lang, now=self.report.as_of, zone=self.zone)
            shown += wrapped(Text(f"  {line}"), self.width, indent=4)
        if len(bad) > _MISSING_SHOWN:
            shown.append(Text("  " + self.say("and {n} more", n=len(bad) - _MISSING_SHOWN)))
        return shown

    def jobs(self) -> list[Text]:
        told = (
            job_lines.sentence(job, self.lang, now=self.report.as_of, zone=self.zone) for job in self.report.jobs
        )
        return [line for text in told for line in wrapped(Text(text, style="dim"), self.width, indent=4)]

    # --- the table -------------------------------------------------------------------------------------

    def rows(self) -> list[Text]:
        mine, watched = leading(self.report.rows)
        led = {row.product_id for row in (*mine, *watched)}
        rest = [row for row in self.report.rows if row.product_id not in led]
        kinds = [kind for kind in ITEM_KINDS if any(row.facts.item_kind == kind for row in rest)]
        first = "All others" if led else ""
        others = (
            (phrases.ITEM_KINDS[kind], [row for row in rest if row.facts.item_kind == kind], "bold")
            for kind in kinds
        )
        return self.table(
            ("Yours, fading", mine, "bold red"),
            ("Watched, moving", watched, "bold green"),
            *((name if number else first, its, style) for number, (name, its, style) in enumerate(others)),
        )

    def changes(self, changes: Changes) -> list[Text]:
        if changes.first:
            return [Text(self.say("First report: everything is new."), style="bold"), *self.rows()]
        if not changes:
            return [Text(self.say("Nothing changed since the last report."), style="bold")]
        shown = self.table(
            ("New", changes.new, "bold cyan"),
            ("Risen", changes.risen, "bold green"),
            ("Fading or warned of", changes.faded, "bold red"),
        )
        if changes.gone:
            shown.append(Text(self.say("Gone from the report"), style="bold"))
            shown += [self.gone(seen) for seen in changes.gone]
        if changes.unchanged:
            shown += [Text(), Text(self.say("{n} others did not change.", n=changes.unchanged), style="dim")]
        return shown

    def gone(self, seen: Seen) -> Text:
        left = next((one for one in self.report.left if one.product_id == seen.product_id), None)
        was = (
            phrases.left_why(left, self.lang)
            if left
            else self.say("was {stage}", stage=phrases.stage(seen.stage, self.lang))
        )
        tail = Text(f"  {was}", style="dim")
        return fit(Text(f"    {visible(seen.title)}"), self.width - tail.cell_len).append_text(tail)

    def grid(self, rows: Sequence[Row]) -> Grid:
        return Grid(lines.columns(self.view), rows, self.width, least=_TITLE)

    def table(self, *groups: tuple[str, Sequence[Row], str]) -> list[Text]:
        """The groups that have rows: for each product its line of columns, and what there is to say below it."""
        rows = [row for _, its, _ in groups for row in its]
        if not rows:
            return []
        grid = self.grid(rows)
        ids = lines.short_ids(rows)
        table = [grid.header()]
        for name, its, style in groups:
            if its and name:
                table.append(Text(self.say(name), style=style))
            for row in its:
                said = lines.below(row, self.view, ids[row.product_id])
                under = wrapped(said, self.width - _INDENT)
                table += [grid.line(row), *(Text(" " * _INDENT).append_text(line) for line in under)]
        return table
