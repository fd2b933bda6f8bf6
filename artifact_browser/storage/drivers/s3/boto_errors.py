"""What botocore raises, as our errors."""

from __future__ import annotations

import ssl
from typing import Any

from botocore import exceptions

from artifact_browser import errors
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing, InputError
from artifact_browser.storage.drivers.s3.errors import Refusal, from_exception, no_tls, region_named


def refusal_in(error: Exception) -> Refusal | None:
    """What the store refused with; nothing where it is no answer of the store's."""
    if not isinstance(error, exceptions.ClientError):
        return None
    answer: dict[str, Any] = error.response  # type: ignore[assignment]
    about, meta = answer.get("Error", {}), answer.get("ResponseMetadata", {})
    headers = meta.get("HTTPHeaders", {})
    code = str(about.get("Code", ""))
    status = int(meta.get("HTTPStatusCode", 0))
    foreign = (
        code.isdigit() and "html" in headers.get("content-type", "") and not error.operation_name.startswith("Head")
    )
    # botocore turns a 200 that it cannot read into a 500; not that of a blob, which it does not read
    unread = foreign and status == 500 and error.operation_name != "GetObject"
    return Refusal(
        status=200 if unread else status,
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
