"""Why a site gave no list is kept as data and said when it is shown, in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from trendscout.archive.decoding import BrokenBody, decode
from trendscout.errors import Unreachable, keep_secret
from trendscout.fetch.exchange import Broken, _unconnected
from trendscout.fetch.retry import Again, require_answer
from trendscout.findings import Finding, from_json, of_error, to_json, words
from trendscout.model import HostState
from trendscout.report.absences import unreached
from trendscout.store.hosts import host_states, save_host_states
from trendscout.store.workspace import Workspace

NOW = datetime(2026, 7, 19, 6, tzinfo=UTC)


def again(status: int) -> Finding:
    with pytest.raises(Again) as found:
        require_answer(status, "", NOW)
    return found.value.why


def broken(body: bytes, encoding: str) -> Finding:
    with pytest.raises(BrokenBody) as found:
        decode(body, encoding, 100)
    return found.value.why


_UNCONNECTED = {
    "a.example has no address": ("its name has no address", "域名解析不到地址"),
    "All connection attempts failed": ("nothing answers there", "对方没有应答"),
    "5 hops": ("5 hops", "5 hops"),
    "[SSL] it is of another": ("[SSL] it is of another", "[SSL] it is of another"),
    "": ("ConnectError", "ConnectError"),
}
REASONS = [
    (again(503), "HTTP 503", "HTTP 503"),
    (Broken("no connection in time", reached=False).why, "no connection in time", "连接超时"),
    (Broken("no connection: {said}", said="TLS", reached=False).why, "no connection: TLS", "连不上：TLS"),
    *(
        (_unconnected(httpx.ConnectError(said)).why, f"no connection: {english}", f"连不上：{chinese}")
        for said, (english, chinese) in _UNCONNECTED.items()
    ),
    (broken(b"x" * 101, ""), "larger than 100 bytes", "超过 100 字节"),
    (broken(b"x", "compress"), "unknown content encoding 'compress'", "未知的内容编码 'compress'"),
    (words("{url} redirects to no address.", url=words("it")), "it redirects to no address", "它 跳转到无效地址"),
]


@pytest.mark.parametrize(("why", "english", "chinese"), REASONS)
def test_a_reason_is_said_in_both_languages_also_inside_a_sentence(
    why: Finding, english: str, chinese: str
) -> None:
    what = "The robots.txt of {host} did not come ({why}), which means no."
    (kept,) = from_json(to_json((of_error(Unreachable(what, host="a.example", why=why)),)))
    assert kept.what("en") == f"The robots.txt of a.example did not come ({english}), which means no."
    assert f"（{chinese}）" in kept.what("zh")


def test_a_site_that_was_not_reached_is_told_apart_from_one_that_broke_off() -> None:
    """Where no site at all was reached, the net is down and no site is to blame."""
    faults = [Broken("the answer broke off: {said}", said="x")]
    faults += [_unconnected(httpx.ConnectError(said)) for said in _UNCONNECTED]
    assert [unreached((fault.why,)) for fault in faults] == [False, *(True for _ in _UNCONNECTED)]


def test_what_is_remembered_of_a_host_keeps_its_reason_as_data(tmp_path: Path) -> None:
    state = HostState("a.example", 1, 0, NOW, words("an access refusal (HTTP {status})", status=430))
    with Workspace.at(tmp_path / "s.duckdb").store() as store:
        save_host_states(store, [state, HostState("b.example")])
        assert host_states(store) == (state, HostState("b.example"))
        for old in ("a captcha", "a refusal (code 7) {as it stood", "an access refusal (HTTP 403)"):
            store.execute("UPDATE hosts SET reason = ? WHERE host = 'a.example'", [old])
            (found, _) = host_states(store)
            assert found.reason
            assert found.reason.said("en") == old
    assert found.reason.said("zh") == "拒绝访问页（HTTP 403）", "what older stores hold has its Chinese"


def test_words_lose_what_is_secret() -> None:
    keep_secret("hunter2-and-more")
    assert "hunter2" not in repr(words("the answer broke off: {said}", said="hunter2-and-more"))
