"""`trendscout init`: a few questions, each answer checked, a commented configuration, jobs, a first look."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import typer

from trendscout.cli.app import market_code
from trendscout.cli.output import Call
from trendscout.errors import TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.lang import Lang, tr
from trendscout.resources import folder as resources
from trendscout.settings.config import DEFAULT_DB, load_settings
from trendscout.sources.source import sources

T = TypeVar("T")
_FIRST_PROBABILITIES_DAYS = 14  # of daily looks, before a list has outcomes to learn from


@dataclass(frozen=True, slots=True)
class Answers:
    """What the questions give."""

    contact: str = ""
    markets: tuple[str, ...] = ("US", "UK")
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lang: str = "zh"
    timezone: str = ""
    drops: str = "drops"
    push: str = ""  # wecom, dingtalk, feishu, apprise or nothing


def begin(call: Call, folder: Path, *, ask: bool, collect: bool) -> None:
    """Write trendscout.toml and jobs/ into `folder`, look around once, and say what comes next.

    Raises UsageError, writing nothing, if a configuration is there already.
    """
    target = folder / "trendscout.toml"
    if target.exists():
        raise UsageError("{file} is there already.", next_step="Edit it, or give another folder.", file=target)
    answers = _ask(call) if ask else Answers(lang=call.lang)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = folder / "jobs"
    if not jobs.exists():
        shutil.copytree(resources("jobs"), jobs)
    whole_file(target, lambda part: part.write_text(configuration(answers), encoding="utf-8"))
    call.say("{file} and {jobs} are written.", file=target.resolve(), jobs=jobs.resolve())
    call.say("{store} will be the store.", store=load_settings(target).home.resolve() / DEFAULT_DB)
    _first_look(call, target, collect=collect and bool(answers.contact))


def _ask(call: Call) -> Answers:
    def ask(question: str, default: str, check: Callable[[str], T]) -> T:
        """The answer once it fits: what does not is told at once, and asked again."""
        while True:
            answer = typer.prompt(tr(question, call.lang), default=default, show_default=bool(default), err=True)
            try:
                return check(str(answer).strip())
            except UsageError as error:
                call.warn(error)

    return Answers(
        contact=ask(
            "A mail or web address that sites may reach you at (empty: nothing is collected live)", "", contact_of
        ),
        markets=ask("Markets", "US,UK", markets_of),
        categories=_ask_categories(call, ask),
        lang=ask("Language, zh or en", call.lang, lang_of),
        timezone=ask("Time zone of jobs and reports", local_zone(), zone_of),
        drops=ask("Folder for reports", "drops", str),
        push=ask(
            "Push to wecom, dingtalk, feishu or apprise (empty: none)"
            if find_spec("apprise")
            else "Push to wecom, dingtalk or feishu (empty: none; others: pip install 'trendscout[push]')",
            "",
            push_of,
        ),
    )


def _ask_categories(call: Call, ask: Callable[..., Any]) -> Mapping[str, tuple[str, ...]]:
    """By source that is on and has several categories, those wanted; each shows what it offers."""
    categories: dict[str, tuple[str, ...]] = {}
    for source in sources().values():
        if source.default_on and len(source.categories) > 1:
            call.say(
                "{title}: it has {all}, and whatever else stands in its addresses.",
                title=source.title,
                all=", ".join(source.categories),
            )
            question = tr("Categories of {source}, between commas", call.lang, source=source.name)
            if wanted := ask(question, source.categories[0], categories_of):
                categories[source.name] = wanted
    return categories


def categories_of(text: str) -> tuple[str, ...]:
    """The categories between commas, as a site writes them in its addresses.

    Raises UsageError for what is none.
    """
    found = tuple(dict.fromkeys(part.strip() for part in re.split(r"[,，、;]", text) if part.strip()))
    for one in found:
        if not re.fullmatch(r"[\w+-]{1,80}", one):
            raise UsageError(
                "{text!r} is no category.", next_step="Write it as shown above: toys-and-games.", text=one
            )
    return found


def contact_of(text: str) -> str:
    """A mail or web address, or nothing.

    Raises UsageError for anything else, as the other checks of answers do.
    """
    if text and not re.fullmatch(r"[^\s@\"\\]+@[^\s@\"\\]+\.[^\s@\"\\]+|https?://[^\s\"\\]+", text):
        raise UsageError(
            "{text!r} is no address.", next_step="Write you@example.com or https://example.com.", text=text
        )
    return text


def markets_of(text: str) -> tuple[str, ...]:
    """The codes of markets, given as codes or names between commas."""
    found = [market_code(part.strip()) for part in re.split(r"[,，、;]", text) if part.strip()]
    if not found:
        raise UsageError("There is no market in it.", next_step="Write US,UK,ID.")
    return tuple(dict.fromkeys(str(code) for code in found))


def lang_of(text: str) -> Lang:
    """A language that reports and messages have."""
    if text.lower() not in ("zh", "en"):
        raise UsageError("{text!r} is no language.", next_step="Choose zh or en.", text=text)
    return "zh" if text.lower() == "zh" else "en"


def zone_of(text: str) -> str:
    """The name of a time zone."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        near = ", ".join(get_close_matches(text, sorted(available_timezones()), 3))
        raise UsageError(
            "There is no time zone {text!r}.",
            next_step="Did you mean {near}?" if near else "Write Asia/Shanghai, America/New_York or UTC.",
            text=text,
            near=near,
        ) from error
    return text


def push_of(text: str) -> str:
    """A kind of channel, or nothing."""
    if text not in ("", "wecom", "dingtalk", "feishu", "apprise"):
        raise UsageError("{push} is no channel.", next_step="Choose one of the four.", push=text)
    if text == "apprise" and find_spec("apprise") is None:
        raise UsageError(
            "Apprise is not installed.",
            next_step="Install it with: pip install 'trendscout[push]', or choose wecom, dingtalk or feishu.",
        )
    return text


def local_zone() -> str:
    """The name of this machine's time zone; UTC where the machine does not say it."""
    named = os.environ.get("TZ", "").removeprefix(":")
    with suppress(OSError):
        named = named or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return named if named in available_timezones() else "UTC"


def configuration(answers: Answers) -> str:
    """The text of a trendscout.toml that explains every option."""
    markets = ", ".join(f'"{market}"' for market in answers.markets)
    push = f'[push.team]\nkind = "{answers.push}"\nenv = "TRENDSCOUT_PUSH_TEAM"\n' if answers.push else _NO_PUSH
    return _TEMPLATE.format(
        contact=answers.contact.replace("\\", "").replace('"', ""),
        lang=answers.lang,
        markets=markets,
        categories=_categories(answers.categories),
        timezone=f'timezone = "{answers.timezone}"' if answers.timezone else '# timezone = "Asia/Shanghai"',
        drops=answers.drops.replace("\\", "/").replace('"', ""),
        push=push,
    )


def _categories(wanted: Mapping[str, tuple[str, ...]]) -> str:
    if not wanted:
        return '# amazon_bestsellers = ["kitchen", "pet-supplies"]\n'
    lines = (
        f"{source} = [{', '.join(f'{chr(34)}{one}{chr(34)}' for one in its)}]\n" for source, its in wanted.items()
    )
    return "".join(lines)


_NO_PUSH = """# [push.team]
# kind = "wecom"                     # wecom, dingtalk, feishu, or apprise for the rest
# env = "TRENDSCOUT_PUSH_TEAM"       # environment variable that holds the address
# whole = false                      # true: the whole report instead of what changed
"""

_TEMPLATE = """# trendscout.toml: what is not set here has the default that stands behind it.

# Sent with every request, so that a site can reach you. Without it no live list is asked.
contact = "{contact}"

# Language of reports and messages: zh or en.
lang = "{lang}"

# Markets to collect and report: country codes, and UK and EU as people write them.
markets = [{markets}]

# Sources to collect. Default: those that `trendscout sources` shows as on.
# sources = ["amazon_bestsellers", "google_trends"]

# The store; its archive lies beside it in archive/.
# db = "trendscout.duckdb"

# Time zone of jobs and reports. Default: UTC.
{timezone}

# Categories, by source, as the site names them. Default: each source's own first one.
[categories]
{categories}
[collect]
# spacing_s = 5          # seconds between two requests to one host; each source has its own minimum
# timeout_s = 20         # seconds without a byte before a request is given up

[report]
top = 20                 # products in a report
folder = "{drops}"       # where drops go

[archive]
# keep_days = 365        # raw pages are kept this long; default: for good
# keep_gb = 50           # ... and at most this much of them

# Where digests go. Addresses stay in the environment.
{push}"""


def _first_look(call: Call, target: Path, *, collect: bool) -> None:
    from trendscout import pipeline
    from trendscout.cli.show import show_diagnoses, show_outcomes, show_report
    from trendscout.clock import SystemClock
    from trendscout.jobs.doctor import examine
    from trendscout.model import ReportQuery
    from trendscout.sources.queries import queries_for
    from trendscout.store.workspace import Workspace, address_of

    settings = load_settings(target)
    workspace = Workspace.at(address_of(settings))
    now = datetime.now(UTC)
    show_diagnoses(examine(workspace, settings, now=now), call.lang)
    if not collect:
        call.say(
            "Next: put a contact into {file}, then `trendscout run {job}`.", file=target, job="jobs/daily.toml"
        )
        return
    try:
        with call.progress("Collecting"):
            outcomes = pipeline.collect(workspace, queries_for(settings), settings, clock=SystemClock())
            pipeline.match(workspace)
    except TrendscoutError as error:
        call.warn(error)
        return
    show_outcomes(outcomes, call)
    made = pipeline.report(workspace, ReportQuery(top=settings.top), now=datetime.now(UTC), settings=settings)
    show_report(made, call, "table", None, machine=False)
    call.say(
        "Not enough data yet: first probabilities after about {days} days of daily looks. "
        "Start warm with `trendscout import` of a history or an export.",
        days=_FIRST_PROBABILITIES_DAYS,
    )
