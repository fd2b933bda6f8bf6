"""A map of names that may be very many: small ones stay in memory, large ones go to a private file that ends with it."""

from __future__ import annotations

import sqlite3

#: so many are held in memory (about 2 MiB)
_IN_MEMORY = 20_000


class NameMap:
    """Names (any text, lone surrogates as well) and a text for each. Not thread-safe: it belongs to the job that plans.

    A plan of a million files asks for each of its names whether it was given before; a Python set of them would take
    150 MiB and more.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._most = in_memory
        self._fresh: dict[str, str] = {}
        self._base: sqlite3.Connection | None = None

    def get(self, name: str) -> str | None:
        """The text of ``name``; ``None`` when it was never put in."""
        found = self._fresh.get(name)
        if found is not None or self._base is None:
            return found
        row = self._base.execute("SELECT value FROM name WHERE key = ?", (_bytes(name),)).fetchone()
        return _text(row[0]) if row else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def put(self, name: str, value: str = "") -> None:
        """Keep ``value`` for ``name``, instead of what was kept before."""
        self._fresh[name] = value
        if len(self._fresh) > self._most:
            self._spill()

    def add(self, name: str) -> bool:
        """Put ``name`` in; whether it is new."""
        if name in self:
            return False
        self.put(name)
        return True

    def close(self) -> None:
        self._fresh.clear()
        if self._base is not None:
            self._base.close()
            self._base = None

    def _spill(self) -> None:
        if self._base is None:
            # an empty name: a file without a name, removed when it is closed, of which 2 MiB are cached
            self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = OFF")
            self._base.execute("PRAGMA synchronous = OFF")
            self._base.execute("CREATE TABLE name (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        self._base.execute("BEGIN")
        self._base.executemany(
            "INSERT OR REPLACE INTO name VALUES (?, ?)",
            sorted((_bytes(name), _bytes(value)) for name, value in self._fresh.items()),
        )
        self._base.execute("COMMIT")
        self._fresh.clear()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
