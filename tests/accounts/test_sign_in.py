"""Signing in again by the device flow, in a real worker, against a service of the same shape as AWS's own.

moto has no device flow, so a small server answers the three calls as AWS documents them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from artifact_browser import bootstrap
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.accounts.sign_in import SignInCode, sign_in_again
from artifact_browser.bootstrap import Services
from artifact_browser.errors import CredentialsMissing, UnexpectedAnswer
from artifact_browser.paths import in_home
from tests.accounts.lease_jobs import take_lease

RECORD = AccountRecord("corp", AccountKind.AWS, "Corp", key_source=KeySource.PROFILE, profile="sso")


class Service(BaseHTTPRequestHandler):
    """IAM Identity Center, as far as the flow goes. The code is confirmed at the third look."""

    looks = 0
    verification = "https://device.sso.example/?user_code=ABCD-EFGH"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/client/register":
            self._say(200, {"clientId": "c", "clientSecret": "cs", "clientSecretExpiresAt": int(time.time()) + 9000})
        elif self.path == "/device_authorization":
            self._say(200, {"deviceCode": "d", "userCode": "ABCD-EFGH", "verificationUriComplete": self.verification,
                            "interval": 0, "expiresIn": 60})  # fmt: skip
        else:
            Service.looks += 1
            if Service.looks < 3:
                self._say(400, {"error": "authorization_pending"}, "AuthorizationPendingException")
            else:
                self._say(200, {"accessToken": "tok-123", "expiresIn": 3600, "tokenType": "Bearer"})

    def do_GET(self) -> None:
        assert self.path.startswith("/federation/credentials")
        if self.headers["x-amz-sso_bearer_token"] != "tok-123":
            self._say(401, {"message": "no"}, "UnauthorizedException")
            return
        keys = {"accessKeyId": "AKSSO", "secretAccessKey": "s", "sessionToken": "t",
                "expiration": int((time.time() + 3600) * 1000)}  # fmt: skip
        self._say(200, {"roleCredentials": keys})

    def _say(self, status: int, content: dict[str, object], kind: str = "") -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Service.looks = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    (tmp_path / "config").write_text(
        "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\nregion = us-east-1\n"
        "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n"
        "[profile plain]\nregion = us-east-1\n"
    )
    address = f"http://127.0.0.1:{server.server_port}"
    for name, value in {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path),
                        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
                        "AWS_ENDPOINT_URL_SSO_OIDC": address, "AWS_ENDPOINT_URL_SSO": address}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def services(short_folder: Path) -> Iterator[Services]:
    built = bootstrap.build(in_home(short_folder / "home"))
    yield built
    built.close()


@pytest.mark.usefixtures("service")
def test_confirming_in_the_browser_signs_in(services: Services, tmp_path: Path) -> None:
    events = list(services.pool.iterate(sign_in_again, RECORD))
    assert events == [SignInCode(Service.verification, "ABCD-EFGH")]
    [token] = (tmp_path / ".aws" / "sso" / "cache").glob("*.json")
    assert token.stat().st_mode & 0o777 == 0o600
    assert services.pool.run(take_lease, RECORD, timeout_s=30).access_key == "AKSSO"


@pytest.mark.usefixtures("service")
def test_an_address_that_is_not_https_is_not_shown(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "verification", "file:///etc/passwd")
    with pytest.raises(UnexpectedAnswer):
        list(services.pool.iterate(sign_in_again, RECORD))


@pytest.mark.usefixtures("service")
def test_a_profile_without_single_sign_on_says_so(services: Services) -> None:
    plain = AccountRecord("p", AccountKind.AWS, "P", key_source=KeySource.PROFILE, profile="plain")
    with pytest.raises(CredentialsMissing, match="single sign-on"):
        list(services.pool.iterate(sign_in_again, plain))
