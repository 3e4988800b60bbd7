"""The command line: the only user of Typer, and the only code that prints."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from trendscout.errors import TrendscoutError, reason, trace

_FAULT_OF_OURS = 1
_COMMANDS = ("inputs", "products", "reports", "operations", "desk")  # importing them declares their commands


def run() -> None:
    """Run one command and exit: 0 done, 1 a fault of ours, 2 usage, 3 done in part, 4 the store."""
    gc.disable()  # until a command runs: declaring them leaves no garbage, and looking for it is 4 % of `--help`
    _speak_any_encoding()
    from trendscout.cli.app import app
    from trendscout.cli.language import help_lang

    for part in _COMMANDS:
        import_module(f"trendscout.cli.{part}")
    try:
        arguments = globals_first(sys.argv[1:])
        if help_lang() == "zh":
            from trendscout.cli.usage import run_in_chinese

            run_in_chinese(app, arguments)
        app(args=arguments)
    except TrendscoutError as error:
        from trendscout.cli.output import message

        print(message(error, help_lang()), file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, without secrets
        if isinstance(error.__cause__, KeyboardInterrupt):  # so says DuckDB that it was stopped in a query
            sys.exit(130)
        from trendscout.cli.language import t

        if {"-v", "--verbose"} & set(sys.argv):
            print(trace(error), file=sys.stderr, end="")
            sys.exit(_FAULT_OF_OURS)
        words = t("A fault of trendscout itself: {error}. Run it again with --verbose and report what it prints.")
        print(words.format(error=f"{type(error).__name__}: {reason(error)}"), file=sys.stderr)
        sys.exit(_FAULT_OF_OURS)


def _speak_any_encoding() -> None:
    """Let answers pass a pipe of any encoding: what it cannot say is replaced, as errors on stderr always are."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


_WITH_VALUE = ("--db", "--config", "--lang")
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
