"""What one check by a schema may cost, counted as it runs; a thread runs one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

#: What one check may cost: about a microsecond or two each.
MAX_STEPS = 4_000_000
#: Expressions one check may use; an expression that was not used before in it costs :data:`_NEW_PATTERN`.
MAX_PATTERNS = 128
_NEW_PATTERN = 2000
#: How deep schemas and references may lead into one another while a manifest is checked.
MAX_DEPTH = 100


class TooMuch(Exception):
    """The check was given up: the schema asks for more than is affordable, or goes in a circle."""


class Budget:
    """Counts steps and depth of one check; ``check`` is called now and then and may raise to stop."""

    def __init__(self, check: Callable[[], None] = lambda: None) -> None:
        self._left, self._depth, self._until_check, self._check = MAX_STEPS, 0, 0, check
        self._patterns: set[str] = set()

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooMuch(f"checking takes more than {MAX_STEPS:,} steps; make it simpler")
        self._until_check -= steps
        if self._until_check < 0:
            self._until_check = 5000
            self._check()

    def use_pattern(self, pattern: str) -> None:
        """An expression is going to be used, and may have to be made first."""
        if pattern in self._patterns:
            return
        self._patterns.add(pattern)
        if len(self._patterns) > MAX_PATTERNS:
            raise TooMuch(f"it has more than {MAX_PATTERNS:,} expressions")
        self.spend(_NEW_PATTERN)

    def enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooMuch("its references go in a circle, or its parts lie too deep in one another")

    def leave(self) -> None:
        self._depth -= 1


_NOW = threading.local()


def begin(budget: Budget) -> None:
    """The checks of this thread are counted by ``budget`` from now on."""
    _NOW.budget = budget


def budget() -> Budget:
    """The budget of the check that runs in this thread."""
    found: Budget = _NOW.budget
    return found
