"""The report as one HTML file that works from disk: both languages, curves, filters, what was looked at."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache, partial
from importlib import resources
from itertools import chain, cycle
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from trendscout.findings import Finding
from trendscout.lang import Lang, tr
from trendscout.model import Coverage, Report, Row
from trendscout.report import absences, amounts, chart, job_lines, packs, phrases
from trendscout.report.bilingual import both, dots, say
from trendscout.report.card import FILTERS, Card, places, slug
from trendscout.report.changes import Changes, leading
from trendscout.report.clean import visible, web_address

if TYPE_CHECKING:
    from jinja2 import Environment

_PLAIN = 30  # rows that hold all their texts themselves; a report has 20 unless it is asked for more
_GROUPS = 4  # of lists whose calibration is shown, those with most chances
_SIGNS = {"ok": "●", "partial": "◐", "blocked": "✕", "failed": "✕", "none": "·"}
_SORTS = (
    ("position", "the report's order"),
    ("chance", "Chance"),
    ("velocity", "Velocity"),
    ("newness", "新 new"),
    ("oddness", "奇 odd"),
    ("specialness", "特 special"),
    ("since", "First seen"),
    ("price", "Price in USD"),
)
_CHANGES = {"new": "New", "risen": "Risen", "faded": "Fading or warned of"}


def render(
    report: Report, *, lang: Lang, zone: tzinfo = UTC, images: bool = True, changes: Changes | None = None
) -> str:
    """The page. It opens in `lang` and can be switched; nothing outside is asked but pictures, if `images`.

    Whatever a title holds is text: Jinja escapes it, and the page's own policy allows only that script and that
    style whose hashes it names.
    """
    style, script = _part("page.css"), _part("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src https:" if images else "img-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            _Page(report, lang, zone, images, changes).context(),
            policy=policy,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
        )
    )


@dataclass(frozen=True, slots=True)
class _Page:
    report: Report
    lang: Lang
    zone: tzinfo
    images: bool
    changed: Changes | None

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        report = self.report
        change = self.change_of()
        return {
            "report": report,
            "lang": self.lang,
            "zone": str(self.zone),
            "date": amounts.minute(report.as_of, self.zone),
            "heading": visible(report.title) or self.tr("What may break out"),
            "heading_key": "" if report.title else "What may break out",
            "order": both(partial(phrases.order_rule, report.sort)),
            "events": both(partial(phrases.events, report.rows)) if phrases.events(report.rows, "en") else None,
            "pictures": self.images and any(web_address(row.facts.image) for row in report.rows),
            "cards": [
                Card(row, place, report.as_of, self.zone, self.images, change.get(row.product_id, ""), part)
                for place, (row, part) in enumerate(_parted(_led(report.rows)))
            ],
            "changes": _CHANGES,
            "filters": list(self.filters()),
            "sorts": [(name, tr(label, "en"), tr(label, "zh")) for name, label in _SORTS],
            "gone": self.changed.gone if self.changed else (),
            "nothing": both(partial(absences.nothing, report)),
            "coverage": [self.coverage(one) for one in sorted(report.coverage, key=absences.by_urgency)],
            "sources": self.by_source(),
            "coverage_head": both(partial(absences.missing_head, report)),
            "jobs": [
                both(partial(job_lines.sentence, job, now=report.as_of, zone=self.zone)) for job in report.jobs
            ],
            "days": [day for day, _ in max((one.days for one in report.coverage), key=len, default=())],
            "signs": _SIGNS,
            "warning": both(partial(absences.warning, report)),
            "notes": [both(partial(_note, note)) for note in report.notes],
            "calibrations": self.calibrations(),
            "left": [(visible(one.title), both(partial(phrases.left_why, one))) for one in report.left],
            "record": both(partial(phrases.record, report.record)) if report.record else "",
            "t": say,
            "tr": self.tr,
            "clean": visible,
            "texts": _Texts({}),
            "flat": chain.from_iterable,
            "plain": _PLAIN,
            "stage_words": lambda stage: both(partial(phrases.stage, stage)),  # of what is gone
        }

    def tr(self, text: str) -> str:
        """One of our sentences in the language that the page opens in."""
        return tr(text, self.lang)

    def change_of(self) -> dict[str, str]:
        """What happened to each product since the last report, by product id."""
        if self.changed is None or self.changed.first:
            return {}
        groups = {"new": self.changed.new, "risen": self.changed.risen, "faded": self.changed.faded}
        return {row.product_id: name for name, rows in groups.items() for row in rows}

    def filters(self) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
        """(attribute, label, options as (value, English, Chinese)), those that have something to choose from."""
        rows = self.report.rows
        for name, label, named in FILTERS:
            options = {token: said for row in rows for token, said in named(row).items()}
            if len(options) > 1:
                yield (
                    name,
                    label,
                    [(token, *said) for token, said in sorted(options.items(), key=lambda one: one[1])],
                )
        stages = sorted({row.scored.stage for row in rows})
        yield "stage", "Stage", [(one, phrases.stage(one, "en"), phrases.stage(one, "zh")) for one in stages]
        where = sorted((slug(*place), phrases.place(*place)) for row in rows for place in places(row))
        yield "place", "Seen on", [(value, name, name) for value, name in dict(where).items()]
        met = sorted({pack for row in rows for pack in row.checks.packs})
        if met:
            yield "packs", "Pack", [(slug(one), packs.title(one, "en"), packs.title(one, "zh")) for one in met]
        marks = sorted({row.own.mark for row in rows if row.own.mark})
        if marks:
            yield "mark", "Mark", [(one, tr(one, "en"), tr(one, "zh")) for one in marks]
        if self.change_of():
            yield "change", "Change", [(one, tr(text, "en"), tr(text, "zh")) for one, text in _CHANGES.items()]

    def coverage(self, one: Coverage) -> dict[str, Any]:
        """A list's line in the strip."""
        return {
            "name": both(partial(phrases.list_name, one.list_id)),
            "status": one.status,
            "status_text": both(partial(phrases.status, one.status)),
            "days": [(status, f"{day} {phrases.status(status, self.lang)}") for day, status in one.days],
            "why": both(lambda lang: absences.why_missing(one, lang, now=self.report.as_of, zone=self.zone)),
        }

    def by_source(self) -> list[dict[str, Any]]:
        """A line for each source and market: how many of its lists were read whole, today and day by day."""
        groups: dict[str, list[Coverage]] = {}
        for one in self.report.coverage:
            groups.setdefault(phrases.place(one.source, one.market), []).append(one)
        return [self.source(name, lists) for name, lists in sorted(groups.items())]

    def source(self, name: str, lists: Sequence[Coverage]) -> dict[str, Any]:
        """One source's line in the strip."""
        looks: dict[str, list[str]] = {}
        for day, status in (look for one in lists for look in one.days):
            looks.setdefault(day, []).append(status)
        whole = sum(one.status == "ok" for one in lists)
        days = [(day, _together(all_), f"{all_.count('ok')}/{len(all_)}") for day, all_ in sorted(looks.items())]
        return {
            "name": name,
            "status": _together([one.status for one in lists]),
            "status_text": say("{n} of {all} lists", n=whole, all=len(lists)),
            "days": [(status, f"{day} {share}") for day, status, share in days],
        }

    def calibrations(self) -> list[dict[str, Any]]:
        """For each group of lists in the last backtest, what was promised against what came."""
        groups = [one for one in self.report.backtest.get("groups", ()) if one["curve"]]
        largest = sorted(groups, key=lambda one: -one["trials"])[:_GROUPS]
        return [self.calibration(one) for one in largest]

    def calibration(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """One group's plot and its figures."""
        rules, error, base = group["rules"], group["ece"], group["base"]
        event = phrases.LABELS.get(rules["label"], rules["label"])
        about = (
            say(event),
            say("within {time}", time=both(partial(amounts.span, rules["horizon_h"] / 24))),
            say("{n} chances", n=f"{group['trials']:,}"),
            say("base rate {share}", share=f"{base:.1%}") if base is not None else None,
            say("average error {share}", share=f"{error:.1%}") if error is not None else None,
        )
        plot = Markup(chart.calibration(group["curve"]))  # noqa: S704 - numbers only
        return {"name": both(partial(phrases.list_name, group["group"])), "plot": plot, "about": dots(about)}


@dataclass(frozen=True, slots=True)
class _Texts:
    """What opened rows say. Rows after the first ones refer to it by number, and each text is written once."""

    numbers: dict[str, int]  # of elements, in the order that the page has them in

    def put(self, begin: str, tags: str, texts: Iterable[Markup | str]) -> Markup:
        """An element that begins so and holds the texts, each in an element of the tags in turn."""
        return Markup(f"<{begin}>{''.join(_elements(tags, texts))}</{begin.partition(' ')[0]}>")  # noqa: S704

    def refer(self, begin: str, tags: str, texts: Iterable[Markup | str]) -> Markup:
        """The same, which the page's script fills when its row is opened."""
        numbers = self.numbers
        named = " ".join([str(numbers.setdefault(one, len(numbers))) for one in _elements(tags, texts)])
        return Markup(f'<{begin} data-t="{named}"></{begin.partition(" ")[0]}>')  # noqa: S704 - numbers


def _elements(tags: str, texts: Iterable[Markup | str]) -> Iterator[str]:
    for tag, text in zip(cycle(tags.split()), texts, strict=False):
        yield f"<{tag}>{text if isinstance(text, Markup) else escape(text)}</{tag}>"


def _together(statuses: Sequence[str]) -> str:
    """How a group of looks went: ok if all did, partial if some gave something, else the worst that is known."""
    known = set(statuses) - {"none", "never"}
    if not known:
        return "none"
    if set(statuses) == {"ok"}:
        return "ok"
    return "partial" if known & {"ok", "partial", "late"} else "blocked" if "blocked" in known else "failed"


def _led(rows: Sequence[Row]) -> list[Row]:
    """The rows in the report's order, after those that the reader must see first."""
    mine, watched = leading(rows)
    first = {row.product_id for row in (*mine, *watched)}
    return [*mine, *watched, *(row for row in rows if row.product_id not in first)]


def _parted(rows: Sequence[Row]) -> Iterator[tuple[Row, Markup | str]]:
    """Each row, and the heading of what begins with it: where the kind of thing is another than before."""
    before = rows[0].facts.item_kind if rows else "goods"
    for row in rows:
        kind = row.facts.item_kind
        yield row, both(partial(phrases.item_kind, kind)) if kind != before else ""
        before = kind


def _part(name: str) -> str:
    return (resources.files("trendscout.report") / "web" / name).read_text(encoding="utf-8").strip()


def _hash(part: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()


def _note(note: Finding, lang: Lang) -> str:
    return visible(note.said(lang))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("trendscout.report", "web")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
