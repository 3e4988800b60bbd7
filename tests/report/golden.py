"""Golden files: what an output must be, byte for byte. `make update` makes them anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def same(name: str, found: bytes) -> None:
    """Hold `found` against the golden file `name`."""
    path = FOLDER / name
    if os.environ.get("TRENDSCOUT_UPDATE"):
        path.write_bytes(found)
    assert path.exists(), f"no golden file {name}: run `make update` and look at it"
    assert found == path.read_bytes(), f"{name} changed: if it was meant, `make update` and look at the diff"
