"""Commands that answer: rank, report, backtest."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trendscout.cli.app import (
    ITEM_KINDS,
    AsJson,
    AsOf,
    Category,
    Market,
    Source,
    app,
    call_of,
    example,
    item_kind,
    moment,
)
from trendscout.cli.choices import given_packs, given_sorts
from trendscout.cli.language import t
from trendscout.errors import UsageError

if TYPE_CHECKING:
    from trendscout.cli.output import Call
    from trendscout.model import ReportQuery

_RANKED = 100  # products of `rank`, if no other number is given
FORMATS = ("table", "json", "csv", "xlsx", "html", "atom")
Top = Annotated[int | None, typer.Option("--top", min=1, help=t("How many products."))]
Sort = Annotated[
    str,
    typer.Option(
        "--sort",
        help=t("score, probability, gain, velocity, new, odd, special, rank."),
        autocompletion=given_sorts,
    ),
]
Pack = Annotated[
    str | None, typer.Option("--pack", help=t("Only what meets this selection pack."), autocompletion=given_packs)
]
Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar=ITEM_KINDS, help=t("Only this kind; else goods first, then the rest.")),
]
Format = Annotated[str, typer.Option("--format", metavar="|".join(FORMATS), help=t("How it is written."))]
Out = Annotated[
    str | None,
    typer.Option(
        "--out", metavar="PATTERN", help=t("File, such as drops/{date}/report.csv; - for standard output.")
    ),
]


@app.command(
    help=example(
        "Scores for programs, one line a product, without reasons; unlike `report` nothing counts as shown.",
        "trendscout rank --market US --top 500 --json",
    )
)
def rank(
    context: typer.Context,
    as_of: AsOf = None,
    market: Market = None,
    source: Source = None,
    category: Category = None,
    kind: Kind = None,
    top: Annotated[int, typer.Option("--top", min=1, help=t("How many products."))] = _RANKED,
    sort: Sort = "score",
    pack: Pack = None,
    format_: Format = "table",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Rank products."""
    from trendscout import pipeline
    from trendscout.cli.show import show_ranked, show_report

    call, form = _begun(context, "json" if as_json else format_)
    query = _query(call, market, source, category, kind, top, sort, pack)
    with call.progress("Ranking"):
        made = pipeline.report(call.workspace, query, now=moment(as_of), settings=call.settings)
    if form == "table" and not out:
        show_ranked(made, call)
    else:
        piped = not sys.stdout.isatty()
        show_report(made, call, form, out, machine=piped and not out, piped=piped)
    call.end()


@app.command(
    help=example(
        "The report for people: what may break out, how sure, why, where not yet. `--changes` goes by it.",
        "trendscout report --market US --top 20",
        "trendscout report --format xlsx --out drops/{date}/report.xlsx",
    )
)
def report(
    context: typer.Context,
    as_of: AsOf = None,
    market: Market = None,
    source: Source = None,
    category: Category = None,
    kind: Kind = None,
    top: Top = None,
    sort: Sort = "score",
    pack: Pack = None,
    format_: Format = "table",
    out: Out = None,
    changes: Annotated[
        bool, typer.Option("--changes", help=t("Only what changed since you last looked."))
    ] = False,
    machine: Annotated[bool, typer.Option("--machine", help=t("CSV for programs: plain UTF-8."))] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures", help=t("The workbook with pictures, which are fetched from the sites."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report to people."""
    from trendscout import pipeline
    from trendscout.cli.show import show_report

    call, form = _begun(context, "json" if as_json else format_)
    if pictures and form != "xlsx":
        raise UsageError("--pictures are for the workbook.", next_step="Add --format xlsx.")
    query = _query(call, market, source, category, kind, top, sort, pack)
    # Every question has its own last answer: what `--market US` shows is no change to what `--market UK` showed.
    asked = {**asdict(query), "reader": call.settings.reader}
    reader = " ".join(("terminal", *(f"{name}={value}" for name, value in asked.items() if value)))
    with call.progress("Ranking"):
        made, changed = pipeline.read_report(
            call.workspace,
            query,
            reader,
            only_changes=changes,
            now=moment(as_of),
            settings=call.settings,
            keep=as_of is None,
        )
    fetched = None
    if pictures:
        with call.progress("Fetching pictures"):
            fetched = pipeline.pictures(made)
        call.say("{count} of {all} pictures came.", count=len(fetched), all=len(made.rows))
    show_report(made, call, form, out, machine=machine, changes=changed, pictures=fetched)
    call.end()


def _begun(context: typer.Context, form: str) -> tuple["Call", str]:
    """The global options, and the format if there is such a one.

    Raises UsageError if there is none.
    """
    if form not in FORMATS:
        raise UsageError(
            "--format {name} is not known.", next_step="Choose one of {all}.", name=form, all=", ".join(FORMATS)
        )
    return call_of(context), form


def _query(
    call: "Call",
    market: str | None,
    source: str | None,
    category: str | None,
    kind: str | None,
    top: int | None,
    sort: str,
    pack: str | None,
) -> "ReportQuery":
    from trendscout.model import ReportQuery

    return ReportQuery(market, source, category, top or call.settings.top, sort, pack, item_kind(kind))


@app.command(
    help=example(
        "How good the ranking was, morning by morning, beside the simple rules a seller would use.",
        "trendscout backtest history.parquet --label halve",
    )
)
def backtest(
    context: typer.Context,
    history: Annotated[
        Path | None, typer.Argument(help=t("Parquet or CSV; else the store's own history."))
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help=t("Judge mornings from here on."))
    ] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="top|halve", help=t("Which event."))] = None,
    horizon: Annotated[str | None, typer.Option("--horizon", metavar="120h", help=t("How far ahead."))] = None,
    scores_out: Annotated[Path | None, typer.Option("--scores-out", help=t("Every score, as Parquet."))] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the ranking on its past."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_backtest

    call = call_of(context)
    if label not in (None, "top", "halve"):
        raise UsageError("--label {label} is not known.", next_step="Choose top or halve.", label=label)
    with call.progress("Replaying"):
        judged = pipeline.backtest(
            call.workspace,
            history,
            since=moment(since) if since else None,
            label=label,
            horizon_h=hours(horizon),
            scores_out=scores_out,
            now=moment(None),
        )
    if as_json:
        answer(judged)
    else:
        show_backtest(judged, call.lang)


@app.command(
    help=example(
        "What the reports said and what came of it: whether to trust them.",
        "trendscout record",
        "trendscout record --replay 30",
    )
)
def record(
    context: typer.Context,
    replay: Annotated[
        int,
        typer.Option("--replay", metavar="DAYS", min=0, help=t("Make so many past mornings again.")),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """The report's own record."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_record

    call = call_of(context)
    with call.progress("Looking back"):
        groups = pipeline.record(call.workspace, replay_days=replay, now=moment(None), settings=call.settings)
    if as_json:
        answer(groups)
    else:
        show_record(groups, call)


def hours(text: str | None) -> float | None:
    """Hours from `120h`, `5d` or a plain number of hours.

    Raises UsageError if it is none of these.
    """
    if text is None:
        return None
    factor = {"h": 1.0, "d": 24.0}.get(text[-1:], 1.0)
    try:
        span = float(text.rstrip("hd")) * factor
    except ValueError:
        span = -1.0
    if not span > 0:
        raise UsageError("{text} is not a span of time.", next_step="Write 120h or 5d.", text=text)
    return span
