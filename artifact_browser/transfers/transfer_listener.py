"""Who follows transfers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from artifact_browser.transfers.policy import ConflictFound, Decision

if TYPE_CHECKING:
    from artifact_browser.transfers.handle import TransferHandle


class TransferListener(Protocol):
    """Called on a worker's reader thread: hand over and return."""

    def on_changed(self, handle: TransferHandle) -> None:
        """The snapshot, or items, have changed."""

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        """Somebody must decide; ``answer`` once with a policy, or ``None`` to cancel the job."""
