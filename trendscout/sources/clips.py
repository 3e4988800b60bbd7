"""What of each site the clip extension may take: one list, from which its permissions and its filters are made.

A source that is not named here is not clipped. `pages` are match patterns of browsers; `replies` are parts of the
paths of the JSON replies with which the site's own script loads its lists; `callbacks` are parameters that name
the function to which such a reply is handed if it comes as a script (JSONP); `scripts` are marks of the inline
scripts in which a page carries its list. All other scripts and replies stay in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clip:
    """What may be taken of one source's pages."""

    pages: tuple[str, ...]
    replies: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()


def _hosts(*names: str) -> tuple[str, ...]:
    return tuple(f"https://{name}/*" for name in names)


_SHOPEE = "sg com.my co.id co.th vn ph tw com.br com.mx com.co cl".split()
_LAZADA = "sg com.my co.id co.th vn com.ph".split()
_AMAZON = "com co.uk de fr it es co.jp ca com.mx com.br in com.au sg ae sa nl se pl com.tr".split()
_LD = "application/ld+json"
_JSONP = ("callback",)

CLIPS: dict[str, Clip] = {
    "alibaba_1688": Clip(
        _hosts("*.1688.com"),
        ("/h5/mtop.relationrecommend", "/h5/mtop.alibaba.", "/h5/mtop.1688.", "offer_search", "/search/"),
        ("window.data", "offerList", "__INIT_DATA"),
        _JSONP,
    ),
    "aliexpress": Clip(
        _hosts("*.aliexpress.com", "*.aliexpress.us"),
        ("/fn/search-pc/", "/h5/mtop.aliexpress.", "/h5/mtop.relationrecommend"),
        ("_dida_config_", "window.runParams", "_init_data_"),
        _JSONP,
    ),
    "amazon_bestsellers": Clip(_hosts(*(f"www.amazon.{end}" for end in _AMAZON))),
    "amazon_search": Clip(_hosts(*(f"www.amazon.{end}" for end in _AMAZON))),
    "coupang": Clip(_hosts("www.coupang.com"), (), ("__NEXT_DATA__", _LD)),
    "ebay": Clip(_hosts("www.ebay.com", "www.ebay.co.uk", "www.ebay.de")),
    "etsy": Clip(_hosts("www.etsy.com")),
    "jd": Clip(_hosts("*.jd.com"), ("/client.action", "/api"), ("window.__", "pageData"), _JSONP),
    "lazada": Clip(
        _hosts(*(f"www.lazada.{end}" for end in _LAZADA), "www.daraz.com.bd", "www.daraz.pk"),
        ("/catalog/", "/tag/", "ajax=true"),
        ("window.pageData", _LD),
    ),
    "pinduoduo": Clip(
        _hosts("mobile.yangkeduo.com", "mobile.pinduoduo.com"),
        ("/proxy/api/",),
        ("window.rawData", "__NEXT_DATA__"),
    ),
    "shein": Clip(
        _hosts("*.shein.com"), ("/bff-api/product/", "/api/productList/"), ("gbRawData", "productListV2")
    ),
    "shopee": Clip(
        _hosts(*(f"shopee.{end}" for end in _SHOPEE)),
        ("/api/v4/search/search_items", "/api/v4/recommend/", "/api/v4/shop/rcmd_items"),
    ),
    "taobao": Clip(
        _hosts("*.taobao.com", "*.tmall.com"),
        ("/h5/mtop.relationrecommend", "/h5/mtop.taobao."),
        ("g_page_config", "__INIT_DATA"),
        _JSONP,
    ),
    "temu": Clip(_hosts("www.temu.com"), ("/api/poppy/v1/", "/api/alexa/"), ("window.rawData",)),
    "tiktok_shop": Clip(
        _hosts("shop.tiktok.com", "www.tiktok.com"),
        ("/api/shop/", "/api/v1/shop/", "/api/v1/product/"),
        ("__MODERN_ROUTER_DATA__", "__UNIVERSAL_DATA_FOR_REHYDRATION__", "__NEXT_DATA__", "RENDER_DATA"),
    ),
    "tokopedia": Clip(_hosts("www.tokopedia.com"), ("/graphql/Search",), ("window.__cache", _LD)),
    "walmart": Clip(_hosts("www.walmart.com"), ("/orchestra/",), ("__NEXT_DATA__",)),
}

# Of an address only these parameters go along: which list it is, and which part of it.
PARAMETERS = tuple(
    "_nkw _sacat ajax by c cat catId categoryId category country field-keywords identifier k keyword keywords "
    "limit match_id newest nodeId offset order p page pageNo page_no pg ps q query rankType region rh rows rt s "
    "search_key searchTerm searchType shop_id shopid size sort sortBy sortType start tab_id url word wq".split()
)
# Whatever reply or script is taken, what has one of these names is not.
SECRETS = tuple(
    "access_token account accountinfo address addresses auth authorization buyer buyerid cookie cookies csrf "
    "csrftoken delivery_address device_id deviceid email fingerprint login loginid member_id memberid mobile "
    "nickname passwd password phone receiver refresh_token secret session session_id sessionid token uid umid "
    "user user_id user_info user_name userid userinfo username usernick utdid xsrf".split()
)
