"""An invented market: listings of invented products with the truth known, the same for the same seed.

A world says how its shops write. Titles are reordered, padded with marketing words, emoji and seller prefixes,
written with other units, synonyms and misspellings, in English, Chinese or a language nobody knows; siblings (of
another size, colour, pack, model or version) stand beside each product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import pyarrow as pa

from trendscout.text import glossary

_SYLLABLE_TEXT = """
za ve lo ri mo ka nu ti bra sel dor fin gal hex jo kel lum mar nex ora pri qua ros sto tri ul vor wex yan zim
bel cro dan el fro gri han ix jen kro lin mev nor ost pax rel sun tor urb vic wol yes ark bol cas dru ev fal
"""
_SYLLABLES = _SYLLABLE_TEXT.split()
_MARKETING = (
    "hot sale|2025 new|best gift|free shipping|high quality|official store|premium quality|limited offer"
    "|must have|trending now|great value|top rated|fast delivery|for home and travel|perfect gift for family"
).split("|")
_MARKETING_ZH = (
    "爆款|包邮|厂家直销|现货|新款|正品|热卖|网红同款|送礼佳品|限时优惠|抖音同款|跨境专供|高品质|一件代发"
).split("|")
_BOXED = "complete package 1 user CD Win|(win 98 me 2000 xp)|(PC/Mac)|CD-ROM|software suite|[jewel case]".split(
    "|"
)
_EMOJI = "🔥 ✨ 💥 ⭐ 🎁 ❤️ ✅ 🚚".split()


class _Unit(NamedTuple):
    """Values of a fact, and ways to write them; {l} is a thousandth of {v}."""

    values: tuple[int, ...]
    english: tuple[str, ...]
    chinese: tuple[str, ...]


_UNITS = {
    "ml": _Unit(
        (250, 300, 350, 400, 500, 600, 750, 1000, 1500),
        ("{v}ml", "{v} ml", "{l}L", "{v} Milliliters"),
        ("{v}毫升", "{v}ml", "{l}升"),
    ),
    "g": _Unit(
        (50, 100, 200, 250, 500, 800, 1000, 2000),
        ("{v}g", "{v} g", "{l}kg", "{v} grams"),
        ("{v}克", "{v}g", "{l}公斤"),
    ),
    "w": _Unit(
        (5, 10, 18, 20, 30, 45, 65, 100, 500, 800, 1200),
        ("{v}W", "{v} W", "{v} Watt", "{v}-Watt"),
        ("{v}瓦", "{v}W"),
    ),
    "mah": _Unit((1200, 2000, 4000, 5000, 10000, 20000), ("{v}mAh", "{v} mAh"), ("{v}毫安", "{v}mAh")),
    "gb": _Unit((8, 16, 32, 64, 128, 256, 512), ("{v}GB", "{v} GB", "{v}gb"), ("{v}GB", "{v}gb")),
    "cm": _Unit((15, 20, 30, 40, 60, 80, 100, 120, 150), ("{v}cm", "{v} cm", "{v} CM"), ("{v}厘米", "{v}公分")),
    "inch": _Unit((5, 7, 10, 13, 15, 24, 27, 32, 43, 55), ('{v}"', "{v} inch", "{v}-Inch"), ("{v}寸", "{v}英寸")),
}
# Chinese is written without spaces, also between it and other script.
_BESIDE_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])")
_PACKS = (2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 50)
_PACK_EN = ("{n} pcs", "{n}pcs", "pack of {n}", "{n}-Pack", "{n} Count", "set of {n}", "({n} Pack)")
_PACK_ZH = ("{n}件装", "{n}个装", "{n}只", "{n}件", "{n}个")
_TIERS = ("", "", "", "Pro", "Max", "Plus", "Mini", "Lite", "Ultra", "Deluxe")
_GOODS = (
    "kitchen",
    "home",
    "electronics",
    "beauty",
    "clothing",
    "toys",
    "baby",
    "pets",
    "sports",
    "auto and tools",
)


@dataclass(frozen=True, slots=True)
class World:
    """How the shops of one market write. Shares are from 0 to 1."""

    name: str
    seed: int = 1
    products: int = 1000
    brand_size: int = 12  # products of a brand
    siblings: float = 0.5  # of products: one that differs in a single fact from another
    sellers: float = 2.5  # mean listings of a product
    sources: tuple[str, ...] = ("amazon_US", "shopee_TW", "tiktok_US", "ebay_US", "temu_US")
    catalogues: bool = False  # each source lists a product once at most
    chinese: float = 0.25
    foreign: float = 0.0  # in a language of which only names, codes and numbers are understood
    codes: float = 0.6  # of products have a model code
    codes_shown: float = 0.6  # ... that a title shows
    brands_shown: float = 0.85
    facts_shown: float = 0.8
    attributes_shown: float = 0.7
    synonyms: float = 0.3
    shuffled: float = 0.5
    marketing: float = 0.5
    misspelt: float = 0.03  # of words
    text: float = 0.3  # of listings have a description
    brand_column: float = 0.3
    prices: float = 0.7
    price_noise: float = 0.15  # standard deviation of the logarithm
    words_only: float = 0.0  # of products are named by words, versions and editions, as software and games are
    terse: float = 0.0  # of the words of a name are left out or cut short
    scrambled: float = 0.0  # of titles have words of other listings mixed in


@dataclass(frozen=True, slots=True)
class Product:
    """The truth behind listings."""

    number: int
    brand: str
    line: str
    noun: glossary.Term
    attributes: tuple[glossary.Term, ...]
    colour: glossary.Term | None
    code: str
    facts: tuple[tuple[str, int], ...]
    pack: int
    tier: str
    generation: int
    price: float
    maker: str = ""  # who else may be named: a publisher, a distributor
    extra: tuple[str, ...] = field(default=())


def records(world: World) -> tuple[pa.Table, pa.Table]:
    """(records, truth): records as `match_listings` takes them; truth has id and product, an int."""
    rng = Random(world.seed)
    rows = list(_listings(world, rng))
    rng.shuffle(rows)
    table = pa.Table.from_pylist(rows)
    truth = table.select(["id", "product"])
    return table.drop_columns(["product"]), truth


def _listings(world: World, rng: Random) -> Iterator[dict[str, object]]:
    prefixes = [_seller_prefix(rng) for _ in range(40)]
    number = 0
    heard: list[str] = ["new"]
    for product in _products(world, rng):
        count = min(30, 1 + int(rng.expovariate(1 / max(world.sellers - 1, 0.01))))
        sources = [rng.choice(world.sources) for _ in range(count)]
        if world.catalogues:
            sources = rng.sample(world.sources, min(count, len(world.sources)))
        for source in sources:
            title = _title(product, world, rng)
            if world.marketing and rng.random() < world.marketing * 0.4:
                title = f"{rng.choice(prefixes)} {title}"
            if rng.random() < world.scrambled:
                words = title.split() + rng.sample(heard, min(len(heard), rng.randint(1, 4)))
                rng.shuffle(words)
                title = " ".join(words[: rng.randint(6, 14)])
            heard = (heard + title.split())[-60:]
            priced = rng.random() < world.prices
            yield {
                "id": f"{world.name}{number}",
                "source": source,
                "title": title,
                "brand": _brand(product, rng) if rng.random() < world.brand_column else "",
                "price": round(product.price * 2.718 ** rng.gauss(0, world.price_noise), 2) if priced else None,
                "currency": "USD",
                "text": _text(product, world, rng) if rng.random() < world.text else "",
                "product": product.number,
            }
            number += 1


def _products(world: World, rng: Random) -> Iterator[Product]:
    entries = [entry for entry in glossary.entries() if entry.kind in _GOODS]
    attributes = [entry for entry in glossary.entries() if entry.kind in ("attribute", "material")]
    colours = [entry for entry in glossary.entries() if entry.kind == "colour"]
    brands = [_name(rng) for _ in range(max(20, world.products // world.brand_size))]
    plain = [word for entry in attributes + entries for word in entry.english[0].split()]
    product: Product | None = None
    for number in range(world.products):
        if product and rng.random() < world.siblings:
            product = _sibling(product, number, colours, rng)
        elif rng.random() < world.words_only:
            product = _titled(number, brands, plain, entries, rng)
        else:
            product = _fresh(number, world, brands, entries, attributes, colours, rng)
        yield product


def _fresh(
    number: int,
    world: World,
    brands: list[str],
    entries: list[glossary.Term],
    attributes: list[glossary.Term],
    colours: list[glossary.Term],
    rng: Random,
) -> Product:
    units = rng.sample(sorted(_UNITS), rng.choice((0, 1, 1, 2)))
    return Product(
        number=number,
        brand=rng.choice(brands),
        line=_name(rng) if rng.random() < 0.4 else "",
        noun=rng.choice(entries),
        attributes=tuple(rng.sample(attributes, rng.randint(2, 5))),
        colour=rng.choice(colours) if rng.random() < 0.5 else None,
        code=_code(rng) if rng.random() < world.codes else "",
        facts=tuple((unit, rng.choice(_UNITS[unit].values)) for unit in units),
        pack=rng.choice(_PACKS) if rng.random() < 0.25 else 1,
        tier=rng.choice(_TIERS),
        generation=rng.randint(2, 16) if rng.random() < 0.2 else 0,
        price=2.718 ** rng.gauss(3, 1),
    )


def _titled(
    number: int, brands: list[str], plain: list[str], entries: list[glossary.Term], rng: Random
) -> Product:
    """A product with a title of plain words, as games and software have: "tiger puzzle studio 2007 deluxe"."""
    return Product(
        number=number,
        brand=rng.choice(brands),
        line=" ".join((*rng.sample(plain, rng.randint(1, 3)), *([_name(rng)] if rng.random() < 0.4 else []))),
        noun=rng.choice(entries),
        attributes=(),
        colour=None,
        code="",
        facts=(),
        pack=rng.choice((1, 1, 1, 1, 3, 5, 10)),
        tier=rng.choice(_TIERS),
        generation=rng.choice((0, 0, 2, 3, 4, 5, 7, 9, 11, 2005, 2006, 2007, 2008)),
        price=2.718 ** rng.gauss(3.5, 1),
        maker=_name(rng),
        extra=tuple(
            rng.sample(("Windows", "Mac", "Academic", "Upgrade", "Full Version", "Spanish"), rng.choice((0, 0, 1)))
        ),
    )


def _sibling(product: Product, number: int, colours: list[glossary.Term], rng: Random) -> Product:
    """The same product line with another size, pack, colour, code, version or generation."""
    values = {name: getattr(product, name) for name in Product.__slots__} | {"number": number}
    stated = {
        "tier": bool(product.tier),
        "generation": product.generation > 0,
        "pack": product.pack > 1,
        "fact": bool(product.facts),
        "colour": product.colour is not None,
        "code": bool(product.code),
    }
    # Mostly another value of what the first one states; now and then what only one of the two has.
    ways = [way for way, known in stated.items() if known and rng.random() < 0.9] or ["tier", "generation", "pack"]
    way = rng.choice(ways)
    if way == "fact":
        unit, value = product.facts[0]
        values["facts"] = ((unit, rng.choice([v for v in _UNITS[unit].values if v != value])), *product.facts[1:])
    elif way == "colour":
        values["colour"] = rng.choice([colour for colour in colours if colour != product.colour])
        if product.code and rng.random() < 0.5:
            values["code"] = product.code.rstrip("ABKSTXHWL") + rng.choice(("BK", "W", "RD", "S", "GY"))
    elif way == "tier":
        values["tier"] = rng.choice([tier for tier in _TIERS if tier != product.tier])
    elif way == "generation":
        values["generation"] = product.generation + 1 if product.generation else rng.randint(2, 9)
    elif way == "pack":
        values["pack"] = rng.choice([pack for pack in (1, *_PACKS) if pack != product.pack])
    if product.code and way in ("code", "fact", "tier", "generation"):
        values["code"] = _next_code(product.code, rng)
    if way in ("fact", "pack", "tier"):
        values["price"] = product.price * rng.choice((0.6, 0.75, 1.3, 1.6, 2.0))
    return Product(**values)


def _brand(product: Product, rng: Random) -> str:
    """The brand column: now and then the maker, a longer name, or only its beginning."""
    ways = (
        product.brand,
        product.brand,
        product.maker or product.brand,
        f"{product.brand} Inc.",
        product.brand[:5],
    )
    return rng.choice(ways)


def _name(rng: Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 2, 3)))).capitalize()


def _code(rng: Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(rng.randint(1, 4)))
    tail = rng.choice(("", "", "", "", rng.choice("ABKSTX"), rng.choice(("BK", "SS", "WH", "LL"))))
    return f"{letters}-{rng.randint(10, 9999)}{tail}"


def _next_code(code: str, rng: Random) -> str:
    head, _, tail = code.partition("-")
    digits = "".join(char for char in tail if char.isdigit())
    return f"{head}-{int(digits) + rng.choice((1, 5, 10, 50, 100))}{tail[len(digits) :]}"


def _seller_prefix(rng: Random) -> str:
    name = _name(rng)
    return rng.choice(
        (
            f"【{name}小铺】",
            f"[{name} Store]",
            f"＊{name}＊",
            f"{name} Direct -",
            f"«{name}»",
            f"『{name}』现货 附发票",
        )
    )


def _written_code(code: str, rng: Random) -> str:
    head, _, tail = code.partition("-")
    bare = tail.rstrip("ABKSTXHWL") if rng.random() < 0.3 else tail
    return rng.choice(
        (
            f"{head}-{tail}",
            f"{head}{tail}",
            f"{head}{tail}",
            f"{head} {tail}",
            f"{head}{bare}",
            f"{head}{tail}/{rng.choice('ABX')}",
        )
    )


def _pick(options: tuple[str, ...], share: float, rng: Random) -> str:
    return rng.choice(options) if rng.random() < share else options[0]


def _fact(unit: str, value: int, chinese: bool, rng: Random) -> str:
    return rng.choice(_UNITS[unit].chinese if chinese else _UNITS[unit].english).format(
        v=value, l=f"{value / 1000:g}"
    )


def _title(product: Product, world: World, rng: Random) -> str:
    chinese = rng.random() < world.chinese
    foreign = not chinese and rng.random() < world.foreign
    head, body = _head(product, world, rng), _body(product, chinese, foreign, world, rng)
    if rng.random() < world.marketing:
        body.insert(rng.randint(0, len(body)), rng.choice(_MARKETING_ZH if chinese else _MARKETING))
    if rng.random() < world.marketing * 0.4:
        body.insert(rng.randint(0, len(body)), rng.choice(_EMOJI))
    parts = head + body
    if rng.random() < world.shuffled:
        rng.shuffle(body)
        parts = head + body if rng.random() < 0.7 else body + head
    words = (
        _misspell(word, rng) if rng.random() < world.misspelt else word for word in " ".join(parts).split(" ")
    )
    title = " ".join(words)
    if chinese and rng.random() < 0.5:
        title = _BESIDE_HAN.sub("", title)
    if chinese or rng.random() < 0.5:
        return title
    return title.title() if rng.random() < 0.7 else title.lower()


def _head(product: Product, world: World, rng: Random) -> list[str]:
    """Who made it and what it is called."""
    head = [product.brand] if rng.random() < world.brands_shown else []
    if product.maker and rng.random() < 0.4:
        head.append(product.maker)
    if product.line and rng.random() < 0.9:
        head += _shortened(product.line, world, rng)
    told = 1 - (1 - world.facts_shown) / 2  # of what tells siblings apart by name
    if product.tier and rng.random() < told:
        head.append(product.tier)
    if product.generation and rng.random() < told:
        head.append(_version(product.generation, rng))
    return head


def _body(product: Product, chinese: bool, foreign: bool, world: World, rng: Random) -> list[str]:
    """What it is and has."""
    shown = [product.noun] if not product.maker or rng.random() < 0.2 else []
    shown += [attribute for attribute in product.attributes if rng.random() < world.attributes_shown]
    if product.colour and rng.random() < world.facts_shown:
        shown.append(product.colour)
    body = [_word(entry, chinese, foreign, world, rng) for entry in shown]
    body += [_fact(unit, value, chinese, rng) for unit, value in product.facts if rng.random() < world.facts_shown]
    if product.pack > 1 and rng.random() < 1 - (1 - world.facts_shown) / 2:
        body.append(rng.choice(_PACK_ZH if chinese else _PACK_EN).format(n=product.pack))
    if product.code and rng.random() < world.codes_shown:
        body.insert(rng.randint(0, len(body)), _written_code(product.code, rng))
    body += [extra for extra in product.extra if rng.random() < 0.8]
    if product.maker and rng.random() < 0.3:
        body.append(rng.choice(_BOXED))
    return body


def _shortened(line: str, world: World, rng: Random) -> list[str]:
    words = []
    for word in line.split():
        if rng.random() >= world.terse:
            words.append(word)
        elif rng.random() < 0.5:
            words.append(word[: rng.randint(2, 4)])
    return words


def _version(generation: int, rng: Random) -> str:
    if generation > 100 or rng.random() < 0.6:
        return str(generation)
    return rng.choice((f"V{generation}", f"{generation}.0", f"Gen {generation}", str(generation)))


def _word(entry: glossary.Term, chinese: bool, foreign: bool, world: World, rng: Random) -> str:
    if chinese:
        return _pick(entry.chinese, world.synonyms, rng)
    word = _pick(entry.english, world.synonyms, rng)
    return _foreign(word) if foreign else word


def _foreign(word: str) -> str:
    """The word in a language that has no dictionary: the same for the same word."""
    rng = Random(word)
    return " ".join(
        "".join(rng.choice(_SYLLABLES) for _ in range(2)) + rng.choice(("en", "a", "ovy", "ka"))
        for _ in word.split()
    )


def _misspell(word: str, rng: Random) -> str:
    if len(word) < 5 or any(char.isdigit() for char in word):
        return word
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + rng.choice(("", word[place] * 2, rng.choice("aeiourst"))) + word[place + 1 :]


def _text(product: Product, world: World, rng: Random) -> str:
    parts = [product.brand, product.line, product.noun.english[0], product.tier]
    parts += [attribute.english[0] for attribute in product.attributes if rng.random() < 0.8]
    parts += [_fact(unit, value, False, rng) for unit, value in product.facts]
    parts += [_written_code(product.code, rng)] if product.code and rng.random() < 0.6 else []
    parts += rng.sample(_MARKETING, 2)
    if world.shuffled and rng.random() < 0.5:
        rng.shuffle(parts)
    return " / ".join(part for part in parts if part)
