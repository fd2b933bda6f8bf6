"""Watches in words: what one looks at, what it does, how it is."""

from __future__ import annotations

from pathlib import Path

from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.watch import Action, NewVersion, Watch
from artifact_browser.catalog.watch_file import Kept, News
from artifact_browser.gui.common.format import count, elided, natural_time, printable

_ID_LETTERS = 12
#: Seconds between two looks, and what they are called.
INTERVALS = (
    (30, "30 seconds"), (60, "minute"), (300, "5 minutes"), (900, "15 minutes"), (3600, "hour"), (86400, "day"),
)  # fmt: skip
PAUSED, LOOKING, ORPHAN = "Paused", "Looking\u2026", "Its account was removed"
FINE, NEVER = "Nothing new", "Has not looked yet"


def what_words(watch: Watch) -> str:
    """What is watched, in a few words: the artifact's name and its partitions."""
    name = str(watch.name) if watch.name is not None else Place(watch.bucket, watch.prefix).name
    values = partition_words(watch.partitions)
    return f"{printable(name)} \u00b7 {values}" if values else printable(name)


def where_words(watch: Watch, account: str) -> str:
    """Where it looks, in full."""
    place = str(ArtifactUri(watch.name)) if watch.name is not None else watch.prefix or "all of it"
    return f"{printable(place)} in {printable(watch.bucket)}, {printable(account)}"


def does_words(watch: Watch) -> str:
    """What it does about a new version."""
    return "Notifies" if watch.action is Action.NOTIFY else f"Downloads into {printable(folder_words(watch.folder))}"


def folder_words(folder: str) -> str:
    home = str(Path.home())
    return f"~{folder[len(home) :]}" if folder == home or folder.startswith(home + "/") else folder


def interval_words(interval_s: int) -> str:
    return "every " + next((words for seconds, words in INTERVALS if seconds == interval_s), f"{interval_s} seconds")


def partition_words(partitions: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{printable(key)}={printable(value)}" for key, value in partitions)


def version_words(found: NewVersion) -> str:
    """``3 · v1.0``; of an id its beginning."""
    name = found.version
    if len(name) == 32 and all(letter in "0123456789abcdef" for letter in name):
        name = name[:_ID_LETTERS]
    return f"{found.sequence} \u00b7 {elided(printable(name), 48)}"


def last_words(kept: Kept) -> str:
    """The version it saw last."""
    newest = kept.seen.newest
    if newest is None:
        return "none" if kept.seen.begun else ""
    return version_words(NewVersion(Place(kept.watch.bucket, ""), newest.version, newest.sequence))


def unread_count(kept: Kept) -> int:
    return sum(one.unread for one in kept.news)


def state_words(kept: Kept, *, looking: bool, orphan: bool) -> str:
    """How it is, in a few words; trouble before all else."""
    if orphan:
        return ORPHAN
    if not kept.watch.enabled:
        return PAUSED
    if looking:
        return LOOKING
    if kept.trouble or kept.note:
        return printable(kept.trouble or kept.note)
    if unread := unread_count(kept):
        return count(unread, "new version")
    return FINE if kept.looked_us else NEVER


def looked_words(kept: Kept) -> str:
    return natural_time(kept.looked_us) if kept.looked_us else "never"


def news_state_words(one: News, action: Action) -> str:
    """What became of a version that was found."""
    if one.trouble:
        return printable(one.trouble)
    if action is Action.DOWNLOAD:
        return "to be downloaded" if one.owed else "download begun: see Transfers"
    return "new" if one.unread else "told"


def told_words(watch: Watch, news: list[News]) -> tuple[str, str]:
    """Title and text of a notification of new versions."""
    name = what_words(watch)
    title = f"New version of {name}" if len(news) == 1 else f"{count(len(news), 'new version')} of {name}"
    latest = news[-1].version
    words = f"Version {version_words(latest)}" if len(news) == 1 else f"The latest: {version_words(latest)}"
    if values := partition_words(latest.partitions):
        words += f" ({values})"
    if watch.action is Action.DOWNLOAD:
        words += f"\nDownloading into {printable(folder_words(watch.folder))}"
    return title, words
