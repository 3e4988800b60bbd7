"""A store that a team shares: DuckLake, its catalogue in PostgreSQL and its data in open Parquet files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from trendscout.errors import StoreError, StoreForbidden, StoreLost, masked, reason
from trendscout.store.address import StoreAddress
from trendscout.store.sql import one, own_spill

if TYPE_CHECKING:
    import duckdb

_OF_A_CATALOGUE = ("postgres_scanner",)
_OF_A_LAKE = (*_OF_A_CATALOGUE, "ducklake")
# DuckDBs in memory that nobody uses, with the extensions: loading these 78 MB takes .3 s of CPU.
_spare: list[duckdb.DuckDBPyConnection] = []
_FOLDER = "lake"  # in data_path, beside archive/: nothing else lies in it, so that what nothing names can go
_OWNER = "owner.txt"  # in it: the id of the one catalogue that this folder belongs to
T = TypeVar("T")
# What a shared store says when another machine was quicker, or PostgreSQL went away for a moment.
_PASSING = re.compile(
    r"conflict|could not serialize|deadlock|connection|server closed|starting up|shutting down|terminating"
    r"|transaction is aborted"  # since its connection ended
    r'|query "(?:ROLLBACK|COMMIT|BEGIN[^"]*)": *$'  # what it says of a connection that ended, and no more
    r"|already exists|duplicate key",  # two made the same thing at once
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"permission denied|must be owner|read-only", re.IGNORECASE)
_WHY = re.compile(r"connection to server .*|(?:ERROR|FATAL|PANIC): +.*")  # PostgreSQL's words in DuckDB's
_NOT_MADE = re.compile("creating a new DuckLake is explicitly disabled")
_SERVER_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"
_TRIES = 6
_FIRST_PAUSE_S = 0.2


class Home(NamedTuple):
    """Where a lake's files lie, as its catalogue has it."""

    folder: Path
    owner: str  # the id of the catalogue

    @property
    def is_own(self) -> bool:
        """Whether nothing but the lake lies there; a lake of an early version shares its folder."""
        return self.folder.name == _FOLDER and (self.folder / _OWNER).exists()


@contextmanager
def open_lake(address: StoreAddress) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose current catalogue is the lake at `address`, closed on leaving.

    Its DuckDB then serves the next opening, with nothing attached. Raises StoreError if the lake cannot be had,
    the extensions are missing, or its folder is not the lake's.
    """
    import duckdb

    home = _spare.pop() if _spare else duckdb.connect(config=own_spill())
    try:
        with closing(prepared(home.cursor())) as connection:
            attach_lake(connection, address, name="lake")
            connection.execute("USE lake")
            yield connection
    finally:
        _give_back(home)


def _give_back(home: duckdb.DuckDBPyConnection) -> None:
    import duckdb

    try:
        attached = home.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
        for (name,) in attached:
            if name != "memory" and not name.startswith("__ducklake_metadata_"):  # these go with their lake
                home.execute(f"DETACH {name}")
    except (duckdb.Error, RuntimeError):  # the server went away, or the process is being stopped
        home.close()
    else:
        _spare.append(home)


def attach_lake(connection: duckdb.DuckDBPyConnection, address: StoreAddress, *, name: str) -> None:
    """Make the lake at `address` known to an open connection as `name`; raises as `open_lake`."""
    import duckdb

    attach = f"ATTACH {quoted(address.for_attach())} AS {name}"
    _load_extensions(connection, _OF_A_LAKE)
    try:
        try:
            retried(lambda: connection.execute(f"{attach} (CREATE_IF_NOT_EXISTS false)"))
        except duckdb.Error as error:
            if not _NOT_MADE.search(str(error)):
                raise
            _make(connection, address, attach, name)
        _check_home(connection, address, name)
    except (duckdb.Error, StoreLost) as error:  # it was tried again already
        raise _closed(address, error) from None


def attach_catalogue(connection: duckdb.DuckDBPyConnection, address: StoreAddress, *, name: str) -> None:
    """Make the PostgreSQL database behind the lake known as `name`; raises as `open_lake`."""
    import duckdb

    _load_extensions(connection, _OF_A_CATALOGUE)
    try:
        retried(lambda: connection.execute(f"ATTACH {quoted(address.catalogue())} AS {name} (TYPE postgres)"))
    except (duckdb.Error, StoreLost) as error:
        raise _closed(address, error) from None


def home_of(connection: duckdb.DuckDBPyConnection, name: str) -> Home:
    """Where the attached lake `name` keeps its files, and the id of its catalogue."""
    row = one(
        connection,
        f"""SELECT (SELECT value FROM __ducklake_metadata_{name}.ducklake_metadata WHERE key = 'data_path'),
            (SELECT schema_uuid::VARCHAR FROM __ducklake_metadata_{name}.ducklake_schema WHERE schema_id = 0)""",
    )
    folder, owner = row or ("", "")
    return Home(Path(folder), owner)


def server_time(connection: duckdb.DuckDBPyConnection) -> datetime:
    """What the clock of the PostgreSQL behind the open lake says."""
    row = one(connection, f"SELECT * FROM postgres_query('__ducklake_metadata_lake', '{_SERVER_TIME}')")
    if row is None:
        raise AssertionError("a SELECT without FROM has a row")
    return datetime.fromtimestamp(row[0], UTC)


def _make(connection: duckdb.DuckDBPyConnection, address: StoreAddress, attach: str, name: str) -> None:
    """Make a lake where there is none, its files in a folder that holds nothing else."""
    if not address.data_path:
        raise StoreError(
            "The shared store {address} is not made yet, and no folder is named for its files.",
            next_step="Set data_path in trendscout.toml to a folder that every machine sees under the same path.",
            address=address,
        )
    folder = Path(address.data_path).resolve() / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise StoreError(
            "The folder {folder} cannot be used: {why}.",
            next_step="Check data_path and its permissions.",
            folder=folder,
            why=error.strerror or type(error).__name__,
        ) from error
    if taken:
        # Perhaps another machine made this very lake a moment ago; if not, the folder is somebody else's.
        import duckdb

        with suppress(duckdb.Error):
            retried(lambda: connection.execute(f"{attach} (CREATE_IF_NOT_EXISTS false)"))
            return
        raise _foreign(folder)
    retried(lambda: connection.execute(f"{attach} (DATA_PATH {quoted(f'{folder}/')})"))
    home = home_of(connection, name)
    with suppress(FileExistsError), (folder / _OWNER).open("x", encoding="utf-8") as file:
        file.write(home.owner)


def _check_home(connection: duckdb.DuckDBPyConnection, address: StoreAddress, name: str) -> None:
    """Raise StoreError if the lake's folder is not where data_path has it, or not there, or another lake's."""
    home = home_of(connection, name)
    if address.data_path:
        wanted = Path(address.data_path).resolve()
        if home.folder.resolve() not in (wanted, wanted / _FOLDER):
            raise StoreError(
                "The shared store keeps its files in {folder}, and data_path is {wanted}.",
                next_step="Set data_path to that folder's place; it has the same path on every machine.",
                folder=home.folder,
                wanted=wanted,
            )
    if home.folder.name != _FOLDER:
        return
    try:
        owner = (home.folder / _OWNER).read_text(encoding="utf-8")
    except OSError:
        _mark_new(connection, home, name)
        return
    if owner.strip() != home.owner:
        raise _foreign(home.folder)


def _mark_new(connection: duckdb.DuckDBPyConnection, home: Home, name: str) -> None:
    """Make a folder without a mark the lake's, if whoever made the lake was stopped before the mark was there."""
    row = one(connection, f"SELECT count(*) FROM __ducklake_metadata_{name}.ducklake_data_file")
    if (row and row[0]) or not home.folder.parent.is_dir():
        raise StoreError(
            "The files of the shared store are not in {folder}.",
            next_step="Mount that folder on this machine under this path; nothing was changed.",
            folder=home.folder,
        )
    home.folder.mkdir(exist_ok=True)
    with suppress(FileExistsError), (home.folder / _OWNER).open("x", encoding="utf-8") as file:
        file.write(home.owner)


def _foreign(folder: Path) -> StoreError:
    return StoreError(
        "The folder {folder} holds the files of another store.",
        next_step="Give each shared store a data_path of its own; nothing was changed.",
        folder=folder,
    )


def _closed(address: StoreAddress, error: Exception) -> StoreError:
    return StoreError(
        "The shared store {address} cannot be opened: {why}.",
        next_step="Look whether PostgreSQL answers, and whether this role may use the database.",
        address=address,
        why=_why(error),
    )


def in_words(error: Exception) -> StoreError | None:
    """A fault of the shared store as its users are told it; None for any other fault of a statement."""
    import duckdb

    text = str(error)
    if _FORBIDDEN.search(text):
        return StoreForbidden(
            "The shared store does not let this role do that: {why}.",
            next_step="Ask whoever keeps the database for the right, or use another role.",
            why=_why(error),
        )
    if _PASSING.search(text):
        return StoreLost(
            "The shared store cannot be reached, or does not take the change: {why}.",
            next_step="Look whether PostgreSQL answers; what was collected is in the archive.",
            why=_why(error),
        )
    faults = (duckdb.IOException, duckdb.TransactionException, duckdb.InternalException, duckdb.FatalException)
    if isinstance(error, faults) or type(error) is duckdb.Error:  # so come the errors of PostgreSQL
        return StoreError(
            "The shared store answers with an error: {why}.",
            next_step="`trendscout doctor` looks closer.",
            why=_why(error),
        )
    return None


def _why(error: Exception) -> str:
    """What PostgreSQL or DuckDB says, in one line that may be shown."""
    found = _WHY.search(masked(str(error)))
    return found[0].rstrip(". ") if found else reason(error)


def retried(work: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `work` gives, tried again (6 times in 6 s) while a shared store has conflicts or cannot be reached.

    `work` changes the store in one transaction, or so that a second time changes nothing. Raises StoreLost if
    the conflict or the fault of the connection lasts; what else goes wrong is not tried again.
    """
    import duckdb

    pause = _FIRST_PAUSE_S
    for tries_left in reversed(range(_TRIES)):
        try:
            return work()
        except (duckdb.Error, StoreLost) as error:
            lost = error if isinstance(error, StoreLost) else in_words(error)
            if not isinstance(lost, StoreLost):
                raise
            if not tries_left:
                raise lost from None
        sleep(pause)
        pause *= 2
    raise AssertionError  # the last try returns or raises


def derived(work: Callable[[], object]) -> None:
    """Have `work` keep what can be made again: it is left where a shared store forbids it, or others write."""
    import duckdb

    try:
        work()
    except duckdb.Error as error:
        if not isinstance(in_words(error), StoreLost | StoreForbidden):
            raise


def quoted(text: str) -> str:
    """The text as a literal of SQL, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with the settings that all stores share."""
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")  # times without a zone in imported files are UTC
    return connection


def _load_extensions(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> None:
    """Load extensions, installed or from the wheels of `trendscout[team]`; nothing is downloaded."""
    import duckdb

    for name in names:
        try:
            connection.execute(f"LOAD {name}")
        except duckdb.Error:
            try:
                from duckdb_extensions import import_extension
            except ImportError:
                raise StoreError(
                    "A shared store needs the DuckDB extension {name}, which is not installed.",
                    next_step="Install it with: pip install 'trendscout[team]'",
                    name=name,
                ) from None
            import_extension(name)
            connection.execute(f"LOAD {name}")
