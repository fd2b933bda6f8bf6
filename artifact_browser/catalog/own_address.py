"""An artifact's own ``flyte://`` address, and the version that such an address stands for: one the way back of the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from artifact_browser.catalog.artifact_name import ArtifactName, identity_of
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import read_manifest
from artifact_browser.catalog.name_registry import NameEntry, resolve_name
from artifact_browser.catalog.partitions import DeclaredKeys
from artifact_browser.catalog.publishing import SOURCES, read_facts
from artifact_browser.catalog.queries import LATEST, Ledger, ask, unknown_name
from artifact_browser.catalog.schema import parent_collection
from artifact_browser.catalog.version_search import search_of
from artifact_browser.errors import AccessDenied, BlobNotFound, BucketNotFound, InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver

_RANGE = ".."
#: Buckets that are looked into for an address when none is open.
MAX_BUCKETS = 50
_READERS = 8


@dataclass(frozen=True, slots=True)
class Several:
    """Many versions at once: these texts, and the ends of a range of time as they were typed, of which one may be empty."""

    texts: tuple[tuple[str, str], ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Addressed:
    """What an address stands for.

    :ivar version: empty where it names the artifact alone; :ivar flag: how its partitions differ from the declared ones
    :ivar several: it names a range of time, and so many versions
    """

    place: Place
    version: str = ""
    sequence: int = 0
    flag: str = ""
    requests: int = 1
    several: Several | None = None


def find_addressed(driver: Driver, bucket: str, uri: ArtifactUri) -> Addressed:
    """The artifact, and the version where the address names one by itself or by partitions: at most four requests (five
    where a partition's text looks like a range). A range of time (``date=2026-08..2026-09``) is many versions.

    :raises BlobNotFound: nobody took the name, or no version fits; :raises InputError: a text where a time is declared
    :raises ManifestUnreadable: what stands for the name is damaged
    """
    before = 0
    if not uri.version and (not uri.partitions or any(_RANGE in value for _, value in uri.partitions)):
        before = 1
        entry = resolve_name(driver, bucket, uri.name)
        if entry is None:
            raise unknown_name(uri.name, bucket)
        if not uri.partitions:
            return Addressed(entry.place)
        if (several := _several(uri, entry.declared)) is not None:
            return Addressed(entry.place, several=several)
    answer = ask(driver, bucket, uri, SOURCES)
    assert answer.found is not None  # ask raises where nothing fits
    found = answer.found
    return Addressed(found.place, found.version, found.sequence, answer.flag, before + answer.requests)


def find_bucket(driver: Driver, name: ArtifactName, check: Callable[[], None] = lambda: None) -> str:
    """The bucket of the account in which ``name`` is registered: one request, and one for each of up to
    :data:`MAX_BUCKETS` buckets, several at once.

    :param check: called before requests; may raise to stop
    :raises BlobNotFound: none of them has it; :raises InputError: more than one has, or there are too many
    :raises AccessDenied: buckets may not be listed
    """
    buckets = [bucket.name for bucket in driver.list_buckets()]
    if len(buckets) > MAX_BUCKETS:
        raise InputError(
            f"An artifact\u2019s address names no bucket, and this account has more than {MAX_BUCKETS}.",
            todo="Open the bucket that holds it first.", subject=str(name),
        )  # fmt: skip

    def has_it(bucket: str) -> bool:
        check()
        try:
            return resolve_name(driver, bucket, name) is not None
        except (AccessDenied, ManifestUnreadable, BucketNotFound):
            return False  # it may be in another one

    with ThreadPoolExecutor(_READERS, thread_name_prefix="buckets") as readers:
        found = [bucket for bucket, has in zip(buckets, readers.map(has_it, buckets), strict=True) if has]
    if not found:
        raise BlobNotFound(
            "No artifact of this name is registered in a bucket of this account.", subject=str(name),
            todo="Check project, domain and name, or go to the account that holds it.",
        )  # fmt: skip
    if len(found) > 1:
        raise InputError(
            f"Several buckets have an artifact of this name: {', '.join(found)[:200]}.",
            todo="Open the one that is meant first.", subject=str(name),
        )  # fmt: skip
    return found[0]


def _several(uri: ArtifactUri, declared: DeclaredKeys | None) -> Several | None:
    """``None``: what looks like a range is a text. :raises InputError: a range of what is no time, or of nothing"""
    values = dict(uri.partitions)
    value = values.pop(declared.time_key, "") if declared is not None and declared.time_key else ""
    if _RANGE not in value:
        return None
    search_of(uri, declared)  # raises what is wrong with it
    since, _, until = value.partition(_RANGE)
    return Several(tuple(sorted(values.items())), since, until)


@dataclass(frozen=True, slots=True)
class OwnName:
    """What the committed manifest calls an artifact. ``entry``: what stands for that name, ``None`` where nobody took it."""

    name: ArtifactName
    entry: NameEntry | None = None


def own_name(driver: Driver, place: Place, ledger: Ledger | None = None) -> OwnName | None:
    """The name of the artifact at ``place``; ``None`` before its first commit. Up to three GETs, counted in ``ledger``.

    :raises ManifestUnreadable: :raises InputError: what the manifest says cannot be a name
    """
    ledger = ledger or Ledger()
    ledger.requests += 1
    committed = read_manifest(driver, place.bucket, place.committed_key)
    if committed is None:
        return None
    ledger.requests += place.parent is not None
    collection = parent_collection(driver, place)
    project = collection.fields.get("name") if collection is not None else None
    name = identity_of(place, committed.fields, project if isinstance(project, str) else "")
    ledger.requests += 1
    return OwnName(name, resolve_name(driver, place.bucket, name))


def address_of(driver: Driver, place: Place, version: str = "") -> ArtifactUri:
    """The address that leads to the artifact at ``place``, or to one of its versions: up to four GETs.

    :raises BlobNotFound: its name is not registered, or there is no such version
    :raises InputError: the name stands for another artifact, or a version of this name cannot be said in an address
    """
    own = own_name(driver, place)
    if own is None or own.entry is None:
        raise BlobNotFound(
            "This artifact has no registered name.",
            subject=f"{place.bucket}/{place.prefix}",
            todo="Give it one in \u201cEdit card\u2026\u201d, on the page \u201cName and partitions\u201d, and commit it.",
        )
    if own.entry.place != place:
        raise InputError(
            f"Its name {own.name} stands for {own.entry.place.prefix} already.",
            todo="Choose another one in \u201cEdit card\u2026\u201d, on the page \u201cName and partitions\u201d, and commit it.",
        )
    if not version:
        return ArtifactUri(own.name)
    uri = version_address(own.name, version)
    if read_facts(driver, place, version) is None:
        raise BlobNotFound("This version is not recorded yet: the next commit does that.", subject=version)
    return uri


def version_address(name: ArtifactName, version: str) -> ArtifactUri:
    """The address of a version of the artifact called ``name``. :raises InputError: it cannot be said in one"""
    if version == LATEST:
        raise InputError("An address with @latest leads to the latest version, not to one of this name.")
    return ArtifactUri(name, version)
