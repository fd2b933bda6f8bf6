"""The disk's and SQLite's refusals in our words: the border of this package."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from artifact_browser.errors import ArtifactBrowserError, DiskError, DiskFull, DiskPermissionDenied, InputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def disk_errors(subject: str) -> Iterator[None]:
    """Translate what the disk says about ``subject`` (a ``local://`` address: file names stay out of messages).

    :raises DiskFull, DiskPermissionDenied, InputError, DiskError:
    """
    try:
        yield
    except OSError as error:
        raise _of_os(error, subject) from error
    except sqlite3.Error as error:
        raise _of_sqlite(error, subject) from error


def _of_os(error: OSError, subject: str) -> ArtifactBrowserError:
    technical = f"{type(error).__name__} errno {error.errno}"
    if error.errno in _FULL:
        return DiskFull("There is no room left where This computer's blobs are kept.", subject=subject)
    if error.errno in _DENIED:
        return DiskPermissionDenied("The folder or file may not be used.", subject=subject, technical=technical)
    if error.errno == errno.ENAMETOOLONG:
        return InputError("The name is too long for this computer's file system.", subject=subject)
    return DiskError(f"{error.strerror or 'Reading or writing failed'}.", subject=subject, technical=technical)


def _of_sqlite(error: sqlite3.Error, subject: str) -> ArtifactBrowserError:
    text = str(error)
    if "full" in text:
        return DiskFull("There is no room left where This computer's blobs are kept.", subject=subject)
    if "readonly" in text or "unable to open" in text:
        return DiskPermissionDenied("The store's index may not be written.", subject=subject, technical=text)
    if "locked" in text:
        detail = "Another program keeps the store's index locked."
        return DiskError(detail, todo="Wait a moment, then try again.", subject=subject, technical=text)
    return DiskError("The store's index cannot be used.", subject=subject, technical=text)
