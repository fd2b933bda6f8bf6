"""Until when a link works, said so that nobody is surprised."""

from __future__ import annotations

from artifact_browser.gui.common.format import moment
from artifact_browser.storage.driver import Link

_LIMITS = {
    "credentials": "Your sign-in ends then, before the time you chose.",
    "maximum": "Seven days is the longest a link can work.",
}


def until_words(link: Link, *, local: bool) -> tuple[str, bool]:
    """``("Works until Fri 20 Nov 2026, 14:05 CET. ...", limited)``; ``limited``: shorter than was asked."""
    words = f"Works until {moment(round(link.expires_at * 1e6))}."
    if local:
        words += " On this computer, while Artifact Browser runs."
    limit = _LIMITS.get(link.limited_by, "")
    return (f"{words} {limit}" if limit else words), bool(limit)
