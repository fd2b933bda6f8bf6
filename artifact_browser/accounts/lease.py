"""Credentials lent for a while, and the questions by which a worker asks for them.

Secrets cross only anonymous pipes between our own processes; ``repr`` never shows them (design decision 1,
*Credentials*).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from artifact_browser.workers.job import Question


@dataclass(frozen=True, slots=True)
class Secret:
    """Typed keys, as they lie in the keychain."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """Credentials to sign with. ``expires_at`` is epoch seconds, ``None`` when they do not end."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires_at: float | None = None
    issued_at: float = field(default_factory=time.time)

    def is_stale(self, now: float | None = None) -> bool:
        """Whether 80 % of its life is over: ask for a new one."""
        if self.expires_at is None:
            return False
        now = time.time() if now is None else now
        return now >= self.issued_at + 0.8 * (self.expires_at - self.issued_at)


@dataclass(frozen=True, slots=True)
class SecretWanted(Question):
    """Asked by the interactive worker; the window reads the keychain. Answer: :class:`Secret`."""

    account_id: str


@dataclass(frozen=True, slots=True)
class LeaseWanted(Question):
    """Asked by every other process; the window has the interactive worker issue it. Answer: :class:`Lease` or None.

    :ivar renew: the last lease was refused (ExpiredToken): do not hand out the same one again
    """

    account_id: str
    renew: bool = False


@dataclass(frozen=True, slots=True)
class CodeWanted(Question):
    """A one-time code (MFA) botocore needs to assume a role. Answer: the typed ``str``."""

    account_id: str
    prompt: str
