"""A driver that is watched: its requests are counted, and something may happen before or behind one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from artifact_browser.storage.driver import ConditionalWrites, Driver, Support, Versioning


class WatchedDriver:
    """:attr:`calls` are ``(method, key or prefix)``; ``before``: called with them, may raise.

    :ivar behind: the same, once the store has done it
    """

    def __init__(
        self, driver: Driver, *, before: Callable[[str, str], None] | None = None, unconditional: bool = False
    ):
        self._driver, self._before = driver, before
        self.behind: Callable[[str, str], None] | None = None
        self._lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self.capabilities = driver.capabilities
        self._unconditional = unconditional
        if unconditional:
            self.capabilities = replace(
                driver.capabilities, conditional_create=Support.NO, conditional_replace=Support.NO
            )

    def named(self, *methods: str) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] in methods]

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        """No request of a commit's: the app asks once in some minutes."""
        no = ConditionalWrites(Support.NO, Support.NO)
        return no if self._unconditional else self._driver.conditional_writes(bucket)

    def versioning(self, bucket: str, *, recently: bool = False) -> Versioning:
        with self._lock:
            self.calls.append(("versioning", bucket))
        return self._driver.versioning(bucket, recently=recently)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)

        def call(bucket: str, key: Any = "", *args: Any, **options: Any) -> Any:
            what = key if isinstance(key, str) else f"{len(key)} keys"
            with self._lock:
                self.calls.append((name, what))
            if self._before is not None:
                self._before(name, what)
            done = found(bucket, key, *args, **options)
            if self.behind is not None:
                self.behind(name, what)
            return done

        return call
