"""Writes the verdict's table of docs/demo.md from finished demos, the current code's own.

`trendscout demo --seed 7 --out /tmp/demo-7` (then 8 and 9), and
`python docs/demo_figures.py /tmp/demo-7 /tmp/demo-8 /tmp/demo-9`: a finished demo is only judged again.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from trendscout.demo.notebook import NAME
from trendscout.demo.run import DemoResult, run_demo
from trendscout.demo.verdict import Figures

DOCUMENT = Path(__file__).parent / "demo.md"
START, END = "<!-- verdict: made by docs/demo_figures.py -->", "<!-- end of verdict -->"


def _ranking(figures: Figures) -> str:
    return f"{figures.share:.0%}, {figures.lead:.0f} days, {figures.false_share:.0%}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


LINES: tuple[tuple[str, Callable[[DemoResult], str]], ...] = (
    ("breakouts planted, of which reached a top ten", lambda demo: f"{demo.planted}, {demo.ours.planted}"),
    ("... of which could be seen on their list a day before", lambda demo: str(demo.visible)),
    ("**the report: caught, median lead, false rows**", lambda demo: f"**{_ranking(demo.ours)}**"),
    ("biggest rank changes, a row a listing", lambda demo: _ranking(demo.by_change)),
    ("the same, told which listings are one good", lambda demo: _ranking(demo.by_change_known)),
    ("pairs of listings joined that are one good", lambda demo: _share(demo.joined[1], demo.joined[0])),
    (
        "奇: AUC of planted odd goods",
        lambda demo: "–" if demo.oddness_auc is None else f"{demo.oddness_auc:.2f}",
    ),
)


def told(folder: Path) -> tuple[int, DemoResult]:
    """The seed of a finished demo, and what it gave."""
    of = json.loads((folder / NAME).read_text(encoding="utf-8").splitlines()[0])
    return of["seed"], run_demo(folder, days=of["days"], seed=of["seed"], markets=of["markets"])


def table(demos: list[tuple[int, DemoResult]]) -> str:
    """The verdicts side by side, as a Markdown table."""
    head = "".join(f" seed {seed} |" for seed, _ in demos)
    rows = (f"| {name} |" + "".join(f" {figure(demo)} |" for _, demo in demos) for name, figure in LINES)
    return "\n".join((f"| |{head}", "|---" * (len(demos) + 1) + "|", *rows))


if __name__ == "__main__":
    made = f"{START}\n{table([told(Path(folder)) for folder in sys.argv[1:]])}\n{END}"
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(re.sub(f"{START}.*?{END}", lambda _: made, document, flags=re.DOTALL), encoding="utf-8")
