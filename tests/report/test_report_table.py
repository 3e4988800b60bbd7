"""The terminal: golden pictures, widths that hold, honest empty mornings."""

from dataclasses import replace
from datetime import timedelta

import pytest
from example import COVERAGE, NOW, RISING, STEADY, but, empty, example, hostile
from golden import same
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from trendscout.lang import Lang
from trendscout.model import Borrowed, EarlierChance, Left, Member, RecordLine, Run, Why
from trendscout.report import absences, changes, codes, lines, packs, page, table, why
from trendscout.report.grid import wrapped


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_golden(lang: Lang, width: int) -> None:
    same(f"table-{lang}-{width}.txt", table.text(example(), lang=lang, width=width).encode())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 57, 80, 100, 108, 120, 200])
def test_no_line_is_wider_than_the_terminal(lang: Lang, width: int) -> None:
    for line in table.text(example(), lang=lang, width=width).splitlines():
        assert cell_len(line) <= width, line


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_a_product_has_one_line_that_says_how_it_moves(lang: Lang, width: int) -> None:
    lines = table.text(example(), lang=lang, width=width).splitlines()
    [line] = [line for line in lines if "21–48" in line and "34% 21–48:" not in line and "34% 21–48：" not in line]
    for said in ("云朵捏捏灯" if lang == "zh" else "Cloudlet", "▂▇█", "34%"):
        assert said in line
    assert "88 71 64 $12.99" in line
    assert ("4.6★ 83" in line and "5,000+" in line) == (width == 120)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_below_it_stands_its_id_its_list_and_all_there_is_to_say(lang: Lang, width: int) -> None:
    lines = table.text(example(), lang=lang, width=width).splitlines()
    at = next(at for at, line in enumerate(lines) if "21–48" in line)
    below = " ".join(line.strip() for line in lines[at + 1 : at + 3])
    for said in ("p-7f3a", "Amazon US", "Toys", "84→21", "Amazon UK 9", "✓"):
        assert said in below
    at = next(at for at, line in enumerate(lines) if "0.1–1" in line)
    assert "★" in lines[at + 2 if width == 80 and lang == "en" else at + 1] + lines[at + 1]
    assert "20 件在仓" in " ".join(lines[at : at + 3])


def test_the_legend_explains_the_signs_that_occur_and_no_others() -> None:
    shown = table.text(example(), lang="en", width=120)
    assert "Vel 0-100" in shown
    assert "★ your mark" in shown
    assert "* told by" not in shown
    assert "too early to judge" not in shown
    one = table.text(replace(example(), rows=(STEADY,)), lang="en", width=64)
    assert "Vel 0-100" not in one
    assert "⚠" not in one
    early = table.text(
        replace(example(), rows=(but(STEADY, early=True, borrowed=(Borrowed("price", "ebay", "DE"),)),)),
        lang="en",
        width=120,
    )
    assert "( 8%)" not in early
    assert "(8%)" in early
    assert "too early to judge" in early
    assert "$24.00*" in early
    assert "* told by" in early


def test_ids_are_as_long_as_tells_them_apart() -> None:
    rows = [but(RISING, product_id=name) for name in ("p:abcdef01", "p:abcdef02", "p:9")]
    assert lines.short_ids(rows) == {name: name[:10] for name in ("p:abcdef01", "p:abcdef02", "p:9")}
    assert lines.short_ids(rows[:1]) == {"p:abcdef01": "p:abcd"}


@pytest.mark.parametrize("width", range(5, 40))
def test_lines_break_between_chinese_signs(width: int) -> None:
    text = Text("名次 84 → 21，三天内 climbed：快得很。Supercalifragilistic 好")
    lines_ = wrapped(text, width, indent=2)
    assert all(cell_len(line.plain) <= width for line in lines_)
    assert all(line.plain.strip()[0] not in "，：。" for line in lines_[1:]) or width < 12
    assert "".join(line.plain for line in lines_).replace(" ", "") == text.plain.replace(" ", "")


@pytest.mark.parametrize("width", range(8, 40))
def test_a_number_stays_with_its_unit(width: int) -> None:
    lines_ = wrapped(Text("尚无：亚马逊英国已有 14天，速卖通印尼已有 190天，还有 3小时"), width)
    assert [line.plain for line in lines_ if line.plain.rstrip()[-1].isdigit()] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_columns_stand_below_their_heads(lang: Lang, width: int) -> None:
    lines = table.text(example(), lang=lang, width=width).splitlines()
    head = next(line for line in lines if line.startswith("#"))
    at = cell_len(head[: head.index("曲线" if lang == "zh" else "Curve")])
    rows = [line for line in lines if "0.1–1" in line or "8% 5–12" in line]
    assert len(rows) == 2
    for line in rows:
        before = next(place for place in range(len(line)) if cell_len(line[:place]) >= at)
        assert cell_len(line[:before]) == at, f"no cell begins where the column does: {line}"
        assert line[before - 1] == " "
        assert line[before] in "▁▂▃▄▅▆▇█· "


def test_a_narrow_screen_drops_columns_and_keeps_the_title() -> None:
    [line] = [
        line
        for line in table.text(example(), lang="en", width=48).splitlines()
        if "21–48" in line and "34% 21–48:" not in line and "34% 21–48：" not in line
    ]
    assert line.startswith("1 Cloudlet")
    assert "12.99" not in line


def test_as_many_places_as_fit() -> None:
    places = ["AMZ US 9d", "TT US 16d", "AE ID 2w"]
    assert codes.several(places, 40) == "AMZ US 9d, TT US 16d, AE ID 2w"
    assert codes.several(places, 23) == "AMZ US 9d, TT US 16d +1"
    assert codes.several(places, 12) == "AMZ US 9d +2"
    assert codes.several(places, 11) == "AMZ US 9d+2"
    assert codes.several((), 12) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rank": None}, "off, was 84"),
        ({"rank_before": None}, "off→21 in 4d"),
        ({"rank_before": None, "rank_span_days": None}, "at 21"),
        ({"rank": 84}, "84 for 4d"),
        ({"rank_span_days": 0.25}, "84→21 in 6h"),
        ({"rank_span_days": 35.0}, "84→21 in 5w"),
    ],
)
def test_movement_in_a_cell(changed: dict[str, float | None], said: str) -> None:
    assert codes.movement(but(RISING, **changed), "en") == said


def test_mine_that_fade_lead() -> None:
    lines = table.text(example(), lang="en", width=80).splitlines()
    assert lines.index("Yours, fading") < next(at for at, line in enumerate(lines) if "Cloudlet" in line)


def test_what_is_missing_is_said_with_reason_and_next_step() -> None:
    shown = table.text(example(), lang="en", width=200)
    assert "AliExpress ID · Best sellers · Home: blocked · The page is a captcha" in shown
    assert "`trendscout ingest` it" in shown
    assert "Nothing is missing" not in shown
    whole = replace(example(), coverage=COVERAGE[:1])
    assert "Nothing is missing today: all 1 list was" in table.text(whole, lang="en", width=200)


def test_an_empty_morning_is_not_silent() -> None:
    assert "nobody could look" in table.text(empty(), lang="en", width=80)
    assert "trendscout collect" in table.text(empty(looked=False), lang="zh", width=80)


def test_only_changes() -> None:
    before = replace(example(), rows=(but(RISING, rank=84, stage="emerging"), *example().rows[2:]))
    since = changes.since(example(), changes.memory(before))
    shown = table.text(example(), lang="en", width=120, changes=since)
    assert "Risen" in shown
    assert "2 others did not change." in shown
    same_again = changes.since(example(), changes.memory(example()))
    assert "Nothing changed" in table.text(example(), lang="en", width=80, changes=same_again)


def test_titles_cannot_steer_the_terminal() -> None:
    for title in hostile():
        row = but(RISING, title=title, note=title, category=title, gloss_zh=title)
        for lang, width in (("en", 80), ("zh", 120)):
            shown = table.text(replace(example(), rows=(row,)), lang=lang, width=width)
            assert not set(shown) - {"\n"} & {chr(code) for code in (*range(32), *range(0x7F, 0xA0))}
            assert "\u202e" not in shown
            assert all(cell_len(line) <= width for line in shown.splitlines())


def explained(found: Why, lang: Lang) -> str:
    console = Console(width=100, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(why.render(found, lang=lang, width=100))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def test_titles_cannot_steer_an_explanation() -> None:
    for title in hostile()[:120]:
        row = but(RISING, title=title, note=title, packs=(title,))
        member = Member(title, title, title, title, seller=title, url=title, verdict="likely", reason=title)
        shown = explained(Why(row, NOW, (member,), (member,), pages=(title,)), "en")
        assert not set(shown) - {"\n"} & {chr(code) for code in (*range(32), *range(0x7F, 0xA0))}
        assert all(cell_len(line) <= 100 for line in shown.splitlines())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why(lang: Lang) -> None:
    report = packs.judged(example(), packs.load())
    found = Why(
        report.rows[0],
        NOW,
        (Member("amazon", "US", "B0EXAMPLE1", "Cloudlet Squeeze Lamp", url="https://shop.example/x"),),
        (
            Member(
                "tiktok", "US", "7398", "#cloudletlamp", verdict="likely", probability=0.83, reason="3 rare tokens"
            ),
        ),
        base_rate=0.04,
        fitted_at=NOW,
        pages=("2026/07/19-amazon.warc.gz:10233",),
    )
    same(f"why-{lang}.txt", explained(found, lang).encode())


def test_tags_stand_in_a_part_of_their_own() -> None:
    report = example()
    last = report.rows[-1]
    tag = replace(last, facts=replace(last.facts, item_kind="hashtag", gaps=()))
    report = replace(report, rows=(*report.rows[:-1], tag))
    shown = table.text(report, lang="en", width=100)
    assert shown.count("\nhashtags\n") == 1
    assert shown.index("\nhashtags\n") < shown.index(tag.facts.title[:12])
    html = page.render(report, lang="en")
    assert html.count('<h2 class="part">') == 1
    assert html.index('<h2 class="part">') < html.index(tag.facts.title[:12], html.index('id="rows"'))
    assert '<h2 class="part">' not in page.render(example(), lang="en")


def test_what_is_too_early_is_said_as_it_is() -> None:
    rated = but(RISING, early=True, score=-2.0, probability=0.04)
    unknown = but(RISING, early=True, score=-999.0, probability=None)
    assert [note.code for note in absences.early([rated, RISING])] == ["too_early"]
    (note,) = absences.early([unknown, unknown, RISING])
    assert (note.code, note.fields["count"]) == ("no_outcome_yet", 2)
    assert [note.code for note in absences.early([rated, unknown])] == ["too_early", "no_outcome_yet"]
    assert absences.early([RISING]) == ()


def test_yesterday_and_the_record_stand_in_the_table_and_on_the_page() -> None:
    report = example()
    first = replace(report.rows[0], run=Run(3, 0.18))
    left = Left("p:gone", "Old <b>lamp</b>", "falling", 0.24, 0.09)
    record = RecordLine(rows=140, said=0.21, came=0.19, rival=0.09)
    report = replace(report, rows=(first, *report.rows[1:]), left=(left,), record=record)
    shown, html = table.text(report, lang="en", width=120), page.render(report, lang="en")
    for text in (shown, html):
        assert "day 3, 18% → 34%" in text
        assert "it falls (24% → 9%)" in text
        assert "Of the 140 rows due in the last week 21% were said to break out, 19% did" in text
    assert "Old &lt;b&gt;lamp" in html
    assert "new today" not in shown


def test_why_tells_earlier_chances() -> None:
    earlier = tuple(EarlierChance(NOW - timedelta(days=day), 40 - day, 0.12, "came") for day in range(1, 21))
    shown = explained(Why(RISING, NOW, earlier=earlier), "en")
    assert "Earlier chances" in shown
    assert "at 39 · 12% · came true" in shown
    assert "and 6 more" in shown
    assert "Earlier chances" not in explained(Why(RISING, NOW), "en")
