"""A field for each key of an artifact's partitions, with the values there are; left at *any*, every value is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QVBoxLayout, QWidget

from artifact_browser.catalog.partitions import DeclaredKeys, TimePartition
from artifact_browser.catalog.watch import Watch
from artifact_browser.catalog.watch_jobs import MAX_SETS, Watchable
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label

ANY = "any"
#: Values that one field offers; others can be typed.
_MAX_VALUES = 500
BUSY, NONE = "Looking for partitions\u2026", "Its versions have no partitions: all of them are watched."


@dataclass(frozen=True, slots=True)
class ChosenPartitions:
    """See :class:`~catalog.watch.Watch`."""

    partitions: tuple[tuple[str, str], ...] = ()
    exact: bool = False
    declared: DeclaredKeys | None = None


class PartitionFields(QWidget):
    """Begins with those of ``watch``; others say what there is."""

    changed = Signal()

    def __init__(self, watch: Watch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = dict(watch.partitions)
        self._declared, self._exact = watch.declared, watch.exact
        self._known: bool = False
        self.fields: dict[str, QComboBox] = {}
        self.words = label("", Kind.HINT, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label("Partitions", Kind.DIM))
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(self._form)
        column.addWidget(self.words)
        self._make({key: [] for key in self._wanted})

    def prefer(self, wanted: Mapping[str, str]) -> None:
        """These values are chosen where there are such keys."""
        self._wanted |= wanted

    def choice(self) -> ChosenPartitions:
        values = {key: field.currentText().strip() for key, field in self.fields.items()}
        chosen = tuple(sorted((key, value) for key, value in values.items() if value and value != ANY))
        if not self._known and chosen == tuple(sorted(self._wanted.items())):
            return ChosenPartitions(chosen, self._exact, self._declared)
        whole = self._known and bool(chosen) and len(chosen) == len(values)
        return ChosenPartitions(chosen, whole, self._declared if chosen else None)

    # -- what is shown ------------------------------------------------------------------------------------------
    def show_busy(self) -> None:
        self._say(BUSY)

    def show_error(self, error: ArtifactBrowserError) -> None:
        """What there is is not known."""
        self._say(f"Its partitions are not known: {error.title}. {error.detail}".strip())

    def show_sets(self, found: Watchable) -> None:
        """What there is: a field for each key."""
        self._remember()
        values: dict[str, dict[str, None]] = {}
        declared = found.declared
        for key in (*declared.keys, *([declared.time_key] if declared.time_key else [])) if declared else ():
            values[key] = {}
        times: list[TimePartition] = []
        for one in found.sets:
            for key, value in one.shown.items():
                values.setdefault(key, {})[value] = None
            times += [one.time] if one.time is not None else []
        if (declared is None or not declared.time_key) and times:
            declared = DeclaredKeys(
                tuple(key for key in values if key != times[0].key), times[0].key, times[0].granularity
            )
        self._declared = declared if declared is not None and declared.time_key else None
        self._known = True
        for key in self._wanted:
            values.setdefault(key, {})
        self._make({key: sorted(each) for key, each in sorted(values.items())})
        more = "" if found.complete else f" Only the first {MAX_SETS:,} sets of them are offered; others can be typed."
        self._say("" if not values else f"Only versions with these values.{more}", empty=NONE if not values else "")
        self.changed.emit()

    def _remember(self) -> None:
        for key, field in self.fields.items():
            text = field.currentText().strip()
            if text and text != ANY:
                self._wanted[key] = text
            else:
                self._wanted.pop(key, None)

    def _make(self, values: Mapping[str, list[str]]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields = {}
        for key, each in values.items():
            field = QComboBox()
            field.setEditable(True)
            field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            field.setAccessibleName(printable(key))
            edit = field.lineEdit()
            if edit is not None:
                edit.setAccessibleName(printable(key))
            field.addItems([ANY, *each[:_MAX_VALUES]])
            field.setCurrentText(self._wanted.get(key, ANY))
            field.currentTextChanged.connect(lambda _: self.changed.emit())
            caption = label(printable(key))
            caption.setMinimumHeight(field.sizeHint().height())  # in the middle of the field's line
            caption.setBuddy(field)
            self._form.addRow(caption, field)
            self.fields[key] = field

    def _say(self, words: str, *, empty: str = "") -> None:
        self.words.setText(words or empty)
        self.words.setVisible(bool(words or empty))
        layout = self.layout()
        if layout is not None:
            layout.activate()  # at once: the dialog asks how high it must be before Qt would tell it
        self.updateGeometry()
