"""The language of this run, known before the commands are declared: help is text for people too."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from trendscout.lang import Lang, tr
from trendscout.resources import CONFIG, home

_MOST_BYTES = 65_536  # of a configuration; more is none
_LANG = re.compile(rb"""^\s*lang\s*=\s*["'](zh|en)["']""", re.MULTILINE)


def choose(arguments: Sequence[str], environment: Mapping[str, str], configured: str = "") -> Lang:
    """The language: --lang, else TRENDSCOUT_LANG, else the configuration's, else the locale's, else English."""
    given = _option(arguments, "--lang")
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    wanted = given or environment.get("TRENDSCOUT_LANG", "") or configured or locale
    return "zh" if wanted.lower().startswith("zh") else "en"


def _option(arguments: Sequence[str], name: str, value: str = "") -> str:
    """What the arguments say of an option, the last word counting; else `value`."""
    for position, argument in enumerate(arguments):
        if argument == name and position + 1 < len(arguments):
            value = arguments[position + 1]
        elif argument.startswith(f"{name}="):
            value = argument.partition("=")[2]
    return value


@cache
def help_lang() -> Literal["en", "zh"]:
    """The language of `--help` in this process."""
    return choose(sys.argv[1:], os.environ, configured(sys.argv[1:]))


def configured(arguments: Sequence[str]) -> str:
    """What `lang` the configuration of this run says; empty if it cannot be read: who loads it will tell."""
    file = _option(arguments, "--config") or str(home() / CONFIG)
    try:
        if not Path(file).is_file():  # a pipe would wait for whoever writes to it
            return ""
        with Path(file).open("rb") as opened:
            text = opened.read(_MOST_BYTES)
    except (OSError, ValueError):
        return ""
    match = _LANG.search((b"\n" + text).partition(b"\n[")[0])  # above the first table, without a parser's time
    return match[1].decode() if match else ""


def t(text: str) -> str:
    """`text` in the language of `--help`."""
    return tr(text, help_lang())
