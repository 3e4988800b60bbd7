"""A package index has no folder beside the README: what it shows must carry whole addresses."""

import re
from pathlib import Path

import pytest
from package_index import CustomMetadataHook

ROOT = Path(__file__).parents[1]
ADDRESS = "https://forge.example/team/trendscout"


def metadata_of(monkeypatch, repository):
    monkeypatch.setenv("REPOSITORY", repository)
    metadata: dict = {}
    CustomMetadataHook(str(ROOT), {}).update(metadata)
    return metadata


def test_what_is_published_carries_whole_addresses_of_files_that_exist(monkeypatch):
    metadata = metadata_of(monkeypatch, ADDRESS + "/")
    targets = re.findall(r"\]\(([^)]+)\)", metadata["readme"]["text"])
    assert targets
    assert all(target.startswith(("https://", "#")) for target in targets)
    ours = [t for t in [*targets, *metadata["urls"].values()] if t.startswith(f"{ADDRESS}/") and "HEAD/" in t]
    assert [
        target for target in ours if not (ROOT / target.partition("HEAD/")[2].partition("#")[0]).exists()
    ] == []
    assert f"![The page]({ADDRESS}/raw/HEAD/docs/img/page.png)" in metadata["readme"]["text"]


def test_a_working_copy_names_no_address_and_shows_the_readme_as_it_stands(monkeypatch):
    metadata = metadata_of(monkeypatch, "")
    assert "urls" not in metadata
    assert metadata["readme"]["text"] == (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "wrong", ["forge.example/team", "http://forge.example/team", "https://me:key@forge.example/x"]
)
def test_what_is_no_public_address_is_refused(monkeypatch, wrong):
    with pytest.raises(ValueError, match="https address"):
        metadata_of(monkeypatch, wrong)
