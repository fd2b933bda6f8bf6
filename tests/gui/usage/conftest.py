"""Somebody at the real window, as in the browse room's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from artifact_browser.gui.usage.usage_count import CountStatus
from artifact_browser.gui.usage.usage_window import UsageWindow
from artifact_browser.storage.location import Location
from tests.gui.browse.conftest import moto_account, person
from tests.gui.browse.person import Person, until

__all__ = ["moto_account", "person"]
Opener = Callable[..., UsageWindow]


@pytest.fixture
def usage(person: Person) -> Iterator[Opener]:
    """``usage(place, status)``: the usage window of a place, once its count has that status."""
    opened: list[UsageWindow] = []

    def open_window(place: Location, status: CountStatus = CountStatus.COMPLETE) -> UsageWindow:
        person.go(place)
        person.table.clearSelection()
        person.main.actions_["usage"].trigger()
        room = person.window.usage.room
        assert room is not None
        window = room.windows[place]
        opened.append(window)
        until(lambda: window.count.state.status is status, lambda: f"{status}: {window.count.state}")
        if status is CountStatus.COMPLETE:
            until(lambda: window.count.view is not None and window.count.view.counted.complete, "the view is complete")
        return window

    yield open_window
    if person.window.usage.room is not None:
        person.window.usage.room.close()
