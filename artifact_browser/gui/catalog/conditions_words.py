"""What is said of conditional writes: the badge, its tooltip, and the sentences of the dialog behind it."""

from __future__ import annotations

from artifact_browser.accounts.record import AccountRecord, Probing
from artifact_browser.gui.common.format import moment, printable
from artifact_browser.storage.driver import ConditionalWrites, Support

IGNORED = "no atomic writes here"
UNCHECKED = "atomic writes not checked"

HOW_IT_IS_DONE = (
    "So Artifact Browser reads before it writes, reads again right after, and once more a second later. A commit that "
    "somebody wrote over in that second is told, and your edit stays staged. What happens in the moment between reading and "
    "writing, or later, is not noticed."
)


def badge_words(writes: ConditionalWrites, record: AccountRecord | None) -> tuple[str, str]:
    """The badge and its tooltip; empty where commits are safe, or nobody was asked yet, or nothing can be written."""
    if record is None or record.read_only:
        return "", ""
    if writes.held is Support.NO:
        return IGNORED, (
            "This store does not honour conditions on writes: two people who commit at the same moment may overwrite each "
            "other. Each commit is looked at before and after. Press for more."
        )
    if writes.held is Support.UNKNOWN and record.probing is Probing.REFUSED:
        return UNCHECKED, (
            "Whether this store honours conditions on writes was not tried out, since that was not allowed. It is treated "
            "as one that does not. Press for more."
        )
    return "", ""


def verdict(writes: ConditionalWrites) -> str:
    """What is known, in a sentence."""
    if writes.held is Support.YES:
        return "This store keeps two commits apart: the second one is refused, and nothing is overwritten."
    if writes.held is Support.NO:
        missing = [
            what
            for what, support in (
                ("to write only what does not exist yet", writes.create),
                ("to replace only what is unchanged", writes.replace),
            )
            if support is not Support.YES
        ]
        return f"This store cannot be told {' or '.join(missing)}: it ignores that condition, or refuses it."
    return "It is not known whether this store keeps two commits apart: it has not been tried out."


def found_where(writes: ConditionalWrites) -> str:
    """When and where it was found out; empty where it was not."""
    if writes.known:
        return "That is known of this store; nothing has to be tried out."
    if not writes.asked_us:
        return ""
    server = f", where \u201c{printable(writes.server)}\u201d answered" if writes.server else ""
    return f"Found out on {moment(writes.asked_us)} in \u201c{printable(writes.bucket)}\u201d{server}."


def what_is_written(bucket: str) -> str:
    """What a check does, before it is agreed to."""
    return (
        f"Checking writes a few small blobs named \u201c.artifact-browser-probe-\u2026\u201d to "
        f"\u201c{printable(bucket)}\u201d and removes them again. Nothing else is touched."
    )
