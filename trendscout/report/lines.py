"""A product in the terminal: a line of columns; below it where it stands, how it moves, what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from trendscout.lang import labelled, tr
from trendscout.model import Row
from trendscout.report import codes, packs, phrases
from trendscout.report.clean import visible, web_address
from trendscout.report.columns import SHOWN, Column, View, brief
from trendscout.report.curve import main_curve, sparkline
from trendscout.report.grid import GridColumn, fit

_STAGE_STYLES = {"emerging": "cyan", "rising": "green", "peaking": "yellow", "fading": "red"}
_NOTE = 60  # cells of a note; the page and `why` have it whole
_ID = 6  # characters of an id at least


def columns(view: View) -> list[GridColumn]:
    """The columns of a product's own line; those of SHOWN that the terminal has come last."""
    lang = view.lang

    def axis(head: str, name: str, keep: int) -> GridColumn:
        return GridColumn(
            tr(head, lang), 4, lambda row, _: Text(phrases.axis(row.axes[name].value)), keep, right=True
        )

    def title(row: Row, _: int) -> Text:
        text = Text(phrases.title(row, lang), style=Style(bold=True, link=web_address(row.facts.url)))
        return Text("⚠ ", style="red").append_text(text) if row.checks.flags else text

    def curve(row: Row, width: int) -> Text:
        sighting = main_curve(row)
        style = _STAGE_STYLES.get(row.scored.stage, "")
        return Text(sparkline(sighting.curve, width) if sighting else "", style=style)

    def stage(row: Row, _: int) -> Text:
        return Text(codes.stage(row.scored.stage, lang), style=_STAGE_STYLES.get(row.scored.stage, "dim"))

    def shown(column: Column) -> GridColumn:
        look = column.shown
        assert look is not None  # noqa: S101 - those of SHOWN are
        right = column.kind in ("share", "number", "integer", "money")
        return GridColumn(
            tr(column.head, lang), look.most, lambda row, n: Text(brief(column, row, view, n)), look.keep, right
        )

    return [
        GridColumn("#", 4, lambda row, _: Text(str(row.position), style="dim"), right=True),
        GridColumn(tr("Product", lang), 0, title),
        GridColumn(tr("Curve", lang), 8, curve, 6),
        GridColumn(tr("Stage", lang), 6, stage, 8),
        GridColumn(tr("Chance", lang), 10, lambda row, _: Text(codes.chance(row), style="bold"), 9, right=True),
        axis("Vel", "velocity", 4),
        axis("新", "newness", 7),
        axis("奇", "oddness", 7),
        axis("特", "specialness", 7),
        *(shown(column) for column in SHOWN if column.shown and column.shown.most),
    ]


def below(row: Row, view: View, short_id: str) -> Text:
    """What stands below a product's line: id, list and movement, then warnings, your words, packs and gaps."""
    lang = view.lang
    where = phrases.list_name(row.scored.list_id, lang)
    movement = codes.movement(row, lang)
    head = labelled(where, movement, lang).removesuffix(movement)
    parts = [(f"{short_id}  ", "dim"), (head, ""), (movement, "bold")]
    said = [(run, "cyan")] if (run := phrases.run(row, lang)) else []
    said += [(f"⚠ {phrases.flag(flag, lang)}", "red") for flag in row.checks.flags]
    if row.own.mark:
        said.append((f"★ {tr(row.own.mark, lang)}", "magenta"))
    if row.own.note:
        note = fit_short(visible(row.own.note))
        said.append((f"“{note}”", "italic"))
    said += [(f"✓ {pack}", "cyan") for pack in packs.met(row, lang)]
    if row.facts.gaps:
        gaps = codes.gaps_of(row, lang)
        more = f" +{len(gaps) - 2}" if len(gaps) > 2 else ""
        said.append((tr("not yet: {place}", lang, place=", ".join(gaps[:2]) + more), "green"))
    for part in said:
        parts += [(" · ", "dim"), part]
    return Text.assemble(*parts)


def fit_short(text: str) -> str:
    """`text` in at most the cells of a note."""
    return fit(Text(text), _NOTE).plain.rstrip()


def short_ids(rows: Sequence[Row]) -> dict[str, str]:
    """The beginning of each product's id that no other of them has."""
    ids = [row.product_id for row in rows]
    length = next(
        (n for n in range(_ID, max(map(len, ids), default=_ID)) if len({one[:n] for one in ids}) == len(ids)), None
    )
    return {one: visible(one[:length]) for one in ids}
