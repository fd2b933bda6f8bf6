"""The details drawer: facts and tags of HEAD, a capped text, a picture decoded elsewhere; what cannot be shown says why."""

from __future__ import annotations

import struct
import zlib

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QTabBar

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.browse.details_panel import DetailsPanel
from artifact_browser.storage.blobs import PREVIEW_BYTES
from artifact_browser.storage.driver import WriteOptions
from artifact_browser.workers.job import Lane
from tests.gui.browse.person import Person, until


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int) -> bytes:
    """A picture that says it is this large; its pixels are never there."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def painted(width: int, height: int, kind: str = "PNG") -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#3366cc"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)
    return bytes(data.data())


def panel(person: Person) -> DetailsPanel:
    return person.browse.details


def preview(person: Person, name: str, data: bytes) -> str:
    """Select a blob of its own; what the preview says in the end."""
    person.go(person.new_bucket({name: data}))
    person.select(name)
    caption = panel(person).preview.findChildren(QLabel)[0]
    until(lambda: caption.isVisible() and caption.text() not in {"", "Reading\u2026"}, "the preview has an answer")
    return caption.text()


def text_shown(person: Person) -> str:
    field = panel(person).preview.findChild(QPlainTextEdit)
    assert field is not None
    assert field.isVisible()
    assert field.isReadOnly()
    return str(field.toPlainText())


def picture_shown(person: Person) -> QLabel | None:
    labels = panel(person).preview.findChildren(QLabel)
    return next((one for one in labels if one.accessibleName() == "Picture preview" and one.isVisible()), None)


def facts(person: Person) -> dict[str, str]:
    inside = panel(person).facts
    shown: list[QLabel | QLineEdit] = [*inside.findChildren(QLabel), *inside.findChildren(QLineEdit)]
    return {
        one.accessibleName().removesuffix(f": {one.text()}"): one.text()
        for one in shown
        if one.accessibleName() and one.isVisible()
    }


@pytest.mark.parametrize("account", ["this computer", "moto"])
def test_head_facts_and_tags_are_shown(person: Person, moto_account: AccountRecord, account: str) -> None:
    place = person.new_bucket({}, *([moto_account.id] if account == "moto" else []))
    with person.store(place.account_id).opened() as driver:
        options = WriteOptions("text/csv", {"origin": "roof"}, {"kind": "raw"})
        etag = driver.put(place.bucket, "a\tb.csv", b"x,y\n", options).etag
    person.go(place)
    person.select("a\u2039tab\u203ab.csv")
    until(lambda: "ETag" in facts(person), "HEAD has answered")
    tabs = panel(person).findChild(QTabBar)
    assert tabs is not None
    assert facts(person) == {"Size": "4 bytes", "Modified": facts(person)["Modified"], "ETag": etag, "Tags": "kind=raw"}
    tabs.setCurrentIndex(1)
    until(lambda: "Content type" in facts(person), "all facts")
    shown = facts(person)
    assert (shown["Content type"], shown["meta: origin"], shown["Key"]) == ("text/csv", "roof", "a\u2039tab\u203ab.csv")
    tabs.setCurrentIndex(0)


def test_a_blob_that_is_gone_is_said(person: Person) -> None:
    place = person.new_bucket({"a.txt": b"1"})
    person.go(place)
    with person.store().opened() as driver:
        driver.delete(place.bucket, "a.txt")
    person.select("a.txt")
    tabs = panel(person).findChild(QTabBar)
    assert tabs is not None
    tabs.setCurrentIndex(1)
    until(lambda: "No such blob" in facts(person), "HEAD has answered")
    tabs.setCurrentIndex(0)


def test_several_and_none(person: Person) -> None:
    person.go(person.new_bucket({"a": b"1" * 600, "b": b"2" * 600}))
    assert "Select a blob" in person.words(panel(person))
    person.select("a", "b")
    until(lambda: "2 items selected" in person.words(panel(person)), "the sum")
    assert "1.2 KiB" in person.words(panel(person))


def test_a_text_is_capped(person: Person) -> None:
    line = "0123456789abcde\n"
    said = preview(person, "long.txt", (line * 40_000).encode())
    assert said == "First 64.0 KiB of 625.0 KiB"
    assert text_shown(person) == line * (PREVIEW_BYTES // len(line))


def test_markup_stays_text(person: Person) -> None:
    source = "<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
    assert preview(person, "drawing.svg", source.encode()) == "Whole text"
    assert text_shown(person) == source
    assert picture_shown(person) is None
    assert preview(person, "page.html", b"<img src=x onerror=alert(1)>") == "Whole text"
    assert text_shown(person) == "<img src=x onerror=alert(1)>"


def test_binary_says_so_and_offers_the_download(person: Person) -> None:
    assert preview(person, "model.bin", bytes(range(256))) == "No preview for this kind of data."
    assert person.button("Download\u2026", panel(person)).isEnabled()


def test_an_empty_blob_is_said_to_be_empty(person: Person) -> None:
    assert preview(person, "nothing.png", b"") == "The blob is empty."


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_a_picture_is_decoded_in_the_preview_worker(person: Person, kind: str) -> None:
    said = preview(person, f"a.{kind.lower()}", painted(1200, 300, kind))
    assert said == "1200 \u00d7 300 pixels"
    shown = picture_shown(person)
    assert shown is not None
    assert 0 < shown.pixmap().width() / shown.pixmap().devicePixelRatio() <= panel(person).width()
    assert shown.pixmap().toImage().pixelColor(5, 5).blue() > 190
    assert len(person.services.pool.pids(Lane.PREVIEW)) == 1


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("huge.png", png(8001, 8000), "The picture has more than 64 megapixels."),
        ("bomb.png", png(2**31 - 1, 2**31 - 1), "The picture"),
        ("cut.png", painted(300, 300)[:-200], "The picture is damaged."),
        ("noise.jpg", bytes(range(256)) * 4, "No picture of a kind that is shown here."),
        ("svg-in-disguise.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "No picture of a kind that is shown here."),
    ],
)  # fmt: skip
def test_a_bad_picture_is_refused_in_words(person: Person, name: str, data: bytes, why: str) -> None:
    assert preview(person, name, data).startswith(why)
    assert picture_shown(person) is None
    assert person.button("Download\u2026", panel(person)).isEnabled()


def test_after_running_through_rows_the_last_is_shown(person: Person) -> None:
    person.go(person.new_bucket({f"{number}.txt": f"text {number}".encode() for number in range(9)}))
    for number in range(9):
        person.click(f"{number}.txt")
    field = panel(person).preview.findChild(QPlainTextEdit)
    assert field is not None
    until(field.isVisible, "a text is shown")
    assert text_shown(person) == "text 8"
