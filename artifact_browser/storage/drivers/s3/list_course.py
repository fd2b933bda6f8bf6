"""How a listing goes on from page to page, whichever way pages are read: by token, without one, and never in a circle."""

from __future__ import annotations

from collections.abc import Sequence

from artifact_browser.errors import UnexpectedAnswer
from artifact_browser.storage.columns import encode_key

#: Pages in a row that may bring nothing new: some stores tell a folder once a page, or look through deleted keys.
MOST_IDLE_PAGES = 10_000
#: Behind every key below a prefix, as far as keys of people go.
_BEHIND = "\U0010ffff"


class ListCourse:
    """One listing's way. Not thread-safe.

    :param subject: bucket and prefix, for the error
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._tokens: set[str] = set()
        self._last: tuple[str, str, int] | None = None
        self._last_prefix = ""
        self._idle = 0

    def after(
        self, *, truncated: bool, token: str, keys: Sequence[str], prefixes: Sequence[str]
    ) -> tuple[str, str] | None:
        """What to ask for the next page: ``("continuation-token", ...)``, or ``("start-after", ...)`` where the store gave no
        token; ``None`` behind the last page.

        :raises UnexpectedAnswer: it would never end: the token was there before, the same keys come again, or nothing does
        """
        if not truncated:
            return None
        here = (keys[0], keys[-1], len(keys)) if keys else None
        fresh = bool(keys) or any(prefix != self._last_prefix for prefix in prefixes)
        self._idle = 0 if fresh else self._idle + 1
        if token in self._tokens or (here is not None and here == self._last) or self._idle > MOST_IDLE_PAGES:
            raise self._endless()
        self._last = here
        self._last_prefix = prefixes[-1] if prefixes else self._last_prefix
        if token:
            self._tokens.add(token)
            return "continuation-token", token
        if not fresh:
            raise self._endless()
        ends = [*keys[-1:], *(prefix + _BEHIND for prefix in prefixes[-1:])]
        return "start-after", max(ends, key=encode_key)

    def _endless(self) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            "The listing would never end: the store sends the same page again and again.", subject=self._subject
        )
