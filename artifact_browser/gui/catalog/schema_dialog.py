"""A collection's schema as text: templates, faults while one types, and which children it would refuse."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from artifact_browser.catalog.schema_templates import TEMPLATES
from artifact_browser.catalog.schema_text import ChildrenChecked, SchemaText, SchemaTextCheck
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.children_list import ChildrenList
from artifact_browser.gui.catalog.edit_card_dialog import DEBOUNCE_MS
from artifact_browser.gui.catalog.problem_list import Problem, ProblemList
from artifact_browser.gui.catalog.text_pane import TextPane
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.widgets import Kind, button, label

_WIDTH_PX, _HEIGHT_PX, _TEXT_PX, _AROUND_PX = 720, 680, 140, 80
_PROBLEM_PX, _PROBLEMS_PX, _CHILDREN_PX = 34, 112, 120


@dataclass(frozen=True, slots=True)
class SchemaDraft:
    """A text to be checked."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class SchemaChoice:
    """What to save (empty: no schema), and what the schema has to read still."""

    text: str
    base_text: str


class SchemaDialog(AppDialog):
    """Named ``Schema``; main button ``Save``, which asks for it and stays until it is told the end."""

    #: a :class:`SchemaDraft`: :meth:`show_check` is to be called with the answer
    check_wanted = Signal(object)
    #: a :class:`SchemaChoice`
    save_wanted = Signal(object)
    #: children are to be checked by this text
    children_wanted = Signal(str)
    #: the check of children is to end
    stop_wanted = Signal()
    #: a child's prefix, to go to
    child_chosen = Signal(str)

    def __init__(self, schema: SchemaText, parent: QWidget | None = None, *, read_only: bool = False) -> None:
        super().__init__(
            "Schema",
            "Save",
            parent,
            subtitle=f"What the children of \u201c{printable(schema.title)}\u201d must say of themselves. It counts once it is "
            "committed.",
            width=_WIDTH_PX,
        )
        self.enter_accepts = False
        self._base, self._read_only = schema, read_only
        self._number, self._checked = 0, -1
        self._sound = self._saving = self._warned = self._conflict = False
        self._theirs = ""
        self._running: ChildrenChecked | None = None
        self.templates = QComboBox()
        self.templates.setAccessibleName("Template")
        self.templates.addItem("Begin with a template\u2026")
        self.templates.addItems([name for name, _ in TEMPLATES])
        self.text = TextPane("Schema text")
        self.text.setMinimumHeight(_TEXT_PX)
        self.text.setPlaceholderText("JSON Schema as YAML or JSON. Empty: anything goes.")
        self.text.setPlainText(schema.text)
        self.text.setReadOnly(read_only)
        self.problems = ProblemList()
        self.state = label("", Kind.DIM, wrap=True)
        self.check_children = button("Check children", icon_name="list-filter", clicked=self._want_children)
        self.stop = button("Stop", Kind.LINK, clicked=self._stop)
        self.progress = label("", Kind.DIM, wrap=True)
        self.children_list = ChildrenList()
        self.remove = self.add_secondary("Remove schema", icon_name="trash-2")
        self.load_theirs = self.add_secondary("Load theirs")
        self._lay_out()
        self._rest = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._connect()
        self.resize(self.width(), min(_HEIGHT_PX, self.screen().availableGeometry().height() - _AROUND_PX))
        self._show_running(None)
        self._refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.state, 1)
        head.addWidget(self.templates)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.check_children)
        below.addWidget(self.progress, 1)
        below.addWidget(self.stop)
        self.body.addLayout(head)
        self.body.addWidget(self.text, 2)
        self.body.addWidget(self.problems)
        self.body.addLayout(below)
        self.body.addWidget(self.children_list, 1)
        self.problems.hide()
        self.children_list.setMinimumHeight(_CHILDREN_PX)
        self.children_list.hide()
        self.load_theirs.hide()
        for widget in (self.templates, self.remove):
            widget.setVisible(not self._read_only)

    def _connect(self) -> None:
        self._rest.timeout.connect(self._send)
        self.text.textChanged.connect(self._touch)
        self.templates.activated.connect(self._use_template)
        self.problems.chosen.connect(self._go_to)
        self.children_list.chosen.connect(self.child_chosen)
        self.remove.clicked.connect(lambda: self._save(""))
        self.load_theirs.clicked.connect(self._load_theirs)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(lambda: self._save(self.text.toPlainText()))

    # -- what the room says -------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Ask for the first check. To be called once the dialog is shown."""
        self.text.setFocus()
        self._touch()
        self._send()

    def show_check(self, number: int, check: SchemaTextCheck) -> None:
        """The answer to a draft; one that is not the latest is not looked at."""
        if number != self._number or self._rest.isActive():
            return
        self._checked, self._sound = number, not check.problems
        self.problems.show_problems(
            [Problem(one.sentence, one.pointer, one.line, one.column) for one in check.problems]
        )
        self.problems.setVisible(bool(check.problems))
        self.problems.setFixedHeight(min(_PROBLEMS_PX, _PROBLEM_PX * max(1, len(check.problems))))
        self.text.mark(one.line for one in check.problems)
        self.state.setText(self._words(check))
        self._refresh()
        self.grow()

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """Checking or saving went wrong; everything stays."""
        self._saving = False
        self.show_note(" ".join(part for part in (error.title + ".", error.detail, error.todo) if part))
        self._refresh()

    def show_conflict(self, error: ArtifactBrowserError, theirs: SchemaText) -> None:
        """Somebody changed the schema meanwhile: the text stays, and saving again means theirs is replaced."""
        self._saving, self._conflict, self._base = False, True, theirs
        self.primary.setText("Save mine")
        self.load_theirs.show()
        self.show_note(
            f"{error.detail} {error.kept} \u201cSave mine\u201d writes it in the place of theirs; \u201cLoad theirs\u201d shows it "
            "here (Ctrl+Z brings yours back)."
        )
        self._refresh()

    def show_children(self, state: ChildrenChecked) -> None:
        """How far the check of children has come."""
        self.children_list.model_.add(state.unfit)
        self.children_list.setVisible(bool(self.children_list.model_.rowCount()))
        self._show_running(state)
        self.progress.setText(f"{state.done:,} of {count(state.total, 'child', 'children')} checked\u2026")
        self.grow()

    def end_children(self, state: ChildrenChecked) -> None:
        """All children were checked."""
        self._show_running(None)
        if not state.total:
            words = "There are no children yet."
        elif state.unfit_total:
            told = self.children_list.model_.rowCount()
            words = f"{state.unfit_total:,} of {count(state.total, 'child', 'children')} would not pass"
            words += f"; {told:,} of them are listed." if told < state.unfit_total else "."
        elif state.total == 1:
            words = "The only child passes."
        else:
            words = f"All {state.total:,} children pass."
        self.progress.setText(words)

    def fail_children(self, error: ArtifactBrowserError) -> None:
        """The check of children went wrong; what was found stays."""
        self._show_running(None)
        self.progress.setText(f"Not all could be checked. {error.title}. {error.detail}")

    @property
    def changed(self) -> bool:
        """Whether there is something that was not saved."""
        return self.text.toPlainText() != self._base.text

    def reject(self) -> None:
        if self.changed and not self._warned and not self._saving:
            self._warned = True
            self.show_note("Your changes are not saved. Cancel once more to drop them.", Kind.NOTE_WARNING)
            return
        super().reject()

    # -- inside -------------------------------------------------------------------------------------------------
    def _words(self, check: SchemaTextCheck) -> str:
        if check.problems:
            return f"{count(len(check.problems), 'fault')}: it cannot be saved so"
        if not self.text.toPlainText().strip():
            return "No schema: children may say anything"
        names = elided(printable(", ".join(check.required)), 120)
        return f"Requires {names}" if names else "Requires no field"

    def _touch(self) -> None:
        self._number += 1
        self._warned = False
        self._rest.start()
        self._refresh()

    def _send(self) -> None:
        self._rest.stop()
        self.check_wanted.emit(SchemaDraft(self._number, self.text.toPlainText()))

    def _use_template(self, at: int) -> None:
        if at > 0:
            self.text.replace(TEMPLATES[at - 1][1])
            self.templates.setCurrentIndex(0)
            self.text.setFocus()
            self._touch()
            self._send()

    def _go_to(self, problem: Problem) -> None:
        self.text.go_to(problem.line, problem.column or 1)
        self.text.setFocus()

    def _refresh(self) -> None:
        current = self._checked == self._number
        sound = current and self._sound and not self._saving
        self.primary.setEnabled(sound and self.changed and not self._read_only)
        self.remove.setEnabled(bool(self._base.text) and not self._saving)
        self.check_children.setEnabled(sound and bool(self.text.toPlainText().strip()) and self._running is None)
        if current and not self._conflict and not self._saving and self.note.text() and self._sound:
            self.show_note("")

    def _want_children(self) -> None:
        self.children_list.model_.clear()
        self.children_list.hide()
        self.progress.setText("Looking for children\u2026")
        self._show_running(ChildrenChecked(0, 0, 0))
        self.children_wanted.emit(self.text.toPlainText())

    def _stop(self) -> None:
        state = self._running
        self.stop_wanted.emit()
        self._show_running(None)
        if state is not None:
            self.progress.setText(
                f"Stopped: {state.done:,} of {state.total:,} checked, {state.unfit_total:,} would not pass."
            )

    def _show_running(self, state: ChildrenChecked | None) -> None:
        self._running = state
        self.stop.setVisible(state is not None)
        self._refresh()

    def _load_theirs(self) -> None:
        self._conflict = False
        self.load_theirs.hide()
        self.primary.setText("Save")
        self.show_note("")
        self.text.replace(self._base.text)
        self._touch()
        self._send()

    def _save(self, text: str) -> None:
        self._saving = True
        self._refresh()
        self.save_wanted.emit(SchemaChoice(text, self._base.text))
