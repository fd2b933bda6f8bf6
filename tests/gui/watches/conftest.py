"""A whole window over *This computer* with a bucket ``bucket``, a collection ``zoo/`` and an artifact in it."""

from __future__ import annotations

import pytest

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import CommitNote
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage
from tests.gui.catalog.conftest import dialog, driver, record, zoo

__all__ = ["dialog", "driver", "record", "zoo"]


@pytest.fixture
def lion(driver: Driver, zoo: Place) -> Place:
    """One version, ``v1``, of the partition ``region=us``."""
    place = stage(driver, zoo, "lion", {"a.txt": b"v1"}, partitions={"region": "us"})
    commit(driver, place, note=CommitNote(version="v1"))
    return place


def version(driver: Driver, place: Place, name: str, region: str = "us") -> None:
    artifacts.put_file(driver, place, "a.txt", name.encode())
    artifacts.edit(driver, place, {"partitions": {"region": region}})
    commit(driver, place, note=CommitNote(version=name))
