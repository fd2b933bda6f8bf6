"""The first page of an artifact: its documentation and covers, through the real workers, and where its links lead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QImage, QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.markdown_text import MAX_BLOCKS, parse_markdown
from artifact_browser.gui.catalog.link_dialog import LinkDialog
from artifact_browser.gui.catalog.markdown_view import SLICE_WEIGHT, MarkdownView
from artifact_browser.gui.catalog.overview_page import OverviewPage, emoji_of
from artifact_browser.gui.common.palette import Theme, contrast, palette, tokens
from artifact_browser.storage.driver import Driver
from tests.catalog.making import put, stage, stage_and_commit

TIMEOUT_MS = 15_000


def _page(room: Any, qtbot: QtBot, key: str) -> OverviewPage:
    room.show(room.at(key))
    view = room.gallery.artifact_view
    qtbot.waitUntil(lambda: view._shown is not None and view._shown.location.key == key, timeout=TIMEOUT_MS)
    page = view.pages.page(OverviewPage)
    qtbot.waitUntil(lambda: not page.reading, timeout=TIMEOUT_MS)
    return page


def test_the_readme_is_shown_without_html_and_pictures(qtbot: QtBot, room: Any, driver: Driver, zoo: Place) -> None:
    readme = b"# Lion\n\n**Big** cat. <b>x</b> ![mane](https://tracker.example/x.png)\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
    stage_and_commit(driver, zoo, "lion", {"README.md": readme})
    page = _page(room, qtbot, "zoo/lion/")
    qtbot.waitUntil(lambda: "Lion" in page.document.toPlainText(), timeout=TIMEOUT_MS)
    text = page.document.toPlainText()
    assert "Big cat. <b>x</b> [picture: mane, https://tracker.example/x.png]" in text
    assert page.source.text() == "README.md"
    assert page.document.document().rootFrame().childFrames()
    for kind in (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.HtmlResource):
        for address in ("https://tracker.example/x.png", "file:///etc/passwd"):
            assert page.document.document().resource(kind, QUrl(address)) in (None, b"")


def test_without_documentation_it_says_what_to_do_and_missing_is_told_apart(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place
) -> None:
    stage(driver, zoo, "lion")
    page = _page(room, qtbot, "zoo/lion/")
    qtbot.waitUntil(lambda: page.state._sentence.text() == "No documentation.", timeout=TIMEOUT_MS)
    stage(driver, zoo, "wolf", documentation="doc/none.md")
    page = _page(room, qtbot, "zoo/wolf/")
    qtbot.waitUntil(lambda: "doc/none.md\u201d is not there" in page.state._sentence.text(), timeout=TIMEOUT_MS)
    put(driver, "bucket", "zoo/bear/_manifest.yaml", "type: dataset\n")
    put(driver, "bucket", "zoo/bear/README.md", "> " * 20_000 + "\n")
    page = _page(room, qtbot, "zoo/bear/")
    qtbot.waitUntil(lambda: "shown as it is" in page.source.text(), timeout=TIMEOUT_MS)


def test_links_are_followed_with_the_keyboard_only_after_their_address_was_shown(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)
    address = "https://example.org/a%20b?x=1&y=%E2%80%AE"
    stage_and_commit(driver, zoo, "lion", {"README.md": f"[harmless]({address})\n".encode()})
    page = _page(room, qtbot, "zoo/lion/")
    qtbot.waitUntil(lambda: "harmless" in page.document.toPlainText(), timeout=TIMEOUT_MS)
    page.document.setFocus()
    qtbot.keyClick(page.document, Qt.Key.Key_Tab)
    qtbot.keyClick(page.document, Qt.Key.Key_Return)
    asked = dialog("Open link")
    qtbot.keyClick(asked.focusWidget() or asked, Qt.Key.Key_Return)
    assert opened == []
    page.document.link_chosen.emit(address)
    asked = dialog("Open link")
    assert asked.shown.text().replace("\u200b", "") == address
    qtbot.mouseClick(asked.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == address
    asked.reject()
    assert opened == []
    page.document.link_chosen.emit(address)
    qtbot.waitUntil(lambda: dialog("Open link") is not asked, timeout=TIMEOUT_MS)
    qtbot.mouseClick(dialog("Open link").primary, Qt.MouseButton.LeftButton)
    assert opened == [QUrl(address).toString()]


def test_addresses_that_deceive_are_told(qtbot: QtBot, look: QApplication) -> None:
    for address, words in {
        "https://xn--exmple-4nf.org/": "letters that may look like others",
        "https://bank.example@evil.example/": "leads to \u201cevil.example\u201d",
        "https://bank.example@xn--exmple-4nf.org/": "\u201cxn--exmple-4nf.org\u201d. The host",
        "https://[broken/": "not well formed",
        "file:///etc/passwd": "no address that is opened",
    }.items():
        asked = LinkDialog(address)
        qtbot.addWidget(asked)
        assert words in asked.note._text.text()
    assert not asked.primary.isEnabled()


def test_covers_are_turned_with_previous_and_next(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, tmp_path: Path
) -> None:
    for name, colour in (("one.png", "#123456"), ("two.png", "#654321")):
        image = QImage(60, 40, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        image.save(str(tmp_path / name))
        driver.put("bucket", f"zoo/lion/{name}", (tmp_path / name).read_bytes())
    driver.put("bucket", "zoo/lion/broken.png", b"no picture")
    stage(driver, zoo, "lion", covers=["one.png", "two.png", "https://tracker.example/x.png", "broken.png"])
    page = _page(room, qtbot, "zoo/lion/")
    covers = page.covers
    _until_colour(qtbot, covers, "#123456")
    assert covers.words.text() == "1 of 3 \u00b7 one.png"
    qtbot.mouseClick(covers.next, Qt.MouseButton.LeftButton)
    _until_colour(qtbot, covers, "#654321")
    covers.next.setFocus()
    qtbot.keyClick(covers.next, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "3 of 3 \u00b7 cannot be shown" in covers.words.text(), timeout=TIMEOUT_MS)
    qtbot.mouseClick(covers.next, Qt.MouseButton.LeftButton)
    _until_colour(qtbot, covers, "#123456")
    stage(driver, zoo, "wolf")
    _page(room, qtbot, "zoo/wolf/")
    assert not covers.isVisible()


def test_a_long_document_is_put_down_in_slices(qtbot: QtBot, look: QApplication) -> None:
    view = MarkdownView()
    qtbot.addWidget(view)
    view.show()
    found = parse_markdown("# A\n\n" + "word " * 20 + "\n\n" + ("some words in a line\n\n" * 20_000))
    assert len(found.blocks) == MAX_BLOCKS
    assert found.cut
    with qtbot.waitSignal(view.filled, timeout=TIMEOUT_MS):
        view.show_blocks(found.blocks)
        begun = view.document().blockCount()
        assert begun * 30 <= SLICE_WEIGHT + 200  # each block weighs at least its 30
    assert view.document().blockCount() == MAX_BLOCKS
    view.show_blocks(found.blocks)
    view.stop()
    begun = view.document().blockCount()
    QApplication.processEvents()
    assert view.document().blockCount() == begun < MAX_BLOCKS


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_every_word_is_legible(qtbot: QtBot, look: QApplication, theme: Theme) -> None:
    palette().choose(theme)
    view = MarkdownView()
    qtbot.addWidget(view)
    view.show_blocks(
        parse_markdown("# A\n\n> quoted [a](https://b.example/) `c`\n\n`code` [l](https://b.example/)\n").blocks
    )
    qtbot.waitUntil(lambda: view.document().toPlainText().endswith("code l"), timeout=TIMEOUT_MS)
    seen = 0
    block = view.document().begin()
    while block.isValid():
        at = block.begin()
        while not at.atEnd():
            form = at.fragment().charFormat()
            own = form.background().style() != Qt.BrushStyle.NoBrush
            around = block.blockFormat().background()
            behind = form.background().color() if own else tokens().background
            if not own and around.style() != Qt.BrushStyle.NoBrush:
                behind = around.color()
            assert contrast(form.foreground().color(), behind) >= 4.5
            seen += 1
            at += 1
        block = block.next()
    assert seen >= 6


def test_what_counts_as_an_emoji() -> None:
    assert emoji_of("\U0001f981") == "\U0001f981"
    assert emoji_of("\u2600\ufe0f") == "\u2600\ufe0f"
    for text in ("", "lion.png", "abc", "\u202e\U0001f981", "\u00e4", "\U0001f981" * 20):
        assert emoji_of(text) == ""


def _until_colour(qtbot: QtBot, covers: Any, colour: str) -> None:
    def shown() -> bool:
        image = covers.frame.grab().toImage()
        return image.pixelColor(QPoint(image.width() // 2, image.height() // 2)).name() == colour

    qtbot.waitUntil(shown, timeout=TIMEOUT_MS)
