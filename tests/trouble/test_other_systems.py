"""What we write has names that Windows and macOS take, and what comes from there is read; told without them."""

from __future__ import annotations

import ntpath
from datetime import UTC, date, datetime
from pathlib import Path, PureWindowsPath

import pytest

from trendscout.archive import Archive, daily_files
from trendscout.errors import UsageError
from trendscout.intake import read_export
from trendscout.model import Query
from trendscout.report.paths import copy_latest, target
from trendscout.settings.config import load_settings, load_toml

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
LONGEST_PATH = 260  # with the drive and a closing NUL, where long paths are not switched on
LONGEST_HOME = 120  # what a user's folder may have of it


def taken_by_windows(path: Path) -> bool:
    """Whether each part of a path can be a file's name there."""
    parts = PureWindowsPath(*path.parts).parts
    return not any(ntpath.isreserved(part) if hasattr(ntpath, "isreserved") else _odd(part) for part in parts)


def _odd(part: str) -> bool:
    stem = part.partition(".")[0].rstrip(" ").upper()
    device = stem in {"CON", "PRN", "AUX", "NUL"} or (stem[:3] in {"COM", "LPT"} and stem[3:].isdigit())
    return device or part.endswith((" ", ".")) or any(sign in '<>:"/\\|?*' or sign < " " for sign in part)


@pytest.mark.parametrize(
    "name",
    ["daily", "con", "LPT1", "nul.csv", "a:b", "what?", "end. ", "x" * 300, "日报", "a\\b", "..", "tab\tin"],
)
@pytest.mark.parametrize("market", ["US", "aux", "U:S"])
def test_a_drop_has_a_name_that_windows_takes_or_is_refused(tmp_path: Path, name: str, market: str) -> None:
    fields = {"date": "2026-11-20", "time": "0800", "name": name, "market": market, "ext": "csv"}
    try:
        path = target("{date}/{market}/{name}.{ext}", tmp_path, fields)
    except UsageError:
        assert {name, market} & {"con", "LPT1", "nul.csv", "aux", ".."}
        return
    inside = path.relative_to(tmp_path)
    assert taken_by_windows(inside), inside
    beside = inside.with_name(f".{inside.stem}.coverage{inside.suffix}.12345678.part")
    assert LONGEST_HOME + len(str(beside)) < LONGEST_PATH


@pytest.mark.parametrize("name", ["con", "NUL", "com1"])
def test_the_latest_copy_of_a_job_named_like_a_device_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_bytes(b"a")
    with pytest.raises(UsageError, match="no path inside"):
        copy_latest([tmp_path / "a.csv"], tmp_path, name)


def test_the_archive_has_names_that_windows_takes_and_tells_apart(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        ref = archive.write_file("报告:1?.html", b"<html>", Query("s", "US"), at=AT)
        assert archive.read(ref).body == b"<html>"
    names = [file.name for file in daily_files.files_of(tmp_path)]
    assert names
    for name in names:
        assert taken_by_windows(Path(name)), name
        assert LONGEST_HOME + len(name) < LONGEST_PATH
    assert len({name.casefold() for name in names}) == len(names)  # nor by macOS for one
    assert daily_files.files_of(tmp_path)[0].day == date(2026, 11, 20)


def test_files_of_a_chinese_windows_are_read(tmp_path: Path) -> None:
    """Excel's CSV there is cp936 with CRLF, the editor's TOML has CRLF and perhaps a mark of its encoding."""
    text = "排名,商品名称,商品ID,平均单价($),销量\n1,月光捏捏乐,1729384756102938475,4.99,1.2万\n"
    (tmp_path / "表.csv").write_bytes(text.replace("\n", "\r\n").encode("cp936"))
    (entry,) = read_export(tmp_path / "表.csv", at=AT, market="US").snapshots[0].entries
    assert (entry.title, entry.count) == ("月光捏捏乐", 12_000)
    config = tmp_path / "trendscout.toml"
    config.write_bytes('contact = "me@example.com"\r\n\r\n[collect]\r\nspacing_s = 3.5\r\n'.encode("utf-8-sig"))
    assert load_settings(config).contact == "me@example.com"
    assert load_toml(config, "config")["collect"] == {"spacing_s": 3.5}
