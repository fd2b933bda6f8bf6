"""An artifact's own ``flyte://`` address, and the version that such an address stands for: one the way back of the other."""

from __future__ import annotations

from dataclasses import dataclass

from artifact_browser.catalog.artifact_name import ArtifactName, identity_of
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import read_manifest
from artifact_browser.catalog.name_registry import NameEntry, resolve_name
from artifact_browser.catalog.publishing import SOURCES, read_facts
from artifact_browser.catalog.queries import LATEST, ask, unknown_name
from artifact_browser.catalog.schema import parent_collection
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver


@dataclass(frozen=True, slots=True)
class Addressed:
    """What an address stands for.

    :ivar version: empty where it names the artifact alone; :ivar flag: how its partitions differ from the declared ones
    """

    place: Place
    version: str = ""
    sequence: int = 0
    flag: str = ""
    requests: int = 1


def find_addressed(driver: Driver, bucket: str, uri: ArtifactUri) -> Addressed:
    """The artifact, and the version where the address names one by itself or by partitions: at most four requests.

    :raises BlobNotFound: nobody took the name, or no version fits; :raises InputError: a text where a time is declared
    :raises ManifestUnreadable: what stands for the name is damaged
    """
    if not uri.version and not uri.partitions:
        entry = resolve_name(driver, bucket, uri.name)
        if entry is None:
            raise unknown_name(uri.name, bucket)
        return Addressed(entry.place)
    answer = ask(driver, bucket, uri, SOURCES)
    assert answer.found is not None  # ask raises where nothing fits
    found = answer.found
    return Addressed(found.place, found.version, found.sequence, answer.flag, answer.requests)


@dataclass(frozen=True, slots=True)
class OwnName:
    """What the committed manifest calls an artifact. ``entry``: what stands for that name, ``None`` where nobody took it."""

    name: ArtifactName
    entry: NameEntry | None = None


def own_name(driver: Driver, place: Place) -> OwnName | None:
    """The name of the artifact at ``place``; ``None`` before its first commit. Up to three GETs.

    :raises ManifestUnreadable: :raises InputError: what the manifest says cannot be a name
    """
    committed = read_manifest(driver, place.bucket, place.committed_key)
    if committed is None:
        return None
    collection = parent_collection(driver, place)
    project = collection.fields.get("name") if collection is not None else None
    name = identity_of(place, committed.fields, project if isinstance(project, str) else "")
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
    if version == LATEST:
        raise InputError("An address with @latest leads to the latest version, not to one of this name.")
    if read_facts(driver, place, version) is None:
        raise BlobNotFound("This version is not recorded yet: the next commit does that.", subject=version)
    return ArtifactUri(own.name, version)
