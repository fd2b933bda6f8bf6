"""A profile of the shared AWS configuration brings its region, endpoint and authorities along."""

from __future__ import annotations

from pathlib import Path

import pytest

from artifact_browser.errors import CredentialsMissing
from artifact_browser.storage.drivers.s3.profile import settings_of


def test_a_profile_says_where_it_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile lab]\nregion = eu-north-1\nca_bundle = /lab/ca.pem\nservices = lab\n"
        "[services lab]\ns3 =\n  endpoint_url = https://s3.lab.example\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    settings = settings_of("lab")
    assert (settings.region, settings.endpoint) == ("eu-north-1", "https://s3.lab.example")
    assert settings.ca_file == "/lab/ca.pem"
    with pytest.raises(CredentialsMissing):
        settings_of("gone")
