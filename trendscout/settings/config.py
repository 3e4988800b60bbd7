"""trendscout.toml into typed settings; errors name file, line and key."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendscout.errors import ConfigError, TrendscoutError
from trendscout.files import TooLarge, written_text
from trendscout.resources import CONFIG, folder, home

if TYPE_CHECKING:
    import fastjsonschema

ALERTS_FILE = "alerts.toml"  # beside the configuration
DEFAULT_DB = "trendscout.duckdb"
_READER = re.compile(r"\w[\w-]{0,39}")
# Where each setting stands in the file.
_PLACES = {
    "contact": "contact",
    "lang": "lang",
    "db": "db",
    "data_path": "data_path",
    "markets": "markets",
    "sources": "sources",
    "categories": "categories",
    "timezone": "timezone",
    "collect.spacing_s": "spacing_s",
    "collect.timeout_s": "timeout_s",
    "report.top": "top",
    "report.folder": "drop_folder",
    "archive.keep_days": "keep_days",
    "archive.keep_gb": "keep_gb",
    "alerts": "alerts",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a digest goes. The address itself stays in the environment."""

    name: str
    kind: str  # wecom, dingtalk, feishu, apprise
    env: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What trendscout.toml says, with defaults for what it does not."""

    path: Path | None = None
    folder: Path = Path()  # where it would be, if there is none
    contact: str = ""
    lang: str = ""  # "" = by the environment
    db: str = DEFAULT_DB
    data_path: str = ""
    markets: tuple[str, ...] = ("US", "UK")
    sources: tuple[str, ...] = ()  # () = those that are on by default
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by source
    timezone: str = ""  # "" = the machine's
    spacing_s: float | None = None  # None = each source's own
    timeout_s: float = 20.0  # without a byte before a request is given up
    top: int = 20
    drop_folder: str = "drops"
    keep_days: int | None = None  # None = raw pages are kept for good
    keep_gb: float | None = None
    channels: tuple[Channel, ...] = ()
    alerts: Mapping[str, Any] = field(default_factory=dict)  # as `report.alerts` reads them
    reader: str = ""  # for whom this is; "" = everyone; said by a job or by --reader
    left_out: tuple[TrendscoutError, ...] = ()  # files of the user's that are wrong: told, and not used

    @property
    def home(self) -> Path:
        """The folder that relative paths of the configuration start from."""
        return self.path.parent if self.path else self.folder

    def own(self, name: str) -> Path:
        """A file or folder beside the configuration: the reader's, in readers/NAME/, where that is there."""
        theirs = self.home / "readers" / self.reader / name
        return theirs if self.reader and theirs.exists() else self.home / name

    def read_by(self, reader: str) -> Settings:
        """The settings for a reader of a shared collection.

        Raises ConfigError for what is no name.
        """
        if reader and not _READER.fullmatch(reader):
            raise ConfigError(
                "{reader!r} is no reader's name.", next_step="Use letters, digits and hyphens.", reader=reader
            )
        return replace(self, reader=reader)


def load_settings(path: Path | None) -> Settings:
    """The settings in `path`, or in the trendscout.toml of `resources.home` where there is one, else the defaults.

    Raises ConfigError if a named file is missing or anything in it is wrong.
    """
    if path is None:
        path = home() / CONFIG
        if not path.exists():
            return Settings(folder=path.parent, alerts=load_alerts(path.parent / ALERTS_FILE))
    table = load_toml(path, "config")
    values: dict[str, Any] = {"path": path}
    for key, name in _PLACES.items():
        section, _, leaf = key.rpartition(".")
        part = table.get(section, {}) if section else table
        if leaf in part:
            values[name] = tuple(part[leaf]) if isinstance(part[leaf], list) else part[leaf]
    values["channels"] = tuple(Channel(name, **channel) for name, channel in table.get("push", {}).items())
    values["alerts"] = {**load_alerts(path.parent / ALERTS_FILE), **values.get("alerts", {})}
    return Settings(**values)


def load_alerts(path: Path) -> dict[str, Any]:
    """The alerts that `trendscout alert` keeps, as the configuration has them; none where there is no file.

    Raises ConfigError naming the file, the line and the key.
    """
    table = load_toml(path, "config") if path.exists() else {}
    found: dict[str, Any] = table.get("alerts", {})
    return found


def load_toml(path: Path, schema: str) -> dict[str, Any]:
    """A TOML file that satisfies schemas/<schema>.schema.json.

    Raises ConfigError naming the file, the line and the key.
    """
    try:
        text = written_text(path)
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            "{path} cannot be read.", next_step="`trendscout init` writes one.", path=path
        ) from error
    except TooLarge as error:
        raise ConfigError(
            "{path} is larger, or nested deeper, than any configuration.", next_step="Check the path.", path=path
        ) from error
    except (ValueError, RecursionError) as error:  # also endless numbers and endless nesting
        raise ConfigError(
            "{path} is not TOML: {error}.", next_step="Mend that line.", path=path, error=str(error)
        ) from error
    import fastjsonschema

    try:
        _validator(schema)(table)
    except fastjsonschema.JsonSchemaValueException as error:
        raise _unfit(path, text, schema, error) from error
    return table


def _unfit(path: Path, text: str, schema: str, error: fastjsonschema.JsonSchemaValueException) -> ConfigError:
    """The error for what a schema refuses, in words for who wrote the file."""
    import difflib

    above = [str(key) for key in error.path[1:]]
    rule = error.rule_definition
    if error.rule == "required":
        key = next(key for key in rule if key not in error.value)
        return ConfigError(
            "{path}: {key} is missing.",
            next_step="Add it to that section."
            if above
            else "Add it; above the first [section], for a line below one belongs to that section.",
            path=path,
            key=".".join([*above, key]),
        )
    if error.rule == "additionalProperties":
        known = error.definition.get("properties", {})
        key = next(key for key in error.value if key not in known)
        near = difflib.get_close_matches(key, known, 1)
        return ConfigError(
            "{path}{line}: {key} is no key here.",
            next_step="Did you mean {near}? Allowed here: {known}." if near else "Allowed here: {known}.",
            path=path,
            line=line_of(text, [*above, key]),
            key=".".join([*above, key]),
            near=near[0] if near else "",
            known=", ".join(known),
        )
    return ConfigError(
        "{path}{line}: {key}: {fault}.",
        next_step="Mend that line.",
        path=path,
        line=line_of(text, above),
        key=".".join(above) or "file",
        fault=error.message.replace("data.", "").replace("data ", ""),
        schema=schema,
    )


@cache
def _validator(schema: str) -> Any:
    import fastjsonschema

    text = (folder("schemas") / f"{schema}.schema.json").read_text(encoding="utf-8")
    return fastjsonschema.compile(json.loads(text))


def line_of(text: str, keys: Sequence[str]) -> str:
    """Where the deepest of the keys stands in the text: `, line N`, or nothing if none does."""
    line_number = 0
    lines = text.splitlines()
    for key in (key for key in keys if not key.isdigit()):
        for number, line in enumerate(lines[line_number:], line_number + 1):
            bare = line.strip().lstrip("[").replace('"', "").split("=")[0].split("]")[0].strip()
            if key in bare.split("."):
                line_number = number
                break
    return f", line {line_number}" if line_number else ""
