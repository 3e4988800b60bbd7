"""Golden files: what an output must be, byte for byte. TRENDSCOUT_GOLDEN=write makes them anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def same(name: str, found: bytes) -> None:
    """Hold `found` against the golden file `name`."""
    path = FOLDER / name
    if os.environ.get("TRENDSCOUT_GOLDEN") == "write":
        path.write_bytes(found)
    assert path.exists(), f"no golden file {name}: run the tests once with TRENDSCOUT_GOLDEN=write and look at it"
    assert found == path.read_bytes(), (
        f"{name} changed: if it was meant, TRENDSCOUT_GOLDEN=write and look at the diff"
    )
