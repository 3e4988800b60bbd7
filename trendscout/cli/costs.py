"""Commands about money: what the user's goods cost, and which rules are in force."""

from importlib import resources
from typing import Annotated

import typer

from trendscout.cli.app import AsJson, AsOf, app, call_of, example, moment
from trendscout.cli.language import t


@app.command(
    help=example(
        "What costs.toml says: your goods, and the rules of each market with the days that they hold.",
        "trendscout costs",
        "trendscout costs --example > costs.toml",
    )
)
def costs(
    context: typer.Context,
    example_: Annotated[
        bool, typer.Option("--example", help=t("Print a commented costs.toml, without any rates."))
    ] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show costs and rules."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_costs
    from trendscout.steps.costs import OWN_FILE

    call = call_of(context)
    if example_:
        typer.echo((resources.files("trendscout") / "costs.example.toml").read_text(encoding="utf-8"), nl=False)
        return
    now = moment(as_of)
    book = pipeline.costs(call.workspace, now=now, settings=call.settings)
    if as_json:
        answer(book)
    else:
        show_costs(book, call.settings.own(OWN_FILE), now.date(), call)
