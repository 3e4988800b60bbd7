"""What was received is kept as it came, survives a crash at any byte, and comes back unchanged."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from trendscout.archive import Archive, reader
from trendscout.archive.decoding import zstd_library
from trendscout.archive.reader import foreign_pages
from trendscout.archive.wire import DECODED_LIMIT, Received, public_headers
from trendscout.errors import ArchiveError
from trendscout.model import ArchiveRef, Query, Request

AT = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)
QUERY = Query("shop_list", "DE", "bestsellers", "küche & bad", (("host", "laden.example.com"), ("days", "7")))
HTML = "<html><title>Lampen</title>小夜灯</html>".encode()


def received(body: bytes = HTML, *headers: tuple[str, str], at: datetime = AT, number: int = 1) -> Received:
    request = Request("https://www.example.com/list?page=1", page=number)
    return Received(
        query=QUERY,
        request=request,
        url="https://www.example.com/list?page=1",
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"), *headers),
        body=body,
        fetched_at=at,
        taken_at=at - timedelta(seconds=40),
        pages=3,
        sent_headers=(("Host", "www.example.com"), ("User-Agent", "trendscout")),
    )


def only_file(folder: Path) -> Path:
    (path,) = folder.rglob("*.warc.gz")
    return path


def plain(folder: Path) -> bytes:
    """Every byte of the archive, and every byte that is packed in it."""
    data = b""
    for path in folder.rglob("*"):
        if path.is_file():
            data += path.read_bytes() + gzip.decompress(path.read_bytes())
    return data


# --- what comes back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", bytes),
        ("gzip", partial(gzip.compress, mtime=0)),  # the same bytes at every call
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstd_library().compress),
    ],
)
def test_a_page_comes_back_as_it_was(tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with Archive(tmp_path) as archive:
        asked = received(pack(HTML), *([("Content-Encoding", encoding)] if encoding else []))
        ref = archive.write(asked)
        page = archive.read(ref)
        assert page == asked.page(ref)
        assert page.body == HTML
        assert (page.query, page.number, page.fetched_at, page.status) == (QUERY, 1, AT, 200)
        (kept,) = archive.pages()
    assert kept.page == page
    assert (kept.taken_at, kept.pages, kept.role) == (AT - timedelta(seconds=40), 3, "crawl")
    assert pack(HTML) in plain(tmp_path)  # as received, not as decoded


@given(
    body=st.binary(max_size=5000),
    query=st.builds(
        Query,
        st.text(max_size=20),
        st.none() | st.text(max_size=3),
        st.text(max_size=20),
        st.text(max_size=50),
        st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3).map(tuple),
    ),
    status=st.sampled_from((200, 206, 403, 404, 503)),
    number=st.integers(1, 400),
)
def test_any_body_and_query_come_back(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, query: Query, status: int, number: int
) -> None:
    asked = replace(received(body, number=number), query=query, status=status)
    with Archive(tmp_path_factory.mktemp("archive")) as archive:
        ref = archive.write(asked)
        assert archive.read(ref) == asked.page(ref)
        assert [kept.page for kept in archive.pages()] == [asked.page(ref)]
        assert archive.findings == []


def test_what_a_user_saved_comes_back_with_what_it_stands_for(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        ref = archive.write_file(
            "/home/someone/Downloads/list.html",
            HTML,
            QUERY,
            at=AT,
            taken_at=AT - timedelta(days=30),
            url="https://www.example.com/list",
            content_type="text/html",
            extra=(("profile", "kalodata"),),
        )
        (kept,) = archive.pages()
    assert kept.page.body == HTML
    assert kept.page.url == "https://www.example.com/list"
    assert kept.page.headers == {"content-type": "text/html"}
    assert (kept.role, kept.taken_at) == ("ingest", AT - timedelta(days=30))
    assert kept.extra == {"profile": "kalodata", "name": "list.html"}
    assert kept.page.ref == ref
    assert b"/home/someone" not in plain(tmp_path)


def test_a_history_that_is_larger_than_any_page_comes_back(tmp_path: Path) -> None:
    body = bytes(DECODED_LIMIT + 1)
    with Archive(tmp_path) as archive:
        ref = archive.write_file("year.parquet", body, QUERY, at=AT, taken_at=AT, role="import")
        assert archive.archived(ref).page.body == body


def test_what_is_known_is_left_out_and_whole_files_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = []
    for day in range(2):
        with Archive(tmp_path) as archive:
            refs += [archive.write(received(b"%d" % n, at=AT + timedelta(days=day))) for n in range(3)]
    unfinished = Archive(tmp_path)  # killed before it could end its file
    refs += [unfinished.write(received(b"last", at=AT + timedelta(days=2)))]

    read: list[str] = []
    through = reader.read_all

    def watched(path: Path, name: str, *rest: Any) -> Any:
        read.append(name)
        return through(path, name, *rest)

    monkeypatch.setattr("trendscout.archive.reader.read_all", watched)
    assert [kept.page.ref for kept in archive.pages(known=refs[:4])] == refs[4:]
    assert read == ["2026/2026-03-02-001.warc.gz", "2026/2026-03-03-001.warc.gz"]
    assert list(archive.pages(known=refs)) == []
    assert archive.findings == []


# --- the format --------------------------------------------------------------------------------------------


def test_other_tools_read_it(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        ref = archive.write(received(gzip.compress(HTML), ("Content-Encoding", "gzip")))
    with only_file(tmp_path).open("rb") as file:
        records = []
        for record in ArchiveIterator(file, check_digests=True):
            record.raw_stream.read()
            assert record.digest_checker.passed
            records.append(record.rec_headers)
    info, response, request, _ = records
    assert [r.protocol for r in records] == ["WARC/1.1"] * 4
    assert [r.get_header("WARC-Type") for r in records] == ["warcinfo", "response", "request", "metadata"]
    assert request.get_header("WARC-Concurrent-To") == response.get_header("WARC-Record-ID")
    assert response.get_header("WARC-Date") == "2026-03-01T08:30:15.123456Z"
    assert info.get_header("WARC-Filename") == only_file(tmp_path).name
    assert ref.file == "2026/2026-03-01-001.warc.gz"


def test_each_record_is_a_gzip_member_of_its_own(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.write(received())
        archive.write(received())
    data, starts = only_file(tmp_path).read_bytes(), []
    while data:
        stream = zlib.decompressobj(31)
        starts.append(stream.decompress(data).split(b"\r\n")[1:3])
        assert stream.eof
        data = stream.unused_data
    assert len(starts) == 6  # what the file is, two pages with their requests, how many there were


def test_what_came_compressed_is_not_compressed_again(tmp_path: Path) -> None:
    noise = gzip.compress(os.urandom(50_000))
    with Archive(tmp_path) as archive:
        archive.write(received(noise, ("Content-Encoding", "gzip")))
    assert noise in only_file(tmp_path).read_bytes()


def test_a_file_a_day_and_none_shared(tmp_path: Path) -> None:
    with Archive(tmp_path) as one, Archive(tmp_path) as two:
        names = [a.write(received(at=AT + timedelta(days=d))).file for d in (0, 0, 1) for a in (one, two)]
    assert names == [
        "2026/2026-03-01-001.warc.gz",
        "2026/2026-03-01-002.warc.gz",
        "2026/2026-03-01-001.warc.gz",
        "2026/2026-03-01-002.warc.gz",
        "2026/2026-03-02-001.warc.gz",
        "2026/2026-03-02-002.warc.gz",
    ]


def test_threads_share_an_archive(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive, ThreadPoolExecutor(8) as threads:
        refs = list(threads.map(lambda n: archive.write(received(b"%d" % n)), range(60)))
    assert [archive.read(ref).body for ref in refs] == [b"%d" % n for n in range(60)]
    assert len(list(archive.pages())) == 60
    assert archive.findings == []


# --- secrets -----------------------------------------------------------------------------------------------


def test_cookies_and_keys_are_not_kept(tmp_path: Path) -> None:
    secrets = (
        ("Cookie", "sid=MARK-1"),
        ("Set-Cookie", "sid=MARK-2"),
        ("Authorization", "Bearer MARK-3"),
        ("Proxy-Authorization", "MARK-4"),
        ("X-CSRF-Token", "MARK-5"),
        ("X-Api-Key", "MARK-6"),
        ("user-sign", "MARK-7"),
        ("X-Session-Id", "MARK-8"),
    )
    url = "https://me:MARK-9@www.example.com/list?page=2&access_token=MARK-10&k=v&sign=MARK-11#MARK"
    asked = replace(
        received(b"<html>", *secrets), url=url, request=Request(url), sent_to=url + "2", sent_headers=secrets
    )
    with Archive(tmp_path) as archive:
        page = archive.read(archive.write(asked))
    assert b"MARK-" not in plain(tmp_path)
    assert "MARK-" not in repr(page)
    assert "k=v" in page.url
    assert "page=2" in page.url


@pytest.mark.parametrize(
    "name",
    """Cookie2 X-Authorisation WWW-Authenticate X-Amz-Security-Token X-Client-Secret X-Password X-Amz-Credential
    X-Session X-Xsrf X-Amz-Signature app-sign Sign X-Auth Apikey X-Access-Key X-App-Key X-Jwt X-Bearer h5st a_bogus
    X-S Ticket X-Login-Ticket""".split(),
)
def test_a_header_field_of_that_name_is_not_kept(name: str) -> None:
    asked = (
        (name, "MARK"),
        (name.lower(), "MARK"),
        ("X-Author", "kept"),
        ("Design", "kept"),
        ("X-Signal", "kept"),
    )
    assert public_headers(asked) == asked[2:]


# --- crashes, damage, lack of room ---------------------------------------------------------------------------


def test_a_torn_tail_is_told_and_the_rest_is_used(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.write(received(b"first"))
        last = archive.write(received(b"second"))
    path = only_file(tmp_path)
    whole = path.read_bytes()
    end = last.offset + len(whole[last.offset :])
    for cut in range(last.offset, end, 7):
        path.write_bytes(whole[:cut])
        archive = Archive(tmp_path)
        bodies = [kept.page.body for kept in archive.pages()]
        assert bodies in ([b"first"], [b"first", b"second"])
        if cut > last.offset:
            assert bool(archive.findings) or bodies == [b"first", b"second"]
        if bodies == [b"first"]:
            with pytest.raises(ArchiveError):
                archive.read(last)


@pytest.mark.parametrize("rubbish", [1, 40, 64, 63, 1000])
def test_what_follows_damage_of_any_length_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rubbish: int
) -> None:
    """The next record may begin within a piece of the file, between two, or many pieces later."""
    monkeypatch.setattr(reader, "_CHUNK", 64)
    with Archive(tmp_path) as archive:
        archive.write(received(b"first"))
        second = archive.write(received(b"second"))
    path = only_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: second.offset] + b"x" * rubbish + whole[second.offset :])
    again = Archive(tmp_path)
    assert [kept.page.body for kept in again.pages()] == [b"first", b"second"]
    assert len(again.findings) == 1


@given(place=st.floats(0, 0.999), value=st.integers(0, 255))
def test_a_wrong_byte_costs_one_record_at_most(
    tmp_path_factory: pytest.TempPathFactory, place: float, value: int
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    bodies = [b"<html>%d" % n + b"x" * 300 for n in range(4)]
    with Archive(folder) as archive:
        for body in bodies:
            archive.write(received(body))
        path = only_file(folder)
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] ^= value
        path.write_bytes(data)
        read = [kept.page.body for kept in archive.pages()]
    assert set(read) <= set(bodies)  # nothing invented
    assert len(read) >= 3


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    refs = []
    for n in range(3):
        with Archive(tmp_path) as archive:
            refs.append(archive.write(received(b"%d" % n)))
    (tmp_path / refs[1].file).unlink()
    assert [kept.page.body for kept in archive.pages()] == [b"0", b"2"]
    assert [str(finding) for finding in archive.findings] == [
        "2026/2026-03-01-002.warc.gz of the archive is missing. The other files are used."
    ]
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.read(refs[1])


def test_a_record_that_was_altered_is_not_believed(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        ref = archive.write(received(b"price 19.99"))
    path = only_file(tmp_path)
    text = gzip.decompress(path.read_bytes()).replace(b"price 19.99", b"price 10.99")
    path.write_bytes(gzip.compress(text))
    with pytest.raises(ArchiveError):
        archive.read(replace(ref, offset=0))
    assert list(archive.pages()) == []
    assert "digest" in str(archive.findings[0])


def test_an_empty_file_and_foreign_files_do_no_harm(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.write(received())
    (tmp_path / "2026" / "2026-03-01-002.warc.gz").touch()
    (tmp_path / "2026" / "notes.txt").write_text("mine")
    (tmp_path / "2026" / "2026-03-01-003.warc.gz").write_bytes(b"not a gzip file")
    assert len(list(archive.pages())) == 1
    assert len(archive.findings) == 1


def test_a_foreign_file_of_bombs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_FREE_BYTES", 1 << 20)
    bombs = gzip.compress(bytes(1 << 19)) * 40
    (tmp_path / "bombs.warc.gz").write_bytes(bombs)
    told: list[ArchiveError] = []
    assert list(foreign_pages(tmp_path / "bombs.warc.gz", told.append)) == []
    assert "is a bomb" in str(told[-1])
    assert len(told) < 40


def test_a_foreign_file_of_rubbish_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "rubbish.warc.gz").write_bytes(b"\x1f\x8b\x08 no member" * 500)
    told: list[ArchiveError] = []
    assert list(foreign_pages(tmp_path / "rubbish.warc.gz", told.append)) == []
    assert len(told) <= 101


@pytest.mark.parametrize(
    "name", ["../outside.warc.gz", "../archive-2/outside.warc.gz", "{here}/outside.warc.gz", "link"]
)
def test_a_reference_cannot_leave_the_archive(tmp_path: Path, name: str) -> None:
    """Nor by a folder whose name begins like the archive's, an absolute path, or a link."""
    with Archive(tmp_path / "archive-2") as other:
        ref = other.write(received())
    whole = tmp_path / "archive-2" / ref.file
    for place in (tmp_path / "outside.warc.gz", tmp_path / "archive-2" / "outside.warc.gz"):
        place.write_bytes(whole.read_bytes())
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "link").symlink_to(whole)
    with pytest.raises(ArchiveError, match="lies outside the archive"):
        Archive(tmp_path / "archive").read(ArchiveRef(name.format(here=tmp_path), ref.offset))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises(ArchiveError, match=r"archive cannot be written: .*Make room or give write access"):
        Archive(tmp_path / "archive").write(received())


_FULL = """
import resource, sys
sys.path[:0] = [{here!r}]
from test_archive import Archive, ArchiveError, Path, received
archive = Archive(Path(sys.argv[1]))
archive.write(received(b"before"))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    archive.write(received(bytes(range(256)) * 400, ("Content-Encoding", "gzip")))
except ArchiveError as error:
    print(error)
archive.write(received(b"after"))
"""


def test_a_full_disk_loses_nothing_and_leaves_no_half_record(tmp_path: Path) -> None:
    script = _FULL.format(here=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert "cannot be written" in done.stdout
    archive = Archive(tmp_path)
    assert [kept.page.body for kept in archive.pages()] == [b"before", b"after"]
    assert archive.findings == []


_WRITER = """
import itertools, json, sys
sys.path[:0] = [{here!r}]
from test_archive import Archive, Path, received
archive = Archive(Path(sys.argv[1]))
for n in itertools.count():
    ref = archive.write(received(b"%d" % n + b"x" * 2000))
    print(json.dumps([ref.file, ref.offset]), flush=True)
"""


@pytest.mark.parametrize("pages", [1, 7, 23])
def test_what_write_returned_survives_sigkill(tmp_path: Path, pages: int) -> None:
    script = _WRITER.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as writer:
        assert writer.stdout
        told = [ArchiveRef(*json.loads(writer.stdout.readline())) for _ in range(pages)]
        writer.send_signal(signal.SIGKILL)
        told += [ArchiveRef(*json.loads(line)) for line in writer.stdout if line.endswith("]\n")]
    archive = Archive(tmp_path)
    assert [archive.read(ref).body.rstrip(b"x") for ref in told] == [b"%d" % n for n in range(len(told))]
    assert len(list(archive.pages())) >= len(told)
    assert len(archive.findings) <= 1


# --- retention ---------------------------------------------------------------------------------------------


def test_old_files_go_first_and_the_newest_day_stays(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for day in range(5):
            archive.write(received(os.urandom(20_000), at=AT + timedelta(days=day)))
        assert archive.prune() == ()
        by_age = archive.prune(older_than=AT + timedelta(days=2))
        assert [(gone.name, gone.day.day) for gone in by_age] == [
            ("2026/2026-03-01-001.warc.gz", 1),
            ("2026/2026-03-02-001.warc.gz", 2),
        ]
        assert all(gone.size > 20_000 for gone in by_age)
        by_size = archive.prune(max_bytes=archive.size() - 1)
        assert [gone.day.day for gone in by_size] == [3]
        assert [gone.day.day for gone in archive.prune(older_than=AT + timedelta(days=99), max_bytes=0)] == [4]
        assert len(list(archive.pages())) == 1
        assert archive.findings == []


def test_pages_since(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for hour in range(0, 72, 8):
            archive.write(received(b"%d" % hour, at=AT + timedelta(hours=hour)))
        assert [kept.page.body for kept in archive.pages(AT + timedelta(hours=48))] == [b"48", b"56", b"64"]


# --- archives of other tools ---------------------------------------------------------------------------------


def foreign(path: Path, body: bytes, *headers: tuple[str, str], packed: bool) -> Path:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=packed)
        record = writer.create_warc_record(
            "https://shop.example.com/best",
            "response",
            payload=BytesIO(body),
            length=len(body),
            http_headers=StatusAndHeaders(
                "200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1"
            ),
            warc_headers_dict={"WARC-Date": "2026-02-03T04:05:06Z"},
        )
        writer.write_record(record)
        writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "another"}))
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_a_foreign_archive_is_read(tmp_path: Path, packed: bool) -> None:
    data = brotli.compress(HTML)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    path = foreign(
        tmp_path / "x.warc.gz",
        chunked,
        ("Content-Encoding", "br"),
        ("Transfer-Encoding", "chunked"),
        packed=packed,
    )
    told: list[ArchiveError] = []
    (page,) = foreign_pages(path, told.append)
    assert told == []
    assert page.body == HTML
    assert page.url == "https://shop.example.com/best"
    assert page.fetched_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert page.query == Query("")


def test_a_foreign_archive_in_one_gzip_stream_is_read(tmp_path: Path) -> None:
    plain_file = foreign(tmp_path / "x.warc", HTML, packed=False)
    one = tmp_path / "one.warc.gz"
    one.write_bytes(gzip.compress(plain_file.read_bytes() * 2))
    told: list[ArchiveError] = []
    assert [page.body for page in foreign_pages(one, told.append)] == [HTML, HTML]


@given(data=st.binary(max_size=3000), magic=st.sampled_from((b"", b"WARC/1.1\r\n", b"\x1f\x8b\x08")))
def test_junk_is_no_archive_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, magic: bytes
) -> None:
    path = tmp_path_factory.mktemp("junk") / "junk.warc.gz"
    for content in (magic + data, gzip.compress(magic + data)):
        path.write_bytes(content)
        assert list(foreign_pages(path, lambda _: None)) == []


CONTEXTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(("role", "source", "params", "taken_at", "number", "pages", "extra", "url", "asked")),
        inner,
    ),
    max_leaves=12,
)


@given(
    cut=st.floats(0, 1),
    taken=st.integers(0, 30),
    put=st.binary(max_size=30)
    | CONTEXTS.map(lambda c: b"\r\nTrendscout-Context: " + json.dumps(c).encode() + b"\r\n"),
)
def test_any_record_gives_a_page_or_is_told(
    tmp_path_factory: pytest.TempPathFactory, cut: float, taken: int, put: bytes
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    with Archive(folder) as archive:
        archive.write(received())
    path = only_file(folder)
    text = gzip.decompress(path.read_bytes())
    at = int(cut * len(text))
    path.write_bytes(gzip.compress(text[:at] + put + text[at + taken :]))
    assert all(kept.page.body for kept in archive.pages()) or archive.findings
    told: list[ArchiveError] = []
    for page in foreign_pages(path, told.append):
        assert page.query == Query("")


def test_a_bomb_in_a_foreign_archive_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendscout.archive.reader.FOREIGN_LIMIT", 1_000_000)
    path = tmp_path / "bomb.warc.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told: list[ArchiveError] = []
    assert list(foreign_pages(path, told.append)) == []
    assert "larger than 1000000 bytes" in str(told[0])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_file_that_cannot_be_read_is_told_and_costs_no_other(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    refs = [
        archive.write_file("a.html", b"<html>", Query("s", "US"), at=datetime(2026, 3, day, tzinfo=UTC))
        for day in (1, 2)
    ]
    file = tmp_path / "archive" / refs[0].file
    file.unlink()
    file.mkdir()
    archive = Archive(tmp_path / "archive")
    assert [page.page.ref for page in archive.pages()] == [refs[1]]
    assert [(refs[0].file in str(error), "cannot be read" in str(error)) for error in archive.findings] == [
        (True, True)
    ]


@pytest.mark.parametrize("start", [0, 3])
def test_the_next_record_is_found_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """Also where its mark lies across two pieces of the file."""
    monkeypatch.setattr(reader, "_CHUNK", 8)
    for before in range(start, 40):
        file = BytesIO(b"\x1f\x8b" * (before // 2) + b"x" * (before % 2) + reader._GZIP + b"\x1f\x8b\x08")
        assert reader._next_member(file, start) == before
    assert reader._next_member(BytesIO(b"\x1f\x8b" * 20), start) is None
