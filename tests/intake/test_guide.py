"""docs/adding-a-source.md does what it says: its page is read by its declaration, and its other files load."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from trendscout.intake import load_source
from trendscout.model import Page, Query
from trendscout.settings.config import load_toml
from trendscout.sources.source import read_page

GUIDE = (Path(__file__).parents[2] / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
DECLARED = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


def test_the_page_of_the_guide_is_read(tmp_path: Path) -> None:
    file = tmp_path / "gadget_house.toml"
    file.write_text(DECLARED[0], encoding="utf-8")
    source = load_source(file)
    html = re.search(r"```html\n(.*?)```", GUIDE, re.DOTALL)
    assert html
    page = Page("https://www.gadget-house.example/best/lamps?page=1", datetime(2026, 11, 20, tzinfo=UTC), 200, {},
                html[1].encode(), Query("gadget_house", "US", "bestsellers", "lamps"))  # fmt: skip
    lamp, cave = read_page(source, page).entries
    assert (lamp.list, lamp.rank, lamp.item_key, lamp.title) == (
        "gadget_house_US/bestsellers/lamps",
        1,
        "7001",
        "Moon lamp",
    )
    assert (lamp.price, lamp.currency, lamp.count, lamp.rating, lamp.reviews) == (
        Decimal("19.90"),
        "USD",
        1200,
        4.6,
        88,
    )
    assert (cave.price, cave.count, cave.url) == (Decimal(12), None, "https://www.gadget-house.example/p/7002")


@pytest.mark.parametrize("text", DECLARED, ids=lambda text: text.split('"')[1])
def test_every_declaration_of_the_guide_loads(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.toml"
    file.write_text(text, encoding="utf-8")
    assert load_source(file).terms


def test_every_key_is_explained(tmp_path: Path) -> None:
    import json

    from trendscout.resources import folder

    schema = json.loads((folder("schemas") / "source.schema.json").read_text(encoding="utf-8"))
    table = GUIDE.split("## Every key")[1]
    missing = [key for key in schema["properties"] if f"`{key}`" not in table and f"[{key}]" not in table]
    missing += [key for key in schema["properties"]["fields"]["properties"] if key not in table]
    assert missing == []
    file = tmp_path / "x.toml"
    file.write_text(DECLARED[0], encoding="utf-8")
    assert load_toml(file, "source")["name"] == "gadget_house"
