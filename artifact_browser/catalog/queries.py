"""Questions about an artifact's versions, answered from the index with a bounded number of requests.

* :func:`latest`: the latest version of exactly these partitions (none given: of those without any): one LIST, one record
* :func:`version_of`: a version or an alias
* :func:`ask`: the same from a ``flyte://`` address: one more request, for the name

Many versions at once: :mod:`version_search`.

The index is derived and anybody may write to a bucket: a version counts only when its record says the same as its
key; keys that are nobody's entry are passed over. What is read and how often is limited, and every answer says how many
requests it took.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.index_keys import (
    ReadVersion,
    VersionFacts,
    decode_key,
    partitions_folder,
)
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import NameEntry, resolve_name
from artifact_browser.catalog.partitions import DeclaredKeys, Partitions, of_values
from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import Driver

#: The alias that every commit moves.
LATEST = "latest"
#: Keys that one look for the latest asks for: enough to get past a few that are nobody's.
_FEW_KEYS = 50
#: Records that are read before a latest version is given up: those of entries that were not true.
_MAX_RECORDS = 5

#: The version an alias points to, empty where there is no such alias: at most one GET.
ReadAlias = Callable[[Driver, Place, str], str]


@dataclass(slots=True)
class Ledger:
    """The requests an answer took so far."""

    requests: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """How records and aliases are read."""

    version: ReadVersion
    alias: ReadAlias = lambda _driver, _place, _name: ""


@dataclass(frozen=True, slots=True)
class Answer:
    """``found``: ``None`` where nothing fits. ``entry``: what the asked name stands for, where one was asked."""

    found: VersionFacts | None
    requests: int
    entry: NameEntry | None = None

    @property
    def flag(self) -> str:
        """How the version's partitions differ from those its name declares; empty where they do not."""
        declared = self.entry.declared if self.entry else None
        return declared.mismatch(self.found.partitions) if declared and self.found else ""


def latest(
    driver: Driver, place: Place, partitions: Partitions, sources: Sources, ledger: Ledger | None = None
) -> Answer:
    """The latest version of exactly ``partitions``: two requests, more only where entries are not true."""
    ledger = ledger or Ledger()
    folder = partitions_folder(place, partitions)
    records = 0
    ledger.requests += 1
    page = next(iter(driver.list_pages(place.bucket, folder, delimiter="", page_size=_FEW_KEYS)))
    for key in page.keys:
        entry = decode_key(key, place)
        if entry is None:
            continue
        if records == _MAX_RECORDS:
            break
        records += 1
        ledger.requests += 1
        facts = sources.version(driver, place, entry.version)
        if facts is not None and (facts.sequence, facts.partitions) == (entry.sequence, partitions):
            return Answer(facts, ledger.requests)
    return Answer(None, ledger.requests)


def version_of(driver: Driver, place: Place, name: str, sources: Sources, ledger: Ledger | None = None) -> Answer:
    """The version called ``name``, else the one that the alias ``name`` points to: at most three requests.

    ``latest`` is an alias first: it is the latest of all, whatever its partitions.
    """
    ledger = ledger or Ledger()
    for by_alias in (True, False) if name == LATEST else (False, True):
        version = name
        if by_alias:
            ledger.requests += 1
            version = sources.alias(driver, place, name)
        if version:
            ledger.requests += 1
            if (facts := sources.version(driver, place, version)) is not None:
                return Answer(facts, ledger.requests)
    return Answer(None, ledger.requests)


def ask(driver: Driver, bucket: str, uri: ArtifactUri, sources: Sources) -> Answer:
    """The version a ``flyte://`` address stands for in ``bucket``.

    Without a version, and with ``latest`` and partitions, it is the latest of exactly these partitions: three requests.

    :raises BlobNotFound: nobody took the name, or no version fits: says which partitions the name has
    :raises InputError: a text where the name declares a time
    """
    ledger = Ledger(1)
    entry = resolve_name(driver, bucket, uri.name)
    if entry is None:
        raise unknown_name(uri.name, bucket)
    partitions = of_values(dict(uri.partitions), entry.declared)
    if not uri.version or (uri.version == LATEST and partitions):
        answer = latest(driver, entry.place, partitions, sources, ledger)
    else:
        answer = version_of(driver, entry.place, uri.version, sources, ledger)
        if answer.found and partitions and answer.found.partitions != partitions:
            answer = Answer(None, ledger.requests)
    if answer.found is None:
        raise _no_version(uri, entry.declared)
    return Answer(answer.found, ledger.requests, entry)


def unknown_name(name: ArtifactName, bucket: str) -> BlobNotFound:
    """What to say of a name that nobody took."""
    return BlobNotFound(
        "No artifact of this name is registered in the bucket.",
        subject=f"{name} in {bucket}",
        todo="Check project, domain and name, or open the bucket that holds it.",
    )


def _no_version(uri: ArtifactUri, declared: DeclaredKeys | None) -> BlobNotFound:
    keys = [*declared.keys, *([declared.time_key] if declared.time_key else [])] if declared else []
    todo = f"Its versions have the partitions {', '.join(keys)}: name a value for each of them." if keys else ""
    return BlobNotFound("No version of the artifact fits this address.", subject=str(uri), todo=todo)
