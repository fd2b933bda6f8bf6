"""What a profile of the shared AWS configuration says beside its credentials: region, endpoint, CA bundle."""

from __future__ import annotations

import os
from dataclasses import dataclass

import botocore.session
from botocore.exceptions import BotoCoreError

from artifact_browser.errors import CredentialsMissing


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    region: str = ""
    endpoint: str = ""
    ca_file: str = ""


def settings_of(profile: str) -> ProfileSettings:
    """A profile's settings; ``""`` is the default chain (environment included).

    :raises CredentialsMissing: the profile is not there any more or its file cannot be read
    """
    session = botocore.session.Session(profile=profile or None)
    try:
        region = session.get_config_variable("region")
        ca_file = session.get_config_variable("ca_bundle")
        provider = session.get_component("config_store")
        endpoint = provider.get_config_variable("endpoint_url")
        scoped = session.get_scoped_config()
        services = session.full_config.get("services", {}).get(scoped.get("services", ""), {})
    except BotoCoreError as error:
        raise CredentialsMissing(
            "The profile cannot be read from the AWS configuration.", subject=profile, technical=str(error)
        ) from error
    service = services.get("s3", {})
    named = service.get("endpoint_url") if isinstance(service, dict) else ""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or named or endpoint or scoped.get("endpoint_url")
    return ProfileSettings(str(region or ""), str(endpoint or ""), str(ca_file or ""))
