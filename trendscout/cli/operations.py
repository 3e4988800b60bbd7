"""Commands around the work: demo, init, run, schedule, replay, doctor, db."""

from pathlib import Path
from typing import Annotated

import typer

from trendscout.cli.app import FAULT_OF_OURS, AsJson, app, call_of, example, moment
from trendscout.cli.choices import given_jobs
from trendscout.cli.language import t
from trendscout.store.address import StoreAddress

PARTIAL = 3
database = typer.Typer(no_args_is_help=True, help=t("Look after the store."))
app.add_typer(database, name="db")
pushes = typer.Typer(no_args_is_help=True, help=t("Messages that did not arrive: list, send again, forget."))
app.add_typer(pushes, name="push")
AllowOutside = Annotated[
    bool,
    typer.Option("--allow-outside", help=t("Let a job drop its files outside of the configuration's folder.")),
]
Keys = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY]...", help=t("Messages, as `push list` names them."))
]
OfChannel = Annotated[str | None, typer.Option("--channel", help=t("All messages of this channel."))]


@app.command(
    help=example(
        "A whole month on a simulated market, over HTTP: collect, archive, match, rank, report.",
        "trendscout demo --out demo-out",
    )
)
def demo(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=5, max=365, help=t("Days of the market."))] = 45,
    seed: Annotated[int, typer.Option("--seed", help=t("Same seed, same report."))] = 7,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=t("Where store and drops go."))] = Path(
        "demo-out"
    ),
    market: Annotated[str, typer.Option("--market", help=t("Market codes."))] = "US,UK,ID",
    as_json: AsJson = False,
) -> None:
    """Run the demo market."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_demo
    from trendscout.demo.run import run_demo

    call = call_of(context)
    given = context.find_root().params.get("db")
    with call.progress("Playing the market"):
        result = run_demo(
            out,
            days=days,
            seed=seed,
            markets=tuple(market.split(",")),
            db=call.workspace.db if given else None,
            lang=call.lang,
            say=call.say,
        )
    if as_json:
        answer(result)
    else:
        show_demo(result, call)


@app.command(
    help=example(
        "Write a commented trendscout.toml and jobs/, collect once, show a first report.", "trendscout init"
    )
)
def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help=t("Where; default TRENDSCOUT_HOME, else here."))
    ] = None,
    user: Annotated[bool, typer.Option("--user", help=t("In your data folder: found from every folder."))] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=t("Ask nothing, take the defaults."))] = False,
    collect: Annotated[bool, typer.Option("--collect/--no-collect", help=t("Collect once at the end."))] = True,
) -> None:
    """Begin."""
    from trendscout.cli.init import begin
    from trendscout.resources import home, users_home

    begin(call_of(context), folder or (users_home() if user else home()), ask=not yes, collect=collect)


@app.command(help=example("One job now.", "trendscout run jobs/daily.toml"))
def run(
    context: typer.Context,
    job: Annotated[Path, typer.Argument(metavar="JOB.toml", help=t("A job file."), autocompletion=given_jobs)],
    again: Annotated[bool, typer.Option("--again", help=t("Even if today's report was made."))] = False,
    allow_outside: AllowOutside = False,
    as_json: AsJson = False,
) -> None:
    """Run one job."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_run
    from trendscout.clock import SystemClock
    from trendscout.jobs.run import run_job
    from trendscout.settings.jobfile import load_job

    call = call_of(context)
    work = load_job(job, call.settings, allow_outside=allow_outside)
    with call.progress("Running"):
        done = run_job(work, call.workspace, call.settings, lang=call.lang, clock=SystemClock(), again=again)
    if as_json:
        answer(done)
    else:
        show_run(done, call)
    if done.state == "failed" or any(outcome.fault for outcome in done.outcomes):
        raise typer.Exit(FAULT_OF_OURS)
    call.end(partial=done.state == "partial")


@pushes.command("list", help=example("The messages that did not arrive, and why.", "trendscout push list"))
def push_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List what waits for channels."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_undelivered
    from trendscout.jobs.notify import undelivered

    call = call_of(context)
    with call.workspace.store(must_exist=True) as connection:
        by_channel = undelivered(connection)
    if as_json:
        answer(
            [
                {"channel": channel, **message.as_dict()}
                for channel, messages in by_channel.items()
                for message in messages
            ]
        )
    else:
        show_undelivered(by_channel, call)


@pushes.command("retry", help=example("Send messages with the next run.", "trendscout push retry --channel team"))
def push_retry(context: typer.Context, keys: Keys = None, channel: OfChannel = None) -> None:
    """Send messages once more."""
    _settle(context, keys, channel, retry=True)


@pushes.command("drop", help=example("Forget messages.", "trendscout push drop --channel team"))
def push_drop(context: typer.Context, keys: Keys = None, channel: OfChannel = None) -> None:
    """Forget messages."""
    _settle(context, keys, channel, retry=False)


def _settle(context: typer.Context, keys: list[str] | None, channel: str | None, *, retry: bool) -> None:
    from trendscout.jobs.notify import change_undelivered

    call = call_of(context)
    count = change_undelivered(call.workspace, keys or (), channel, now=moment(None), retry=retry)
    call.say(
        "{count} messages are sent with the next run." if retry else "{count} messages are forgotten.", count=count
    )


@app.command(
    help=example("Run all jobs of a folder by their cron lines, until stopped.", "trendscout schedule jobs")
)
def schedule(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help=t("Folder of job files; else jobs/ beside the configuration.")),
    ] = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Run jobs by the clock."""
    from trendscout.jobs.schedule import serve

    call = call_of(context)
    serve(
        folder or call.settings.home / "jobs",
        call.workspace,
        call.settings,
        lang=call.lang,
        say=call.say,
        allow_outside=allow_outside,
    )


@app.command(help=example("Read the archive again with today's readers.", "trendscout replay --since 2026-10-01"))
def replay(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help=t("Pages fetched from here on."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the archive again."""
    from trendscout import pipeline
    from trendscout.cli.output import answer

    call = call_of(context)
    with call.progress("Reading the archive"):
        done = pipeline.replay(call.workspace, since=moment(since) if since else None, now=moment(None))
    for finding in (*done.findings, *done.loaded.findings):
        call.say("{finding}", finding=finding.said(call.lang))
    if as_json:
        answer(done)
    else:
        call.say(
            "{crawls} looks read again: {snapshots} snapshots new or changed, {known} as they were.",
            crawls=done.crawls,
            snapshots=done.loaded.snapshots,
            known=done.loaded.known,
        )
    if done.findings:
        raise typer.Exit(PARTIAL)


@app.command(
    help=example("Check configuration, store, archive, clock and sources; say what to do.", "trendscout doctor")
)
def doctor(
    context: typer.Context,
    to_mend: Annotated[
        bool, typer.Option("--mend", help=t("Let hosts that a wrong clock closed be asked again."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check everything."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_diagnoses
    from trendscout.jobs.doctor import examine, mend

    call = call_of(context)
    for host in mend(call.workspace, now=moment(None)) if to_mend else ():
        call.say("{host} is asked again with the next run.", host=host)
    diagnoses = examine(call.workspace, call.settings, now=moment(None))
    if as_json:
        answer(diagnoses)
    else:
        show_diagnoses(diagnoses, call.lang)
    worst = max((one.exit_code for one in diagnoses), default=0)
    if worst:
        raise typer.Exit(worst)


@database.command(help=example("A copy of the store in one file.", "trendscout db backup store-2026-11.duckdb"))
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help=t("The copy."))]) -> None:
    """Back the store up."""
    from trendscout.store.upkeep import back_up

    call = call_of(context)
    size = back_up(call.workspace.db, file)
    call.say("{file} holds the whole store ({size} bytes).", file=file, size=size)


@database.command(help=example("Put a copy in the store's place.", "trendscout db restore store-2026-11.duckdb"))
def restore(
    context: typer.Context, file: Annotated[Path, typer.Argument(help=t("A copy made by backup."))]
) -> None:
    """Restore a copy."""
    from trendscout.store.upkeep import restore as restore_store

    call = call_of(context)
    kept = restore_store(file, call.workspace.db)
    call.say("{db} is now {file}.", db=call.workspace.db, file=file)
    if kept:
        call.say("What stood there before is {kept}.", kept=kept)


@database.command(help=example("Look for damage and contradictions in the store.", "trendscout db check"))
def check(
    context: typer.Context,
    to_mend: Annotated[
        bool,
        typer.Option("--mend", help=t("Take out what no list can show: impossible times, ranks and numbers.")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the store."""
    from trendscout.cli.output import answer
    from trendscout.store.mend import mend
    from trendscout.store.upkeep import check as check_store

    call = call_of(context)
    mended = call.workspace.write(mend, must_exist=True) if to_mend else {}
    for name, count in mended.items():
        call.say("Mended: {count} × {name}.", count=count, name=name)
    faults = check_store(call.workspace.db)
    if as_json:
        answer(faults)
    else:
        for fault in faults:
            call.say(fault.what, count=fault.count)
        if not faults:
            call.say("The store is sound.")
    if faults:
        raise typer.Exit(4)


@database.command(help=example("Give free space back, drop raw pages past their time.", "trendscout db compact"))
def compact(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("Only list the files that would go."))] = False,
) -> None:
    """Compact the store."""
    from trendscout import pipeline

    call = call_of(context)
    if dry_run:
        for name in pipeline.would_go(call.workspace, call.settings, now=moment(None)):
            call.say("{file} would be deleted.", file=name)
        return
    done, pruned = pipeline.compact(call.workspace, call.settings, now=moment(None))
    call.say("The store has {after} bytes, {before} before.", before=done.before, after=done.after)
    for name in done.deleted:
        call.say("{file} was deleted: nothing in the store names it.", file=name)
    if done.left:
        call.say(
            "The shared store's files lie in {folder} itself: what nothing names was left there. "
            "`trendscout db move` to a new store gives them a folder of their own.",
            folder=done.left,
        )
    for file in pruned:
        call.say(
            "{file} of {day} ({size} bytes) was deleted from the archive.",
            file=file.name,
            day=file.day,
            size=file.size,
        )


@database.command(
    help=example(
        "Copy a store to another place and compare.",
        'trendscout db move shop.duckdb "ducklake:postgres:dbname=ts"',
    )
)
def move(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help=t("A store."))],
    target: Annotated[str, typer.Argument(metavar="TO", help=t("A new or half-moved store."))],
    from_data: Annotated[
        str | None,
        typer.Option("--from-data", metavar="DIR", help=t("data_path of FROM; else the configuration's.")),
    ] = None,
    to_data: Annotated[
        str | None, typer.Option("--to-data", metavar="DIR", help=t("data_path of TO; else the configuration's."))
    ] = None,
) -> None:
    """Move a store."""
    from trendscout.store.upkeep import move as move_store
    from trendscout.store.workspace import address_of

    call = call_of(context)
    old, new = (
        StoreAddress(text, data) if data else address_of(call.settings, text)
        for text, data in ((source, from_data), (target, to_data))
    )
    with call.progress("Moving"):
        rows = move_store(old, new)
    call.say("{rows} rows are the same in both.", rows=rows)
    call.say("The archive is not moved: copy {old} to {new}.", old=old.archive, new=new.archive)
