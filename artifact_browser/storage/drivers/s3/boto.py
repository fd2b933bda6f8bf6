"""boto3 for everything that is not hot: one client per account, led by our lease, stop sign and retry policy.

botocore gets its credentials at signing time from the job that is calling (a thread-local), makes one attempt, and
its connections register with that job's stop sign. So a client is shared by all jobs and threads, yet no job can sign
with another's lease or hang after a cancel.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import botocore.loaders
import botocore.session
from botocore import UNSIGNED, auth, exceptions
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

from artifact_browser import errors
from artifact_browser.accounts.lease import Lease
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing, InputError
from artifact_browser.storage.drivers.s3.account import Access, BucketRepairs, S3Client
from artifact_browser.storage.drivers.s3.endpoint import Endpoint
from artifact_browser.storage.drivers.s3.errors import Refusal, from_answer, from_exception, no_tls, region_named
from artifact_browser.storage.drivers.s3.retries import attempt
from artifact_browser.storage.drivers.s3.sockets import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, connect, shutter
from artifact_browser.workers.cancel import CancelToken

T = TypeVar("T")


class _Calling(threading.local):
    """The job whose call this thread is making."""

    lease: Lease | None = None
    cancel: CancelToken | None = None
    wakers: ExitStack | None = None
    clock_offset_s: float = 0.0

    def watch(self, sock: socket.socket | None) -> None:
        """Let a cancel wake this call from ``sock`` until the call (or its streamed body) is over."""
        if sock is not None and self.cancel is not None and self.wakers is not None:
            self.wakers.enter_context(self.cancel.closing(shutter(sock)))


_calling = _Calling()


def _signing_time(remove_tzinfo: bool = True) -> datetime:
    """Now, by the clock of the store that is called: botocore signs by this computer's and cannot be told otherwise."""
    now: datetime = get_current_datetime(remove_tzinfo)
    return now + timedelta(seconds=_calling.clock_offset_s)


for _signers in (auth, crt_auth):
    _signers.get_current_datetime = _signing_time  # type: ignore[attr-defined,unused-ignore]


class _LeasedCredentials(Credentials):  # type: ignore[misc,unused-ignore]
    """Credentials of whoever is calling."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        lease = _calling.lease
        if lease is None:
            raise CredentialsMissing("The account has no keys.")
        return ReadOnlyCredentials(lease.access_key, lease.secret_key, lease.token or None)


class _Provider:
    """Stands where botocore's chain would look into files and environment."""

    def load_credentials(self) -> Credentials:
        return _LeasedCredentials()


class _Http(AWSHTTPConnection):  # type: ignore[misc,unused-ignore]
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def request(self, *arguments: Any, **named: Any) -> Any:
        _calling.watch(self.sock)
        return super().request(*arguments, **named)


class _Https(AWSHTTPSConnection):  # type: ignore[misc,unused-ignore]
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def request(self, *arguments: Any, **named: Any) -> Any:
        _calling.watch(self.sock)
        return super().request(*arguments, **named)


class _HttpPool(AWSHTTPConnectionPool):  # type: ignore[misc,unused-ignore]
    ConnectionCls = _Http


class _HttpsPool(AWSHTTPSConnectionPool):  # type: ignore[misc,unused-ignore]
    ConnectionCls = _Https


def _open(connection: Any) -> socket.socket:
    """urllib3's connect, interruptible. Its own error types keep botocore's translation right."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    try:
        sock = connect(connection._dns_host, connection.port, _calling.cancel or CancelToken())
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, str(error)) from error
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error
    # TLS detaches this socket when it wraps it, so the call watches a duplicate
    twin = sock.dup()
    if _calling.wakers is not None:
        _calling.wakers.callback(twin.close)
        _calling.watch(twin)
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


class Boto:
    """Makes calls for one job."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def call(
        self,
        bucket: str,
        operation: Callable[[S3Client], T],
        *,
        subject: str = "",
        once: bool = False,
        of_bucket: bool = False,
    ) -> T:
        """Run one operation under our retry policy; foreign errors come out as ours.

        :param once: conditional write, see :func:`retries.attempt`
        :param of_bucket: a bare 404 means the bucket
        """
        with self.stream(bucket, operation, subject=subject, once=once, of_bucket=of_bucket) as (result, _wakers):
            return result

    @contextmanager
    def stream(
        self,
        bucket: str,
        operation: Callable[[S3Client], T],
        *,
        subject: str = "",
        once: bool = False,
        of_bucket: bool = False,
    ) -> Iterator[tuple[T, ExitStack]]:
        """As :meth:`call`, for an answer whose body is still to be read: the sockets stay watched inside."""
        subject = subject or bucket
        cancel = self.access.cancel
        with ExitStack() as wakers:

            def send() -> T:
                lease = self.access.lease()
                _calling.lease, _calling.cancel, _calling.wakers = lease, cancel, wakers
                _calling.clock_offset_s = self.access.account.clock_offset_s
                try:
                    return operation(self.access.account.client(anonymous=lease is None))
                except Exception as error:
                    cancel.raise_if_cancelled()
                    raise self._translate(error, subject, of_bucket) from error
                finally:
                    _calling.lease = _calling.cancel = _calling.wakers = None

            yield attempt(send, BucketRepairs(self.access, bucket), cancel, once=once), wakers

    def link(self, operation: str, parameters: dict[str, Any], expires_in_s: int) -> str:
        """A presigned URL; no request is made. Anonymous accounts get the plain address."""
        lease = self.access.lease()
        _calling.lease, _calling.clock_offset_s = lease, self.access.account.clock_offset_s
        try:
            client = self.access.account.client(anonymous=lease is None, for_links=True)
            return str(client.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires_in_s))
        except exceptions.BotoCoreError as error:
            raise translate(error, str(parameters.get("Bucket"))) from error
        finally:
            _calling.lease = None

    def _translate(self, error: Exception, subject: str, of_bucket: bool) -> Exception:
        if isinstance(error, exceptions.ClientError):
            refusal = _refusal(error)
            self.access.server_date = refusal.date
            return from_answer(refusal, subject, of_bucket=of_bucket)
        return translate(error, subject)


def _refusal(error: exceptions.ClientError) -> Refusal:
    answer: dict[str, Any] = error.response  # type: ignore[assignment]
    about, meta = answer.get("Error", {}), answer.get("ResponseMetadata", {})
    headers = meta.get("HTTPHeaders", {})
    code = str(about.get("Code", ""))
    status = int(meta.get("HTTPStatusCode", 0))
    foreign = (
        code.isdigit() and "html" in headers.get("content-type", "") and not error.operation_name.startswith("Head")
    )
    return Refusal(
        # botocore turns a 200 that it cannot read into a 500
        status=200 if foreign and status == 500 else status,
        code="" if code.isdigit() else code,
        message=str(about.get("Message") or ""),
        request_id=str(meta.get("RequestId", "")),
        region=region_named(headers.get("x-amz-bucket-region", "") or str(about.get("Region", ""))),
        date=headers.get("date", ""),
        foreign=foreign,
    )


def translate(error: Exception, subject: str) -> Exception:
    """Our error for anything botocore raises that is not an answer; what is no error of the store stays itself."""
    inner = getattr(error, "kwargs", {}).get("error")
    technical = f"{type(error).__name__}: {error}"
    if isinstance(error, ArtifactBrowserError):
        return error
    if isinstance(inner, ArtifactBrowserError):
        return inner
    if isinstance(error, exceptions.SSLError):
        return _tls_error(inner, subject, technical)
    if isinstance(error, exceptions.ParamValidationError | exceptions.InvalidRegionError):
        return InputError("The store's rules do not allow this name or value.", subject=subject, technical=technical)
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.EndpointConnectionError):
        return from_exception(_root(inner) or ConnectionError(), subject, sent=False)
    if isinstance(error, exceptions.ProxyConnectionError):
        return errors.ConnectionFailed("The proxy refused the connection.", subject=subject, technical=technical)
    if isinstance(error, exceptions.ReadTimeoutError):
        return from_exception(TimeoutError(technical), subject)
    if isinstance(error, exceptions.HTTPClientError | exceptions.IncompleteReadError):
        return errors.NetworkError("The connection was lost.", subject=subject, technical=technical)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return CredentialsMissing("The account has no keys.", subject=subject, technical=technical)
    if isinstance(error, exceptions.BotoCoreError):  # ResponseParserError: an HTML page where XML was due
        return errors.UnexpectedAnswer("The answer cannot be read as S3's.", subject=subject, technical=technical)
    return error


def _tls_error(inner: Any, subject: str, technical: str) -> ArtifactBrowserError:
    root = _root(inner)
    if isinstance(root, Exception) and "CERTIFICATE" in str(root).upper():
        return (
            from_exception(root, subject, sent=False)
            if _is_verification(root)
            else errors.CertificateRejected("Its certificate was refused.", subject=subject, technical=technical)
        )
    return no_tls(subject, technical)


def _is_verification(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _root(error: Any) -> BaseException | None:
    """The socket error below urllib3's and botocore's wrappings."""
    seen = error if isinstance(error, BaseException) else None
    for _ in range(6):
        if seen is None or isinstance(seen, OSError):
            break
        seen = seen.__cause__ or seen.__context__ or getattr(seen, "reason", None) or seen
    return seen
