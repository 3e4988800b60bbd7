"""docs/bring-your-own.md and its Chinese twin say what the program says, and name every profile."""

import re
from pathlib import Path

import pytest

from trendscout.intake import profiles

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "lang"), [("bring-your-own.md", "en"), ("bring-your-own.zh.md", "zh")])
def test_the_example_says_what_the_page_says(run, name: str, lang: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    table, said = re.findall(r"```(?:csv)?\n(.*?)```", page[page.index("<!-- example -->") :], re.DOTALL)[:3:2]
    Path("lamps_2026-05-01.csv").write_text(table, encoding="utf-8")
    ended = run("--lang", lang, "import", "lamps_2026-05-01.csv")
    assert ended.code == 0
    for line in said.splitlines():
        assert line in ended.err.splitlines()


@pytest.mark.parametrize("name", ["bring-your-own.md", "bring-your-own.zh.md"])
def test_the_page_names_every_profile(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert [profile for profile in profiles() if f"`{profile}`" not in page] == []
