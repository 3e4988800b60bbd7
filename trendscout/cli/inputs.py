"""Commands that bring lists in: sources, collect, ingest, parse, import, source test."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendscout.cli.app import (
    FAULT_OF_OURS,
    ITEM_KINDS,
    AsJson,
    Market,
    Markets,
    Source,
    app,
    call_of,
    example,
    item_kind,
    moment,
)
from trendscout.cli.choices import given_sources
from trendscout.cli.given import given
from trendscout.cli.language import t
from trendscout.errors import UsageError
from trendscout.files import shown_name, whole_file
from trendscout.findings import Finding, finding

if TYPE_CHECKING:
    from trendscout.cli.output import Call

PARTIAL = 3
Named = Annotated[
    str, typer.Option("--category", help=t("Which list it is, if neither the page nor its address says."))
]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help=t("When it was saved."))]
declarative = typer.Typer(no_args_is_help=True, help=t("Work on a declarative source."))
app.add_typer(declarative, name="source")


@app.command(
    help=example("What can be collected, from where, and how it went.", "trendscout sources amazon_bestsellers")
)
def sources(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help=t("One source, in full."))] = None,
    as_json: AsJson = False,
) -> None:
    """List the sources, or show one in full."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_sources
    from trendscout.steps.ledger import ledger

    call = call_of(context)
    entries = ledger(call.workspace.db, name)
    if as_json:
        answer(entries[0] if name else entries)
    else:
        show_sources(entries, call.lang, full=name is not None)
    call.end()


@app.command(
    help=example(
        "One polite crawl of live lists into archive and store.",
        "trendscout collect amazon_bestsellers --market US --category kitchen",
    )
)
def collect(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help=t("Sources; else yours."), autocompletion=given_sources),
    ] = None,
    market: Markets = None,
    category: Annotated[list[str] | None, typer.Option("--category", help=t("Category; may be repeated."))] = None,
    kind: Annotated[str, typer.Option("--kind", help=t("Kind of list, such as new_releases."))] = "",
    base_url: Annotated[
        str | None, typer.Option("--base-url", help=t("Another host that plays the site: a test, the demo."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Collect lists."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_outcomes
    from trendscout.clock import SystemClock
    from trendscout.sources.queries import queries_for

    call = call_of(context)
    workspace = call.workspace
    queries = queries_for(call.settings, names or (), markets=market, categories=category, kind=kind)
    with call.progress("Collecting"):
        outcomes = pipeline.collect(workspace, queries, call.settings, clock=SystemClock(), base_url=base_url)
    if as_json:
        answer(outcomes)
    else:
        show_outcomes(outcomes, call)
    if any(outcome.fault for outcome in outcomes):
        raise typer.Exit(FAULT_OF_OURS)
    came = {outcome.status for outcome in outcomes} - {"left"}
    call.end(partial=bool(outcomes) and came != {"ok"})


@app.command(
    help=example(
        "Take in what you saved: HTML, JSON, HAR, WARC, or a folder of these.",
        "trendscout ingest saved.html --source amazon_bestsellers --market US",
    )
)
def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help=t("Files or folders; - for standard input."))
    ] = None,
    source: Source = None,
    market: Market = None,
    category: Named = "",
    at: At = None,
    url: Annotated[
        str | None, typer.Option("--url", help=t("The page's address, if the file does not say."))
    ] = None,
    inbox: Annotated[
        bool, typer.Option("--inbox", help=t("Take what lies in the folder (default: inbox) and put it away."))
    ] = False,
    undo: Annotated[
        str | None,
        typer.Option(
            "--undo", metavar="ID|list", help=t("Take back what one file brought; list shows the files.")
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ingest saved pages."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_taken

    call = call_of(context)
    if undo:
        _undo(undo, call, as_json=as_json)
        return
    if inbox:
        _inbox(paths or [], market, call, as_json=as_json)
        return
    if not paths:
        raise UsageError("There is nothing to ingest.", next_step="Name files or folders, or give --inbox.")
    with ExitStack() as held, call.progress("Reading"):
        files = {held.enter_context(given(path)): str(path) for path in paths}
        taken = pipeline.ingest(
            call.workspace,
            list(files),
            source=source,
            market=market,
            category=category,
            url=url,
            at=moment(at) if at else None,
            now=moment(None),
            called={file: name for file, name in files.items() if name == "-"},
        )
    if as_json:
        answer(taken)
    else:
        show_taken(taken, call.lang)
    _end(taken)


def _end(taken: Sequence[Any]) -> None:
    """The exit code of what was taken: 2 for nothing, 3 for a part."""
    if not any(item.entries for item in taken):
        raise typer.Exit(2)
    if any(item.status in ("blocked", "failed", "partial") for item in taken):
        raise typer.Exit(PARTIAL)


def _undo(wanted: str, call: "Call", *, as_json: bool) -> None:
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_brought

    if wanted == "list":
        brought = pipeline.brought_files(call.workspace)
        if as_json:
            keys = ("file_id", "name", "brought_at", "looks")
            answer([dict(zip(keys, one, strict=True)) for one in brought])
        else:
            show_brought(brought, call.lang)
        return
    name, looks = pipeline.undo(call.workspace, wanted, now=moment(None))
    call.say("{file} is taken back: {count} looks went. The archive keeps it.", file=name, count=looks)


def _inbox(paths: Sequence[Path], market: str | None, call: "Call", *, as_json: bool) -> None:
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_inbox

    if len(paths) > 1:
        raise UsageError("--inbox takes one folder.", next_step="Give it alone: trendscout ingest --inbox FOLDER.")
    folder = paths[0] if paths else call.settings.home / "inbox"
    with call.progress("Reading"):
        files = pipeline.ingest_inbox(call.workspace, folder, market=market, now=moment(None), lang=call.lang)
    if as_json:
        answer(files)
    else:
        show_inbox(files, call.lang)
    if any(one.state == "refused" for one in files):
        raise typer.Exit(PARTIAL)


@app.command(
    help=example(
        "Show what `ingest` would store of a file, one JSON line an entry; nothing is stored.",
        "trendscout parse saved.html --source ebay --market US",
    )
)
def parse(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=t("A saved page, or a table; - for standard input."))],
    source: Source = None,
    market: Market = None,
    category: Named = "",
    at: At = None,
    url: Annotated[
        str | None, typer.Option("--url", help=t("The page's address, if the file does not say."))
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help=t("Column profile, a name or a TOML file."))
    ] = None,
) -> None:
    """Parse a file."""
    from trendscout import pipeline
    from trendscout.cli.output import line, vars_of
    from trendscout.cli.show import show_parsed
    from trendscout.intake import kind_of

    call = call_of(context)
    with given(file) as path:
        kind = kind_of(path) if source is None and not profile else ""
        if kind == "history":
            _parse_history(path, file, call)
            return
        if profile or kind == "export":
            _parse_table(path, profile, market, category, at, call)
            return
        looks, rest = pipeline.parse(
            path,
            source=source,
            market=market,
            category=category,
            url=url,
            at=moment(at) if at else None,
            now=moment(None),
            called={path: "-"} if str(file) == "-" else {},
        )
    snapshots = [snapshot for look in looks for snapshot in look.snapshots()]
    for snapshot in snapshots:
        for entry in snapshot.entries:
            line({**vars_of(entry), "taken_at": snapshot.taken_at})
    show_parsed(looks, snapshots, rest, call)
    if not snapshots:
        raise next((one.fault for one in rest if one.fault), _nothing(file, rest[0].findings if rest else ()))
    if any(one.status != "ok" for one in snapshots) or any(one.status == "blocked" for one in rest):
        raise typer.Exit(PARTIAL)


def _parse_history(path: Path, called: Path, call: "Call") -> None:
    """One JSON line a row of a history, and what of it would be left out."""
    from trendscout import pipeline
    from trendscout.cli.output import line

    with pipeline.parse_history(path, called=called) as (findings, rows):
        for row in rows:
            line(row)
    for note in findings:
        call.say("{finding}", finding=note.said(call.lang))
    if findings:
        raise typer.Exit(PARTIAL)


def _parse_table(
    file: Path, profile: str | None, market: str | None, category: str, at: str | None, call: "Call"
) -> None:
    """One JSON line an entry or a SKU of a table, and what is told of it."""
    from trendscout import pipeline
    from trendscout.cli.output import line, vars_of
    from trendscout.cli.show import show_parsed

    export = pipeline.parse_table(
        file, profile=profile, market=market, category=category, at=moment(at) if at else None, now=moment(None)
    )
    for snapshot in export.snapshots:
        for entry in snapshot.entries:
            line({**vars_of(entry), "taken_at": snapshot.taken_at})
    for good in export.stock:
        line(good)
    show_parsed((), [replace(snapshot, findings=()) for snapshot in export.snapshots], (), call)
    for note in export.findings:
        call.say("{finding}", finding=note.said(call.lang))
    if not export.snapshots and not export.stock:
        raise typer.Exit(PARTIAL)


def _nothing(file: Path, findings: Sequence[Finding]) -> UsageError:
    return UsageError(
        "{file}: {why}",
        next_step="`trendscout sources` lists what is read.",
        file=file,
        why=tuple(findings) or (finding("no_page"),),
    )


@app.command(
    "import",
    help=example(
        "Import a history of ranked lists, or an export of a paid tool or an ERP.",
        "trendscout import history.parquet",
        "trendscout import kalodata.xlsx --profile kalodata --market US",
    ),
)
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=t("Parquet, CSV or XLSX; - for standard input."))],
    profile: Annotated[
        str | None, typer.Option("--profile", help=t("Column profile, a name or a TOML file."))
    ] = None,
    market: Market = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help=t("When it was exported."))] = None,
    category: Annotated[str, typer.Option("--category", help=t("The list's own name."))] = "",
    sheet: Annotated[str | None, typer.Option("--sheet", help=t("Which sheet of a workbook."))] = None,
    order: Annotated[
        str, typer.Option("--order", help=t("rows: the rows stand in the list's order (no column says the rank)."))
    ] = "",
    kind: Annotated[
        str | None, typer.Option("--kind", metavar=ITEM_KINDS, help=t("What the lists of a history list."))
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help=t("Only show a column profile for the file."))] = False,
    draft_to: Annotated[
        Path | None, typer.Option("--draft-to", metavar="FILE", help=t("Write a column profile into a file."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a history or an export."""
    from trendscout import pipeline
    from trendscout.cli.output import answer

    call = call_of(context)
    if order not in ("", "rows"):
        raise UsageError("--order is {order!r}.", next_step="Give rows, or leave it out.", order=order)
    with given(file) as path:
        if draft or draft_to:
            text = pipeline.draft_profile(path, sheet=sheet)
            _show_draft(text, draft_to, call)
            return
        with call.progress("Importing"):
            loaded = pipeline.import_file(
                call.workspace,
                path,
                profile=profile,
                market=market,
                at=moment(at) if at else None,
                now=moment(None),
                sheet=sheet,
                order=order,
                category=category,
                items=item_kind(kind),
            )
    if as_json:
        answer(loaded)
    else:
        call.say(
            "{file} ({kind}): {snapshots} new snapshots, {observations} observations, {listings} new listings; "
            "{known} known; {stock} goods of your own.",
            file=shown_name(file),
            kind=loaded.kind,
            snapshots=loaded.loaded.snapshots,
            observations=loaded.loaded.observations,
            listings=loaded.loaded.listings,
            known=loaded.loaded.known,
            stock=loaded.stock,
        )
        for note in loaded.findings:
            call.say("{finding}", finding=note.said(call.lang))
    if not (loaded.loaded.snapshots or loaded.loaded.known or loaded.stock):
        call.say("Nothing was stored. {step}", step=_REMEDY)
        raise typer.Exit(PARTIAL)


_REMEDY = "Mend what is told above, or see which columns are read as what: trendscout import FILE --draft."


def _show_draft(text: str, file: Path | None, call: "Call") -> None:
    """The draft of a profile on stdout, or in a file that is not there yet."""
    if file is None:
        sys.stdout.write(text)
        return
    if file.exists():
        raise UsageError("{file} is there already.", next_step="Name a new file.", file=file)
    whole_file(file, lambda part: part.write_text(text, encoding="utf-8"))
    call.say("{file} is written: check it, then give --profile {file}.", file=file)


@declarative.command(
    "test",
    help=example(
        "Try a declarative source on a saved page.", "trendscout source test mylist.toml --page saved.html"
    ),
)
def source_test(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=t("The source's TOML file."))],
    page: Annotated[Path, typer.Option("--page", help=t("A saved page."))],
    market: Market = None,
) -> None:
    """Show what a declarative source reads."""
    from trendscout import pipeline
    from trendscout.cli.output import line

    call = call_of(context)
    reading = pipeline.try_source(file, page, market=market, now=moment(None))
    for entry in reading.entries:
        line(entry)
    for note in reading.findings:
        call.say("{finding}", finding=note.said(call.lang))
    call.say("{count} entries", count=len(reading.entries))
    if reading.status != "ok":
        raise typer.Exit(PARTIAL)
