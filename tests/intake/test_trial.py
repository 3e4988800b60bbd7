"""`trendscout source test` as its author meets it: each mistake is told with the line to mend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.errors import Blocked, ConfigError, LayoutChanged
from trendscout.intake.trial import try_source
from trendscout.model import Reading

TOP = 'name = "lamp_house"\nterms = "https://lamps.example/terms"\nformat = "html"\nmarkets = ["US"]\n'
PAGE = """<ul><li data-id="71"><h3>Moon lamp</h3><i>$12.50</i><b>4 sold</b></li>
<li data-id="72"><h3>Star lamp</h3><i>ask us</i></li></ul>"""


def tried(folder: Path, declaration: str, page: str = PAGE) -> Reading:
    (folder / "mine.toml").write_text(TOP + declaration, encoding="utf-8")
    (folder / "saved.html").write_text(page, encoding="utf-8")
    return try_source(
        folder / "mine.toml", folder / "saved.html", market=None, at=datetime(2026, 11, 20, tzinfo=UTC)
    )


def test_fields_that_stand_in_few_items_are_named(tmp_path: Path) -> None:
    fields = '[fields]\nitem_key = "@data-id"\ntitle = "h3"\nprice = "i"\ncount = "b"\nseller = "u"\n'
    reading = tried(tmp_path, f'items = "li"\n{fields}')
    assert reading.status == "ok"
    assert [str(finding) for finding in reading.findings] == [
        "price: a text has no clear number: 'ask us'.",
        "count: found in one of 2 items.",
        "seller: found in 0 of 2 items.",
    ]


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ('items = "li.card"\n[fields]\nitem_key = "@data-id"\n', "`items` finds nothing"),
        ('items = "li"\n[fields]\nitem_key = "@data-sku"\n', "2 items, but `item_key` or `url` finds no id"),
    ],
)
def test_nothing_read_names_the_line_to_mend(tmp_path: Path, declaration: str, told: str) -> None:
    with pytest.raises(LayoutChanged, match=told):
        tried(tmp_path, declaration)


def test_a_wall_is_told_before_the_declaration_is_doubted(tmp_path: Path) -> None:
    wall = "<html><title>Just a moment...</title><form id=challenge-form action=/cdn-cgi/challenge-platform>"
    with pytest.raises(Blocked):
        tried(tmp_path, 'items = "li"\n[fields]\nitem_key = "@data-id"\n', wall)


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        (
            'lenght = 5\nitems = "li"\n[fields]\nitem_key = "@id"\n',
            "line 5: lenght is no key here. Did you mean length",
        ),
        ('[fields]\nitem_key = "@id"\ncolour = "u"\n', "line 7: fields.colour is no key here"),
        ('items = "li"\n', "fields is missing. Add it; above the first"),
        ('[fields]\nitem_key = "@id"\ntitle = { pick = "(x)" }\n', "line 7: fields.title"),
    ],
)
def test_keys_that_do_not_belong(tmp_path: Path, declaration: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tried(tmp_path, declaration)
    assert told in str(caught.value)
