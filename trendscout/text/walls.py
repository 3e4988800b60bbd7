"""Pages that stand in front of a list: captcha, login, consent, empty shell."""

from __future__ import annotations

from trendscout.model import Page

# Marks that no list page carries, lower case, with what they mean. A site's own walls live in its source file.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"/errors/validatecaptcha", "a captcha"),
    (b"captcha-delivery.com", "a captcha"),
    (b"cf-challenge", "a browser check"),
    (b"challenges.cloudflare.com/turnstile", "a browser check"),
    (b"<title>just a moment...</title>", "a browser check"),
    (b"<title>robot or human?</title>", "a captcha"),
    (b"<title>access denied</title>", "an access refusal"),
)
_HEAD_BYTES = 65_536


def wall_of(page: Page) -> str | None:
    """What kind of wall the page is, in English, or None."""
    if page.status in (401, 403, 407, 430, 451):
        return f"an access refusal (HTTP {page.status})"
    head = page.body[:_HEAD_BYTES].lower()
    return next((what for mark, what in _MARKS if mark in head), None)
