"""A version whose bytes the bucket keeps, in the whole window: shown, downloaded, restored, and said when they are gone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.kept import kept_place
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.versions import version_of
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import make_collection, stage
from tests.catalog.test_bucket_versions import replace_and_remove
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store
from tests.storage.conformance.test_versions import set_versioning
from tests.transfers.conftest import tree

WAIT_MS = 30_000


@pytest.fixture
def record(services: Services, moto: S3Server) -> AccountRecord:
    services.book.add(moto.record)
    kept = threading.Event()
    services.broker.keep(moto.record.id, moto.secret, KeySource.SESSION, lambda _: kept.set())
    assert kept.wait(20)
    return moto.record


@pytest.fixture
def driver(services: Services, moto: S3Server, record: AccountRecord) -> Iterator[Driver]:
    with Store("s3 moto", record, services.paths, moto.secret).opened() as opened:
        yield opened


@pytest.fixture
def lion(services: Services, moto: S3Server, record: AccountRecord, driver: Driver) -> Place:
    """``a`` was changed and ``b`` removed in v2."""
    bucket = f"kept-{uuid.uuid4().hex[:12]}"
    driver.create_bucket(bucket)
    set_versioning(Store("s3 moto", record, services.paths, moto.secret), bucket, "Enabled")
    place = stage(driver, make_collection(driver, Place(bucket, "zoo/")), "lion", {"a": b"one", "b": b"22"})
    commit(driver, place, note=CommitNote("v1"))
    replace_and_remove(driver, place)
    commit(driver, place, note=CommitNote("v2"))
    return place


@pytest.fixture
def versions(
    qtbot: QtBot, window: Window, record: AccountRecord, lion: Place, dialog: Callable[[str], Any]
) -> Callable[[], Any]:
    def opened() -> Any:
        """The dialog, with v1 chosen and looked into."""
        window.catalog.room.versions.open(record, Location(record.id, lion.bucket, lion.prefix))
        found = dialog("Versions")
        qtbot.waitUntil(lambda: found.shown is not None, timeout=WAIT_MS)
        found.table.selectRow(1)
        qtbot.waitUntil(lambda: found.shown is not None and found.shown.version == "v1", timeout=WAIT_MS)
        return found

    return opened


def test_it_is_shown_downloaded_and_said_when_it_is_gone(
    qtbot: QtBot, lion: Place, driver: Driver, versions: Callable[[], Any], tmp_path: Path
) -> None:
    shown = versions()
    assert [(shown.files.row(at).path, shown.files.row(at).state) for at in range(2)] == [
        ("a", "kept by the bucket"), ("b", "kept by the bucket"),
    ]  # fmt: skip
    assert shown.primary.isEnabled()
    qtbot.mouseClick(shown.download, Qt.MouseButton.LeftButton)
    (asked,) = shown.findChildren(QFileDialog)
    asked.fileSelected.emit(str(tmp_path / "down"))
    qtbot.waitUntil(lambda: (tmp_path / "down").is_dir() and len(tree(tmp_path / "down")) == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: tree(tmp_path / "down") == {"a": b"one", "b": b"22"}, timeout=WAIT_MS)
    assert not any(page.keys for page in driver.list_pages(lion.bucket, kept_place(lion).prefix))

    version_id = next(file.version_id for file in version_of(driver, lion, "v1").files if file.path == "b")
    driver.delete_versions(lion.bucket, [(lion.file_key("b"), version_id)])
    shown = versions()
    assert "1 file cannot be found any more" in shown.chosen_facts.text()
    assert "lifecycle rule" in shown.chosen_facts.text()
    assert [bool(shown.files.row(at).trouble) for at in range(2)] == [False, True]
    assert not shown.primary.isEnabled()
    shown.reject()
