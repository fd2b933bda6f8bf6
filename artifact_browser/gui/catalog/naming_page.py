"""The page *Name and partitions* of a card: what the artifact is called beyond its place, and what this version is of."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from artifact_browser.catalog.artifact_name import DEFAULT_DOMAIN, ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import NameEntry
from artifact_browser.catalog.naming import Naming, declared_words, faults_of
from artifact_browser.catalog.partitions import DeclaredKeys, Granularity
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.catalog.partition_rows import PartitionRows
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, button, label, set_kind

#: How long typing has to rest before it is asked who has the name.
DEBOUNCE_MS = 300
_ONLY_TEXT = "The text says it in a form of its own: edit it on the page \u201cText\u201d."


class NamingPage(QScrollArea):
    """Accessible name ``Name and partitions``; each field is named by its label.

    :param project: whose the name is where none is typed; ``name``: what it is then
    """

    #: a person changed something: :attr:`naming` and :attr:`faults` are new
    edited = Signal()
    #: who has this :class:`ArtifactName` is to be told
    name_wanted = Signal(object)

    def __init__(self, project: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Name and partitions")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._defaults = (project, DEFAULT_DOMAIN, name)
        self.faults: dict[str, str] = {}
        self._asked: ArtifactName | None = None
        self._declared: DeclaredKeys | None = None
        self._filling = False
        self.parts = {part: QLineEdit() for part in ("project", "domain", "name")}
        self.status = label("", Kind.HINT, wrap=True, copyable=True)
        self.rows = PartitionRows()
        self.granularity = QComboBox()
        self.granularity.addItem("No time", "")
        for one in Granularity:
            self.granularity.addItem(one.value.capitalize(), one.value)
        self.time, self.time_key = QLineEdit(), QLineEdit()
        self.mismatch = label("", Kind.HINT, wrap=True)
        self.use_declared = button("Use the declared keys", Kind.LINK_FLUSH, clicked=self._use_declared)
        self._said: dict[str, QLabel] = {}
        self._rest = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._rest.timeout.connect(self._ask)
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        self._page = page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 12, 8)
        column.setSpacing(8)
        self._only_text = label(_ONLY_TEXT, wrap=True)
        column.addWidget(self._only_text)
        self._only_text.hide()
        column.addWidget(label("Name", Kind.SECTION))
        row = QHBoxLayout()
        row.setSpacing(12)
        for (part, field), default, share in zip(self.parts.items(), self._defaults, (2, 2, 3), strict=True):
            field.setPlaceholderText(printable(default))
            row.addLayout(self._field(part, part.capitalize(), field), share)
        column.addLayout(row)
        column.addWidget(self.status)
        column.addSpacing(8)
        column.addWidget(label("Partitions of this version", Kind.SECTION))
        column.addWidget(self.rows)
        column.addSpacing(8)
        column.addWidget(label("Time of this version", Kind.SECTION))
        row = QHBoxLayout()
        row.setSpacing(12)
        for name, words, asked, share in (
            ("granularity", "Granularity", self.granularity, 2), ("time", "Time", self.time, 3),
            ("time_key", "Key of the time", self.time_key, 2),
        ):  # fmt: skip
            row.addLayout(self._field(name, words, asked), share)
        self.time.setPlaceholderText("2026-08-01")
        self.time.setToolTip("In UTC: 2026-08-01, 2026-08, 2026-08-01T12:00. It is rounded down to its granularity.")
        column.addLayout(row)
        column.addWidget(self.mismatch)
        column.addWidget(self.use_declared, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(page)

    def _field(self, name: str, words: str, field: QWidget) -> QVBoxLayout:
        group, _ = captioned(words, field)
        self._said[name] = said = label("", Kind.FAULT, wrap=True)
        group.addWidget(said)
        group.addStretch(1)
        said.hide()
        return group

    def _connect(self) -> None:
        for field in (*self.parts.values(), self.time, self.time_key):
            field.textChanged.connect(lambda _: self._changed())
        self.rows.edited.connect(self._changed)
        self.granularity.currentIndexChanged.connect(lambda _: self._changed())

    # -- what is shown ------------------------------------------------------------------------------------------
    @property
    def naming(self) -> Naming:
        """What the fields say."""
        project, domain, name = (field.text() for field in self.parts.values())
        granularity = str(self.granularity.currentData())
        time = (self.time.text().strip(), self.time_key.text()) if granularity else ("", "")
        return Naming(project, domain, name, self.rows.texts, granularity, *time)

    def show_naming(self, naming: Naming | None) -> None:
        """Show what the text says, ``None``: something that fields cannot show; ``edited`` is not emitted."""
        self._filling = True
        for part_of_page in self._page.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part_of_page.setEnabled(naming is not None)
        self._only_text.setEnabled(True)
        self._only_text.setVisible(naming is None)
        shown = naming or Naming()
        for part, field in self.parts.items():
            _set(field, getattr(shown, part))
        self.rows.show_texts(shown.partitions)
        self.granularity.setCurrentIndex(max(0, self.granularity.findData(shown.granularity)))
        _set(self.time, shown.time)
        _set(self.time_key, shown.time_key)
        self._filling = False
        self._refresh()
        self._rest.start()

    def show_entry(self, name: ArtifactName, entry: NameEntry | None, place: Place) -> None:
        """Who has the name that was asked for; ``place``: this artifact's."""
        if name != self._asked:
            return
        ours = entry is not None and entry.place == place
        self._declared = entry.declared if ours and entry is not None else None
        if not self.naming.says_something:
            words = (
                "Without a name or partitions of its own it has no flyte:// address, and its versions are not indexed."
            )
        elif entry is None:
            words = f"Nobody has the name \u201c{name}\u201d yet: a commit registers it, and this version\u2019s keys become its declared ones."
        elif ours:
            keys = f" Declared keys: {declared_words(entry.declared)}." if entry.declared else ""
            words = f"The name \u201c{name}\u201d is registered for this artifact.{keys}"
        else:
            words = f"The name \u201c{name}\u201d stands for {entry.place.prefix} already: choose another, or no address leads here."
        self._say_status(words, Kind.FAULT if entry is not None and not ours else Kind.HINT)
        self._refresh()

    def show_unknown(self, name: ArtifactName, error: ArtifactBrowserError) -> None:
        """Who has the name could not be found out."""
        if name == self._asked:
            self._say_status(f"Who has this name could not be found out: {error.detail or error.title}", Kind.HINT)

    def go_to(self) -> None:
        """Give the focus to the first field with a fault, else to the first one."""
        first = next(iter(self.faults), "project")
        kind, _, at = first.partition("/")
        if at:
            self.rows.field(int(at))[kind == "value"].setFocus()
        else:
            (self.parts | {"time": self.time, "time_key": self.time_key}).get(first, self.parts["name"]).setFocus()

    # -- inside -------------------------------------------------------------------------------------------------
    def _changed(self) -> None:
        if self._filling:
            return
        self._refresh()
        self._rest.start()
        self.edited.emit()

    def _refresh(self) -> None:
        naming = self.naming
        self.faults = faults_of(naming)
        for name, said in self._said.items():
            said.setText(printable(self.faults.get(name, "")))
            said.setVisible(name in self.faults)
        self.rows.mark(self.faults)
        timed = bool(naming.granularity)
        self.time.setEnabled(timed)
        self.time_key.setEnabled(timed)
        default = "date" if naming.granularity == Granularity.DAY else naming.granularity.lower()
        self.time_key.setPlaceholderText(default)
        words = ""
        if self._declared is not None and not self.faults:
            words = self._declared.mismatch(naming.read())
        self.mismatch.setText(printable(f"{words} It can be committed so, and is marked.") if words else "")
        self.mismatch.setVisible(bool(words))
        self.use_declared.setVisible(bool(words))

    def _use_declared(self) -> None:
        """Rows for the declared keys, with the values that are there; what is missing is asked for by each field."""
        declared = self._declared
        if declared is None:
            return
        values = dict(self.rows.texts)
        self._filling = True
        self.rows.show_texts([(key, values.get(key, "")) for key in declared.keys])
        self.granularity.setCurrentIndex(
            self.granularity.findData(declared.granularity.value if declared.time_key else "")
        )
        self.time_key.setText(declared.time_key)
        self._filling = False
        self._changed()
        self.go_to()

    def _ask(self) -> None:
        if not self.isVisible():
            return
        try:
            self._asked = self.naming.full_name(self._defaults[0], self._defaults[2])
        except InputError as error:
            self._asked = None
            named = any(part in self.faults for part in self.parts)
            self._say_status("" if named else f"Its name cannot be used. {error.detail}", Kind.FAULT)
            return
        self.name_wanted.emit(self._asked)

    def _say_status(self, words: str, kind: Kind) -> None:
        set_kind(self.status, kind)
        self.status.setText(printable(words))

    def showEvent(self, event: QShowEvent) -> None:
        self._rest.start()
        super().showEvent(event)


def _set(field: QLineEdit, text: str) -> None:
    if field.text() != text:
        field.setText(text)
