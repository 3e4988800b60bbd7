"""The report in a terminal: a line a product, then a line of facts each, what to beware of, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.text import Text

from trendscout.lang import Lang, tr
from trendscout.model import Report, Row
from trendscout.report import absences, amounts, codes, job_lines, lines, phrases
from trendscout.report.changes import Changes, Seen, leading
from trendscout.report.clean import visible
from trendscout.report.grid import Grid, fit, packed, wrapped

_WIDE = 108  # from here a line holds the places that have it not yet, and the price
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
        shown += page.rows()
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

    def say(self, text: str, **fields: object) -> str:
        return tr(text, self.lang, **fields)

    # --- above and below -------------------------------------------------------------------------------

    def heading(self) -> list[Text]:
        report = self.report
        name = visible(report.title) or self.say("What may break out")
        if report.market:
            name += f" · {visible(report.market)}"
        first = Text(f"{name} · {amounts.minute(report.as_of, self.zone)} {self.zone}", style="bold")
        rule = phrases.order_rule(report.sort, self.lang)
        shown = self.say(
            "{n} of {total} products, by {rule}", n=len(report.rows), total=f"{report.total:,}", rule=rule
        )
        horizons = {row.scored.horizon_h for row in report.rows if row.scored.horizon_h}
        if len(horizons) == 1:
            time = amounts.span(horizons.pop() / 24, self.lang)
            shown += " · " + self.say("chance: to break out within {time}, with 90 % interval", time=time)
        first.truncate(self.width, overflow="ellipsis")
        head = [first, *wrapped(Text(shown, style="dim"), self.width)]
        for note in report.notes:
            said = Text(f"! {visible(note.said(self.lang))}", style="bold yellow")
            head += wrapped(said, self.width, indent=2)
        return head

    def footing(self, rows: Sequence[Row]) -> list[Text]:
        shown: list[Text] = []
        if any(row.facts.sightings for row in rows):
            legend = [
                self.say("curve: higher is nearer the top; · looked and not on the list; blank: nobody looked"),
                self.say("not yet on: how far behind, in brackets what is usual"),
                self.say("≈ joined on likeness: check") if any(row.facts.likely for row in rows) else "",
                codes.legend(rows),
            ]
            stop = "；" if self.lang == "zh" else "; "
            for text in packed([part for part in legend if part], stop, self.width):
                shown += wrapped(Text(text, style="dim"), self.width)
        return [*shown, *self.missing(), *self.jobs()]

    def missing(self) -> list[Text]:
        bad = sorted((one for one in self.report.coverage if one.status != "ok"), key=absences.by_urgency)
        head = absences.missing_head(self.report, self.lang)
        shown = wrapped(Text(head, style="bold" if bad else "dim"), self.width) if head else []
        for one in bad[:_MISSING_SHOWN]:
            line = absences.missing(one, self.lang, now=self.report.as_of, zone=self.zone)
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
        return self.table(
            ("Yours, fading", mine, "bold red"),
            ("Watched, moving", watched, "bold green"),
            ("All others" if led else "", rest, "bold"),
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
        was = self.say("was {stage}", stage=phrases.stage(seen.stage, self.lang))
        tail = Text(f"  {was}", style="dim")
        return fit(Text(f"    {visible(seen.title)}"), self.width - tail.cell_len).append_text(tail)

    def table(self, *groups: tuple[str, Sequence[Row], str]) -> list[Text]:
        """The groups that have rows, a line a product; then as many lines of facts, and notes by what they say."""
        rows = [row for _, its, _ in groups for row in its]
        if not rows:
            return []
        moves = Grid(
            lines.moves(self.lang, self.report.as_of, wide=self.width >= _WIDE), rows, self.width, least=14
        )
        facts = Grid(lines.facts(self.lang, self.report.as_of), rows, self.width, least=12)
        table = [moves.header()]
        for name, its, style in groups:
            if its and name:
                table.append(Text(self.say(name), style=style))
            table += [moves.line(row) for row in its]
        table += [Text(), facts.header(), *(facts.line(row) for row in rows)]
        notes = [line for text in lines.notes(rows, self.lang) for line in wrapped(text, self.width, indent=4)]
        return [*table, *([Text(), *notes] if notes else [])]
