"""Who is named as the author of what is committed here: as the settings say, else as the operating system calls them."""

from __future__ import annotations

from dataclasses import replace

from artifact_browser.catalog.records import MAX_AUTHOR, CommitNote, clean, own_author
from artifact_browser.paths import Paths
from artifact_browser.settings import AUTHOR, Settings


def author_here(paths: Paths) -> str:
    """Asked in the worker when it is needed, so that a name that was just changed counts; may be empty."""
    said = Settings(paths.settings_file).get(AUTHOR)
    return clean(said, MAX_AUTHOR) or own_author()


def signed(note: CommitNote, paths: Paths) -> CommitNote:
    """``note`` with an author, where it names none."""
    return note if note.author else replace(note, author=author_here(paths))
