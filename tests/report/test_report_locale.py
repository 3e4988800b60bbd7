"""Every sentence of the report has its Chinese, with the same fields."""

import ast
import re
import tomllib
from pathlib import Path
from string import Formatter

import trendscout
from trendscout.report import columns, packs, page, phrases, signal_names

ROOT = Path(trendscout.__file__).parent
CHINESE = tomllib.loads((ROOT / "locale/zh/report.toml").read_text(encoding="utf-8"))
EVERYWHERE = {
    text
    for path in (ROOT / "locale/zh").glob("*.toml")
    for text in tomllib.loads(path.read_text(encoding="utf-8"))
}
SAYING = {"tr", "say", "group", "t"}


def spoken() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "report").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                said = node.args[0]
                keys = {id(part.slice) for part in ast.walk(said) if isinstance(part, ast.Subscript)}
                parts = (
                    part for part in ast.walk(said) if isinstance(part, ast.Constant) and id(part) not in keys
                )
                texts = (part.value for part in parts)
                found |= {text for text in texts if name in SAYING and isinstance(text, str) and text}
    template = (ROOT / "report/web/page.html.j2").read_text(encoding="utf-8")
    found |= set(re.findall(r"""\b(?:t|tr)\((?:"([^"]+)"|'[^']+')""", template))
    for table in (
        phrases.STAGES,
        phrases.FLAGS,
        phrases.STATUSES,
        phrases.COUNTS,
        phrases.COUNT_NAMES,
        phrases.LABELS,
        phrases.LISTS,
        phrases.KINDS,
        {text: text for text in phrases.LEGEND},
        signal_names.SIGNALS,
    ):
        found |= set(table.values())
    for column in (*columns.ROW, *columns.COMPOSED, *columns.COVERAGE):
        found |= {column.head, column.about}
    found |= {value[0] for value in packs.VALUES.values()} | {label for _, label in page._SORTS}
    return found - {""}


def test_every_sentence_has_chinese() -> None:
    assert spoken() - EVERYWHERE == set()


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_fields_are_the_same() -> None:
    assert {text for text, chinese in CHINESE.items() if fields(text) != fields(chinese)} == set()
