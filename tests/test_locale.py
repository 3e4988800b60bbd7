"""Text for people exists in Chinese: every English sentence that the code says has one, with the same fields."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from trendscout import errors
from trendscout.findings import SENTENCES as SENTENCES_OF_FINDINGS
from trendscout.findings import finding
from trendscout.lang import tr

ROOT = Path(__file__).parent.parent / "trendscout"
CHINESE: dict[str, str] = {}
for file in sorted((ROOT / "locale" / "zh").glob("*.toml")):
    CHINESE |= tomllib.loads(file.read_text(encoding="utf-8"))
SPEAKERS = {"t", "tr", "example", "say", "progress", "ask", "words"}
WORDED = {"Worded", "Broken", "BrokenBody", "BodyTooLarge", "BadRecord", "_Broken", "Rejected", "_redirects"}
FINDINGS = {"Diagnosis": (1, 2), "Fault": (0,), "Sentence": (1,)}


def literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def spoken(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in SPEAKERS or name in WORDED or name in errors.__all__:
        for argument in call.args[:1]:
            yield from literals(argument)
    if name == "wrong":  # of a declaration: key, fault
        for argument in call.args[1:2]:
            yield from literals(argument)
    for place in FINDINGS.get(name, ()):
        for argument in call.args[place : place + 1]:
            yield from literals(argument)
    if name in errors.__all__ and "next_step" in keywords:
        yield from literals(keywords["next_step"])
    if name == "Typer" and "help" in keywords:
        yield from literals(keywords["help"])


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """What the code says; not at import, where each process of the tests would read all of it."""
    return sorted(
        {
            text
            for path in ROOT.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
            for text in spoken(node)
            if text
        }
    )


def test_the_code_says_something(sentences):
    assert len(sentences) > 300


def test_every_sentence_has_chinese(sentences):
    assert [text for text in sentences if text not in CHINESE] == []


def test_no_sentence_points_to_a_file_that_is_not_installed():
    assert [text for text in CHINESE if "docs/" in text] == []


@pytest.mark.parametrize("code", SENTENCES_OF_FINDINGS)
def test_every_finding_is_said_in_both_languages(code):
    sentence = SENTENCES_OF_FINDINGS[code]
    assert sentence.text in CHINESE
    assert not sentence.one or "{count}" in sentence.text, "a singular needs a count"
    fields = {name: 2 for text in sentence[1:3] for _, name, _, _ in Formatter().parse(text) if name}
    many, chinese = finding(code, **fields), finding(code, **fields)
    assert many.said("en") != chinese.said("zh")
    assert "{" not in many.said("en") + chinese.said("zh")
    if sentence.one:
        assert finding(code, **{**fields, "count": 1}).said("en") == sentence.one.format(**fields)


def test_chinese_has_the_fields_of_the_english():
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert {text for text, chinese in CHINESE.items() if not fields(chinese) <= fields(text)} == set()


def test_an_unknown_sentence_is_said_in_english():
    assert tr("No such sentence {a}.", "zh", a=1) == "No such sentence 1."
