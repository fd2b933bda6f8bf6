"""The record of the version that a commit makes, written before the manifest that names it."""

from __future__ import annotations

from artifact_browser.catalog.collection_text import CollectionText
from artifact_browser.catalog.commit_look import Before, Look
from artifact_browser.catalog.files import FILES_KEY, recorded_files, with_files
from artifact_browser.catalog.finishing import sweep
from artifact_browser.catalog.head import find_head, is_lost
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import COMMIT_KEY, VERSION_KEY, Manifest, Pause, new_commit_id
from artifact_browser.catalog.records import (
    Ancestor,
    CommitNote,
    VersionRecord,
    make_record,
    read_record,
    write_record,
)
from artifact_browser.errors import CommitConflict, InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver


def write_new_record(
    driver: Driver,
    place: Place,
    committed: Manifest | None,
    staged: Manifest,
    seen: Look,
    parent: Ancestor | None,
    note: CommitNote,
    pause: Pause,
) -> tuple[VersionRecord, Manifest]:
    """The version's record, written, and the manifest to be. One of that name that an interrupted commit of this very edit
    left is gone on with.

    :raises InputError: the name is another version's
    """
    files, begun = recorded_files(staged.fields), None
    for _ in range(2):
        made = _as_version(staged, note.version, begun.commit_id if begun else "")
        record = make_record(made, made.version, parent, note, seen.present, files)
        if begun is not None:
            if begun.files != record.files:
                break  # its files are others by now: the record would not be true
            return begun, made
        try:
            write_record(driver, place, record, pause)
        except CommitConflict:
            begun = _begun(driver, place, record.version, seen.before, committed, staged)
        else:
            return record, made
    raise _taken(note.version)


def _as_version(staged: Manifest, version: str, commit_id: str) -> Manifest:
    """What will be written: with an id, and the version's name. The id is the name where nobody chose one."""
    commit_id = commit_id or new_commit_id()
    fields = {**staged.fields, COMMIT_KEY: commit_id, VERSION_KEY: version or commit_id}
    if FILES_KEY in fields:
        fields[FILES_KEY] = with_files(fields[FILES_KEY], ())
    return Manifest(CollectionText(fields, staged.text.entries, staged.text.lines))


def _begun(
    driver: Driver, place: Place, version: str, before: Before, committed: Manifest | None, staged: Manifest
) -> VersionRecord | None:
    """The record of a commit of this very edit that was interrupted before its commit point; ``None``: one that was lost
    lay there, and is gone.

    :raises InputError: the name is another version's
    """
    try:
        found = read_record(driver, place, version)
    except ManifestUnreadable:
        raise _taken(version) from None
    if found is None:
        return None
    head = before.head or find_head(driver, place, committed)
    if is_lost(driver, place, found, head):
        sweep(driver, place, found, head)
        return None
    if found.parent == (before.tip.version if before.tip else "") and found.content == staged.fingerprint:
        return found
    raise _taken(version)


def _taken(version: str) -> InputError:
    return InputError(
        "There is a version of this name already, or a commit of that name was begun.",
        subject=version,
        kept="Nothing was committed; the staged manifest is as it was.",
        todo="Choose another name for the version, or leave it empty.",
    )
