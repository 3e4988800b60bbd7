"""What a title says: words, model codes, facts (number with unit, colour, ...) and concepts of the glossary."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

from trendscout.text import glossary
from trendscout.text.specs import line_names, take_specs
from trendscout.text.units import UNIT_PATTERN, fact, western_digits

MAX_CHARS = 600  # what is read of a title; hostile text is cut, not refused

# `"` and `'` after a number are inches on shop pages; a lone single-digit `6'` may be feet and stays a number.
_INCH_MARK = re.compile(r"(?<=\d)\s?(?:''|\"|”|″|’’|′′)|(?<=\d\d)['’′]")
_OF = re.compile(r"\b(?:pack|set|box|lot|isi|paket) (?:of )?(\d{1,3})\b")
# A year that only says how new the offer is: "2025 new", "2024新款".
_NEW_YEAR = re.compile(r"\b20[12]\d\s?(?:new(?: year| version| model| upgrade)?\b|upgraded|最新|新款|新品|款|年)")
_OF_HINT = re.compile("(?:of|pack|set|box|lot|isi|paket) [1-9]")
_VERSION_HINT = re.compile(r"\b[vgm][a-z]*[. ]?\d")
_VERSION = re.compile(r"\b(?:v|ver|version|gen|generation|mark|mk)[. ]?(\d{1,2})(?:\.(\d))?\b")
_IN_ONE = re.compile(r"(\d{1,2})\s?(?:in|合|-in-)[ -]?(?:1|one|一)\b")
_GENERATION = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th) (?:gen|generation)\b|第?(\d{1,2})代")
_NAME_AND_NUMBER = re.compile(r"([a-z]{4,})(\d{1,3})")  # iphone14: a word and a number, not a code
_TOKEN = re.compile(
    rf"(?P<value>\d+(?:[.,]\d+)*)(?:-|\s?)(?P<unit>{UNIT_PATTERN})(?![a-z0-9])"
    r"|(?P<number>\d+(?:[.,]\d+)+(?![a-z\d]))"
    r"|(?P<latin>[a-z0-9]+(?:[-._+'][a-z0-9]+)*\+?)"
    r"|(?P<han>[\u3400-\u9fff]+)"
    r"|(?P<other>[^\W\d_]+)"
)
# Apple's and others' codes end in `/A`: one code. A speed's `MB/s` is left alone.
_SLASH = re.compile(
    r"\b(?!\d+(?:pcs?|gb|ml|g)/)(?=[a-z0-9]*[a-z])([a-z0-9]*\d[a-z0-9]*)/(?!s\b|se[ck]\b)([a-z]{1,3})\b"
)
# A26, S9, X9c, 40x: too short for a code that names one product, and yet no other number of its line.
_SHORT_CODE = re.compile(r"(?!3d|4k|y2k)(?=.{2,4}$)(?:[a-z]{1,2}\d{1,3}[a-z]?|\d{1,2}[a-z])")
_PARTS = re.compile(r"[a-z0-9]+")
_NUMBER_AND_WORD = re.compile(r"(\d{1,4})([a-z]{4,})")  # 290ANSI, 3channel: an unknown unit, not a code
# What a thing is made for has a model code of its own: no code of the thing itself.
_MADE_FOR = frozenset("for fits fit compatible fur pour para per untuk".split())
_REACH = 4  # words after such a word in which that code stands: "for Luxar Optima SN5127"
_BETWEEN = re.compile(r"[,;|()]|\s[-–]\s")  # ... unless another part of the title begins
_SPELLED = 5  # letters of a hyphenated part: so long a one is a word ("3D-Printed"), no model's letters
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[a-z]")
_STEM = re.compile(r"[a-z]+$")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# 민트그린, 그레이멜란지: a colour of its own for every compound.
_HANGUL_COLOUR = re.compile(
    "[가-힣]*(?:블랙|화이트|그린|블루|레드|핑크|그레이|옐로우?|브라운|베이지|퍼플|네이비|실버|골드|오렌지|카키|멜란지|민트|아이보리"
    "|차콜|크림색|라벤더|버건디|코랄)"
)
_STOP_WORDS = """
the a an of and or to in on by from as at is de la le les el los das der die den y con il di da i z do na und mit
fur et en per dan yang ke new sale free shipping
"""
_STOP = frozenset(_STOP_WORDS.split())


class Title(NamedTuple):
    """One title, read. Everything is folded, unique and in order of appearance."""

    words: tuple[str, ...]
    codes: tuple[str, ...]  # model codes: letters and digits mixed, or long numbers; no punctuation
    loose: tuple[str, ...]  # what may be a code: written apart (`RS 120`), or a code without its last letters
    facts: tuple[tuple[str, str], ...]  # (kind, value): ("mb", "65536"), ("colour", "12"), ("number", "14")
    concepts: tuple[int, ...]  # entries of the glossary
    han: bool  # written in Chinese characters


@cache
def _to_simplified() -> dict[int, str]:
    """Each traditional character's simplified form; one character at a time, so that word order cannot matter."""
    pairs = (resources.files("trendscout.text") / "traditional.txt").read_text(encoding="utf-8").split()
    return {ord(pair[0]): pair[1] for pair in pairs}


def fold(text: str) -> str:
    """Lower-case text without accents, entities, emoji or traditional characters; full-width becomes ASCII."""
    text = text[:MAX_CHARS]
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).lower()
    text = unicodedata.normalize("NFD", text)
    text = "".join(char for char in text if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", text).translate(_to_simplified()).replace("ß", "ss").replace("ł", "l")


def read_title(text: str) -> Title:
    """The title's words, codes, facts and concepts.

    Latin words stay whole; Chinese is cut into glossary words, the rest into bigrams. A word of the glossary in
    any language also gives its concept, which is how 榨汁杯 meets "juicer cup".
    """
    folded = fold(text)
    if not folded.isascii():
        folded = western_digits(folded)
    folded = _INCH_MARK.sub(" inch ", folded)
    reader = _Reader()
    # Each pattern only where a title has what it begins with: that saves a third of the time.
    if _OF_HINT.search(folded):
        folded = _OF.sub(r" \1pcs ", folded)
    if "20" in folded:
        folded = _NEW_YEAR.sub(" ", folded)
    folded = take_specs(folded, reader.state)
    if "/" in folded:
        folded = _SLASH.sub(r"\1\2", folded)
    if "gen" in folded or "代" in folded:
        folded = _GENERATION.sub(r" \1\2 ", folded)
    if _VERSION_HINT.search(folded):
        folded = _VERSION.sub(_version, folded)
    if "in" in folded or "合" in folded:
        folded = _IN_ONE.sub(reader.in_one, folded)
    reader.lines = line_names(folded)
    for token in _TOKEN.finditer(folded):
        reader.take(token)
    return reader.title()


def _version(found: re.Match[str]) -> str:
    return f" {found[1]}.{found[2]} " if found[2] and found[2] != "0" else f" {found[1]} "


class _Reader:
    """Collects a title's parts; dicts are ordered sets."""

    def __init__(self) -> None:
        self.words: dict[str, None] = {}
        self.codes: dict[str, None] = {}
        self.loose: dict[str, None] = {}
        self.facts: dict[tuple[str, str], None] = {}
        self.concepts: dict[int, None] = {}
        self.run: list[str] = []  # Latin words one after the other, for glossary phrases
        self.reach = 0  # words left in which a code is of what the thing is made for
        self.end = 0  # of the last token
        self.before = ""  # a short word just before, which a number may continue
        self.han = False
        self.lines: list[tuple[str, str]] = []  # numbers that a suffix makes another product, with it

    def state(self, kind: str, value: str) -> None:
        """A fact that is no plain number with a unit; its words count as the fact's."""
        self.facts[(kind, value)] = None
        self.words[value + kind[:1]] = None

    def in_one(self, found: re.Match[str]) -> str:
        self.facts[("in one", found[1])] = None
        self.words[f"{found[1]}in1"] = None
        return " "

    def take(self, token: re.Match[str]) -> None:
        kind = token.lastgroup
        text = token[0]
        if text in _MADE_FOR:
            self.reach = _REACH
        elif self.reach:
            between = _BETWEEN.search(token.string, self.end, token.start())
            self.reach = 0 if between else self.reach - 1
        self.end = token.end()
        if kind == "unit":
            self._fact(token["value"], token["unit"])
        elif kind == "number":
            self._bare(text)
        elif kind == "latin":
            self._latin(text)
        elif kind == "han":
            self._han(text)
        else:
            self.words[text] = None
            self.run.append(text)
            self.before = ""
            if _HANGUL_COLOUR.fullmatch(text):
                self.facts[("colour", text)] = None

    def _fact(self, value: str, unit: str) -> None:
        kind, amount = fact(value, unit)
        if kind != "count" or amount != "1":
            self.facts[(kind, amount)] = None
            self.words[amount + kind] = None
        self.before = ""

    def _bare(self, text: str) -> None:
        text = text.replace(",", ".").strip(".")
        text = text.removesuffix(".0") or "0"
        self.words[text] = None
        self.facts[("number", text)] = None
        self.before = ""

    def _latin(self, text: str) -> None:
        if text.isalpha():  # three quarters of all: no code, no number, nothing to cut
            self._word(text)
            return
        parts = _PARTS.findall(text)
        if text.endswith("+"):
            parts.append("plus")
        glued = "".join(parts)
        named = _NAME_AND_NUMBER.fullmatch(parts[0])
        if named and len(parts) == 1:
            parts, glued = [named[1], named[2]], ""
        counted = _NUMBER_AND_WORD.fullmatch(glued)
        if counted:
            parts, glued = [counted[1], counted[2]], ""
        mixed = bool(_DIGIT.search(glued)) and bool(_LETTER.search(glued))
        if mixed and len(parts) > 1 and any(len(part) >= _SPELLED and part.isalpha() for part in parts):
            for part in parts:
                self._latin(part)
            return
        if mixed and len(glued) <= 24 and "plus" not in parts[1:]:
            self._code(glued, parts)
            return
        for part in parts:
            if part.isdigit():
                self._digits(part)
            else:
                self._word(part)

    def _word(self, text: str) -> None:
        if text in _STOP:
            self.before = ""
            return
        self.words[text] = None
        self.run.append(text)
        self.before = text if len(text) <= 4 else ""

    def _code(self, glued: str, parts: list[str]) -> None:
        self.words[glued] = None
        if self.reach:
            self.reach = _REACH - 1  # "for SN5127 and SN5147"
            self.loose[f"for{glued}"] = None
            self.run.append(glued)
            self.before = ""
            return
        if len(parts) > 1:
            for part in parts:
                if len(part) > 2:
                    self.words[part] = None
                if len(part) > 3 and _DIGIT.search(part):
                    self.loose[part] = None
        if _SHORT_CODE.fullmatch(glued):
            self.facts[("number", self._in_line(glued))] = None
        self.run.append(glued)
        if len(glued) >= 4:
            self.codes[glued] = None
            for shorter in (_STEM.sub("", glued), glued.lstrip(_LETTERS)):
                if len(shorter) >= 4:
                    self.loose[shorter] = None
        self.loose[glued] = None
        if self.before:
            self.loose[self.before + glued] = None
        self.before = ""

    def _digits(self, text: str) -> None:
        self.words[text] = None
        if len(text) >= 5:
            self.codes[text] = None
            self.loose[text] = None
        else:
            self.facts[("number", self._in_line(text.lstrip("0") or "0"))] = None
        if self.before:
            self.loose[self.before + text] = None
        self.before = ""

    def _in_line(self, name: str) -> str:
        """The number with what makes it another member of its line; each such suffix counts once."""
        for place, (bare, full) in enumerate(self.lines):
            if bare == name:
                del self.lines[place]
                return full
        return name

    def _han(self, text: str) -> None:
        self.han = True
        self.before = ""
        for piece, concept in glossary.cut(text):
            if concept is not None:
                self.words[piece] = None
                self._concept(concept)
            elif len(piece) <= 2:
                self.words[piece] = None
            else:
                for start in range(len(piece) - 1):
                    self.words[piece[start : start + 2]] = None

    def _concept(self, concept: int) -> None:
        self.concepts[concept] = None
        kind = glossary.kind_of(concept)
        if kind:
            self.facts[(kind, str(concept))] = None

    def title(self) -> Title:
        for concept in glossary.find(self.run):
            self._concept(concept)
        return Title(
            tuple(self.words),
            tuple(self.codes),
            tuple(self.loose),
            tuple(self.facts),
            tuple(self.concepts),
            self.han,
        )


def is_han(title: str) -> bool:
    """Whether the title has Chinese characters."""
    return any("\u4e00" <= character <= "\u9fff" for character in title)
