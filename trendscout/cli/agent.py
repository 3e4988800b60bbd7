"""The command for agents: mcp."""

import sys
from typing import Annotated

import typer

from trendscout.cli.app import AsOf, app, call_of, example, moment
from trendscout.cli.language import t


@app.command(
    help=example(
        "Let an agent ask: a Model Context Protocol server on standard input and output.",
        "trendscout mcp",
        "trendscout mcp --http 8738",
    )
)
def mcp(
    context: typer.Context,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help=t("Let it mark, merge, split and collect too."))
    ] = False,
    http: Annotated[
        int | None,
        typer.Option(
            "--http",
            metavar="PORT",
            min=0,
            max=65535,
            help=t("A port of this machine instead; its key is in TRENDSCOUT_MCP_KEY, else printed."),
        ),
    ] = None,
    as_of: AsOf = None,
    skill: Annotated[
        bool, typer.Option("--skill", help=t("Print what teaches an agent to use it, SKILL.md, and end."))
    ] = False,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help=t("Another host that plays the site: a test, the demo."))
    ] = None,
) -> None:
    """Serve agents."""
    from trendscout.resources import folder

    call = call_of(context)
    if skill:
        name = "SKILL.zh.md" if call.lang == "zh" else "SKILL.md"
        sys.stdout.write((folder("skills/trendscout") / name).read_text(encoding="utf-8"))
        return
    from trendscout.agent.serve import serve
    from trendscout.clock import SystemClock

    serve(
        call.workspace,
        call.settings,
        clock=SystemClock(),
        say=call.say,
        allow_writes=allow_writes,
        as_of=moment(as_of) if as_of else None,
        http=http,
        base_url=base_url,
    )
