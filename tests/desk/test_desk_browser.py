"""The desk in a real Chromium: every page and action, two languages, hostile titles, no fault of access."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from open_desk import Open, opened

from trendscout.store.connect import open_store

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATHS = ("/", "/products", "/lists", "/right")


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a desk in a window; any word on the console, and any request but to the desk, fails the test."""
    troubles: list[str] = []
    contexts = []

    def start(open_: Open, *, viewport: dict[str, int] = DESK, scheme: str = "light") -> Any:
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, accept_downloads=True)
        contexts.append(context)
        window = context.new_page()
        window.on("console", lambda message: troubles.append(message.text))
        window.on("pageerror", lambda error: troubles.append(str(error)))
        window.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        ours = f"http://127.0.0.1:{open_.port}/"
        window.route(
            lambda url: not url.startswith((ours, "data:", "blob:")),
            lambda route: (troubles.append(f"asked for {route.request.url}"), route.abort()),
        )
        window.goto(open_.address)
        window.wait_for_selector("h1")
        return window

    yield start
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def quiet(own: Open, served: Callable[[Open], Open]) -> Iterator[Open]:
    """A desk on a store of its own, without pictures, served, its worker at work."""
    own.desk.view = replace(own.desk.view, images=False)
    served(own)
    own.worker.start()
    yield own
    own.worker.stop()
    own.worker.join(20)


def test_a_morning_at_the_desk(quiet: Open, visit: Callable[..., Any]) -> None:
    """Filter, keep the address, open a product, mark it, see it pending and then done, by clicks and keys."""
    window = visit(quiet)
    assert quiet.keys.key not in window.url
    window.click("nav >> text=Products")
    all_ = int(window.inner_text("main p[role=status] b").replace(",", ""))
    window.select_option("select[name=place]", "amazon UK")
    window.wait_for_url("**/products?place=amazon+UK")
    some = int(window.inner_text("main p[role=status] b").replace(",", ""))
    assert 0 < some < all_
    window.fill("input[name=q]", "kitchen")
    window.keyboard.press("Enter")
    window.wait_for_url("**/products?q=kitchen&place=amazon+UK")
    window.reload()
    assert window.input_value("input[name=q]") == "kitchen"
    title = window.inner_text("a.title >> nth=0")
    window.focus("a.title >> nth=0")
    window.keyboard.press("Enter")
    window.wait_for_selector("figure.year")
    assert title.removeprefix("≈ ")[:20] in window.inner_text("h1")
    assert window.locator("figure.year svg .line, figure.year svg .dot, figure.year svg .now").count() > 0
    window.fill("input[name=note]", "200 in stock")
    window.click("button[value=watch]")
    window.wait_for_selector("text=Pending (1)")
    window.wait_for_selector("#newer:visible", timeout=60_000)
    window.click("#newer a")
    window.wait_for_selector("button.on[value=watch]")
    assert window.input_value("input[name=note]") == "200 in stock"
    assert window.locator(".pending").count() == 0


def test_a_file_dropped_on_the_page_is_told_line_by_line(
    quiet: Open, visit: Callable[..., Any], tmp_path: Path
) -> None:
    window = visit(quiet)
    window.click("nav >> text=Lists")
    (tmp_path / "<img src=x onerror=alert(1)>.html").write_text("<html><body>nothing here</body></html>")
    window.set_input_files("#files", tmp_path / "<img src=x onerror=alert(1)>.html")
    window.wait_for_selector("#taken li", timeout=60_000)
    assert "left" in window.inner_text("#taken")
    assert window.locator("#taken img").count() == 0


def test_a_file_chosen_before_the_script_ran_is_sent(
    quiet: Open, visit: Callable[..., Any], tmp_path: Path
) -> None:
    """A slow script: the control is there, and the file in it, before anyone listens."""
    window = visit(quiet)
    held: list[Any] = []
    window.route("**/desk.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    window.click("nav >> text=Lists", no_wait_after=True)
    (tmp_path / "page.html").write_text("<html><body>nothing here</body></html>")
    window.set_input_files("#files", tmp_path / "page.html")
    assert window.locator("#taken li").count() == 0
    for route in held:
        route.continue_()
    window.wait_for_selector("#taken li", timeout=60_000)


def test_a_running_job_shows_its_progress(quiet: Open, visit: Callable[..., Any]) -> None:
    from trendscout.desk.worker import Task

    window = visit(quiet)
    window.click("nav >> text=Lists")
    quiet.worker.progress.tasks.appendleft(Task("Collecting {n} lists", {"n": 9}, "running", done=4, all=9))
    quiet.worker.progress.version += 1
    window.wait_for_selector("#tasks progress")
    assert "4/9" in window.inner_text("#tasks")


def test_the_curve_can_be_kept(quiet: Open, visit: Callable[..., Any], tmp_path: Path) -> None:
    window = visit(quiet)
    window.click("nav >> text=Products")
    window.click("a.title >> nth=0")
    window.wait_for_selector("text=Curve as CSV")
    window.wait_for_load_state()  # a click before the script is there does nothing
    with window.expect_download() as waiting:
        window.click("text=Curve as CSV")
    waiting.value.save_as(tmp_path / "curve.csv")
    lines = (tmp_path / "curve.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "list,time,presence,rank,count,price"
    assert len(lines) > 1
    with window.expect_download() as waiting:
        window.click(".png >> nth=0")
    waiting.value.save_as(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_hostile_titles_do_nothing(quiet: Open, visit: Callable[..., Any]) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "report"))
    from example import hostile

    from trendscout.steps.publish import publish

    with open_store(quiet.workspace.db) as connection:
        keys = connection.execute("SELECT listing FROM listings ORDER BY listing").fetchall()
        for (key,), given in zip(keys, hostile(), strict=False):
            title = given.encode("utf-8", "ignore").decode()  # the store holds no half characters
            connection.execute(
                "UPDATE listings SET title = ?, url = ?, image = ?, seller = ? WHERE listing = ?",
                [*[title] * 4, key],
            )
    publish(quiet.workspace, now=quiet.now)
    window = visit(quiet, viewport=PHONE)
    for path in (*PATHS, "/products?page=2", "/products?page=3"):
        window.goto(quiet.root + path)
        assert window.evaluate("window.pwned") is None
        assert window.evaluate("document.scripts.length") == 1
        assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for place in range(3):
        window.goto(f"{quiet.root}/products")
        window.click(f"a.title >> nth={place}")
        window.wait_for_selector("h2")
        assert window.evaluate("window.pwned") is None
        assert sticking_out(window, PHONE["width"]) == []


def sticking_out(window: Any, width: int) -> list[str]:
    """What reaches over the right edge of the page, the outermost last."""
    if window.evaluate("document.documentElement.scrollWidth") <= width:
        return []
    found: list[str] = window.evaluate(
        """(width) => [...document.querySelectorAll("main *, header *")].filter((one) => !one.closest(".scroll")
            && one.getBoundingClientRect().right > width).map((one) => one.outerHTML.slice(0, 120))""",
        width,
    )
    return found


@pytest.mark.parametrize(
    ("viewport", "lang", "scheme"), [(DESK, "en", "light"), (PHONE, "zh", "dark"), (DESK, "zh", "dark")]
)
def test_no_serious_fault_of_access(
    quiet: Open, visit: Callable[..., Any], viewport: dict[str, int], lang: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    window = visit(quiet, viewport=viewport, scheme=scheme)
    window.goto(f"{quiet.root}/products?lang={lang}")
    product = window.get_attribute("a.title >> nth=0", "href")
    for path in (*PATHS, product.removeprefix(f"/{quiet.keys.folder}"), "/nowhere"):
        with_trouble = path == "/nowhere"
        if with_trouble:
            continue  # a 404 is a word on the console
        window.goto(quiet.root + path)
        found = Axe().run(window).response["violations"]
        serious = [
            f"{path} {one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert window.get_attribute("html", "lang") == ("zh-CN" if lang == "zh" else "en")
        assert window.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_language_is_kept_and_whole(quiet: Open, visit: Callable[..., Any]) -> None:
    window = visit(quiet)
    window.click("text=中文")
    for path in PATHS:
        window.goto(quiet.root + path)
        shown = window.inner_text("h1") + window.inner_text("nav[aria-label]")
        assert re.search("[A-Za-z]{3}", shown) is None
    window.click("#theme")
    assert window.get_attribute("html", "data-theme") == "dark"
    window.goto(f"{quiet.root}/")
    assert window.get_attribute("html", "data-theme") == "dark"


def test_without_a_store_it_says_how_to_begin(
    tmp_path: Path, seen: Open, served: Callable[[Open], Open], visit: Callable[..., Any]
) -> None:
    empty = served(opened(tmp_path, seen.now))
    empty.worker.start()
    try:
        window = visit(empty)
        for path in PATHS:
            window.goto(empty.root + path)
            assert "trendscout init" in window.inner_text("main")
        assert not (tmp_path / "demo.duckdb").exists()
    finally:
        empty.worker.stop()
        empty.worker.join(10)


def test_print_shows_products_without_tools(quiet: Open, visit: Callable[..., Any]) -> None:
    window = visit(quiet)
    window.goto(f"{quiet.root}/products")
    window.emulate_media(media="print")
    assert not window.is_visible("#filters")
    assert not window.is_visible("header")
    assert window.is_visible("a.title >> nth=0")


def test_another_page_in_the_same_browser_gets_nothing(
    quiet: Open, visit: Callable[..., Any], chromium: Any, tmp_path: Path
) -> None:
    """A hostile page that knows even the secret folder: it can neither read, nor act, nor show the desk."""
    window = visit(quiet)
    context = window.context
    evil = context.new_page()
    action = f"{quiet.root}/say"
    evil.route(
        "http://evil.example/**",
        lambda route: route.fulfill(
            body=f"""<!doctype html><body><iframe src="{quiet.root}/products" id="f"></iframe>
            <script src="{quiet.root}/static/desk.js"></script>
            <form method="post" action="{action}" target="f2" id="form"><input name="word" value="mine">
            <input name="product" value="p:1"></form><iframe name="f2"></iframe></body>""",
            content_type="text/html",
        ),
    )
    evil.goto("http://evil.example/")
    tried = evil.evaluate(
        f"""async () => {{
            const said = [];
            for (const [path, how] of [["/products", {{}}], ["/products", {{credentials: "include"}}],
                ["/products", {{credentials: "include", mode: "no-cors"}}],
                ["/say", {{method: "POST", credentials: "include", mode: "no-cors", body: "word=mine"}}],
                ["/clip", {{method: "POST", headers: {{authorization: "Bearer x"}}, body: "{{}}"}}]]) {{
                try {{ said.push((await (await fetch("{quiet.root}" + path, how)).text()).length); }}
                catch {{ said.push("refused"); }}
            }}
            document.getElementById("form").submit();
            await new Promise((done) => setTimeout(done, 700));
            return said;
        }}"""
    )
    assert [one for one in tried if one not in ("refused", 0)] == []
    assert evil.frames[1].url == "chrome-error://chromewebdata/" or "<h1>" not in evil.frames[1].content()
    assert not quiet.desk.words.waiting()
    popup = evil.evaluate(
        f"""() => {{
            const opened = open("{quiet.root}/");
            try {{ return opened.document.title; }} catch {{ return null; }}
        }}"""
    )
    assert not popup
