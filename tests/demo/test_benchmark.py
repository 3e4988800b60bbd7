"""The comparison with real lists can be printed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_demo_lists_are_described_without_real_ones(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/demo_market.py", str(tmp_path), "--days", "20"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    head, _, *rows = done.stdout.splitlines()
    assert head == "| | demo amazon | demo aliexpress | demo tiktok |"
    assert any(row.startswith("| SigniTrend") for row in rows)
