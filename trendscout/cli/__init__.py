"""The command line: the only user of Typer, and the only code that prints."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

from trendscout import stopping
from trendscout.errors import TrendscoutError, reason, trace

_FAULT_OF_OURS = 1
_TYPERS_STOP = 130  # what Typer makes of a KeyboardInterrupt
# Importing them declares their commands.
_COMMANDS = ("inputs", "products", "reports", "costs", "alerts", "operations", "jobs", "desk", "agent")


def run() -> None:
    """Run one command and exit: 0 done, 1 a fault of ours, 2 usage, 3 in part, 4 the store, 130 or 143 stopped."""
    gc.disable()  # until a command runs: declaring them leaves no garbage, and looking for it is 4 % of `--help`
    _speak_any_encoding()
    from trendscout.cli.app import app
    from trendscout.cli.language import help_lang

    try:
        for part in _COMMANDS:
            import_module(f"trendscout.cli.{part}")
        in_groups(app)
        arguments = globals_first(sys.argv[1:])
        if help_lang() == "zh":
            from trendscout.cli.usage import run_in_chinese

            run_in_chinese(app, arguments)
        app(args=arguments)
    except SystemExit as ended:
        if ended.code == _TYPERS_STOP:
            _stop()
        raise
    except TrendscoutError as error:
        from trendscout.cli.output import message

        print(message(error, help_lang()), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _stop()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, without secrets
        if stopping.is_stop(error):
            _stop()
        from trendscout.cli.language import t

        if {"-v", "--verbose"} & set(sys.argv):
            print(trace(error), file=sys.stderr, end="")
            sys.exit(_FAULT_OF_OURS)
        words = t("A fault of trendscout itself: {error}. Run it again with --verbose and report what it prints.")
        print(words.format(error=f"{type(error).__name__}: {reason(error)}"), file=sys.stderr)
        sys.exit(_FAULT_OF_OURS)


# By command, what is kept of a run that was stopped and what the next one does.
_GOES_ON = "Stopped: what came is in the archive; the next run stores what is not stored yet and goes on."
_PASSES_OVER = "Stopped: what was stored is whole; run it again, and what is there already is passed over."
_AS_IT_WAS = "Stopped: the store is whole, and nothing half done is left; run it again."
_KEPT = dict.fromkeys(("collect", "run", "schedule", "init", "demo"), _GOES_ON) | dict.fromkeys(
    ("import", "ingest", "replay", "move"), _PASSES_OVER
)


def _stop() -> NoReturn:
    """Say what is kept and what the next run does, and exit as one that was stopped."""
    from trendscout.cli.language import t

    text = next((_KEPT[word] for word in sys.argv[1:] if word in _KEPT), _AS_IT_WAS)
    print(t(text), file=sys.stderr)
    raise stopping.Stopped(stopping.exit_code())


def _speak_any_encoding() -> None:
    """Let answers pass a pipe of any encoding: what it cannot say is replaced, as errors on stderr always are."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


# Under which heading of the help a command stands.
_GROUPS = {
    "Begin": ("demo", "init", "doctor", "sources"),
    "Bring lists in": ("collect", "ingest", "import", "parse", "replay", "source"),
    "Read the answer": ("report", "rank", "why", "record", "backtest", "serve", "mcp", "extension"),
    "Say what you know": ("mark", "review", "merge", "split", "variants", "match", "costs", "words"),
    "Every day": ("run", "schedule", "jobs", "alert", "push", "db"),
}


def in_groups(app: Any) -> None:
    """Put every command under its heading; one that has none stands below the others."""
    from trendscout.cli.language import t

    headings = {name: heading for heading, names in _GROUPS.items() for name in names}
    for command in (*app.registered_commands, *app.registered_groups):
        name = command.name or command.callback.__name__
        if heading := headings.get(name):
            command.rich_help_panel = t(heading)
    order = {name: place for place, name in enumerate(headings)}
    app.registered_commands.sort(key=lambda one: order.get(one.name or one.callback.__name__, len(order)))


_WITH_VALUE = ("--db", "--config", "--lang", "--reader")
_ALONE = ("--quiet", "-q", "--verbose", "-v")


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with global options moved to the front: people write them behind the command as well."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _ALONE or argument.partition("=")[0] in _WITH_VALUE:
            front.append(argument)
            if argument in _WITH_VALUE:
                front += [value for value in [next(waiting, None)] if value is not None]
        else:
            rest.append(argument)
    return front + rest
