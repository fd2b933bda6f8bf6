"""How a commit ended, in words: behind one, and in the row of each where several are committed together."""

from __future__ import annotations

from artifact_browser.catalog.commit import Committed
from artifact_browser.catalog.index import IndexOutcome
from artifact_browser.gui.common.format import printable


def how_it_ended(committed: Committed, *, index: bool = True) -> str:
    """``committed``, and whatever a person should know of it.

    :param index: say that the collection's index will follow; where that is said once for all of them, not
    """
    words = "committed"
    if index and committed.index is IndexOutcome.PENDING:
        words += "; the collection\u2019s index will follow (index pending)"
    if committed.late:
        words += "; what it removed is cleared away by the next commit"
    if committed.unpublished:
        words += f"; its name or partitions do not find it: {printable(committed.unpublished)}"
    if committed.staged_left:
        words += "; a new edit began meanwhile and stays staged"
    if not committed.atomic:
        words += ". No atomic writes here: it was looked at once more, and stands"
    return words
