"""A product's two lines in the terminal, how it moves and what to know before buying; and notes on several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from trendscout.lang import Lang, tr
from trendscout.model import Row
from trendscout.report import amounts, codes, packs, phrases
from trendscout.report.clean import visible, web_address
from trendscout.report.curve import main_curve, sparkline
from trendscout.report.grid import GridColumn

_STAGE_STYLES = {"emerging": "cyan", "rising": "green", "peaking": "yellow", "fading": "red"}


def moves(lang: Lang, now: datetime, *, wide: bool) -> list[GridColumn]:
    """The columns of a product's own line; a wide screen has more of them."""

    def axis(head: str, name: str) -> GridColumn:
        return GridColumn(
            tr(head, lang), 4, lambda row, _: Text(phrases.axis(row.axes[name].value)), 3, right=True
        )

    def title(row: Row, _: int) -> Text:
        text = Text(phrases.title(row, lang), style=Style(link=web_address(row.facts.url)))
        return Text("⚠ ", style="red").append_text(text) if row.checks.flags else text

    def curve(row: Row, width: int) -> Text:
        sighting = main_curve(row)
        return Text(
            sparkline(sighting.curve, width) if sighting else "", style=_STAGE_STYLES.get(row.scored.stage, "")
        )

    def stage(row: Row, _: int) -> Text:
        return Text(codes.stage(row.scored.stage, lang), style=_STAGE_STYLES.get(row.scored.stage, "dim"))

    def seen(row: Row, width: int) -> Text:
        return Text(codes.several(codes.places_of(row, lang, now if wide else None), width))

    def not_yet(row: Row, width: int) -> Text:
        return Text(codes.several(codes.gaps_of(row, lang, usual=False), width), style="green")

    columns = [
        _position(),
        GridColumn(tr("Product", lang), 0, title),
        GridColumn(tr("Curve", lang), 8 if wide else 6, curve, 4),
        GridColumn(tr("Stage", lang), 6, stage, 7),
        GridColumn(tr("Chance", lang), 10, lambda row, _: Text(codes.chance(row), style="bold"), 8, right=True),
        GridColumn(tr("Rank", lang), 12, lambda row, _: Text(codes.movement(row, lang)), 6),
        axis("新", "newness"),
        axis("奇", "oddness"),
        axis("特", "specialness"),
        GridColumn(tr("Seen for" if wide else "Seen", lang), 13 if wide else 8, seen, 5),
    ]
    if wide:
        columns.insert(6, axis("Vel", "velocity"))
        columns += [
            GridColumn(tr("Not yet on", lang), 12, not_yet, 2),
            GridColumn(
                tr("Price", lang),
                9,
                lambda row, _: Text(amounts.money(row.facts.price, row.facts.currency)),
                1,
                right=True,
            ),
        ]
    return columns


def facts(lang: Lang, now: datetime) -> list[GridColumn]:
    """The columns of the line of facts: what it costs, who sells it, where it is and where not yet."""

    def number(head: str, most: int, name: str, keep: int) -> GridColumn:
        return GridColumn(
            tr(head, lang), most, lambda row, _: Text(_count(getattr(row.facts, name), lang)), keep, right=True
        )

    def counted(row: Row, _: int) -> Text:
        facts = row.facts
        return Text(phrases.counted(facts.count, facts.count_kind, facts.count_floor, lang))

    def seen(row: Row, width: int) -> Text:
        return Text(codes.several(codes.places_of(row, lang, now), width))

    def not_yet(row: Row, width: int) -> Text:
        full = codes.several(codes.gaps_of(row, lang, usual=True), width)
        fits = cell_len(full) <= width
        return Text(full if fits else codes.several(codes.gaps_of(row, lang, usual=False), width), style="green")

    return [
        _position(),
        GridColumn(tr("Price", lang), 21, lambda row, _: Text(phrases.price_band(row)), 8),
        GridColumn(tr("Margin", lang), 6, lambda row, _: Text(amounts.share(row.own.margin)), 5, right=True),
        GridColumn(tr("Count", lang), 14, counted, 4),
        number("Sellers", 7, "sellers", 7),
        number("Listings", 8, "listings", 1),
        number("Copies", 6, "near_copies", 6),
        number("Variants", 8, "variants", 0),
        GridColumn(tr("Seen for", lang), 0, seen),
        GridColumn(tr("Not yet on", lang), 0, not_yet),
    ]


def notes(rows: Sequence[Row], lang: Lang) -> Iterator[Text]:
    """What to beware of and what else there is, each once with the numbers of the products that it is true of."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        said = [(f"⚠ {phrases.flag(flag, lang)}", "red") for flag in row.checks.flags]
        said += [(tr("pack {name}", lang, name=pack), "cyan") for pack in packs.met(row, lang)]
        if row.own.mark:
            said.append((tr(row.own.mark, lang), "magenta"))
        for text, style in said:
            groups.setdefault((text, style), []).append(str(row.position))
        if row.own.note:
            groups[(tr("your note: {text}", lang, text=visible(row.own.note)), "italic")] = [str(row.position)]
    order = ("red", "magenta", "italic", "cyan")
    for (text, style), numbers in sorted(groups.items(), key=lambda one: (order.index(one[0][1]), one[0][0])):
        yield Text(text, style=style).append(f" → {', '.join(numbers)}", style="default")


def _position() -> GridColumn:
    return GridColumn("#", 4, lambda row, _: Text(str(row.position), style="dim"), right=True)


def _count(value: int | None, lang: Lang) -> str:
    return amounts.number(value, lang) if value else ""
