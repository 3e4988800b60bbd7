"""Where a store is: a file, or the catalogue of a lake in PostgreSQL and the folder of its data."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from trendscout.errors import UsageError, keep_secret

LAKE = "ducklake:"
_POSTGRES = "postgres:"
_SHOWN = ("dbname", "host", "hostaddr", "port", "user", "service")
_SECRET = ("password", "sslpassword")
# libpq's own rules: a value with spaces stands in quotes, and a backslash takes the next sign as it is.
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])(?:\\.|[^\s\\])*|(?=\s|$))")
_HOST = r"(?:\[[^\]/?@]*\]|[^:,/?@\[]*)(?::\d*)?"
_URI = re.compile(
    rf"postgres(?:ql)?://(?:(?P<user>[^:@/?]*)(?::(?P<password>[^@/?]*))?@)?(?P<host>{_HOST}(?:,{_HOST})*)"
    r"(?:/(?P<dbname>[^?]*))?(?:\?(?P<more>.*))?"
)
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class StoreAddress:
    """A store's file, or "ducklake:postgres:..." for one that a team shares, and the folder of the latter's data.

    Written out anywhere it shows no password; only `for_attach` gives the text that PostgreSQL needs. Raises
    UsageError, without the text, for what is neither.
    """

    __slots__ = ("_text", "data_path", "shared")

    def __init__(self, text: str | Path, data_path: str = "") -> None:
        self._text = str(text)
        self.shared = self._text.startswith(LAKE)
        self.data_path = data_path
        if not self.shared and not re.match(r"postgres(ql)?:", self._text):
            return
        if not self._text.startswith(LAKE + _POSTGRES):
            raise UsageError(
                "The address of the store is none that can be opened.",
                next_step='Write "ducklake:postgres:dbname=... host=... user=...", or the path of a file.',
            )
        for name, value, written in self._parts():
            if name in _SECRET:
                keep_secret(value)
                keep_secret(written)

    @classmethod
    def of(cls, address: StoreAddress | str | Path) -> StoreAddress:
        """The address itself, or one made of its text."""
        return address if isinstance(address, StoreAddress) else cls(address)

    @property
    def file(self) -> Path:
        """The file of a store that is one."""
        return Path(self._text)

    @property
    def archive(self) -> Path:
        """The archive's folder: beside the store's file, or in the data folder of a shared store."""
        return (Path(self.data_path) if self.shared else self.file.parent) / "archive"

    def exists(self) -> bool:
        """Whether there is a file; a shared store is taken to be there, since only opening it would tell."""
        return self.shared or self.file.exists()

    def for_attach(self) -> str:
        """The text with its password, for DuckDB's ATTACH and nothing else."""
        return self._text

    def catalogue(self) -> str:
        """The connection string of the PostgreSQL behind a lake, with its password, as `for_attach`."""
        return self._text.removeprefix(LAKE).removeprefix(_POSTGRES)

    def _parts(self) -> list[tuple[str, str, str]]:
        """Keyword, value, and the value as it is written, of each part of the connection string."""
        string = self.catalogue()
        parts = _of_uri(string) if re.match(r"postgres(ql)?://", string) else _of_pairs(string)
        # A dbname may hold a whole connection string; nobody needs it, and it is a second place for a password.
        if parts is None or any(re.search("=|://", value) for name, value, _ in parts if name in _SHOWN):
            raise UsageError(
                "The connection string of the store cannot be read.",
                next_step="Put values with spaces into '...'; leave the password to ~/.pgpass or PGPASSWORD.",
            )
        return parts

    def __str__(self) -> str:
        if not self.shared:
            return self._text
        return LAKE + _POSTGRES + " ".join(f"{name}={value}" for name, value, _ in self._parts() if name in _SHOWN)

    def __repr__(self) -> str:
        return f"StoreAddress({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoreAddress) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _of_pairs(string: str) -> list[tuple[str, str, str]] | None:
    """The parts of "name=value name='value'"; None where libpq would find a fault, and quote it."""
    parts = []
    place = 0
    while string[place:].strip():
        match = _PAIR.match(string, place)
        if not match:
            return None
        bare = match[2][1:-1] if match[2].startswith("'") else match[2]
        parts.append((match[1], re.sub(r"\\(.)", r"\1", bare), bare))
        place = match.end()
    return parts


def _of_uri(string: str) -> list[tuple[str, str, str]] | None:
    """The parts of "postgresql://user:password@host/dbname?name=value"; None as `_of_pairs`."""
    match = _URI.fullmatch(string)
    if not match or _BROKEN_PERCENT.search(string):
        return None
    named = [(name, match[name]) for name in ("dbname", "host", "user", "password") if match[name]]
    for part in filter(None, (match["more"] or "").split("&")):
        name, equals, value = part.partition("=")
        if not equals:
            return None
        named.append((unquote(name), value))
    return [(name, unquote(value), value) for name, value in named]
