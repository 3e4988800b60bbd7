"""A product laid open in the terminal: history, parts of the score, evidence, and which listings it is made of."""

from __future__ import annotations

from datetime import UTC, tzinfo

from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from trendscout.lang import Lang, labelled, tr
from trendscout.model import Member, Reason, Sighting, Why
from trendscout.report import amounts, packs, phrases
from trendscout.report.clean import visible, web_address
from trendscout.report.columns import SHOWN, View, words
from trendscout.report.curve import since_seen
from trendscout.report.grid import fit, wrapped
from trendscout.report.plot import plot
from trendscout.report.signal_names import effect, named

_LABEL = 8  # cells left of a plot, for ranks
_EARLIER = 14  # mornings of earlier chances
_BAR = 20  # cells of the largest contribution


def render(why: Why, *, lang: Lang, width: int, zone: tzinfo = UTC) -> RenderableType:
    """Everything that is known about a product, for a terminal of `width` cells."""
    view = _View(why, lang, max(width, 40), zone)
    parts = (
        view.head(),
        view.plots(),
        view.axes(),
        view.score(),
        view.earlier(),
        view.standing(),
        view.members(),
        view.evidence(),
    )
    lines = [line for part in parts if part for line in (*part, Text())]
    return Group(*lines[:-1])


class _View:
    """What is shown, part by part."""

    def __init__(self, found: Why, lang: Lang, width: int, zone: tzinfo) -> None:
        self.found, self.row = found, found.row
        self.lang, self.width, self.zone = lang, width, zone

    def say(self, text: str, **fields: object) -> str:
        return tr(text, self.lang, **fields)

    def lines(self, text: str, style: str = "", *, indent: int = 2) -> list[Text]:
        return wrapped(Text(text, style=style), self.width, indent=indent)

    def head(self) -> list[Text]:
        row, lang, now = self.row, self.lang, self.found.as_of
        title = Text(phrases.title(row, lang), style=Style(bold=True, link=web_address(row.facts.url)))
        where = labelled(phrases.list_name(row.scored.list_id, lang), phrases.movement(row, lang), lang)
        facts = (visible(row.product_id), visible(row.facts.item_key), phrases.stage(row.scored.stage, lang))
        lines = [*wrapped(title, self.width), *self.lines(where, "bold"), *self.lines(" · ".join(facts), "dim")]
        view = View(lang, self.zone, now)
        for column in SHOWN:
            if text := words(column, row, view):
                lines += self.lines(labelled(self.say(column.head), text, lang))
        for flag in row.checks.flags:
            lines += self.lines(f"⚠ {phrases.flag(flag, lang)} · {visible(tr(flag.rule, lang))}", "red")
        return lines

    def plots(self) -> list[Text]:
        lines: list[Text] = []
        for one in self.row.facts.sightings:
            lines += self.plot(one)
        if lines:
            legend = self.say("curve: higher is nearer the top; · looked and not on the list; ░ nobody looked")
            lines += self.lines(legend, "dim")
        return lines

    def plot(self, sighting: Sighting) -> list[Text]:
        now, lang = self.found.as_of, self.lang
        since = self.say("since {day}", day=amounts.day(sighting.since, lang, now=now, zone=self.zone))
        best = self.say("best rank {rank}", rank=sighting.best_rank) if sighting.best_rank else ""
        head = " · ".join(part for part in (phrases.list_name(sighting.list_id, lang), since, best) if part)
        drawn = plot(sighting.curve, width=self.width - _LABEL)
        ranks = [point.rank for point in sighting.curve if point.rank is not None]
        labels = {0: str(min(ranks)), len(drawn) - 1: str(max(ranks))} if ranks else {}
        lines = [Text(f"{labels.get(at, ''):>6} │{line}", style="cyan") for at, line in enumerate(drawn)]
        steps = (
            phrases.price_steps(sighting, lang, now=now, zone=self.zone),
            phrases.count_steps(sighting, lang),
        )
        trade = [line for text in steps if text for line in self.lines(" " * _LABEL + text)]
        return [*self.lines(head, "bold"), *lines, *self.dates(sighting), *trade]

    def dates(self, one: Sighting) -> list[Text]:
        points = since_seen(one.curve)
        if not points:
            return []
        ends = (points[0].at, points[-1].at)
        left, right = (amounts.day(at, self.lang, now=self.found.as_of, zone=self.zone) for at in ends)
        line = fit(Text(left), self.width - _LABEL - Text(right).cell_len).append(right)
        return [Text(" " * _LABEL).append_text(line)]

    def axes(self) -> list[Text]:
        lines = []
        for label, name in phrases.AXES:
            axis = self.row.axes[name]
            why = visible(self.say(axis.why, **axis.fields)) if axis.why else ""
            lines += self.lines(f"{self.say(label)} {phrases.axis(axis.value)}  {why}".rstrip())
        return lines

    def score(self) -> list[Text]:
        row, why = self.row, self.found
        if row.scored.probability is None:
            return self.lines(self.say("No chance is given: there is not enough data yet."), "bold")
        time = amounts.span(row.scored.horizon_h / 24, self.lang) if row.scored.horizon_h else "–"
        label = self.say(phrases.LABELS.get(row.scored.label, row.scored.label)) if row.scored.label else "–"
        head = self.say(
            "Chance {chance}: {label} within {time}", chance=phrases.chance(row), label=label, time=time
        )
        if why.base_rate is not None:
            head += " · " + self.say("usual on this list: {share}", share=amounts.share(why.base_rate))
        lines = self.lines(head, "bold")
        if why.fitted_at is not None:
            fitted = amounts.day(why.fitted_at, self.lang, now=why.as_of, zone=self.zone)
            lines += self.lines(self.say("by a model fitted to this list's own past on {day}", day=fitted), "dim")
        else:
            lines += self.lines(self.say("by the starting rule: this list has no past of its own yet"), "dim")
        ordered = sorted(row.scored.reasons, key=lambda one: -abs(one.contribution))
        most = max((abs(one.contribution) for one in ordered), default=0.0) or 1.0
        return lines + [self.reason(one, most) for one in ordered]

    def earlier(self) -> list[Text]:
        """What earlier reports said of it, and what came: the latest first."""
        lines: list[Text] = []
        for chance in self.found.earlier[:_EARLIER]:
            day = amounts.day(chance.at, self.lang, now=self.found.as_of, zone=self.zone)
            rank = self.say("at {rank}", rank=chance.rank)
            came = phrases.outcome(chance.outcome, self.lang)
            lines += self.lines(
                f"  {day} · {rank} · {amounts.share(chance.probability)} · {came}", "dim", indent=4
            )
        if len(self.found.earlier) > _EARLIER:
            lines += self.lines("  " + self.say("and {n} more", n=len(self.found.earlier) - _EARLIER), "dim")
        return [Text(self.say("Earlier chances"), style="bold"), *lines] if lines else []

    def reason(self, one: Reason, most: float) -> Text:
        bar = "█" * max(1, round(abs(one.contribution) / most * _BAR))
        name = fit(Text(named(one.signal, self.lang)), min(48, self.width - _BAR - 12))
        style = "green" if one.contribution >= 0 else "red"
        said = f" {effect(one.contribution, most, self.lang)}"
        return Text("  ").append_text(name).append(" ").append(bar, style).append(said)

    def standing(self) -> list[Text]:
        lines: list[Text] = []
        for check in sorted(self.row.checks.pack_checks, key=packs.nearest):
            parts = [f"{packs.sign(check)} {packs.title(check.pack, self.lang)}"]
            for text, codes in (("fails: {lines}", check.failed), ("unknown: {lines}", check.unknown)):
                if codes:
                    said = ", ".join(packs.say(code, self.lang) for code in codes)
                    parts.append(self.say(text, lines=said))
            lines += self.lines(" · ".join(parts), "green" if check.met else "dim")
        return [Text(self.say("Selection packs"), style="bold"), *lines] if lines else []

    def members(self) -> list[Text]:
        lines: list[Text] = []
        groups = (
            ("Listings joined into this product", self.found.members),
            ("Variants, not merged", self.found.variants),
        )
        for head, members in groups:
            if members:
                lines.append(Text(self.say(head), style="bold"))
                lines += [line for member in members for line in self.member(member)]
        return lines

    def member(self, member: Member) -> list[Text]:
        sure = f" {amounts.share(member.probability)}" if member.probability is not None else ""
        facts = (
            phrases.place(member.platform, member.market),
            visible(member.item_key),
            visible(member.seller or ""),
            amounts.money(member.price, member.currency),
            f"{self.say(member.verdict)}{sure}" if member.verdict not in ("", "alone") else "",
            visible(self.say(member.reason)) if member.reason else "",
        )
        title = Text(
            f"  {visible(member.title) or visible(member.item_key)}", style=Style(link=web_address(member.url))
        )
        return [
            fit(title, self.width),
            *self.lines("    " + " · ".join(fact for fact in facts if fact), "dim", indent=4),
        ]

    def evidence(self) -> list[Text]:
        if not self.found.pages:
            return []
        head = Text(self.say("Pages in the archive that show it"), style="bold")
        return [head, *(line for page in self.found.pages for line in self.lines(f"  {visible(page)}", "dim"))]
