from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.author import author_here
from artifact_browser.catalog.records import own_author
from artifact_browser.gui.common.palette import DARK, LIGHT, Theme, palette
from artifact_browser.gui.shell.preferences import Density
from artifact_browser.gui.shell.preferences_dialog import PreferencesDialog
from artifact_browser.gui.shell.welcome_bar import WelcomeBar
from artifact_browser.gui.shell.window import Window


def grabbed(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def surface(window: Window, widget: QWidget) -> QColor:
    return grabbed(window.main).pixelColor(widget.mapTo(window.main, QPoint(3, 3)))


def test_light_turns_dark_on_screen_at_run_time(qtbot: QtBot, window: Window) -> None:
    assert surface(window, window.main.side) == LIGHT.side
    palette().choose(Theme.DARK)
    assert surface(window, window.main.side) == DARK.side
    assert surface(window, window.main.bar) == DARK.background
    palette().choose(Theme.LIGHT)
    assert surface(window, window.main.bar) == LIGHT.background


def test_the_views_switch_with_keys_and_buttons(qtbot: QtBot, window: Window) -> None:
    centre, actions = window.main.centre, window.main.actions_
    qtbot.keyClick(window.main, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert centre.shows_gallery
    assert actions["gallery_view"].isChecked()
    assert not actions["table_view"].isChecked()
    qtbot.keyClick(window.main, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not centre.shows_gallery


def test_panels_fold_in_a_narrow_window_and_come_back(qtbot: QtBot, window: Window) -> None:
    main, actions = window.main, window.main.actions_
    assert main.details.isVisible()
    main.resize(640, 700)
    qtbot.waitUntil(lambda: not main.details.isVisible() and not main.side.isVisible())
    assert not actions["details"].isChecked()
    actions["details"].trigger()
    assert main.details.isVisible()
    actions["details"].trigger()
    main.resize(1440, 900)
    qtbot.waitUntil(lambda: main.details.isVisible() and main.side.isVisible())


def test_nothing_is_cut_off_in_the_smallest_window(qtbot: QtBot, window: Window) -> None:
    window.main.resize(640, 480)
    qtbot.waitUntil(lambda: window.main.width() == 640)
    bar = window.main.bar
    for button in bar.findChildren(QToolButton):
        if button.isVisible():
            assert bar.rect().contains(button.mapTo(bar, button.rect().bottomRight())), button.toolTip()


def test_the_greeting_leaves_the_side_bar_its_room(qtbot: QtBot, window: Window) -> None:
    main = window.main
    greeting = main.findChild(WelcomeBar)
    assert greeting is not None
    name = next(one for one in main.side.findChildren(QLabel) if one.text() == "Artifact Browser")
    for width in (1440, 1180, 1101, 720):
        main.resize(width, 760)
        qtbot.waitUntil(lambda width=width: main.width() == width)
        assert greeting.isVisible()
        assert name.width() >= name.sizeHint().width(), width
        qtbot.waitUntil(lambda: greeting.width() >= greeting.layout().totalMinimumSize().width())


def test_every_target_is_large_enough(qtbot: QtBot, window: Window) -> None:
    for width in (1440, 640):
        window.main.resize(width, 700)
        qtbot.wait(1)
        small = [
            (button.toolTip(), button.size())
            for button in window.main.findChildren(QToolButton)
            if button.isVisible()
            and not isinstance(button.parent(), QLineEdit)
            and min(button.width(), button.height()) < 24
        ]
        assert small == []


def test_f6_walks_the_panes_and_back(qtbot: QtBot, window: Window) -> None:
    main = window.main
    main.activateWindow()
    window.browse.tree.setFocus()
    panes = {"side": main.side, "bar": main.bar, "centre": main.centre, "details": main.details}

    def pane() -> str:
        focused = QApplication.focusWidget()
        return next((name for name, widget in panes.items() if focused and widget.isAncestorOf(focused)), "none")

    walked = [pane()]
    for _ in range(3):
        qtbot.keyClick(main, Qt.Key.Key_F6)
        walked.append(pane())
    assert walked[:3] == ["side", "bar", "centre"]
    qtbot.keyClick(main, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert pane() == walked[2]


def test_a_focused_button_shows_its_ring(qtbot: QtBot, window: Window) -> None:
    main = window.main
    main.activateWindow()
    window.main.actions_.apply(window.main.actions_.context)
    for button in (main.side.findChild(QToolButton, "add_account"), *main.bar.findChildren(QToolButton)):
        if not button.isVisible() or not button.isEnabled() or button.focusPolicy() == Qt.FocusPolicy.NoFocus:
            continue
        main.centre.setFocus()
        button.clearFocus()
        without = grabbed(button)
        button.setFocus(Qt.FocusReason.TabFocusReason)
        assert grabbed(button) != without, button.toolTip()


def test_size_and_division_are_remembered(qtbot: QtBot, window: Window, look: QApplication) -> None:
    window.main.actions_["details"].setChecked(False)
    window.main.resize(780, 700)  # smaller than the screen, or it is fitted in
    window.main._columns.setSizes([170, 610])
    divided = window.main._columns.sizes()
    window.main.close()
    again = Window(window.main.services)
    again.furnish()
    qtbot.addWidget(again.main)
    with qtbot.waitExposed(again.main):
        again.main.show()
    assert (again.main.width(), again.main.height()) == (780, 700)
    assert again.main._columns.sizes() == divided
    again.main.resize(1440, 900)
    assert not again.main.details.isVisible()
    again.close()


def test_nonsense_in_the_settings_is_ignored(qtbot: QtBot, window: Window, look: QApplication) -> None:
    settings = window.main.services.settings
    settings.set("window.geometry", "!?")
    settings.set("window.sizes", {"columns": [1], "rows": "x", "middle": [None, {}], "else": [1, 2]})
    settings.set("window.panels", ["details"])
    settings.set("theme", "pink")
    settings.set("density", 7)
    again = Window(window.main.services)
    again.furnish()
    qtbot.addWidget(again.main)
    with qtbot.waitExposed(again.main):
        again.main.show()
    assert again.main.width() > 400
    assert palette().tokens is LIGHT
    again.close()


def test_pinned_is_hidden_while_nothing_is_pinned(qtbot: QtBot, window: Window) -> None:
    from artifact_browser.accounts.record import THIS_COMPUTER
    from artifact_browser.storage.location import Location

    pins = window.main.side.pins
    assert not pins.isVisible()
    pins.show_pins([Location(THIS_COMPUTER, "speech", "train/")])
    assert pins.isVisible()
    with qtbot.waitSignal(pins.chosen) as chosen:
        qtbot.mouseClick(pins.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 15))
    assert chosen.args == [Location(THIS_COMPUTER, "speech", "train/")]
    pins.show_pins([])
    assert not pins.isVisible()


def test_preferences_are_applied_and_remembered(qtbot: QtBot, window: Window) -> None:
    window.main.actions_["preferences"].trigger()
    dialog = window.main.findChild(PreferencesDialog)
    assert dialog.accessibleName() == "Preferences"
    dialog.theme.setCurrentIndex(dialog.theme.findData(Theme.DARK))
    dialog.density.setCurrentIndex(dialog.density.findData(Density.COMPACT))
    dialog.author.setText("  Ada \u202eLovelace")
    rows_before = window.browse.view.table.verticalHeader().defaultSectionSize()
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    assert palette().tokens is DARK
    assert window.browse.view.table.verticalHeader().defaultSectionSize() < rows_before
    assert window.main.services.settings.get("theme") == "dark"
    assert author_here(window.main.services.paths) == "Ada Lovelace"
    window.main.services.settings.set("author", "")
    assert author_here(window.main.services.paths) == own_author() != ""
