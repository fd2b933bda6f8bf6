"""What an artifact is about, at a glance: description, facts, covers, and its README or other documentation."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.catalog.documentation import DOCUMENTATION_LANE, MAX_BYTES, Documentation, read_documentation
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.cover_carousel import CoverCarousel
from artifact_browser.gui.catalog.covers import cover_keys
from artifact_browser.gui.catalog.link_dialog import LinkDialog
from artifact_browser.gui.catalog.markdown_view import MarkdownView
from artifact_browser.gui.catalog.type_chips import type_word
from artifact_browser.gui.common.bridge import Task
from artifact_browser.gui.common.format import count, printable, size
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label

_LONGEST_EMOJI = 8
_DESCRIPTION_LETTERS, _FACT_LETTERS = 600, 100


class OverviewPage(ArtifactPage):
    """Shows what the manifest says at once, and reads the documentation behind it."""

    TITLE = "Overview"

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._shown: ShownArtifact | None = None
        self._read: Task | None = None
        self.description = label("", wrap=True, copyable=True)
        self.facts = label("", Kind.DIM, wrap=True, copyable=True)
        self.covers = CoverCarousel(tools.bridge)
        self.source = label("", Kind.SECTION)
        self.document = MarkdownView()
        self.document.link_chosen.connect(self._ask_link)
        self.state = StateView()
        self._lay_out()

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.document)
        self._stack.addWidget(self.state)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.source)
        left.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addLayout(left, 1)
        row.addWidget(self.covers, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.description)
        column.addWidget(self.facts)
        column.addSpacing(4)
        column.addLayout(row, 1)
        self.setFocusProxy(self.document)

    @property
    def reading(self) -> bool:
        """Whether the documentation is on its way."""
        return self._read is not None

    def show_artifact(self, shown: ShownArtifact) -> None:
        before, self._shown = self._shown, shown
        self._show_fields(shown)
        card = shown.opened.card
        self.covers.show_covers(shown.record, shown.location.bucket, cover_keys(card) if card else ())
        same = before is not None and (before.location, before.staged) == (shown.location, shown.staged)
        if not same:
            self._say(State.BUSY, "Reading the documentation\u2026")
        self._start()

    def leave(self) -> None:
        self.covers.stop()
        self.document.stop()
        if self._read is not None:
            self._read.cancel()
            self._read = None

    # -- inside -------------------------------------------------------------------------------------------------
    def _show_fields(self, shown: ShownArtifact) -> None:
        fields = shown.fields
        emoji = emoji_of(fields.get("icon", "") or fields.get("id_emoji", ""))
        words = _line(fields.get("description", ""), _DESCRIPTION_LETTERS) or "No description."
        self.description.setText(f"{emoji}  {words}" if emoji else words)
        total = sum(file.size_bytes or 0 for file in shown.files)
        facts = [
            _line(type_word(fields.get("type", ""))),
            f"version {_line(fields['version'])}" if fields.get("version") else "",
            f"{count(len(shown.files), 'file')}, {size(total)}",
            _line(fields.get("tags", ""), 3 * _FACT_LETTERS),
        ]
        self.facts.setText(" \u00b7 ".join(fact for fact in facts if fact))

    def _start(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if self._read is not None:
            self._read.cancel()
        self._read = self.tools.bridge.run(
            read_documentation, shown.record, shown.place, shown.staged, lane=DOCUMENTATION_LANE, owner=self,
            on_done=self._arrived, on_error=self._failed,
        )  # fmt: skip

    def _arrived(self, found: Documentation | None) -> None:
        self._read = None
        if found is None:
            self._say(
                State.EMPTY, "No documentation.", "Add a README.md, or name a file as \u201cdocumentation\u201d in the manifest.",
                icon_name="book-open",
            )  # fmt: skip
            return
        name = printable(found.source) or "Documentation"
        if found.missing:
            self._say(State.EMPTY, f"\u201c{name}\u201d is not there.", "The manifest names it as documentation.")
            return
        if not found.text.blocks:
            self._say(State.EMPTY, f"\u201c{name}\u201d is empty.", icon_name="book-open")
            return
        notes = [name]
        if found.cut:
            most = f", of {size(MAX_BYTES)} at most" if found.size_bytes > MAX_BYTES else ""
            notes.append(f"only its beginning is shown{most} ({size(found.size_bytes)} in all)")
        if found.text.plain and found.source.lower().endswith(".md"):
            notes.append("too tangled to be read as Markdown, shown as it is")
        self.source.setText(" \u00b7 ".join(notes))
        self.source.show()
        self._stack.setCurrentWidget(self.document)
        self.document.show_blocks(found.text.blocks)

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._read = None
        self.source.hide()
        self._stack.setCurrentWidget(self.state)
        self.state.show_error(error, action_label="Try again", action=self._start)

    def _say(self, state: State, sentence: str, detail: str = "", icon_name: str = "") -> None:
        self.source.hide()
        self._stack.setCurrentWidget(self.state)
        self.state.show_state(state, sentence, detail=detail, icon_name=icon_name)

    def _ask_link(self, address: str) -> None:
        dialog = LinkDialog(address, self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _line(text: str, letters: int = _FACT_LETTERS) -> str:
    """``text`` as one line, its end cut; the page *Metadata* has all of it."""
    words = printable(" ".join(text[: 2 * letters].split()))
    return words if len(words) <= letters else words[: letters - 1] + "\u2026"


def emoji_of(text: str) -> str:
    """``text`` if it is an emoji (or a few); a path, a word or an address is none."""
    text = text.strip()
    if not text or len(text) > _LONGEST_EMOJI or text.isascii():
        return ""
    drawn = [letter for letter in text if letter not in "\u200d\ufe0f"]
    return text if drawn and all(unicodedata.category(letter) in {"So", "Sk"} for letter in drawn) else ""
