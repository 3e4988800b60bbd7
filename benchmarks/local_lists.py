"""A local server of best-seller grids for the crawling benchmarks: 570 kB a page, 90 kB gzipped, all different."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import zlib

from trendscout.demo.market import World
from trendscout.demo.sites import amazon

PAGE_BYTES = 570_000
PAGES_OF_A_LIST = 2
_ASIN = re.compile(r"\bB0[0-9A-Z]{3}([0-9A-Z]{5})\b")
_WORDS = "nav menu shop deal gift home kitchen garden sport baby beauty book music prime order cart list".split()


def filler(size: int) -> str:
    """Menus and scripts as around a real list: about a tag every 100 bytes, gzipped to about a sixth."""
    rng = random.Random(4)
    parts, length = [], 0
    while length < size:
        words = " ".join(rng.choices(_WORDS, k=4))
        number = rng.getrandbits(48)
        part = (
            f'<a class="nav-a nav-{rng.choice(_WORDS)}" href="/b?node={number}"><span>{words}</span></a>\n'
            if rng.random() < 0.6
            else f'<script>window.P&&P.when("{words}").execute(function(a){{a.count("{number:x}",1)}});</script>\n'
        )
        parts.append(part)
        length += len(part)
    return "".join(parts)


def pages(lists: int) -> dict[str, bytes]:
    """Gzipped pages by path; no two lists share an item."""
    shelves = [shelf for shelf in World(7, 2, ("US",)).shelves if shelf.platform == "amazon"]
    bases = [[amazon.grid(shelf, 1, number) for number in (1, 2)] for shelf in shelves]
    start, body = bases[0][0].split("<body>")
    around = filler(PAGE_BYTES - len(start) - len(body))
    # What all pages begin with is compressed once.
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    head = packer.compress(f"<!DOCTYPE html><html lang='en-us'><head>{around}".encode())
    made = {}
    for number in range(lists):
        shelf, base = shelves[number % len(shelves)], bases[number % len(shelves)]
        for page, text in enumerate(base, 1):
            slug = f"list-{number}"
            text = _ASIN.sub(rf"B0{number:03X}\1", text)
            text = text.replace(f"/{shelf.category}", f"/{slug}").partition("<head>")[2]
            rest = packer.copy()
            path = f"/gp/bestsellers/{slug}" + ("" if page == 1 else f"?pg={page}")
            made[path] = head + rest.compress(text.encode()) + rest.flush()
    return made


async def serve(lists: int) -> None:
    """Serve until standard input closes; the first line out is the port."""
    made = pages(lists)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = made.get(head.split(b" ", 2)[1].decode())
                if body is None:
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                else:
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body)
                    )
                    writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
