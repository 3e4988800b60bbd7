"""The page in a real Chromium: it sorts, filters, speaks two languages, and nothing that titles try happens."""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example import NOW, RISING, but, example, hostile

from trendscout.model import Report
from trendscout.report import changes, packs, page

pytestmark = pytest.mark.browser
REQUIRED = os.environ.get("TRENDSCOUT_REQUIRE_BROWSER") == "1"
# As root, without a sandbox, and without calls to the browser maker's own hosts.
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if REQUIRED:
            pytest.fail("TRENDSCOUT_REQUIRE_BROWSER is set and there is no chromium")
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a report in a window; any word on the console, and any request but for pictures, fails the test."""
    troubles: list[str] = []
    contexts = []

    def visit(report: Report, *, viewport: dict[str, int] = DESK, **more: Any) -> Any:
        (tmp_path / "report.html").write_text(page.render(report, **{"lang": "en", **more}), encoding="utf-8")
        context = chromium.new_context(viewport=viewport)
        contexts.append(context)
        window = context.new_page()
        window.on("console", lambda message: troubles.append(message.text))
        window.on("pageerror", lambda error: troubles.append(str(error)))
        window.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        window.on("popup", lambda popup: troubles.append(popup.url))
        window.route("**/*", lambda route: answer(route, troubles))
        window.goto((tmp_path / "report.html").as_uri())
        return window

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


def answer(route: Any, troubles: list[str]) -> None:
    url = route.request.url
    if url.startswith("file:"):
        route.continue_()
    elif url.startswith("https://img.example/"):
        route.fulfill(body=PIXEL, content_type="image/png")
    else:
        troubles.append(f"asked for {url}")
        route.abort()


def judged() -> Report:
    return packs.judged(example(), packs.load())


def titles(window: Any) -> list[str]:
    return [text[:8] for text in window.locator("li.card:visible .title").all_inner_texts()]


def test_sorting(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    assert titles(window)[0].startswith("指尖")  # mine, fading
    window.select_option("#sort", "newness")
    assert [text[:2] for text in titles(window)] == ["≈ ", "Cl", "指尖", "Đè"]
    window.select_option("#sort", "chance")
    assert [text[:2] for text in titles(window)] == ["Cl", "Đè", "指尖", "≈ "]  # unknown goes last
    window.select_option("#sort", "price")
    assert titles(window)[0].startswith("≈ Botol")
    window.select_option("#sort", "position")
    assert titles(window)[0].startswith("指尖")


def test_filters_and_search(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    window.select_option("[data-filter=stage]", "rising")
    assert titles(window) == ["Cloudlet"]
    assert window.inner_text("#shown") == "1"
    window.select_option("[data-filter=stage]", "")
    window.select_option("[data-filter=place]", "amazon-US")
    assert len(titles(window)) == 2
    window.select_option("[data-filter=place]", "")
    window.select_option("[data-filter=packs]", "impulse")
    assert titles(window) == ["Cloudlet"]
    window.select_option("[data-filter=packs]", "")
    window.fill("#search", "botol 香蕉")
    assert titles(window) == ["≈ Botol "]
    window.fill("#search", "nothing like it")
    assert window.is_visible("#none")


def test_changes_can_be_picked(opened: Callable[..., Any]) -> None:
    report = judged()
    before = changes.memory(replace(report, rows=report.rows[1:]))
    window = opened(report, changes=changes.since(report, before))
    window.select_option("[data-filter=change]", "new")
    assert titles(window) == ["Cloudlet"]


def test_languages(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    assert "rank 84 → 21 in 4 days" in window.inner_text("#rows")
    assert "名" not in window.inner_text("#rows")
    window.click("#lang")
    assert "4 天内第 84 名 → 21" in window.inner_text("#rows")
    assert "rank" not in window.inner_text("#rows")
    assert window.get_attribute("html", "lang") == "zh-CN"
    assert window.get_attribute("#search", "placeholder") == "搜索商品"
    assert "报告的次序" in window.inner_text("#sort")


def test_light_and_dark(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    colour = "getComputedStyle(document.body).backgroundColor"
    light = window.evaluate(colour)
    window.click("#theme")
    assert window.evaluate(colour) != light
    window.click("#theme")
    assert window.evaluate(colour) == light


def test_a_card_opens_by_keyboard(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    window.focus("li.card:nth-child(2) summary")
    window.keyboard.press("Enter")
    assert window.locator("li.card:nth-child(2) figure svg").count() == 2
    assert window.is_visible("li.card:nth-child(2) .facts")


def test_a_later_row_opens_like_the_first_ones(opened: Callable[..., Any]) -> None:
    report = judged()
    rows = [but(row, product_id=str(n), position=n + 1) for n, row in enumerate(report.rows * 10)]
    window = opened(replace(report, rows=tuple(rows)))
    cards = window.locator("li.card")
    assert cards.count() == 40
    for row in report.rows:
        shown = []
        same = cards.filter(has_text=row.facts.title)
        for card in (same.first, same.last):
            card.locator("summary").click()
            card.locator(".facts dt").first.wait_for()
            assert card.locator("[data-t]").count() == 0
            shown.append(card.locator(".more").inner_text())
        assert shown[0] == shown[1]


def test_pictures_come_late_and_may_fail(opened: Callable[..., Any]) -> None:
    rows = tuple(but(RISING, product_id=str(n), image=f"https://img.example/{n}.png") for n in range(3))
    window = opened(replace(example(), rows=rows))
    window.evaluate("document.images[0].decode()")
    assert window.evaluate("document.images[0].naturalWidth") == 1
    assert window.locator("img[loading=lazy]").count() == 3
    window.evaluate("document.images[0].dispatchEvent(new Event('error'))")
    assert window.locator("img").count() == 2


def test_hostile_titles_do_nothing(opened: Callable[..., Any]) -> None:
    rows = tuple(
        but(RISING, product_id=title, position=n, title=title, category=title, note=title, url=title, image=title)
        for n, title in enumerate(hostile())
    )
    window = opened(replace(example(), rows=rows), images=False)
    assert window.evaluate("window.pwned") is None
    assert window.locator("li.card").count() == 500
    assert window.evaluate("document.scripts.length") == 1
    assert window.evaluate("document.documentElement.scrollWidth") <= DESK["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_no_serious_fault_of_access(
    opened: Callable[..., Any], viewport: dict[str, int], lang: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    window = opened(with_days(judged()), viewport=viewport, lang=lang)
    window.emulate_media(color_scheme=scheme)
    window.click("li.card:nth-child(1) summary")
    window.click("li.card:nth-child(2) summary")
    found = Axe().run(window).response["violations"]
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_sticks_out_sideways(opened: Callable[..., Any], viewport: dict[str, int], lang: str) -> None:
    long = but(RISING, title="W" * 300, category="x" * 200, note="y" * 500, product_id="long")
    window = opened(with_days(replace(judged(), rows=(*judged().rows, long))), viewport=viewport, lang=lang)
    for summary in window.locator("summary").all():
        summary.click()
    assert window.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_print_shows_products_without_tools(opened: Callable[..., Any]) -> None:
    window = opened(judged())
    window.emulate_media(media="print")
    assert not window.is_visible(".tools")
    assert len(titles(window)) == 4


def with_days(report: Report) -> Report:
    """The report with a fortnight of looks at each list."""
    from datetime import timedelta

    days = [(NOW - timedelta(days=back)).date().isoformat() for back in range(13, -1, -1)]
    looks = ("ok", "partial", "none", "blocked", "failed")
    return replace(
        report,
        coverage=tuple(
            replace(one, days=tuple((day, looks[(n + place) % 5]) for n, day in enumerate(days)))
            for place, one in enumerate(report.coverage)
        ),
    )
