"""What the sites of one house (AliExpress, Lazada, Daraz, Taobao, 1688) share: their walls."""

from __future__ import annotations

from trendscout.sources.walls import Walls

ALIBABA = Walls(
    marks=(
        (b"_____tmd_____/punish", "a captcha (punish page)"),
        (b"x5secdata", "a captcha (punish page)"),
        (b"rgv587_error", "a captcha (RGV587)"),
        (b"fail_sys_user_validate", "a captcha (user validation)"),
        (b"fail_sys_illegal_access", "an access refusal"),
        (b"fail_sys_session_expired", "a login"),
        (b"fail_sys_token_e", "a request for a fresh token"),  # also spelled TOKEN_EXOIRED
        (b"login.taobao.com/member/login", "a login"),
        (b"login.1688.com/member/", "a login"),
        (b"<title>login", "a login"),
    ),
    addresses=((r"_____tmd_____/punish|//login\..*punish", "a captcha (punish page)"), (r"//login\.", "a login")),
    largest=100_000,  # a real list may hold these words in its scripts
)
