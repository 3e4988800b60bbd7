"""The declarations that come along are sound, and read what they say."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.intake import load_source
from trendscout.intake.trial import try_source

FOLDER = Path(__file__).parents[2] / "docs" / "declarations"
POSTS = [
    {
        "id": str(n), "shortCode": f"Cmoon{n}", "caption": f"Moon lamp {n} #moonlamp", "likesCount": 40 + n,
        "url": f"https://www.instagram.com/p/Cmoon{n}/", "videoPlayCount": 1200 * n, "ownerUsername": "somebody",
        "displayUrl": "https://cdn.example/x.jpg", "timestamp": "2026-11-18T08:00:00.000Z",
    }
    for n in (1, 2)
]  # fmt: skip


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_a_declaration_is_sound(file: Path) -> None:
    assert load_source(file).name == file.stem


@pytest.mark.parametrize("wrapped", [POSTS, {"items": POSTS}, {"data": POSTS}], ids=["bare", "items", "data"])
def test_posts_of_instagram_are_read_and_people_are_not(tmp_path: Path, wrapped: object) -> None:
    saved = tmp_path / "posts.json"
    saved.write_text(json.dumps(wrapped))
    reading = try_source(FOLDER / "instagram.toml", saved, market="US", at=datetime(2026, 11, 20, tzinfo=UTC))
    first, second = reading.entries
    assert (first.item_key, first.count, first.count_kind, first.rank) == ("Cmoon1", 1200, "plays", 1)
    assert (second.count, second.listed_at) == (2400, datetime(2026, 11, 18, 8, tzinfo=UTC))
    assert "somebody" not in repr(reading)
