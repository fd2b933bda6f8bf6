"""Commit: the staged manifest becomes the committed one, and nothing of anybody's is lost on the way.

The conditional write of ``manifest.yaml`` is the commit. What is written before it (the version's record) counts for
nothing without it; what is done after it (index, removed files, ``latest``, deleting ``_manifest.yaml`` last) is
derived and can be done again by whoever comes next: a commit killed at any step is finished by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from artifact_browser.catalog.collection_text import CollectionText
from artifact_browser.catalog.commit_look import look
from artifact_browser.catalog.commit_record import write_new_record
from artifact_browser.catalog.dropped import Dropped, dropped_files
from artifact_browser.catalog.files import (
    FileProblem,
    StagedFile,
    find_problems,
    recorded_files,
)
from artifact_browser.catalog.finishing import finish_version, resume_version, sweep
from artifact_browser.catalog.head import Head, adopt, find_head
from artifact_browser.catalog.index import (
    INDEX_TRIES,
    Collection,
    IndexOutcome,
    IndexUpdate,
    UpdateParent,
    update_parent,
)
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.looking_again import require_still_there
from artifact_browser.catalog.manifest import (
    Manifest,
    Pause,
    WrittenManifest,
    backoff_s,
    read_manifest,
    write_manifest,
)
from artifact_browser.catalog.partitions import UNPARTITIONED, Partitions
from artifact_browser.catalog.publishing import says_something
from artifact_browser.catalog.records import (
    NO_NOTE,
    Ancestor,
    CommitNote,
    VersionRecord,
    check_label,
)
from artifact_browser.catalog.schema import NOTHING_ASKED, SchemaCheck, check_artifact, parent_collection, require_fit
from artifact_browser.catalog.staging import ArtifactState, delete_staged, read_artifact
from artifact_browser.catalog.version_index import facts_of
from artifact_browser.errors import BlobNotFound, CommitConflict, FilesMissing
from artifact_browser.storage.driver import NOTHING_KNOWN, ConditionalWrites, Driver

#: How the collection is read that a place is a child of.
ReadCollection = Callable[[Driver, Place], Collection | None]


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """What a commit would do, for the person to look at.

    :ivar replaces: fingerprint of the committed manifest it would replace; empty for the first commit
    :ivar unfinished: an earlier commit was interrupted: this one only finishes it
    :ivar schema: what the collection's schema says of the staged manifest
    :ivar writes: whether the store is known to keep two commits apart
    :ivar partitions: of the version; ``unusable``: why those in the manifest cannot be; ``repeated``: the version before
        has the same
    """

    title: str
    files: tuple[StagedFile, ...]
    problems: tuple[FileProblem, ...]
    staged_etag: str
    replaces: str
    unfinished: bool = False
    schema: SchemaCheck = NOTHING_ASKED
    writes: ConditionalWrites = NOTHING_KNOWN
    partitions: Partitions = UNPARTITIONED
    unusable: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit ended.

    :ivar staged_left: somebody began a new edit meanwhile; it was left alone
    :ivar atomic: the store honoured every condition
    :ivar version: what the commit is called; ``late``: why its derived parts (``latest``, removed files) must wait
    :ivar unpublished: why its name or partitions do not find it (wholly)
    """

    etag: str
    index: IndexOutcome
    index_reason: str = ""
    staged_left: bool = False
    atomic: bool = True
    version: str = ""
    late: str = ""
    unpublished: str = ""


def plan_commit(driver: Driver, place: Place, collection_of: ReadCollection = parent_collection) -> CommitPlan:
    """Look at what is staged and whether its files are there; changes nothing.

    :param collection_of: how the collection that ``place`` is a child of is read
    :raises BlobNotFound: nothing is staged; :raises ManifestUnreadable:
    """
    state = read_artifact(driver, place)
    staged = _staged(state, place)
    files = recorded_files(staged.fields)
    facts = facts_of(place, "", 0, staged.fields)
    before = facts_of(place, "", 0, state.committed.fields) if state.committed else None
    return CommitPlan(
        title=str(staged.fields.get("name") or place.name),
        files=tuple(files),
        problems=tuple(find_problems(driver, place, files)),
        staged_etag=staged.etag,
        replaces=state.committed.fingerprint if state.committed else "",
        unfinished=_is_done(state),
        schema=check_artifact(place, staged.fields, collection_of(driver, place)),
        writes=driver.conditional_writes(place.bucket),
        partitions=facts.partitions,
        unusable=facts.problem,
        repeated=before is not None and before.partitions == facts.partitions,
    )


def commit(
    driver: Driver,
    place: Place,
    plan: CommitPlan | None = None,
    pause: Pause = time.sleep,
    note: CommitNote = NO_NOTE,
    indexing: UpdateParent = update_parent,
    collection_of: ReadCollection = parent_collection,
) -> Committed:
    """Commit what is staged.

    :param plan: what the person agreed to: anything else that is found is a conflict
    :param note: the version's name, message and author
    :param indexing: how the collection is told: by itself, or together with other commits of this process
    :param collection_of: how the collection that ``place`` is a child of is read
    :raises FilesMissing: all missing or different files, in one error
    :raises ManifestUnfit: all that the collection's schema does not allow; :raises SchemaUnusable: it is broken itself
    :raises CommitConflict: somebody else edited or committed meanwhile; nothing was overwritten
    :raises InputError: the version's name is taken, or cannot be one; nothing was written
    :raises BlobNotFound: nothing is staged
    """
    if note.version:
        check_label(note.version)
    state = read_artifact(driver, place)
    staged = _staged(state, place)
    if plan is not None:
        _check_agreed(plan, state, staged, place)
    end = partial(_finish, driver, place, staged, pause=pause, indexing=indexing, collection_of=collection_of)
    if _is_done(state):
        assert state.committed is not None
        return end(state.committed, find_head(driver, place, state.committed))
    collection = collection_of(driver, place)
    seen = look(driver, place, state.committed, staged)
    if seen.problems:
        raise files_missing(seen.problems)
    require_fit(place, staged.fields, collection)
    if not seen.still:
        return _lost_to(driver, place, staged, None, _edited(place), end)
    files, before = recorded_files(staged.fields), seen.before
    adopted, dropped = None, seen.dropped
    if state.committed is not None and before.head is not None:
        parent: Ancestor | None = adopt(driver, place, state.committed, before.head, pause=pause)
        assert isinstance(parent, VersionRecord)
        adopted = parent if parent.adopted else None
        if dropped is None:
            dropped = Dropped(dropped_files(parent.files, files))
        if before.unfinished:
            resume_version(
                driver, place, before.head, files, state.committed.fields, _project_of(collection), pause
            )  # fmt: skip
    else:
        parent = before.tip
    record, made = write_new_record(driver, place, state.committed, staged, seen, parent, note, pause)
    try:
        written, done = _swap(driver, place, made, state.committed, pause)
        if not written.atomic:
            require_still_there(driver, place, record, pause)
    except CommitConflict as lost:
        return _lost_to(driver, place, staged, record, lost, end)
    after = Head(record, record, before.latest)
    return end(done, after, collection=collection, dropped=dropped, adopted=adopted, atomic=written.atomic)


def _lost_to(
    driver: Driver,
    place: Place,
    staged: Manifest,
    record: VersionRecord | None,
    lost: CommitConflict,
    end: Callable[[Manifest, Head], Committed],
) -> Committed:
    """Somebody else was quicker: with the very same edit, then it is finished together; else it is told."""
    now = read_manifest(driver, place.bucket, place.committed_key)
    head = find_head(driver, place, now)
    if record is not None:
        sweep(driver, place, record, head)
    if now is None or not now.same_content(staged):
        raise lost
    return end(now, head)


def _swap(
    driver: Driver, place: Place, made: Manifest, committed: Manifest | None, pause: Pause
) -> tuple[WrittenManifest, Manifest]:
    """The commit point. A collection's list is derived and belongs to the committed manifest: an edit of its fields
    carries it over as it is now, and starts again when only the list was written in between.
    """
    for attempt in range(INDEX_TRIES):
        text = made.text
        if made.is_collection and committed is not None and committed.is_collection:
            text = CollectionText(dict(made.fields), committed.text.entries, committed.text.lines)
        try:
            written = write_manifest(driver, place.bucket, place.committed_key, text, committed, pause, made.commit_id)
        except CommitConflict:
            now = read_manifest(driver, place.bucket, place.committed_key)
            if not (made.is_collection and committed and now and now.same_content(committed)):
                raise _lost(place) from None
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
    driver: Driver,
    place: Place,
    staged: Manifest,
    done: Manifest,
    head: Head,
    *,
    pause: Pause,
    indexing: UpdateParent,
    collection_of: ReadCollection,
    collection: Collection | None = None,
    dropped: Dropped | None = None,
    adopted: VersionRecord | None = None,
    atomic: bool = True,
) -> Committed:
    """Everything behind the commit point: each step can be done twice. The staged manifest goes last: while it is
    there, the next commit does all of it again.
    """
    if collection is None and says_something(done.fields):  # its name may be the artifact's project
        collection = collection_of(driver, place)
    project = _project_of(collection)
    index: IndexUpdate = indexing(driver, place, done.fields, done.etag, pause, collection)
    late, unpublished = finish_version(
        driver, place, head, done.fields, project, pause, dropped=dropped, adopted=adopted
    )
    deleted = delete_staged(driver, place, staged.etag)
    return Committed(
        done.etag, index.outcome, index.reason, not deleted, atomic and index.atomic,
        head.record.version if head.record else "", late, unpublished,
    )  # fmt: skip


def _project_of(collection: Collection | None) -> str:
    """What an artifact's project is where it names none; empty: its folder says it."""
    name = collection.fields.get("name") if collection is not None else None
    return name if isinstance(name, str) else ""


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
