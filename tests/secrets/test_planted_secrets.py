"""Marked secrets planted wherever one can stand; afterwards every output and every file is searched for them."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARK = "PLANTED"


@pytest.fixture
def server():
    """A local server that answers with cookies and repeats what it was asked, key and all; it notes each path."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            items = [
                {
                    "itemCode": f"shop:{n}",
                    "itemName": f"Mop {n}",
                    "rank": n,
                    "itemPrice": 100 + n,
                    "itemUrl": self.path,
                }
                for n in range(1, 31)
            ]
            body = json.dumps({"Items": items, "asked": self.path}).encode()
            if self.path == "/robots.txt":
                body = b"User-agent: *\nAllow: /\n"
            self.answer(200, body)

        def do_POST(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(500, json.dumps({"errcode": 1, "errmsg": f"bad token {self.path}"}).encode())

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", f"session={MARK}-set-cookie; Path=/")
            self.send_header("X-Auth-Token", f"{MARK}-reply-token")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served.server_port}", asked
    finally:
        served.shutdown()
        served.server_close()


def run(folder: Path, *arguments: object, **secrets: str) -> tuple[int, str]:
    """How `trendscout ARGUMENTS` ended, and all that it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **secrets}
    done = subprocess.run(
        [sys.executable, "-m", "trendscout", *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def leaks(folder: Path, *printed: str, given: tuple[str, ...] = ()) -> list[str]:
    """Where the mark is found: in what was printed, or in a file that we did not plant it in ourselves."""
    found = [f"printed: {line}" for text in printed for line in text.splitlines() if MARK in line]
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in given:
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            found += [str(path.relative_to(folder))] * (MARK.encode() in text)
    return found


def test_the_search_finds_what_is_planted(tmp_path):
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(f"token {MARK}".encode()))
    assert leaks(tmp_path, f"so {MARK}") == [f"printed: so {MARK}", "a.warc.gz"]


def test_a_key_reaches_the_site_and_nothing_else(tmp_path, server):
    url, asked = server
    key = {"TRENDSCOUT_RAKUTEN_KEY": f"{MARK}-app:{MARK}-access"}
    collect = ("collect", "rakuten", "--market", "JP", "--base-url", url)
    told = [run(tmp_path, "--verbose", *collect, "--json", **key), run(tmp_path, "--verbose", *collect, **key)]
    assert any(MARK in path for path in asked), "the key was sent"
    assert "30" in told[0][1], told[0]
    told += [
        run(tmp_path, *command, **key)
        for command in (
            ("sources", "rakuten", "--json"),
            ("doctor", "--json"),
            ("report", "--json"),
            ("report", "--format", "csv", "--out", "drops/{date}/r.csv"),
            ("report", "--format", "html", "--out", "drops/{date}/r.html"),
            ("replay",),
            ("db", "compact"),
        )
    ]
    assert {code for code, _ in told} <= {0, 3}, told
    assert list((tmp_path / "archive").rglob("*.warc.gz"))
    assert leaks(tmp_path, *(text for _, text in told)) == []


def har(file: Path) -> Path:
    page = (ROOT / "tests/sources/amazon_bestsellers/ok_grid/page.html").read_text(encoding="utf-8")
    secret_headers = [
        {"name": "Cookie", "value": f"session={MARK}-cookie"},
        {"name": "Authorization", "value": f"Bearer {MARK}-bearer"},
        {"name": "X-Api-Key", "value": f"{MARK}-api"},
        {"name": "X-CSRF-Token", "value": f"{MARK}-csrf"},
    ]
    address = f"https://www.amazon.com/Best-Sellers-Kitchen/zgbs/kitchen?access_token={MARK}-parameter"
    entry = {
        "startedDateTime": "2026-05-01T06:00:00Z",
        "request": {
            "method": "GET",
            "url": address,
            "headers": secret_headers,
            "cookies": [{"name": "session", "value": f"{MARK}-cookie-list"}],
            "postData": {"text": f"password={MARK}-form"},
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Set-Cookie", "value": f"id={MARK}-set"}],
            "cookies": [{"name": "id", "value": f"{MARK}-set-list"}],
            "content": {"mimeType": "text/html; charset=utf-8", "text": page},
        },
    }
    file.write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    return file


def test_a_browsers_log_leaves_its_secrets_behind(tmp_path):
    given = har(tmp_path / "saved.har")
    code, said = run(tmp_path, "--verbose", "ingest", given, "--json")
    assert code == 0, said
    assert json.loads(said)[0]["entries"] > 0
    told = [run(tmp_path, "doctor")[1], run(tmp_path, "replay", "--json")[1], run(tmp_path, "report", "--json")[1]]
    assert leaks(tmp_path, said, *told, given=("saved.har",)) == []


def test_a_push_address_is_told_to_nobody(tmp_path, server):
    url, asked = server
    given = har(tmp_path / "saved.har")
    assert run(tmp_path, "ingest", given)[0] == 0
    (tmp_path / "trendscout.toml").write_text('[push.team]\nkind = "wecom"\nenv = "TEAM_ADDRESS"\n')
    (tmp_path / "daily.toml").write_text(
        'cron = "0 0 * * *"\n[report]\nformats = ["csv"]\n[push]\nchannels = ["team"]\n'
    )
    address = {"TEAM_ADDRESS": f"{url}/cgi-bin/webhook/send?key={MARK}-push"}
    told = [
        run(tmp_path, "--verbose", "run", "daily.toml", *more, **address) for more in ([], ["--again", "--json"])
    ]
    assert any("webhook" in path for path in asked), told
    told.append(run(tmp_path, "doctor", "--json", **address))
    assert leaks(tmp_path, *(text for _, text in told), given=("saved.har",)) == []


@pytest.mark.parametrize(
    "password", [pytest.param(f"{MARK}-word", marks=pytest.mark.long), f"'{MARK} with a space'"]
)
def test_the_password_of_a_shared_store_is_not_repeated(tmp_path, password):
    store = f"ducklake:postgres:dbname=none host=127.0.0.1 port=9 user=none password={password}"
    for command in (("report",), ("--verbose", "db", "check"), ("doctor", "--json")):
        code, said = run(tmp_path, "--db", store, *command)
        assert (code, bool(said)) == (4, True), said
        assert leaks(tmp_path, said) == []
