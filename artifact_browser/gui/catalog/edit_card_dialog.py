"""Editing a card: a form for what is known of cards, a text for everything, both the same, checked while one types.

The text is the truth. A form's changes travel to a worker, which puts them into the text; a text's changes come back as
the form's values. Only the answer to the latest draft counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from artifact_browser.catalog.card_text import CardCheck, CardText, TextProblem
from artifact_browser.catalog.naming import NAMING_KEYS, Naming
from artifact_browser.catalog.schema_words import path_of
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.card_form import CardForm
from artifact_browser.gui.catalog.naming_page import NamingPage
from artifact_browser.gui.catalog.problem_list import Problem, ProblemList
from artifact_browser.gui.catalog.text_pane import TextPane
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.common.widgets import Kind, label

#: How long typing has to rest before it is checked.
DEBOUNCE_MS = 250
_WIDTH_PX, _HEIGHT_PX, _PAGE_PX, _AROUND_PX = 720, 800, 220, 80
_PROBLEM_PX, _PROBLEMS_PX = 34, 112


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A state to be checked: the text, and the forms' changes that are not in it yet."""

    number: int
    text: str
    edits: Mapping[str, str] = field(default_factory=dict)
    naming: Naming | None = None


@dataclass(frozen=True, slots=True)
class CardChoice:
    """What to save: the text, and what the card has to read still."""

    text: str
    base_text: str


class EditCardDialog(AppDialog):
    """Named ``Edit card``; main button ``Save``, which asks for it and stays until it is told the end."""

    #: a :class:`CardDraft` to be checked: :meth:`show_check` is to be called with the answer
    check_wanted = Signal(object)
    #: a :class:`CardChoice` to be saved
    save_wanted = Signal(object)

    def __init__(self, card: CardText, parent: QWidget | None = None) -> None:
        staged = "the staged card" if card.staged else "saving stages an edit"
        super().__init__(
            "Edit card", "Save", parent, subtitle=f"{printable(card.title)} \u00b7 {staged}", width=_WIDTH_PX
        )
        self.enter_accepts = False
        self._base = card
        self._draft = CardDraft(0, card.text)
        self._edits: dict[str, str] = {}
        self._renamed = False
        self._checked = -1
        self._check: CardCheck | None = None
        self._saving = self._warned = False
        self._theirs: CardText | None = None
        self.form = CardForm(is_collection=card.is_collection)
        self.naming = NamingPage(card.project, card.folder)
        self.text = TextPane("Text")
        self.text.setPlainText(card.text)
        self.pages = QTabWidget()
        self.pages.setAccessibleName("Pages")
        self.pages.addTab(self.form, "Card")
        self.pages.addTab(self.text, "Text")
        if not card.is_collection:
            self.pages.addTab(self.naming, "Name and partitions")
        self.pages.setMinimumHeight(_PAGE_PX)
        self.problems_head = label("", Kind.SECTION)
        self.problems = ProblemList()
        self.load_theirs = self.add_secondary("Load theirs")
        self.load_theirs.hide()
        for widget, share in ((self.pages, 1), (self.problems_head, 0), (self.problems, 0)):
            self.body.addWidget(widget, share)
        self._rest = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._connect()
        self.problems.tell_lines(False)
        self.resize(self.width(), min(_HEIGHT_PX, self.screen().availableGeometry().height() - _AROUND_PX))
        self._show_problems(())
        self._refresh()

    def _connect(self) -> None:
        self._rest.timeout.connect(self._send)
        self.form.edited.connect(self._form_edited)
        self.naming.edited.connect(self._naming_edited)
        self.text.textChanged.connect(self._touch)
        self.pages.currentChanged.connect(self._turned)
        self.problems.chosen.connect(self.go_to)
        self.load_theirs.clicked.connect(self._load_theirs)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self._save)

    # -- what the room says -------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Ask for the first check: it fills the form. To be called once the dialog is shown."""
        self.form.field("name").setFocus()
        self._touch()
        self._send()

    def show_check(self, number: int, check: CardCheck) -> None:
        """The answer to a draft; one that is not the latest is not looked at."""
        if number != self._draft.number or self._rest.isActive():
            return
        from_form = bool(self._draft.edits) or self._draft.naming is not None
        self._renamed = self._renamed and bool(self.naming.faults)  # what has faults is not in the text yet
        self._check, self._checked = check, number
        self._edits.clear()
        if from_form:
            self.text.replace(check.text)
        elif check.blocking is None:
            self.form.show_values(check.values)
            if not self._renamed:
                self.naming.show_naming(check.naming)
        for form in (self.form, self.naming):
            form.setEnabled(check.blocking is None or from_form)
        self.text.setReadOnly(False)
        self._show_problems((check.blocking,) if check.blocking else check.problems)
        self._refresh()

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """Checking or saving went wrong; everything stays, and the page that is shown can be edited."""
        self._saving = False
        self.text.setReadOnly(False)
        self.form.setEnabled(self.form.isEnabled() or self.pages.currentIndex() == 0)
        self.show_note(" ".join(part for part in (error.title + ".", error.detail, error.todo) if part))
        self._refresh(keep_note=True)

    def show_conflict(self, error: ArtifactBrowserError, theirs: CardText) -> None:
        """Somebody edited the card meanwhile: the person's text stays, and saving again means theirs is replaced."""
        self._saving, self._theirs = False, theirs
        self._base = theirs
        self.primary.setText("Save mine")
        self.load_theirs.show()
        self.show_note(
            f"{error.detail} {error.kept} \u201cSave mine\u201d writes your card in the place of theirs; \u201cLoad theirs\u201d "
            "shows it here (Ctrl+Z in the text brings yours back)."
        )
        self._refresh(keep_note=True)

    @property
    def changed(self) -> bool:
        """Whether there is something that was not saved."""
        return bool(self._edits) or self._renamed or self.text.toPlainText() != self._base.text

    def go_to(self, problem: Problem) -> None:
        """Lead to the field or the line a problem is about."""
        parts = path_of(problem.pointer)
        if parts and parts[0] in NAMING_KEYS and self.pages.currentIndex() != 1 and self.naming.isEnabled():
            self.pages.setCurrentIndex(2)
            self.naming.go_to()
            return
        in_form = self.pages.currentIndex() == 0 and len(parts) > 0 and self.form.isEnabled()
        if in_form and self.form.go_to(parts[0]):
            return
        self.pages.setCurrentIndex(1)
        self.text.go_to(problem.line, problem.column or 1)
        self.text.setFocus()

    def reject(self) -> None:
        if self.changed and not self._warned and not self._saving:
            self._warned = True
            self.show_note("Your changes are not saved. Cancel once more to drop them.", Kind.NOTE_WARNING)
            return
        super().reject()

    # -- inside -------------------------------------------------------------------------------------------------
    def _form_edited(self, key: str, text: str) -> None:
        self._edits[key] = text
        self._touch()

    def _naming_edited(self) -> None:
        self._renamed = True
        self._touch()

    def _touch(self) -> None:
        self._draft = CardDraft(self._draft.number + 1, "")
        self._warned = False
        self._rest.start()
        self._refresh()

    def _send(self) -> None:
        self._rest.stop()
        naming = self.naming.naming if self._renamed and not self.naming.faults else None
        self._draft = CardDraft(self._draft.number, self.text.toPlainText(), dict(self._edits), naming)
        self.check_wanted.emit(self._draft)

    def _turned(self, page: int) -> None:
        """The page that is turned to waits for the other one's last change."""
        self.problems.tell_lines(page == 1)
        if self._checked == self._draft.number:
            return
        if page == 1:
            self.text.setReadOnly(True)
        else:
            self.form.setEnabled(False)
            self.naming.setEnabled(False)
        if self._rest.isActive():
            self._send()

    def _show_problems(self, found: tuple[TextProblem, ...]) -> None:
        self.problems.show_problems(
            [Problem(one.sentence, one.pointer, one.line, one.column, one.hint) for one in found]
        )
        shown = bool(found)
        self.problems.setVisible(shown)
        self.problems_head.setVisible(shown)
        self.problems.setFixedHeight(min(_PROBLEMS_PX, _PROBLEM_PX * max(1, len(found))))
        self.text.mark(one.line for one in found if not one.hint)
        faults: dict[str, str] = {}
        for one in found:
            faults.setdefault(next(iter(path_of(one.pointer)), ""), one.sentence)
        self.form.mark(faults)

    def _refresh(self, *, keep_note: bool = False) -> None:
        """What can be done now, and why not."""
        check, current = self._check, self._checked == self._draft.number
        blocked = check is not None and check.blocking is not None
        self.primary.setEnabled(
            current and not blocked and self.changed and not self._saving and not self.naming.faults
        )
        self.problems_head.setText("Cannot be saved so" if blocked else self._head())
        if keep_note or not current:
            return
        if blocked:
            self.show_note("This cannot be saved: correct what is told above.")
        elif self._theirs is None and self.naming.faults:
            self.show_note("The name or partitions cannot be used so: correct what is told beside them.")
        elif self._theirs is None and self._base.faults:
            fault = self._base.faults[0].sentence
            self.show_note(
                f"The collection\u2019s schema is broken, so nothing is checked by it. {fault}", Kind.NOTE_WARNING
            )
        elif self._theirs is None:
            self.show_note("")

    def _head(self) -> str:
        faults, hints = self.problems.counts()
        more = " or more" if self._check is not None and self._check.more else ""
        parts = [f"{count(faults, 'thing')}{more} in the way of a commit"] if faults else []
        if hints:
            parts.append(f"{count(hints, 'thing')} to mind" if not faults else f"{hints:,} to mind")
        return " \u00b7 ".join(parts)

    def _load_theirs(self) -> None:
        if self._theirs is None:
            return
        self.text.replace(self._theirs.text)
        self._edits.clear()
        self._renamed = False
        self._theirs = None
        self.load_theirs.hide()
        self.primary.setText("Save")
        self.show_note("")
        self._touch()
        self._send()

    def _save(self) -> None:
        self._saving = True
        self._refresh(keep_note=True)
        self.save_wanted.emit(CardChoice(self.text.toPlainText(), self._base.text))
