"""The clip extension written out, with the sites that the sources declare."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from shutil import copyfile

from trendscout import __version__
from trendscout.errors import UsageError
from trendscout.resources import folder
from trendscout.sources.clips import CLIPS, PARAMETERS, SECRETS

_README = """trendscout clip {version}

It sends the list that you have open in the browser to your own desk (`trendscout serve`) on this machine, when you
press its button, and nothing at any other time. It does not click, scroll or log in for you.

Load it in Chrome: open chrome://extensions, switch on "Developer mode", "Load unpacked", choose this folder.
Load it in Edge: open edge://extensions, switch on "Developer mode", "Load unpacked", choose this folder.
Pair it once: on the desk, Lists, "The browser extension", "Show the code"; paste the code into the extension.
The first time on a site the browser asks whether the extension may read it. Load the page anew after that: what
its script loads is taken from then on. Scroll as far as you want the list to be taken, then press the button.

在 Chrome 中加载：打开 chrome://extensions，开启“开发者模式”，点“加载已解压的扩展程序”，选择此文件夹。
在 Edge 中加载：打开 edge://extensions，开启“开发人员模式”，点“加载解压缩的扩展”，选择此文件夹。
配对一次：在工作台“榜单 → 浏览器扩展”点“显示配对码”，粘贴到扩展中。
首次在某网站使用时，浏览器会询问是否允许扩展读取。允许后请刷新页面：此后脚本加载的内容才会被采录。
想采录多深就滚动多深，然后按按钮。扩展不会替您点击、滚动或登录。
"""


def write_extension(out: Path) -> list[Path]:
    """Write the extension into a folder; the files written.

    Raises UsageError if the folder holds anything that is not the extension.
    """
    source = folder("extension")
    names = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file()]
    made = {Path("sites.js"): _sites(), Path("README.txt"): _README.format(version=__version__)}
    # One closed script for the page's own world: it leaves no names there, and a browser runs a file once a page.
    parts = (made[Path("sites.js")], *((source / name).read_text("utf-8") for name in ("rules.js", "capture.js")))
    made[Path("in_page.js")] = "(() => {\n" + "\n".join(parts) + "\n})();\n"
    strange = [path for path in out.rglob("*") if path.is_file() and path.relative_to(out) not in {*names, *made}]
    if strange:
        raise UsageError(
            "{folder} holds other files, such as {file}.",
            next_step="Name a new or an empty folder.",
            folder=out,
            file=strange[0].name,
        )
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        copyfile(source / name, out / name)
    manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
    manifest["version"] = __version__.partition("+")[0]
    manifest["optional_host_permissions"] = sorted({page for clip in CLIPS.values() for page in clip.pages})
    made[Path("manifest.json")] = json.dumps(manifest, indent=2) + "\n"
    for name, text in made.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in sorted({*names, *made})]


def _sites() -> str:
    """The sources' lists as a script: which pages, replies, callbacks and inline scripts, and which parameters."""
    sites = [{"source": name, **asdict(clip)} for name, clip in CLIPS.items()]
    table = {"sites": sites, "parameters": PARAMETERS, "secrets": SECRETS}
    return f'"use strict";\nvar TRENDSCOUT_SITES = {json.dumps(table, indent=1)};\n'
