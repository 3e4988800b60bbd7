"""The language of this run, known before the commands are declared: help is text for people too."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from trendscout.lang import Lang, tr


def choose(arguments: Sequence[str], environment: Mapping[str, str], configured: str = "") -> Lang:
    """The language: --lang, else TRENDSCOUT_LANG, else the configuration's, else the locale's, else English."""
    given = ""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            given = arguments[position + 1]
        elif argument.startswith("--lang="):
            given = argument.partition("=")[2]
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    wanted = given or environment.get("TRENDSCOUT_LANG", "") or configured or locale
    return "zh" if wanted.lower().startswith("zh") else "en"


@cache
def help_lang() -> Literal["en", "zh"]:
    """The language of `--help` in this process."""
    return choose(sys.argv[1:], os.environ)


def t(text: str) -> str:
    """`text` in the language of `--help`."""
    return tr(text, help_lang())
