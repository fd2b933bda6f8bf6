"""The last border: what escapes a job becomes one of our errors before it leaves the worker."""

from __future__ import annotations

import errno
import logging
import traceback

from artifact_browser.errors import (
    ArtifactBrowserError,
    CertificateRejected,
    ConnectionFailed,
    DiskError,
    DiskFull,
    DiskPermissionDenied,
    ErrorRecord,
    FileMissing,
    InternalError,
    TimedOut,
)
from artifact_browser.log import redact

_log = logging.getLogger(__name__)

_BY_ERRNO: dict[int, tuple[type[ArtifactBrowserError], str]] = {
    errno.ENOSPC: (DiskFull, "There is no space left on the disk."),
    errno.EDQUOT: (DiskFull, "Your disk quota is used up."),
    errno.EACCES: (DiskPermissionDenied, "The file or folder may not be opened."),
    errno.EPERM: (DiskPermissionDenied, "The system does not allow this."),
    errno.EROFS: (DiskPermissionDenied, "The disk is read-only."),
    errno.ENOENT: (FileMissing, "The file or folder does not exist."),
    errno.ENOTDIR: (FileMissing, "A part of the path is not a folder."),
}


def translated(error: BaseException) -> ArtifactBrowserError:
    """``error`` as one of ours; the traceback of one we do not know goes to the log, redacted."""
    if isinstance(error, ArtifactBrowserError):
        return error
    if isinstance(error, OSError) and (known := _from_os(error)) is not None:
        _log.info("translated to %s", type(known).__name__, exc_info=error)
        return known
    _log.error("a job raised what it should not", exc_info=error)
    return InternalError("Something happened that should not.", technical=_technical(error))


def redacted_record(error: ArtifactBrowserError) -> ErrorRecord:
    """The error as data without secrets: what crosses the pipe."""
    error.detail, error.technical = redact(error.detail), redact(error.technical)
    error.subject, error.kept = redact(error.subject), redact(error.kept)
    return error.record()


def _from_os(error: OSError) -> ArtifactBrowserError | None:
    subject = str(error.filename) if error.filename is not None else ""
    technical = _technical(error)
    if error.errno in _BY_ERRNO:
        kind, detail = _BY_ERRNO[error.errno]
        return kind(detail, subject=subject, technical=technical)
    if type(error).__name__ == "SSLCertVerificationError":  # by name: ssl is heavy and may not be loaded
        return CertificateRejected("The certificate could not be verified.", technical=technical)
    if isinstance(error, TimeoutError):
        return TimedOut("The other side did not answer in time.", technical=technical)
    if isinstance(error, ConnectionError) or type(error).__name__ in ("gaierror", "SSLError", "SSLEOFError"):
        return ConnectionFailed("The connection could not be made or was lost.", technical=technical)
    if error.filename is not None:
        return DiskError(error.strerror or "The disk answered with an error.", subject=subject, technical=technical)
    return None


def _technical(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    return redact(f"{type(error).__name__}: {error}{where}")
