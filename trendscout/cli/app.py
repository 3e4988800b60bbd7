"""The Typer application: global options, and the shape that all commands share."""

import gc
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from trendscout.cli.choices import given_categories, given_markets, given_sources
from trendscout.cli.language import choose, help_lang, t
from trendscout.errors import UsageError
from trendscout.text.markets import MARKETS

if TYPE_CHECKING:
    from trendscout.cli.output import Call
    from trendscout.model import ItemKind

_CLOCKS_DIFFER = timedelta(days=1)  # between machines, and between zones of a time without one
FAULT_OF_OURS = 1  # exit code
_PLAIN_MARKETS = MARKETS - {"GB"} | {"XX"}  # XX: a list of no market that is known
app = typer.Typer(
    name="trendscout",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help=t("Which new, odd and special goods are about to break out, from public lists."),
)

AsJson = Annotated[bool, typer.Option("--json", help=t("One JSON document on stdout, nothing else there."))]


def market_code(text: str | None) -> str | None:
    """The code of a market that is given as a code or as a country's name: us, USA, 美国, United Kingdom.

    Raises UsageError, with the nearest names, if it is none.
    """
    if text is None or (code := text.strip().upper()) in _PLAIN_MARKETS:
        return text and code
    from trendscout.intake.countries import market_named, nearest

    market = market_named(text)
    if market is None:
        near = ", ".join(f"{code} ({name})" for name, code in nearest(text))
        raise UsageError(
            "There is no market {name!r}.",
            next_step="Did you mean {near}?" if near else "Give a code such as US, UK or ID, or a country's name.",
            name=text,
            near=near,
        )
    return market


Market = Annotated[
    str | None,
    typer.Option(
        "--market",
        help=t("Market, such as US, UK or ID, or its name."),
        callback=market_code,
        autocompletion=given_markets,
    ),
]
Markets = Annotated[
    list[str] | None,
    typer.Option(
        "--market",
        help=t("Market; may be repeated."),
        callback=lambda texts: [market_code(text) for text in texts or ()] or None,
        autocompletion=given_markets,
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source", help=t("Name of a source; `trendscout sources` lists them."), autocompletion=given_sources
    ),
]
Category = Annotated[
    str | None,
    typer.Option("--category", help=t("The site's own category name."), autocompletion=given_categories),
]
ITEM_KINDS = "goods|hashtag|topic|video|app"
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help=t("Look from this time: 2026-08-04T12:00Z."))
]


def _version(wanted: bool) -> None:
    if wanted:
        from trendscout import __version__

        typer.echo(f"trendscout {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    db: Annotated[
        str | None,
        typer.Option(
            "--db", envvar="TRENDSCOUT_DB", metavar="PATH", help=t("The store; archive/ lies beside it.")
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help=t("Configuration; else trendscout.toml of TRENDSCOUT_HOME, of this folder, of your data folder."),
        ),
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", metavar="zh|en", help=t("Language of all text."))] = None,
    reader: Annotated[
        str,
        typer.Option(
            "--reader",
            envvar="TRENDSCOUT_READER",
            metavar="NAME",
            help=t("Whose marks, costs and packs; else everyone's."),
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=t("Only answers and errors."))] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help=t("Say more; show where a fault came from."))
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help=t("Print the version."))
    ] = False,
) -> None:
    """Take the global options into the call."""
    del version
    if not gc.isenabled():  # `run` turned it off: what was declared since stays, and is not to be gone through
        gc.freeze()
        gc.enable()
    if lang not in (None, "zh", "en"):
        raise UsageError("--lang {lang} is not known.", next_step="Choose zh or en.", lang=lang)
    if context.resilient_parsing or context.invoked_subcommand is None:
        return
    from trendscout.cli.output import Call
    from trendscout.settings.config import load_settings
    from trendscout.store.workspace import Workspace, address_of

    settings = load_settings(config).read_by(reader)
    declared = settings.home / "sources"
    if declared.is_dir():
        from trendscout.intake import load_sources
        from trendscout.sources.source import declare

        own_sources, faults = load_sources(declared, taken={channel.env for channel in settings.channels})
        declare(own_sources, faults)
        settings = replace(settings, left_out=tuple(fault for _, fault in faults))
    call = context.obj = Call(
        workspace=Workspace.at(address_of(settings, db)),
        settings=settings,
        lang=choose(sys.argv[1:], os.environ, settings.lang) if lang is None else help_lang(),
        quiet=quiet,
        verbose=verbose,
    )
    if context.invoked_subcommand in _CHANGE_THE_STORE:
        context.call_on_close(lambda: _publish(call))


# After these the desk, if there is one, shows something else.
_CHANGE_THE_STORE = frozenset(
    "collect ingest undo import replay match merge split variants review mark backtest".split()
)


def _publish(call: "Call") -> None:
    from trendscout import pipeline

    pipeline.publish(call.workspace, now=datetime.now(UTC))


def call_of(context: typer.Context) -> "Call":
    """The global options of this run."""
    return cast("Call", context.find_root().obj)


def moment(text: str | None) -> datetime:
    """A time given on the command line, in UTC if it names no zone; now if none is given.

    Raises UsageError if it is not a time, or one to come.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("{text} is not a time.", next_step="Write 2026-08-04T12:00Z.", text=text) from error
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if time > datetime.now(UTC) + _CLOCKS_DIFFER:
        raise UsageError("{text} is in the future.", next_step="Give a time that has been.", text=text)
    return time


def item_kind(text: str | None) -> "ItemKind | None":
    """What lists list, as given on the command line.

    Raises UsageError if it is no such kind.
    """
    known = ITEM_KINDS.split("|")
    if text is not None and text not in known:
        raise UsageError(
            "--kind {name} is not known.", next_step="Choose one of {all}.", name=text, all=", ".join(known)
        )
    return cast("ItemKind | None", text)


def example(text: str, *lines: str) -> Any:
    """A command's help: what it does, and an example to copy."""
    return "\n\n".join([t(text), *(f"[dim]{t('Example')}:[/dim] [cyan]{line}[/cyan]" for line in lines)])
