"""Behind a commit: its version stands in the index of partitions, and its artifact's name for its place.

Only of manifests that say something of either (``artifact_id``, ``partitions`` or ``time_partition``): for all others
the alias ``latest`` answers, and a commit costs no request more. Derived: what fails is told and done by the next commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.aliases import read_alias
from artifact_browser.catalog.artifact_name import IDENTITY_KEY, identity_of
from artifact_browser.catalog.collection_text import read_collection
from artifact_browser.catalog.index_keys import VersionFacts
from artifact_browser.catalog.latest_facts import name_token
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.name_registry import register_name
from artifact_browser.catalog.partitions import PARTITIONS_KEY, TIME_KEY, DeclaredKeys
from artifact_browser.catalog.queries import Sources
from artifact_browser.catalog.records import VersionRecord, read_sound_record
from artifact_browser.catalog.version_index import facts_of, index_version
from artifact_browser.errors import ArtifactBrowserError, InputError, JobCancelled, ManifestUnreadable
from artifact_browser.storage.driver import Driver

_SAYS_SO = frozenset({IDENTITY_KEY, PARTITIONS_KEY, TIME_KEY})


@dataclass(frozen=True, slots=True)
class Published:
    """``reason``: why it is not (wholly) done, or ""; ``named``: the name that stands for the place by now, for ``latest``."""

    reason: str = ""
    named: str = ""


def publish_version(
    driver: Driver,
    place: Place,
    record: VersionRecord | None,
    fields: Mapping[Any, Any],
    collection_name: str,
    pause: Pause,
    named: str = "",
) -> Published:
    """Index the committed version ``record`` and register its artifact's name.

    Two requests where the name is known to stand for this place, up to four else. Can be done again.

    :param fields: of the committed manifest; :param collection_name: the project where they name none
    :param named: the name that stands for this place already, as ``latest`` tells it: names are never given to another
    """
    if record is None or not says_something(fields):
        return Published()
    facts = facts_of(place, record.version, record.sequence, fields)
    try:
        index_version(driver, facts)
        name = identity_of(place, fields, collection_name)
        token = name_token(place, name)
        if token != named:
            registered = register_name(driver, place, name, DeclaredKeys.of(facts.partitions), pause)
            if not registered.ours:
                there = registered.entry.place.prefix
                return Published(f"The name {name.project}/{name.domain}/{name.name} stands for {there} already.")
    except JobCancelled:
        raise
    except ArtifactBrowserError as error:  # the commit stands
        return Published(f"{error.title}. {error.detail}")
    return Published(f"Its partitions cannot be used: {facts.problem}" if facts.problem else "", token)


def says_something(fields: Mapping[Any, Any]) -> bool:
    """Whether a commit of this manifest is published."""
    return bool(_SAYS_SO & fields.keys())


def read_facts(driver: Driver, place: Place, version: str) -> VersionFacts | None:
    """What the record of ``version`` says; ``None`` where there is no sound one. One GET."""
    record = read_sound_record(driver, place, version)
    return facts_in(place, record) if record is not None else None


def facts_in(place: Place, record: VersionRecord) -> VersionFacts | None:
    """What a record says; ``None`` where its manifest cannot be read."""
    try:
        fields = read_collection(record.manifest_text.encode(errors="replace"), subject=record.version).fields
    except ManifestUnreadable:
        return None
    return facts_of(place, record.version, record.sequence, fields)


def read_alias_version(driver: Driver, place: Place, name: str) -> str:
    """Which version an alias points to; empty where there is no sound one. One GET."""
    try:
        found = read_alias(driver, place, name)
    except (ManifestUnreadable, InputError):
        return ""
    return found.now.version if found is not None else ""


#: How queries read versions and aliases: ``ask(driver, bucket, uri, SOURCES)``.
SOURCES = Sources(version=read_facts, alias=read_alias_version)
