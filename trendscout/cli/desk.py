"""Commands of the desk: serve, extension."""

from pathlib import Path
from typing import Annotated

import typer

from trendscout.cli.app import app, call_of, example
from trendscout.cli.language import t


@app.command(
    help=example(
        "A local web page over the store, that stays open while lists are collected.",
        "trendscout serve",
        "trendscout serve --demo",
    )
)
def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help=t("Of this machine; 0 takes a free one."))
    ] = 8737,
    demo: Annotated[bool, typer.Option("--demo", help=t("The demo's desk: it plays the market first."))] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=t("Where the demo's store is."))] = Path(
        "demo-out"
    ),
    days: Annotated[int, typer.Option("--days", min=5, max=365, help=t("Days of the demo's market."))] = 45,
    images: Annotated[
        bool, typer.Option("--images/--no-images", help=t("Show product pictures, which come from the sites."))
    ] = True,
) -> None:
    """Open the desk."""
    from trendscout.clock import SystemClock
    from trendscout.desk.serve import serve as serve_desk

    call = call_of(context)
    if not demo:
        serve_desk(
            call.workspace,
            call.settings,
            port=port,
            lang=call.lang,
            clock=SystemClock(),
            say=call.say,
            images=images,
        )
        return
    from trendscout.desk.example import demo_desk

    with demo_desk(out, days=days, lang=call.lang, say=call.say) as desk:
        serve_desk(
            desk.workspace,
            desk.settings,
            port=port,
            lang=call.lang,
            clock=desk.clock,
            say=call.say,
            base_url=desk.base_urls,
            images=images,
        )


@app.command(
    help=example(
        "Write out the browser extension that sends the list you have open to the desk.",
        "trendscout extension --out trendscout-clip",
    )
)
def extension(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=t("Where; a new or an empty folder."))],
) -> None:
    """Write out the clip extension."""
    from trendscout.desk.extension import write_extension

    call = call_of(context)
    write_extension(out)
    call.say("{folder} holds the extension; {file} says how to load it.", folder=out, file=out / "README.txt")
