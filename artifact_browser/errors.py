"""Every error a person can meet, and nothing else.

An error carries what the person needs: a title in their words, the detail, what to do about it, what it
concerned and what was kept. Foreign errors (botocore's, ``OSError``, ``sqlite3``) are translated once, at the
border where they appear; above that border only these classes exist. Between processes an error travels as an
:class:`ErrorRecord`, never as a pickled exception (botocore's do not unpickle).

The tree::

    ArtifactBrowserError
    +- InputError                    the person typed something that cannot work
    +- StorageError                  the store answered, and the answer is no
    |  +- AccessDenied  ReadOnlyAccount  WrongCredentials  CredentialsExpired  CredentialsMissing
    |  +- BucketNotFound  BlobNotFound  UploadNotFound  BucketExists  BucketNotEmpty
    |  +- PreconditionFailed  OutcomeUnknown  ChecksumMismatch  BlobArchived
    |  +- WrongRegion  ClockSkew  Throttled  ServerFault  NotSupported  UnexpectedAnswer
    +- NetworkError                  the store did not answer
    |  +- ConnectionFailed  TimedOut  CertificateRejected
    +- DiskError                     this computer's disk said no
    |  +- DiskFull  DiskPermissionDenied  FileMissing  SourceChanged  UnsafePath
    +- CatalogError
    |  +- ManifestUnreadable  CommitConflict  FilesMissing  ManifestUnfit  SchemaUnusable
    |  +- WatchesUnusable
    +- AccountError
    |  +- AccountNotFound  AccountsFileDamaged  AccountsFileNewer  KeychainLocked  KeychainUnavailable
    +- WorkerError
    |  +- WorkerDied  JobCancelled
    +- InternalError                 a bug of ours: the log has the traceback
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as plain data: what crosses a pipe, fills the error sheet and stands in a transfer's row.

    ``kind`` is the class's name in this module; ``technical`` is the redacted text behind *Copy details*.
    """

    kind: str
    title: str
    detail: str
    todo: str
    subject: str
    kept: str
    retryable: bool
    technical: str = ""
    #: of :class:`WrongRegion` only
    region: str = ""


class ArtifactBrowserError(Exception):
    """Root of all errors that are shown.

    :param detail: one sentence: the cause, in the person's words
    :param todo: what the person can do now; the class's default when empty
    :param subject: the object concerned, as a person would name it (a URI, a file, an account)
    :param kept: what was not lost ("3 of 5 files were uploaded")
    :param technical: server code, status, request id: for *Copy details*; redacted before it is shown
    """

    title: ClassVar[str] = "Something went wrong"
    default_todo: ClassVar[str] = ""
    retryable: ClassVar[bool] = False

    def __init__(
        self, detail: str = "", *, todo: str = "", subject: str = "", kept: str = "", technical: str = ""
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.todo = todo or self.default_todo
        self.subject = subject
        self.kept = kept
        self.technical = technical

    def record(self) -> ErrorRecord:
        """This error as plain data."""
        return ErrorRecord(
            kind=type(self).__name__,
            title=self.title,
            detail=self.detail,
            todo=self.todo,
            subject=self.subject,
            kept=self.kept,
            retryable=self.retryable,
            technical=self.technical,
        )


class InputError(ArtifactBrowserError):
    title = "That cannot be used"


class StorageError(ArtifactBrowserError):
    title = "The store refused"


class AccessDenied(StorageError):
    title = "Access denied"
    default_todo = "Ask the bucket's owner for the right, or use another account."


class ReadOnlyAccount(StorageError):
    title = "This account is read-only"
    default_todo = "Switch off \u201cread-only\u201d in the account's settings if you mean to change things."


class WrongCredentials(StorageError):
    title = "The keys were not accepted"
    default_todo = "Check access key and secret in the account's settings."


class CredentialsExpired(StorageError):
    title = "The sign-in has expired"
    default_todo = "Sign in again, then retry."


class CredentialsMissing(StorageError):
    title = "No keys for this account"
    default_todo = "Open the account's settings and enter the keys, or choose a profile."


class BucketNotFound(StorageError):
    title = "No such bucket"
    default_todo = "Check the name; it may have been deleted or belong to another region or server."


class BlobNotFound(StorageError):
    title = "No such blob"
    default_todo = "Refresh the listing: it may have been deleted or renamed."


class UploadNotFound(StorageError):
    title = "The upload is gone"
    default_todo = "Start the upload again."


class BucketExists(StorageError):
    title = "The name is taken"
    default_todo = "Choose another bucket name."


class BucketNotEmpty(StorageError):
    title = "The bucket is not empty"
    default_todo = "Delete what is in it first."


class PreconditionFailed(StorageError):
    title = "Changed by somebody else"
    default_todo = "Refresh, look at what changed, then try again."


class NotModified(StorageError):
    """What was asked for only if it had changed has not: an answer rather than a fault."""

    title = "Nothing has changed"


class OutcomeUnknown(StorageError):
    """A write may or may not have happened (lost connection, 5xx on a conditional write): re-read before acting."""

    title = "The outcome is not known"
    default_todo = "Refresh to see whether it was written."


class ChecksumMismatch(StorageError):
    """:ivar stored: of a write: the ETag under which the wrong bytes are stored now, for whoever removes them; :ivar version_id:
    and the version, where the bucket has them
    """

    stored: str = ""
    version_id: str = ""
    title = "The bytes do not match"
    default_todo = "Try again; if it happens again, the file or the connection is damaged."
    retryable = True


class BlobArchived(StorageError):
    title = "The blob is archived"
    default_todo = "Restore it from the archive first."


class WrongRegion(StorageError):
    """Carries the right region for the one automatic correction."""

    title = "The bucket is in another region"

    def __init__(self, detail: str = "", *, region: str = "", subject: str = "", technical: str = "") -> None:
        super().__init__(detail, subject=subject, technical=technical)
        self.region = region

    def record(self) -> ErrorRecord:
        return replace(super().record(), region=self.region)


class ClockSkew(StorageError):
    title = "This computer's clock is off"
    default_todo = "Set the clock (or switch on network time), then try again."


class Throttled(StorageError):
    """:ivar untouched: the store said that it did not even begin with the request: a write can be sent again"""

    untouched = False
    title = "The store asks to slow down"
    default_todo = "Wait a moment, then try again."
    retryable = True


class ServerFault(StorageError):
    title = "The store has a fault"
    default_todo = "Try again in a moment."
    retryable = True


class NotSupported(StorageError):
    title = "This store cannot do that"


class UnexpectedAnswer(StorageError):
    title = "The store's answer makes no sense"
    default_todo = "Check the endpoint: is it really an S3 address, and not a web page or a proxy?"


class LimitReached(ArtifactBrowserError):
    """Enough was done for one go: going on is the person's to say."""

    title = "A limit was reached"


class NetworkError(ArtifactBrowserError):
    title = "The store did not answer"
    default_todo = "Check the network connection and the endpoint, then try again."
    retryable = True


class ConnectionFailed(NetworkError):
    title = "No connection"


class TimedOut(NetworkError):
    title = "No answer in time"


class CertificateRejected(NetworkError):
    title = "The server's certificate is not trusted"
    default_todo = "If the server has its own authority, choose its CA file in the account's settings."
    retryable = False


class DiskError(ArtifactBrowserError):
    title = "This computer's disk refused"


class DiskFull(DiskError):
    title = "The disk is full"
    default_todo = "Free some space, then try again."


class DiskPermissionDenied(DiskError):
    title = "No permission on this computer"
    default_todo = "Choose another folder or change the folder's permissions."


class FileMissing(DiskError):
    title = "The file is gone"


class SourceChanged(DiskError):
    """:ivar stored: :ivar version_id: of a write, as of :class:`ChecksumMismatch`: who knows which bytes these are
    :ivar proven: what is stored was one reading of the file, before it changed: proven, or proven not to be; ``None``: who knows
    """

    stored: str = ""
    version_id: str = ""
    proven: bool | None = None
    title = "The file changed while it was read"
    default_todo = "Wait until it is no longer being written, then try again."
    retryable = True


class UnsafePath(DiskError):
    title = "That name would leave the chosen folder"


class CatalogError(ArtifactBrowserError):
    title = "The catalog refused"


class ManifestUnreadable(CatalogError):
    title = "The manifest cannot be read"


class CommitConflict(CatalogError):
    title = "Somebody else committed first"
    default_todo = "Nothing was overwritten. Refresh, compare, and commit again."


class AliasConflict(CommitConflict):
    title = "Somebody else moved this alias"
    default_todo = "Nothing was changed. Look where it points now, and try again."


class FilesMissing(CatalogError):
    title = "Files are missing"
    default_todo = "Upload the files again or remove them from the artifact."


class ManifestUnfit(CatalogError):
    title = "The manifest does not fit"
    default_todo = "Edit the card until nothing is left, then commit."


class SchemaUnusable(CatalogError):
    title = "The collection\u2019s schema cannot be used"
    default_todo = "Open the collection, choose Schema\u2026, and mend or remove it there."


class WatchesUnusable(CatalogError):
    title = "The list of watches cannot be used"


class AccountError(ArtifactBrowserError):
    title = "The account cannot be used"


class AccountNotFound(AccountError):
    title = "No such account"
    default_todo = "It may have been removed: choose another account."


class AccountsFileDamaged(AccountError):
    title = "The list of accounts was damaged"
    default_todo = "Nothing was thrown away: look into the file that was set aside, or add the accounts again."


class AccountsFileNewer(AccountError):
    title = "The list of accounts is from a newer version"
    default_todo = "Update Artifact Browser to change accounts."


class JournalNewer(ArtifactBrowserError):
    title = "The journal of transfers is from a newer version"
    default_todo = "Update Artifact Browser to go on with the transfers it holds. The journal was not changed."


class KeychainLocked(AccountError):
    title = "The keychain is locked"
    default_todo = "Unlock it and try again."
    retryable = True


class KeychainUnavailable(AccountError):
    title = "No keychain on this computer"
    default_todo = "The keys are kept for this run only."


class WorkerError(ArtifactBrowserError):
    title = "A background process failed"


class WorkerDied(WorkerError):
    title = "A background process ended unexpectedly"
    default_todo = "It has been started again: try once more."
    retryable = True


class JobCancelled(WorkerError):
    title = "Stopped"


class InternalError(ArtifactBrowserError):
    title = "A fault in Artifact Browser"
    default_todo = "Copy the details into a report; the log has more."


def error_from(record: ErrorRecord) -> ArtifactBrowserError:
    """The error a record describes; a kind that is not ours becomes :class:`InternalError`."""
    found = globals().get(record.kind)
    kind = found if isinstance(found, type) and issubclass(found, ArtifactBrowserError) else InternalError
    error = kind(record.detail, subject=record.subject, technical=record.technical)
    error.todo, error.kept = record.todo, record.kept
    if isinstance(error, WrongRegion):
        error.region = record.region
    return error
