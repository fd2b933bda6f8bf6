"""What the window that finds versions says of how it went."""

from __future__ import annotations

from artifact_browser.catalog.found_versions import Scope
from artifact_browser.gui.common.format import count


def footer_words(found: int, requests: int, left_out: int, unread: int, all_seen: bool, several: bool) -> str:
    """``4 versions \u00b7 6 requests``, and what is not among them.

    :param several: more rows may come; else it is the latest of what was looked at
    """
    so_far = "" if all_seen else " so far" if several else " of the sets looked at"
    parts = [count(found, "version") + so_far, count(requests, "request")]
    if left_out:
        parts.append(f"{left_out:,} left out: no record says the same")
    if unread:
        parts.append(f"{unread:,} not looked at: too many partitions")
    return " \u00b7 ".join(parts)


def nothing_words(scope: Scope | None, *, more: bool) -> tuple[str, str]:
    """Why there is no row: a sentence, and what can be done."""
    if more:
        return "Nothing yet; there is more to look at.", ""
    if scope is not None and not scope.facets.sets:
        return (
            "No version stands in the index.",
            "Versions come into it by commits with a name or partitions; \u201cUpdate index\u201d reads the others from their "
            "records.",
        )
    return "No version fits.", "Choose less on the left."
