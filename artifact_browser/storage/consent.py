"""The person's consent to try out conditional writes: what stands in the account's record, else a question to the window.

Asked by the first write with a condition, which is the first commit or staged edit; by the interactive lane only, so
that no transfer ever waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord, Probing
from artifact_browser.errors import NotSupported
from artifact_browser.workers.job import JobContext, Lane, Question


@dataclass(frozen=True, slots=True)
class ProbeConsentWanted(Question):
    """May a small blob be written to ``bucket`` and removed again? Answer: ``bool``."""

    account_id: str
    bucket: str


def consent_of(context: JobContext, record: AccountRecord) -> Callable[[str], bool]:
    """Says whether a probe may write to a bucket, asking where nobody has answered yet.

    The answer raises :class:`JobCancelled` where the person wants neither: then the job does nothing.
    """

    def may(bucket: str) -> bool:
        if record.probing is not Probing.ASK:
            return record.probing is Probing.ALLOWED
        if context.lane is not Lane.INTERACTIVE:
            return False
        try:
            return bool(context.ask(ProbeConsentWanted(record.id, bucket)))
        except NotSupported:  # a script: there is nobody to ask
            return False

    return may
