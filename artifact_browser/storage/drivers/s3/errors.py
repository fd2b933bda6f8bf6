"""The border: what an S3 server, a socket or botocore says becomes one of our errors, once, here.

Both ways to the store (our own core and boto3) come through :func:`from_answer` and :func:`from_exception`, so a
person reads the same sentence whichever way was taken.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.parsers import expat

from artifact_browser import errors
from artifact_browser.errors import ArtifactBrowserError

#: An error document is small; more than this is not one.
MAX_ERROR_BYTES = 256 * 1024

_BY_CODE: dict[str, tuple[type[ArtifactBrowserError], str]] = {
    "AccessDenied": (errors.AccessDenied, "The store does not allow this with the account's keys."),
    "AccountProblem": (errors.AccessDenied, "The provider has a problem with this account."),
    "AllAccessDisabled": (errors.AccessDenied, "All access to this bucket is switched off."),
    "InvalidAccessKeyId": (errors.WrongCredentials, "The store does not know the access key."),
    "SignatureDoesNotMatch": (errors.WrongCredentials, "The secret key does not fit the access key."),
    "InvalidToken": (errors.WrongCredentials, "The store does not accept the session token."),
    "InvalidClientTokenId": (errors.WrongCredentials, "The store does not know the access key."),
    "AuthFailure": (errors.WrongCredentials, "The store does not accept the keys."),
    "ExpiredToken": (errors.CredentialsExpired, "The temporary credentials have expired."),
    "ExpiredTokenException": (errors.CredentialsExpired, "The temporary credentials have expired."),
    "TokenRefreshRequired": (errors.CredentialsExpired, "The temporary credentials must be renewed."),
    "NoSuchBucket": (errors.BucketNotFound, "The bucket does not exist."),
    "NoSuchKey": (errors.BlobNotFound, "The blob does not exist."),
    "NoSuchVersion": (errors.BlobNotFound, "The blob does not exist."),
    "NoSuchUpload": (errors.UploadNotFound, "The store does not know this upload any more."),
    "BucketAlreadyExists": (errors.BucketExists, "A bucket of this name exists already, maybe somebody else's."),
    "BucketAlreadyOwnedByYou": (errors.BucketExists, "You have a bucket of this name already."),
    "BucketNotEmpty": (errors.BucketNotEmpty, "There are blobs in the bucket."),
    "InvalidBucketName": (errors.InputError, "The store does not accept this bucket name."),
    "KeyTooLongError": (errors.InputError, "The key is longer than the store allows."),
    "KeyTooLong": (errors.InputError, "The key is longer than the store allows."),
    "EntityTooLarge": (errors.InputError, "This is larger than the store allows in one piece."),
    "EntityTooSmall": (errors.InputError, "A part is smaller than the store allows."),
    "InvalidTag": (errors.InputError, "The store does not accept these tags."),
    "InvalidStorageClass": (errors.InputError, "The store does not have this storage class."),
    "MetadataTooLarge": (errors.InputError, "The metadata is larger than the store allows."),
    "InvalidPart": (errors.UploadNotFound, "A part of the upload is missing or has changed."),
    "InvalidPartOrder": (errors.UploadNotFound, "The parts of the upload are out of order."),
    "PreconditionFailed": (errors.PreconditionFailed, "The blob is not what it was: nothing was written."),
    "ConditionalRequestConflict": (errors.OutcomeUnknown, "Somebody else was writing at the same moment."),
    "OperationAborted": (errors.OutcomeUnknown, "Somebody else was changing this at the same moment."),
    "BadDigest": (errors.ChecksumMismatch, "The store received other bytes than were sent."),
    "IncompleteBody": (errors.ConnectionFailed, "The store received fewer bytes than were sent."),
    "InvalidDigest": (errors.ChecksumMismatch, "The store does not accept the checksum."),
    "XAmzContentSHA256Mismatch": (errors.ChecksumMismatch, "The store received other bytes than were sent."),
    "InvalidObjectState": (errors.BlobArchived, "The blob lies in an archive class and cannot be read now."),
    "RequestTimeTooSkewed": (errors.ClockSkew, "This computer's clock and the store's are more than 15 minutes apart."),
    "RequestExpired": (errors.ClockSkew, "This computer's clock and the store's are too far apart."),
    "SlowDown": (errors.Throttled, "The store asks for fewer requests."),
    "SlowDownRead": (errors.Throttled, "The store asks for fewer requests."),
    "SlowDownWrite": (errors.Throttled, "The store asks for fewer requests."),
    "Throttling": (errors.Throttled, "The store asks for fewer requests."),
    "ThrottlingException": (errors.Throttled, "The store asks for fewer requests."),
    "RequestLimitExceeded": (errors.Throttled, "The store asks for fewer requests."),
    "TooManyRequests": (errors.Throttled, "The store asks for fewer requests."),
    "BandwidthLimitExceeded": (errors.Throttled, "The store asks for less bandwidth."),
    "InternalError": (errors.ServerFault, "The store reports a fault of its own."),
    "ServiceUnavailable": (errors.Throttled, "The store is too busy."),
    "RequestTimeout": (errors.TimedOut, "The store waited too long for the bytes."),
    "NotImplemented": (errors.NotSupported, "The store does not know this operation."),
    "MethodNotAllowed": (errors.NotSupported, "The store does not allow this operation here."),
    "QuotaExceeded": (errors.AccessDenied, "The bucket or account is full: its quota is used up."),
    "TooManyBuckets": (errors.AccessDenied, "The account has as many buckets as it may have."),
}

_BY_STATUS: dict[int, tuple[type[ArtifactBrowserError], str]] = {
    304: (errors.NotModified, "It is what it was."),
    400: (errors.UnexpectedAnswer, "The store did not understand the request."),
    401: (errors.WrongCredentials, "The store does not accept the keys."),
    403: (errors.AccessDenied, "The store does not allow this with the account's keys."),
    404: (errors.BlobNotFound, "There is nothing under this name."),
    405: (errors.NotSupported, "The store does not allow this operation here."),
    409: (errors.OutcomeUnknown, "Somebody else was changing this at the same moment."),
    411: (errors.NotSupported, "The store does not take the request in this form."),
    412: (errors.PreconditionFailed, "The blob is not what it was: nothing was written."),
    413: (errors.InputError, "This is larger than the store allows in one piece."),
    429: (errors.Throttled, "The store asks for fewer requests."),
    501: (errors.NotSupported, "The store does not know this operation."),
    503: (errors.Throttled, "The store is too busy."),
}

#: Codes that name another region; the region stands in the answer or in ``x-amz-bucket-region``.
_REGION_CODES = {"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "Redirect",
                 "IllegalLocationConstraintException", "AuthorizationQueryParametersError"}  # fmt: skip


#: Said before a request is begun with. Not so MinIO's ``SlowDownWrite`` (too few disks took it), nor a 503 of some proxy's.
_UNTOUCHED = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
              "BandwidthLimitExceeded"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success, as far as it could be read."""

    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""
    region: str = ""
    #: the server's clock, its ``Date`` header
    date: str = ""
    #: where a redirect points (``Location`` or ``<Endpoint>``)
    location: str = ""
    #: the body is there and is not S3's error document
    foreign: bool = False

    @property
    def technical(self) -> str:
        parts = [f"HTTP {self.status}", self.code, self.message[:500], self.request_id and f"request {self.request_id}"]
        return " · ".join(part for part in parts if part)


def from_answer(refusal: Refusal, subject: str, *, of_bucket: bool = False) -> ArtifactBrowserError:
    """The error an answer stands for.

    :param of_bucket: the request was about the bucket itself, so a bare 404 means the bucket
    """
    kind, detail = _classify(refusal, of_bucket)
    if kind is errors.WrongRegion:
        return errors.WrongRegion(detail, region=refusal.region, subject=subject, technical=refusal.technical)
    error = kind(detail, subject=subject, technical=refusal.technical)
    if isinstance(error, errors.Throttled):
        error.untouched = refusal.code in _UNTOUCHED or refusal.status == 429
    return error


def _classify(refusal: Refusal, of_bucket: bool) -> tuple[type[ArtifactBrowserError], str]:
    if refusal.code in _REGION_CODES or (refusal.status in {301, 307, 308} and refusal.region):
        where = f" {refusal.region}" if refusal.region else ""
        return errors.WrongRegion, f"The bucket lives in another region{where}."
    if refusal.status in {301, 302, 303, 307, 308}:
        elsewhere = urlsplit(refusal.location).netloc or "another address"
        return errors.UnexpectedAnswer, f"The server points to {elsewhere}: enter that as the endpoint."
    if refusal.code in _BY_CODE:
        return _BY_CODE[refusal.code]
    if refusal.status == 408:  # also of a proxy's, to who sends slowly
        return errors.TimedOut, "The store waited too long for the bytes."
    if refusal.foreign and refusal.status < 500:
        return errors.UnexpectedAnswer, "Something answered that is not an S3 store."
    if refusal.status == 404 and of_bucket:
        return errors.BucketNotFound, "The bucket does not exist."
    if refusal.status in _BY_STATUS:
        return _BY_STATUS[refusal.status]
    if refusal.status >= 500:
        return errors.ServerFault, "The store reports a fault of its own."
    return errors.UnexpectedAnswer, "The store gave an answer that does not belong to the question."


@dataclass(slots=True)
class _Document:
    fields: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    root: str = ""


_WANTED = {"Code", "Message", "RequestId", "Region", "Endpoint"}


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What a refusing answer says. Never raises: an unreadable body is ``foreign``.

    :param headers: names in lower case
    """
    document = _parse(body)
    known = document.fields if document.root in {"Error", "ErrorResponse"} else {}
    return Refusal(
        status=status,
        code=known.get("Code", ""),
        message=known.get("Message", ""),
        request_id=headers.get("x-amz-request-id", "") or known.get("RequestId", ""),
        region=region_named(headers.get("x-amz-bucket-region", "") or known.get("Region", "")),
        date=headers.get("date", ""),
        location=headers.get("location", "") or known.get("Endpoint", ""),
        foreign=bool(body.strip()) and not known,
    )


def region_named(text: str) -> str:
    """``text`` if it has the shape of a region, else nothing: it becomes part of a host name."""
    return text if re.fullmatch(r"[A-Za-z0-9-]{1,64}", text) else ""


def _parse(body: bytes) -> _Document:
    document = _Document()
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, _attributes: object) -> None:
        document.root = document.root or name
        document.path.append(name)

    def end(_name: str) -> None:
        document.path.pop()

    def text(data: str) -> None:
        name = document.path[-1] if document.path else ""
        if name in _WANTED and len(document.path) <= 3:
            document.fields[name] = document.fields.get(name, "") + data

    def doctype(*_arguments: object) -> None:
        raise expat.ExpatError("document types are not read")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body.strip(), True)
    except expat.ExpatError:
        return _Document()
    return document


def from_exception(error: BaseException, subject: str, *, sent: bool = True) -> ArtifactBrowserError:
    """The error a socket, TLS or HTTP failure stands for.

    :param sent: some of the request may have reached the server; ``False`` means it certainly did not
    """
    technical = f"{type(error).__name__}: {error}"
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = f"Its certificate was refused: {error.verify_message or 'not trusted'}."
        return errors.CertificateRejected(detail, subject=subject, technical=technical)
    if isinstance(error, ssl.SSLError) and not sent:
        return no_tls(subject, technical)
    if isinstance(error, socket.gaierror):
        return errors.ConnectionFailed(
            "The name of the server could not be found.", subject=subject, technical=technical
        )
    if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno == errno.ETIMEDOUT):
        if not sent:
            return errors.ConnectionFailed("The server cannot be reached.", subject=subject, technical=technical)
        return errors.TimedOut("The server stopped answering.", subject=subject, technical=technical)
    if isinstance(error, http.client.UnknownProtocol | http.client.BadStatusLine) and not isinstance(
        error, http.client.RemoteDisconnected
    ):
        return errors.UnexpectedAnswer("The server does not speak HTTP.", subject=subject, technical=technical)
    if not sent:
        detail = "The server refused the connection." if isinstance(error, ConnectionRefusedError) else ""
        return errors.ConnectionFailed(detail or "The server cannot be reached.", subject=subject, technical=technical)
    return errors.NetworkError("The connection was lost.", subject=subject, technical=technical)


def no_tls(subject: str, technical: str) -> ArtifactBrowserError:
    """The other end did not answer in TLS."""
    return errors.ConnectionFailed(
        "A secure connection could not be made.",
        todo="If the server speaks plain HTTP, write its endpoint with http:// instead of https://.",
        subject=subject,
        technical=technical,
    )


def of_disk(error: OSError, subject: str) -> ArtifactBrowserError:
    """The error a file of this computer failed with."""
    technical = f"{type(error).__name__}: {error}"
    if isinstance(error, FileNotFoundError):
        return errors.FileMissing("The file is not there any more.", subject=subject, technical=technical)
    if isinstance(error, PermissionError):
        return errors.DiskPermissionDenied("The file may not be read.", subject=subject, technical=technical)
    return errors.DiskError("The file could not be read.", subject=subject, technical=technical)
