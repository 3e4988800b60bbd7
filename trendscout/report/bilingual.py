"""Text of the page in both languages at once; the page shows the one that is switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache

from markupsafe import Markup, escape

from trendscout.lang import Lang, template_of, tr
from trendscout.report.clean import visible

LANGS: tuple[Lang, Lang] = ("en", "zh")


def both(text: Callable[[Lang], str]) -> Markup:
    """What `text` gives in English and in Chinese, escaped; once if it is the same."""
    english, chinese = text("en"), text("zh")
    return _pair(escape(english), escape(chinese))


def say(text: str, **fields: object) -> Markup:
    """One of our sentences in both languages, its fields filled in and escaped unless they are markup."""
    if not fields:
        return _fixed(text)
    # Numbers stay numbers, for their formats.
    safe = {name: one if isinstance(one, (int, float, Decimal)) else escape(one) for name, one in fields.items()}
    english, chinese = (str(escape(template_of(text, lang, fields))).format(**safe) for lang in LANGS)
    return _pair(english, chinese)


def dots(parts: Iterable[Markup | str | None]) -> Markup:
    """What there is of `parts`, with dots between."""
    return Markup(" · ").join(part for part in parts if part)


@lru_cache(4096)  # labels of every row; reasons of a flag come from sites
def _fixed(text: str) -> Markup:
    return both(lambda lang: visible(tr(text, lang)))


def _pair(english: str, chinese: str) -> Markup:
    """Both, of which the style sheet shows one; once if it is the same."""
    if english == chinese:
        return Markup(english)  # noqa: S704 - escaped
    return Markup(f'<span lang="en">{english}</span><span lang="zh-CN">{chinese}</span>')  # noqa: S704 - escaped
