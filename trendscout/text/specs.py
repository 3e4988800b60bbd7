"""What looks like a model code and is none: standards, parts, sizes, ranges, and the numbers of a product line.

A shared `kf94`, `lga1151`, `gddr6` or `rtx 3050` says what a thing is made for or of, not which product it is; a
differing one says that two things are not one product. So these leave the title as facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from trendscout.text.units import UNIT_PATTERN, fact, number

Fact: TypeAlias = tuple[str, str]

_RAM = frozenset((1, 2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48))
_STORAGE = frozenset((16, 32, 64, 128, 256, 512, 1024))

# 4/128 GB, 8+256, 12GB/512GB: memory and storage of a device. Without a unit only where both can be nothing else.
_MEMORY = re.compile(
    r"(?<![\d.,/a-z])(\d{1,4})\s?(?:gb|g)?\s?(?:ram)?\s?[/+|]"
    r"\s?(\d{1,4})\s?(gb|g|tb)?(?:\s?(?:rom|ram|ssd))?(?![\d.,a-z])"
)
_GIGABYTES = re.compile(r"\b(\d{1,4})\s?g(?=\s?(?:rom|ram|ssd|hdd|emmc|storage)\b)")
_NAMED_MEMORY = re.compile(r"\b(ram|rom|ssd|hdd|emmc)[ :]?(\d{1,4})\s?(gb?|tb)?(?![a-z0-9/+.,]|\s?[/+]\s?\d)")
_GIGABYTE_HINT = re.compile(r"\dg| g ")
_MEMORY_HINT = re.compile(r"(?:ram|rom|ssd|hdd|emmc)[ :]?\d")
_MAYBE_RANGE = re.compile(r"\d[^\d]{0,6}[-~–]\s?\d")
_MAYBE_TIMES = re.compile(r"[x×*]\s?\d")
_NUMERAL_HINT = re.compile(r"\b(?:i[iv]|vi|ma?r?k|gen|type|part|vol|version)")
_RANGE = re.compile(
    rf"(?<![\w.,-])(\d{{1,5}}(?:[.,]\d+)?)\s?(?:{UNIT_PATTERN})?\s?[-~–]"
    rf"\s?(\d{{1,5}}(?:[.,]\d+)?)\s?({UNIT_PATTERN})(?![a-z0-9])"
)
_TIMES = re.compile(rf"(\d)\s?({UNIT_PATTERN})\s?[x×*]\s?(\d{{1,3}})(?:\s?p)?\b")
_TIMES_EACH = re.compile(
    rf"(?<![\w.,x×*])(\d{{1,2}})\s?[x×*]\s?(\d{{1,4}})\s?({UNIT_PATTERN})(?![a-z0-9]|\s?[x×*]\s?\d)"
)
_DIMENSIONS = re.compile(
    r"(?<![\w.])(\d{1,4}(?:\.\d{1,2})?)\s?[x×*]\s?(\d{1,4}(?:\.\d{1,2})?)(?:\s?[x×*]\s?(\d{1,4}(?:\.\d{1,2})?))?(?:mm|cm|m|in|inch|zoll)?(?!\w)"
)
_CODE_AND_PACK = re.compile(r"(?<=[a-z0-9])-(\d{1,3})[ -]?(?:packs?|pk|pcs|pieces?|sets?)\b")
_YEAR_AND_WORD = re.compile(r"(?<![a-z0-9])(20[12]\d)(?=[a-z]{3})")
_ROMAN = {"ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_NUMERAL = re.compile(r"\b(?:(mark|mk|gen|type|part|vol|version)[. ]?(v|vi|ix|x)|(ii|iii|iv|vii|viii))\b")
# What makes one line's numbers other products: iPhone 15, 15 Pro, 15 Pro Max; S21, S21 FE; RTX 3050, 3050 Ti.
_LINE = re.compile(
    r"\b(?:[a-z]{4,})?((?:(?<![a-z])[a-z]{1,2})?\d{1,3}[a-z]?)"
    r"((?:[ -]?(?:pro|max|plus|ultra|mini|lite|fe|se|ti|super|neo|air)\b)+\+?|\+(?=\s|$))"
)
_LINE_HINT = re.compile(r"\d[a-z]?[ +-]")
_SUFFIX = re.compile(r"[a-z]+|\+")
# (kind, what a title with it contains, pattern): the value is what the groups state. Kind "-" excludes nothing, a
# "name" is one word. Looking for the plain text first saves nine tenths of the time.
_STANDARDS: tuple[tuple[str, str, str], ...] = (
    ("-", "pa", r"\bpa\s?\+{1,4}"),
    ("spf", "spf upf", r"\b[su]pf\s?-?(\d{2,3})\b\+{0,2}"),
    ("-", "buy", r"\bbuy \d get \d\b"),
    ("name", "ambiance", r"\bwhite (?:(?:&|and) color )?ambiance\b"),
    ("generation", "neu", r"\b(neu)e generation\b"),
    ("generation", "alte", r"\b(alt)e generation\b"),
    ("mask", "kf ffp", r"\b(kf|ffp)[ -]?(94|80|99|ad|[123])\b"),
    ("mask", "n95 n99 n100", r"\bn(95|99|100)(?=\s?(?:mask|respirator|口罩|마스크))"),
    ("cpu", "i3 i5 i7 i9", r"\b(?:core )?(i[3579])[ -]?(\d{4,5}[a-z]{0,2}\d?)\b"),
    ("cpu line", "i3 i5 i7 i9", r"\b(?:core )?(i[3579])\b"),
    ("cpu", "ryzen", r"\b(ryzen)\s?([3579])(?: pro)?(?: (\d{3,4}[a-z]{0,3}))?\b"),
    ("cpu", "ultra", r"\b(?:core )?(ultra) ([579]) (\d{3}[a-z]{0,2})\b"),
    ("cpu", "n3 n4 n5 n6", r"\b(?:celeron |pentium |intel |processor )?(n[3-6]\d{3})\b"),
    (
        "cpu",
        "intel celeron pentium processor core lake",
        r"\b(?:intel|celeron|pentium|processor|core|lake)[ -](n\d{2,3})\b",
    ),
    (
        "cpu",
        "snapdragon dimensity helio exynos unisoc",
        r"\b(snapdragon|dimensity|helio|exynos|unisoc)\s?([a-z]?\d{1,4}[a-z]?)\b",
    ),
    ("gpu", "rtx gtx rx", r"\b(rtx|gtx|rx)[ -]?(\d{3,4})(?:[ -]?(ti|super|xtx?))?\b"),
    ("memory", "ddr", r"\b(g?ddr|lpddr)[ -]?(\d)x?\b"),
    ("-", "pc", r"\bpc\d[a-z]?[ -]\d{4,5}[a-z]?\b"),
    ("disk", "ssd hdd hd", r"(?<=[gt]b)(?: (?:pcie|nvme|m\.2|sata))* (ssd|hd)d?\b"),
    (
        "letter",
        "bundle set style option paket combo pattern design",
        r"\b(?:bundle|set|style|option|paket|combo|pattern|design)[ -]([a-h])\b",
    ),
    ("latency", "c1 c2 c3 c4 cl", r"\b(?:cl\s?|c)(\d{2})(?:-\d{2,3}){2,3}\b"),
    ("-", "bit", r"\b\d{2,3}[ -]?bits?\b"),
    ("-", "ip", r"\bip[ -]?[0-9x]\d\b"),
    ("-", "usb", r"\busb[ -]?[23](?:\.\d)?\b"),
    ("-", "bt bluetooth wifi wi-fi", r"\b(?:bt|bluetooth|wi-?fi)[ -]?\d(?:\.\d)?\b"),
    ("-", "pin", r"\b\d{1,2}[ -]?pin\b"),
    ("cable", "cat", r"\bcat\.?(\d[ae]?)\b"),
    ("socket", "lga am fm", r"\b(lga|am|fm)[ -]?(\d{1,4})\b"),
    ("atx", "atx", r"\batx\s?v?(\d\.\d)\d?\b"),
    ("-", "atx", r"\batx\s?\d*v?\d*\b"),
    ("os", "win", r"\bwin(?:dows)?\s?(7|8|10|11|xp)\b"),
    ("os", "w10 w11", r"\bw(10|11)\b"),
    ("-", "win", r"\bwin(?:dows)?\s?(?:32|64)\b"),
    ("-", "0p", r"\b\d{3,4}p\d{0,3}\b"),
    ("-", "2k 4k 5k 8k", r"\b[2458]k\d{0,3}\b"),
    ("-", "365", r"\b(?:office|microsoft) 365\b"),
    ("-", "l- l~ l– l/", r"\b\d?x{0,4}l\s?[-~/–]\s?\d?x{1,4}l\b"),
    ("size", "xl", r"\b(\d{1,2}xl)\b"),
)
_PATTERNS = tuple((kind, frozenset(hints.split()), re.compile(pattern)) for kind, hints, pattern in _STANDARDS)
_HINT = re.compile(
    "|".join(sorted({hint for _, hints, _ in _PATTERNS for hint in hints}, key=len, reverse=True)).replace(
        "+", r"\+"
    )
)
_LETTERS_AND_DIGITS = re.compile(r"[a-z]+|\d+")


def take_specs(folded: str, state: Callable[[str, str], None]) -> str:
    """The folded title without its standards and ranges, of which `state` is told (kind, value).

    Kinds that exclude nothing are only taken out of the codes. Their words stay.
    """
    text = folded
    if _GIGABYTE_HINT.search(text):
        text = _GIGABYTES.sub(r"\1gb", text)
    if _MEMORY_HINT.search(text):
        text = _NAMED_MEMORY.sub(_named_memory, text)
    if "/" in text or "+" in text or "|" in text:
        text = _MEMORY.sub(_memory, text)
    if _MAYBE_TIMES.search(text):
        text = _TIMES.sub(r"\1\2 \3pcs ", text)
        text = _TIMES_EACH.sub(lambda found: _times_each(found, state), text)
        text = _DIMENSIONS.sub(lambda found: _standard(found, "dimensions", state), text)
    if "-" in text:
        text = _CODE_AND_PACK.sub(r" \1pcs ", text)
    if "20" in text:
        text = _YEAR_AND_WORD.sub(r"\1 ", text)
    if _NUMERAL_HINT.search(text):
        text = _NUMERAL.sub(_numeral, text)
    hinted = set(_HINT.findall(text))
    for kind, hints, pattern in _PATTERNS if hinted else ():
        if not hints.isdisjoint(hinted):
            text = pattern.sub(lambda found, kind=kind: _standard(found, kind, state), text)  # type: ignore[misc]
    if _MAYBE_RANGE.search(text):
        text = _RANGE.sub(lambda found: _range(found, state), text)
    return text


def line_names(text: str) -> list[tuple[str, str]]:
    """(number, number with what follows it) of a line's members: ("15", "15promax"), ("s21", "s21fe")."""
    found: list[tuple[str, str]] = []
    if not _LINE_HINT.search(text):
        return found
    for match in _LINE.finditer(text):
        suffix = "".join(_SUFFIX.findall(match[2])).replace("+", "plus")
        found.append((match[1], match[1] + suffix))
    return found


def _named_memory(found: re.Match[str]) -> str:
    """ram8gb, ssd128: without a unit only what memory comes in."""
    size, unit = int(found[2]), found[3]
    if not unit and size not in _RAM | _STORAGE:
        return found[0]
    return f"{found[1]} {size}{'tb' if unit == 'tb' else 'gb'}"


def _memory(match: re.Match[str]) -> str:
    first, second, unit = int(match[1]), int(match[2]), match[3]
    small, large = first in _RAM, first in _STORAGE
    if unit == "tb" and small:
        return f" {first}gb {second}tb "
    if small and second in _STORAGE and (unit or second > _LEAST_BARE):
        return f" {first}gb {second}gb "
    if unit in ("gb", "g") and ((large and second in _STORAGE) or (small and second in _RAM)):
        return f" {first}gb {second}gb "
    return match[0]


def _times_each(found: re.Match[str], state: Callable[[str, str], None]) -> str:
    """2x8GB is a kit of its own, 3 x 100 g so many of what holds so much; 30x40cm is a size."""
    kind, amount = fact(found[2], found[3])
    if kind in ("mm", "inch"):
        return found[0]
    if kind == "mb":  # 1x16GB and 2x8GB hold as much
        state("kit", f"{found[1]}x{amount}")
        return f" {found[2]}{found[3]} "
    return f" {found[1]}pcs {found[2]}{found[3]} "


_LEAST_BARE = 16  # GB: "8/16" may be anything, "8/128" is memory


def _numeral(found: re.Match[str]) -> str:
    return f"{found[1]} {_ROMAN[found[2]]}" if found[1] else str(_ROMAN[found[3]])


def _standard(match: re.Match[str], kind: str, state: Callable[[str, str], None]) -> str:
    if kind == "name":  # its colour is none
        return f" {''.join(filter(str.isalpha, match[0]))} "
    if kind == "-":
        return " " + " ".join(part for part in _LETTERS_AND_DIGITS.findall(match[0]) if part.isalpha()) + " "
    value = ("x" if kind == "dimensions" else "").join(filter(None, match.groups()))
    state(kind, value)
    if kind == "cpu" and match[1].startswith("i"):
        state("cpu line", match[1])
    return " "


def _range(found: re.Match[str], state: Callable[[str, str], None]) -> str:
    kind, low = fact(found[1], found[3])
    _, high = fact(found[2], found[3])
    if number(found[1]) >= number(found[2]):  # "2-1 pcs", a model and a size: no range
        return found[0]
    state(kind, f"{low}-{high}")
    return " "
