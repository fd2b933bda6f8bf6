"""Before anything is deleted: what exactly, how many, how large; counted while the dialog is open."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.catalog.layout import KEPT_WORDS, is_kept_by_catalog
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.dialog import AppDialog, Note
from artifact_browser.gui.common.format import count, elided, exact_size, printable, size
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.storage.location import Location
from artifact_browser.transfers.delete import DeleteCount, DeletePlan

_SHOWN = 4
_KEPT = f"{KEPT_WORDS} Without it the artifacts' earlier versions and names are lost."


class DeleteDialog(AppDialog):
    """Named ``Delete``, for a whole bucket ``Delete bucket``; main button ``Delete``, usable once everything is counted.

    For a bucket its name must be typed, and for what is called otherwise (``kind``: an artifact). ``plan`` is what was
    confirmed.
    """

    def __init__(self, locations: Sequence[Location], parent: QWidget | None = None, *, kind: str = "") -> None:
        bucket = next((at.bucket for at in locations if not at.key), "")
        self._typed = bucket or (locations[0].name if kind else "")
        kind = "bucket" if bucket else kind
        title = f"Delete {kind}" if kind else "Delete"
        super().__init__(title, "Delete", parent, subtitle=_where(locations), destructive=True, width=520)
        self.plan: DeletePlan | None = None
        for location in locations[:_SHOWN]:
            self.body.addWidget(label(elided(_name(location), 80), wrap=True))
        if len(locations) > _SHOWN:
            self.body.addWidget(label(f"and {len(locations) - _SHOWN:,} more", Kind.HINT))
        self.total = label("Counting\u2026", Kind.HEADING, wrap=True)
        self.body.addWidget(self.total)
        self.body.addWidget(label("This cannot be undone.", Kind.DIM))
        if any(is_kept_by_catalog(at.key) for at in locations):
            kept = Note(self)
            kept.show_text(_KEPT, Kind.NOTE_WARNING)
            self.body.addWidget(kept)
        self.bucket_name = QLineEdit()
        if self._typed:
            name = printable(self._typed)
            self.add_field(f"{kind.capitalize()} name", self.bucket_name, hint=f"Type \u201c{name}\u201d to delete it.")
            self.bucket_name.textChanged.connect(self._check)
        self.set_busy(True)

    def show_count(self, counted: DeleteCount) -> None:
        """Found so far."""
        self.total.setText(f"Counting\u2026 {count(counted.count, 'blob')}, {size(counted.size_bytes)}")

    def show_plan(self, plan: DeletePlan) -> None:
        """Everything is counted."""
        self.plan = plan
        self.set_busy(False)
        self.total.setText(_found(plan))
        self.total.setToolTip(exact_size(plan.size_bytes))
        if not plan.count and not plan.with_bucket:
            self.show_note("There is nothing here any more.")
        self._check()

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """It could not be counted, so nothing can be deleted."""
        self.set_busy(True)
        self.unsetCursor()
        self.total.setText("Not counted")
        self.show_note(f"{error.title}. {error.detail} {error.todo}".strip())

    def _check(self) -> None:
        typed = not self._typed or self.bucket_name.text() == self._typed
        some = self.plan is not None and (self.plan.count > 0 or self.plan.with_bucket)
        self.primary.setEnabled(some and typed)


def _found(plan: DeletePlan) -> str:
    """Blobs, versions and unfinished uploads, as far as there are any."""
    blobs = plan.count - plan.uploads
    words = f"{count(blobs, 'version')} of blobs" if plan.versions else count(blobs, "blob")
    parts = [f"{words}, {size(plan.size_bytes)}"]
    if plan.versions:
        parts.append("marks of deletions included")
    if plan.uploads:
        parts.append(count(plan.uploads, "unfinished upload"))
    return " \u00b7 ".join(parts)


def _where(locations: Sequence[Location]) -> str:
    return f"From {locations[0].bucket}" if locations and locations[0].key else ""


def _name(location: Location) -> str:
    if not location.key:
        return f"The bucket \u201c{location.bucket}\u201d and everything in it"
    name = printable(location.name) or "(empty name)"
    return f"{name}/ and everything below it" if location.key.endswith("/") else name
