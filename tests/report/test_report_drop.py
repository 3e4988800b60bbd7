"""Drops: golden files, what Excel makes of their bytes, files that are whole or not there."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from example import COVERAGE, NOW, RISING, but, empty, example, hostile
from golden import same
from sheet import cells, dump, opened

from trendscout.errors import UsageError
from trendscout.lang import Lang
from trendscout.model import Report
from trendscout.report import drop, paths, workbook
from trendscout.report.clean import visible
from trendscout.report.columns import COVERAGE as COVERAGE_COLUMNS
from trendscout.report.columns import ROW, View, heading
from trendscout.report.workbook import arranged, as_xlsx

SHANGHAI = ZoneInfo("Asia/Shanghai")


def people(report: Report, lang: Lang = "zh") -> bytes:
    return drop.as_csv(report, ROW, report.rows, View(lang, SHANGHAI, report.as_of))


def machine(report: Report) -> bytes:
    return drop.as_csv(report, ROW, report.rows, None)


def read(data: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))


# --- golden --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_golden_csv(lang: Lang) -> None:
    same(f"report-{lang}.csv", people(example(), lang))
    covered = drop.as_csv(example(), COVERAGE_COLUMNS, COVERAGE, View(lang, SHANGHAI, NOW))
    same(f"report-{lang}.coverage.csv", covered)


def test_golden_machine_files(tmp_path: Path) -> None:
    written = drop.write(
        example(), "{date}/{name}.{ext}", formats=["csv", "json"], lang="zh", folder=tmp_path, machine=True
    )
    names = [path.name for path in written]
    assert names == ["report.csv", "report.coverage.csv", "report.record.csv", "datapackage.json", "report.json"]
    *others, report = written
    for path in others:
        same(f"machine-{path.name}", path.read_bytes())
    text = report.read_text(encoding="utf-8")
    assert text.count("\n") == 1  # its end
    same(f"machine-{report.name}", drop.as_json(json.loads(text), readable=True).encode() + b"\n")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_golden_xlsx(lang: Lang) -> None:
    same(f"report-{lang}.xlsx.json", dump(as_xlsx(example(), View(lang, SHANGHAI, NOW))))


def test_same_report_same_bytes() -> None:
    view = View("zh", SHANGHAI, NOW)
    assert as_xlsx(example(), view) == as_xlsx(example(), view)


# --- CSV as Excel on Chinese Windows reads it -----------------------------------------------------------


def test_a_gbk_minded_excel_sees_the_mark_of_utf8() -> None:
    data = people(example())
    assert data.startswith(b"\xef\xbb\xbf")
    # Without the mark it would be read as GBK, and this is what the user would see.
    assert "商品" not in data.decode("gbk", errors="replace")
    assert data.decode("utf-8-sig").splitlines()[0].startswith("截至 (Asia/Shanghai),#,商品编号")


def test_lines_end_as_windows_wants() -> None:
    data = people(example())
    assert data.count(b"\r\n") == data.count(b"\n") == len(example().rows) + 1


def test_long_ids_stay_text() -> None:
    row = read(people(example()))[1]
    assert row["平台商品 ID"] == "\t1729508370969631"


def test_missing_is_empty_and_numbers_are_plain() -> None:
    young = read(machine(example()))[2]
    assert young["probability"] == young["rank_before"] == young["reviews"] == ""
    assert young["price"] == "38500"
    for row in read(machine(example())):
        assert not any(value.startswith("+") for value in row.values())


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1e-7, "0"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1000000000000000"),
        (Decimal("24.00"), "24"),
        (-0.5, "-0.5"),
        (7, "7"),
    ],
)
def test_numbers_have_no_exponent_and_no_noise(number: float | Decimal, shown: str) -> None:
    assert drop.decimal(number) == shown


def test_people_read_local_time() -> None:
    assert read(people(example()))[0]["截至 (Asia/Shanghai)"] == "2026-07-19 14:30"
    assert read(machine(example()))[0]["as_of"] == "2026-07-19T06:30:00Z"


# --- XLSX ----------------------------------------------------------------------------------------------


def test_xlsx_and_csv_say_the_same() -> None:
    report = example()
    view = View("en", SHANGHAI, NOW)
    sheet = cells(as_xlsx(report, view))["Products"]
    for row, line in zip(sheet[2:], read(people(report, "en")), strict=True):
        for column, value in zip(arranged(), row, strict=False):
            text = line[heading(column, view)].removeprefix("\t")
            if column.kind in ("integer", "number", "money"):
                assert (None if text == "" else float(text)) == (None if value is None else pytest.approx(value))
            elif column.kind == "share":
                assert text == ("" if value is None else f"{value:.1%}")
            elif column.kind == "flag":
                assert text == {None: "", True: "yes", False: "no"}[value]
            elif column.name != "image":
                assert text == (value or "")


def test_workbook_is_laid_out_for_a_reader() -> None:
    book = opened(as_xlsx(example(), View("zh", SHANGHAI, NOW)))
    assert book.sheetnames == ["商品", "历史名次", "价格与数量", "覆盖情况", "列说明"]
    sheet = book["商品"]
    assert str(sheet["A1"].value).endswith("14:30 Asia/Shanghai · ! 4 个榜单中 3 个缺失或不完整")
    assert sheet.freeze_panes == "D3"
    assert sheet.auto_filter.ref.startswith("A2:")
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$2")
    heads = [cell.value for cell in sheet[2]]
    assert heads[:2] == ["#", "标题"]
    assert sheet.print_area == f"'商品'!$A$1:$R${len(example().rows) + 2}"
    assert [column.name for column in arranged()][-1] == "as_of"
    assert {column.name for column in arranged()} == {column.name for column in ROW}
    key = sheet.cell(4, heads.index("平台商品 ID") + 1)
    assert (key.data_type, key.number_format, key.value) == ("s", "@", "1729508370969631")
    assert sheet.cell(3, heads.index("首次发现 (Asia/Shanghai)") + 1).is_date
    assert sheet.cell(3, heads.index("链接") + 1).hyperlink.target == "https://shop.example/dp/B0EXAMPLE1"
    assert sheet.cell(3, heads.index("图片") + 1).value == "图片"


def test_prices_and_counts_have_a_sheet() -> None:
    (first, *_) = RISING.facts.sightings
    seen = [point for point in first.curve if point.presence == "seen"]
    told = tuple(replace(point, price=Decimal("9.5"), count=70) for point in seen)
    report = replace(example(), rows=(but(RISING, sightings=(replace(first, curve=told, currency="USD"),)),))
    head, *lines = cells(as_xlsx(report, View("en", SHANGHAI, NOW)))["Prices and counts"]
    assert head[3:7] == ["Rank", "Price", "Currency", "Count"]
    assert len(lines) == len(seen)
    assert lines[0][3:7] == [4, 9.5, "USD", 70]


def test_sparklines_read_the_history_sheet() -> None:
    data = as_xlsx(example(), View("en", SHANGHAI, NOW))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<x14:sparkline>") == len(example().rows)
    assert "'History'!" in sheet or "History!" in sheet
    history = cells(data)["History"]
    rising = history[1]
    days = (len(history[0]) - 3) // 2
    ranks = [value for value in rising[3 : 3 + days] if value is not None]
    assert ranks == [97, 91, 84, 70, 45, 30, 21]
    ups = [value for value in rising[3 + days :] if value is not None]
    assert ups == sorted(ups)


def test_a_workbook_of_many_products_is_bounded_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MOST_CURVES", 2)
    monkeypatch.setattr(workbook, "_MOST_LINKS", 3)
    rows = tuple(
        replace(but(RISING, url=f"https://a.example/{number}", title=f"Kettle {number}"), position=number)
        for number in range(1, 8)
    )
    book = opened(as_xlsx(replace(example(), rows=rows), View("en", SHANGHAI, NOW)))
    products = book["Products"]
    links = [cell for line in products.iter_rows(min_row=2) for cell in line if cell.hyperlink]
    assert len(links) == 3
    assert products.max_row == 9
    assert [row[0].value for row in book["History"].iter_rows(min_row=2)] == ["Kettle 1", "Kettle 2"]
    told = [row[0].value for row in book["Coverage"].iter_rows() if row[0].value]
    assert sum("the first 2 products only" in one for one in told) == 1
    assert sum("Only 3 addresses are links" in one for one in told) == 1


def test_a_look_at_another_list_a_minute_later_tears_no_curve() -> None:
    (first, *_) = RISING.facts.sightings
    later = tuple(replace(point, at=point.at + timedelta(minutes=1)) for point in first.curve)
    other = but(RISING, item_key="other", sightings=(replace(first, curve=later),))
    report = replace(example(), rows=(but(RISING, sightings=(first,)), other))
    head, *lines = cells(as_xlsx(report, View("en", SHANGHAI, NOW)))["History"]
    days = (len(head) - 3) // 2
    assert days == len({point.at.astimezone(SHANGHAI).date() for point in first.curve})
    assert lines[0][3:] == lines[1][3:]


def test_an_empty_column_is_as_narrow_as_its_heading() -> None:
    noted = replace(example(), rows=(but(RISING, note="asked the factory twice"),))
    empty_ = replace(example(), rows=(but(RISING, note=None),))

    def width(report: Report) -> float:
        sheet = opened(as_xlsx(report, View("zh", SHANGHAI, NOW)))["商品"]
        (cell,) = [cell for cell in sheet[2] if cell.value == "备注"]
        return float(sheet.column_dimensions[cell.column_letter].width)

    assert width(noted) > 20
    assert width(empty_) < 8


def test_libreoffice_reads_the_same(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed here; openpyxl reads the workbook in the tests above")
    (tmp_path / "report.xlsx").write_bytes(as_xlsx(example(), View("en", SHANGHAI, NOW)))
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/home", "--convert-to"]
    command += [
        "csv:Text - txt - csv (StarCalc):44,34,76",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "report.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    _when_and_how_whole, _, table = (tmp_path / "report.csv").read_bytes().partition(b"\n")
    rows = read(table, "utf-8")
    assert [row["Title"] for row in rows] == [row.facts.title for row in example().rows]
    assert [row["Item key"] for row in rows] == [row.facts.item_key for row in example().rows]


# --- hostile titles --------------------------------------------------------------------------------------


def hostile_report() -> Report:
    rows = tuple(
        but(
            RISING,
            product_id=f"p{n}",
            position=n + 1,
            title=title,
            note=title,
            gloss_zh=title,
            url=title,
            image=title,
        )
        for n, title in enumerate(hostile())
    )
    return replace(example(), rows=rows)


def test_hostile_titles_in_csv_are_text() -> None:
    lines = people(hostile_report()).decode("utf-8-sig").split("\r\n")
    assert len(lines) == 502  # one line a product: no title broke out of its cell
    for row, title in zip(read(people(hostile_report())), hostile(), strict=True):
        assert row["标题"].removeprefix("\t") == visible(title)
        for cell in row.values():
            assert not cell.lstrip(" \u200b\ufeff").startswith(tuple("=+-@＝＋－＠\r\n")), cell[:50]


def test_hostile_titles_in_a_machine_file_are_as_they_were() -> None:
    rows = read(machine(hostile_report()), "utf-8")
    assert [row["title"] for row in rows] == [visible(title) for title in hostile()]


def test_hostile_titles_in_xlsx_are_text() -> None:
    data = as_xlsx(hostile_report(), View("zh", SHANGHAI, NOW))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name)
    sheet = opened(data)["商品"]
    place = [cell.value for cell in sheet[2]].index("标题") + 1
    for line, title in enumerate(hostile(), start=3):
        cell = sheet.cell(line, place)
        assert cell.data_type == "s"
        assert cell.value == visible(title), title[:50]
        for one in sheet[line]:
            assert one.data_type != "f"
            assert one.hyperlink is None


def test_hostile_titles_in_json_come_back_whole() -> None:
    for readable in (False, True):
        text = drop.as_json(drop.document(hostile_report()), readable=readable)
        text.encode("utf-8")
        assert not (set(text) - {"\n"}) & {chr(code) for code in (*range(32), *range(0x7F, 0xA0))}
        assert [row["title"] for row in json.loads(text)["rows"]] == hostile()


# --- places ----------------------------------------------------------------------------------------------


def wanted(pattern: str, tmp_path: Path, **more: Any) -> list[str]:
    written = drop.write(example(), pattern, formats=["csv"], lang="en", folder=tmp_path, name="daily", **more)
    return [path.relative_to(tmp_path).as_posix() for path in written]


def test_patterns_are_filled(tmp_path: Path) -> None:
    found = wanted("{market}/{date}/{name}-{time}.{ext}", tmp_path, zone=SHANGHAI)
    assert found[0] == "US/2026-07-19/daily-1430.csv"
    assert wanted("{date}.csv", tmp_path, date=date(2026, 7, 17))[0] == "2026-07-17.csv"


@pytest.mark.parametrize(
    "pattern",
    ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:\\x.csv", "a\\..\\..\\x.csv", "nul.csv", "a/aux/x.csv",
     "x.csv ", "", "{name.__class__}", "{name!r}", "{name:>9}", "{secret}", "{0}", "{", "a\0b"],
)  # fmt: skip
def test_patterns_that_lead_elsewhere_are_refused(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        wanted(pattern, tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_hostile_name_stays_a_name(tmp_path: Path) -> None:
    report = replace(example(), market="../../etc")
    (path, *_) = drop.write(
        report, "{market}/{name}.csv", formats=["csv"], lang="en", folder=tmp_path, name="../x"
    )
    assert path.relative_to(tmp_path).parts == ("etc", "x.csv")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drops").mkdir()
    (tmp_path / "drops" / "today").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UsageError, match="leads out"):
        drop.write(example(), "today/x.csv", formats=["csv"], lang="en", folder=tmp_path / "drops")


@pytest.mark.parametrize(
    ("out", "folder", "pattern"),
    [
        ("report.csv", ".", "report.csv"),
        ("out/report.csv", "out", "report.csv"),
        ("/srv/drops/{date}/{name}.csv", "/srv/drops", "{date}/{name}.csv"),
        ("/x.csv", "/", "x.csv"),
        ("../{date}.csv", "..", "{date}.csv"),
    ],
)
def test_what_the_user_types_is_split(out: str, folder: str, pattern: str) -> None:
    assert paths.split(out) == (Path(folder), pattern)


# --- whole or not there ------------------------------------------------------------------------------------


def write(tmp_path: Path, report: Report, **more: Any) -> tuple[Path, ...]:
    return drop.write(
        report, "{date}/{name}.{ext}", formats=["csv", "xlsx", "json", "html"], lang="zh", folder=tmp_path, **more
    )


def test_a_drop_ends_with_its_marker(tmp_path: Path) -> None:
    written = write(tmp_path, example())
    marker = tmp_path / "2026-07-19" / "_SUCCESS"
    assert paths.finished(marker) == written
    assert {path.name for path in marker.parent.iterdir()} == {path.name for path in written} | {"_SUCCESS"}


def test_a_drop_of_the_day_is_replaced_whole_or_kept(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write(tmp_path, example())}
    assert write(tmp_path, empty(), keep=True) == tuple(first)
    assert {path: path.read_bytes() for path in first} == first
    write(tmp_path, empty())
    same = [path.name for path, data in first.items() if path.read_bytes() == data]
    assert same == ["report.record.csv"]  # neither has a record
    assert paths.finished(tmp_path / "2026-07-19" / "_SUCCESS")


def test_a_damaged_drop_is_not_kept(tmp_path: Path) -> None:
    first = write(tmp_path, example())
    first[0].write_bytes(b"half")
    write(tmp_path, example(), keep=True)
    assert first[0].read_bytes() != b"half"


@pytest.mark.parametrize("failing", range(8))
def test_a_crash_leaves_no_half_file_and_no_marker(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in write(tmp_path, example())}
    after = {path: path.read_bytes() for path in write(tmp_path / "other", empty())}
    new = dict(zip(before, after.values(), strict=True))
    import os

    moves, move = [], os.replace

    def breaks(*args: Any) -> None:
        moves.append(args)
        if len(moves) > failing:
            raise OSError(28, "No space left on device", str(args[0]))
        move(*args)

    monkeypatch.setattr("os.replace", breaks)
    marker = tmp_path / "2026-07-19" / "_SUCCESS"
    if failing < 7:
        with pytest.raises(UsageError, match="No space left"):
            write(tmp_path, empty())
        assert not marker.exists()
    else:
        write(tmp_path, empty())
        assert paths.finished(marker)
    for path, data in before.items():
        assert path.read_bytes() in (data, new[path])
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_while_writing_leaves_the_old_drop_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in write(tmp_path, example())}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write(tmp_path, empty())
    assert {path: path.read_bytes() for path in before} == before
    assert paths.finished(tmp_path / "2026-07-19" / "_SUCCESS")
    assert not list(tmp_path.rglob("*.part"))


def test_a_file_without_a_folder_of_its_own_has_no_marker(tmp_path: Path) -> None:
    drop.write(example(), "report.xlsx", formats=["xlsx"], lang="en", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


def test_one_name_for_two_formats_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="several formats"):
        drop.write(example(), "report.csv", formats=["csv", "xlsx"], lang="en", folder=tmp_path)


def test_an_empty_report_still_gives_files_with_heads_and_the_reason(tmp_path: Path) -> None:
    table, covered, _, book, *_ = write(tmp_path, empty())
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) == 1
    assert "captcha" in covered.read_text(encoding="utf-8-sig")
    sheets = cells(book.read_bytes())
    assert len(sheets["商品"]) == 2
    assert any("没能看到" in str(cell) for row in sheets["覆盖情况"] for cell in row)


def test_the_latest_drop_has_a_place_of_its_own(tmp_path: Path) -> None:
    for name in ("daily", "../odd"):
        written = drop.write(
            example(), "{date}/{name}.{ext}", formats=["csv"], lang="en", folder=tmp_path, name=name
        )
        paths.copy_latest(written, tmp_path, name)
    place = tmp_path / "latest" / "daily"
    assert (place / "daily.csv").read_bytes() == (tmp_path / "2026-07-19" / "daily.csv").read_bytes()
    assert paths.finished(place / paths.SUCCESS) == tuple(
        place / f"daily{part}.csv" for part in ("", ".coverage", ".record")
    )
    assert {one.name for one in tmp_path.iterdir()} == {"latest", "2026-07-19"}
