"""The power goes: what was not flushed is gone. What was promised before is there."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trendscout.archive import Archive
from trendscout.files import whole_file
from trendscout.model import Query
from trendscout.report.paths import SUCCESS, commit, finished

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="names of open files are read in /proc"
)


class Disk:
    """What of a folder was flushed: the bytes of files, and the names in folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: dict[int, int] = {}  # of files, by inode
        self.names: dict[int, set[str]] = {}  # in folders, by inode

    def flush(self, file: int) -> None:
        """`os.fsync` on this disk."""
        place = Path(f"/proc/self/fd/{file}").resolve()
        if place.is_dir():
            self.names[place.stat().st_ino] = {path.name for path in place.iterdir()}
        else:
            self.sizes[os.fstat(file).st_ino] = os.fstat(file).st_size

    def lose_power(self) -> None:
        """Leave what a disk has for sure after the machine stopped at once."""
        for path in sorted(self.folder.rglob("*"), key=lambda path: -len(path.parts)):
            number = path.parent.stat().st_ino
            if path.name not in self.names.get(number, ()):
                path.rmdir() if path.is_dir() else path.unlink()
            elif path.is_file():
                os.truncate(path, self.sizes.get(path.stat().st_ino, 0))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = Disk(folder)
    monkeypatch.setattr(os, "fsync", made.flush)
    return made


def test_a_page_that_was_archived_is_there(disk: Disk) -> None:
    archive = Archive(disk.folder / "archive")
    refs = [archive.write_file(f"{n}.html", b"<html>" * n, Query("s", "US"), at=AT) for n in range(1, 4)]
    disk.lose_power()  # and nobody closes the file
    again = Archive(disk.folder / "archive")
    assert [again.read(ref).body for ref in refs] == [b"<html>" * n for n in range(1, 4)]
    assert len(list(again.pages())) == 3


def test_a_drop_that_was_finished_is_there(disk: Disk) -> None:
    folder = disk.folder / "drops"
    folder.mkdir()
    disk.names[disk.folder.stat().st_ino] = {"drops"}
    commit({folder / "daily.csv": b"a,b\n", folder / "daily.json": b"{}"}, marker=folder / SUCCESS)
    disk.lose_power()
    assert [path.read_bytes() for path in finished(folder / SUCCESS)] == [b"a,b\n", b"{}"]


def test_a_marker_is_never_there_before_its_files(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = disk.folder
    replace = os.replace

    def replace_as_before(source: Path, target: Path) -> None:
        if target.name == SUCCESS:
            assert {"daily.csv", "daily.json"} <= disk.names[folder.stat().st_ino]
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_as_before)
    commit({folder / "daily.csv": b"a,b\n", folder / "daily.json": b"{}"}, marker=folder / SUCCESS)


def test_a_whole_file_is_there(disk: Disk) -> None:
    whole_file(disk.folder / "config", lambda path: path.write_text("text"))
    disk.lose_power()
    assert (disk.folder / "config").read_text() == "text"


def test_this_disk_forgets(disk: Disk) -> None:
    (disk.folder / "unflushed").write_text("text")
    disk.lose_power()
    assert list(disk.folder.iterdir()) == []
