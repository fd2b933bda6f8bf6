"""Consent and badge in the whole window: asked once, remembered, revocable; what is known is shown and checked again."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import Place
from artifact_browser.gui.accounts.account_dialog import AccountDialog
from artifact_browser.gui.catalog.conditions_dialog import ConditionsDialog, ConsentDialog
from artifact_browser.gui.catalog.conditions_words import IGNORED, UNCHECKED
from artifact_browser.gui.shell.window import Window
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import make_collection, stage
from tests.parts.odd_store import CONDITIONS, OddStore, odd_store
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store

WAIT_MS = 30_000


@pytest.fixture
def door(moto: S3Server) -> Iterator[OddStore]:
    with odd_store(moto.endpoint, ignores=CONDITIONS) as opened:
        yield opened


@pytest.fixture
def record(services: Services, door: OddStore) -> AccountRecord:
    made = AccountRecord(
        "odd", AccountKind.S3, "Odd", key_source=KeySource.SESSION, endpoint=door.url, region="us-east-1"
    )
    services.book.add(made)
    kept = threading.Event()
    services.broker.keep(made.id, Secret("any", "s3cret"), KeySource.SESSION, lambda _: kept.set())
    assert kept.wait(20)
    return made


@pytest.fixture
def exact(moto: S3Server, services: Services) -> Iterator[Driver]:
    with Store("s3 moto", moto.record, services.paths, moto.secret).opened() as driver:
        yield driver


@pytest.fixture
def zoo(exact: Driver) -> Place:
    """A collection with a staged artifact in it, and another."""
    bucket = f"odd-{uuid.uuid4().hex[:12]}"
    exact.create_bucket(bucket)
    made = make_collection(exact, Place(bucket, "zoo/"))
    stage(exact, made, "lion", {"a": b"1"})
    stage(exact, made, "tiger", {"a": b"2"})
    return made


@pytest.fixture
def at_zoo(qtbot: QtBot, window: Window, record: AccountRecord, zoo: Place) -> Location:
    """The window shows the collection."""
    location = Location(record.id, zoo.bucket, zoo.prefix)
    window.navigator.go(location)
    window.main.centre.show_gallery()
    qtbot.waitUntil(lambda: window.catalog.gallery.model.rowCount() == 2, timeout=WAIT_MS)
    return location


def shown(qtbot: QtBot, kind: type[QDialog]) -> Any:
    """The dialog of this kind, once it is there."""
    found: list[QDialog] = []

    def look() -> bool:
        found[:] = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
        return bool(found)

    qtbot.waitUntil(look, timeout=WAIT_MS)
    return found[0]


def press(qtbot: QtBot, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def commit(qtbot: QtBot, window: Window, at_zoo: Location, name: str, dialog: Callable[[str], Any]) -> Any:
    """Ask for the commit of one of the artifacts; the dialog."""
    where = Location(at_zoo.account_id, at_zoo.bucket, f"{at_zoo.key}{name}/")
    window.catalog.room.commit(window.main.services.book.get(at_zoo.account_id), where)
    return dialog("Commit")


def statuses(window: Window) -> dict[str, str]:
    return {card.id: card.status.value for card in window.catalog.gallery.model.cards()}


def test_asked_before_the_first_commit_and_never_again(
    qtbot: QtBot, window: Window, at_zoo: Location, door: OddStore, dialog: Callable[[str], Any]
) -> None:
    services, badge = window.main.services, window.catalog.gallery.header.badge
    assert not badge.isVisible()  # nobody was asked yet
    press(qtbot, commit(qtbot, window, at_zoo, "lion", dialog).primary)
    asked = shown(qtbot, ConsentDialog)
    assert not any(method == "PUT" for method, _ in door.asked)
    press(qtbot, asked.primary)
    qtbot.waitUntil(lambda: statuses(window).get("lion") == "committed", timeout=WAIT_MS)
    assert services.book.get("odd").probing is Probing.ALLOWED
    qtbot.waitUntil(badge.isVisible, timeout=WAIT_MS)
    assert badge.text() == IGNORED
    tried = sum("probe" in path for _, path in door.asked)
    second = commit(qtbot, window, at_zoo, "tiger", dialog)
    assert second.badge.text() == IGNORED
    press(qtbot, second.badge)
    known = shown(qtbot, ConditionsDialog)
    assert known.parent() is second
    known.reject()
    second.reject()
    window.catalog.together.open(window.main.services.book.get("odd"), at_zoo)
    together = dialog("Commit all staged")
    qtbot.waitUntil(together.badge.isVisible, timeout=WAIT_MS)
    assert together.badge.text() == IGNORED
    together.reject()
    press(qtbot, commit(qtbot, window, at_zoo, "tiger", dialog).primary)
    qtbot.waitUntil(lambda: statuses(window).get("tiger") == "committed", timeout=WAIT_MS)
    assert sum("probe" in path for _, path in door.asked) == tried > 0


def test_refused_it_is_never_tried_and_the_badge_says_so_until_it_is_allowed(
    qtbot: QtBot, window: Window, at_zoo: Location, door: OddStore, dialog: Callable[[str], Any]
) -> None:
    services, badge = window.main.services, window.catalog.gallery.header.badge
    press(qtbot, commit(qtbot, window, at_zoo, "lion", dialog).primary)
    press(qtbot, shown(qtbot, ConsentDialog).refuse)
    qtbot.waitUntil(lambda: statuses(window).get("lion") == "committed", timeout=WAIT_MS)
    assert services.book.get("odd").probing is Probing.REFUSED
    qtbot.waitUntil(badge.isVisible, timeout=WAIT_MS)
    assert badge.text() == UNCHECKED
    assert not any("probe" in path for _, path in door.asked)

    badge.setFocus()
    qtbot.keyClick(badge, Qt.Key.Key_Space)  # by keyboard
    known = shown(qtbot, ConditionsDialog)
    assert "not been tried out" in known.verdict.text()
    press(qtbot, known.primary)
    qtbot.waitUntil(lambda: not known.checking, timeout=WAIT_MS)
    assert "Odd Store 1" in known.where.text()
    assert "no atomic writes here" in known.note.text()
    assert services.book.get("odd").probing is Probing.ALLOWED
    qtbot.waitUntil(lambda: badge.text() == IGNORED, timeout=WAIT_MS)
    known.reject()

    window.accounts.room.edit("odd")
    settings = shown(qtbot, AccountDialog)
    press(qtbot, settings.test)
    qtbot.waitUntil(lambda: "ignores conditions" in settings.note.text(), timeout=WAIT_MS)
    settings.form.more.click()
    settings.form.probing.setCurrentIndex(settings.form.probing.findData(Probing.REFUSED))
    press(qtbot, settings.primary)
    qtbot.waitUntil(lambda: services.book.get("odd").probing is Probing.REFUSED, timeout=WAIT_MS)


def test_put_off_it_commits_and_asks_in_the_next_run(
    qtbot: QtBot, window: Window, at_zoo: Location, door: OddStore, dialog: Callable[[str], Any]
) -> None:
    press(qtbot, commit(qtbot, window, at_zoo, "lion", dialog).primary)
    press(qtbot, shown(qtbot, ConsentDialog).cancel)
    qtbot.waitUntil(lambda: statuses(window).get("lion") == "committed", timeout=WAIT_MS)
    assert window.main.services.book.get("odd").probing is Probing.ASK
    press(qtbot, commit(qtbot, window, at_zoo, "tiger", dialog).primary)
    qtbot.waitUntil(lambda: statuses(window).get("tiger") == "committed", timeout=WAIT_MS)
    assert not any("probe" in path for _, path in door.asked)


def test_a_check_is_stopped_and_a_failed_one_says_why(
    qtbot: QtBot, window: Window, at_zoo: Location, door: OddStore, record: AccountRecord
) -> None:
    in_check, go_on = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if method == "PUT" and "probe" in path:
            in_check.set()
            go_on.wait(WAIT_MS / 1000)

    door.before = hold
    window.conditions.room.show(record, at_zoo)
    known = shown(qtbot, ConditionsDialog)
    press(qtbot, known.primary)
    qtbot.waitUntil(in_check.is_set, timeout=WAIT_MS)
    press(qtbot, known.cancel)
    assert "Stopped" in known.note.text()
    assert known.isVisible()
    go_on.set()
    known.reject()

    door.before = None
    window.conditions.room.show(record, Location(record.id, f"{at_zoo.bucket}-gone", ""))
    qtbot.waitUntil(lambda: not known.isVisible(), timeout=WAIT_MS)
    other = shown(qtbot, ConditionsDialog)
    press(qtbot, other.primary)
    qtbot.waitUntil(lambda: not other.checking, timeout=WAIT_MS)
    assert "no such bucket" in other.note.text().lower() or "not found" in other.note.text().lower()
    assert other.primary.isEnabled()
