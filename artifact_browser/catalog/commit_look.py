"""What a commit has to know before it writes: where the history stands, and, by one LIST, all that concerns its files.

That LIST tells at once whether the files are there, what becomes of those that are taken out, and that the staged manifest
is still the one that was read: right before the record is written, the last thing before the commit point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from artifact_browser.catalog.aliases import LATEST, Alias, alias_key, read_latest
from artifact_browser.catalog.dropped import Dropped, dropped_files, is_listed, looked_at
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import FileProblem, Present, StagedFile, check_files, recorded_files
from artifact_browser.catalog.head import Head, find_head, told_by
from artifact_browser.catalog.layout import STAGED_NAME, Place
from artifact_browser.catalog.manifest import Manifest, read_state
from artifact_browser.catalog.records import Ancestor, VersionRecord, read_sound_record
from artifact_browser.catalog.sources import version_ids
from artifact_browser.storage.driver import Driver


@dataclass(frozen=True, slots=True)
class Before:
    """Where the history stands before a commit.

    :ivar tip: the version before; :ivar latest: the alias as it was read
    :ivar head: as the records tell it; ``None`` where ``latest`` told enough
    :ivar files: those of the committed version with their identities; ``None``: not known yet
    """

    tip: Ancestor | None
    latest: Alias | None
    head: Head | None
    files: Sequence[StagedFile] | None

    @property
    def unfinished(self) -> bool:
        """The commit before may have been interrupted behind its commit point."""
        return self.head is not None and self.head.unfinished


@dataclass(frozen=True, slots=True)
class Look:
    """``present``: the files that are there; ``still``: the staged manifest is as it was read; ``before``: the history."""

    before: Before
    problems: Sequence[FileProblem]
    present: dict[str, Present]
    still: bool
    dropped: Dropped | None


def look(driver: Driver, place: Place, committed: Manifest | None, staged: Manifest) -> Look:
    """All of it: two requests for an ordinary commit, and one for each further 1,000 files."""
    files = recorded_files(staged.fields)
    before = look_back(driver, place, committed, files, staged.version_id) if committed is not None else None
    gone = dropped_files(before.files, files) if before is not None and before.files is not None else {}
    alias = alias_key(place, LATEST).removeprefix(place.prefix)
    others = [STAGED_NAME, *(looked_at(place, gone) if gone else ())] + ([alias] if committed is None else [])
    seen: dict[str, Present] = {}

    def find(driver: Driver, place: Place, paths: Iterable[str]) -> dict[str, Present]:
        seen.update(finder(staged.version_id)(driver, place, [*paths, *others]))
        return seen

    problems, present = check_files(driver, place, files, find)
    if before is None:  # nothing is committed: there may have been, and whoever deleted it left the history
        before = look_back(driver, place, None) if alias in seen else Before(None, None, Head(None, None, None), ())
    there = seen.get(STAGED_NAME)
    still = there is not None and there.etag == staged.etag
    if not still:  # some stores list another ETag than they answer
        now = read_state(driver, place.bucket, place.staged_key)
        still = now is not None and now.etag == staged.etag
    listed = {file.path: present[file.path] for file in files if file.path in present}
    return Look(before, problems, listed, still, _dropped(driver, place, before, files, gone, seen, staged.version_id))


def look_back(
    driver: Driver, place: Place, committed: Manifest | None, files: Iterable[StagedFile] = (), version_id: str = ""
) -> Before:
    """Where the history stands. One GET where ``latest`` tells it and no file's identity is asked for, two to four else.

    :param files: that will be listed; :param version_id: of the staged manifest, where the bucket gives any
    """
    latest = read_latest(driver, place)
    told = told_by(latest, committed)
    if told is not None and committed is not None:
        known = recorded_files(committed.fields)
        stays = {file.path for file in files}
        gone = [file for file in known if file.path not in stays]
        if not gone or (not version_id and all(file.etag for file in gone)):
            return Before(told, latest, None, known)
        record = read_sound_record(driver, place, told.version)
        if record is not None:
            return Before(record, latest, None, record.files)
    head = find_head(driver, place, committed, lambda *_: latest)
    return Before(head.tip, latest, head, head.record.files if head.record else None)


def _dropped(
    driver: Driver,
    place: Place,
    before: Before,
    files: Sequence[StagedFile],
    gone: dict[str, StagedFile],
    seen: dict[str, Present],
    version_id: str,
) -> Dropped | None:
    """What is taken out; ``None`` where only the record that the version before is yet to get tells it."""
    if before.files is None:
        return None
    if not gone:
        return Dropped({})
    by_record = isinstance(before.tip, VersionRecord)
    if not by_record and before.tip and any(path in seen and not is_listed(gone[path], seen[path]) for path in gone):
        record = read_sound_record(driver, place, before.tip.version)  # it knows what lay there when it was committed
        return Dropped(dropped_files(record.files, files)) if record is not None else Dropped(gone)
    same_way = bool(version_ids(gone.values())) == bool(version_id)  # it is compared with another look later
    return Dropped(gone, seen if same_way else None)
