"""Commands about what calls the user: alerts, and lists of words."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendscout.cli.app import AsJson, AsOf, app, call_of, example, moment
from trendscout.cli.language import t
from trendscout.errors import UsageError

if TYPE_CHECKING:
    from trendscout.cli.output import Call

alert = typer.Typer(
    no_args_is_help=True, help=t("Alerts: set, list, try, remove. They go through your jobs' channels.")
)
app.add_typer(alert, name="alert")
Name = Annotated[str, typer.Argument(metavar="NAME", help=t("The alert's name."))]
_NAME = re.compile(r"[\w-]{1,40}")


@alert.command(
    "set",
    help=example(
        "Call when all conditions hold of a good that you marked.",
        'trendscout alert set top10 "rank<=10" "probability>=0.3"',
        'trendscout alert set cheaper "price_change<=-0.1" --product B0EXAMPLE1 --rest-days 7',
    ),
)
def alert_set(
    context: typer.Context,
    name: Name,
    conditions: Annotated[
        list[str], typer.Argument(metavar="CONDITION...", help=t("rank<=10, stock=sold_out, place_days<=1, ..."))
    ],
    product: Annotated[
        list[str] | None, typer.Option("--product", help=t("Only this one: product id or item key."))
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=t("All goods of the report, not only marked ones."))
    ] = False,
    rest_days: Annotated[
        float, typer.Option("--rest-days", min=0, help=t("So long the same good is not called again."))
    ] = 3,
) -> None:
    """Set an alert."""
    from trendscout.report.alerts import line_of

    if not _NAME.fullmatch(name):
        raise UsageError("{name} is no name of an alert.", next_step="Use letters, digits, - and _.", name=name)
    call = call_of(context)
    entry: dict[str, Any] = {"lines": [line_of(one) for one in conditions], "rest_days": rest_days}
    if product:
        entry["products"] = product
    elif not every:
        entry["marks"] = ["mine", "watch"]
    _keep(call, {**_kept(call), name: entry})
    call.say(
        "The alert {name} is set; `trendscout alert try {name}` says how often it would have called.", name=name
    )


@alert.command("list", help=example("The alerts that are set.", "trendscout alert list"))
def alert_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List alerts."""
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_alerts
    from trendscout.report import alerts

    call = call_of(context)
    rules = alerts.read(call.settings.alerts)
    if as_json:
        answer({name: dict(entry) for name, entry in call.settings.alerts.items()})
    else:
        show_alerts(rules, call)


@alert.command("remove", help=example("Forget an alert.", "trendscout alert remove top10"))
def alert_remove(context: typer.Context, name: Name) -> None:
    """Remove an alert."""
    call = call_of(context)
    kept = _kept(call)
    if name not in kept:
        raise UsageError(
            "There is no alert {name} in alerts.toml.",
            next_step="`trendscout alert list` shows them; those of trendscout.toml are taken out there.",
            name=name,
        )
    _keep(call, {key: entry for key, entry in kept.items() if key != name})
    call.say("The alert {name} is removed.", name=name)


@alert.command(
    "try", help=example("How often it would have called in the last days.", "trendscout alert try top10 --days 30")
)
def alert_try(
    context: typer.Context,
    name: Name,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help=t("So many mornings up to now."))] = 30,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Try an alert on the past."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_alert_trial

    call = call_of(context)
    with call.progress("Looking back"):
        tried = pipeline.try_alert(call.workspace, name, days=days, now=moment(as_of), settings=call.settings)
    if as_json:
        answer(tried)
    else:
        show_alert_trial(tried, call)


def _kept(call: "Call") -> dict[str, Any]:
    from trendscout.settings.config import ALERTS_FILE, load_alerts

    return load_alerts(call.settings.home / ALERTS_FILE)


def _keep(call: "Call", table: dict[str, Any]) -> None:
    from trendscout.files import whole_file
    from trendscout.report.alerts import written
    from trendscout.settings.config import ALERTS_FILE

    text = written(table)
    whole_file(call.settings.home / ALERTS_FILE, lambda part: part.write_text(text, encoding="utf-8"))


@app.command(
    help=example(
        "The goods of the last 30 days that your lists of words meet, the newest first.", "trendscout words"
    )
)
def words(context: typer.Context, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show what words.toml meets."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_words

    call = call_of(context)
    watched = pipeline.watch_words(call.workspace, now=moment(as_of), settings=call.settings)
    if as_json:
        answer(watched.met)
    else:
        show_words(watched, call)
