"""What is installed is what was pinned: every wheel by its hash, from wherever the user's index has it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["run", "test", "desk", "build"])
def test_every_pin_has_hashes_and_names_no_index(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.split(r"\n(?=\S)", text.strip())
    assert [pin.split("==")[0] for pin in pins if not re.search(r"\\\n +--hash=sha256:[0-9a-f]{64}", pin)] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links| @ ", text)


def test_what_make_installs_from_pins_is_checked_by_hash():
    lines = (ROOT / "Makefile").read_text().splitlines()
    pinned = [
        line for line in lines if "pip install" in line and re.search(r"-r (\$\(|requirements/\w+\.txt)", line)
    ]
    assert len(pinned) == 3
    assert all("--require-hashes" in line for line in pinned)
