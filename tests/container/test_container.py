"""The container's files: linted, read as what they promise, and their steps done without an engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines()]


def test_the_linter_finds_nothing() -> None:
    done = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_slim_not_root_and_what_lasts_lies_in_a_volume() -> None:
    found = instructions()
    last = found[max(place for place, (name, _) in enumerate(found) if name == "FROM") :]
    values = {name: rest for name, rest in last}  # noqa: C416 - the last of a name counts
    assert values["FROM"].endswith("-slim")
    assert values["USER"] == "10001"
    assert values["VOLUME"] == '["/data"]'
    assert values["WORKDIR"] == "/data"
    assert "TRENDSCOUT_HOME=/data" in values["ENV"]
    assert "TZ=" in values["ENV"]
    assert "doctor --json" in values["HEALTHCHECK"]
    order = [name for name, _ in last]
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert not any(name == "RUN" and "pip" in rest for name, rest in last), (
        "tools of the build stay in their stage"
    )


def test_what_the_build_reads_is_let_in() -> None:
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert let_in[0] == "*"
    for name in (
        "trendscout",
        "schemas",
        "jobs",
        "extension",
        "skills",
        "requirements",
        "pyproject.toml",
        "README.md",
    ):
        assert f"!{name}" in let_in
    wheel = re.findall(r'^"(docs/[^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert wheel
    assert "!docs/*.md" in let_in


@pytest.mark.parametrize(("code", "healthy"), [(0, True), (3, True), (1, False), (2, False), (4, False)])
def test_health_is_what_doctor_says(tmp_path: Path, code: int, healthy: bool) -> None:
    check = next(rest for name, rest in instructions() if name == "HEALTHCHECK")
    script = re.findall(r'"((?:[^"\\]|\\.)*)"', check)[-1]
    (tmp_path / "trendscout").write_text(f"#!/bin/sh\n[ \"$*\" = 'doctor --json' ] && exit {code}\nexit 9\n")
    (tmp_path / "trendscout").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["/bin/sh", "-c", script], env={"PATH": path}, check=False)
    assert (done.returncode == 0) is healthy


def test_the_team_store_waits_for_its_catalogue_and_names_no_password() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    scout, catalogue = services["scout"], services["catalogue"]
    assert scout["depends_on"]["catalogue"]["condition"] == "service_healthy"
    assert "host=catalogue" in scout["environment"]["TRENDSCOUT_DB"]
    assert scout["environment"]["PGPASSWORD"] == catalogue["environment"]["POSTGRES_PASSWORD"]
    assert scout["environment"]["PGPASSWORD"].startswith("${TRENDSCOUT_PG_PASSWORD:?")
    assert "data:/data" in scout["volumes"]


def test_it_is_built_for_both_kinds_of_machine() -> None:
    text = (ROOT / "docker-bake.hcl").read_text(encoding="utf-8")
    assert 'platforms = ["linux/amd64", "linux/arm64"]' in text


def test_the_recipe_is_a_workflow_whose_commands_exist() -> None:
    text = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
    recipe = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    steps = recipe["jobs"]["daily"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert any("jobs/daily.toml" in line for line in runs)
    assert (ROOT / "jobs" / "daily.toml").is_file()
    assert "60 days" in text
    assert "data centres" in text


@pytest.mark.skipif("TRENDSCOUT_CONTAINER" not in os.environ, reason="minutes, and the network: make torture")
def test_the_steps_of_the_build_give_a_program_that_runs(tmp_path: Path) -> None:
    source, app = tmp_path / "src", tmp_path / "app"
    for name in ("trendscout", "schemas", "jobs", "extension", "skills", "requirements", "docs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    stage = instructions()[: [name for name, _ in instructions()].index("FROM", 1)]
    for step in (rest for name, rest in stage if name == "RUN"):
        line = step.replace("/tmp/", f"{tmp_path}/").replace("/app", str(app))  # noqa: S108 - the image's own
        line = line.replace("python -m venv", f"{sys.executable} -m venv")
        subprocess.run(["/bin/sh", "-e", "-c", line], cwd=source, check=True, timeout=1200)
    (tmp_path / "data").mkdir()
    for command in (("--version",), ("doctor", "--json"), ("mcp", "--skill")):
        done = subprocess.run(
            [app / "bin" / "trendscout", *command],
            cwd=tmp_path / "data",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
