"""Listings as arrays: what the titles say, as hashed tokens in rows of fixed width, ready for bulk comparison."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from math import log
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from trendscout.money import usd_per
from trendscout.tables import Table, joined, lists_of, numbers_of, table, taken, texts_of, whole
from trendscout.text.glossary import common_words
from trendscout.text.titles import fold, read_title

U32 = NDArray[np.uint32]
F32 = NDArray[np.float32]

# How many of each a listing keeps; the rest of an endless title says nothing new.
WIDTH = {
    "words": 32,
    "stems": 32,
    "codes": 6,
    "loose": 12,
    "kinds": 12,
    "values": 12,
    "concepts": 12,
    "text": 48,
    "text_codes": 16,
}
STEM = 4  # letters
LONG_CODE = 7  # characters
SHORTEST_CODE = 4
_WORD_AND_NUMBER = re.compile(r"(?=[a-z]*[aeiou])[a-z]{4,}\d{1,4}")
TEXT_CHARS = 600
PART = 20_000  # listings read at a time
_COLUMNS = ["id", "title", "source", "brand", "price", "currency", "image", "text"]
SCHEMA = {
    "id": "VARCHAR",
    "source": "VARCHAR",
    "brand": "UINTEGER",  # 0: not said
    "brand_code": "UINTEGER",  # the brand, were it a code: "skin1004" names no product
    "image": "UINTEGER",
    "log_price": "REAL",  # of US dollars; of the shown amount where no currency is said; NaN: no price
    "money": "UINTEGER",  # which currency log_price is in: 0 none said, 1 converted, else the unknown one
    "han": "BOOLEAN",
    "tag": "BOOLEAN",  # the title is a hashtag
    **dict.fromkeys(WIDTH, "UINTEGER[]"),
}


def read_listings(records: Table, *, tags: bool = False) -> Table:
    """The records read into SCHEMA, one row per id (of equal ids the first in order of content), sorted by id.

    Columns that `records` lacks count as empty. Currency amounts are compared in US dollars at the newest rate.
    """
    order = _order(records)
    starts = range(0, max(1, len(order)), PART)
    return joined([_read_part(taken(records, order[start : start + PART]), tags) for start in starts])


def _order(records: Table) -> NDArray[np.int64]:
    """The rows by id, of equal ids the first in order of content; what is not said comes last."""
    ids = np.array(texts_of(records["id"]), object)
    order = np.argsort(ids, kind="stable")
    new = ids[order] != np.roll(ids[order], 1)
    new[:1] = True
    often = np.flatnonzero(~(new & np.append(new[1:], True)))
    if len(often):
        rows = taken(records, order[often])
        columns = (rows[name].to_pylist() for name in _COLUMNS if name in rows.column_names)
        content = list(zip(*([(one is None, one) for one in column] for column in columns), strict=True))
        order[often] = order[often][sorted(range(len(often)), key=content.__getitem__)]
    return np.asarray(order[new])


def _read_part(records: Table, tags: bool) -> Table:
    """Some records read: Python's lists of a whole market would not fit into memory."""
    rows = _columns(records)
    out: dict[str, list[Any]] = {name: [] for name in SCHEMA}
    hashes: dict[str, int] = {}
    common = common_words()

    def hashed(words: tuple[str, ...]) -> list[int]:
        numbers = []
        for word in words:
            number = hashes.get(word)
            if number is None:
                number = hashes[word] = token(word, common) if word else 0
            numbers.append(number)
        return numbers

    for identity, title, source, brand, price, currency, image, text in zip(*rows, strict=True):
        read = read_title(title)
        out["id"].append(identity)
        out["source"].append(source)
        out["brand"].append(crc32(fold(brand).encode()) if brand else 0)
        out["brand_code"].append(code_token("".join(filter(str.isalnum, fold(brand)))) if brand else 0)
        out["image"].append(crc32(image.encode()) if image else 0)
        log_price, money = _price(price, currency)
        out["log_price"].append(log_price)
        out["money"].append(money)
        out["han"].append(read.han)
        out["tag"].append(tags)
        out["words"].append(hashed(read.words[: WIDTH["words"]]))
        out["stems"].append(hashed(tuple(map(_stem, read.words[: WIDTH["words"]]))))
        out["codes"].append(list(map(code_token, read.codes[: WIDTH["codes"]])))
        out["loose"].append(list(map(code_token, read.loose[: WIDTH["loose"]])))
        # 100 g and 100 ml are one content for a shop; 60 g and 100 ml are two.
        facts = [("ml" if kind == "g" else kind, value) for kind, value in read.facts[: WIDTH["kinds"]]]
        out["kinds"].append([crc32(kind.encode()) for kind, _ in facts])
        out["values"].append(hashed(tuple(f"{kind} {value}" for kind, value in facts)))
        out["concepts"].append([concept + 1 for concept in read.concepts[: WIDTH["concepts"]]])
        about = read_title(f"{brand} {text[:TEXT_CHARS]}") if brand or text else None
        out["text"].append(hashed(about.words[: WIDTH["text"]]) if about else [])
        out["text_codes"].append(list(map(code_token, about.loose[: WIDTH["text_codes"]])) if about else [])
    return table({name: (kind, out[name]) for name, kind in SCHEMA.items()})


def token(word: str, common: frozenset[str]) -> int:
    """A number for the word; odd if the word is a name, even if it belongs to the trade or is a measure."""
    number = crc32(word.encode())
    trade = word in common or (word[0].isdigit() and (word.isdigit() or word[-1].isalpha()) and len(word) < 9)
    return (number & ~1 or 2) if trade else number | 1


def code_token(code: str) -> int:
    """A number for the code; odd if two products hardly share it by chance, a multiple of 4 if it is short.

    A long one is shared by chance if it is a word and a number: a brand ("skin1004"), a line.
    """
    telling = len(code) >= LONG_CODE and not _WORD_AND_NUMBER.fullmatch(code)
    return (crc32(code.encode()) & ~3 or 4) | 2 * (len(code) >= SHORTEST_CODE) | telling


def without_lines(listings: Listings) -> Listings:
    """The listings without X8, MP3, NO.1: what is so short names a member of a line, and many lines have one."""
    loose, text = listings.loose, listings.text_codes
    return replace(listings, loose=np.where(loose & 3, loose, 0), text_codes=np.where(text & 3, text, 0))


# What a seller may write or leave out and means nothing by: no fact, no name, no kind of goods.
_FILLER = """
new newest brand original genuine authentic official hot sale style fashion trend model quality high best premium
popular latest upgraded 2023 2024 2025 2026 free shipping fast delivery stock in ready cheap promo gift seal
hang chinh nhap khau orisinil baru terlaris ori novo nova nuevo nueva neu neuf neue
fhd ips pcie nvme ssd hdd de para com with for the and
现货 正品 新款 爆款 热卖 包邮 厂家 直销 同款 跨境 网红 批发 最新 新品
"""


@cache
def filler_tokens() -> U32:
    """The tokens of words that say nothing of the product."""
    common = common_words()
    return np.array(sorted({token(word, common) for word in _FILLER.split()}), np.uint32)


_STORAGE = (64, 120, 128, 180, 240, 250, 256, 320, 480, 500, 512, 960, 1000, 1024, 2000, 2048, 4096)  # GB


@cache
def storage_tokens() -> U32:
    """The tokens of facts that state what a disk holds; less is memory, which titles leave out as they like."""
    common = common_words()
    return np.array(sorted({token(f"mb {size * 1024}", common) for size in _STORAGE}), np.uint32)


def _stem(word: str) -> str:
    """The beginning of a longer word of letters, which survives inflection, cutting short and near languages."""
    if len(word) < STEM or (len(word) > STEM and not (word.isalpha() and word.isascii())):
        return ""
    return word[:STEM]


def _columns(records: Table) -> list[list[Any]]:
    columns: list[list[Any]] = []
    for name in _COLUMNS:
        if name not in records.column_names:
            columns.append([None if name == "price" else ""] * len(records))
        elif name == "price":
            columns.append(numbers_of(records[name]))
        else:
            columns.append(texts_of(records[name]))
    return columns


def _price(price: float | None, currency: str) -> tuple[float, int]:
    if price is None or not price > 0:
        return float("nan"), 0
    if not currency:
        return log(price), 0
    rate = usd_per(currency)
    if rate is None:
        return log(price), crc32(currency.encode()) | 2
    return log(price * rate), 1


@dataclass(frozen=True, slots=True, eq=False)
class Listings:
    """Read listings as padded arrays, one row each; 0 pads."""

    table: Table  # SCHEMA
    words: U32
    stems: U32  # the words' beginnings, in the words' slots
    weights: F32  # of words: how much each says, by how few listings have it
    phrase: NDArray[np.int8]  # of words: how many words long the fixed phrase is that shares a weight
    code_weights: F32  # of codes and loose, side by side
    codes: U32
    loose: U32
    kinds: U32
    values: U32
    concepts: U32
    concept_weights: F32
    text: U32
    text_codes: U32
    brand: U32
    image: U32
    money: U32
    log_price: F32
    han: NDArray[np.bool_]
    tag: NDArray[np.bool_]
    source: NDArray[np.int32]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)


def weigh(table: Table) -> Listings:
    """`table` (SCHEMA) as arrays, each word weighed by its rarity among these listings.

    The weight is ln(1 + SCALE / df): it depends on no listing that lacks the word, so a listing about something
    else changes nothing. Words that always come side by side, as in a seller's template, share one weight.
    """
    padded = {name: _pad(table, name, width) for name, width in WIDTH.items()}
    no_codes = _no_codes(table, padded)
    for name in ("codes", "loose", "text_codes"):
        padded[name][np.isin(padded[name], no_codes)] = 0
    sources: dict[str, int] = {}
    source = [sources.setdefault(name, len(sources)) for name in texts_of(table["source"])]
    phrase = _phrases(padded["words"])
    return Listings(
        table=table,
        code_weights=_rarity(np.concatenate((padded["codes"], padded["loose"]), axis=1)),
        weights=np.asarray(_rarity(padded["words"], more=TRADE_DF) / phrase, np.float32),
        phrase=phrase,
        concept_weights=_rarity(padded["concepts"]),
        brand=_flat(table, "brand"),
        image=_telling_pictures(_flat(table, "image")),
        money=_flat(table, "money"),
        log_price=_flat(table, "log_price"),
        han=_flat(table, "han"),
        tag=_flat(table, "tag"),
        source=np.array(source, np.int32),
        sources=tuple(sources),
        **padded,
    )


def _no_codes(table: Table, padded: dict[str, U32]) -> U32:
    """Codes that name no product: brands, and what goods of many prices share."""
    brands = np.unique(_flat(table, "brand_code"))
    several = _of_many_prices(np.concatenate((padded["codes"], padded["loose"]), axis=1), table)
    return np.concatenate((brands[brands != 0], several))


def _of_many_prices(tokens: U32, table: Table) -> U32:
    """The codes of goods whose prices, in dollars, spread too far for one product: a part's name, a series."""
    priced = np.flatnonzero(_flat(table, "money") == 1)
    slots = tokens[priced]
    row, slot = np.nonzero(slots)
    code, place = np.unique(slots[row, slot], return_inverse=True)
    log_price = _flat(table, "log_price")[priced][row].astype(np.float64)
    count = np.bincount(place, None, len(code))
    mean = np.bincount(place, log_price, len(code)) / np.maximum(count, 1)
    spread = np.sqrt(np.bincount(place, (log_price - mean[place]) ** 2, len(code)) / np.maximum(count, 1))
    return np.asarray(code[(count >= FEWEST_PRICED) & (spread > MOST_SPREAD)], np.uint32)


def _telling_pictures(image: U32) -> U32:
    """Without the pictures that so many listings show that they are a shop's, or stand for none."""
    return np.where(occurrences(image) > MOST_PICTURED, np.uint32(0), image)


def _flat(table: Table, name: str) -> NDArray[Any]:
    values: NDArray[Any] = whole(table[name]).to_numpy()
    return values


def _pad(table: Table, name: str, width: int) -> U32:
    starts, values = lists_of(table[name])
    lengths = np.diff(starts)
    out = np.zeros((len(lengths), width), np.uint32)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    out[rows, np.arange(len(values)) - np.repeat(starts[:-1], lengths)] = values
    return out


FEWEST_PRICED = 4  # listings with a code: fewer prices show nothing
MOST_SPREAD = 0.6  # deviation of log prices: nine in ten offers within a factor of seven
MOST_PICTURED = 6  # listings with one picture; more show a template or "no picture"
SCALE = 5_000.0
TRADE_DF = 30  # a word of the trade, or a measure, counts as if so many more listings had it
PHRASE_DF = 6  # a phrase in fewer listings may be one product's own name
PHRASE_SHARE = 0.8
MIX = np.uint64(0x9E3779B97F4A7C15)


def occurrences(tokens: NDArray[Any]) -> NDArray[np.int64]:
    """How often each of the tokens stands among them: by hashing, in a quarter of the time that sorting takes."""
    place = np.empty(len(tokens), np.int32)  # of each, a row of the same token
    last = np.empty(1 << max(10, len(tokens).bit_length()), np.int32)
    left, mixed = np.arange(len(tokens), dtype=np.int32), tokens.astype(np.uint64)
    while len(left):  # those that share their slot with another token are hashed again
        mixed = (mixed ^ mixed >> np.uint64(29)) * MIX
        slot = mixed >> np.uint64(65 - len(last).bit_length())
        last[slot] = left
        found = last[slot]
        same = tokens[found] == tokens[left]
        place[left[same]] = found[same]
        left, mixed = left[~same], mixed[~same]
    return np.asarray(np.bincount(place)[place])


def _rarity(tokens: U32, more: int = 0) -> F32:
    """The weight of each token, 0 for padding; a row has it once. Even ones count as so many `more`."""
    filled = tokens != 0
    flat = tokens[filled]
    counted = occurrences(flat) + np.where(flat & np.uint32(1), 0, more)
    # Many tokens, few frequencies: one logarithm for each of these.
    of_frequency = np.log1p(SCALE / np.maximum(np.arange(counted.max(initial=0) + 1), 1)).astype(np.float32)
    weights = np.zeros(tokens.shape, np.float32)
    weights[filled] = of_frequency[counted]
    return weights


def _phrases(words: U32) -> NDArray[np.int8]:
    """How many words the fixed phrase has that each word is part of; 1 outside of phrases."""
    filled = words != 0
    row = np.repeat(np.arange(len(words)), filled.sum(1))
    flat = words[filled]
    length = np.ones(words.shape, np.int8)
    length[filled] = _phrase_length(row, flat, occurrences(flat))
    return length


def _phrase_length(row: NDArray[np.int64], word: U32, frequency: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many words the fixed phrase has that each word is part of; 1 outside of phrases."""
    rarer = np.minimum(frequency[:-1], frequency[1:])
    often = np.flatnonzero((row[:-1] == row[1:]) & (rarer >= PHRASE_DF))
    together = occurrences(word[often].astype(np.uint64) << np.uint64(32) | word[often + 1])
    fixed = often[(together >= PHRASE_DF) & (together >= PHRASE_SHARE * rarer[often])]
    begins = np.ones(len(word), bool)
    begins[fixed + 1] = False
    phrase = np.cumsum(begins) - 1
    return np.asarray(np.bincount(phrase)[phrase])
