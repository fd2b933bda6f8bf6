"""A driver that counts the requests made through it, and records of versions for tests of the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from artifact_browser.catalog.index_keys import VersionFacts
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.queries import Sources
from artifact_browser.catalog.version_index import facts_of, index_version
from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import Driver, ListPage, Reader


class CountingDriver:
    """Counts what goes over the wire: each page of a listing, each GET; everything else is refused."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.capabilities = driver.capabilities
        self.lists = self.gets = 0

    @property
    def requests(self) -> int:
        return self.lists + self.gets

    def list_pages(self, *args: Any, **options: Any) -> Iterator[ListPage]:
        for page in self._driver.list_pages(*args, **options):
            self.lists += 1
            yield page

    def get(self, *args: Any, **options: Any) -> AbstractContextManager[Reader]:
        self.gets += 1
        return self._driver.get(*args, **options)


def commit_version(driver: Driver, place: Place, version: str, sequence: int, **fields: Any) -> VersionFacts:
    """A record as small as can be, and its index entries."""
    record = {"sequence": sequence, "fields": fields}
    driver.put(place.bucket, f"{place.prefix}.artifact/v/{version}.json", json.dumps(record).encode())
    facts = facts_of(place, version, sequence, fields)
    index_version(driver, facts)
    return facts


def read_version(driver: Driver, place: Place, version: str) -> VersionFacts | None:
    record = _read(driver, place, f"v/{version}.json")
    return facts_of(place, version, record["sequence"], record["fields"]) if record else None


def _read_alias(driver: Driver, place: Place, name: str) -> str:
    found = _read(driver, place, f"alias/{name}.json")
    return str(found["version"]) if found else ""


def set_alias(driver: Driver, place: Place, name: str, version: str) -> None:
    body = json.dumps({"version": version}).encode()
    driver.put(place.bucket, f"{place.prefix}.artifact/alias/{name}.json", body)


def _read(driver: Driver, place: Place, rest: str) -> dict[str, Any] | None:
    try:
        with driver.get(place.bucket, f"{place.prefix}.artifact/{rest}") as reader:
            found: dict[str, Any] = json.loads(reader.read())
            return found
    except BlobNotFound:
        return None


SOURCES = Sources(read_version, _read_alias)
