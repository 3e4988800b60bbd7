"""Commands about jobs: what there is, what ran and runs next, and a try without consequences."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trendscout.cli.app import AsJson, app, call_of, example, moment
from trendscout.cli.language import t
from trendscout.errors import UsageError

if TYPE_CHECKING:
    from trendscout.settings.jobfile import Job

jobs = typer.Typer(no_args_is_help=True, help=t("Jobs: which there are, what ran, what runs next; try one."))
app.add_typer(jobs, name="jobs")
Folder = Annotated[Path | None, typer.Option("--in", metavar="DIR", help=t("Folder of job files; else jobs/."))]


@jobs.command("list", help=example("All jobs, when each last ran and runs next.", "trendscout jobs list"))
def list_jobs(context: typer.Context, folder: Folder = None, as_json: AsJson = False) -> None:
    """List jobs."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_jobs
    from trendscout.settings.jobfile import load_jobs
    from trendscout.steps.job_states import last_and_next

    call = call_of(context)
    faults: list[Exception] = []

    def tell(fault: Exception) -> None:
        faults.append(fault)
        call.say("{error}", error=fault)

    loaded_jobs = load_jobs(folder or call.settings.home / "jobs", call.settings, tell=tell, allow_outside=True)
    lines = last_and_next(call.workspace, loaded_jobs, now=moment(None))
    if as_json:
        answer([{"file": str(job.path), **asdict(state)} for job, state in zip(loaded_jobs, lines, strict=True)])
    else:
        show_jobs(loaded_jobs, lines, call)
    call.end(partial=bool(faults))


@jobs.command("runs", help=example("What a job did, and its next times.", "trendscout jobs runs daily --last 10"))
def runs_of_job(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help=t("Its name, as `jobs list` has it."))],
    last: Annotated[int, typer.Option("--last", min=1, help=t("How many runs."))] = 10,
    following: Annotated[int, typer.Option("--next", min=0, help=t("How many times to come."))] = 3,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show a job's runs."""
    from itertools import islice

    from trendscout.cli.output import answer
    from trendscout.cli.show import show_runs
    from trendscout.steps.job_states import runs_so_far

    call = call_of(context)
    work = _job(context, job, folder)
    past = runs_so_far(call.workspace, work.name, most=last)
    coming = list(islice(work.due.after(moment(None)), following))
    if as_json:
        answer({"runs": past, "next": coming})
    else:
        show_runs(work, past, coming, call)


@jobs.command(
    "try",
    help=example(
        "What a job would ask, show and tell now; nothing is asked, sent or counted.", "trendscout jobs try daily"
    ),
)
def try_one(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help=t("Its name, as `jobs list` has it."))],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Try a job."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_trial
    from trendscout.jobs.trial import try_job

    call = call_of(context)
    work = _job(context, job, folder)
    with call.progress("Ranking"):
        tried = try_job(work, call.workspace, call.settings, lang=call.lang, now=moment(None))
    if as_json:
        answer(tried)
    else:
        show_trial(tried, call)
    call.end(partial=bool(tried.faults) or any(message.faults for message in tried.messages))


def _job(context: typer.Context, name: str, folder: Path | None) -> "Job":
    """The job of that name, or of that file.

    Raises UsageError if there is none, and ConfigError if its file is wrong.
    """
    from trendscout.settings.jobfile import load_job

    call = call_of(context)
    place = folder or call.settings.home / "jobs"
    file = Path(name) if name.endswith(".toml") else place / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(one.stem for one in place.glob("*.toml"))) or "–"
        raise UsageError(
            "{folder} has no job {job}.", next_step="There are: {all}.", folder=place, job=name, all=known
        )
    return load_job(file, call.settings, allow_outside=True)
