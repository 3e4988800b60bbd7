"""`trendscout init`: at most five questions, a commented configuration, jobs, a first look."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from trendscout.cli.output import Call
from trendscout.errors import TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.lang import tr
from trendscout.resources import folder as resources
from trendscout.text.markets import MARKETS

_FIRST_PROBABILITIES_DAYS = 14  # of daily looks, before a list has outcomes to learn from


@dataclass(frozen=True, slots=True)
class Answers:
    """What the five questions give."""

    contact: str = ""
    markets: tuple[str, ...] = ("US", "UK")
    lang: str = "zh"
    drops: str = "drops"
    push: str = ""  # wecom, dingtalk, feishu, apprise or nothing


def begin(here: Call, folder: Path, *, ask: bool, collect: bool) -> None:
    """Write trendscout.toml and jobs/ into `folder`, look around once, and say what comes next.

    Raises UsageError, writing nothing, if a configuration is there already.
    """
    target = folder / "trendscout.toml"
    if target.exists():
        raise UsageError("{file} is there already.", next_step="Edit it, or give another folder.", file=target)
    answers = _ask(here) if ask else Answers(lang=here.lang)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = folder / "jobs"
    if not jobs.exists():
        shutil.copytree(resources("jobs"), jobs)
    whole_file(target, lambda part: part.write_text(configuration(answers), encoding="utf-8"))
    here.say("{file} and {jobs} are written.", file=target, jobs=jobs)
    _first_look(here, target, collect=collect and bool(answers.contact))


def _ask(here: Call) -> Answers:
    def ask(question: str, default: str) -> str:
        return str(
            typer.prompt(tr(question, here.lang), default=default, show_default=bool(default), err=True)
        ).strip()

    contact = ask("A mail or web address that sites may reach you at (empty: nothing is collected live)", "")
    markets = ask("Markets", "US,UK").upper().replace(" ", "").split(",")
    lang = ask("Language, zh or en", here.lang)
    drops = ask("Folder for reports", "drops")
    push = ask("Push to wecom, dingtalk, feishu or apprise (empty: none)", "")
    unknown = [market for market in markets if market not in MARKETS]
    if unknown:
        raise UsageError("{markets} are no markets.", next_step="Write US,UK,ID.", markets=", ".join(unknown))
    if push not in ("", "wecom", "dingtalk", "feishu", "apprise"):
        raise UsageError("{push} is no channel.", next_step="Choose one of the four.", push=push)
    return Answers(contact, tuple(markets), "zh" if lang.startswith("zh") else "en", drops, push)


def configuration(answers: Answers) -> str:
    """The text of a trendscout.toml that explains every option."""
    markets = ", ".join(f'"{market}"' for market in answers.markets)
    push = f'[push.team]\nkind = "{answers.push}"\nenv = "TRENDSCOUT_PUSH_TEAM"\n' if answers.push else _NO_PUSH
    return _TEMPLATE.format(
        contact=answers.contact.replace("\\", "").replace('"', ""),
        lang=answers.lang,
        markets=markets,
        drops=answers.drops.replace("\\", "/").replace('"', ""),
        push=push,
    )


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
# timezone = "Asia/Shanghai"

# Categories, by source, as the site names them. Default: each source's own first one.
[categories]
# amazon_bestsellers = ["kitchen", "pet-supplies"]

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


def _first_look(here: Call, target: Path, *, collect: bool) -> None:
    from trendscout import pipeline
    from trendscout.cli.show import show_diagnoses, show_outcomes, show_report
    from trendscout.clock import SystemClock
    from trendscout.jobs.doctor import examine
    from trendscout.model import ReportQuery
    from trendscout.settings.config import load_settings
    from trendscout.sources.queries import queries_for
    from trendscout.store.workspace import Workspace, address_of

    settings = load_settings(target)
    workspace = Workspace.at(address_of(settings))
    now = datetime.now(UTC)
    show_diagnoses(examine(workspace, settings, now=now), here.lang)
    if not collect:
        here.say(
            "Next: put a contact into {file}, then `trendscout run {job}`.", file=target, job="jobs/daily.toml"
        )
        return
    try:
        with here.progress("Collecting"):
            outcomes = pipeline.collect(workspace, queries_for(settings), settings, clock=SystemClock())
            pipeline.match(workspace)
    except TrendscoutError as error:
        here.warn(error)
        return
    show_outcomes(outcomes, here)
    made = pipeline.report(workspace, ReportQuery(top=settings.top), now=datetime.now(UTC), settings=settings)
    show_report(made, here, "table", None, machine=False)
    here.say(
        "Not enough data yet: first probabilities after about {days} days of daily looks. "
        "Start warm with `trendscout import` of a history or an export.",
        days=_FIRST_PROBABILITIES_DAYS,
    )
