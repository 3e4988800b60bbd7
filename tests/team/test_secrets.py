"""No command shows the password of a shared store: well, down, too new, or without the right to read."""

import itertools
import os
from urllib.parse import quote

import pytest

from trendscout.store import lake as lakes
from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store

SECRET = "hunter2 it's"  # noqa: S105 - a space and a quote: each form writes it otherwise
HISTORY = "list_id,snapshot_at,rank,item_key\nshop_US/bestsellers/x,2026-05-01T06:00:00Z,1,B001\n"
JOB = 'cron = "30 7 * * *"\n[report]\nformats = ["csv"]\n'
COMMANDS = {
    "doctor": ["doctor"],
    "doctor json": ["doctor", "--json"],
    "sources": ["sources"],
    "check": ["db", "check", "--json"],
    "compact": ["db", "compact"],
    "backup": ["db", "backup", "copy.duckdb"],
    "restore": ["db", "restore", "copy.duckdb"],
    "move from": ["db", "move", "{db}", "other.duckdb"],
    "move to": ["db", "move", "own.duckdb", "{db}"],
    "report": ["report", "--json"],
    "rank": ["rank"],
    "match": ["match", "--json"],
    "why": ["why", "B001"],
    "mark": ["mark", "B001", "mine"],
    "import": ["import", "history.csv", "--json"],
    "run": ["run", "job.toml", "--json"],
    "replay": ["replay", "--json"],
    "demo": ["demo", "--days", "5", "--market", "XX"],
    "verbose": ["--verbose", "report"],
}
STATES = ("well", "down", "too new", "no rights")
FORMS = ("pairs", "spaced", "uri", "query")


def written(form, database, host, user):
    secret, quoted = quote(SECRET, safe=""), SECRET.replace("'", r"\'")
    where = quote(host, safe="")
    return (
        "ducklake:postgres:"
        + {
            "pairs": f"dbname={database} host={host} user={user} password='{quoted}'",
            "spaced": f"password = '{quoted}'  host = {host} dbname = {database} user = {user}",
            "uri": f"postgresql://{user}:{secret}@/{database}?host={where}",
            "query": f"postgres:///{database}?password={secret}&user={user}&host={where}",
        }[form]
    )


@pytest.fixture(scope="module")
def states(postgres, tmp_path_factory):
    """By state of the store: (database, host, user) and the folder of its data."""
    server, string = postgres
    host = string.partition("host=")[2]
    found = {"down": ("gone", str(tmp_path_factory.mktemp("nobody")), "postgres", "")}
    server.psql("CREATE ROLE stranger LOGIN;")
    for state in ("well", "too new", "no rights"):
        name = f"secrets_{state.replace(' ', '_')}"
        server.psql(f"CREATE DATABASE {name};")
        data = str(tmp_path_factory.mktemp(name))
        with open_store(StoreAddress(f"ducklake:postgres:dbname={name} {string}", data)) as store:
            if state == "too new":
                store.execute("INSERT INTO migrations (version) VALUES (9999)")
        found[state] = (name, host, "stranger" if state == "no rights" else "postgres", data)
    return found


def shows(text):
    """The secret's parts that stand in the text."""
    return [part for part in ("hunter2", "it's", "it%27s", "it\\'s") if part in text]


ALL = list(itertools.product(COMMANDS, STATES, FORMS))
# Each command meets a state or two in one form, and doctor all of them; TRENDSCOUT_FUZZ=long asks for everything.
CASES = [
    case
    for number, case in enumerate(ALL)
    if os.environ.get("TRENDSCOUT_FUZZ") or case[0] == "doctor json" or number % 11 == 0
]


@pytest.mark.parametrize(("name", "state", "form"), CASES)
def test_no_output_shows_the_password(run, states, tmp_path, monkeypatch, name, state, form):
    monkeypatch.setattr(lakes, "_FIRST_PAUSE_S", 0.0)
    database, host, user, data = states[state]
    db = written(form, database, host, user)
    (tmp_path / "history.csv").write_text(HISTORY)
    (tmp_path / "job.toml").write_text(JOB)
    (tmp_path / "trendscout.toml").write_text(f"data_path = '{data or tmp_path}'\n")
    with open_store(tmp_path / "own.duckdb"):
        pass
    command = [part.replace("{db}", db) for part in COMMANDS[name]]
    ended = run(*([] if name.startswith("move") else ["--db", db]), *command)
    assert shows(ended.out + ended.err) == []
    assert "Traceback" not in ended.err
    if state != "well" and name not in ("sources", "restore", "demo"):
        assert ended.code == 4, ended
    for file in (*tmp_path.rglob("*.json"), *tmp_path.rglob("*.csv"), *tmp_path.rglob("*.log")):
        assert shows(file.read_text(errors="replace")) == []
