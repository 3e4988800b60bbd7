"""What the address of a product says: whose id it holds, which one, and in which market it is sold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from trendscout.text.markets import MARKETS, market_in

# Host, the id in the address (one group), the source whose items these are, the market where the host tells none.
# A product's page only: an address that names no product says nothing.
_SHOPS: tuple[tuple[str, str, str, str], ...] = (
    (r"amazon\.[a-z.]+", r"/(?:dp|gp/product|gp/aw/d|ASIN)/([A-Z0-9]{10})\b", "amazon_bestsellers", "US"),
    (r"shopee\.[a-z.]+", r"(?:i\.\d{3,20}\.|/product/\d{3,20}/)(\d{3,20})(?!\d)", "shopee", ""),
    (r"lazada\.[a-z.]+", r"-i(\d{1,20})(?:-s\d+)?\.html", "lazada", ""),
    (r"tokopedia\.com", r"tokopedia\.com/([a-z0-9_.-]+/[a-z0-9_.%-]+)(?=[?#]|$)", "tokopedia", "ID"),
    (r"aliexpress\.(?:com|us|ru)", r"/item/(?:[^/?#]*/)?(\d{6,20})\.html", "aliexpress", ""),
    (r"mercadoli[bv]re\.[a-z.]+", r"(?:/p|mercadoli[bv]re\.[a-z.]+)/(ML[A-Z]-?\d{5,15})\b", "mercadolibre", ""),
    (r"ebay\.[a-z.]+", r"/itm/(?:[^/?#]*/)?(\d{9,15})(?!\d)", "ebay", "US"),
    (r"etsy\.com", r"/listing/(\d{5,20})(?!\d)", "etsy", ""),
    (r"walmart\.com", r"/ip/(?:[^/?#]*/)?(\d{3,20})(?!\d)", "walmart", "US"),
    (r"temu\.com", r"(?:-g-|goods_id=)(\d{6,20})(?!\d)", "temu", ""),
    (r"shein\.[a-z.]+", r"-p-(\d{3,15})(?:-cat-\d+)?\.html", "shein", ""),
    (r"shop\.tiktok\.com", r"/(?:view/)?(?:product|pdp)/(?:[^/?#]*/)?(\d{15,21})(?!\d)", "tiktok_shop", ""),
    (r"tiktok\.com", r"/(?:view/product|shop/pdp)/(?:[^/?#]*/)?(\d{15,21})(?!\d)", "tiktok_shop", ""),
    (r"tiktok\.com", r"/video/(\d{15,21})(?!\d)", "tiktok_videos", ""),
    (r"jd\.com", r"item\.(?:m\.)?jd\.com/(?:product/)?(\d{3,20})", "jd", "CN"),
    (r"(?:taobao|tmall)\.com", r"[?&]id=(\d{5,20})(?!\d)", "taobao", "CN"),
    (r"1688\.com", r"/offer/(\d{6,20})", "alibaba_1688", "CN"),
    (r"yangkeduo\.com|pinduoduo\.com", r"goods_id=(\d{6,20})(?!\d)", "pinduoduo", "CN"),
    (r"coupang\.com", r"/products/(\d{3,20})(?!\d)", "coupang", "KR"),
    (r"rakuten\.co\.jp", r"item\.rakuten\.co\.jp/([\w.-]+/[\w.-]+)", "rakuten", "JP"),
    (r"youtube\.com|youtu\.be", r"(?:[?&]v=|youtu\.be/|/shorts/)([\w-]{11})(?![\w-])", "youtube_popular", ""),
    (r"tiki\.vn", r"-p(\d{3,15})\.html", "tiki", "VN"),
)  # fmt: skip
_PATTERNS = tuple(
    (re.compile(rf"(?:^|\.)(?:{host})$"), re.compile(key), source, market) for host, key, source, market in _SHOPS
)
_PATHS = re.compile(r"/([a-z]{2})(?:[-_][a-z]{2})?/")  # etsy.com/de/listing/1
_KEY_FORMS = (
    (r"B0[A-Z0-9]{8}", "amazon_bestsellers"),
    (r"17\d{17}", "tiktok_shop"),
    (r"ML[ABCMUV]\d{6,12}", "mercadolibre"),
)


@dataclass(frozen=True, slots=True)
class Linked:
    """What an address of a product says."""

    source: str
    key: str
    market: str | None
    pattern: str  # the regular expression that found the key


def linked(url: str) -> Linked | None:
    """What the address says, or None where it is no product's page that is known; redirects are looked into."""
    for address in (url, *_inner(url)):
        host = _host(address)
        for hosts, pattern, source, market in _PATTERNS:
            if host and hosts.search(host) and (found := pattern.search(address)):
                told = market_of(address) or market or None
                return Linked(source, clean_key(source, found[1]), told, pattern.pattern)
    return None


def clean_key(source: str, key: str) -> str:
    """The key as the platform itself writes it: MLB-4587570834 is MLB4587570834."""
    return key.replace("-", "") if source == "mercadolibre" else key


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _inner(url: str) -> list[str]:
    """Addresses in the parameters of a redirect."""
    try:
        return [
            value for _, value in parse_qsl(urlsplit(url).query)[:40] if value.startswith(("http://", "https://"))
        ]
    except ValueError:
        return []


def market_of(url: str) -> str | None:
    """The market that a host's ending or a path's language names: amazon.co.jp, lazada.vn, etsy.com/de/."""
    host = _host(url)
    ending = host.rpartition(".")[2]
    if len(ending) == 2:
        code = market_in(ending)
        return code if code in MARKETS and code not in ("IO", "TV", "ME", "CO", "AI", "CC", "SH") else None
    match = _PATHS.search(url)
    code = market_in(match[1]) if match and host else ""
    return code if code in MARKETS and host.endswith(("etsy.com", "temu.com")) else None


def name_of(url: str) -> str | None:
    """A source's name for a host that is not known: tiki.vn is "tiki"."""
    parts = [part for part in _host(url).split(".") if part not in ("www", "m", "shop", "item", "produto")]
    if len(parts) < 2:
        return None
    name = parts[-3] if len(parts) > 2 and parts[-2] in ("co", "com", "net", "org") else parts[-2]
    name = re.sub(r"[^a-z0-9]+", "_", name.removesuffix("cdn")).strip("_")
    return name if re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name) else None


def most(links: Iterable[Linked | None], share: float = 0.5) -> Linked | None:
    """One of the links of the source that more than `share` of all, also of those that say nothing, belong to."""
    told = list(links)
    counted = Counter(link.source for link in told if link)
    if not counted:
        return None
    source, often = counted.most_common(1)[0]
    return next(link for link in told if link and link.source == source) if often > share * len(told) else None


def source_of_keys(keys: Iterable[str]) -> str | None:
    """Whose ids these are, where most have a form that one platform alone uses; a row of totals has none."""
    told = list(keys)
    for form, source in _KEY_FORMS:
        if sum(bool(re.fullmatch(form, key)) for key in told) * 2 > len(told):
            return source
    return None
