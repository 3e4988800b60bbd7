"""What was taken back is known for as long as the archive is."""

from pathlib import Path

import pytest

from trendscout.archive.withdrawn import withdraw, withdrawn
from trendscout.errors import ArchiveError
from trendscout.model import ArchiveRef

ONE, OTHER = ArchiveRef("2026/2026-11-23-001.warc.gz", 0), ArchiveRef("2026/2026-11-23-002.warc.gz", 91)


def test_records_that_were_taken_back_are_known(tmp_path: Path) -> None:
    assert withdrawn(tmp_path) == frozenset()
    withdraw(tmp_path, [ONE])
    withdraw(tmp_path, [OTHER, ONE])
    assert withdrawn(tmp_path) == {ONE, OTHER}


def test_a_line_that_a_kill_cut_off_says_nothing(tmp_path: Path) -> None:
    withdraw(tmp_path, [ONE, OTHER])
    file = tmp_path / "taken-back.txt"
    file.write_bytes(file.read_bytes()[:-4] + b"\xff\n../../etc/passwd@0\n")
    assert withdrawn(tmp_path) == {ONE}


def test_an_archive_that_cannot_be_written_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "taken-back.txt").mkdir()
    with pytest.raises(ArchiveError, match="cannot be written"):
        withdraw(tmp_path, [ONE])
