"""Where the files that travel with the package are: schemas/, jobs/, extension/, skills/ and some of docs/."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG = "trendscout.toml"


def folder(name: str) -> Path:
    """The folder `schemas`, `jobs`, ...: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name


def home() -> Path:
    """The folder of the configuration that no --config names.

    TRENDSCOUT_HOME where it is set; else this folder; else, where only that has a configuration, the platform's
    folder for data of programs.
    """
    if named := os.environ.get("TRENDSCOUT_HOME"):
        return Path(named)
    if not Path(CONFIG).exists() and (users_home() / CONFIG).exists():
        return users_home()
    return Path()


def users_home() -> Path:
    """The platform's folder for what this user's programs keep."""
    from platformdirs import user_data_path

    return user_data_path("trendscout", appauthor=False)
