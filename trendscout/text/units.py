"""Numbers that carry a unit: one name and one scale for each way of writing them.

`500ml`, `0.5 L`, `500毫升` and `0,5 Liter` are the fact ("ml", "500"); `2件装`, `pack of 2` and `2 pcs` are
("count", "2"). Inches and metric lengths are not mixed: shops round when they convert.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Unit(NamedTuple):
    """What a unit's spelling stands for: `value` × `factor` in `name`."""

    name: str
    factor: float = 1.0


# name, factor, spellings. Spellings are folded: lower case, no accents, simplified Chinese.
_TABLE: tuple[tuple[str, float, str], ...] = (
    ("mb", 1, "mb mo megabyte megabytes мб 兆"),
    ("mb", 1024, "gb go gig gigabyte gigabytes гб"),
    ("mb", 1024 * 1024, "tb terabyte terabytes тб"),
    ("mb/s", 1, "mb/s mb/sec mo/s mbps mb/sek мб/с"),
    ("mb/s", 1000, "gb/s gbps gbit/s gb/sec"),
    ("mm", 1, "mm millimeter millimeters millimetre 毫米 мм"),
    ("mm", 10, "cm centimeter centimeters centimetre 厘米 公分 см"),
    ("mm", 1000, "m meter meters metre metres mtr 米 公尺"),
    ("inch", 1, 'inch inches inchi zoll pouces pouce pulgadas pulgada pollici cali 寸 英寸 吋 "'),
    ("inch", 12, "ft feet foot 英尺 呎"),
    ("g", 1, "g gr gm gram grams gramm gramme grammes gramos grammi 克 公克 г"),
    ("g", 0.001, "mg milligram 毫克"),
    ("g", 1000, "kg kgs kilo kilogram kilograms 千克 公斤 кг"),
    ("g", 500, "斤"),
    ("oz", 1, "oz ounce ounces 盎司"),
    ("oz", 16, "lb lbs pound pounds 磅"),
    ("ml", 1, "ml milliliter milliliters 毫升 мл cc"),
    ("ml", 10, "cl"),
    ("ml", 1000, "l lt ltr liter liters litre litres litri litros 升 公升 л"),
    ("floz", 1, "floz"),
    ("floz", 128, "gal gallon gallons"),
    ("floz", 32, "qt quart quarts"),
    ("mah", 1, "mah 毫安 毫安时"),
    ("mah", 1000, "ah 安时"),
    ("wh", 1, "wh"),
    ("w", 1, "w watt watts 瓦 вт"),
    ("w", 1000, "kw 千瓦"),
    ("v", 1, "v volt volts 伏 в"),
    ("amp", 1, "amp amps ampere"),
    ("hz", 1, "hz 赫兹"),
    ("mhz", 1, "mhz"),
    ("mhz", 1000, "ghz"),
    ("rpm", 1, "rpm 转"),
    ("lines", 1, "p"),
    ("k", 1, "k"),
    ("mp", 1, "mp megapixel megapixels mpx"),
    ("mp", 0.01, "万像素"),
    ("%", 1, "%"),
    ("degree", 1, "° degree degrees 度"),
    ("hour", 1, "hour hours hr hrs 小时"),
    ("minute", 1, "minute minutes 分钟"),
    ("year", 1, "year years yr yrs 年 岁"),
    ("month", 1, "month months 个月"),
    ("tier", 1, "tier tiers layer layers 层"),
    ("speed", 1, "speed speeds 档"),
    ("x", 1, "x"),
    (
        "count",
        1,
        "pcs pc pce piece pieces pack packs pk packet packets ct count counts set sets sheet sheets roll rolls",
    ),
    (
        "count",
        1,
        "pair pairs pads pods tablet tablets capsule capsules caps unit units bottle bottles box boxes bag bags",
    ),
    ("count", 1, "stuck stk teilig pezzi pz szt unidades uds piezas pieces buah biji lembar pasang pak isi lusin"),
    ("count", 1, "un und unid unidade unidades sache saches sachet sachets szt kpl adet dona"),
    (
        "count",
        1,
        "개 개입 매 매입 팩 세트 박스 봉 병 캔 포 정 캡슐 롤 켤레 장 종 個 個入 個入り 枚入 本入 セット 錠 足",
    ),
    ("month", 1, "개월 か月"),
    ("grade", 1, "학년 年级"),
    ("count", 1, "件 个 只 片 条 支 瓶 包 盒 袋 套 组 枚 颗 粒 入 双 张 卷 块 把 根 对 罐 台 串 本"),
)
_UNITS = {spelling: Unit(name, factor) for name, factor, spellings in _TABLE for spelling in spellings.split()}
_HAN_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
COUNTED = "件个只片条支瓶包盒袋套组枚颗粒入双张卷块把根对罐台串本层档代"

# Longest spelling first, so that `mb/s` is not read as `mb`.
UNIT_PATTERN = "|".join(re.escape(spelling) for spelling in sorted(_UNITS, key=len, reverse=True))
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_HAN_COUNT = re.compile(rf"([一两二三四五六七八九]?十?[一二三四五六七八九]?)(?=[{COUNTED}合])")


def number(text: str) -> float:
    """The value of `1,000`, `0,5`, `2.40` or `12`."""
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    head, *tail = re.split("[.,]", text)
    return float(f"{head}.{tail[0]}") if tail else float(head)


def fact(text: str, unit: str) -> tuple[str, str]:
    """(unit name, value as text in that unit) of a number and a folded unit spelling; KeyError if unknown."""
    known = _UNITS[unit]
    return known.name, f"{number(text) * known.factor:.10g}"


def western_digits(text: str) -> str:
    """Folded text with Chinese numerals before a measure word as digits: 两件装 → 2件装, 三合一 → 3合一."""
    return _HAN_COUNT.sub(lambda found: _han_value(found[1]), text)


def _han_value(text: str) -> str:
    if not text:
        return ""
    tens, ten, ones = text.partition("十")
    if not ten:
        return "".join(str(_HAN_DIGITS[char]) for char in text)
    return str(10 * _HAN_DIGITS.get(tens, 1) + _HAN_DIGITS.get(ones, 0))
