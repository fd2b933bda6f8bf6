"""*Watch*: which versions of an artifact, what is to be done about new ones, and how often to look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import ArtifactUri, is_artifact_uri, parse_artifact_uri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import check_prefix
from artifact_browser.catalog.watch import Action, Watch, check_watch
from artifact_browser.catalog.watch_jobs import Watchable
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.common.dialog import AppDialog, captioned
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.gui.watches.partition_fields import PartitionFields
from artifact_browser.gui.watches.watch_words import INTERVALS, interval_words

_BOTTOM = Qt.AlignmentFlag.AlignBottom


class WatchDialog(AppDialog):
    """Named ``Watch`` (``Edit watch``); main button ``Watch`` (``Save``).

    :param watch: what it begins with; :param where: its account and bucket, in words
    """

    #: which partitions are there? ``(place, name)``; answered by :meth:`show_watchable` or :meth:`show_failure`
    look_wanted = Signal(object, object)

    def __init__(self, watch: Watch, where: str, parent: QWidget | None = None, *, new: bool = True) -> None:
        title, primary = ("Watch", "Watch") if new else ("Edit watch", "Save")
        super().__init__(title, primary, parent, subtitle=where, width=560)
        self._before, self._new = watch, new
        self._asked: tuple[Place, ArtifactName | None] | None = None
        self.artifact = QLineEdit(str(ArtifactUri(watch.name)) if watch.name is not None else watch.prefix)
        self.add_field(
            "Artifact", self.artifact,
            hint="Its place in the bucket, or a flyte:// address: then whatever the name stands for.",
        )  # fmt: skip
        self.artifact.editingFinished.connect(self.look)
        self.artifact.textEdited.connect(lambda _: self._check())
        self.partitions = PartitionFields(watch)
        self.partitions.changed.connect(self._check)
        self.body.addWidget(self.partitions)
        self._add_actions(watch)
        self.interval = QComboBox()
        for seconds, words in INTERVALS:
            self.interval.addItem(f"Every {words}", seconds)
        if self.interval.findData(watch.interval_s) < 0:
            self.interval.addItem(interval_words(watch.interval_s).capitalize(), watch.interval_s)
        self.interval.setCurrentIndex(self.interval.findData(watch.interval_s))
        self.add_field("Look", self.interval)
        self.from_now = QCheckBox("Begin with the newest version there is now")
        self.from_now.setChecked(not watch.from_now)
        self.from_now.setVisible(new)
        self.body.addWidget(self.from_now)
        self._check()

    def _add_actions(self, watch: Watch) -> None:
        self.notify = QRadioButton("Tell me")
        self.download = QRadioButton("Download it into a folder")
        (self.notify if watch.action is Action.NOTIFY else self.download).setChecked(True)
        box = QVBoxLayout()
        box.setSpacing(4)
        box.addWidget(label("When there is a new version", Kind.DIM))
        box.addWidget(self.notify)
        box.addWidget(self.download)
        self.body.addLayout(box)
        self.folder = QLineEdit(watch.folder)
        row = QHBoxLayout()
        row.addLayout(captioned("Into", self.folder)[0], 1)
        self.choose_folder = button("Folder\u2026", clicked=self._choose_folder)
        row.addWidget(self.choose_folder, 0, _BOTTOM)
        self.body.addLayout(row)
        self.folder_hint = label("", Kind.HINT, wrap=True)
        self.body.addWidget(self.folder_hint)
        self.download.toggled.connect(lambda _: self._check())
        self.folder.textChanged.connect(lambda _: self._check())

    # -- what is chosen -----------------------------------------------------------------------------------------
    @property
    def choice(self) -> Watch:
        """:raises InputError: it cannot be watched"""
        target = self._target()
        fields = self.partitions.choice()
        watch = replace(
            self._before,
            prefix="" if target.name is not None else target.prefix,
            name=target.name,
            partitions=fields.partitions,
            exact=fields.exact,
            declared=fields.declared,
            action=Action.DOWNLOAD if self.download.isChecked() else Action.NOTIFY,
            folder=self.folder.text().strip() if self.download.isChecked() else "",
            interval_s=self.interval.currentData(),
            from_now=not self.from_now.isChecked(),
        )
        if watch.folder and not Path(watch.folder).is_absolute():
            raise InputError("The folder must be a whole path.")
        check_watch(watch)
        return watch

    def _target(self) -> Watch:
        """The artifact alone. :raises InputError:"""
        text = self.artifact.text().strip()
        if is_artifact_uri(text):
            return replace(self._before, prefix="", name=parse_artifact_uri(text).name)
        prefix = text if not text or text.endswith("/") else f"{text}/"
        check_prefix(prefix)
        return replace(self._before, prefix=prefix, name=None)

    # -- the partitions there are -------------------------------------------------------------------------------
    def look(self) -> None:
        """Ask which partitions the artifact's versions have, unless that is known or being asked."""
        try:
            target = self._target()
        except InputError:
            return
        asked = (Place(target.bucket, target.prefix), target.name)
        if asked == self._asked:
            return
        self._asked = asked
        text = self.artifact.text().strip()
        if is_artifact_uri(text):
            self.partitions.prefer(dict(parse_artifact_uri(text).partitions))
        self.partitions.show_busy()
        self.grow()
        self.look_wanted.emit(*asked)

    def show_watchable(self, asked: tuple[Place, ArtifactName | None], found: Watchable) -> None:
        """These are there; an answer to an earlier question is passed over."""
        if asked == self._asked:
            self.partitions.show_sets(found)
            self.grow()

    def show_failure(self, asked: tuple[Place, ArtifactName | None], error: ArtifactBrowserError) -> None:
        """It could not be looked: the watch can be made all the same."""
        if asked == self._asked:
            self._asked = None
            self.partitions.show_error(error)
            self.grow()

    # -- inside -------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        wanted = self.download.isChecked()
        for part in (self.folder, self.choose_folder):
            part.setEnabled(wanted)
        name = self.artifact.text().strip().rstrip("/").rpartition("/")[2].partition("?")[0] or "artifact"
        hint = f"Each version goes into a folder of its own: {printable(name)}/version. Nothing is written over."
        self.folder_hint.setText(hint if wanted else "")
        self.folder_hint.setVisible(wanted)
        try:
            _ = self.choice
        except InputError as error:
            quiet = wanted and not self.folder.text().strip()  # it is seen that the field is empty
            self.show_note("" if quiet else f"{error.detail} {error.todo}".strip())
            self.primary.setEnabled(False)
        else:
            self.show_note("")
            self.primary.setEnabled(True)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Download new versions into", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
