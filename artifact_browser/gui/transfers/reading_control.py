"""Reading a transfer again: the job behind its dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.book import AccountBook
from artifact_browser.errors import AccountNotFound
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.transfers.second_reading import Reading, read_job_again
from artifact_browser.transfers.state import JobSnapshot, JobState, Verb
from artifact_browser.workers.job import Lane

if TYPE_CHECKING:
    from artifact_browser.gui.transfers.reading_dialog import ReadingDialog

_MOVES_FILES = frozenset({Verb.UPLOAD, Verb.DOWNLOAD, Verb.SYNC_UP, Verb.SYNC_DOWN})


def can_read_again(job: JobSnapshot) -> bool:
    """Whether it has moved files of this computer, and is over."""
    return (
        job.state.ended and job.state is not JobState.FAILED and job.verb in _MOVES_FILES and job.counts.items_done > 0
    )


def open_reading(
    bridge: Bridge, book: AccountBook, job: JobSnapshot, window: QWidget, proven: Callable[[], object]
) -> ReadingDialog | None:
    """Ask, then read; ``proven`` is called when everything was the same."""
    from artifact_browser.gui.transfers.reading_dialog import ReadingDialog  # when it is asked for

    try:
        record = book.get(job.account_id)
    except AccountNotFound as error:
        show_error(window, error)
        return None
    dialog = ReadingDialog(job, window)
    running: list[Task] = []

    def read() -> None:
        dialog.begin()
        running[:] = [
            bridge.run(
                read_job_again,
                record,
                job.job_id,
                lane=Lane.ENGINE,
                owner=dialog,
                on_event=dialog.add_troubles,
                on_progress=dialog.show_progress,
                on_done=end,
                on_error=dialog.show_failure,
            )
        ]

    def end(reading: Reading) -> None:
        dialog.show_end(reading)
        if reading.all_same:
            proven()

    def cancel() -> None:
        for task in running:
            task.cancel()

    dialog.read_wanted.connect(read)
    dialog.stop_wanted.connect(cancel)
    dialog.stop_wanted.connect(dialog.show_stopped)
    dialog.finished.connect(lambda _: cancel())
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
