"""What the sites of one house (AliExpress, Lazada, Daraz, Taobao, 1688) share: their walls."""

from __future__ import annotations

from trendscout.model import Page

_WALLS: tuple[tuple[bytes, str], ...] = (
    (b"_____tmd_____/punish", "a captcha"),
    (b"x5secdata", "a captcha"),
    (b"RGV587_ERROR", "a captcha"),
    (b"FAIL_SYS_USER_VALIDATE", "a captcha"),
    (b"FAIL_SYS_ILLEGAL_ACCESS", "an access refusal"),
    (b"FAIL_SYS_SESSION_EXPIRED", "a login"),
    (b"FAIL_SYS_TOKEN_E", "a request for a fresh token"),  # also spelled TOKEN_EXOIRED
    (b"login.taobao.com/member/login", "a login"),
    (b"login.1688.com/member/", "a login"),
)


def alibaba_wall(page: Page) -> str | None:
    """What kind of wall the page is, or None; a reply that carries a list may mention a login page."""
    if "_____tmd_____/punish" in page.url or "//login." in page.url:
        return "a captcha" if "punish" in page.url else "a login"
    if len(page.body) > 100_000:  # walls are small; a real list may hold these words in its scripts
        return None
    return next((what for mark, what in _WALLS if mark in page.body), None)
