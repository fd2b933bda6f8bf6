"""Which part of a tree is moved, and how: asked before an upload or a download, with an example of what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog, captioned
from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.gui.transfers.options_memory import PLAIN, TransferOptions
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import Links, TreeChoice
from artifact_browser.transfers.patterns import problem_of
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.preview import Preview
from artifact_browser.transfers.state import Verb

_POLICIES = (
    (Policy.ASK, "Ask"),
    (Policy.SKIP, "Skip it"),
    (Policy.REPLACE, "Replace it"),
    (Policy.KEEP_BOTH, "Keep both"),
    (Policy.UPDATE, "Update: only what is newer or different"),
    (Policy.CONTINUE, "Continue: only what is missing or shorter there"),
)
_LINKS = (
    (Links.SKIP, "Skip and report"),
    (Links.INSIDE, "Follow inside the folder"),
    (Links.ANYWHERE, "Follow wherever they lead"),
)
#: how long after the last letter the example is made anew
_PAUSE_MS = 250
_LINES = 3
_BOTTOM = Qt.AlignmentFlag.AlignBottom


class OptionsDialog(AppDialog):
    """What uploads and downloads have in common. Look at ``options`` once it was accepted."""

    #: :class:`TreeChoice`: an example of what this takes is wanted
    preview_wanted = Signal(object)

    def __init__(self, verb: Verb, subtitle: str, options: TransferOptions, parent: QWidget | None) -> None:
        super().__init__(f"{verb} with options", str(verb), parent, subtitle=subtitle, width=560)
        self._verb = verb
        self._add_place()
        self.include, self.exclude = _lines(), _lines()
        row = QHBoxLayout()
        row.setSpacing(12)
        for name, field in (("Only these", self.include), ("Leave out", self.exclude)):
            row.addLayout(captioned(name, field)[0])
        self.body.addLayout(row)
        hint = "A pattern on each line, as in .gitignore: *.csv, /train/, docs/**, !keep.log"
        self.body.addWidget(label(hint, Kind.HINT, wrap=True))
        self.include.setAccessibleDescription(f"{hint}. Empty: everything.")
        self.exclude.setAccessibleDescription(hint)
        self._add_own()
        self.policy = _combo(_POLICIES)
        self.add_field("Where something is there already", self.policy)
        self.example = label("", Kind.DIM, wrap=True)
        self.example.setAccessibleName("Example")
        self.body.addWidget(self.example)
        self.defaults = self.add_secondary("Defaults")
        self.defaults.clicked.connect(lambda: self.show_options(PLAIN[verb]))
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._ask_preview)
        self.show_options(options)
        for field in (self.include, self.exclude):
            field.textChanged.connect(self._change)

    def show_options(self, options: TransferOptions) -> None:
        """Fill the fields."""
        self.include.setPlainText("\n".join(options.choice.include))
        self.exclude.setPlainText("\n".join(options.choice.exclude))
        self.policy.setCurrentIndex(self.policy.findData(options.policy))
        self._change()

    @property
    def options(self) -> TransferOptions:
        return TransferOptions(self._choice(), Policy(self.policy.currentData()))

    def show_preview(self, preview: Preview) -> None:
        """What the choice takes, and what not, as far as that is known."""
        self.example.setText(_told(preview))
        self.grow()

    def announce_preview(self, preview: Preview) -> None:
        """The last word on it, for screen readers as well."""
        self.show_preview(preview)
        announce(self, self.example.text())

    def show_preview_error(self, error: ArtifactBrowserError) -> None:
        """There is no example."""
        self.example.setText(f"No example: {error.detail or error.title}")
        self.grow()

    # -- for the two kinds --------------------------------------------------------------------------------------
    def _add_place(self) -> None:
        """The fields above: what is moved, or where to."""

    def _add_own(self) -> None:
        """Further fields."""

    def _choice(self) -> TreeChoice:
        return TreeChoice(include=_typed(self.include), exclude=_typed(self.exclude))

    def _missing(self) -> str:
        """What must be given before it can begin; empty when nothing is missing."""
        return ""

    # -- inside -------------------------------------------------------------------------------------------------
    def _change(self) -> None:
        problem = self._problem()
        self.show_note(problem, Kind.NOTE_BAD)
        missing = self._missing()
        self.primary.setEnabled(not problem and not missing)
        if problem or missing:
            self._timer.stop()
            self.example.setText(missing)
        else:
            self._timer.start()

    def _problem(self) -> str:
        found = (problem_of(line) for field in (self.include, self.exclude) for line in _typed(field))
        return next((problem for problem in found if problem), "")

    def _ask_preview(self) -> None:
        self.preview_wanted.emit(self._choice())


class UploadOptionsDialog(OptionsDialog):
    """Named ``Upload with options``; main button ``Upload``, usable once something is chosen."""

    def __init__(
        self,
        target: Location,
        options: TransferOptions,
        parent: QWidget | None = None,
        *,
        paths: Sequence[str] = (),
        begin_in: str = "",
    ) -> None:
        self.paths = tuple(paths)
        self.begin_in = begin_in
        place = elided(printable(f"{target.bucket}/{target.key}"), 80)
        super().__init__(Verb.UPLOAD, f"To {place}", options, parent)
        for changed in (self.ignore_files.textChanged, self.ignore_above.toggled, self.links.currentIndexChanged):
            changed.connect(self._change)

    def show_options(self, options: TransferOptions) -> None:
        self.ignore_files.setText(" ".join(options.choice.ignore_files))
        self.ignore_above.setChecked(options.choice.ignore_above)
        self.links.setCurrentIndex(self.links.findData(options.choice.links))
        super().show_options(options)

    def choose(self, paths: Sequence[str]) -> None:
        """These are to be uploaded."""
        if paths:
            self.paths, self.begin_in = tuple(paths), str(Path(paths[0]).parent)
            self._name_paths()
            self._change()

    def _add_place(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.chosen = QLineEdit()
        self.chosen.setReadOnly(True)
        self.chosen.setPlaceholderText("Nothing chosen yet")
        row.addLayout(captioned("What", self.chosen)[0], 1)
        self.choose_files = button("Files\u2026", clicked=self._choose_files)
        self.choose_folder = button("Folder\u2026", clicked=self._choose_folder)
        row.addWidget(self.choose_files, 0, _BOTTOM)
        row.addWidget(self.choose_folder, 0, _BOTTOM)
        self.body.addLayout(row)
        self._name_paths()

    def _add_own(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        self.ignore_files = QLineEdit()
        row.addLayout(captioned("Ignore files", self.ignore_files)[0], 1)
        self.links = _combo(_LINKS)
        row.addLayout(captioned("Symbolic links", self.links)[0], 1)
        self.body.addLayout(row)
        hint = "Names of files in the tree that say what stays out, separated by spaces; .gitignore works as well."
        self.ignore_files.setAccessibleDescription(hint)
        self.body.addWidget(label(hint, Kind.HINT, wrap=True))
        self.ignore_above = QCheckBox("Also those in the folders above the chosen one")
        self.body.addWidget(self.ignore_above)

    def _choice(self) -> TreeChoice:
        return TreeChoice(
            include=_typed(self.include),
            exclude=_typed(self.exclude),
            ignore_files=tuple(dict.fromkeys(self.ignore_files.text().split())),
            ignore_above=self.ignore_above.isChecked(),
            links=Links(self.links.currentData()),
        )

    def _problem(self) -> str:
        bad = next((name for name in self.ignore_files.text().split() if "/" in name or name in {".", ".."}), "")
        return f"\u201c{bad}\u201d is no file name." if bad else super()._problem()

    def _missing(self) -> str:
        return "" if self.paths else "Choose files or a folder first."

    def _choose_files(self) -> None:
        self.choose(QFileDialog.getOpenFileNames(self, "Upload files", self.begin_in)[0])

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Upload folder", self.begin_in)
        self.choose([name] if name else [])

    def _name_paths(self) -> None:
        one = printable(self.paths[0]) if self.paths else ""
        self.chosen.setText(one if len(self.paths) < 2 else f"{count(len(self.paths), 'item')}: {one}, \u2026")
        self.chosen.setCursorPosition(0)


class DownloadOptionsDialog(OptionsDialog):
    """Named ``Download with options``; main button ``Download``, usable once a folder is chosen."""

    def __init__(
        self, sources: Sequence[Location], options: TransferOptions, parent: QWidget | None = None, *, folder: str = ""
    ) -> None:
        self._folder = folder
        names = printable(sources[0].name or sources[0].bucket) if len(sources) == 1 else count(len(sources), "item")
        super().__init__(Verb.DOWNLOAD, f"{elided(names, 80)} from {sources[0].bucket}", options, parent)

    def _add_place(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.folder = QLineEdit(self._folder)
        row.addLayout(captioned("Into", self.folder)[0], 1)
        self.choose_folder = button("Folder\u2026", clicked=self._choose_folder)
        row.addWidget(self.choose_folder, 0, _BOTTOM)
        self.body.addLayout(row)
        self.folder.textChanged.connect(self._change)

    def _missing(self) -> str:
        return "" if Path(self.folder.text()).is_absolute() else "Choose a folder first."

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Download into", self.folder.text())
        if name:
            self.folder.setText(name)


def _told(preview: Preview) -> str:
    """Two lines: ``Takes 12 files: a.csv, …`` and ``Leaves out 3: b.log (your patterns), …``."""
    if not preview.taken and not preview.left_out:
        return "There are no files in it."
    names = [elided(printable(name), 32) for name in preview.examples]
    told = f"Takes {count(preview.taken, 'file')}: {_first(names, preview.taken)}" if names else "Takes nothing"
    if preview.left_out:
        out = [f"{elided(printable(name), 32)} ({by})" for name, by in preview.left_out_examples]
        told += f"\nLeaves out {preview.left_out:,}: {_first(out, preview.left_out)}"
    return told if preview.whole else f"Of the first {preview.taken + preview.left_out:,} looked at:\n{told}"


def _first(names: Sequence[str], of: int) -> str:
    return ", ".join([*names, "\u2026"] if of > len(names) else names)


def _lines() -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setTabChangesFocus(True)
    made.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    made.setFixedHeight(made.fontMetrics().lineSpacing() * _LINES + 24)
    return made


def _typed(field: QPlainTextEdit) -> tuple[str, ...]:
    return tuple(line for line in field.toPlainText().split("\n") if line.strip())


def _combo(choices: Sequence[tuple[Policy, str]] | Sequence[tuple[Links, str]]) -> QComboBox:
    made = QComboBox()
    for value, text in choices:
        made.addItem(text, value)
    return made
