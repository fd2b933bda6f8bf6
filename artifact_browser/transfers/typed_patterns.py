"""The patterns a person typed: which paths of a chosen folder they let through."""

from __future__ import annotations

from functools import lru_cache

from artifact_browser.errors import InputError
from artifact_browser.transfers.choice import TreeChoice
from artifact_browser.transfers.patterns import PatternProblem, Patterns

TYPED = "your patterns"


class TypedPatterns:
    """Paths are relative to the chosen folder, separated by ``/``; those of folders end with ``/``.

    :raises InputError: one of them cannot be used
    """

    def __init__(self, choice: TreeChoice) -> None:
        try:
            self._include, self._exclude = Patterns(choice.include), Patterns(choice.exclude)
        except PatternProblem as problem:
            raise InputError(f"The pattern {problem}") from problem
        self._judged = lru_cache(maxsize=1024)(self._judge_folder)  # keys come folder by folder

    def leaves_out(self, path: str) -> bool:
        """Whether an exclude pattern says so."""
        return bool(self._exclude) and bool(self._exclude.verdict(path))

    def takes(self, path: str, *, above: bool = False) -> bool:
        """Whether the include patterns let it through. ``above``: they named a folder above it."""
        return not self._include or (above if (said := self._include.verdict(path)) is None else said)

    def lets_through(self, path: str) -> bool:
        """Of a path whose folders nobody has looked at: whether it, and all of them, are let through."""
        if not path:  # the chosen folder itself
            return True
        folder, taken = self._judged(path.rstrip("/").rpartition("/")[0]) if "/" in path.rstrip("/") else (True, False)
        return folder and not self.leaves_out(path) and self.takes(path, above=taken)

    def _judge_folder(self, folder: str) -> tuple[bool, bool]:
        """Whether it is not left out; whether include patterns took it."""
        above = folder.rpartition("/")[0]
        passes, taken = self._judged(above) if above else (True, False)
        if not passes or self.leaves_out(f"{folder}/"):
            return False, False
        return True, bool(self._include) and self.takes(f"{folder}/", above=taken)
