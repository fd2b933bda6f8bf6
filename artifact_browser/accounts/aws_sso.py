"""Signing in again to AWS IAM Identity Center: the device flow, whose token goes where botocore looks for it.

botocore uses and renews such tokens but cannot get the first one (that is ``aws sso login``). The token is written by
botocore's own cache (``~/.aws/sso/cache``, 0600), so the AWS command line and this app share one sign-in.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore import UNSIGNED, exceptions
from botocore.config import Config
from botocore.utils import JSONFileCache, SSOTokenLoader

from artifact_browser.accounts.aws import new_session, translated
from artifact_browser.accounts.sign_in import SignInCode
from artifact_browser.errors import CredentialsExpired, CredentialsMissing, UnexpectedAnswer
from artifact_browser.workers.cancel import CancelToken

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_S = 5.0


@dataclass(frozen=True, slots=True)
class _Portal:
    """Where a profile signs in. ``session`` is ``None`` for profiles in the old form."""

    start_url: str
    region: str
    session: str | None
    scopes: tuple[str, ...]


def sign_in_by_device(profile: str, cancel: CancelToken) -> Generator[SignInCode, None, None]:
    """Run the flow: yields once what to show, returns when the person has confirmed in the browser.

    :raises CredentialsMissing: the profile does not use SSO; :raises CredentialsExpired: not confirmed in time
    :raises JobCancelled: :raises ConnectionFailed: :raises UnexpectedAnswer:
    """
    session = new_session(profile)
    portal = _portal_of(session, profile)
    client: Any = session.create_client(
        "sso-oidc", region_name=portal.region, config=Config(signature_version=UNSIGNED, connect_timeout=5)
    )
    try:
        registration: Any = client.register_client(
            clientName="artifact-browser",
            clientType="public",
            **({"scopes": list(portal.scopes)} if portal.scopes else {}),
        )
        device: Any = client.start_device_authorization(
            clientId=registration["clientId"], clientSecret=registration["clientSecret"], startUrl=portal.start_url
        )
        yield _shown(device)
        granted = _poll(client, registration, device, cancel, profile)
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        raise translated(error, profile) from None
    finally:
        client.close()
    _save(portal, registration, granted)


def _shown(device: Any) -> SignInCode:
    """What to show; the address comes from outside and is opened in a browser, so only https will do."""
    url = str(device.get("verificationUriComplete") or device.get("verificationUri") or "")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise UnexpectedAnswer("The sign-in service named no safe address to sign in at.")
    return SignInCode(url, str(device.get("userCode", ""))[:40])


def _poll(client: Any, registration: Any, device: Any, cancel: CancelToken, profile: str) -> Any:
    wait_s = max(0.2, float(device.get("interval", 5)))
    ends_at = datetime.now(UTC) + timedelta(seconds=float(device.get("expiresIn", 600)))
    while datetime.now(UTC) < ends_at:
        cancel.wait(wait_s)
        try:
            return client.create_token(
                grantType=_GRANT,
                clientId=registration["clientId"],
                clientSecret=registration["clientSecret"],
                deviceCode=device["deviceCode"],
            )
        except client.exceptions.AuthorizationPendingException:
            continue
        except client.exceptions.SlowDownException:
            wait_s += _SLOWER_S
        except client.exceptions.ExpiredTokenException:
            break
    raise CredentialsExpired("The code was not confirmed in time.", todo="Sign in again.", subject=profile)


def _save(portal: _Portal, registration: Any, granted: Any) -> None:
    ends_at = datetime.now(UTC) + timedelta(seconds=int(granted["expiresIn"]))
    registered_until = datetime.fromtimestamp(int(registration["clientSecretExpiresAt"]), UTC)
    token = {
        "startUrl": portal.start_url,
        "region": portal.region,
        "accessToken": granted["accessToken"],
        "expiresAt": _stamp(ends_at),
        "clientId": registration["clientId"],
        "clientSecret": registration["clientSecret"],
        "registrationExpiresAt": _stamp(registered_until),
    }
    if granted.get("refreshToken"):
        token["refreshToken"] = granted["refreshToken"]
    cache = JSONFileCache(str(Path("~/.aws/sso/cache").expanduser()), dumps_func=json.dumps)
    loader: Any = SSOTokenLoader(cache=cache)
    loader.save_token(portal.start_url, token, session_name=portal.session)


def _portal_of(session: Any, profile: str) -> _Portal:
    scoped = session.get_scoped_config()
    name = scoped.get("sso_session")
    found = session.full_config.get("sso_sessions", {}).get(name, {}) if name else scoped
    start_url, region = found.get("sso_start_url"), found.get("sso_region")
    if not isinstance(start_url, str) or not isinstance(region, str):
        raise CredentialsMissing("The profile does not sign in by single sign-on.", subject=profile or "default")
    scopes = str(found.get("sso_registration_scopes", "sso:account:access" if name else ""))
    return _Portal(start_url, region, name, tuple(one.strip() for one in scopes.split(",") if one.strip()))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
