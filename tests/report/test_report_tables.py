"""Rows for machines, to a server on loopback: a signed webhook, and Feishu's table as it is documented."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from example import NOW, RISING, but, example

from trendscout.jobs.notify import notify, undelivered
from trendscout.model import Report
from trendscout.report import tables
from trendscout.settings.config import Channel, Settings
from trendscout.store.workspace import Workspace

SECRET = "a-secret-of-the-table"  # noqa: S105 - of the test
BEARER = "Bearer t-1"


class Feishu(ThreadingHTTPServer):
    """A webhook at /hook, and one table with the calls that are documented; `answers` come first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rows: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.hooks: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.silent = ""  # a call that is done and not answered
        self.tokens: set[str] = set()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def call(self, path: str, query: dict[str, list[str]], body: Any, token: str) -> dict[str, Any]:
        if path.endswith("/tenant_access_token/internal"):
            right = body == {"app_id": "cli_app", "app_secret": SECRET}
            return (
                {"code": 0, "tenant_access_token": "t-1"}
                if right
                else {"code": 10014, "msg": "app secret invalid"}
            )
        if token != BEARER:
            return {"code": 99991663, "msg": "invalid access token"}
        data: dict[str, Any] = {}
        if path.endswith("/records/search"):
            start = int(query.get("page_token", ["0"])[0])
            names = list(self.rows)[start : start + 2]  # small pages
            cells = [
                {"record_id": name, "fields": {"product_id": [{"text": self.rows[name]["product_id"]}]}}
                for name in names
            ]
            more = start + 2 < len(self.rows)
            data = {"items": cells, "has_more": more, "page_token": str(start + 2) if more else ""}
        elif path.endswith("/records/batch_create"):
            (once,) = query["client_token"]
            for record in body["records"] if once not in self.tokens else ():
                assert set(record) == {"fields"}
                self.rows[f"rec{len(self.rows)}"] = record["fields"]
            self.tokens.add(once)
        elif path.endswith("/records/batch_update"):
            for record in body["records"]:
                self.rows[record["record_id"]] |= record["fields"]
        else:
            return {"code": 1254040, "msg": path}
        return {"code": 0, "msg": "success", "data": data}


class _Handler(BaseHTTPRequestHandler):
    server: Feishu

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        server = self.server
        server.calls.append(parts.path.rpartition("/")[2])
        status, answer = 200, {}
        if server.answers and server.calls[-1] != "internal":
            status, answer = server.answers.pop(0)
        elif parts.path == "/hook":
            server.hooks.append((dict(self.headers), body))
        else:
            token = self.headers.get("Authorization", "")
            answer = server.call(parts.path, parse_qs(parts.query), json.loads(body), token)
        if server.silent and server.calls[-1] == server.silent:
            server.silent = ""
            self.close_connection = True
            return
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def feishu() -> Iterator[Feishu]:
    with Feishu() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace.at(tmp_path / "s.duckdb")
    with found.store():
        pass
    return found


def tell(workspace: Workspace, feishu: Feishu, report: Report, day: int, kind: str = "bitable") -> dict[str, Any]:
    table = f"{feishu.host}/open-apis/bitable/v1/apps/basAPP/tables/tblT#cli_app:{SECRET}"
    url = table if kind == "bitable" else f"{feishu.host}/hook#{SECRET}"
    settings = Settings(channels=(Channel("rows", kind, "ROWS"),))
    return notify(
        workspace, report, settings, ["rows"], key=f"daily/2026-07-{day}", lang="en", zone=UTC,
        now=NOW + timedelta(days=day), environ={"ROWS": url}, sleep=lambda _: None,
    )  # fmt: skip


def test_a_product_has_one_row_updated_never_appended_twice_never_deleted(
    workspace: Workspace, feishu: Feishu
) -> None:
    feishu.rows = {"recX": {"product_id": "p-of-the-seller", "note": "mine"}}
    assert tell(workspace, feishu, example(), 19) == {"rows": ()}
    assert sorted(row["product_id"] for row in feishu.rows.values()) == [
        "p-02de", "p-19cc", "p-55ab", "p-7f3a", "p-of-the-seller"
    ]  # fmt: skip
    (mine,) = (row for row in feishu.rows.values() if row["product_id"] == "p-7f3a")
    assert (mine["rank"], mine["price_usd"], mine["stage"]) == (21, 12.99, "rising")
    mine["note"] = "ordered"
    changed = replace(example(), rows=(but(RISING, rank=5, margin=None),))
    assert tell(workspace, feishu, changed, 20) == {"rows": ()}
    assert len(feishu.rows) == 5, "those that the report lost stay"
    assert (mine["rank"], mine["margin"], mine["note"]) == (5, None, "ordered")
    before = len(feishu.calls)
    assert tell(workspace, feishu, changed, 20) == {"rows": ()}
    assert len(feishu.calls) == before, "the ledger knows what arrived"


@pytest.mark.parametrize("silent", ["batch_create", "search"])
def test_what_was_written_and_not_answered_is_not_appended_again(
    workspace: Workspace, feishu: Feishu, silent: str
) -> None:
    feishu.silent = silent
    (why,) = tell(workspace, feishu, example(), 19)["rows"]
    assert "may have arrived" in str(why)
    assert SECRET not in str(why)
    assert tell(workspace, feishu, example(), 19) == {"rows": ()}
    assert len(feishu.rows) == 4


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"code": 1254290, "msg": "TooManyRequest"}), "arrived"),
        ((200, {"code": 1254291, "msg": "Write conflict"}), "arrived"),
        ((429, {}), "arrived"),
        ((200, {"code": 1254045, "msg": "FieldNameNotFound"}), "aside"),
        ((403, {"code": 91403, "msg": "Forbidden"}), "aside"),
    ],
)
def test_vendors_codes(workspace: Workspace, feishu: Feishu, answer: tuple[int, Any], state: str) -> None:
    feishu.answers = [answer]
    told = tell(workspace, feishu, example(), 19)["rows"]
    with workspace.store() as store:
        waiting = undelivered(store)
    if state == "arrived":
        assert (told, waiting, len(feishu.rows)) == ((), {}, 4), "it was tried again in the same run"
    else:
        assert str(answer[1]["code"]) in str(told[0])
        assert [one.state for one in waiting["rows"]] == ["aside"]


def test_a_webhook_gets_the_machines_json_signed(workspace: Workspace, feishu: Feishu) -> None:
    assert tell(workspace, feishu, example(), 19, "webhook") == {"rows": ()}
    ((headers, body),) = feishu.hooks
    stamp = headers["X-Trendscout-Timestamp"]
    right = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Trendscout-Signature"] == f"sha256={right}"
    assert SECRET.encode() not in body
    data = json.loads(body)
    assert [row["product_id"] for row in data["rows"]] == ["p-7f3a", "p-19cc", "p-55ab", "p-02de"]
    assert (data["part"], data["parts"], data["as_of"]) == (1, 1, "2026-07-19T06:30:00Z")
    feishu.answers = [(410, {})]
    (why,) = tell(workspace, feishu, example(), 20, "webhook")["rows"]
    assert "410" in str(why)


def test_batches_stay_below_the_vendors_limit() -> None:
    many = replace(example(), rows=tuple(but(RISING, product_id=f"p{n}") for n in range(501)))
    assert [len(json.loads(text)) for text in tables.texts(many, "bitable")] == [500, 1]


@pytest.mark.parametrize("url", ["https://host/hook", "ftp://host/x#secret", "https://open.feishu.cn/base/x#a:b"])
def test_an_address_of_another_form_is_told_without_it(workspace: Workspace, url: str) -> None:
    settings = Settings(channels=(Channel("rows", "bitable", "ROWS"),))
    told = notify(
        workspace, example(), settings, ["rows"], key="daily/2026-07-19", lang="en", zone=UTC, now=NOW,
        environ={"ROWS": url}, sleep=lambda _: None,
    )  # fmt: skip
    assert "is not of the form" in str(told["rows"][0])
