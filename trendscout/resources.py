"""Where the files that travel with the package are: schemas/, jobs/, extension/, skills/ and some of docs/."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The folder `schemas`, `jobs`, ...: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name
