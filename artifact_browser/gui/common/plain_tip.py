"""Tooltips of what came from elsewhere: Qt takes any text that looks like HTML for HTML, pictures and all."""

from __future__ import annotations

import html


def plain_tip(text: str) -> str:
    """``text`` as a tooltip that shows it letter by letter."""
    if "<" not in text:  # Qt's guess needs a tag
        return text
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>"
