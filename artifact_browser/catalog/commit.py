"""Commit: the staged manifest becomes the committed one, and nothing of anybody's is lost on the way.

The conditional write of ``manifest.yaml`` is the commit. Before it everything can be given up without a trace; after
it everything (deleting ``_manifest.yaml``, the collection's index) is derived and can be done again by whoever comes
next: a commit killed at any step is finished by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from artifact_browser.catalog.collection_text import CollectionText
from artifact_browser.catalog.files import FILES_KEY, FileProblem, StagedFile, find_problems, recorded_files, with_files
from artifact_browser.catalog.index import INDEX_TRIES, IndexOutcome, IndexUpdate, update_parent
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import (
    Manifest,
    Pause,
    WrittenManifest,
    backoff_s,
    read_manifest,
    read_state,
    write_manifest,
)
from artifact_browser.catalog.schema import NOTHING_ASKED, SchemaCheck, check_artifact, require_fit
from artifact_browser.catalog.staging import ArtifactState, delete_staged, read_artifact
from artifact_browser.errors import BlobNotFound, CommitConflict, FilesMissing
from artifact_browser.storage.driver import Driver


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """What a commit would do, for the person to look at.

    :ivar replaces: fingerprint of the committed manifest it would replace; empty for the first commit
    :ivar unfinished: an earlier commit was interrupted: this one only finishes it
    :ivar schema: what the collection's schema says of the staged manifest
    """

    title: str
    files: tuple[StagedFile, ...]
    problems: tuple[FileProblem, ...]
    staged_etag: str
    replaces: str
    unfinished: bool = False
    schema: SchemaCheck = NOTHING_ASKED


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit ended.

    :ivar staged_left: somebody began a new edit meanwhile; it was left alone
    :ivar atomic: the store honoured every condition
    """

    etag: str
    index: IndexOutcome
    index_reason: str = ""
    staged_left: bool = False
    atomic: bool = True


def plan_commit(driver: Driver, place: Place) -> CommitPlan:
    """Look at what is staged and whether its files are there; changes nothing.

    :raises BlobNotFound: nothing is staged; :raises ManifestUnreadable:
    """
    state = read_artifact(driver, place)
    staged = _staged(state, place)
    files = recorded_files(staged.fields)
    return CommitPlan(
        title=str(staged.fields.get("name") or place.name),
        files=tuple(files),
        problems=tuple(find_problems(driver, place, files)),
        staged_etag=staged.etag,
        replaces=state.committed.fingerprint if state.committed else "",
        unfinished=_is_done(state),
        schema=check_artifact(driver, place, staged.fields),
    )


def commit(driver: Driver, place: Place, plan: CommitPlan | None = None, pause: Pause = time.sleep) -> Committed:
    """Commit what is staged.

    :param plan: what the person agreed to: anything else that is found is a conflict
    :raises FilesMissing: all missing or different files, in one error
    :raises ManifestUnfit: all that the collection's schema does not allow; :raises SchemaUnusable: it is broken itself
    :raises CommitConflict: somebody else edited or committed meanwhile; nothing was overwritten
    :raises BlobNotFound: nothing is staged
    """
    state = read_artifact(driver, place)
    staged = _staged(state, place)
    if plan is not None:
        _check_agreed(plan, state, staged, place)
    if _is_done(state):
        assert state.committed is not None
        return _finish(driver, place, staged, state.committed, pause)
    problems = find_problems(driver, place, recorded_files(staged.fields))
    if problems:
        raise files_missing(problems)
    require_fit(driver, place, staged.fields)
    _check_still(driver, place, staged)
    try:
        written, done = _swap(driver, place, staged, state.committed, pause)
    except CommitConflict:
        now = read_manifest(driver, place.bucket, place.committed_key)
        if now is None or not now.same_content(staged):
            raise _lost(place) from None
        return _finish(driver, place, staged, now, pause)  # somebody else committed the very same edit
    return _finish(driver, place, staged, done, pause, atomic=written.atomic)


def _swap(
    driver: Driver, place: Place, staged: Manifest, committed: Manifest | None, pause: Pause
) -> tuple[WrittenManifest, Manifest]:
    """The commit point. A collection's list is derived and belongs to the committed manifest: an edit of its fields
    carries it over as it is now, and starts again when only the list was written in between.
    """
    for attempt in range(INDEX_TRIES):
        fields = dict(staged.fields)
        if FILES_KEY in fields:
            fields[FILES_KEY] = with_files(fields[FILES_KEY], ())
        text = CollectionText(fields, staged.text.entries, staged.text.lines)
        if staged.is_collection and committed is not None and committed.is_collection:
            text = CollectionText(fields, committed.text.entries, committed.text.lines)
        try:
            written = write_manifest(driver, place.bucket, place.committed_key, text, committed, pause)
        except CommitConflict:
            now = read_manifest(driver, place.bucket, place.committed_key)
            if not (staged.is_collection and committed and now and now.same_content(committed)):
                raise
            committed = now
            pause(backoff_s(attempt))
        else:
            return written, Manifest(text, written.etag)
    raise CommitConflict("Others kept writing this collection at the same time.", kept="Your edit is still staged.")


def files_missing(problems: Sequence[FileProblem]) -> FilesMissing:
    """One error for all of them."""
    lines = [f"{problem.path}: {problem.sentence}" for problem in problems]
    count = len(problems)
    return FilesMissing(
        f"{count:,} recorded file{' is' if count == 1 else 's are'} missing or different.",
        subject="\n".join(lines[:200]),
        kept="Nothing was committed; the staged manifest is as it was.",
    )


def _finish(
    driver: Driver, place: Place, staged: Manifest, done: Manifest, pause: Pause, *, atomic: bool = True
) -> Committed:
    """Everything behind the commit point: each step can be done twice."""
    deleted = delete_staged(driver, place, staged.etag)
    index: IndexUpdate = update_parent(driver, place, done.fields, done.etag, pause)
    return Committed(done.etag, index.outcome, index.reason, not deleted, atomic and index.atomic)


def _staged(state: ArtifactState, place: Place) -> Manifest:
    if state.staged is None:
        raise BlobNotFound(
            "Nothing is staged here.", subject=f"{place.bucket}/{place.prefix}", todo="Stage files or edit it first."
        )
    return state.staged


def _is_done(state: ArtifactState) -> bool:
    """An earlier commit got as far as the commit point: both manifests say the same."""
    return state.staged is not None and state.committed is not None and state.staged.same_content(state.committed)


def _check_agreed(plan: CommitPlan, state: ArtifactState, staged: Manifest, place: Place) -> None:
    replaces = state.committed.fingerprint if state.committed else ""
    if staged.etag != plan.staged_etag:
        raise _edited(place)
    if replaces != plan.replaces and not _is_done(state):
        raise _lost(place)


def _check_still(driver: Driver, place: Place, staged: Manifest) -> None:
    now = read_state(driver, place.bucket, place.staged_key)
    if now is None or now.etag != staged.etag:
        raise _edited(place)


def _edited(place: Place) -> CommitConflict:
    return CommitConflict(
        "The staged manifest was changed by somebody else meanwhile.",
        subject=f"{place.bucket}/{place.staged_key}",
        kept="Nothing was overwritten.",
        todo="Look at what is staged now, then commit again.",
    )


def _lost(place: Place) -> CommitConflict:
    return CommitConflict(
        "Somebody else committed this artifact meanwhile.",
        subject=f"{place.bucket}/{place.committed_key}",
        kept="Nothing was overwritten: their version is committed, yours is still staged.",
    )
