"""Watches' looks, and what their downloads need to know, as jobs for the interactive lane."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from artifact_browser.accounts.lease import CodeWanted
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.index_keys import BY_PARTITIONS, decode_partitions
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import resolve_name
from artifact_browser.catalog.partitions import DeclaredKeys, Partitions
from artifact_browser.catalog.queries import unknown_name
from artifact_browser.catalog.version_files import VersionFiles, files_to_fetch
from artifact_browser.catalog.versions import version_of, where_files
from artifact_browser.catalog.watch import Looked, NewVersion, Seen, Watch
from artifact_browser.catalog.watch_look import look
from artifact_browser.catalog.watch_schedule import concerns_account
from artifact_browser.errors import BlobNotFound, CredentialsMissing, ErrorRecord, InputError, JobCancelled
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext, Question
from artifact_browser.workers.part_context import PartContext
from artifact_browser.workers.translate import redacted_record, translated

#: Sets of partitions a person can choose from.
MAX_SETS = 1000


@dataclass(frozen=True, slots=True)
class Ask:
    """A watch that is to look, and what it knows."""

    watch: Watch
    seen: Seen


@dataclass(frozen=True, slots=True)
class LookEnded:
    """How a look of this watch ended: one of ``looked`` and ``error``."""

    ask: Ask
    looked: Looked | None = None
    error: ErrorRecord | None = None


class Unattended(PartContext):
    """A job's line to the outside, where nobody may be called from what they do: no one-time code is asked for."""

    def ask(self, question: Question) -> Any:
        """:raises CredentialsMissing: it is a code that is wanted; and what the question itself raises"""
        if isinstance(question, CodeWanted):
            raise CredentialsMissing(
                "It signs in with a one-time code.", todo="Open the account and type the code: then its watches go on."
            )
        return super().ask(question)


def look_at_all(
    context: JobContext, asks: tuple[tuple[AccountRecord, tuple[Ask, ...]], ...]
) -> Generator[LookEnded, None, None]:
    """Job: one look of each watch, one request at a time, account by account.

    What concerns a whole account ends its looks: those behind it are not told, and look another time.
    """
    for record, of_account in asks:
        left = list(of_account)
        while left:
            try:
                with opened(Unattended(context), record) as driver:
                    while left:
                        looked = look(driver, left[0].watch, left[0].seen, context.cancel.raise_if_cancelled)
                        yield LookEnded(left.pop(0), looked)
            except (JobCancelled, GeneratorExit):
                raise
            except Exception as error:  # noqa: BLE001 - one watch's trouble is no other's
                problem = redacted_record(translated(error))
                yield LookEnded(left.pop(0), error=problem)
                if concerns_account(problem):
                    break


def find_version_files(
    context: JobContext, record: AccountRecord, found: NewVersion
) -> Generator[None, None, VersionFiles]:
    """Job: what is to be downloaded of a version.

    :raises BlobNotFound: it is not there any more, or another one has its name; :raises ManifestUnreadable:
    """
    yield from ()
    with opened(Unattended(context), record) as driver:
        version = version_of(driver, found.place, found.version)
        if version.sequence != found.sequence:
            raise BlobNotFound("Another version has this name now.", subject=found.version)
        files = where_files(driver, found.place, version.files)
    return files_to_fetch(found.place, files)


@dataclass(frozen=True, slots=True)
class Watchable:
    """What a watch of an artifact can choose: the sets of partitions its versions have, and what is declared."""

    place: Place
    sets: tuple[Partitions, ...] = ()
    declared: DeclaredKeys | None = None
    complete: bool = True


def find_watchable(
    context: JobContext, record: AccountRecord, place: Place, name: ArtifactName | None
) -> Generator[None, None, Watchable]:
    """Job: the partitions there are: one LIST, and one GET for a name.

    :raises BlobNotFound: nobody took the name; :raises ManifestUnreadable: what stands for it is damaged
    """
    yield from ()
    declared = None
    with opened(context, record) as driver:
        if name is not None:
            entry = resolve_name(driver, place.bucket, name)
            if entry is None:
                raise unknown_name(name, place.bucket)
            place, declared = entry.place, entry.declared
        area = place.prefix + BY_PARTITIONS
        page = next(iter(driver.list_pages(place.bucket, area, page_size=MAX_SETS)))
    sets = [found for prefix in page.prefixes if (found := _set_of(prefix[len(area) : -1])) is not None]
    return Watchable(place, tuple(sets), declared, page.next_token is None)


def _set_of(component: str) -> Partitions | None:
    try:
        return decode_partitions(component)
    except InputError:
        return None
