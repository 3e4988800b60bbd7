"""docs/sources.md, written from the declarations: `python -m trendscout.sources._ledger > docs/sources.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from trendscout.sources.source import Source, sources

_WAYS = {"live": "collected", "own": "your saved page, HAR or JSON", "key": "official interface, by your key"}
_HEAD = """# Sources

Written from the declarations in `trendscout/sources/`; `make update` writes it anew, and a test holds it current.
`trendscout sources` shows the same with the last results, `trendscout sources NAME` one of them.

- **collected**: read logged-off, where robots.txt allows it, with pauses, under a user agent that says who asks.
- **your saved page, HAR or JSON**: `trendscout ingest FILE --source NAME`, or `parse` to look without storing.
- **official interface, by your key**: the key stands in an environment variable and is written nowhere.

Every list carries its status. A wall (captcha, login, consent, a refusal of your country, an error code behind
status 200, an empty shell) is `blocked`, a page that no reader knows is `failed`; neither is ever an empty list.
Advertisements are marked and hold no rank.

Lists of creators and influencers stay out: they are personal data. Where a reply names people beside goods or
tags, the names are not read.

| source | what | how | by default |
|---|---|---|---|
"""


def markdown(declared: Iterable[Source]) -> str:
    """The page: a table of all sources and a section on each."""
    declared = list(declared)
    rows = (
        f"| [{source.name}](#{source.name}) | {_cell(source.title)} | {_ways(source)} | {_default(source)} |\n"
        for source in declared
    )
    return _HEAD + "".join(rows) + "".join(_section(source) for source in declared)


def _default(source: Source) -> str:
    return "on" if source.default_on else "off"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _ways(source: Source) -> str:
    return ", ".join(_WAYS[way] for way in source.way_in)


def _section(source: Source) -> str:
    facts = {
        "kinds of lists": ", ".join(f"`{kind}`" for kind in source.kinds),
        "markets": ", ".join(source.markets),
        "for example": ", ".join(f"`{category}`" for category in source.categories[:8]),
        "layouts read, in this order": "; ".join(reader.layout for reader in source.readers),
        "rows of a whole list": str(source.length) if source.length else "",
        "ranked": "" if source.ordered else "no",
        "hosts": ", ".join(source.hosts) if source.requests else "",
        "pause between requests": f"{source.spacing_s:g} s" if source.requests else "",
        "key": f"`{source.key_env}`" if source.key_env else "",
        "terms": f"<{source.terms}>",
    }
    lines = "".join(f"- {name}: {fact}\n" for name, fact in facts.items() if fact)
    return f"\n## {source.name}\n\n{source.title}. {source.why}\n\n{lines}\n```\n{_example(source)}\n```\n"


def _example(source: Source) -> str:
    category = f' --category "{source.categories[0]}"' if source.categories else ""
    if source.requests and "own" not in source.way_in[:1]:
        return f"trendscout collect {source.name} --market {source.markets[0]}{category}"
    return f"trendscout ingest saved-page.html --source {source.name} --market {source.markets[0]}"


if __name__ == "__main__":
    sys.stdout.write(markdown(sources().values()))
