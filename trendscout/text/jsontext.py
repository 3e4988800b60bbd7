"""JSON as sites really send it: behind guards, in scripts, as JavaScript literals; bounded in size and depth.

`parse_json` reads a whole reply, `after` a value that stands behind a mark in a page, `in_script` the content of
a script element, `batchexecute` Google's framed replies, `dig` a path that may be missing.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from trendscout.errors import LayoutChanged
from trendscout.model import Page
from trendscout.text.charset import charset_in, decode

MAX_CHARS = 32 * 1024 * 1024  # the largest reply seen has 2 MB
MAX_DEPTH = 150  # YouTube's replies nest about 40 deep
# What `*+` took it keeps: two runs of blanks side by side would be cut in two in every way there is.
_GUARD = re.compile(
    r"\s*+(?:\)\]\}'?,?|while\s*+\(\s*+1\s*+\)\s*+;|for\s*+\(\s*+;\s*+;\s*+\)\s*+;|/\*-secure-)\s*+"
)
_CALLBACK = re.compile(r"\s*+(?:/\*\*/)?\s*+[\w$.]{1,80}\s*+\(\s*+(?=[\[{])")
_TAIL = re.compile(r"[\s;)]*+(?:\*/)?\s*+")  # what a callback or guard leaves behind


def parse_json(page: Page | bytes | str, *, limit: int = MAX_CHARS) -> Any:
    """The value of a JSON reply; an XSSI guard (`)]}'`, `while(1);`) or JSONP callback in front is skipped.

    NaN and Infinity become None. Raises LayoutChanged if it is no JSON, too large or nested too deep.
    """
    text = _text(page, limit)
    for skipped in (_GUARD, _CALLBACK):
        found = skipped.match(text)
        if found:
            text = text[found.end() :]
    return _bounded(_decode(text.lstrip("\ufeff \t\r\n")))


def batchexecute(page: Page | bytes | str, rpc: str) -> list[Any]:
    """The payloads that a Google `batchexecute` reply carries for the call `rpc`, decoded.

    Reads both forms: one array behind the guard, and arrays framed by lines of their lengths. Raises
    LayoutChanged if there is no payload of that call.
    """
    text = _text(page)
    guard = _GUARD.match(text)
    payloads: list[Any] = []
    start = guard.end() if guard else 0
    while (bracket := text.find("[", start)) >= 0:
        try:
            rows, start = _DECODER.raw_decode(text, bracket)
        except (ValueError, RecursionError) as error:
            raise _no_json(error) from error
        mine = (row[2] for row in _bounded(rows) if dig(row, 0) == "wrb.fr" and dig(row, 1) == rpc)
        payloads.extend(parse_json(payload) for payload in mine if isinstance(payload, str))
    if not payloads:
        raise LayoutChanged("The reply holds no payload of the call {rpc}.", rpc=rpc)
    return payloads


def after(page: Page | bytes | str, mark: str) -> Any:
    """The object or array that follows the first `mark` in the page: `after(page, "window.pageData")`.

    Between mark and value may stand `=`, `:`, blanks and `JSON.parse("...")`. JavaScript literals are read too:
    bare keys, single quotes, trailing commas, comments, `undefined`, `!0`. Nothing is executed. Raises
    LayoutChanged if the mark or a value behind it is missing.
    """
    text = _text(page)
    place = text.find(mark)
    if place < 0:
        raise LayoutChanged("The page has no {mark!r}.", mark=mark)
    return _value_at(text, place + len(mark))


def in_script(page: Page | bytes | str, element_id: str) -> Any:
    """The JSON inside `<script id="element_id" ...>`.

    Raises LayoutChanged if there is no such element or it holds no JSON.
    """
    text = _text(page)
    mark = re.compile(rf"\sid=[\"']?{re.escape(element_id)}(?![\w-])")
    for script in _SCRIPT.finditer(text):
        if mark.search(script.group()):
            return _value_at(text, script.end())
    raise LayoutChanged("The page has no script {element_id!r}.", element_id=element_id)


_SCRIPT = re.compile(r"<script\b[^<>]{0,1000}+>")  # "<" ends it: a flood of openings is gone through once


def dig(value: Any, *path: str | int) -> Any:
    """What stands at `path` in nested dicts and lists, or None where any step is missing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def dicts_with(value: Any, key: str, *, nested: bool = True) -> list[dict[str, Any]]:
    """Every dict anywhere in `value` that has `key`, in the order of the document.

    Without `nested` what stands inside of such a dict is passed over: it is about the same thing.
    """
    holders: list[dict[str, Any]] = []
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if key in node:
                holders.append(node)
                if not nested:
                    continue
            waiting.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            waiting.extend(reversed(node))
    return holders


# --- decoding ------------------------------------------------------------------------------------------


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(text: str) -> int | None:
    return int(text) if len(text) < 100 else None  # longer ones are no count of anything, and slow to convert


_DECODER = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole, strict=False)


def _text(page: Page | bytes | str, limit: int = MAX_CHARS) -> str:
    if isinstance(page, str):
        text = page
    else:
        body = page.body if isinstance(page, Page) else page
        header = page.headers.get("content-type", "") if isinstance(page, Page) else ""
        if len(body) > limit:
            raise _too_large(len(body), limit)
        text = decode(body, (charset_in(header), charset_in(body)))
    if len(text) > limit:
        raise _too_large(len(text), limit)
    return text


def _too_large(size: int, limit: int) -> LayoutChanged:
    return LayoutChanged(
        "The reply has {size} bytes, more than the {limit} that are read.", size=size, limit=limit
    )


def _no_json(error: Exception) -> LayoutChanged:
    return LayoutChanged("The reply is not the JSON that was expected: {error}.", error=str(error)[:200])


def _decode(text: str) -> Any:
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(error) from error
    if not _TAIL.fullmatch(text, end):
        raise LayoutChanged("The reply goes on after its JSON: {rest!r}.", rest=text[end : end + 40])
    return value


def _bounded(value: Any) -> Any:
    """The value itself, if nothing in it lies deeper than MAX_DEPTH: readers may then recurse."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for holder in level
            for child in (
                holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list) else ()
            )
            if isinstance(child, (dict, list))
        ]
        if not level:
            return value
    raise LayoutChanged("The reply nests more than {depth} deep.", depth=MAX_DEPTH)


_LEAD = re.compile(r"[\s=:(\"'\]]{0,40}")
_PARSE_CALL = re.compile(r"[\s=:(]{0,40}JSON\.parse\(\s*(?=[\"'])")


def _value_at(text: str, place: int) -> Any:
    call = _PARSE_CALL.match(text, place)
    if call:
        quoted = _JS_TOKEN.match(text, call.end())
        if quoted and quoted.lastgroup == "string":
            return parse_json(_unquote(quoted.group()))
    lead = _LEAD.match(text, place)
    start = lead.end() if lead else place
    if text[start : start + 1] not in ("{", "["):
        raise LayoutChanged("No object follows the mark in the page.")
    try:
        return _bounded(_DECODER.raw_decode(text, start)[0])
    except (ValueError, RecursionError):
        return _bounded(_under_a_word(text, start) or _decode(_js_to_json(text, start)))


_WORD_KEY = re.compile(r"\{\s{0,20}([A-Za-z_$][\w$]{0,60})\s{0,20}:\s{0,20}(?=[\[{])")
_ONLY_VALUE = re.compile(r"\s{0,20}\}")


def _under_a_word(text: str, start: int) -> dict[str, Any] | None:
    """`{word: JSON}`, as pages keep their state: the inner value by the library's decoder, 27 times faster."""
    key = _WORD_KEY.match(text, start)
    if key is None:
        return None
    try:
        value, end = _DECODER.raw_decode(text, key.end())
    except (ValueError, RecursionError):
        return None
    return {key[1]: value} if _ONLY_VALUE.match(text, end) else None


# --- JavaScript literals -------------------------------------------------------------------------------

_MAX_TOKENS = 1_000_000  # two seconds; page states seen have 60,000
_JS_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))
    |(?P<flag>!\s*[01])
    |(?P<word>[A-Za-z_$][\w$]*(?:\s+0)?)
    |(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null", "NaN": "null", "Infinity": "null"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


def _unquote(quoted: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found.group(1)
        if code[0] in "ux" and len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, quoted[1:-1])


def _js_to_json(text: str, start: int) -> str:
    """The JavaScript object or array literal at `start` as JSON text."""
    out: list[str] = []
    depth, place = 0, start
    while len(out) < _MAX_TOKENS:
        token = _JS_TOKEN.match(text, place)
        if not token:
            raise LayoutChanged(
                "The object in the page is not plain data: {near!r}.", near=text[place : place + 40]
            )
        place = token.end()
        kind, word = token.lastgroup, token.group()
        if kind == "blank":
            continue
        if kind == "close":
            if out and out[-1] == ",":
                out.pop()
            depth -= 1
        elif kind == "open":
            depth += 1
        out.append(_as_json(kind or "", word, is_key=text[place : place + 20].lstrip()[:1] == ":"))
        if depth == 0:
            return "".join(out)
    raise LayoutChanged("The object in the page has more than {limit} parts.", limit=_MAX_TOKENS)


def _as_json(kind: str, word: str, *, is_key: bool) -> str:
    if kind == "string":
        return json.dumps(_unquote(word))
    if kind == "word":
        return json.dumps(word) if is_key else _WORDS.get(word, "null")
    if kind == "flag":
        return "true" if word.endswith("0") else "false"
    if kind == "number":
        if is_key:
            return json.dumps(word)
        if "x" in word.lower():
            return json.dumps(int(word, 16))
        return json.dumps(_whole(word) if word.lstrip("+-").isdigit() else _finite(word))
    return word
