"""The command itself: one port, one holder, a clean end; and nothing of it in the other commands."""

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from trendscout.cli.desk import serve as command
from trendscout.desk import serve
from trendscout.lang import _chinese

TEMPLATES = sorted((Path(serve.__file__).parent / "web").glob("*.j2"))


def start(folder: Path, port: int = 0) -> subprocess.Popen[str]:
    arguments = [
        sys.executable,
        "-m",
        "trendscout",
        "--lang",
        "en",
        "--db",
        "s.duckdb",
        "serve",
        "--port",
        str(port),
    ]
    return subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_it_opens_says_who_holds_the_port_and_ends_cleanly(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert first.stdout is not None
    line = first.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:(\d+)/\S+", line)
    assert address is not None, line
    port = int(address[1])
    time.sleep(0.5)
    page = urllib.request.urlopen(address[0], timeout=10).read()  # noqa: S310 - our own
    assert b"refresh" in page
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
    second = start(tmp_path, port)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"Port {port} is held by trendscout serve (process {first.pid})" in said
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=30)
    assert first.returncode == 0
    assert "The desk is closed." in said
    assert "Traceback" not in said
    assert not (tmp_path / "s.duckdb.desk" / "serving.json").exists()


def test_the_daily_commands_import_nothing_of_it() -> None:
    code = (
        "import sys, trendscout.cli as c, trendscout.pipeline; from importlib import import_module;"
        "[import_module(f'trendscout.cli.{part}') for part in c._COMMANDS];"
        "print([name for name in sys.modules if name.split('.')[0] in ('starlette', 'uvicorn')"
        " or name.startswith('trendscout.desk')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
    assert command is not None


def sentences(text: str) -> set[str]:
    """What a template says in our words: arguments of t and tr, and labels in lists of pairs."""
    found = set(re.findall(r'\bt\("([^"]+)"', text)) | set(re.findall(r"""\btr\(['"]([^'"]+)['"]""", text))
    return found | set(re.findall(r'\("[^"]*", "([^"]+)"\)', text))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_of_a_page_has_chinese(template: Path) -> None:
    assert [one for one in sorted(sentences(template.read_text("utf-8"))) if one not in _chinese()] == []
