"""A transfer that took its time has ended while nobody looked: said once, through the desktop."""

from __future__ import annotations

from PySide6.QtCore import QObject

from artifact_browser.gui.common.format import elided
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.notification_service import Note
from artifact_browser.gui.shell.notifier import Notifier
from artifact_browser.gui.shell.preferences import remembered
from artifact_browser.gui.transfers.transfer_words import job_facts, job_name
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobSnapshot, JobState

#: what ends sooner was waited for
LONG_S = 10.0
#: Keys of notes that begin so are of watches, whose wiring answers clicks on them.
WATCH_KEY = "watch:"
_ENDS = {
    JobState.DONE: "finished",
    JobState.DONE_WITH_ERRORS: "finished with errors",
    JobState.FAILED: "failed",
}


class NotifyWiring(QObject):
    """Owns the notifier."""

    def __init__(self, window: MainWindow, transfers: TransfersRoom) -> None:
        super().__init__(window)
        self._window, self._transfers = window, transfers
        self.notifier = Notifier(self)
        self.notifier.chosen.connect(self._show)
        transfers.job_finished.connect(self._tell)

    def _tell(self, handle: TransferHandle) -> None:
        unseen = not self._window.isActiveWindow()
        long = self._transfers.seconds_of(handle) >= LONG_S or not self._window.isVisible()
        if handle.snapshot.state in _ENDS and unseen and long and remembered(self._window.services.settings).notify:
            self.notifier.show(note_of(handle.snapshot))

    def _show(self, key: str) -> None:
        if key.startswith(WATCH_KEY):
            return
        self._window.raise_to_front()
        self._window.actions_["transfers"].setChecked(True)


def note_of(job: JobSnapshot) -> Note:
    """What is said of a job that has ended."""
    text = f"{elided(job_name(job), 120)}\n{job_facts(job)}"
    return Note(job.job_id, f"{job.verb} {_ENDS[job.state]}", text, urgent=job.state is not JobState.DONE)
