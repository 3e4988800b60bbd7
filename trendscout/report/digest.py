"""What a push says: what changed, item by item, each short enough to be sent whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from rich.cells import cell_len, set_cell_size

from trendscout.findings import Finding
from trendscout.lang import Lang, tr
from trendscout.model import Report, Row
from trendscout.report import absences, amounts, phrases
from trendscout.report.alerts import Alert
from trendscout.report.changes import Changes, leading
from trendscout.report.clean import visible, web_address
from trendscout.report.packs import say as say_line

_TITLE = 64  # cells of a title; longer ones tell no more on a phone
_MOST = 20  # items of one kind; the file has the rest
_MISSING = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One product or remark: a headline and what is said of it."""

    head: str
    lines: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """A message before it is cut for a channel. `key` names it for good: one job and one local date."""

    key: str
    title: str
    items: tuple[Item, ...]


def digest(
    report: Report,
    changes: Changes,
    *,
    key: str,
    lang: Lang,
    zone: tzinfo = UTC,
    whole: bool = False,
    alerts: Sequence[Alert] = (),
    notes: Sequence[Finding] = (),
    link: str = "",
) -> Digest:
    """What the reader should know: notes, alerts, own goods, what changed, what is missing, the link.

    With `whole`, every row of the report instead of the changes. `notes` are findings about the job itself;
    `link` is where the files are, and comes last.
    """
    maker = _Maker(report, lang, zone)
    name = visible(report.title) or tr("What may break out", lang)
    market = f" · {visible(report.market)}" if report.market else ""
    called = {alert.row.product_id for alert in alerts}
    items = (
        *(Item(f"! {visible(note.said(lang))}") for note in (*notes, *report.notes)),
        *maker.alerts(alerts),
        *(maker.rows(report.rows) if whole else maker.changes(changes, called)),
        *maker.missing(),
        *((Item(tr("Files: {place}", lang, place=visible(link)), url=web_address(link)),) if link else ()),
    )
    day = amounts.minute(report.as_of, zone)[:10]
    warning = absences.warning(report, lang)
    return Digest(key, " · ".join(filter(None, (f"{name}{market}", day, warning))), tuple(items))


@dataclass(frozen=True, slots=True)
class _Maker:
    report: Report
    lang: Lang
    zone: tzinfo

    def alerts(self, alerts: Sequence[Alert]) -> Iterator[Item]:
        for alert in alerts[:_MOST]:
            why = ", ".join(say_line(line.code, self.lang) for line in alert.rule.lines)
            said = tr("alert {name}: {why}", self.lang, name=visible(alert.rule.name), why=why)
            yield self.row(alert.row, f"🔔 {said}")

    def changes(self, changes: Changes, said: set[str]) -> Iterator[Item]:
        """What changed, but for products that were `said` already."""
        if not self.report.rows:
            yield Item(absences.nothing(self.report, self.lang))
            return
        mine, watched = leading(self.report.rows)
        worded = [row for row in (*changes.new, *changes.risen, *changes.faded) if row.checks.words]
        groups = (
            ("Your words", worded),
            ("Yours, fading", mine),
            ("Watched, moving", watched),
            ("New", changes.new),
            ("Risen", changes.risen),
            ("Fading or warned of", changes.faded),
        )
        for name, rows in groups:
            yield from self.group(name, [row for row in rows if row.product_id not in said])
            said = said | {row.product_id for row in rows}
        if changes.gone:
            titles = ", ".join(short(seen.title, 30) for seen in changes.gone[:5])
            more = tr("and {n} more", self.lang, n=len(changes.gone) - 5) if len(changes.gone) > 5 else ""
            yield Item(f"{tr('Gone from the report', self.lang)}: {titles} {more}".rstrip())
        if not changes:
            yield Item(tr("Nothing changed since the last report.", self.lang))

    def rows(self, rows: Sequence[Row]) -> Iterator[Item]:
        if not rows:
            yield Item(absences.nothing(self.report, self.lang))
        for row in rows:
            yield self.row(row)

    def group(self, name: str, rows: Sequence[Row]) -> Iterator[Item]:
        for row in rows[:_MOST]:
            yield self.row(row, tr(name, self.lang))
        if len(rows) > _MOST:
            yield Item(f"{tr(name, self.lang)}: {tr('and {n} more', self.lang, n=len(rows) - _MOST)}")

    def row(self, row: Row, kind: str = "") -> Item:
        """A product in three short lines."""
        lang = self.lang
        figures = (kind, phrases.stage(row.scored.stage, lang), phrases.chance(row), phrases.movement(row, lang))
        axes = (
            ("Vel", row.scored.velocity),
            ("新", row.facts.newness),
            ("奇", row.facts.oddness),
            ("特", row.facts.specialness),
        )
        marks = " ".join(f"{tr(name, lang)} {phrases.axis(axis.value)}" for name, axis in axes)
        facts = (
            marks,
            phrases.price_band(row, lang),
            *phrases.seen_at(row.facts.sightings, lang, now=self.report.as_of, zone=self.zone)[:2],
            *(tr("not yet: {place}", lang, place=gap) for gap in phrases.not_yet(row.facts.gaps[:1], lang)),
        )
        flags = " ".join(f"⚠ {phrases.flag(flag, lang)}" for flag in row.checks.flags[:4])
        words = phrases.words(row, lang, now=self.report.as_of, zone=self.zone)
        lines = (
            f"👁 {words}" if words else "",
            " · ".join(filter(None, dict.fromkeys(figures))),
            " · ".join(part for part in facts if part),
            flags,
        )
        head = f"{row.position}. {short(phrases.title(row, lang), _TITLE)}"
        return Item(head, tuple(line for line in lines if line), web_address(row.facts.url))

    def missing(self) -> Iterator[Item]:
        bad = sorted((one for one in self.report.coverage if one.status != "ok"), key=absences.by_urgency)
        if bad:
            said = [
                f"{phrases.list_name(coverage.list_id, self.lang)}: {phrases.status(coverage.status, self.lang)}"
                for coverage in bad[:_MISSING]
            ]
            if len(bad) > _MISSING:
                said.append(tr("and {n} more", self.lang, n=len(bad) - _MISSING))
            yield Item(absences.missing_head(self.report, self.lang), tuple(said))


def short(text: str, cells: int) -> str:
    """`text` in at most `cells` cells of a fixed-width screen, cut with an ellipsis."""
    text = visible(text)
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"
