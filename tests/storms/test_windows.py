"""A person who clicks faster than the store answers: only the last place is shown, and nothing is left of the others."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from artifact_browser import bootstrap
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from benchmarks.stub import Stub
from benchmarks.stub_server import PAGE_KEYS
from tests.gui.browse.person import Person, until
from tests.storms.processes import SEED, children_of

PAGES = 30


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as started:
        yield started


@pytest.fixture
def person(qapp: QApplication) -> Iterator[Person]:
    """Somebody at a window of a home of its own."""
    home = Path(tempfile.mkdtemp(prefix="abt-storm-"))
    services = bootstrap.build(in_home(home))
    services.settings.set("first_run_done", True)
    window = Window(services)
    window.main.show()
    services.start()
    window.start()
    made = Person(services, window)
    made.arrived(window.navigator.current)
    yield made
    window.close()
    window.main.close()
    window.main.deleteLater()
    QTest.qWait(1)
    services.close()
    shutil.rmtree(home, ignore_errors=True)


def test_hasty_changes_of_place_leave_only_the_last(
    person: Person, stub: Stub, size: Callable[[int, int], int], record_property: Callable[[str, object], None]
) -> None:
    times, rng = size(20, 500), random.Random(SEED)
    account = person.add_account(
        AccountRecord("stub", AccountKind.S3, "Stub", key_source=KeySource.NONE, endpoint=stub.endpoint)
    )
    person.go(Location(account.id, f"pages-{PAGES}", "first/"))
    processes, pages = set(children_of([os.getpid()])), stub.counts()["pages"]
    places = [Location(account.id, f"pages-{PAGES}", f"place-{number}/") for number in range(6)]
    for _ in range(times):
        person.window.navigator.go(rng.choice(places))
        if rng.random() < 0.2:
            person.window.navigator.refresh()
        elif rng.random() < 0.2:
            person.window.navigator.back()
        QTest.qWait(rng.randrange(25))
    last = Location(account.id, f"pages-{PAGES}", "last/")
    person.go(last)
    model = person.table.model()
    assert model.rowCount() == PAGES * PAGE_KEYS
    listing = person.browse.view.listing
    assert {listing.model.entry(row).key.startswith("last/") for row in (0, 1, PAGES * PAGE_KEYS - 1)} == {True}
    asked = stub.counts()["pages"] - pages
    assert asked < (times + 1) * PAGES / 2  # the others were stopped on their way
    until(lambda: len(list(person.services.paths.listings.iterdir())) == 1, "the other listings' files are gone")
    QTest.qWait(300)  # whoever still lists would ask for more
    assert stub.counts()["pages"] - pages == asked
    assert set(children_of([os.getpid()])) == processes
    record_property("storm", f"seed {SEED}, {times} changes of place, {asked} pages asked for")
