"""The whole window over real services, one for a module: its workers are what takes time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from artifact_browser import bootstrap
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import in_home
from tests.gui.browse.person import Person
from tests.parts.s3_server import S3Server


@pytest.fixture(scope="module")
def person(dressed: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody at a window that is open on This computer; the first run is over."""
    home = Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp().parent))
    services = bootstrap.build(in_home(home))
    services.settings.set("first_run_done", True)
    window = Window(services)
    window.main.resize(1440, 900)
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


@pytest.fixture
def moto_account(person: Person, moto: S3Server) -> AccountRecord:
    """moto as an account with keys for this run."""
    return person.add_account(moto.record, moto.secret)
