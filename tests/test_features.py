"""docs/features.md names commands and options that there are, and leaves no command out."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import typer

from trendscout.cli import _COMMANDS, globals_first
from trendscout.cli.app import app

TEXT = (Path(__file__).parent.parent / "docs" / "features.md").read_text(encoding="utf-8")
LINES = re.findall(r"`trendscout (.+?)`", TEXT)
WITH_VALUE = {"--lang": 2, "--reader": 2, "--db": 2}


def tree() -> typer.main.TyperGroup:
    for part in _COMMANDS:
        import_module(f"trendscout.cli.{part}")
    return typer.main.get_command(app)


def command_of(words: list[str]) -> tuple[list[str], set[str], list[str]]:
    """The path of the command that a line starts, the options that it has, and those that the line gives."""
    group = tree()
    options = {name for one in group.params for name in one.opts} | {"--install-completion"}
    words = globals_first(words)
    while words and words[0].startswith("-"):
        del words[: WITH_VALUE.get(words[0], 1)]
    path: list[str] = []
    while words and hasattr(group, "commands"):
        path.append(words.pop(0))
        group = group.commands[path[-1]]
        options |= {name for one in group.params for name in one.opts}
    return path, options, [word for word in words if word.startswith("--")]


@pytest.mark.parametrize("line", LINES)
def test_a_command_that_is_named_is_there_with_its_options(line: str) -> None:
    _, options, given = command_of(shlex.split(line))
    assert set(given) <= options


def test_every_command_is_named() -> None:
    named = {tuple(command_of(shlex.split(line))[0]) for line in LINES}
    for name, command in tree().commands.items():
        for leaf in getattr(command, "commands", None) or (None,):
            assert ((name, leaf) if leaf else (name,)) in named
