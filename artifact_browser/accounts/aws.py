"""Profiles of the AWS configuration, signed in with by botocore's own chains, in the interactive worker.

Shared config and credentials, environment, SSO, assume-role (with MFA, source profiles and credential sources),
credential_process, web identity, containers and instance metadata are botocore's work; here it is given short
timeouts, a way to ask for the MFA code, and its errors become ours. Nothing it says about values is passed on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
from botocore import exceptions
from botocore.config import Config

from artifact_browser.accounts.lease import Lease
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ConnectionFailed,
    CredentialsExpired,
    CredentialsMissing,
    WrongCredentials,
)

_CONNECT_S, _READ_S = 5, 20
_SIGN_IN_AGAIN = "Sign in again."
_EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "UnauthorizedException", "InvalidGrantException"}
_WRONG_CODES = {"InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidIdentityToken", "AuthFailure"}


def new_session(profile: str) -> botocore.session.Session:
    """A botocore session with our timeouts; ``""`` is the default chain, environment included.

    :raises CredentialsMissing: there is no such profile, or the files cannot be read
    """
    session = botocore.session.Session(profile=profile or None)
    session.set_default_client_config(
        Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries={"total_max_attempts": 2})
    )
    try:
        session.get_scoped_config()
    except (exceptions.BotoCoreError, UnicodeDecodeError, OSError) as error:
        raise translated(error, profile) from None
    return session


def sign_in_with_profile(record: AccountRecord, ask_code: Callable[[str], str]) -> Lease:
    """Credentials of the record's profile, fetched anew (each call reads files and environment again).

    :param ask_code: gets botocore's prompt for a one-time code and returns what was typed
    :raises CredentialsMissing, CredentialsExpired, WrongCredentials, AccessDenied, ConnectionFailed:
    """
    session = new_session(record.profile)
    # region of the STS calls: the account's, where the profile has none
    if record.region and not session.get_config_variable("region"):
        session.set_config_variable("region", record.region)
    try:
        resolver = session.get_component("credential_provider")
        # botocore has no public way to replace its prompt, which would wait on a terminal that is not there
        resolver.get_provider("assume-role")._prompter = ask_code
        credentials = resolver.load_credentials()
        if credentials is None:
            raise CredentialsMissing("No keys were found for the profile.", subject=record.profile or "default")
        frozen = credentials.get_frozen_credentials()
    except (exceptions.BotoCoreError, exceptions.ClientError, OSError, ValueError, KeyError) as error:
        # not chained: botocore's frames hold keys
        raise translated(error, record.profile) from None
    return Lease(frozen.access_key, frozen.secret_key, frozen.token or "", _end_of(credentials))


def _end_of(credentials: Any) -> float | None:
    """When refreshable credentials end (epoch seconds); botocore keeps it to itself, hence the private name."""
    end = getattr(credentials, "_expiry_time", None)
    return None if end is None else float(end.timestamp())


def profile_names() -> list[tuple[str, bool]]:
    """The profiles of the shared files and whether each signs in by SSO; no secret is looked at."""
    session = botocore.session.Session()
    try:
        profiles = session.full_config.get("profiles", {})
    except (exceptions.BotoCoreError, UnicodeDecodeError, OSError):
        return []
    return [(name, "sso_session" in one or "sso_start_url" in one) for name, one in profiles.items()]


def translated(error: Exception, profile: str) -> ArtifactBrowserError:
    """One of our errors for what botocore raised. Only codes and class names go into the technical part."""
    subject = profile or "default"
    technical = type(error).__name__
    if isinstance(error, exceptions.ClientError):
        return _refused(error, subject)
    if isinstance(error, exceptions.SSOError | exceptions.TokenRetrievalError | exceptions.NoAuthTokenError):
        return CredentialsExpired(
            "The single sign-on session has ended, or there was none yet.",
            todo=_SIGN_IN_AGAIN, subject=subject, technical=technical,
        )  # fmt: skip
    if isinstance(error, exceptions.LoginError):
        return CredentialsExpired(
            "The console sign-in of this profile has ended.",
            todo="Run \u201caws login\u201d in a terminal, then retry.", subject=subject, technical=technical,
        )  # fmt: skip
    if isinstance(error, exceptions.ProfileNotFound):
        return CredentialsMissing(
            "The profile is not in the AWS configuration any more.", subject=subject, technical=technical
        )
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return ConnectionFailed("The sign-in service cannot be reached.", subject=subject, technical=technical)
    if isinstance(error, exceptions.CredentialRetrievalError):
        source = str(error.kwargs.get("provider", ""))[:60]
        return CredentialsMissing(
            f"The profile\u2019s {source or 'sign-in'} gave no usable keys.", subject=subject, technical=technical
        )
    return CredentialsMissing("The profile cannot be used as it stands.", subject=subject, technical=technical)


def _refused(error: exceptions.ClientError, subject: str) -> ArtifactBrowserError:
    code = str(error.response.get("Error", {}).get("Code", ""))[:60]
    technical = f"{error.operation_name}: {code}"
    if code in _EXPIRED_CODES:
        return CredentialsExpired(
            "The sign-in of this profile has ended.", todo=_SIGN_IN_AGAIN, subject=subject, technical=technical
        )
    if code in _WRONG_CODES:
        return WrongCredentials("The sign-in service does not accept the keys.", subject=subject, technical=technical)
    return AccessDenied(
        "The sign-in service refused to hand out credentials for this profile.",
        subject=subject, technical=technical, todo="Check the profile\u2019s role and code, or ask its administrator.",
    )  # fmt: skip
