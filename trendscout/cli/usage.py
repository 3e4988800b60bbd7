"""What Typer says of itself, in Chinese: headings of the help, and errors of usage."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from trendscout.cli.language import t

USAGE = 2  # exit code
_WORDS = {
    "OPTIONS_PANEL_TITLE": "选项",
    "ARGUMENTS_PANEL_TITLE": "参数",
    "COMMANDS_PANEL_TITLE": "命令",
    "ENVVAR_STRING": "[环境变量：{}]",
    "DEFAULT_STRING": "[默认：{}]",
    "REQUIRED_LONG_STRING": "[必填]",
}
# Typer's English → our sentence, whose fields are the groups.
ERRORS: tuple[tuple[str, str], ...] = (
    (r"No such option: (?P<name>\S+?)\.?(?: .*)?", "There is no option {name}."),
    (r"No such command '(?P<name>.*?)'\.(?: .*)?", "There is no command {name}."),
    (r"Missing (?:argument|option|parameter) '(?P<name>.*?)'\.(?: .*)?", "{name} is missing."),
    (r"Option '(?P<name>.*?)' requires an argument\.", "The option {name} needs a value."),
    (r"Got unexpected extra argument(?:s|\(s\))? \((?P<name>.*)\)", "Nothing is expected here: {name}."),
    (r"Invalid value(?: for '?(?P<name>[^':]*)'?)?: .*", "The value of {name} does not fit."),
)


def run_in_chinese(app: Any, arguments: Sequence[str]) -> None:
    """Run the command line, saying in Chinese what Typer would say in English.

    Typer knows no other language (0.29): its headings and its own options' help are set here, and its errors are
    met before it shows them.
    """
    from typer import rich_utils

    english = {name: getattr(rich_utils, name) for name in _WORDS}
    for name, title in _WORDS.items():
        setattr(rich_utils, name, title)
    its_help = rich_utils._get_parameter_help

    def help_of(*, param: Any, **rest: Any) -> Any:
        param.help = param.help and t(param.help)
        return its_help(param=param, **rest)

    rich_utils._get_parameter_help = help_of
    try:
        code = app(args=list(arguments), standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):  # none of Typer's own, which have no public class
            raise
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.exit(USAGE)  # Typer has shown the help
        path = context.command_path if context is not None else "trendscout"
        help_line = t("`{command} --help` tells more.").format(command=path)
        print(f"{in_chinese(error.format_message())} {help_line}", file=sys.stderr)
        sys.exit(USAGE)
    finally:
        rich_utils._get_parameter_help = its_help
        for name, title in english.items():
            setattr(rich_utils, name, title)
    sys.exit(code if isinstance(code, int) else 0)


def in_chinese(message: str) -> str:
    """One of Typer's errors in the language of `--help`; one that is not known stays as it is."""
    for pattern, sentence in ERRORS:
        if found := re.fullmatch(pattern, message.strip(), re.DOTALL):
            return t(sentence).format(**{name: value or "" for name, value in found.groupdict().items()})
    return message
