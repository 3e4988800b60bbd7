"""`lang = "zh"` of the configuration rules everything that is said, Typer's own words too."""

import pytest

from trendscout.cli.language import configured

CONFIG = 'lang = "zh"\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "--nothing"), "没有选项 --nothing。"),
        (("nothing",), "没有命令 nothing。"),
        (("why",), "缺少 PRODUCT。"),
        (("report", "--top", "x"), "--top 的值不合要求。"),
        (("why", "a", "b"), "这里不应有："),
        (("report",), "没有数据库"),
    ],
)
def test_errors_are_chinese(run, tmp_path, arguments, said):
    (tmp_path / "trendscout.toml").write_text(CONFIG)
    ended = run(*arguments)
    assert ended.code in (2, 4)
    assert said in ended.err
    assert not any(word in ended.err for word in ("No such", "Missing", "Invalid", "unexpected", "Try"))


def test_help_is_chinese_by_the_configuration_and_english_by_the_option(run, tmp_path):
    named = tmp_path / "mine.toml"
    named.write_text(CONFIG)
    assert "参数" in run("why", "--help", "--config", named).out
    assert "选项" in run("report", "--help", f"--config={named}").out
    assert "Options" in run("report", "--help", "--config", named, "--lang", "en").out
    named.write_text('[collect]\nlang = "zh"\n')
    assert configured(["--config", str(named)]) == ""


def test_a_time_to_come_is_refused(run):
    ended = run("report", "--as-of", "2999-01-01")
    assert ended.code == 2
    assert "2999-01-01 is in the future." in ended.err
