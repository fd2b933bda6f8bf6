"""Counting as a person meets it: real downloads, cards and pages of the whole window over This computer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import artifacts
from artifact_browser.catalog.counting import count_all
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.stats import STATS_FOLDER, Counts, new_client, read_statistics
from artifact_browser.gui.catalog.count_keeper import CountKeeper
from artifact_browser.gui.catalog.count_words import counts_words, number_words
from artifact_browser.gui.catalog.gallery_model import SortBy
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.shell.window import Window
from artifact_browser.settings import COUNT_DOWNLOADS, Settings
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import exists, names_in_index, stage, stage_and_commit
from tests.gui.catalog.test_gallery_model import card, checked_model, titles
from tests.storage.conformance.stores import all_keys

TIMEOUT_MS = 20_000


def at(key: str) -> Location:
    return Location(THIS_COMPUTER, "bucket", key)


def weighted(driver: Driver, zoo: Place, name: str, weights: dict[str, float | None]) -> Place:
    place = stage(driver, zoo, name)
    for path, weight in weights.items():
        artifacts.put_file(driver, place, path, b"12345", download_weight=weight)
    artifacts.commit(driver, place)
    return place


def counted(driver: Driver, place: Place, downloads: float = 0, views: float = 0) -> None:
    """Somebody else has counted this much."""
    count_all(driver, {place: Counts(downloads, views)}, new_client(), (), lambda _: None)


def open_gallery(qtbot: QtBot, window: Window, key: str) -> Any:
    """The gallery at a place, once it is read."""
    window.main.actions_["gallery_view"].trigger()
    window.navigator.go(at(key))
    gallery = window.catalog.gallery
    qtbot.waitUntil(lambda: gallery.location == at(key) and gallery._summary is not None, timeout=TIMEOUT_MS)
    return gallery


def download(qtbot: QtBot, window: Window, folder: Path, *keys: str) -> Any:
    room = window.transfers.room
    with qtbot.waitSignal(room.job_finished, timeout=TIMEOUT_MS) as finished:
        handle = window.transfers.download_into(folder, [at(key) for key in keys])
    assert finished.args == [handle]
    return handle


def quiet(keeper: CountKeeper) -> bool:
    """Nothing is counted, and nothing waits for it."""
    return not keeper._running and not keeper._waiting


def test_a_finished_download_counts_by_weight_once(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, tmp_path: Path
) -> None:
    lion = weighted(driver, zoo, "lion", {"weights.bin": 1, "deep/half": 0.5, "LICENSE": None})
    keeper = window.statistics.room.keeper
    keeper._later.setInterval(20)
    with qtbot.waitSignal(keeper.counted, timeout=TIMEOUT_MS):
        handle = download(qtbot, window, tmp_path / "one", lion.prefix)
    assert read_statistics(driver, lion).counts == Counts(1.5, 0)
    window.transfers.room.job_finished.emit(handle)  # as a retry of what failed does
    assert quiet(keeper)
    with qtbot.waitSignal(keeper.counted, timeout=TIMEOUT_MS):
        download(qtbot, window, tmp_path / "two", lion.file_key("deep/half"))
    assert read_statistics(driver, lion).counts == Counts(2, 0)
    assert len(all_keys(driver, "bucket", lion.prefix + STATS_FOLDER)) == 1


def test_what_is_not_wanted_or_may_not_be_written_asks_the_store_nothing(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, tmp_path: Path, record: AccountRecord
) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    keeper = window.statistics.room.keeper
    window.main.services.settings.set(COUNT_DOWNLOADS, False)
    handle = download(qtbot, window, tmp_path, lion.prefix)
    open_gallery(qtbot, window, lion.prefix)
    window.main.services.settings.set(COUNT_DOWNLOADS, True)
    window.transfers.room.job_finished.emit(handle)  # what was silent stays so
    for changed in (replace(record, read_only=True), AccountRecord("x", "s3", "X", key_source=KeySource.NONE)):  # type: ignore[arg-type]
        keeper.downloaded(changed, "bucket", [lion.file_key("f")])
        keeper.viewed(changed, "bucket", lion.prefix)
    assert quiet(keeper)
    assert all_keys(driver, "bucket", lion.prefix + ".artifact/stats") == []


def test_a_job_of_a_run_before_that_was_counted_counts_no_more(
    qtbot: QtBot, look: QApplication, services: Services, driver: Driver, zoo: Place, tmp_path: Path
) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1, "g": 1})
    first = Window(services)
    first.furnish()
    with qtbot.waitSignal(first.statistics.room.keeper.counted, timeout=TIMEOUT_MS):
        handle = download(qtbot, first, tmp_path, lion.prefix)
    assert read_statistics(driver, lion).counts == Counts(2)
    services.settings.set("counted_jobs", [handle.job_id])
    second = Window(services)
    second.furnish()
    second.statistics._finished(handle)
    assert quiet(second.statistics.room.keeper)
    assert read_statistics(driver, lion).counts == Counts(2)
    for made in (first, second):
        made.close()
        made.main.deleteLater()
    qtbot.wait(1)


def test_a_prefix_that_refused_is_left_alone_for_the_rest_of_the_run(
    qtbot: QtBot, services: Services, record: AccountRecord, driver: Driver, zoo: Place
) -> None:
    lion, wolf = weighted(driver, zoo, "lion", {"f": 1}), weighted(driver, zoo, "wolf", {"f": 1})
    bridge = Bridge(services.pool)
    keeper = CountKeeper(services, bridge)
    keeper.refused_in(record, "bucket").add(lion.prefix)
    with qtbot.waitSignal(keeper.counted, timeout=TIMEOUT_MS) as done:
        keeper.downloaded(record, "bucket", [lion.file_key("f"), wolf.file_key("f")])
    assert done.args == ["bucket", (wolf.prefix,)]
    assert read_statistics(driver, lion).clients == 0
    bridge.close()


def test_what_ends_within_some_seconds_is_written_together(
    qtbot: QtBot, services: Services, record: AccountRecord, driver: Driver, zoo: Place
) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    bridge = Bridge(services.pool)
    keeper = CountKeeper(services, bridge)
    keeper._later.setInterval(100)
    batches: list[object] = []
    keeper.counted.connect(lambda *batch: batches.append(batch))
    for _ in range(20):
        keeper.downloaded(record, "bucket", [lion.file_key("f")])
    qtbot.waitUntil(lambda: len(batches) == 2 and quiet(keeper), timeout=TIMEOUT_MS)
    assert read_statistics(driver, lion).counts == Counts(20, 0)
    bridge.close()


def test_an_artifacts_page_shows_downloads_and_views_and_a_look_is_one_view(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place
) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    counted(driver, lion, downloads=2.5)
    keeper = window.statistics.room.keeper
    with qtbot.waitSignal(keeper.counted, timeout=TIMEOUT_MS):
        gallery = open_gallery(qtbot, window, lion.prefix)
    line = gallery.counts.line
    qtbot.waitUntil(lambda: line.words.text() == "2.5 downloads \u00b7 1 view", timeout=TIMEOUT_MS)
    for word in ("weight", "completed downloads", "silent", "Counted by 2 installations"):
        assert word in line.words.toolTip()
    gallery.refresh()
    qtbot.waitUntil(lambda: gallery._summary is not None, timeout=TIMEOUT_MS)
    open_gallery(qtbot, window, "zoo/")
    open_gallery(qtbot, window, lion.prefix)
    assert quiet(keeper)
    assert read_statistics(driver, lion).counts.views == 1
    stage(driver, zoo, "new")
    open_gallery(qtbot, window, "zoo/new/")
    assert line.isHidden()


def test_cards_show_downloads_and_can_be_sorted_by_them(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, services: Services
) -> None:
    places = {name: weighted(driver, zoo, name, {"f": 1}) for name in ("ape", "bear", "cat")}
    counted(driver, places["bear"], downloads=0.5)
    counted(driver, places["cat"], downloads=12)
    gallery = open_gallery(qtbot, window, "zoo/")
    model = gallery.model
    qtbot.waitUntil(lambda: model.counts_of("zoo/cat/") == Counts(12, 0), timeout=TIMEOUT_MS)
    assert titles(model) == ["Ape", "Bear", "Cat"]
    described = {
        model.card(row).id: model.index(row).data(Qt.ItemDataRole.AccessibleDescriptionRole) for row in range(3)
    }
    assert described["cat"].endswith("12 downloads")
    assert described["bear"].endswith("0.5 downloads")
    assert "download" not in described["ape"]
    chosen = gallery.header.sort
    qtbot.keyClick(chosen, Qt.Key.Key_End)
    assert chosen.currentText() == "By downloads"
    assert titles(model) == ["Cat", "Bear", "Ape"]
    assert Settings(services.paths.settings_file).get("gallery.sort") == SortBy.DOWNLOADS
    another = Window(services)
    another.furnish()
    assert another.catalog.gallery.header.sort.currentText() == "By downloads"
    another.close()
    another.main.deleteLater()
    qtbot.wait(1)


def test_orders_of_cards_and_what_is_not_known_stands_last(qtbot: QtBot) -> None:
    model = checked_model()
    model.take([card("wolf", modified_us=5), card("ape"), card("cat", modified_us=9), card("bear", modified_us=9)])
    model.take_counts(
        [("zoo/ape/", Counts(3)), ("zoo/wolf/", Counts(0)), ("zoo/cat/", Counts(0.5)), ("zoo/gone/", Counts(9))]
    )
    for sort, wanted in {
        SortBy.NAME: ["Ape", "Bear", "Cat", "Wolf"],
        SortBy.MODIFIED: ["Bear", "Cat", "Wolf", "Ape"],
        SortBy.DOWNLOADS: ["Ape", "Cat", "Wolf", "Bear"],
    }.items():
        model.set_sort(sort)
        assert titles(model) == wanted
    model.take([card("dog")])
    model.set_filter("dog")
    model.set_filter("")
    assert titles(model)[-2:] == ["Bear", "Dog"]


def test_numbers_have_one_decimal_where_they_are_fractional() -> None:
    wanted = {0: "0", 1: "1", 1.5: "1.5", 2.96: "3", 0.04: "under 0.1", 1234.25: "1,234.2", 1e12: "1,000,000,000,000"}
    assert {number: number_words(number) for number in wanted} == wanted
    assert counts_words(Counts(1, 1)) == "1 download \u00b7 1 view"
    assert counts_words(Counts(1.5, 0)) == "1.5 downloads \u00b7 0 views"


def test_statistics_are_reset_after_a_question(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    counted(driver, lion, downloads=7, views=3)
    window.main.services.settings.set(COUNT_DOWNLOADS, False)
    gallery = open_gallery(qtbot, window, lion.prefix)
    action = window.main.actions_["reset_stats"]
    qtbot.waitUntil(action.isEnabled, timeout=TIMEOUT_MS)
    action.trigger()
    asked = dialog("Reset statistics")
    assert asked.now.text() == "7 downloads \u00b7 3 views"
    asked.reject()
    assert read_statistics(driver, lion).counts == Counts(7, 3)
    action.trigger()
    asked = dialog("Reset statistics")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    line = gallery.counts.line
    qtbot.waitUntil(lambda: line.words.text() == "Nobody has downloaded it yet", timeout=TIMEOUT_MS)
    assert read_statistics(driver, lion).counts == Counts()


def test_weights_are_staged_and_then_committed(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    lion = weighted(driver, zoo, "lion", {"a": None, "README.md": None})
    gallery = open_gallery(qtbot, window, lion.prefix)
    action = window.main.actions_["download_weights"]
    qtbot.waitUntil(action.isEnabled, timeout=TIMEOUT_MS)
    action.trigger()
    asked = dialog("Download weights")
    asked.weight.setValue(0.5)
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: gallery.at_hand.subject_is_staged, timeout=TIMEOUT_MS)
    files = {entry["path"]: entry["download_weight"] for entry in artifacts.read(driver, lion, stage=True)["files"]}
    assert files == {"a": 0.5, "README.md": 0}


@pytest.mark.parametrize("kind", ["artifact", "collection"])
def test_an_artifact_or_collection_is_deleted_after_its_name_was_typed(
    qtbot: QtBot, window: Window, driver: Driver, zoo: Place, dialog: Callable[[str], Any], kind: str
) -> None:
    cats = zoo.child("cats")
    if kind == "collection":
        artifacts.create(driver, cats, {"type": "collection"})
        stage_and_commit(driver, cats, "lion", {"f": b"12345"})
    else:
        weighted(driver, zoo, "cats", {"f": 1})
    stage_and_commit(driver, zoo, "cats-2")
    blobs = len(all_keys(driver, "bucket", cats.prefix))
    open_gallery(qtbot, window, cats.prefix)
    qtbot.waitUntil(lambda: quiet(window.statistics.room.keeper), timeout=TIMEOUT_MS)
    blobs = len(all_keys(driver, "bucket", cats.prefix))
    action = window.main.actions_["delete_artifact"]
    qtbot.waitUntil(action.isEnabled, timeout=TIMEOUT_MS)
    action.trigger()
    asked = dialog(f"Delete {kind}")
    qtbot.waitUntil(lambda: f"{blobs} blobs" in asked.total.text(), timeout=TIMEOUT_MS)
    qtbot.keyClicks(asked.bucket_name, "cat")
    assert not asked.primary.isEnabled()
    qtbot.keyClicks(asked.bucket_name, "s")
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.navigator.current == at("zoo/"), timeout=TIMEOUT_MS)
    assert all_keys(driver, "bucket", cats.prefix) == []
    assert names_in_index(driver, zoo) == ["cats-2"]
    qtbot.waitUntil(lambda: [one.id for one in window.catalog.gallery.model.cards()] == ["cats-2"], timeout=TIMEOUT_MS)
    assert exists(driver, "bucket", "zoo/cats-2/manifest.yaml")


def test_the_preference_is_remembered(
    qtbot: QtBot, window: Window, services: Services, dialog: Callable[[str], Any]
) -> None:
    assert services.settings.get(COUNT_DOWNLOADS)
    window.main.actions_["preferences"].trigger()
    asked = dialog("Preferences")
    assert asked.count.isChecked()
    asked.count.setChecked(False)
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    assert not Settings(services.paths.settings_file).get(COUNT_DOWNLOADS)
