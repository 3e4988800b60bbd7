"""The clip extension in a real Chromium, on hand-made pages of sites that load their lists by script."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from open_desk import FLAGS, Open, chromium_path

from trendscout import pipeline
from trendscout.clock import VirtualClock
from trendscout.desk.extension import write_extension
from trendscout.model import ReportQuery
from trendscout.settings.config import Settings
from trendscout.store.connect import open_store

pytestmark = pytest.mark.browser
SECRET = "SECRETvalue0123456789"  # noqa: S105 - planted, and looked for in everything that leaves the browser


def shopee(first: int, count: int) -> dict[str, Any]:
    basics = [
        {
            "itemid": 9_000_000 + n,
            "shopid": 77,
            "name": f"Moonleaf mini blender no. {n}",
            "price": 4_500_000_000,
            "currency": "IDR",
            "historical_sold": 10 * n,
            "token": SECRET,
        }
        for n in range(first, first + count)
    ]
    items = [{"itemid": one["itemid"], "item_basic": one} for one in basics]
    return {"error": 0, "total_count": 500, "items": items, "user_info": {"name": SECRET}}


def temu(first: int, count: int) -> dict[str, Any]:
    goods = [
        {
            "goods_id": str(601_099_500_000_000 + n),
            "title": f"Moonleaf snail fan no. {n}",
            "price_info": {"price_str": "$5.49", "currency": "USD"},
            "sales_tip": "120 sold",
        }
        for n in range(first, first + count)
    ]
    return {"success": True, "result": {"data": {"goods_list": goods}, "uid": SECRET}}


def tiktok(first: int, count: int) -> dict[str, Any]:
    goods = [
        {
            "product_id": str(1_729_384_756_000_000_000 + n),
            "title": f"Moonleaf drum brush no. {n}",
            "product_price_info": {"sale_price_decimal": "3.99", "currency_name": "USD"},
            "sold_info": {"sold_count": 40 + n},
        }
        for n in range(first, first + count)
    ]
    return {"code": 0, "data": {"productList": goods, "sessionid": SECRET}}


def offers(first: int, count: int) -> dict[str, Any]:
    items = [
        {
            "item_id": str(700_000_000_000 + n),
            "product_url": f"https://detail.1688.com/offer/{700_000_000_000 + n}.html",
            "title": f"月叶迷你风扇 {n} 号",
            "price": "12.50",
            "sale_info": {"sale_quantity": str(100 + n)},
            "memberId": SECRET,
        }
        for n in range(first, first + count)
    ]
    return {"code": 200, "data": {"items": items}, "session": SECRET}


def auctions(first: int, count: int) -> dict[str, Any]:
    items = [
        {
            "item_id": str(780_000_000_000 + n),
            "title": f"月叶蜗牛风扇 {n} 号",
            "priceShow": {"price": "59.9"},
            "realSales": "2000+人付款",
            "nick": "月叶店",
            "userId": SECRET,
        }
        for n in range(first, first + count)
    ]
    about = {"page": str(first // 30 + 1), "pageSize": "30", "q": "风扇"}
    return {"api": "mtop", "data": {"itemsArray": items, "mainInfo": about, "nickName": SECRET}}


# As the house of Taobao asks: the reply is a script that calls a function of a name made for it.
BY_SCRIPT = """<script>(async () => {
    window.got = 0;
    for (const number of [1, 2]) await new Promise((done) => {
        const name = "mtopjsonp" + number, one = document.createElement("script");
        window[name] = (reply) => { window.got += reply.data.itemsArray.length; delete window[name]; done(); };
        one.src = "https://h5api.m.taobao.com/h5/mtop.relationrecommend.wirelessrecommend.recommend/2.0/?number="
            + number + "&type=jsonp&callback=" + name;
        document.head.append(one);
        one.remove();
    });
    document.body.dataset.loaded = "yes";
})();</script>"""


def page(reply: str, sizes: tuple[int, ...]) -> str:
    """A page whose script loads the list part by part; with an account, a form and a token on it."""
    calls = [reply.format(first=sum(sizes[:at]), number=at + 1) for at in range(len(sizes))]
    return f"""<!doctype html><html><head><title>List</title><meta name="csrf" content="{SECRET}">
    <script>window.account = {{"token": "{SECRET}"}};</script></head>
    <body><header>Hello {SECRET}</header><form><input name="address" value="{SECRET}"></form>
    <div class="user-info">{SECRET}</div><!-- {SECRET} --><div id="list" data-token="{SECRET}">list</div>
    <script>(async () => {{
        for (const call of {json.dumps(calls)}) await fetch(call, {{headers: {{authorization: "{SECRET}"}}}});
        const other = new XMLHttpRequest(); other.open("GET", "/account/me.json?token={SECRET}"); other.send();
        document.body.dataset.loaded = "yes";
    }})();</script></body></html>"""


class Sites:
    """The hand-made sites. Each answers its page, its script's calls, and a reply that nobody may take."""

    def __init__(self) -> None:
        self.shift = 0  # places by which today's list has moved

    def answer(self, route: Any) -> None:
        url = route.request.url
        if "jsonp" in url:
            number = int(url.split("number=")[1][0])
            reply = json.dumps(auctions(30 * (number - 1), 30))
            route.fulfill(body=f" mtopjsonp{number}({reply})", content_type="application/javascript")
        elif "/api/" in url or "/h5/mtop." in url:
            shared = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
            kind = {"content-type": "application/json"}
            route.fulfill(body=json.dumps(self.reply(url)), headers={**kind, **shared})
        elif "me.json" in url:
            route.fulfill(body=json.dumps({"items": [], "token": SECRET}), content_type="application/json")
        elif "shopee" in url:
            call = "/api/v4/search/search_items?keyword=mini+blender&limit=30&newest={first}&token=" + SECRET
            route.fulfill(body=page(call, (30, 30)), content_type="text/html")
        elif "temu" in url:
            route.fulfill(
                body=page("/api/poppy/v1/search?scene=search&page={number}", (60,)), content_type="text/html"
            )
        elif "1688" in url:
            call = "https://h5api.m.1688.com/h5/mtop.relationrecommend.search/1.0/?page={number}"
            route.fulfill(body=page(call, (60,)), content_type="text/html")
        elif "taobao" in url:
            body = f"<!doctype html><html><body><header>{SECRET}</header>{BY_SCRIPT}</body></html>"
            route.fulfill(body=body, content_type="text/html")
        elif "tiktok" in url:
            route.fulfill(
                body=page("/api/shop/product_list?region=US&page={number}", (60,)), content_type="text/html"
            )
        else:
            route.fulfill(body=f"<!doctype html><title>x</title><p>{SECRET}", content_type="text/html")

    def reply(self, url: str) -> dict[str, Any]:
        first = int(url.split("newest=")[1].split("&", maxsplit=1)[0]) if "newest=" in url else 0
        if "temu" in url:
            return temu(0, 60)
        if "tiktok" in url:
            return tiktok(0, 60)
        if "1688" in url:
            return offers(0, 60)
        return shopee(first + self.shift, 30)


class Browser:
    """A Chromium with the extension, on the hand-made sites."""

    def __init__(self, context: Any, sites: Sites) -> None:
        self.context, self.sites = context, sites
        self.worker = (
            context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
        )
        self.worker.evaluate(
            """async () => {
                while (!globalThis.TRENDSCOUT) await new Promise((done) => setTimeout(done, 50));
                await watching;
            }"""
        )

    def open(self, url: str) -> Any:
        window = self.context.new_page()
        window.goto(url)
        if "evil" not in url:
            window.wait_for_selector("body[data-loaded]", timeout=20_000, state="attached")
            window.wait_for_timeout(200)
        return window

    def pair(self, open_: Open) -> Any:
        code = f"{open_.port}.{open_.keys.folder}.{open_.desk.pairing.key}"
        return self.worker.evaluate("code => pair(code)", code)

    def clip(self, window: Any) -> Any:
        """What the button does, on this tab."""
        window.bring_to_front()
        return self.worker.evaluate(
            """async () => {
                const [tab] = await chrome.tabs.query({active: true, lastFocusedWindow: true});
                return {...(await clip(tab.id)), shown: await chrome.action.getBadgeText({tabId: tab.id})};
            }"""
        )


@pytest.fixture
def browser(playwright: Any, tmp_path: Path) -> Iterator[Browser]:
    folder = tmp_path / "extension"
    write_extension(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    # What the user would allow by a click on the browser's own question.
    manifest["host_permissions"] += manifest.pop("optional_host_permissions")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path / "profile"),
        executable_path=chromium_path(),
        headless=False,
        args=[
            *(flag for flag in FLAGS if flag != "--headless"),
            "--headless=new",
            f"--disable-extensions-except={folder}",
            f"--load-extension={folder}",
        ],
        ignore_default_args=["--disable-extensions"],
    )
    sites = Sites()
    context.route("https://**/*", sites.answer)
    context.route("http://evil.example/**", sites.answer)
    yield Browser(context, sites)
    context.close()


@pytest.fixture
def desk(own: Open, served: Callable[[Open], Open]) -> Open:
    return served(own)


def count(open_: Open, list_id: str) -> int:
    with open_store(open_.workspace.db) as connection:
        return connection.execute(
            "SELECT count(*) FROM observations JOIN lists USING (list_key) WHERE list_id LIKE ?", [list_id]
        ).fetchall()[0][0]


@pytest.mark.long
def test_sixty_rows_seen_are_sixty_rows_in_the_store(browser: Browser, desk: Open) -> None:
    assert browser.pair(desk)["ok"]
    lists = {
        "https://shopee.co.id/search?keyword=mini%20blender": "shopee_ID/search/mini blender",
        "https://www.temu.com/us/search_result.html?search_key=snail%20fan": "temu_US/search/snail fan",
        "https://s.1688.com/selloffer/offer_search.htm?keywords=fan": "alibaba_1688_CN/search/fan",
        "https://shop.tiktok.com/us": "tiktok_shop_US/%",
    }
    for url, list_id in lists.items():
        window = browser.open(url)
        said = browser.clip(window)
        assert said["entries"] == 60, said
        assert said["shown"] == "60"
        desk.worker.work_off()
        assert count(desk, list_id) == 60
        window.close()


def test_nothing_private_leaves_the_browser(browser: Browser, desk: Open) -> None:
    """Tokens, names, fields, other replies: none of it is in what was sent, in the archive or in the store."""
    browser.pair(desk)
    browser.clip(browser.open("https://shopee.co.id/search?keyword=mini%20blender"))
    (sent,) = desk.worker.inbox.glob("*/*.har")
    assert SECRET not in sent.read_text()
    assert "moonleaf" in sent.read_text().lower()
    desk.worker.work_off()
    for file in Path(desk.workspace.archive).rglob("*.gz"):
        import gzip

        assert SECRET.encode() not in gzip.decompress(file.read_bytes())


def test_a_reply_that_comes_as_a_script_is_taken_and_the_page_gets_it_too(browser: Browser, desk: Open) -> None:
    browser.pair(desk)
    window = browser.open("https://s.taobao.com/search?q=%E9%A3%8E%E6%89%87")
    assert window.evaluate("window.got") == 60
    assert window.evaluate("[typeof window.mtopjsonp1, typeof window.mtopjsonp2]") == ["undefined"] * 2
    said = browser.clip(window)
    assert said["entries"] == 60, said
    (sent,) = desk.worker.inbox.glob("*/*.har")
    assert SECRET not in sent.read_text()
    desk.worker.work_off()
    assert count(desk, "taobao_CN/search/风扇") == 60


def test_a_desk_that_is_down_gets_the_list_later(
    browser: Browser, own: Open, served: Callable[[Open], Open]
) -> None:
    desk = served(own)
    browser.pair(desk)
    browser.worker.evaluate(
        """async () => {
            const {paired} = await chrome.storage.local.get("paired");
            await chrome.storage.local.set({paired: {...paired, port: 9}});
        }"""
    )
    window = browser.open("https://shopee.co.id/search?keyword=mini%20blender")
    said = browser.clip(window)
    assert said["file"]["parts"]
    assert "waits here" in said["text"]
    browser.worker.evaluate(
        """async () => {
            await chrome.storage.local.set({waiting: (await waiting()).concat(Array(11).fill({parts: []}))});
        }"""
    )
    assert "no more can wait" in browser.clip(window)["text"]
    browser.worker.evaluate("async () => chrome.storage.local.set({waiting: (await waiting()).slice(0, 1)})")
    browser.worker.evaluate(
        """async (port) => {
            const {paired} = await chrome.storage.local.get("paired");
            await chrome.storage.local.set({paired: {...paired, port, key: "of an earlier pairing"}});
            await sendWaiting();
        }""",
        desk.port,
    )
    assert browser.worker.evaluate("async () => (await waiting()).length") == 1, "refused is not taken"
    browser.pair(desk)
    desk.worker.work_off()
    assert count(desk, "shopee_ID/search/mini blender") == 60
    assert browser.worker.evaluate("async () => (await waiting()).length") == 0


def test_what_is_no_site_of_ours_is_not_taken(browser: Browser, desk: Open) -> None:
    window = browser.open("http://evil.example/")
    assert "Pair" in browser.clip(window)["text"]
    browser.pair(desk)
    assert browser.clip(window)["text"] == "No source reads this site."
    assert not desk.worker.inbox.exists()


def test_a_hostile_page_has_no_way_in(browser: Browser, desk: Open) -> None:
    """It can neither speak to the extension nor read its key, nor have it send another address' replies."""
    browser.pair(desk)
    window = browser.open("https://shopee.co.id/search?keyword=mini%20blender")
    extension = browser.worker.url.split("/")[2]
    tried = window.evaluate(
        """async (id) => {
            const said = [typeof globalThis.chrome?.storage, typeof globalThis.trendscoutTake];
            const asked = async (work) => { try { await work(); return "answered"; } catch { return "refused"; } };
            said.push(await asked(() => chrome.runtime.sendMessage(id, {do: "take", tab: 1})));
            said.push(await asked(() => fetch(`chrome-extension://${id}/sites.js`)));
            const hand = (detail) => document.dispatchEvent(new CustomEvent("trendscout-reply", {detail}));
            for (const url of ["https://evil.example/api/v4/search/search_items", "https://bank.example/me"])
                hand(JSON.stringify({url, text: '{"items": [1]}'}));
            hand("no JSON");
            return said;
        }""",
        extension,
    )
    assert tried == ["undefined", "undefined", "refused", "refused"]
    assert browser.clip(window)["entries"] == 60
    (sent,) = desk.worker.inbox.glob("*/*.har")
    hosts = {entry["request"]["url"].split("/")[2] for entry in json.loads(sent.read_text())["log"]["entries"]}
    assert hosts == {"shopee.co.id"}


@pytest.mark.long
def test_ten_clips_of_ten_days_make_a_history_that_is_ranked(browser: Browser, desk: Open) -> None:
    browser.pair(desk)
    start = desk.now
    for day in range(10):
        desk.worker.clock = VirtualClock(start + timedelta(days=day))
        browser.sites.shift = day
        window = browser.open("https://shopee.co.id/search?keyword=mini%20blender")
        assert browser.clip(window)["entries"] == 60
        window.close()
        desk.worker.work_off()
        time.sleep(0)
    now = start + timedelta(days=9, hours=1)
    report = pipeline.report(desk.workspace, ReportQuery(source="shopee", top=100), now=now, settings=Settings())
    assert report.total >= 60
    assert any(row.scored.rank_before and row.scored.rank_before > (row.scored.rank or 0) for row in report.rows)
    assert "Moonleaf" in desk.client().get(f"{desk.root}/products?tree=shopee_ID/search").text
