"""Copy link and Share: what is on the clipboard works with curl, ends when it is said to, and is what was chosen."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTabBar

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.browse.share_dialog import ShareDialog
from artifact_browser.gui.common.toast import Toast
from artifact_browser.storage.location import Location
from tests.gui.browse.person import Person, until
from tests.parts.s3_server import S3Server

BLOBS = {"plain.txt": b"plain", "a//b": b"double", "100%+ \u00fc&?#.csv": b"odd", "two.txt": b"two"}
CURL = shutil.which("curl")
pytestmark = pytest.mark.skipif(not CURL, reason="curl is not installed")


def curl(*arguments: str) -> bytes:
    return subprocess.run(["curl", "-sSfg", *arguments], capture_output=True, check=True, timeout=20).stdout


@pytest.fixture(params=["this computer", "moto"])
def place(request: pytest.FixtureRequest, person: Person, moto_account: AccountRecord) -> Location:
    made = person.new_bucket(BLOBS, *([moto_account.id] if request.param == "moto" else []))
    person.go(made)
    return made


@pytest.fixture(autouse=True)
def an_hour(person: Person) -> Iterator[None]:
    person.services.settings.set("last_expiry_s", 3600)
    yield
    for dialog in person.main.findChildren(ShareDialog):
        dialog.reject()


def copied(person: Person) -> list[str]:
    """Ctrl+Shift+C; the lines on the clipboard."""
    with person.clipboard() as clipboard:
        shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        person.keys_pressed(Qt.Key.Key_C, shift)
        until(lambda: clipboard.text().startswith("http"), "a link is on the clipboard")
        return str(clipboard.text()).split("\n")


def toast(person: Person) -> str:
    until(lambda: [one for one in person.main.findChildren(Toast) if one.isVisible()], "a word in passing")
    return str([one for one in person.main.findChildren(Toast) if one.isVisible()][-1].accessibleName())


def share(person: Person, *names: str) -> ShareDialog:
    """Open Share on the selection, and wait for its first link."""
    if names:
        person.select(*names)
    person.main.actions_["share"].trigger()
    dialog = person.dialog(ShareDialog)
    if names:
        signed(dialog)
    return dialog


def signed(dialog: ShareDialog) -> str:
    until(lambda: dialog.primary.isEnabled() and dialog.url.text().startswith("http"), "it is signed")
    return dialog.url.text()


def choose(dialog: ShareDialog, text: str) -> str:
    """Press an expiry; the new link."""
    before = dialog.url.text()
    QTest.mouseClick(
        next(one for one in dialog.findChildren(QPushButton) if one.text() == text), Qt.MouseButton.LeftButton
    )
    until(lambda: dialog.url.text() not in {"", before}, "another link")
    return signed(dialog)


def life_s(dialog: ShareDialog) -> float:
    return dialog.links[0].expires_at - time.time()


def test_a_link_is_copied_works_and_says_until_when(person: Person, place: Location) -> None:
    person.select("plain.txt")
    (link,) = copied(person)
    assert curl(link) == b"plain"
    said = toast(person)
    assert said.startswith("Link copied. Works until ")
    assert " UTC" in said or " C" in said  # with zone
    assert ("while Artifact Browser runs" in said) == (place.account_id == "this-computer")


def test_several_blobs_give_a_line_each_in_order(person: Person, place: Location) -> None:
    person.select("two.txt", "plain.txt", "100%+ \u00fc&?#.csv")
    links = copied(person)
    assert [curl(link) for link in links] == [b"odd", b"plain", b"two"]
    assert toast(person).startswith("3 links copied.")


def test_folders_have_no_link(person: Person, place: Location) -> None:
    person.select("a", "plain.txt")
    assert not person.main.actions_["copy_link"].isEnabled()
    assert "a link is for blobs" in person.main.actions_["copy_link"].toolTip()


def test_an_odd_key_works_with_curl(person: Person, place: Location) -> None:
    person.go(replace(place, key="a//"))
    person.select("b")
    assert curl(copied(person)[0]) == b"double"


def test_the_expiry_is_chosen_shown_and_remembered(person: Person, place: Location) -> None:
    dialog = share(person, "plain.txt")
    assert dialog.accessibleName() == "Share"
    assert 3590 < life_s(dialog) < 3601
    for text, seconds in (("15 min", 900), ("24 hours", 86400), ("7 days", 7 * 86400)):
        choose(dialog, text)
        assert seconds - 10 < life_s(dialog) < seconds + 1
        assert dialog.until.text().startswith("Works until ")
    QTest.mouseClick(
        next(one for one in dialog.findChildren(QPushButton) if one.text() == "Custom\u2026"), Qt.MouseButton.LeftButton
    )
    dialog._hours.setValue(3)
    until(lambda: 3 * 3600 - 10 < life_s(dialog) < 3 * 3600 + 1, "three hours")
    signed(dialog)
    with person.clipboard() as clipboard:
        QTest.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
        assert curl(clipboard.text()) == b"plain"
    assert person.services.settings.get("last_expiry_s") == 3 * 3600


def test_a_name_to_save_as(person: Person, place: Location) -> None:
    dialog = share(person, "plain.txt")
    QTest.keyClicks(dialog.save_as, "my 100% name+.txt")
    head = curl("-D-", "-o/dev/null", signed(dialog)).lower()
    assert b"content-disposition: attachment" in head
    assert b"my%20100%25%20name%2b.txt" in head


def test_the_link_is_never_one_of_before_the_name(person: Person, place: Location) -> None:
    """Typed and pressed at once: what is copied has the name."""
    dialog = share(person, "plain.txt")
    QTest.keyClicks(dialog.save_as, "now.txt")
    with person.clipboard() as clipboard:
        until(dialog.primary.isEnabled, "it can be copied")
        QTest.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
        assert b"now.txt" in curl("-D-", "-o/dev/null", clipboard.text())


def test_an_upload_link_takes_a_file(person: Person, place: Location, tmp_path: Path) -> None:
    person.table.clearSelection()
    until(lambda: person.browse.selected_keys() == (), "nothing is selected")
    dialog = share(person)
    assert not dialog.primary.isEnabled()
    assert "Type the key" in dialog.note.text()
    QTest.keyClicks(dialog.upload_key, "from outside +1.bin")
    link = signed(dialog)
    (tmp_path / "f").write_bytes(b"sent by curl")
    curl("-T", str(tmp_path / "f"), link)
    with person.store(place.account_id).opened() as driver, driver.get(place.bucket, "from outside +1.bin") as reader:
        assert reader.read() == b"sent by curl"


def test_a_read_only_account_offers_no_upload_link(person: Person, moto: S3Server) -> None:
    writable = person.add_account(moto.record, moto.secret)
    place = person.new_bucket(BLOBS, writable.id)
    person.services.book.replace(replace(writable, read_only=True))
    person.go(place)
    dialog = share(person, "plain.txt")
    tabs = dialog.findChild(QTabBar)
    assert tabs is not None
    assert [tabs.isTabEnabled(0), tabs.isTabEnabled(1)] == [True, False]
    assert curl(dialog.url.text()) == b"plain"


def test_several_are_shared_as_lines(person: Person, place: Location) -> None:
    dialog = share(person, "plain.txt", "two.txt")
    assert dialog.primary.text() == "Copy 2 links"
    assert dialog.primary.accessibleName() == "Copy link"
    with person.clipboard() as clipboard:
        QTest.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
        assert [curl(line) for line in clipboard.text().split("\n")] == [b"plain", b"two"]


def test_a_folder_marker_has_a_link_too(person: Person, moto_account: AccountRecord) -> None:
    place = person.new_bucket({"d/": b"marker", "d/x": b""}, moto_account.id)
    person.go(replace(place, key="d/"))
    dialog = share(person, "(folder marker)")
    assert curl(signed(dialog)) == b"marker"


def test_no_link_can_be_taken_back_and_it_says_so(person: Person, place: Location) -> None:
    dialog = share(person, "plain.txt")
    assert any("can\u2019t be taken back" in one.text() for one in dialog.findChildren(QLabel))
