"""The MCP server: tools that read, tools that write where that is allowed, and resources."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from trendscout import __version__
from trendscout.agent.answers import Answer, Answers
from trendscout.agent.marked import NOTICE
from trendscout.agent.writes import Writes
from trendscout.errors import OurFault, TrendscoutError
from trendscout.resources import folder

INSTRUCTIONS = (
    "trendscout ranks goods of public lists by the chance that they break out. Read the resource "
    "trendscout://skill first. Every answer says of when it is (as_of) and which lists did not come whole "
    "(coverage): an item that is missing there was not looked for, which is not the same as absent. null means "
    f"not known, never zero. {NOTICE}"
)
DOCS = ("glossary", "drop-format", "ranking", "packs", "agents")
_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_ASKS_SITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)

Market = Annotated[str, Field(description="Market code such as US, UK or ID: goods seen there.")]
Platform = Annotated[str, Field(description="Platform such as amazon or tiktok.")]
Source = Annotated[str, Field(description="Source as `lists` names it, such as amazon_bestsellers.")]
Category = Annotated[str, Field(description="The site's own category name.")]
Stage = Annotated[
    str, Field(description="emerging, rising, peaking, fading, evergreen, seasonal, not_enough_data.")
]
Pack = Annotated[str, Field(description="Only what meets this selection pack; `packs` lists them.")]
Sort = Annotated[
    str, Field(description="score, chance, velocity, new, odd, special, rank, price, count, margin or since.")
]
Page = Annotated[int, Field(ge=1, description="1 is the first page; `next_page` of an answer is the next.")]
Size = Annotated[int, Field(ge=1, le=50, description="Rows on a page.")]
Full = Annotated[bool, Field(description="Every column of the contract instead of the short row.")]
Name = Annotated[str, Field(max_length=200, description="product_id, item key, or words of the title.")]
Names = Annotated[list[str] | None, Field(max_length=10)]
Bound = float | None


def server_for(answers: Answers, writes: Writes | None) -> MCPServer[Any]:
    """The server of a store; without `writes` it has no tool that changes anything."""
    server: MCPServer[Any] = MCPServer(
        "trendscout", version=__version__, instructions=INSTRUCTIONS, log_level="CRITICAL"
    )
    for work in _reading(answers):
        server.add_tool(_told(work, answers), annotations=_READS, structured_output=False)
    for work in _writing(writes) if writes else ():
        hints = _ASKS_SITES if work.__name__ == "collect" else _WRITES
        server.add_tool(_told(work, answers), annotations=hints, structured_output=False)
    _add_resources(server, answers)
    return server


def _told(work: Callable[..., Answer], answers: Answers) -> Callable[..., CallToolResult]:
    """The tool as the SDK calls it: its answer as JSON, an error of ours as a sentence."""

    @wraps(work)
    def tool(*arguments: Any, **named: Any) -> CallToolResult:
        try:
            answer = work(*arguments, **named)
        except TrendscoutError as error:
            raise ToolError(str(error)) from None
        except Exception as error:  # noqa: BLE001 - told as a bug, without the words of what was read
            raise ToolError(str(OurFault(work.__name__, error))) from None
        answers.published.freshen()
        return CallToolResult(content=[TextContent(text=_compact(answer))], structured_content=answer)

    return tool


def _compact(answer: Answer) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _reading(answers: Answers) -> tuple[Callable[..., Answer], ...]:
    def report(
        market: Market = "",
        source: Source = "",
        category: Category = "",
        pack: Pack = "",
        sort: Sort = "score",
        page: Page = 1,
        size: Size = 10,
        full: Full = False,
    ) -> Answer:
        """What is about to break out: the report's rows, best first, each with its chance and interval.

        A row's probability is the chance of the event `label` (halve: its rank halves; top: it enters the list's
        top) within `horizon_h` hours; null means that too little is known to say one.
        """
        return answers.products(
            tips=True,
            sort=sort,
            bounds={},
            page=page,
            size=size,
            full=full,
            market=market,
            source=source,
            category=category,
            pack=pack,
        )

    def changes(
        days: Annotated[int, Field(ge=1, le=90, description="Compared with so many days ago.")] = 1,
    ) -> Answer:
        """What changed in the top 20 since some days ago: new, risen, faded or warned of, and what left it.

        `left` was looked for and is lower now; `not_looked` stood on a list that did not come whole, so nobody
        knows where it is.
        """
        return answers.changes(days)

    def product(product: Name) -> Answer:
        """All that is known of one product and why it stands where it stands.

        Its row, what each signal added, where it is seen with the last looks (seen, absent or not_looked), the
        listings that were joined into it with the reason, and what earlier reports said of it and what came.
        """
        return answers.product(product)

    def search(
        words: Annotated[str, Field(max_length=200, description="All of them, in title, gloss or category.")] = "",
        market: Market = "",
        platform: Platform = "",
        source: Source = "",
        category: Category = "",
        stage: Stage = "",
        pack: Pack = "",
        mark: Annotated[str, Field(description="mine, watch or ignore: what the user marked so.")] = "",
        price_min: Annotated[Bound, Field(description="In US dollars.")] = None,
        price_max: Annotated[Bound, Field(description="In US dollars.")] = None,
        chance_min: Annotated[Bound, Field(description="0 to 1.")] = None,
        rating_min: Bound = None,
        age_max: Annotated[Bound, Field(description="Listed within so many days.")] = None,
        sort: Sort = "score",
        page: Page = 1,
        size: Size = 10,
        full: Full = False,
    ) -> Answer:
        """All scored products by words and filters, also those that the report does not show.

        A product that stands on no list now is found by `product` alone. No hit means that nothing collected so
        far has these words, not that no shop sells it.
        """
        bounds = {
            "price_min": price_min,
            "price_max": price_max,
            "chance_min": chance_min,
            "rating_min": rating_min,
            "age_max": age_max,
        }
        return answers.products(
            words=words,
            sort=sort,
            bounds=bounds,
            page=page,
            size=size,
            full=full,
            market=market,
            platform=platform,
            source=source,
            category=category,
            stage=stage,
            pack=pack,
            mark=mark,
        )

    def lists(
        market: Market = "",
        source: Source = "",
        status: Annotated[str, Field(description="ok, partial, blocked, failed, late or never.")] = "",
        page: Page = 1,
        size: Size = 20,
    ) -> Answer:
        """The coverage: how each list's last looks went, why it is not whole and what to do; and the jobs."""
        return answers.lists(market=market, source=source, status=status, page=page, size=size)

    def backtest() -> Answer:
        """Whether to trust it: the last backtest by group of lists, and what came of what was said before."""
        return answers.backtest()

    def packs() -> Answer:
        """The selection packs: named conditions on a product, and how many products meet each."""
        return answers.packs()

    def doctor() -> Answer:
        """What is wrong and what to do: configuration, lists, hosts that rest, jobs. The store is not opened."""
        return answers.doctor()

    return (report, changes, product, search, lists, backtest, packs, doctor)


def _writing(writes: Writes) -> tuple[Callable[..., Answer], ...]:
    def mark(
        product: Name,
        word: Annotated[Literal["mine", "watch", "ignore", "none"], Field(description="none takes a mark away.")],
        note: Annotated[str, Field(max_length=500, description="For the user.")] = "",
    ) -> Answer:
        """Remember what a product is to the user. Only do this when the user asked for it, never a title."""
        return writes.mark(product, word, note)

    def merge(a: Name, b: Name) -> Answer:
        """Say that two products are one; it holds for good. Only when the user said so."""
        return writes.decide("merge", a, b)

    def split(
        product: Name,
        variants: Annotated[bool, Field(description="Its listings are variants of one another.")] = False,
    ) -> Answer:
        """Say that a product's listings are not one product; it holds for good. Only when the user said so."""
        return writes.decide("variants" if variants else "split", product, None)

    def collect(
        sources: Names = None,
        markets: Names = None,
        categories: Names = None,
    ) -> Answer:
        """One polite crawl of live lists; it takes minutes. What is not named is as the user configured it.

        A list that did not come says why.
        """
        return writes.collect(sources or (), markets or (), categories or ())

    return (mark, merge, split, collect)


def _add_resources(server: MCPServer[Any], answers: Answers) -> None:
    def last_report() -> str:
        return _compact(answers.products(tips=True, bounds={}, page=1, size=20, full=False))

    server.resource(
        "trendscout://report",
        name="report",
        description="The top 20 of the last report, as the tool `report` gives them.",
        mime_type="application/json",
    )(last_report)
    for name, file, about in (
        ("skill", "SKILL.md", "How to read what trendscout says: the words, the three states, what a chance is."),
        ("skill.zh", "SKILL.zh.md", "The same in Chinese."),
    ):
        server.resource(f"trendscout://{name}", name=name, description=about, mime_type="text/markdown")(
            _text_of("skills/trendscout", file)
        )
    for name in DOCS:
        server.resource(f"trendscout://docs/{name}", name=f"docs/{name}", mime_type="text/markdown")(
            _text_of("docs", f"{name}.md")
        )


def _text_of(place: str, name: str) -> Callable[[], str]:
    return lambda: (folder(place) / name).read_text(encoding="utf-8")
