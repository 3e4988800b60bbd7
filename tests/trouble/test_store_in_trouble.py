"""Real processes with a full disk, a broken, held or newer store, a wrong clock: told what to do, nothing lost."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from trendscout.archive import Archive
from trendscout.errors import StoreBusy
from trendscout.store import connect
from trendscout.store.connect import open_store

ROOT = Path(__file__).parents[2]
# A process that may write no file beyond this size: what a full disk is to it.
FULL_DISK = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["trendscout", *sys.argv[2:]]
runpy.run_module("trendscout", run_name="__main__")
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TRENDSCOUT_LANG": "en"}
MORNINGS, PLACES = 8, 60
needs_limits = pytest.mark.skipif(os.name == "nt", reason="there is no RLIMIT_FSIZE")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run(folder: Path, *arguments: object, room: int | None = None, program: str = "") -> Ended:
    """`trendscout ARGUMENTS` in a process of its own; `room` is the size in bytes that no file may exceed.

    `program` is what starts it, if it is not started as usual.
    """
    start = ["-c", program] if program else ["-m", "trendscout"]
    if room is not None:
        start = ["-c", FULL_DISK, str(room)]
    done = subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def history(file: Path, first: datetime, mornings: int = MORNINGS) -> Path:
    """A list of invented goods, looked at each morning, as a CSV history."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("list_id", "snapshot_at", "rank", "item", "item_key", "count"))
        for morning in range(mornings):
            taken_at = (first + timedelta(days=morning)).isoformat()
            for rank in range(1, PLACES + 1):
                number = rank * 7 + morning
                writer.writerow(("shop_best/US/bestsellers/x", taken_at, rank, f"Mop {number}", f"K{number}", ""))
    return file


def snapshots(store: Path) -> int:
    with open_store(store) as connection:
        return connection.execute("SELECT count(*) FROM snapshots").fetchall()[0][0]


def sound(folder: Path) -> bool:
    return run(folder, "db", "check").code == 0


START = datetime(2026, 5, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> bytes:
    """A store with a history in it."""
    folder = tmp_path_factory.mktemp("filled")
    assert run(folder, "import", history(folder / "h.csv", START)).code == 0
    assert run(folder, "db", "compact").code == 0
    return (folder / "trendscout.duckdb").read_bytes()


@pytest.fixture
def place(filled, tmp_path) -> Path:
    """A folder with that store."""
    (tmp_path / "trendscout.duckdb").write_bytes(filled)
    return tmp_path


# --- a full disk ---------------------------------------------------------------------------------------------


@needs_limits
@pytest.mark.parametrize("room", [0, 4_000, 100_000])
def test_a_load_without_room_keeps_what_was_there(place, room):
    more = history(place / "more.csv", START + timedelta(days=MORNINGS), mornings=60)
    ended = run(place, "import", more, room=room)
    assert (ended.code, "Make room" in ended.err) == (4, True), ended
    assert snapshots(place / "trendscout.duckdb") == MORNINGS
    assert sound(place)
    assert run(place, "import", more).code == 0, "with room again, the same command does it"
    assert snapshots(place / "trendscout.duckdb") == MORNINGS + 60


@needs_limits
@pytest.mark.parametrize("room", [0, 5_000])
def test_a_new_store_without_room(tmp_path, room):
    given = history(tmp_path / "h.csv", START)
    ended = run(tmp_path, "import", given, room=room)
    assert (ended.code, "room" in ended.err) == (4, True), ended
    assert run(tmp_path, "import", given).code == 0
    assert snapshots(tmp_path / "trendscout.duckdb") == MORNINGS


@needs_limits
@pytest.mark.parametrize("room", [0, 200_000])
@pytest.mark.parametrize("command", [("backup", "copy.duckdb"), ("compact",)], ids=" ".join)
def test_a_copy_without_room_leaves_nothing_half(place, command, room):
    ended = run(place, "db", *command, room=room)
    assert (ended.code, "Make room" in ended.err) == (4, True), ended
    assert [path.name for path in place.iterdir() if path.is_file()] == ["trendscout.duckdb"]
    assert sound(place)


@needs_limits
def test_a_restore_without_room_leaves_the_store(place, filled):
    (place / "copy.duckdb").write_bytes(filled)
    ended = run(place, "db", "restore", "copy.duckdb", room=100_000)
    assert (ended.code, "Make room" in ended.err) == (4, True), ended
    assert snapshots(place / "trendscout.duckdb") == MORNINGS


@needs_limits
def test_a_drop_without_room_leaves_the_former_drop(place):
    report = ("report", "--format", "csv", "--out", "drops/today/report.csv")
    assert run(place, *report).code == 0
    before = {path: path.read_bytes() for path in (place / "drops/today").iterdir()}
    ended = run(place, *report, room=2_000)
    assert (ended.code, "room" in ended.err or "free space" in ended.err) in ((2, True), (4, True)), ended
    assert {path: path.read_bytes() for path in (place / "drops/today").iterdir()} == before


@needs_limits
def test_a_page_that_cannot_be_archived_is_not_read(tmp_path):
    page = ROOT / "tests/sources/amazon_bestsellers/ok_grid/page.html"
    ingest = ("ingest", page, "--source", "amazon_bestsellers", "--market", "US")
    ended = run(tmp_path, *ingest, room=1_000)
    assert (ended.code, "The archive archive cannot be written" in ended.err) == (4, True), ended
    assert run(tmp_path, *ingest).code == 0
    archive = Archive(tmp_path / "archive")
    assert len(list(archive.pages())) == 1
    assert archive.check() == []
    assert snapshots(tmp_path / "trendscout.duckdb") == 1


# --- a place that cannot be written --------------------------------------------------------------------------


def test_a_file_in_the_way_of_the_store(tmp_path):
    (tmp_path / "in_the_way").write_text("notes")
    given = history(tmp_path / "h.csv", START)
    ended = run(tmp_path, "--db", "in_the_way/s.duckdb", "import", given)
    assert (ended.code, "in_the_way" in ended.err, "doctor" in ended.err) == (4, True, True), ended
    assert (tmp_path / "in_the_way").read_text() == "notes"


def test_a_file_in_the_way_of_the_archive(tmp_path):
    (tmp_path / "archive").write_text("notes")
    page = ROOT / "tests/sources/amazon_bestsellers/ok_grid/page.html"
    ended = run(tmp_path, "ingest", page, "--source", "amazon_bestsellers", "--market", "US")
    assert (ended.code, "write access" in ended.err) == (4, True), ended


def test_a_file_in_the_way_of_a_drop(place):
    (place / "drops").write_text("notes")
    ended = run(place, "report", "--format", "csv", "--out", "drops/today/report.csv")
    assert (ended.code, "run again" in ended.err) == (2, True), ended


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write read-only folders")
def test_a_read_only_folder(place):
    place.chmod(0o500)
    try:
        ended = run(place, "db", "compact")
    finally:
        place.chmod(0o700)
    assert (ended.code, "--db" in ended.err or "write access" in ended.err) == (4, True), ended


# --- a broken store ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("db", "check"), ("doctor",), ("report",)], ids=" ".join)
def test_a_store_overwritten_in_the_middle_is_told_and_can_be_replaced(place, filled, command):
    (place / "copy.duckdb").write_bytes(filled)
    broken = bytearray(filled)
    for at in range(12_288 + 20_000, len(broken), 20_000):
        broken[at : at + 500] = b"x" * 500
    (place / "trendscout.duckdb").write_bytes(broken)
    ended = run(place, *command)
    said = " ".join((ended.out + ended.err).split())
    assert (ended.code, "trendscout db restore" in said, "in use" in said) == (4, True, False), ended
    assert run(place, "db", "restore", "copy.duckdb").code == 0
    assert snapshots(place / "trendscout.duckdb") == MORNINGS
    (kept,) = place.glob("trendscout.before-*.duckdb")
    assert kept.read_bytes()[:12_288] == bytes(broken[:12_288]), "what stood there is kept as it was"


@pytest.mark.parametrize("at", [100, 5_000, 9_000])
def test_a_broken_header_is_damage_and_no_lock(place, filled, at):
    broken = bytearray(filled)
    for header in (at, *(range(4096, 12_288, 512) if at > 4096 else ())):
        broken[header : header + 400] = b"x" * 400
    (place / "trendscout.duckdb").write_bytes(broken)
    began = time.monotonic()
    ended = run(place, "report")
    assert (ended.code, "db restore" in ended.err) == (4, True), ended
    assert time.monotonic() - began < 8, "damage is not waited for"


# --- held, read while written, newer -------------------------------------------------------------------------


def test_a_store_held_by_another_process_is_named(place):
    store = place / "trendscout.duckdb"
    script = f"import duckdb, sys; c = duckdb.connect({str(store)!r}); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        began = time.monotonic()
        ended = run(place, "report")
        assert (ended.code, str(holder.pid) in ended.err) == (4, True), ended
        assert time.monotonic() - began < 20
    finally:
        holder.communicate()
    assert run(place, "report").code == 0


@contextmanager
def reader_of(store: Path) -> Iterator[None]:
    """Another program that has the store open to read, such as a database browser."""
    script = f"import duckdb, sys; c = duckdb.connect({str(store)!r}, read_only=True); print(flush=True)"
    script += "; sys.stdin.read()"
    reader = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert reader.stdout.readline()
        yield
    finally:
        reader.communicate()


def test_a_store_that_another_reads_can_be_read(place):
    with reader_of(place / "trendscout.duckdb"):
        for command in (("report",), ("db", "check")):
            ended = run(place, *command)
            assert (ended.code, bool(ended.out or ended.err)) == (0, True), ended


# Root may write everywhere, unless it has given that up.
NO_OVERRIDE = """
import ctypes, os, runpy, sys
if os.geteuid() == 0:
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "trendscout", *sys.argv[1:]])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="rights are given up as Linux has it")
def test_a_store_on_read_only_media_can_be_read(place):
    place.chmod(0o500)
    (place / "trendscout.duckdb").chmod(0o400)
    try:
        for command in (("report",), ("why", "K14"), ("doctor",)):
            ended = run(place, *command, program=NO_OVERRIDE)
            assert (ended.code in (0, 3), bool(ended.out)) == (True, True), ended
        ended = run(place, "mark", "K7", "mine", program=NO_OVERRIDE)
        assert (ended.code, "cannot be written" in ended.err) == (4, True), ended
    finally:
        place.chmod(0o700)


def test_many_imports_at_once_all_succeed(place):
    """Each waits for the others as long as these work."""
    files = [history(place / f"{number}.csv", START + timedelta(days=30 * number), 2) for number in range(1, 6)]
    program = [sys.executable, "-m", "trendscout", "import"]
    some = [
        subprocess.Popen([*program, file], cwd=place, env=ENVIRONMENT, stderr=subprocess.PIPE) for file in files
    ]
    said = [one.communicate(timeout=120)[1] for one in some]
    assert [one.returncode for one in some] == [0] * len(some), said
    assert snapshots(place / "trendscout.duckdb") == MORNINGS + 2 * len(some)


def test_a_writer_waits_as_long_as_the_holder_works_and_no_longer(place, monkeypatch):
    monkeypatch.setattr(connect, "_TICKS", 5)
    store = place / "trendscout.duckdb"
    script = f"""
import duckdb, time
c = duckdb.connect({str(store)!r})
print(flush=True)
end = time.monotonic() + 3
while time.monotonic() < end: pass
time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline()
        began = time.monotonic()
        with pytest.raises(StoreBusy), open_store(store, wait_s=1.5):
            pass
        writer = time.monotonic() - began
        with pytest.raises(StoreBusy), open_store(store, wait_s=0.5, only_read=True):
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert 2.5 < writer < 40


def test_a_report_while_another_loads_shows_whole_loads_only(place):
    """Each load brings a list's whole morning; a report between two loads sees all its places or none."""
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from datetime import timedelta
from pathlib import Path
from test_store_in_trouble import START, history
from trendscout.errors import StoreBusy
from trendscout.store import connect
from trendscout.store.connect import open_store
from trendscout.store.histories import import_history
print("begun", flush=True)
for day in range(20, 400):
    file = history(Path("turn.csv"), START + timedelta(days=day), mornings=1)
    with open_store("trendscout.duckdb", wait_s=60) as connection:
        import_history(connection, file, loaded_at=START)
    time.sleep(0.3)
"""
    writer = subprocess.Popen([sys.executable, "-c", script], cwd=place, env=ENVIRONMENT, stdout=subprocess.PIPE)
    try:
        assert writer.stdout.readline() == b"begun\n"
        seen = []
        for _ in range(3):
            began = time.monotonic()
            ended = run(place, "--quiet", "report", "--json", "--top", "500")
            assert ended.code == 0, ended
            assert time.monotonic() - began < 25
            with open_store(place / "trendscout.duckdb", wait_s=30) as connection:
                halves = connection.execute(
                    "SELECT count(*) FROM (FROM observations SELECT 1 GROUP BY taken_at HAVING count(*) <> ?)",
                    [PLACES],
                ).fetchall()
                seen.append(connection.execute("SELECT count(*) FROM snapshots").fetchall()[0][0])
            assert halves == [(0,)]
        assert writer.poll() is None, "the writer was still loading"
        assert seen == sorted(seen)
        assert seen[-1] > MORNINGS
    finally:
        writer.kill()
        writer.communicate()
    assert sound(place)


def test_a_newer_store_is_refused_and_left(place):
    with open_store(place / "trendscout.duckdb") as connection:
        connection.execute("INSERT INTO migrations (version) VALUES (9999)")
    before = (place / "trendscout.duckdb").read_bytes()
    ended = run(place, "report")
    assert (ended.code, "9999" in ended.err, "Update trendscout" in ended.err) == (4, True, True), ended
    assert (place / "trendscout.duckdb").read_bytes() == before


# --- a clock that goes backwards -----------------------------------------------------------------------------


def test_looks_from_the_future_are_told_and_stop_nothing(place):
    ahead = datetime.now(UTC) + timedelta(days=400)
    assert run(place, "import", history(place / "ahead.csv", ahead, mornings=2)).code == 0
    examined = run(place, "doctor")
    assert (examined.code, "has not come yet" in " ".join(examined.out.split())) == (3, True), examined
    assert run(place, "report").code == 0
    page = ROOT / "tests/sources/amazon_bestsellers/ok_grid/page.html"
    assert run(place, "ingest", page, "--source", "amazon_bestsellers", "--market", "US").code == 0
    assert snapshots(place / "trendscout.duckdb") == MORNINGS + 3
    assert sound(place)


# --- told to stop --------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process")
def test_stopped_by_hand_it_ends_quietly(place):
    more = history(place / "more.csv", START + timedelta(days=MORNINGS), mornings=200)
    process = subprocess.Popen(
        [sys.executable, "-m", "trendscout", "import", str(more)],
        cwd=place,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, 130, -signal.SIGINT), said
    assert snapshots(place / "trendscout.duckdb") in (MORNINGS, MORNINGS + 200)
    assert sound(place)
