"""Text of the page in both languages at once; the page shows the one that is switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from trendscout.lang import Lang, template_of, tr
from trendscout.report.clean import visible

_PAIR = Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>')


def both(text: Callable[[Lang], str]) -> Markup:
    """What `text` gives in English and in Chinese, escaped; once if it is the same."""
    english, chinese = text("en"), text("zh")
    return escape(english) if english == chinese else _PAIR.format(english, chinese)


def say(text: str, **fields: object) -> Markup:
    """One of our sentences in both languages, its fields filled in and escaped unless they are markup."""
    if not fields:
        return both(lambda lang: visible(tr(text, lang)))
    templates = (escape(template_of(text, lang, fields)) for lang in LANGS)
    return _PAIR.format(*(Markup(template).format(**fields) for template in templates))  # noqa: S704 - escaped


def dots(parts: Iterable[Markup | str | None]) -> Markup:
    """What there is of `parts`, with dots between."""
    return Markup(" · ").join(part for part in parts if part)


LANGS: tuple[Lang, Lang] = ("en", "zh")
