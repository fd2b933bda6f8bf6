"""Before a commit: what will be committed, and everything that stands in its way, at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from artifact_browser.catalog.commit import CommitPlan
from artifact_browser.catalog.records import MAX_MESSAGE, CommitNote, check_label
from artifact_browser.catalog.schema import SchemaCheck
from artifact_browser.errors import InputError
from artifact_browser.gui.catalog.conditions_badge import ConditionsBadge
from artifact_browser.gui.catalog.file_list import FileList
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow
from artifact_browser.gui.catalog.problem_list import Problem, ProblemList
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, printable, size
from artifact_browser.gui.common.widgets import Kind, label

_LIST_PX = 200
_PROBLEM_PX, _PROBLEMS_PX = 34, 180


class CommitDialog(AppDialog):
    """Named ``Commit``; main button ``Commit``, out of reach while there are problems."""

    #: show what is staged against what is committed
    changes_wanted = Signal()
    #: the manifest's fields are to be corrected first
    edit_wanted = Signal()
    #: the collection's schema is to be mended first
    schema_wanted = Signal()

    def __init__(self, plan: CommitPlan, parent: QWidget | None = None) -> None:
        super().__init__("Commit", "Commit", parent, subtitle=printable(plan.title), width=560)
        self.plan = plan
        total = sum(file.size_bytes or 0 for file in plan.files)
        replaces = "replaces what is committed now" if plan.replaces else "is committed for the first time"
        sentence = f"The manifest with {count(len(plan.files), 'file')} ({size(total)}) {replaces}."
        if plan.unfinished:
            sentence = (
                "What is staged is committed already. Committing again finishes what an interrupted commit left undone."
            )
        self.body.addWidget(label(sentence, wrap=True))
        self.partitions = self._partition_words()
        self.body.addWidget(self.partitions)
        #: hidden unless :meth:`ConditionsBadge.show_writes` has something to say
        self.badge = ConditionsBadge()
        self.body.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        self.message, self.version = QLineEdit(), QLineEdit()
        self.message.setMaxLength(MAX_MESSAGE)
        self._troubled = bool(plan.problems) or not plan.schema.passed
        if not plan.unfinished:  # what is finished has its name already
            self.message.setPlaceholderText("What has changed")
            self.version.setPlaceholderText("Named by an id")
            self.add_field("Message (optional)", self.message)
            self.add_field("Version name (optional)", self.version)
            self.version.textChanged.connect(lambda _: self._check())
            self.message.setFocus()  # not the badge above it
        model = FileListModel(self)
        troubles = {problem.path: problem.sentence for problem in plan.problems}
        sizes = {file.path: file.size_bytes for file in plan.files}
        first = [FileRow(path, sizes.get(path), trouble=words) for path, words in troubles.items()]
        model.show([*first, *(FileRow(path, bytes_) for path, bytes_ in sizes.items() if path not in troubles)])
        files = FileList(model)
        files.setMinimumHeight(_LIST_PX)
        head = label("Files", Kind.SECTION)
        head.setVisible(bool(model.rowCount()))
        self.body.addWidget(head)
        self.body.addWidget(files, 1)
        files.setVisible(bool(model.rowCount()))
        files.setColumnHidden(2, not troubles)
        self.changes = self.add_secondary("Show changes")
        self.changes.clicked.connect(lambda _=False: self.changes_wanted.emit())
        self.changes.setVisible(bool(plan.replaces))
        if troubles:
            self.show_note(
                f"{count(len(troubles), 'file')} cannot be committed. Upload and stage them again, or remove them from "
                "the artifact."
            )
            self.primary.setEnabled(False)
        if not plan.schema.passed and not plan.unfinished:
            self._show_schema(plan.schema, self.note.text())

    def _partition_words(self) -> QLabel:
        """What the version is of, so that nobody commits the day before once more; hidden where it is of nothing."""
        plan = self.plan
        if plan.unusable:
            words = f"Its partitions cannot be used: {plan.unusable} It will be found without any."
            return label(printable(words), Kind.FAULT, wrap=True)
        pairs = (f"{printable(key)} {printable(value)}" for key, value in sorted(plan.partitions.shown.items()))
        words = elided("Partitions: " + " \u00b7 ".join(pairs), 400)
        made = label(f"{words} (as the version before)" if plan.repeated else words, wrap=True, copyable=True)
        made.setVisible(bool(plan.partitions))
        return made

    def _show_schema(self, found: SchemaCheck, files: str) -> None:
        """What the collection's schema says, above the files; the note says what to do about it."""
        self.problems = ProblemList()
        lines = found.faults or found.problems
        self.problems.show_problems([Problem(line.sentence, line.pointer) for line in lines])
        self.problems.setMinimumHeight(min(_PROBLEMS_PX, _PROBLEM_PX * len(lines)))
        head = "The collection\u2019s schema is broken" if found.faults else "Does not fit the collection\u2019s schema"
        self.body.insertWidget(1, label(head, Kind.SECTION))
        self.body.insertWidget(2, self.problems, 1)
        if found.faults:
            words = "Nothing can be committed before the schema is mended: open the collection, then \u201cSchema\u2026\u201d."
            self.schema = self.add_secondary("Schema\u2026", icon_name="braces")
            self.schema.clicked.connect(self.reject)
            self.schema.clicked.connect(self.schema_wanted)
        else:
            number = f"{count(len(lines), 'thing')}{' or more' if found.more else ''}"
            words = f"{number} in the manifest {'has' if len(lines) == 1 else 'have'} to be corrected."
            self.edit = self.add_secondary("Edit card\u2026", icon_name="pencil")
            self.edit.clicked.connect(self.reject)
            self.edit.clicked.connect(self.edit_wanted)
        self.show_note(f"{words} {files}".strip())
        self.primary.setEnabled(False)

    @property
    def choice(self) -> CommitNote:
        """The version's name and the message; both may be empty."""
        return CommitNote(self.version.text().strip(), self.message.text().strip())

    def _check(self) -> None:
        if self._troubled:
            return
        problem = ""
        if name := self.choice.version:
            try:
                check_label(name)
            except InputError as error:
                problem = f"{error.detail} {error.todo}".strip()
        self.show_note(problem)
        self.primary.setEnabled(not problem)
