"""Restore: an earlier version's manifest is staged and its files are put back; an ordinary commit follows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.catalog.bringing_back import bring_back
from artifact_browser.catalog.collection_text import LIST_KEY, CollectionText, read_collection
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import FILES_KEY, StagedFile, with_files
from artifact_browser.catalog.head import adopt, find_head
from artifact_browser.catalog.kept import keep
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import name_restored
from artifact_browser.catalog.manifest import OWN_KEYS, VERSION_KEY, Pause, write_manifest
from artifact_browser.catalog.sources import find_sources, version_ids
from artifact_browser.catalog.staging import read_artifact
from artifact_browser.catalog.versions import WHY_GONE, Where, version_of, where_files
from artifact_browser.errors import CommitConflict, FilesMissing, InputError
from artifact_browser.storage.driver import Driver

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore staged: so many files, of which so many had to be put back."""

    file_count: int
    put_back: int


def restore(
    driver: Driver,
    place: Place,
    version: str,
    check: Callable[[], None] = lambda: None,
    pause: Pause = time.sleep,
) -> Restored:
    """Stage ``version`` again, named as its parent. Bytes that its files write over are kept first.

    Done twice it does no harm: a restore that was interrupted is repeated.

    :raises InputError: something else is staged; :raises BlobNotFound: there is no such version
    :raises FilesMissing: bytes are gone, all told at once; nothing was changed
    :raises CommitConflict: somebody edited or uploaded meanwhile
    """
    state = read_artifact(driver, place)
    if state.staged is not None:
        raise InputError(
            "There are staged changes here already.",
            subject=f"{place.bucket}/{place.staged_key}",
            todo="Commit or discard them first.",
        )
    record = version_of(driver, place, version)
    names: dict[str, str] = {}
    if state.committed is not None:
        head = find_head(driver, place, state.committed)
        names = version_ids(adopt(driver, place, state.committed, head, pause=pause).files)
    check()
    files = where_files(driver, place, record.files)
    gone = [at.file.path for at in files if at.where is Where.GONE]
    if gone:
        raise FilesMissing(
            f"The bytes of {len(gone):,} file{' are' if len(gone) == 1 else 's are'} kept nowhere.",
            subject="\n".join(gone[:_SHOWN]),
            kept="Nothing was changed.",
            todo=WHY_GONE if any(at.file.version_id for at in files if at.where is Where.GONE) else "",
        )
    away = [at.file for at in files if at.where is not Where.CURRENT]
    wanted = find_sources(driver, place, away) if away else {}
    now = finder(names)(driver, place, wanted)
    keep(driver, place, now, check, names)
    back = bring_back(driver, place, wanted, now, check)
    again = [
        StagedFile(at.file.path, at.file.size_bytes, back[at.file.path].etag, at.file.checksums)
        if at.file.path in back
        else at.file
        for at in files
    ]
    text = read_collection(record.manifest_text.encode(), subject=version)
    fields = {key: value for key, value in text.fields.items() if key not in OWN_KEYS or key == LIST_KEY}
    if again:
        fields[FILES_KEY] = with_files(fields.get(FILES_KEY), again)
    if state.committed is None or state.committed.fields.get(VERSION_KEY) != record.version:
        name_restored(fields, place.prefix, record.version)  # what is put back as it is committed has no new parent
    try:
        write_manifest(driver, place.bucket, place.staged_key, CollectionText(fields), None, pause)
    except CommitConflict:
        raise CommitConflict(
            "Somebody else began an edit meanwhile. Nothing of theirs was overwritten.",
            subject=f"{place.bucket}/{place.staged_key}",
        ) from None
    return Restored(len(again), len(wanted))
