"""Names that are refused before anything is sent: an empty key would address the bucket, an empty bucket the account."""

from __future__ import annotations

import re

from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.drivers.s3.endpoint import is_address

MAX_KEY_BYTES = 1024
MAX_VERSION_ID = 1024
#: Characters XML 1.0 cannot carry, escaped or not: such keys are deleted one by one.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]")


def checked_version(version_id: str, key: str) -> str:
    """``version_id``, if a store can have made it. :raises BlobNotFound: it cannot be one"""
    if len(version_id) > MAX_VERSION_ID or not version_id.isascii() or any(letter <= " " for letter in version_id):
        raise BlobNotFound("There is no such version of the blob.", subject=key)
    return version_id


def check_new_bucket(bucket: str) -> None:
    """S3's rules for a new bucket's name. :raises InputError:"""
    if not (3 <= len(bucket) <= 63 and _BUCKET.fullmatch(bucket)) or is_address(bucket):
        raise InputError(
            "A bucket's name has 3 to 63 small letters, digits, dots and hyphens, and begins and ends with a letter "
            "or digit.",
            subject=bucket[:100],
        )


def check_bucket_name(bucket: str) -> None:
    """Enough for a bucket that exists; older ones break today's rules. :raises InputError:"""
    if not bucket or "/" in bucket or not bucket.isprintable():
        raise InputError("This is no bucket's name.", subject=bucket[:100])


def check_key(bucket: str, key: str) -> None:
    """:raises InputError: the key is empty or longer than S3 allows"""
    check_bucket_name(bucket)
    if not key:
        raise InputError("The key is empty.", subject=bucket)
    if len(key) > MAX_KEY_BYTES // 4 and len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        raise InputError(f"The key is longer than {MAX_KEY_BYTES:,} bytes.", subject=f"{bucket}/{key[:60]}…")
