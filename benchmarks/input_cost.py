"""What hostile input costs: CPU and memory per input byte, for every decoder and every reader.

Each reader gets floods: what it reads best repeated without end, pieces of its own fixtures repeated, and packed
forms of both. A reader's floods run in a child process, whose memory is its own, and a limit ends what
is too dear.

Run `python benchmarks/input_cost.py [--kilobytes 1000] [--pieces 12] [--only NAME]`; exits 1 where one costs more
than the limits.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import gc
import gzip
import io
import os
import pickle
import random
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import brotli
from mutations import fixture_seeds

from trendscout.archive.decoding import decode, decode_start, zstd_library
from trendscout.archive.reader import foreign_pages
from trendscout.archive.wire import public_headers, public_url
from trendscout.errors import TrendscoutError
from trendscout.fetch.robots import read_robots
from trendscout.intake.exports import read_export
from trendscout.intake.guess import guess
from trendscout.intake.har import har_pages
from trendscout.model import Page, Query
from trendscout.settings.config import load_toml
from trendscout.sources.bodies import readable
from trendscout.sources.source import Source, read_page
from trendscout.sources.walls import wall_of
from trendscout.text.jsontext import after, batchexecute, in_script, parse_json
from trendscout.text.markup import parse_feed, parse_html, text_of
from trendscout.text.numbers import parse_count
from trendscout.text.prices import parse_price

NOW = datetime(2026, 7, 19, 6, tzinfo=UTC)
# An honest page takes a tenth of a second a megabyte at most, the densest input of the dearest reader 1.6: what
# grows faster than its input is far beyond this at 60 kB.
MAX_S_PER_MB = 4.0
MAX_BYTES_PER_BYTE = 400.0
FREE_BYTES = 80_000_000  # whatever the input: a decoder's window and output, a parser's first arenas
CPU_S = 10  # a child is ended after this much of one flood
SMALLEST = 50_000  # bytes that a smaller flood counts as: what is done once a file would count as its cost
YARDSTICK_S = (
    0.0013  # `_yardstick` on a quiet machine: where it takes longer, what seems too dear is told as if here
)

Run = Callable[[bytes], object]


@dataclass(frozen=True)
class Reader:
    """Something that takes bytes from outside."""

    name: str
    run: Run
    units: tuple[bytes, ...]  # what is repeated
    pack: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True)
class Cost:
    """What one input came to."""

    reader: str
    flood: str
    size: int  # as given, packed
    plain: int  # before it was packed
    cpu_s: float
    peak: int  # bytes above what the process held before
    end: str  # "" if it was read or refused by us

    @property
    def s_per_mb(self) -> float:
        """CPU seconds a megabyte of what is to be read: readers bound what they unpack, not only what they get."""
        return self.cpu_s / _megabytes(self.plain)

    @property
    def bytes_per_byte(self) -> float:
        """Memory for each byte of input, beyond what is free."""
        return max(0, self.peak - FREE_BYTES) / max(self.size, 1)

    @property
    def is_wrong(self) -> bool:
        """Whether it costs more than the limits, or ended as no input may."""
        return bool(self.end) or self.s_per_mb > MAX_S_PER_MB or self.bytes_per_byte > MAX_BYTES_PER_BYTE


# --- what is read --------------------------------------------------------------------------------------------

TEXT: tuple[bytes, ...] = (
    b"<div>",
    b"<b x=1>",
    b"<a ",
    b"<!--",
    b"<![CDATA[",
    b"&amp;",
    b"[",
    b'{"a":',
    b'"\\',
    b"1e9,",
    b"=",
    b" ",
)
TEXT += (b"<script id=__NEXT_DATA__ ", b"<script>", b"<script type=x ", b"window.x=", b'JSON.parse("', b"/*", b"(")
TEXT += (
    b"<title",
    b"<meta charset=",
    b"<li data-id=1>",
    b"http://",
    b"0",
    b".",
    b",",
    b"\\u0041",
    b"\xf0\x9f\x94\xa5",
)
TEXT += (
    b"<html",
    b"</html",
    b"<p>",
    b"</p>",
    b"'",
    b"<x y='",
    b"\n",
    b"\0",
    b"\xff",
    b")]}'",
    b"/**/a(",
    b"\xef\xbb\xbf",
)
ROBOTS = (
    b"User-agent: *\n",
    b"Disallow: /*a*b\n",
    b"Disallow: /",
    b"*",
    b"Crawl-delay: 1\n",
    b"User-agent: b\nAllow: /\n",
)
TABLE = (b"a,b,c\n", b'"', b'"a\n', b",", b";", b"\t", b"a" * 60 + b",", b"1,2\n", b"=1+1\n", b"sep=,\n")
TOML = (b"[a]\n", b"a.", b"a=1\n", b"[[a]]\n", b"[", b"a={", b"9", b'"""', b"#\n", b"a=[")
ADDRESS = (b"?a=1&", b"key=", b"%6b", b"/", b"@", b":", b"[", b"eyJ.", b"token", b"#", b"a")


def page(body: bytes, source: str = "", **headers: str) -> Page:
    """A page with that body."""
    return Page("https://list.example/", NOW, 200, headers, body, Query(source, "US"))


def in_file(read: Callable[[Path], object], suffix: str) -> Run:
    """A reader of files."""

    def run(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"x{suffix}"
            file.write_bytes(data)
            return read(file)

    return run


def workbook(sheet: bytes) -> bytes:
    """A workbook whose one sheet holds those bytes."""
    import xlsxwriter

    made = BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.add_worksheet().write_row(0, 0, ["name", "price"])
    book.close()
    out = BytesIO()
    with zipfile.ZipFile(made) as plain, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in plain.namelist():
            data = plain.read(name)
            if "worksheets/" in name:
                head, end = data.split(b"</sheetData>")
                data = head + sheet + b"</sheetData>" + end
            packed.writestr(name, data)
    return out.getvalue()


def warc(body: bytes, *headers: bytes) -> bytes:
    """A foreign WARC file with one response."""
    http = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", b""]) + body
    head = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\nContent-Length: %d\r\n"
        % len(http)
    )
    head += b"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n\r\n"
    return head + http + b"\r\n\r\n"


def twice(body: bytes) -> bytes:
    """A foreign WARC file in gzip in gzip."""
    return gzip.compress(gzip.compress(warc(body)))


def in_chunks(body: bytes) -> bytes:
    """A foreign WARC file whose response kept its chunks."""
    return warc(body, b"Transfer-Encoding: chunked")


def table(path: Path) -> object:
    """What is read of a table; the floods are longer than any real one has rows."""
    return read_export(path, now=NOW)


def foreign(path: Path) -> object:
    """Every page of a foreign WARC file."""
    return list(foreign_pages(path, lambda _: None))


def decoding(encoding: str) -> Run:
    """A decoder of that Content-Encoding."""
    return lambda data: decode(data, encoding, 1 << 26)


def text(data: bytes) -> str:
    """The input as text, for what reads text."""
    return data.decode("utf-8", "replace")


def reading(like: Page, source: Source) -> Run:
    """A source's reader of pages like that one."""
    return lambda data: read_page(source, replace(like, body=data))


def readers() -> Iterator[Reader]:
    """Every decoder and reader with the floods that it is given."""
    empty = gzip.compress(b"", mtime=0)
    pack: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}
    pack |= {"br": lambda data: brotli.compress(data, quality=4), "zstd": zstd_library().compress}
    for name in ("gzip", "deflate", "br", "zstd"):
        run = decoding(name)
        yield Reader(f"decode {name}", run, (empty, b"\0", b"\x28\xb5\x2f\xfd", b"\x06", b"x\x9c\x03\0\0\0\0\1"))
        yield Reader(f"decode {name} of packed", run, (empty, b"\0", b"ab"), pack[name])
    yield Reader(
        "decode gzip twice",
        decoding("gzip, gzip"),
        (empty, b"\0"),
        lambda data: gzip.compress(gzip.compress(data)),
    )
    yield Reader("decode gzip twice, members", decoding("gzip, gzip"), (empty,), gzip.compress)
    yield Reader("start of gzip", lambda data: decode_start(data, "gzip", 1 << 19), (empty, b"\0"))
    yield Reader(
        "robots.txt", lambda data: read_robots(200, data, NOW).allows("https://a.example/" + "ab" * 50), ROBOTS
    )
    yield Reader("HTML", lambda data: text_of(parse_html(data).root), TEXT)
    yield Reader("feed", parse_feed, (*TEXT, b"<a>"))
    yield Reader("JSON", parse_json, TEXT)
    yield Reader("JSON in a script", lambda data: in_script(data, "__NEXT_DATA__"), TEXT)
    javascript: tuple[bytes, ...] = (*TEXT, b"{a:", b"['", b"[1,", b"{'a':1,", b"[!0,")
    yield Reader("JavaScript state", lambda data: after(b"window.x=" + data, "window.x"), javascript)
    yield Reader("batchexecute", lambda data: batchexecute(data, "x"), (*TEXT, b"[]", b'[["wrb.fr","x","[]"]]'))
    yield Reader("walls", lambda data: wall_of(page(data)), TEXT)
    yield Reader("readable", lambda data: readable(page(data)), (*TEXT, empty))
    yield Reader("packed page", lambda data: readable(page(data)), (empty, b"\0"), gzip.compress)
    yield Reader("HAR", lambda data: list(har_pages(data, at=NOW)), (*TEXT, b'{"log":{"entries":['))
    yield Reader("WARC", in_file(foreign, ".warc"), (warc(b"x"), b"WARC/1.0\r\n", b"\r\n", b"a: b\r\n", empty))
    yield Reader("WARC, packed", in_file(foreign, ".warc.gz"), (warc(b"x"), b"\0"), gzip.compress)
    yield Reader("WARC, packed twice", in_file(foreign, ".warc.gz"), (b"\0", b"a"), twice)
    yield Reader("WARC of chunks", in_file(foreign, ".warc"), (b"1\r\na\r\n", b"0", b"1;", b"\r\n"), in_chunks)
    once = b"SKU,ASIN,x\n1,2,3\n", b"Category: x\n"  # the profiles are read and the libraries loaded but once
    for text_of_table in once:
        with suppress(TrendscoutError):
            in_file(table, ".csv")(text_of_table)
    yield Reader("CSV", in_file(table, ".csv"), TABLE)
    sheets = (
        b'<row r="1"><c r="A1"/></row>',
        b'<row r="9"><c r="ZZ9"><v>1</v></c></row>',
        b"<row ",
        b"<c>",
        b"<!--",
    )
    yield Reader("workbook", in_file(table, ".xlsx"), sheets, workbook)
    yield Reader("TOML", in_file(lambda path: load_toml(path, "config"), ".toml"), TOML)
    yield Reader("address", lambda data: public_url("https://a.example/" + text(data)), ADDRESS)
    yield Reader("header field", lambda data: public_headers([("X-" + text(data)[:60_000], text(data))]), ADDRESS)
    signs = (b"1", b"1,", b"1.", b"$1", b" ", b"k", b"\xe4\xb8\x87", b"-", b"+", b"1 000 ", b"USD", b"Rp")
    yield Reader("price", lambda data: parse_price(text(data), "US"), signs)
    yield Reader("count", lambda data: parse_count(text(data), "US"), signs)
    yield Reader("any source's shape", lambda data: guess(page(data)), TEXT[:14])


def source_readers(chance: random.Random, pieces: int) -> Iterator[Reader]:
    """The reader of every source, flooded with pieces of its own fixtures."""
    seen: dict[str, list[Page]] = {}
    for seed in fixture_seeds():
        seen.setdefault(seed.source.name, []).append(seed.page)
    by_name = {seed.source.name: seed.source for seed in fixture_seeds()}
    for name, pages in seen.items():
        units = []
        for _ in range(pieces):
            body = chance.choice(pages).body
            start = chance.randrange(len(body))
            units.append(body[start : start + chance.choice((5, 20, 80, 400, 2000))])
        like = pages[0]
        run = reading(like, by_name[name])
        heads = tuple(one.body[: len(one.body) // 2] for one in pages[:2])
        yield Reader(f"source {name}", run, (*units, *heads))


# --- measuring -----------------------------------------------------------------------------------------------


def costs(some: Sequence[Reader], size: int) -> Iterator[Cost]:
    """What each flood costs each reader: a child process a reader, and another where a flood ended one."""
    for reader in some:
        plain = [unit * max(1, size // len(unit)) for unit in reader.units]
        floods = [(unit, len(data), reader.pack(data)) for unit, data in zip(reader.units, plain, strict=True)]
        while floods:
            said = _in_children(reader.run, [(length, data) for _, length, data in floods])
            said = said or [(float(CPU_S), 0, "ended")]
            for (unit, length, data), (cpu_s, peak, end) in zip(floods, said, strict=False):
                yield Cost(reader.name, repr(unit[:40])[2:-1], len(data), length, cpu_s, peak, end)
            floods = floods[len(said) :]


def _in_children(run: Run, floods: Sequence[tuple[int, bytes]]) -> list[tuple[float, int, str]]:
    """CPU seconds, peak and end of each flood (its plain length, its bytes), as far as one child came."""
    take, give = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(take)
        _in_child(run, floods, give)
    os.close(give)
    with os.fdopen(take, "rb") as told:
        said = told.read()
    os.waitpid(child, 0)
    read, whole = BytesIO(said), []
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            whole.append(pickle.load(read))  # noqa: S301 - our own child
    return whole


def _in_child(run: Run, floods: Sequence[tuple[int, bytes]], give: int) -> None:
    gc.freeze()
    for length, data in floods:
        cpu_s, peak, end = _once(run, data)
        for _ in range(2):  # a machine that is busy makes work dearer, never cheaper
            if end or cpu_s / _megabytes(length) <= MAX_S_PER_MB:
                break
            cpu_s = min(cpu_s, _once(run, data)[0] / max(1.0, _yardstick() / YARDSTICK_S))
        os.write(give, pickle.dumps((cpu_s, peak, end)))
    os._exit(0)


def _once(run: Run, data: bytes) -> tuple[float, int, str]:
    end = ""
    spent = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_S, resource.RLIM_INFINITY))
    _give_back()
    held = _resident()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest mark begins anew
    began = time.process_time()
    try:
        run(data)
    except (TrendscoutError, ValueError):
        pass
    except BaseException as error:  # noqa: BLE001 - it is told
        end = f"{type(error).__name__}: {error}"[:200]
    return time.process_time() - began, _resident("VmHWM") - held, end


def _megabytes(length: int) -> float:
    return max(length, SMALLEST) / 1e6


def _yardstick() -> float:
    """CPU seconds of a piece of honest work here and now: rows of a CSV, folded and counted."""
    text = "Kettle 1.7 L,12.99,B000000001\n" * 1_000

    def work() -> float:
        began = time.process_time()
        Counter(cell.casefold() for row in csv.reader(io.StringIO(text)) for cell in row)
        return time.process_time() - began

    return min(work() for _ in range(3))


def _give_back() -> None:
    """Let go of what the flood before left, so that it is not what this one has for nothing."""
    gc.collect()  # of this child's own things: `gc.freeze` left out all that it was born with
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _resident(field: str = "VmRSS") -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def main() -> int:
    """Print the worst flood of each reader; 1 if one costs too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kilobytes", type=int, default=1000)
    parser.add_argument("--pieces", type=int, default=12)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    some = [*readers(), *source_readers(random.Random(5), given.pieces)]
    print(f"{'reader':<30}{'CPU ms/MB':>10}{'bytes/byte':>11}{'floods':>7}  worst flood")
    wrong = count = 0
    for reader in some:
        if given.only not in reader.name:
            continue
        found = list(costs([reader], given.kilobytes * 1000))
        worst = max(found, key=lambda cost: (bool(cost.end), cost.s_per_mb))
        largest = max(cost.bytes_per_byte for cost in found)
        bad = [cost for cost in found if cost.is_wrong]
        count, wrong = count + len(found), wrong + len(bad)
        print(
            f"{reader.name:<30}{worst.s_per_mb * 1000:>10.0f}{largest:>11.0f}{len(found):>7}  {worst.flood}",
            flush=True,
        )
        for cost in bad:
            spent = f"{cost.cpu_s:.1f} s, {cost.peak / 1e6:.0f} MB of {cost.size} bytes"
            print(f"  WRONG {cost.flood}: {spent}. {cost.end}")
    print(f"{count} floods, {wrong} too dear")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
