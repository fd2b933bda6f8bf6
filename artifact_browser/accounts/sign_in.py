"""Jobs around profiles: which there are on this computer, and signing in to one again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from artifact_browser.accounts.credentials import forget_lease
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.workers.job import JobContext


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the AWS configuration. :ivar sso: it signs in by single sign-on, in a browser"""

    name: str
    sso: bool = False


@dataclass(frozen=True, slots=True)
class SignInCode:
    """What to show while somebody signs in: open ``url``, compare ``code``."""

    url: str
    code: str


def list_profiles(context: JobContext) -> Generator[None, None, tuple[Profile, ...]]:
    """Job of the interactive lane: the profiles found on this computer; no secret is read for it."""
    from artifact_browser.accounts.aws import profile_names

    yield from ()
    return tuple(Profile(name, sso) for name, sso in profile_names())


def sign_in_again(context: JobContext, record: AccountRecord) -> Generator[SignInCode, None, None]:
    """Job of the interactive lane: run the SSO device flow; yields one :class:`SignInCode`, ends when confirmed."""
    from artifact_browser.accounts.aws_sso import sign_in_by_device

    yield from sign_in_by_device(record.profile, context.cancel)
    forget_lease(record)
