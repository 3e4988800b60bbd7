"""`import` and `parse` of tables as a seller meets them: what is told, in which language, with which exit code."""

import io
import json
import sys
from pathlib import Path

import pytest

LINK = "https://www.amazon.com/dp/B0TESTAAA{}"
PLAIN = "商品名称,商品链接,价格,月销量,站点,排名,心情\n" + "".join(
    f"苔藓灯{n},{LINK.format(n)},$12.9{n},{n}00+,美国,{n},好\n" for n in (1, 2)
)
UNKNOWN = "Name,Price,Url\nOwl,12.5,https://nova.example/owl-p1.html\nLamp,ask,https://nova.example/lamp\n"


def written(text: str, name: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_chinese_table_simply_imports_and_says_what_it_leaves(run):
    ended = run("--lang", "zh", "import", written(PLAIN, "选品_2026-05-01.csv"))
    assert ended.code == 0
    assert "以下各列不存入数据库：心情。" in ended.err
    assert "榜单时间是 2026-05-01 00:00 UTC" in ended.err
    again = run("import", written(PLAIN, "other_2026-05-01.csv"), "--json")
    assert (again.code, json.loads(again.out)["loaded"]["known"]) == (0, 1)


def test_nothing_stored_is_exit_three_with_a_remedy(run):
    head = "Rank,Product ID,Product Title,Price,Item Sold\n"
    ended = run("import", written(f"{head}1,1.73E+18,Owl,5,7\n", "kalodata.csv"), "--market", "US")
    assert ended.code == 3
    assert "an id that a spreadsheet rounded (export it as text)" in ended.err
    assert "Nothing was stored." in ended.err
    assert "--draft" in ended.err


def test_a_draft_goes_to_stdout_or_to_a_file_and_works_as_it_is(run):
    table = written(UNKNOWN, "list.csv")
    refused = run("import", table)
    assert refused.code == 2
    assert "No column profile fits" in refused.err
    shown = run("import", table, "--draft")
    assert (shown.code, shown.err) == (0, "")
    assert run("import", table, "--draft-to", "mine.toml").code == 0
    assert Path("mine.toml").read_text(encoding="utf-8") == shown.out
    assert run("import", table, "--draft-to", "mine.toml").code == 2, "a file that is there is not overwritten"
    ended = run("import", table, "--profile", "mine.toml", "--market", "DE")
    assert ended.code == 0
    assert "price: 1 of 2 cells of 'Price' cannot be read, such as 'ask'." in ended.err


def test_parse_shows_what_import_would_store_and_stores_nothing(run):
    ended = run("parse", written(PLAIN, "list_2026-05-01.csv"))
    entries = [json.loads(line) for line in ended.out.splitlines()]
    assert [(e["list"], e["rank"], e["price"], e["count"], e["count_floor"]) for e in entries] == [
        ("amazon_bestsellers_US/list/all", 1, 12.91, 100, True),
        ("amazon_bestsellers_US/list/all", 2, 12.92, 200, True),
    ]
    assert {e["taken_at"] for e in entries} == {"2026-05-01T00:00:00Z"}
    assert not Path("trendscout.duckdb").exists()
    stored = json.loads(run("import", "list_2026-05-01.csv", "--json").out)
    assert stored["loaded"]["observations"] == len(entries)


def test_a_table_comes_on_standard_input(run, monkeypatch: pytest.MonkeyPatch):
    class Piped:
        buffer = io.BytesIO(PLAIN.encode("gbk"))

    monkeypatch.setattr(sys, "stdin", Piped)
    ended = run("import", "-", "--json")
    assert (ended.code, json.loads(ended.out)["loaded"]["observations"]) == (0, 2)


@pytest.mark.parametrize("options", [["--order", "columns"], ["--sheet", "Data"]])
def test_options_that_do_not_fit_are_told(run, options):
    ended = run("import", written(PLAIN, "list.csv"), *options)
    assert ended.code == 2
    assert options[1] in ended.err


def test_the_order_of_the_rows_counts_where_the_user_says_so(run):
    table = written(PLAIN.replace("排名", "名次表"), "list.csv")
    ranks = [json.loads(line)["rank"] for line in run("parse", table).out.splitlines()]
    assert ranks == [None, None]
    ended = run("import", table, "--order", "rows")
    assert "it is the order of the rows" in ended.err


def test_parse_shows_the_rows_of_a_history_that_import_stores(run):
    text = "list_id,snapshot_at,rank,item_key,item,count\n" + "".join(
        f"a_US/x/y,2026-10-0{day} 08:00,{rank},{key},Owl,{count}\n"
        for day in (1, 2)
        for rank, key, count in ((1, "k1", 5), (2, "k2", "many"), (0, "k3", 1))
    )
    ended = run("parse", written(text, "ranks.csv"))
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [(row["rank"], row["item_key"], row["count"]) for row in rows] == [(1, "k1", 5), (2, "k2", None)] * 2
    assert rows[0] == {
        "list": "a_US/x/y",
        "taken_at": "2026-10-01T08:00:00Z",
        "rank": 1,
        "item_key": "k1",
        "title": "Owl",
        "count": 5.0,
    }
    assert ended.code == 3
    assert "2 × rank" in ended.err
    assert json.loads(run("import", "ranks.csv", "--json").out)["loaded"]["observations"] == len(rows)
