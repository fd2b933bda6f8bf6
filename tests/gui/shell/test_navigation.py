from __future__ import annotations

from pytestqt.qtbot import QtBot

from artifact_browser.gui.shell.navigation import Navigator
from artifact_browser.storage.location import Location

HOME, BUCKET, DEEP = Location("a"), Location("a", "b"), Location("a", "b", "x//y/")
OTHER = Location("z", "b")


def test_back_and_forward_walk_the_history(qtbot: QtBot) -> None:
    navigator = Navigator(HOME)
    seen: list[Location] = []
    navigator.location_changed.connect(seen.append)
    navigator.go(BUCKET)
    navigator.go(DEEP)
    navigator.back()
    navigator.back()
    navigator.back()
    assert navigator.current == HOME
    assert not navigator.can_go_back
    navigator.forward()
    assert seen == [BUCKET, DEEP, BUCKET, HOME, BUCKET]
    navigator.go(OTHER)
    assert not navigator.can_go_forward
    navigator.back()
    assert navigator.current == BUCKET


def test_up_goes_through_empty_segments_to_the_account(qtbot: QtBot) -> None:
    navigator = Navigator(DEEP)
    seen: list[Location] = []
    navigator.location_changed.connect(seen.append)
    for _ in range(5):
        navigator.up()
    assert seen == [Location("a", "b", "x//"), Location("a", "b", "x/"), BUCKET, HOME]
    assert not navigator.can_go_up


def test_going_where_one_is_refreshes(qtbot: QtBot) -> None:
    navigator = Navigator(BUCKET)
    with qtbot.waitSignal(navigator.refresh_requested), qtbot.assertNotEmitted(navigator.location_changed):
        navigator.go(BUCKET)
    assert not navigator.can_go_back


def test_a_removed_account_leaves_the_history(qtbot: QtBot) -> None:
    navigator = Navigator(HOME)
    for place in (OTHER, BUCKET, Location("z"), DEEP):
        navigator.go(place)
    navigator.forget_account("z", HOME)
    assert navigator.current == DEEP
    navigator.back()
    navigator.back()
    assert navigator.current == HOME
    navigator.go(OTHER)
    with qtbot.waitSignal(navigator.location_changed):
        navigator.forget_account("z", HOME)
    assert navigator.current == HOME


def test_a_long_history_forgets_its_beginning(qtbot: QtBot) -> None:
    navigator = Navigator(HOME)
    for number in range(300):
        navigator.go(Location("a", f"b{number}"))
    steps = 0
    while navigator.can_go_back:
        navigator.back()
        steps += 1
    assert steps == 199
