"""All that is staged in a collection: what it is, which of it to commit, and how each commit ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from artifact_browser.catalog.index import IndexOutcome
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.many_jobs import CommitTold, StagedChild
from artifact_browser.catalog.records import MAX_MESSAGE
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.commit_words import how_it_ended
from artifact_browser.gui.catalog.conditions_badge import ConditionsBadge
from artifact_browser.gui.catalog.staged_list import StagedList, StagedModel, words_of
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label

_WIDTH, _HEIGHT = 760, 560


class CommitAllDialog(AppDialog):
    """Named ``Commit all staged``; main button ``Commit``, which asks for it and stays until all have ended."""

    #: places with their plans, as they were shown
    commit_wanted = Signal(object)
    #: the collection is to be looked at (again)
    look_wanted = Signal()
    #: what is under way is to be stopped
    stop_wanted = Signal()

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__("Commit all staged", "Commit", parent, subtitle=where, cancel="Close", width=_WIDTH)
        self.model = StagedModel(self)
        self.table = StagedList(self.model)
        self.message = QLineEdit()
        self.message.setMaxLength(MAX_MESSAGE)
        self.message.setPlaceholderText("What has changed")
        self.chosen_words = label("", Kind.DIM, wrap=True)
        self.state = StateView()
        self._rows: dict[Place, int] = {}
        self._ends: Counter[str] = Counter()
        self._committing, self._busy = False, True
        self._pages = QStackedWidget()
        for page in (self.table, self.state):
            self._pages.addWidget(page)
        #: hidden unless :meth:`ConditionsBadge.show_writes` has something to say
        self.badge = ConditionsBadge()
        self.body.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._pages, 1)
        self.body.addWidget(self.chosen_words)
        self.add_field("Message for all (optional)", self.message)
        self.none = self.add_secondary("Choose none")
        self.none.clicked.connect(lambda: self.model.choose_all(not self.model.chosen))
        self.again = self.add_secondary("Look again", icon_name="refresh-cw")
        self.again.clicked.connect(self.look_wanted)
        self.stop = self.add_secondary("Stop", icon_name="circle-stop")
        self.stop.clicked.connect(self.stop_wanted)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self._commit)
        self.model.chosen_changed.connect(self._count)
        self.finished.connect(lambda _: self.stop_wanted.emit())
        self.show_busy()
        self.resize(_WIDTH, _HEIGHT)

    # -- looking ------------------------------------------------------------------------------------------------
    def show_busy(self) -> None:
        """What is staged is being looked at."""
        self._committing = False
        self.model.lock(False)
        self._rows.clear()
        self._ends.clear()
        self.model.clear()
        self.show_note("")
        self._say(State.BUSY, "Looking at what is staged\u2026")
        self._arrange(busy=True)

    def add(self, children: Sequence[StagedChild]) -> None:
        """Some that were looked at."""
        for child in children:
            self._rows[child.place] = len(self._rows)
        self.model.add(children)
        self._pages.setCurrentWidget(self.table)

    def end_looking(self, staged: int) -> None:
        """All were looked at; ``staged``: how many there are, which may be more than are shown."""
        if not self.model.rows:
            self._say(State.EMPTY, "Nothing is staged in this collection.", icon_name="circle-check")
        elif staged > len(self.model.rows):
            more = staged - len(self.model.rows)
            self.show_note(f"{more:,} more are staged: commit these first, then look again.", Kind.NOTE_WARNING)
        self._arrange()
        if self.model.rows and self.cancel.hasFocus():  # all else was out of reach while it was looked at
            self.table.setFocus()

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """It could not be looked at, or none could be committed."""
        self._committing = False
        self.model.lock(False)
        if self.model.rows:
            self.show_note(" ".join(part for part in (f"{error.title}.", error.detail, error.todo) if part))
        else:
            self._pages.setCurrentWidget(self.state)
            self.state.show_error(error)
        self._arrange()

    # -- committing ---------------------------------------------------------------------------------------------
    def _commit(self) -> None:
        wanted = [(row.child.place, row.child.plan) for row in self.model.chosen]
        if not wanted or self._committing:
            return
        self._committing = True
        self._ends.clear()
        for place, _ in wanted:
            self.model.say(self._rows[place], "waits")
        self.model.lock(True)
        self.show_note("")
        self._arrange(busy=True)
        self.commit_wanted.emit(wanted)

    def tell(self, told: CommitTold) -> None:
        """One has ended."""
        at = self._rows[told.place]
        if told.committed is not None:
            self._ends["committed"] += 1
            self._ends["pending"] += told.committed.index is IndexOutcome.PENDING
            self.model.say(at, how_it_ended(told.committed, index=False), done=True)
        else:
            self._ends["failed"] += 1
            self.model.say(at, "", trouble=words_of(told.error) if told.error else "It was not committed.")
        self._count()

    def end_committing(self) -> None:
        """All have ended."""
        self._committing = False
        self.model.lock(False)
        done, failed = self._ends["committed"], self._ends["failed"]
        words = f"{count(done, 'artifact')} committed"
        if self._ends["pending"]:
            words += "; the collection\u2019s index will follow (index pending)"
        if failed:
            words += f", {failed:,} not: look at the state of each, then look again."
        self.show_note(words, Kind.NOTE_WARNING if failed else Kind.NOTE_OK)
        self._arrange()

    # -- inside -------------------------------------------------------------------------------------------------
    def _arrange(self, *, busy: bool = False) -> None:
        self._busy = busy
        self.stop.setVisible(self._committing)
        self.again.setVisible(not busy)
        self.message.setEnabled(not busy)
        self._count()

    def _count(self) -> None:
        rows, chosen = self.model.rows, len(self.model.chosen)
        troubled = sum(bool(row.trouble) for row in rows)
        self.primary.setEnabled(bool(chosen) and not self._busy)
        self.none.setVisible(any(row.can_commit for row in rows) and not self._busy)
        self.none.setText("Choose none" if chosen else "Choose all")
        words = ""
        if self._committing:
            ended = self._ends["committed"] + self._ends["failed"]
            words = f"{ended:,} of {chosen + ended:,} have ended"
        elif rows and (chosen or not self._ends):
            words = f"{chosen:,} of {len(rows):,} chosen"
            words += f" \u00b7 {troubled:,} cannot be committed" if troubled else ""
        self.chosen_words.setText(words)

    def _say(self, state: State, sentence: str, icon_name: str = "") -> None:
        self._pages.setCurrentWidget(self.state)
        self.state.show_state(state, sentence, icon_name=icon_name)
