"""What a client of boto3 is made of, so that it is led by the job that calls (:mod:`~artifact_browser.storage.drivers.s3.boto`)."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import botocore.loaders
import botocore.session
from botocore import UNSIGNED, auth
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.compat import get_current_datetime
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.crt import auth as crt_auth
from botocore.utils import parse_timestamp

from artifact_browser.errors import CredentialsMissing
from artifact_browser.storage.drivers.s3.account import S3Client
from artifact_browser.storage.drivers.s3.boto import calling
from artifact_browser.storage.drivers.s3.endpoint import Endpoint
from artifact_browser.storage.drivers.s3.sockets import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, connect
from artifact_browser.workers.cancel import CancelToken


def _signing_time(remove_tzinfo: bool = True) -> datetime:
    """Now, by the clock of the store that is called: botocore signs by this computer's and cannot be told otherwise."""
    now: datetime = get_current_datetime(remove_tzinfo)
    return now + timedelta(seconds=calling.clock_offset_s)


for _signers in (auth, crt_auth):
    _signers.get_current_datetime = _signing_time  # type: ignore[attr-defined,unused-ignore]


class _LeasedCredentials(Credentials):  # type: ignore[misc,unused-ignore]
    """Credentials of whoever is calling."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        lease = calling.lease
        if lease is None:
            raise CredentialsMissing("The account has no keys.")
        return ReadOnlyCredentials(lease.access_key, lease.secret_key, lease.token or None)


class _Provider:
    """Stands where botocore's chain would look into files and environment."""

    def load_credentials(self) -> Credentials:
        return _LeasedCredentials()


class _Led:
    """Of a connection: a cancel ends its opening, and what it waits for."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        return _open(self)

    def request(self, *arguments: Any, **named: Any) -> Any:
        calling.watch(self.sock)
        return super().request(*arguments, **named)  # type: ignore[misc]


class _Http(_Led, AWSHTTPConnection):  # type: ignore[misc,unused-ignore]
    pass


class _Https(_Led, AWSHTTPSConnection):  # type: ignore[misc,unused-ignore]
    pass


class _HttpPool(AWSHTTPConnectionPool):  # type: ignore[misc,unused-ignore]
    ConnectionCls = _Http


class _HttpsPool(AWSHTTPSConnectionPool):  # type: ignore[misc,unused-ignore]
    ConnectionCls = _Https


def _open(connection: Any) -> socket.socket:
    """urllib3's connect, interruptible. Its own error types keep botocore's translation right."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    try:
        sock = connect(connection._dns_host, connection.port, calling.cancel or CancelToken())
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, str(error)) from error
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error
    # TLS detaches this socket when it wraps it, so the call watches a duplicate
    twin = sock.dup()
    if calling.wakers is not None:
        calling.wakers.callback(twin.close)
        calling.watch(twin)
    return sock


def make_client(endpoint: Endpoint, region: str, ca_file: str, *, anonymous: bool) -> S3Client:
    """A client for one endpoint, independent of the user's AWS files and environment."""
    session = botocore.session.Session()
    session.register_component("data_loader", _descriptions())
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, os.devnull)
    session.set_config_variable("profile", None)
    session.register_component("credential_provider", _Provider())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_parse_time)
    options: dict[str, Any] = {
        "request_checksum_calculation": "when_supported" if endpoint.aws else "when_required",
        "response_checksum_validation": "when_required",
        "ignore_configured_endpoint_urls": True,
    }
    config = Config(
        region_name=region,
        signature_version=UNSIGNED if anonymous else "s3v4",
        s3={"addressing_style": endpoint.addressing.value, "us_east_1_regional_endpoint": "regional"},
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=32,
        **options,
    )
    client: S3Client = session.create_client(
        "s3", config=config, endpoint_url=None if endpoint.aws else endpoint.url, verify=ca_file or None
    )
    pools = client._endpoint.http_session._pool_classes_by_scheme
    pools.update(http=_HttpPool, https=_HttpsPool)
    if not endpoint.aws:
        client.meta.events.register("before-sign.s3", _add_content_md5)
    return client


@cache
def _descriptions() -> botocore.loaders.Loader:
    """Botocore's descriptions of S3, read once a process: they are most of what a client takes (30,000 objects)."""
    return botocore.loaders.create_loader()


def _parse_time(text: Any) -> datetime:
    """Parse a time: botocore's own goes through dateutil, 64 % of a listing's time (facts: servers and speed, section 5)."""
    if isinstance(text, str):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    parsed: datetime = parse_timestamp(text)
    return parsed


def _add_content_md5(request: Any, operation_name: str, **_named: object) -> None:
    """Servers off AWS want Content-MD5 where AWS now takes a CRC32 (DeleteObjects, PutObjectTagging)."""
    if "x-amz-checksum-crc32" not in request.headers or operation_name in {"PutObject", "UploadPart"}:
        return
    body: bytes | str = request.body or b""
    data = body.encode() if isinstance(body, str) else body
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()
    for name in ("x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"):
        del request.headers[name]
