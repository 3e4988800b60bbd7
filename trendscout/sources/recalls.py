"""Recalls of goods: US CPSC, EU Safety Gate, UK OPSS. A product that looks recalled is flagged with the link.

They are no ranking: entries have no rank, and `listed_at` is the day of the notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from trendscout.errors import LayoutChanged
from trendscout.model import Entry, ListNote, Page, Query, Request
from trendscout.sources._fields import extra, joined, members, moment, text, web_url, whole
from trendscout.sources.source import Reader, Source, list_id
from trendscout.text.jsontext import dicts_with, dig, parse_json
from trendscout.text.markup import parse_feed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_GATE = "https://ec.europa.eu/safety-gate-alerts"
_GOV_UK = "https://www.gov.uk"
_GATE_PAGES = 4  # 10 notices each: about a week
_SINCE = "2025-07-01"  # 300 recalls and 1 MB each half year; all since 1973 are 27 MB
_MAX_ROWS = 20_000
_MAX_DEPTH = 10  # the interface nests five deep
_KIND_OF_ALERT = re.compile(r"^Product (?:Recall|Safety Report|Safety Alert):\s*", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def _rows(value: object) -> list[Any]:
    return members(value)[:_MAX_ROWS]


def _is_json(page: Page) -> bool:
    return page.body.lstrip()[:1] in (b"[", b"{")


# --- United States -------------------------------------------------------------------------------------


def _cpsc_requests(query: Query) -> Sequence[Request]:
    """Recalls since a day (params `since`), of one product name if there is a category."""
    since = dict(query.params).get("since", _SINCE)
    named = f"&ProductName={quote_plus(query.category)}" if query.category else ""
    address = "https://www.saferproducts.gov/RestWebServices/Recall"
    return (Request(f"{address}?format=json&RecallDateStart={quote_plus(since)}{named}"),)


def _read_cpsc(page: Page) -> Iterator[Entry]:
    """Recalls of today's interface, which answers in XML where JSON is not asked for."""
    name = list_id(page.query)
    value = parse_json(page) if _is_json(page) else _plain(parse_feed(page))
    for recall in _rows(value):
        key = text(dig(recall, "RecallID"))
        if key:
            yield Entry(
                name,
                None,
                key,
                title=text(dig(recall, "Title")),
                url=web_url(dig(recall, "URL")),
                image=web_url(dig(recall, "Images", 0, "URL")),
                listed_at=moment(dig(recall, "RecallDate")),
                extra=extra(
                    recall_number=text(dig(recall, "RecallNumber")),
                    products=_each(recall, "Products", "Name"),
                    units=_each(recall, "Products", "NumberOfUnits"),
                    hazard=_each(recall, "Hazards", "Name"),
                    remedy=_each(recall, "RemedyOptions", "Option") or _each(recall, "Remedies", "Name"),
                    retailers=_each(recall, "Retailers", "Name"),
                    makers=_each(recall, "Manufacturers", "Name"),
                    origin=_each(recall, "ManufacturerCountries", "Country"),
                    upcs=_each(recall, "ProductUPCs", "UPC"),
                ),
            )


def _plain(element: Element, depth: int = 0) -> Any:
    """An XML element as the same value in JSON: `Products` and `ArrayOfRecall` become arrays."""
    if depth > _MAX_DEPTH or not len(element):
        return element.text
    inner = [(child.tag.rpartition("}")[2], _plain(child, depth + 1)) for child in element]
    name = element.tag.rpartition("}")[2]
    return [value for _, value in inner] if name.startswith("ArrayOf") or name.endswith("s") else dict(inner)


def _each(recall: Any, part: str, field: str) -> str:
    """One field of every dict of a part; older replies have plain texts in place of the dicts."""
    return joined(dig(row, field) if isinstance(row, dict) else row for row in _rows(dig(recall, part)))


def _read_old_recalls(page: Page) -> Iterator[Entry | ListNote]:
    """Recalls of the older government-wide interface (`results` of `recall_number`, `recall_url`, ...)."""
    value = parse_json(page)
    name = list_id(page.query)
    for recall in dicts_with(value, "recall_number")[:_MAX_ROWS]:
        key = text(recall["recall_number"])
        if key and recall.get("organization", "CPSC") == "CPSC":  # it also told of cars and food
            products = joined(_texts(recall.get("descriptions"))) or joined(_texts(recall.get("product_types")))
            yield Entry(
                name,
                None,
                key,
                title=text(recall.get("summary")) or text(recall.get("title")) or products or None,
                url=web_url(recall.get("recall_url")),
                listed_at=moment(recall.get("recall_date")),
                extra=extra(
                    recall_number=key,
                    products=products,
                    hazard=joined(_texts(recall.get("hazards"))),
                    makers=joined(_texts(recall.get("manufacturers"))),
                    origin=joined(_texts(recall.get("countries"))),
                    upcs=joined(_texts(recall.get("upcs"))),
                ),
            )
    yield ListNote(name, length=whole(dig(value, "success", "total")))


def _texts(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- European Union ------------------------------------------------------------------------------------


def _gate_requests(_query: Query) -> Sequence[Request]:
    """The newest notices, four pages."""
    address = f"{_GATE}/public/api/notification/carousel/"
    headers = (("Content-Type", "application/json"),)
    return tuple(
        Request(address, "POST", headers, json.dumps({"language": "en", "page": number}).encode(), page=number + 1)
        for number in range(_GATE_PAGES)
    )


def _read_gate(page: Page) -> Iterator[Entry | ListNote]:
    """Notices of a list, or the details of one."""
    value = parse_json(page)
    rows = value if isinstance(value, list) else dig(value, "content")
    name = list_id(page.query)
    for notice in _rows(rows if isinstance(rows, list) else [value]):
        key = text(dig(notice, "id"))
        reference = text(dig(notice, "reference"))
        if key and reference:
            yield _notice(notice, key, reference, name)
    yield ListNote(name, length=whole(dig(value, "totalElements")))


def _notice(notice: Any, key: str, reference: str, name: str) -> Entry:
    product = dig(notice, "product")
    versions = dig(product, "versions", 0)
    what = text(dig(product, "nameSpecific")) or text(dig(versions, "name")) or text(dig(notice, "productName"))
    brands = joined(_texts(dig(product, "brands", 0, "brand") or dig(product, "brand")))
    return Entry(
        name,
        None,
        key,
        title=what or text(dig(product, "productCategory", "name")),
        url=f"{_GATE}/screen/webReport/alertDetail/{key}",
        image=_photo(notice, product),
        listed_at=moment(_DAY_FIRST.sub(r"\3-\2-\1", text(dig(notice, "publicationDate")) or "")),
        extra=extra(
            recall_number=reference,
            products=what,
            brands=brands,
            category=text(dig(product, "productCategory", "name")),
            hazard=text(dig(notice, "risk", "versions", 0, "riskDescription")) or _risk_types(notice),
            origin=text(dig(notice, "country", "name")) or text(dig(notice, "country")),
        ),
    )


def _photo(notice: Any, product: Any) -> str | None:
    photo = text(dig(product, "photos", 0, "id")) or text(dig(notice, "photoId"))
    return f"{_GATE}/public/api/notification/image/{photo}" if photo else None


def _risk_types(notice: Any) -> str:
    risks = dig(notice, "risk", "riskType")
    return joined(dig(risk, "name") if isinstance(risk, dict) else risk for risk in _texts(risks))


# --- United Kingdom ------------------------------------------------------------------------------------


def _opss_requests(_query: Query) -> Sequence[Request]:
    """The newest 200 alerts, reports and recalls."""
    asked = "filter_format=product_safety_alert_report_recall&order=-public_timestamp&count=200"
    return (Request(f"{_GOV_UK}/api/search.json?{asked}&fields=title,link,public_timestamp,description"),)


def _read_opss(page: Page) -> Iterator[Entry | ListNote]:
    """Alerts of the search interface of gov.uk; their link is their id."""
    value = parse_json(page)
    rows = dig(value, "results")
    if not isinstance(rows, list):
        raise LayoutChanged("The reply has no results.")
    name = list_id(page.query)
    for alert in _rows(rows):
        key = text(dig(alert, "link")) or text(dig(alert, "_id"))
        title = text(dig(alert, "title"))
        if key and title:
            yield Entry(
                name,
                None,
                key.rstrip("/").rsplit("/", 1)[-1] if "/" in key else "",
                title=title,
                url=web_url(key, _GOV_UK),
                listed_at=moment(dig(alert, "public_timestamp")),
                extra=extra(
                    recall_number=_reference(title),
                    products=text(_KIND_OF_ALERT.sub("", title.rpartition("(")[0] or title)),
                    hazard=text(dig(alert, "description")),
                ),
            )
    yield ListNote(name, length=whole(dig(value, "total")))


def _reference(title: str) -> str | None:
    """The number in brackets at the end: "Product Recall: Kite (2607-0123)"."""
    inside = title.rpartition("(")[2].rstrip(")").strip()
    return inside if any(sign.isdigit() for sign in inside) and inside != title else None


SOURCES = (
    Source(
        name="cpsc_recalls",
        platform="cpsc",
        sells=False,
        title="US CPSC recalls",
        kinds=("recalls",),
        markets=("US",),
        way_in=("live", "own"),
        terms="https://www.cpsc.gov/Recalls/CPSC-Recalls-Application-Program-Interface-API-Information",
        why="On: an open interface of the government, made to be read.",
        key_form=r"\d{1,6}|\d{2,5}-\d{3,4}[A-Z]?",
        readers=(
            Reader("recalls since 2014", lambda page: b"RecallID" in page.body, _read_cpsc),
            Reader("older recalls interface", lambda page: b'"recall_number"' in page.body, _read_old_recalls),
        ),
        hosts=("www.saferproducts.gov",),
        default_on=True,
        marks=("cpsc.gov", "saferproducts.gov", "RecallID", '"recall_number"'),
        alone=("recalls",),
        requests=_cpsc_requests,
        ordered=False,
    ),
    Source(
        name="eu_safety_gate",
        platform="eu_safety_gate",
        sells=False,
        title="EU Safety Gate alerts",
        kinds=("recalls",),
        markets=("EU",),
        way_in=("live", "own"),
        terms="https://ec.europa.eu/info/legal-notice_en",
        why="On: open data of the European Commission, CC BY 4.0.",
        key_form=r"\d{3,12}",
        readers=(Reader("notices", _is_json, _read_gate),),
        hosts=("ec.europa.eu",),
        default_on=True,
        marks=("safety-gate", "ec.europa.eu", '"riskType"'),
        alone=("recalls",),
        requests=_gate_requests,
        ordered=False,
    ),
    Source(
        name="uk_opss",
        platform="uk_opss",
        sells=False,
        title="UK product safety alerts, reports and recalls (OPSS)",
        kinds=("recalls",),
        markets=("UK",),
        way_in=("live", "own"),
        terms="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        why="On: open data of the UK government, Open Government Licence.",
        key_form=r"\S{1,300}",
        readers=(Reader("search results of gov.uk", _is_json, _read_opss),),
        hosts=("www.gov.uk",),
        default_on=True,
        marks=("product_safety_alert", "/product-safety-alerts-reports-recalls/"),
        alone=("recalls",),
        requests=_opss_requests,
        ordered=False,
    ),
)
