"""Conditional writes: which this endpoint was proven to honour, and in which form they are sent.

A store that ignores a condition answers 200 and overwrites, so a condition is only ever sent where a probe has seen
the right value accepted and a wrong one refused (design decision 6). Where the person does not allow the probe, the store
counts as one that ignores conditions.
"""

from __future__ import annotations

from collections.abc import Callable

from artifact_browser.errors import AccessDenied, NotSupported, ReadOnlyAccount
from artifact_browser.storage.driver import Condition, Support
from artifact_browser.storage.drivers.s3.remembered import Facts, Remembered

_WHAT = {
    "conditional_create": "write only what does not exist yet",
    "conditional_replace": "replace a blob only if it is unchanged",
    "conditional_delete": "delete a blob only if it is unchanged",
    "conditional_copy": "copy a blob only if it is unchanged",
    "conditional_copy_create": "copy only to where nothing exists yet",
    "conditional_complete": "finish an upload only if its place is unchanged",
}


class Conditions:
    """Answers how to send a condition, probing the endpoint the first time it matters.

    :param probe: probes this endpoint in the given bucket, below the given prefix, and remembers the result
    :param versioned: whether a bucket has its versions on
    """

    def __init__(
        self, remembered: Remembered, probe: Callable[[str, str], Facts], versioned: Callable[[str], bool]
    ) -> None:
        self._versioned = versioned
        self._remembered = remembered
        self._probe = probe

    def require(self, kind: str, bucket: str, subject: str) -> Facts:
        """The facts, once ``kind`` (a field of :class:`Facts`) is proven. :raises NotSupported: it is not honoured"""
        facts = self.facts(bucket)
        if getattr(facts, kind) is Support.UNKNOWN and not self._remembered.refused:
            facts = self._find_out(bucket, subject)
        if getattr(facts, kind) is not Support.YES:
            raise NotSupported(
                f"This store cannot {_WHAT[kind]}, or may not be asked. Nothing was changed.",
                subject=subject,
                todo="Another store, or This computer, can.",
            )
        return facts

    def facts(self, bucket: str) -> Facts:
        """What is known of this bucket, or of buckets of its kind; one request in some minutes to see which that is."""
        if self._remembered.wants_kind_of(bucket):
            self._remembered.note_kind(bucket, self._versioned(bucket))
        return self._remembered.facts(bucket)

    def find_out(self, bucket: str, beside: str) -> Facts:
        """Probe at the top of the bucket, or below ``beside``: some keys may write below one prefix only.

        :raises AccessDenied: neither may be written to; :raises NotSupported: the person has not allowed it
        :raises ReadOnlyAccount: :raises JobCancelled:
        """
        try:
            return self._probe(bucket, "")
        except AccessDenied:
            if not beside:
                raise
        return self._probe(bucket, beside)

    def _find_out(self, bucket: str, subject: str) -> Facts:
        folder, slash, _ = subject.removeprefix(f"{bucket}/").rpartition("/")
        try:
            return self.find_out(bucket, folder + slash)
        except AccessDenied:
            self._remembered.refused = True
        except (NotSupported, ReadOnlyAccount):
            pass  # without consent the store counts as one that honours nothing
        return self._remembered.facts(bucket)

    def headers(self, condition: Condition | None, bucket: str, subject: str) -> dict[str, str]:
        """A PUT's condition as headers. :raises NotSupported:"""
        if condition is None or not (condition.if_absent or condition.if_match):
            return {}
        if condition.if_absent:
            self.require("conditional_create", bucket, subject)
            return {"If-None-Match": "*"}
        facts = self.require("conditional_replace", bucket, subject)
        return {"If-Match": etag_form(condition.if_match, quoted=facts.etag_quoted)}


def etag_form(etag: str, *, quoted: bool) -> str:
    """An ETag (without quotes) as a header wants it."""
    return f'"{etag}"' if quoted else etag
