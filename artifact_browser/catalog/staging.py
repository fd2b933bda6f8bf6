"""Making and editing artifacts before they are committed: everything here touches the staged manifest only.

Each edit is a compare-and-swap on ``_manifest.yaml`` that starts again when somebody else was quicker, so ten
programs registering files at once keep all ten. Blocking; runs in a worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.collection_text import CollectionText
from artifact_browser.catalog.files import FILES_KEY, StagedFile, locate, recorded_files, with_files, without_files
from artifact_browser.catalog.head import find_head
from artifact_browser.catalog.index import update_parent
from artifact_browser.catalog.layout import COLLECTION_TYPE, RESERVED_NAMES, SUMMARY_FIELDS, Place, check_file_path
from artifact_browser.catalog.manifest import (
    COMMIT_KEY,
    OWN_KEYS,
    VERSION_KEY,
    Manifest,
    Pause,
    WrittenManifest,
    backoff_s,
    new_commit_id,
    new_manifest,
    read_manifest,
    read_state,
    write_manifest,
)
from artifact_browser.catalog.records import make_record, record_key, write_record
from artifact_browser.catalog.replacing import put_back
from artifact_browser.catalog.schema import parent_collection, require_fit
from artifact_browser.errors import (
    BlobNotFound,
    CommitConflict,
    FilesMissing,
    InputError,
    NetworkError,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
    ServerFault,
)
from artifact_browser.storage.driver import Driver, Support
from artifact_browser.storage.location import DELIMITER

#: How often an edit starts again because somebody else wrote in between.
EDIT_TRIES = 12
_DELETE_TRIES = 3

Edit = Callable[[dict[Any, Any]], None]


@dataclass(frozen=True, slots=True)
class ArtifactState:
    """Both manifests of an artifact; either may be absent."""

    committed: Manifest | None
    staged: Manifest | None


def read_artifact(driver: Driver, place: Place) -> ArtifactState:
    """What is committed and what is staged. :raises ManifestUnreadable:"""
    return ArtifactState(
        read_manifest(driver, place.bucket, place.committed_key), read_manifest(driver, place.bucket, place.staged_key)
    )


def create_collection(
    driver: Driver, place: Place, fields: Mapping[str, Any], pause: Pause = time.sleep
) -> WrittenManifest:
    """Make ``place`` a collection, committed at once; its parent's index learns of it.

    :raises InputError: there is a manifest already
    :raises ManifestUnfit: the schema of the collection above does not allow it, or its own is none
    """
    _refuse_existing(driver, place)
    body = {"id": place.name, "name": place.name, "description": "", "summary_fields": list(SUMMARY_FIELDS), **fields}
    body["type"] = COLLECTION_TYPE
    require_fit(place, body, parent_collection(driver, place))
    made = new_manifest(body)
    written = _create(driver, place, place.committed_key, made, pause)
    update_parent(driver, place, made.fields, written.etag, pause)
    return written


def create_artifact(
    driver: Driver, place: Place, fields: Mapping[str, Any], *, stage: bool = True, pause: Pause = time.sleep
) -> WrittenManifest:
    """Make a new artifact: staged (or committed at once, then its collection's index learns of it).

    :raises InputError: there is a manifest already, or the type is a collection's
    :raises ManifestUnfit: of what would be committed at once; a staged one is a draft
    """
    if fields.get("type") == COLLECTION_TYPE:
        raise InputError("A collection is made as a collection, not as an artifact.")
    _refuse_existing(driver, place)
    made = new_manifest({"id": place.name, "name": place.name, "description": "", "type": "generic", **fields})
    if not stage:
        require_fit(place, made.fields, parent_collection(driver, place))
    written = _create(driver, place, place.staged_key if stage else place.committed_key, made, pause)
    if not stage:
        update_parent(driver, place, made.fields, written.etag, pause)
    return written


def edit(driver: Driver, place: Place, change: Edit, pause: Pause = time.sleep) -> WrittenManifest:
    """Apply ``change`` to the staged manifest, which begins as a copy of the committed one.

    :raises BlobNotFound: there is no manifest at all
    :raises CommitConflict: others wrote again and again in between
    """
    for attempt in range(EDIT_TRIES):
        staged = read_manifest(driver, place.bucket, place.staged_key)
        base = staged or read_manifest(driver, place.bucket, place.committed_key)
        if base is None:
            raise BlobNotFound("There is no artifact here.", subject=f"{place.bucket}/{place.prefix}")
        fields = dict(base.fields)
        change(fields)
        text = CollectionText(fields, list(base.text.entries), list(base.text.lines))
        try:
            return write_manifest(driver, place.bucket, place.staged_key, text, staged, pause)
        except CommitConflict:
            if attempt + 1 == EDIT_TRIES:
                raise
            pause(backoff_s(attempt))
    raise AssertionError("unreachable: the last attempt raises")


def edit_fields(driver: Driver, place: Place, changes: Mapping[str, Any], pause: Pause = time.sleep) -> WrittenManifest:
    """Set fields (``None`` removes one); all others stay as they are."""
    kept = (OWN_KEYS | {FILES_KEY}) & changes.keys()
    if kept:
        raise InputError("These fields are kept by the catalog itself.", subject=", ".join(sorted(kept)))

    def change(fields: dict[Any, Any]) -> None:
        for name, value in changes.items():
            if value is None:
                fields.pop(name, None)
            else:
                fields[name] = value

    return edit(driver, place, change, pause)


def register_files(
    driver: Driver, place: Place, files: Sequence[StagedFile], pause: Pause = time.sleep
) -> WrittenManifest:
    """Record uploaded files in the staged manifest; one entry per path, the last one counts.

    :raises InputError: a path that is not allowed
    """
    for file in files:
        check_file_path(file.path)

    def change(fields: dict[Any, Any]) -> None:
        fields[FILES_KEY] = with_files(fields.get(FILES_KEY), files)

    return edit(driver, place, change, pause)


def register_uploaded(
    driver: Driver, place: Place, paths: Iterable[str], pause: Pause = time.sleep
) -> list[StagedFile]:
    """Record files that were just uploaded with the size and ETag the store gives them.

    :raises FilesMissing: some are not there (nothing was recorded)
    """
    wanted = sorted(set(paths))
    for path in wanted:
        check_file_path(path)
    present = locate(driver, place, wanted)
    missing = [path for path in wanted if path not in present]
    if missing:
        raise FilesMissing(
            f"{len(missing):,} of {len(wanted):,} uploaded files are not there.", subject=", ".join(missing[:20])
        )
    files = [StagedFile(path, present[path].size_bytes, present[path].etag) for path in wanted]
    register_files(driver, place, files, pause)
    return files


def remove_files(driver: Driver, place: Place, paths: Iterable[str], pause: Pause = time.sleep) -> WrittenManifest:
    """Take files out of the staged manifest; their blobs stay until the edit is committed or discarded."""
    gone = set(paths)

    def change(fields: dict[Any, Any]) -> None:
        fields[FILES_KEY] = without_files(fields.get(FILES_KEY), gone)

    return edit(driver, place, change, pause)


def only_staged_files(state: ArtifactState) -> list[StagedFile]:
    """Files that only the staged manifest lists: what a discard may delete too."""
    if state.staged is None:
        return []
    committed = {file.path for file in recorded_files(state.committed.fields)} if state.committed else set()
    return [file for file in recorded_files(state.staged.fields) if file.path not in committed]


def discard(
    driver: Driver, place: Place, staged_etag: str, *, delete_files: bool = False, pause: Pause = time.sleep
) -> int:
    """Drop the staged manifest, if it is still the one with ``staged_etag``; the committed one stays as it is.

    :param delete_files: also delete the blobs that only it lists
    Files of the committed version that were written over are brought back from what was kept.

    :returns: how many blobs were deleted
    :raises CommitConflict: it was edited meanwhile; nothing was dropped
    """
    state = read_artifact(driver, place)
    if state.staged is None:
        return 0
    if state.staged.etag != staged_etag:
        raise CommitConflict(
            "The staged manifest was edited by somebody else meanwhile. Nothing was dropped.",
            subject=f"{place.bucket}/{place.staged_key}",
        )
    if state.committed is not None:
        put_back(driver, place, state.committed)
    if not delete_staged(driver, place, staged_etag):
        raise CommitConflict("The staged manifest was edited just now. Nothing was dropped.")
    files = only_staged_files(state) if delete_files else []
    sound = [file.path for file in files if _allowed(file.path)]
    done = driver.delete_many(place.bucket, [place.file_key(path) for path in sound]) if sound else []
    return sum(not one.error for one in done)


def delete_staged(driver: Driver, place: Place, etag: str) -> bool:
    """Delete ``_manifest.yaml`` if it is still ``etag``.

    ``False``: it was left alone (a new edit began, or the store would not say); the next commit finishes.

    Where the store does not honour a condition on DELETE it is compared right before.
    """
    conditional = driver.capabilities.conditional_delete is not Support.NO
    for _ in range(_DELETE_TRIES):
        try:
            if conditional:
                driver.delete(place.bucket, place.staged_key, if_match=etag)
                return True
            now = read_state(driver, place.bucket, place.staged_key)
            if now is None or now.etag != etag:
                return now is None
            driver.delete(place.bucket, place.staged_key)
            return True
        except NotSupported:
            conditional = False
        except (PreconditionFailed, OutcomeUnknown, NetworkError, ServerFault):
            now = read_state(driver, place.bucket, place.staged_key)
            if now is None or now.etag != etag:
                return now is None
    return False


def _allowed(path: str) -> bool:
    """Whether a discard may delete this: a manifest further down is another artifact's, whoever listed it here."""
    try:
        check_file_path(path)
    except InputError:
        return False
    return path.rpartition(DELIMITER)[2] not in RESERVED_NAMES


def _refuse_existing(driver: Driver, place: Place) -> None:
    for key in (place.committed_key, place.staged_key):
        if read_state(driver, place.bucket, key) is not None:
            raise _taken(place)


def _create(driver: Driver, place: Place, key: str, made: Manifest, pause: Pause) -> WrittenManifest:
    commit_id = new_commit_id()
    if key == place.committed_key:
        made.fields.update({COMMIT_KEY: commit_id, VERSION_KEY: commit_id})
        write_record(driver, place, make_record(made, commit_id, find_head(driver, place, None).tip), pause)
    try:
        return write_manifest(driver, place.bucket, key, made.text, None, pause, commit_id)
    except CommitConflict:
        if key == place.committed_key:
            driver.delete(place.bucket, record_key(place, commit_id))
        raise _taken(place) from None


def _taken(place: Place) -> InputError:
    return InputError(
        f"There is already an artifact with the id \u201c{place.name}\u201d here.",
        subject=f"{place.bucket}/{place.prefix}",
        todo="Choose another id, or edit the artifact that is there.",
    )
