"""Pages as redesigns, faults and saving tools leave them: one operator, one change, told by name.

Every operator takes a random generator and a page and gives a `Mutant`, or None where the page has nothing of the
kind. JSON is changed as a tree wherever it stands (bare, behind a guard, in a script), HTML by its elements.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

Tree = dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed page."""

    operator: str
    body: bytes
    removed: bool = False  # something that was on the page is gone, rows perhaps
    moved: bool = False  # something stands in another place


@dataclass(slots=True)
class Embedded:
    """The largest JSON value of a page, and what stands around it."""

    before: str
    tree: Tree
    after: str

    def page(self) -> bytes:
        """The page with the value as it is now."""
        return (self.before + json.dumps(self.tree, ensure_ascii=False) + self.after).encode()


_START = re.compile(r"(?:^|[=>(,'\n]|JSON\.parse\()\s*(?=[\[{])")
_DECODER = json.JSONDecoder()


def embedded(body: bytes) -> Embedded | None:
    """The largest JSON value of the page; None if there is none of more than 100 characters."""
    text = body.decode("utf-8", "replace")
    best: tuple[int, int, Any] = (0, 100, None)
    place = 0
    while found := _START.search(text, place):
        try:
            tree, end = _DECODER.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            place = found.end() + 1
            continue
        if end - found.end() > best[1] - best[0] and isinstance(tree, (dict, list)):
            best = (found.end(), end, tree)
        place = end
    return Embedded(text[: best[0]], best[2], text[best[1] :]) if best[2] is not None else None


# --- JSON ----------------------------------------------------------------------------------------------


def _places(tree: Tree) -> Iterator[tuple[Tree, str | int]]:
    """Every (holder, key) of the tree."""
    waiting: list[Tree] = [tree]
    while waiting:
        holder = waiting.pop()
        keys: list[Any] = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])


def _rows(tree: Tree) -> list[Any]:
    """The list of most objects: where the items are."""
    lists = [holder[key] for holder, key in _places({"": tree}) if isinstance(holder[key], list)]  # type: ignore[index]
    return max(lists, key=lambda found: sum(isinstance(row, dict) for row in found), default=[])


def _place(rng: Random, tree: Tree) -> tuple[Any, Any] | None:
    """A place of the tree: half of the time inside a row, where the fields are."""
    rows = _rows(tree)
    inside = rng.choice(rows) if rows and rng.random() < 0.5 else None
    places = list(_places(inside if isinstance(inside, (dict, list)) else tree))
    return rng.choice(places) if places else None


def _json(change: Callable[[Random, Tree], bool]) -> Callable[[Random, bytes], bytes | None]:
    def mutate(rng: Random, body: bytes) -> bytes | None:
        found = embedded(body)
        return found.page() if found and change(rng, found.tree) else None

    return mutate


def _drop(rng: Random, tree: Tree) -> bool:
    place = _place(rng, tree)
    if place:
        del place[0][place[1]]
    return bool(place)


def _double(rng: Random, tree: Tree) -> bool:
    rows = _rows(tree)
    if rows:
        at = rng.randrange(len(rows))
        rows.insert(rng.choice((at + 1, len(rows))), rows[at])
    return bool(rows)


def _shift(rng: Random, tree: Tree) -> bool:
    rows = _rows(tree)
    if len(rows) > 1:
        rows.insert(rng.randrange(len(rows)), rows.pop(rng.randrange(len(rows))))
    return len(rows) > 1


def _rename_one(rng: Random, tree: Tree) -> bool:
    place = _place(rng, tree)
    if place and isinstance(place[0], dict):
        place[0][f"new_{place[1]}"] = place[0].pop(place[1])
        return True
    return False


def _rename_all(rng: Random, tree: Tree) -> bool:
    place = _place(rng, tree)
    if not place or not isinstance(place[1], str):
        return False
    name = place[1]
    for holder, key in list(_places(tree)):
        if key == name and isinstance(holder, dict):
            holder[f"new_{name}"] = holder.pop(key)
    return True


def _retype(rng: Random, tree: Tree) -> bool:
    place = _place(rng, tree)
    if not place:
        return False
    holder, key = place
    value = holder[key]
    holder[key] = rng.choice((None, True, [value], {"value": value}, [], {}, ""))
    return True


def _as_text(rng: Random, tree: Tree) -> bool:
    """Numbers as strings, as many services send them after a change of their own."""
    places = [(h, k) for h, k in _places(tree) if type(h[k]) in (int, float)]  # type: ignore[index]
    if places:
        holder, key = rng.choice(places)
        holder[key] = str(holder[key])  # type: ignore[index]
    return bool(places)


def _reword(rng: Random, tree: Tree) -> bool:
    place = _place(rng, tree)
    if place and isinstance(place[0][place[1]], str):
        place[0][place[1]] = _words(rng)
        return True
    return False


def _regroup(rng: Random, tree: Tree) -> bool:
    places = [
        (h, k)
        for h, k in _places(tree)
        if (type(h[k]) is int and h[k] > 999) or (isinstance(h[k], str) and _NUMBER.search(h[k]))  # type: ignore[index]
    ]
    if not places:
        return False
    holder, key = rng.choice(places)
    holder[key] = reformatted(rng, str(holder[key]))  # type: ignore[index]
    return True


# --- HTML ----------------------------------------------------------------------------------------------

_MARK = "data-mutated"


def _elements(tree: LexborHTMLParser) -> list[LexborNode]:
    return [node for node in tree.css("body *") if node.tag not in ("script", "style")]


def _spliced(rng: Random, body: bytes, change: Callable[[Random, str, str, LexborNode], str]) -> bytes | None:
    """The page after `change` of one element; the change sees the page before it and after it."""
    if body.lstrip()[:1] != b"<" or body.lstrip()[:5] == b"<?xml":
        return None
    tree = LexborHTMLParser(body)
    nodes = _elements(tree)
    if not nodes:
        return None
    node = rng.choice(nodes)
    node.attrs[_MARK] = "1"
    page, own = tree.html or "", node.html or ""
    before, found, after = page.partition(own)
    if not found:
        return None
    return change(rng, before, after, node).replace(f' {_MARK}="1"', "").encode()


def _drop_element(_rng: Random, before: str, after: str, _node: LexborNode) -> str:
    return before + after


def _double_element(_rng: Random, before: str, after: str, node: LexborNode) -> str:
    return before + (node.html or "") * 2 + after


def _move_element(rng: Random, before: str, after: str, node: LexborNode) -> str:
    page = before + after
    kin = [place.start() for place in re.finditer(rf"<{node.tag}[ >]", page)]
    at = rng.choice(kin) if kin else len(before)
    return page[:at] + (node.html or "") + page[at:]


def _swap_attributes(rng: Random, before: str, after: str, node: LexborNode) -> str:
    names = [name for name in node.attributes if name != _MARK]
    if len(names) > 1:
        one, other = rng.sample(names, 2)
        first, second = node.attributes.get(one), node.attributes.get(other)
        node.attrs[one], node.attrs[other] = second or "", first or ""
    return before + (node.html or "") + after


def _rename_class(rng: Random, before: str, after: str, node: LexborNode) -> str:
    names = (node.attributes.get("class") or "").split()
    page = before + (node.html or "") + after
    if not names:
        return page
    old = rng.choice(names)
    token = re.compile(rf'(class="(?:[^"]*\s)?){re.escape(old)}(?=[\s"])')
    return token.sub(rf"\g<1>x{len(old)}-{old[::-1]}", page)


def _rename_class_once(rng: Random, before: str, after: str, node: LexborNode) -> str:
    names = (node.attributes.get("class") or "").split()
    if names:
        old = rng.choice(names)
        node.attrs["class"] = " ".join("x" + name[::-1] if name == old else name for name in names)
    return before + (node.html or "") + after


def _in_text(body: bytes, wanted: re.Pattern[str], rng: Random, change: Callable[[str], str]) -> bytes | None:
    """The page with one piece of text between two tags changed."""
    page = body.decode("utf-8", "replace")
    scripts = [found.span() for found in re.finditer(r"(?s)<(script|style)\b.*?</\1>", page)]
    pieces = [
        found
        for found in re.finditer(r">([^<>]{1,400})<", page)
        if wanted.search(found.group(1)) and not any(start < found.start() < end for start, end in scripts)
    ]
    if not pieces:
        return None
    piece = rng.choice(pieces)
    return (page[: piece.start(1)] + change(piece.group(1)) + page[piece.end(1) :]).encode()


# --- text ----------------------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?<![\w/=-])\d{1,3}(?:[.,  ]\d{3})+(?:[.,]\d{1,2})?(?![\w/-])|(?<![\w/.,=-])\d+[.,]\d{1,2}(?![\w.,])"
)
_PLAIN_NUMBER = re.compile(r"\d{4,12}")
_LOREM = "lorem ipsum dolor sit amet adipiscing elit sed do eiusmod tempor".split()
_LANGUAGES = (
    ("sold", "verkauft", "vendidos", "terjual", "vendus", "sprzedano", "売れた"),
    ("bought in past month", "mal im letzten Monat gekauft", "comprados el mes pasado", "点購入されました"),
    ("ratings", "Sternebewertungen", "valoraciones", "個の評価"),
    ("out of 5 stars", "von 5 Sternen", "de 5 estrellas", "5つ星のうち"),
    ("views", "Aufrufe", "visualizaciones", "回視聴"),
    ("watchers", "Beobachter", "personas lo ven"),
    ("人付款", "人收货", "名の購入者"),
    ("terjual", "đã bán", "ขายแล้ว", "sold"),
)


def _words(rng: Random) -> str:
    return " ".join(rng.sample(_LOREM, rng.randint(1, 5)))


def reformatted(rng: Random, text: str) -> str:
    """The text with its first number as another country writes it: same value, other signs."""

    def other(found: re.Match[str]) -> str:
        digits = found.group()
        fraction = re.search(r"[.,](\d{1,2})$", digits)
        whole = re.sub(r"\D", "", digits[: fraction.start()] if fraction else digits)
        group, point = rng.choice(((",", "."), (".", ","), (" ", ","), (" ", ","), ("'", "."), ("", ".")))
        grouped = f"{int(whole):,}".replace(",", group)
        return grouped + (point + fraction.group(1) if fraction else "")

    pattern = _NUMBER if _NUMBER.search(text) else _PLAIN_NUMBER
    return pattern.sub(other, text, count=1)


def _reword_text(rng: Random, body: bytes) -> bytes | None:
    return _in_text(body, re.compile(r"\w"), rng, lambda _: _words(rng)) if body.lstrip()[:1] == b"<" else None


def _regroup_text(rng: Random, body: bytes) -> bytes | None:
    return _in_text(body, _NUMBER, rng, lambda text: reformatted(rng, text)) if body.lstrip()[:1] == b"<" else None


def _translate(rng: Random, body: bytes) -> bytes | None:
    page = body.decode("utf-8", "replace")
    known = [group for group in _LANGUAGES if group[0] in page]
    if not known:
        return None
    group = rng.choice(known)
    return page.replace(group[0], rng.choice(group[1:])).encode()


def _cut(rng: Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def _rows_faded(rng: Random, tree: Tree) -> bool:
    """One field gone from some of the rows: a test of a layout, shown to a part of them."""
    rows = [row for row in _rows(tree) if isinstance(row, dict) and row]
    if len(rows) < 3:
        return False
    key = rng.choice(list(rng.choice(rows)))
    fading = [row for row in rng.sample(rows, rng.randint(1, len(rows) - 1)) if key in row]
    for row in fading:
        del row[key]
    return bool(fading)


def _longer(rng: Random, tree: Tree) -> bool:
    """The list goes on with rows that have no place of their own: recommendations, a second list."""
    rows = _rows(tree)
    if len(rows) < 3:
        return False
    rows.extend(rng.sample(rows, len(rows) // 2))
    return True


def _element(change: Callable[[Random, str, str, LexborNode], str]) -> Callable[[Random, bytes], bytes | None]:
    return lambda rng, body: _spliced(rng, body, change)


# name, change, whether it removes, whether it moves
OPERATORS: tuple[tuple[str, Callable[[Random, bytes], bytes | None], bool, bool], ...] = (
    ("value removed", _json(_drop), True, False),
    ("row doubled", _json(_double), False, False),
    ("row moved", _json(_shift), False, True),
    ("key renamed once", _json(_rename_one), True, False),
    ("key renamed everywhere", _json(_rename_all), True, False),
    ("type changed", _json(_retype), True, False),
    ("number as text", _json(_as_text), False, False),
    ("string replaced", _json(_reword), True, False),
    ("number reformatted in JSON", _json(_regroup), False, False),
    ("element removed", _element(_drop_element), True, False),
    ("element doubled", _element(_double_element), False, False),
    ("element moved", _element(_move_element), True, True),
    ("attributes swapped", _element(_swap_attributes), True, False),
    ("class renamed everywhere", _element(_rename_class), True, False),
    ("class renamed once", _element(_rename_class_once), True, False),
    ("text replaced", _reword_text, True, False),
    ("number reformatted in text", _regroup_text, False, False),
    ("language changed", _translate, False, False),
    ("page cut", _cut, True, False),
    ("field gone from some rows", _json(_rows_faded), True, False),
    ("list goes on with known rows", _json(_longer), False, False),
)


def mutants(body: bytes, seed: str, wanted: int) -> Iterator[Mutant]:
    """About `wanted` mutants of a page, the operators in turn; the same for the same seed."""
    rng = Random(seed)
    made = tried = 0
    while made < wanted and tried < 3 * wanted:
        name, change, removed, moved = OPERATORS[tried % len(OPERATORS)]
        tried += 1
        changed = change(rng, body)
        if changed is not None and changed != body:
            made += 1
            yield Mutant(name, changed, removed, moved)
