"""The report's changes as an Atom feed (RFC 4287): an entry a product and change, in both languages."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from trendscout.lang import Lang, tr
from trendscout.model import Report, Row
from trendscout.report import absences, phrases
from trendscout.report.changes import Changes
from trendscout.report.clean import visible, web_address

_ATOM = "http://www.w3.org/2005/Atom"
_LANGS: tuple[Lang, Lang] = ("en", "zh")
_HEADS = {"new": "new in the report", "risen": "risen", "faded": "fading or warned of", "gone": "left the report"}


class _Entry(NamedTuple):
    change: str
    key: str  # of the product, or its title where it has left the report
    title: str
    summaries: tuple[str, str]
    url: str | None = None


def as_atom(report: Report, changes: Changes | None, lang: Lang) -> bytes:
    """The feed: what changed, or every row of the report where nothing is known of what its reader saw.

    Ids are made of market, product, change and the report's day, so that a report made again is no news.
    """
    moment = report.as_of.astimezone(UTC)
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": lang})
    _add(feed, "id", _urn("feed", report.market or "all"))
    name = visible(report.title) or tr("What may break out", lang)
    _add(feed, "title", " · ".join(filter(None, (name, absences.warning(report, lang)))))
    _add(feed, "updated", _time(moment))
    _add(_add(feed, "author"), "name", "trendscout")
    for entry in _entries(Changes(new=report.rows) if changes is None else changes):
        node = _add(feed, "entry")
        _add(node, "id", _urn(report.market or "all", entry.key, entry.change, moment.date().isoformat()))
        _add(node, "title", entry.title)
        _add(node, "updated", _time(moment))
        _add(node, "category", term=entry.change, label=_head(entry.change, lang))
        if address := web_address(entry.url):
            _add(node, "link", rel="alternate", href=address)
        _add(node, "summary", "\n".join(dict.fromkeys(entry.summaries)), type="text")
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entries(changes: Changes) -> Iterator[_Entry]:
    for change in ("new", "risen", "faded"):
        for row in getattr(changes, change):
            english, chinese = (_summary(row, change, lang) for lang in _LANGS)
            yield _Entry(change, row.product_id, phrases.title(row, "zh"), (english, chinese), row.facts.url)
    for seen in changes.gone:
        english, chinese = (_head("gone", lang) for lang in _LANGS)
        yield _Entry("gone", f"{seen.list_id}/{seen.title}", visible(seen.title), (english, chinese))


def _summary(row: Row, change: str, lang: Lang) -> str:
    parts = (
        _head(change, lang),
        phrases.list_name(row.scored.list_id, lang),
        phrases.movement(row, lang),
        phrases.chance(row),
        phrases.stage(row.scored.stage, lang),
    )
    return visible(" · ".join(part for part in parts if part))


def _head(change: str, lang: Lang) -> str:
    return tr(_HEADS[change], lang)


def _urn(*parts: str) -> str:
    named = "\0".join(parts).encode("utf-8", "replace")
    return f"urn:sha256:{hashlib.sha256(named).hexdigest()}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    node = ET.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    node.text = text
    return node
