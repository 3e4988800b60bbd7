"""Makes the pictures of the docs: from a demo's store (report, page, desk) and from the guides' own tables.

`make pictures` plays the demo and runs this. The page is photographed in Chromium, so one must be installed, and
with it a font for Chinese (Debian: chromium fonts-wqy-microhei).
"""

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import groupby
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.lang import Lang
from trendscout.model import Report, ReportQuery
from trendscout.report import page, table
from trendscout.settings.config import Settings
from trendscout.steps.publish import publish
from trendscout.store.workspace import Workspace

IMPORTED = "lamps_2026-05-01.csv"
IMAGES = Path(__file__).parent / "img"
WIDTH = 116  # cells
ROWS = 8  # that a reader takes in at a glance
CELL, LINE, MARGIN = 8.4, 19, 14  # pixels
PAPER, INK, FAINT = "#1d2125", "#e8eaec", "#98a1aa"
INKS = {"green": "#74d592", "red": "#ff9a92", "yellow": "#f0b35e", "cyan": "#7cc4f5", "magenta": "#d6a3f0"}
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def last_report(demo: Path) -> Report:
    """The report of the demo's last morning, from its store."""
    drop = max(demo.glob("*/report.json"))
    now = datetime.fromisoformat(json.loads(drop.read_text(encoding="utf-8"))["as_of"])
    workspace = Workspace(str(demo / "demo.duckdb"), demo / "archive")
    return pipeline.report(workspace, ReportQuery(top=20), now=now, settings=Settings())


def terminal(report: Report, lang: Lang, name: str) -> None:
    """The report as a terminal shows it, every run of signs in its own cells: Chinese ones are two wide."""
    shown = table.render(replace(report, rows=report.rows[:ROWS]), lang=lang, width=WIDTH)
    console = Console(width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    _draw(console.render_lines(shown, pad=False), name)


def session(guide: Path, lang: Lang, name: str) -> None:
    """What `import` says of the table in a guide, as a terminal shows it."""
    table_in_it = re.findall(r"```csv\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)[0]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / IMPORTED).write_text(table_in_it, encoding="utf-8")
        command = ["trendscout", *(["--lang", lang] if lang != "en" else []), "import", IMPORTED]
        ran = [sys.executable, "-m", *command]
        done = subprocess.run(ran, cwd=folder, capture_output=True, check=True)  # noqa: S603 - ours
    prompt = [Segment(f"$ {' '.join(command)}", Style(bold=True))]
    _draw([prompt, *([Segment(line)] for line in done.stderr.decode().splitlines())], name)


def _draw(lines: list[list[Segment]], name: str) -> None:
    drawn = [_line(line, number) for number, line in enumerate(lines)]
    width, height = WIDTH * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    (IMAGES / name).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-size="14" '
        'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, WenQuanYi Micro Hei Mono, monospace">'
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n{chr(10).join(drawn)}\n</svg>\n',
        encoding="utf-8",
    )


def _line(segments: list[Segment], number: int) -> str:
    at, drawn = 0, []
    for text, style, _ in segments:
        for wide, run in groupby(text, key=lambda sign: cell_len(sign) == 2):
            signs = "".join(run)
            cells = cell_len(signs)
            if signs.strip():
                where = f'x="{MARGIN + at * CELL:.1f}" y="{MARGIN + number * LINE + 14}"'
                size = f'textLength="{cells * CELL:.1f}" lengthAdjust="spacing{"" if wide else "AndGlyphs"}"'
                drawn.append(f'<text {where} {size} xml:space="preserve"{_look(style)}>{escape(signs)}</text>')
            at += cells
    return "".join(drawn)


def _look(style: Style | None) -> str:
    if style is None:
        return f' fill="{INK}"'
    colour = INKS.get(style.color.name, INK) if style.color else INK
    weight = ' font-weight="bold"' if style.bold else ""
    return f' fill="{FAINT if style.dim else colour}"{weight}'


def photograph(report: Report, lang: Lang, name: str) -> None:
    """The page in a language, with one product opened."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        window = browser.new_page(viewport={"width": 1280, "height": 960})
        window.set_content(page.render(report, lang=lang, images=False))
        window.click("li.card:nth-child(3) summary")
        window.screenshot(path=IMAGES / name)
        browser.close()


def photograph_desk(report: Report, demo: Path, lang: Lang, name: str) -> None:
    """The desk's products, in a language, served on a free port for as long as it takes."""
    from threading import Thread

    import uvicorn

    from trendscout.desk.serve import bind, desk_at

    workspace = Workspace.at(demo / "demo.duckdb", demo / "archive")
    workspace.desk.mkdir(exist_ok=True)
    publish(workspace, now=report.as_of)
    bound = bind(0, workspace.desk)
    port = bound.getsockname()[1]
    guard, _, address = desk_at(
        workspace, Settings(), port, lang=lang, clock=VirtualClock(report.as_of), images=False
    )
    server = uvicorn.Server(uvicorn.Config(guard, log_level="error", lifespan="off", ws="none"))
    Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True).start()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        window = browser.new_page(viewport={"width": 1280, "height": 860})
        window.goto(address)
        window.wait_for_selector("h1")
        window.click("nav a >> nth=1")
        window.wait_for_selector("#filters")
        window.screenshot(path=IMAGES / name)
        browser.close()
    server.should_exit = True


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    session(IMAGES.parent / "bring-your-own.md", "en", "import.svg")
    session(IMAGES.parent / "bring-your-own.zh.md", "zh", "import.zh.svg")
    found = last_report(Path(sys.argv[1]))
    terminal(found, "en", "report.svg")
    terminal(found, "zh", "report.zh.svg")
    photograph(found, "en", "page.png")
    photograph(found, "zh", "page.zh.png")
    photograph_desk(found, Path(sys.argv[1]), "en", "desk.png")
    photograph_desk(found, Path(sys.argv[1]), "zh", "desk.zh.png")
