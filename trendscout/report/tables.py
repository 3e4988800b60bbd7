"""Rows for machines: a webhook that gets the report as JSON, signed, and a Feishu 多维表格 with a row a product.

A webhook's request carries `X-Trendscout-Timestamp` and `X-Trendscout-Signature`: "sha256=" and the HMAC of
"timestamp.body" with the secret that stands behind `#` in its address.

Of Feishu's documentation: batches have 500 records at most, a table 20,000 (error 1254103 above); 1254290 and
99991400 are too many requests, 1254291 a write that met another, 1254607 and 1255040 pass with time. Rows are
looked up by product id before each write: what was written and not answered is updated, never appended twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urldefrag, urlsplit

from trendscout.errors import UsageError
from trendscout.findings import finding
from trendscout.model import Report, Row
from trendscout.report.bots import ARRIVED, BUSY_S, Post, Verdict, refusal, unwell
from trendscout.report.columns import ROW, value

KINDS = ("webhook", "bitable")
KEY = "product_id"
_BATCH = 500  # records that Feishu takes at once
_WEBHOOK_ROWS = 200  # about 400 kB
_PAGES = 40  # of records: more than a table can have
_PASSES = frozenset({99991400, 1254290, 1254291, 1254607, 1255040})
_FIELDS = frozenset(
    """product_id title gloss_zh platform market category stage probability rank movement price_usd count rating
    flags packs mark words margin landed_usd url first_seen as_of""".split()
)


class _Answer(Exception):
    """What an answer meant that was no success."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict.why))
        self.verdict = verdict


def texts(report: Report, kind: str) -> list[str]:
    """The report's rows as JSON texts, each what one request carries."""
    if kind == "bitable":
        rows = [_fields(row, report) for row in report.rows]
        return [json.dumps(part, ensure_ascii=False) for part in _parts(rows, _BATCH)]
    from trendscout.report.drop import document

    whole = document(report)
    head = {name: whole[name] for name in ("as_of", "market", "total", "sort", "coverage", "notes")}
    parts = list(_parts(whole["rows"], _WEBHOOK_ROWS))
    return [
        json.dumps({**head, "part": number, "parts": len(parts), "rows": part}, ensure_ascii=False)
        for number, part in enumerate(parts, 1)
    ]


def check_address(channel: str, kind: str, url: str) -> None:
    """Raise UsageError if an address is none of the kind's form."""
    where, secret = urldefrag(url)
    fits = urlsplit(where).scheme in ("http", "https") and bool(secret)
    if kind == "bitable":
        fits = fits and "/apps/" in where and "/tables/" in where and ":" in secret
    if not fits:
        raise UsageError(
            "The address of the channel {channel!r} is not of the form that {kind} has.",
            next_step="Write https://host/path#SECRET for a webhook, for bitable "
            "https://open.feishu.cn/open-apis/bitable/v1/apps/APP/tables/TABLE#APP_ID:APP_SECRET.",
            channel=channel,
            kind=kind,
        )


def deliver(kind: str, url: str, key: str, text: str, post: Post, now: datetime) -> Verdict:
    """What became of one part."""
    where, secret = urldefrag(url)
    try:
        if kind == "webhook":
            _posted(post, where, text.encode(), _signed(secret, text, now), plain=True)
        else:
            _upsert(post, where, secret, key, json.loads(text))
    except _Answer as answer:
        return answer.verdict
    return ARRIVED


def _signed(secret: str, text: str, now: datetime) -> dict[str, str]:
    stamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
    return {"X-Trendscout-Timestamp": stamp, "X-Trendscout-Signature": f"sha256={digest}"}


def _upsert(post: Post, table: str, secret: str, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update the rows of the table that have the products, and create the rest."""
    app, _, word = secret.partition(":")
    host = f"{urlsplit(table).scheme}://{urlsplit(table).netloc}"
    login = json.dumps({"app_id": app, "app_secret": word}).encode()
    token = _posted(post, f"{host}/open-apis/auth/v3/tenant_access_token/internal", login, {})
    headers = {"Authorization": f"Bearer {token.get('tenant_access_token', '')}"}
    known = _known(post, table, headers)
    old = [{"record_id": known[row[KEY]], "fields": row} for row in rows if row[KEY] in known]
    new = [{"fields": row} for row in rows if row[KEY] not in known]
    if old:
        _posted(post, f"{table}/records/batch_update", json.dumps({"records": old}).encode(), headers)
    if new:
        once = uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4)
        where = f"{table}/records/batch_create?client_token={once}"
        _posted(post, where, json.dumps({"records": new}).encode(), headers)


def _known(post: Post, table: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Product id → record id of every row that is there."""
    known: dict[str, str] = {}
    page = ""
    for _ in range(_PAGES):
        where = f"{table}/records/search?page_size={_BATCH}" + (f"&page_token={page}" if page else "")
        answer = _posted(post, where, json.dumps({"field_names": [KEY]}).encode(), headers)
        data = answer.get("data") or {}
        for record in data.get("items") or ():
            known.setdefault(_text((record.get("fields") or {}).get(KEY)), str(record.get("record_id", "")))
        page = str(data.get("page_token") or "")
        if not data.get("has_more") or not page:
            return known
    raise _Answer(Verdict("refused", finding("push_table_full")))


def _text(cell: Any) -> str:
    """A text cell as search gives it: a list of parts, each with its text."""
    if isinstance(cell, list):
        return "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in cell)
    return str(cell or "")


def _posted(
    post: Post, where: str, body: bytes, headers: Mapping[str, str], *, plain: bool = False
) -> dict[str, Any]:
    """The answer to one request; `plain` ones are judged by their status alone."""
    status, said = post(where, body, headers)
    if status >= 500 or status == 429:
        raise _Answer(unwell(status))
    if plain:
        if 200 <= status < 300:
            return {}
        raise _Answer(Verdict("refused", finding("push_status", status=status)))
    try:
        answer = json.loads(said)
        code = answer["code"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _Answer(Verdict("later", finding("push_unreadable", status=status))) from error
    if code == 0 and isinstance(answer, dict):
        return answer
    why = refusal(code, answer.get("msg"))
    raise _Answer(Verdict("later", why, BUSY_S) if code in _PASSES else Verdict("refused", why))


def _fields(row: Row, report: Report) -> dict[str, Any]:
    """A product's fields as Feishu takes them: text and numbers; what is not known is emptied."""
    fields: dict[str, Any] = {}
    for column in ROW:
        if column.name in _FIELDS:
            cell = value(column, row, report, None)
            number = isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)
            if cell is None or number:
                fields[column.name] = None if cell is None else float(cell)  # type: ignore[arg-type]  # a number
            else:
                fields[column.name] = cell.isoformat() if isinstance(cell, datetime) else str(cell)
    return fields


def _parts(rows: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    for start in range(0, max(1, len(rows)), most):
        yield rows[start : start + most]
