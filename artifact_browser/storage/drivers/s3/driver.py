"""The S3 driver of one job: the hot operations from our own core (or boto3 in compatibility mode), the rest from boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from artifact_browser.errors import NetworkError, ReadOnlyAccount, StorageError
from artifact_browser.storage.driver import (
    KEPT_HEADERS,
    NULL_VERSION,
    BlobInfo,
    Body,
    BucketInfo,
    Capabilities,
    Condition,
    ConditionalWrites,
    Deleted,
    Link,
    LinkOptions,
    ListPage,
    Part,
    Reader,
    Support,
    Upload,
    Versioning,
    VersionPage,
    WriteOptions,
    Written,
)
from artifact_browser.storage.drivers.s3.account import Access
from artifact_browser.storage.drivers.s3.conditions import Conditions
from artifact_browser.storage.drivers.s3.names import check_bucket_name, check_key, check_new_bucket, checked_version
from artifact_browser.storage.drivers.s3.remembered import Facts
from artifact_browser.storage.drivers.s3.rest import BlobAt, Rest
from artifact_browser.storage.drivers.s3.uploads import CopySource, Uploads
from artifact_browser.storage.drivers.s3.versions import Versions


class Blobs(Protocol):
    """The hot operations, either way; each promises what :class:`Driver` says of it."""

    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]: ...
    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo: ...
    def get(
        self,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        if_match: str = "",
        if_none_match: str = "",
        version_id: str = "",
    ) -> AbstractContextManager[Reader]: ...
    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written: ...
    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part: ...
    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]: ...


class S3Driver:
    """See :class:`artifact_browser.storage.driver.Driver` for every promise."""

    def __init__(
        self, access: Access, blobs: Blobs, rest: Rest, uploads: Uploads, versions: Versions, conditions: Conditions
    ) -> None:
        self._access = access
        self._blobs = blobs
        self._rest = rest
        self._uploads = uploads
        self._versions = versions
        self._conditions = conditions

    @property
    def capabilities(self) -> Capabilities:
        """What is known of the endpoint now: a probe shows at once."""
        return capabilities_of(self._access.account.remembered.facts())

    @capabilities.setter
    def capabilities(self, _value: Capabilities) -> None:
        raise AttributeError("capabilities are found out, not set")

    def list_buckets(self) -> list[BucketInfo]:
        return self._rest.list_buckets()

    def create_bucket(self, bucket: str) -> None:
        check_new_bucket(bucket)
        self._rest.create_bucket(bucket)

    def delete_bucket(self, bucket: str) -> None:
        check_bucket_name(bucket)
        self._rest.delete_bucket(bucket)

    def check_bucket(self, bucket: str) -> None:
        check_bucket_name(bucket)
        self._rest.check_bucket(bucket)

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        remembered = self._access.account.remembered
        try:
            facts = self._conditions.facts(bucket)
        except (NetworkError, StorageError):  # what is shown fails by no store in trouble
            facts = remembered.facts(bucket)
        return ConditionalWrites(
            facts.conditional_create, facts.conditional_replace, remembered.known, facts.asked_us, facts.server, facts.bucket
        )  # fmt: skip

    def try_conditions(self, bucket: str, prefix: str = "") -> ConditionalWrites:
        check_bucket_name(bucket)
        self._conditions.find_out(bucket, prefix)
        return self.conditional_writes(bucket)

    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        check_bucket_name(bucket)
        return self._blobs.list_pages(bucket, prefix, delimiter=delimiter, start_after=start_after, page_size=page_size)

    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        check_key(bucket, key)
        return self._blobs.head(bucket, key, version_id=checked_version(version_id, key))

    def get(
        self,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        if_match: str = "",
        if_none_match: str = "",
        version_id: str = "",
    ) -> AbstractContextManager[Reader]:
        check_key(bucket, key)
        version = checked_version(version_id, key)
        return self._blobs.get(
            bucket, key, start=start, length=length, if_match=if_match, if_none_match=if_none_match, version_id=version
        )

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        check_key(bucket, key)
        written = self._blobs.put(bucket, key, body, options, condition)
        if written.version_id not in ("", NULL_VERSION):  # its owner may have switched them on just now
            self._access.account.remembered.note_kind(bucket, True)
        return written

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        check_key(bucket, key)
        self._rest.delete(bucket, key, if_match=if_match)

    def delete_many(self, bucket: str, keys: Sequence[str]) -> list[Deleted]:
        for key in keys:
            check_key(bucket, key)
        return self._rest.delete_many(bucket, keys)

    def remove_folders(self, bucket: str, prefix: str) -> None:
        """There are none: a prefix is gone with its last blob."""

    def versioning(self, bucket: str, *, recently: bool = False) -> Versioning:
        check_bucket_name(bucket)
        if recently and (state := self._access.account.remembered.state_of(bucket)) is not None:
            return state
        return self._versions.versioning(bucket)

    def list_versions(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[VersionPage]:
        check_bucket_name(bucket)
        return self._versions.list_versions(bucket, prefix, start_after=start_after)

    def delete_versions(self, bucket: str, versions: Sequence[tuple[str, str]]) -> list[Deleted]:
        for key, _ in versions:
            check_key(bucket, key)
        return self._versions.delete_versions(bucket, versions)

    def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        condition: Condition | None = None,
        storage_class: str = "",
        version_id: str = "",
    ) -> Written:
        check_key(bucket, key)
        check_key(to_bucket, to_key)
        source = BlobAt(bucket, key, checked_version(version_id, key))
        return self._rest.copy(source, to_bucket, to_key, condition=condition, storage_class=storage_class)

    def make_durable(self, bucket: str, key: str) -> None:
        """It is: the store has answered."""

    def get_tags(self, bucket: str, key: str) -> dict[str, str]:
        check_key(bucket, key)
        return self._rest.get_tags(bucket, key)

    def put_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        check_key(bucket, key)
        self._rest.put_tags(bucket, key, tags)

    def create_upload(
        self,
        bucket: str,
        key: str,
        options: WriteOptions | None = None,
        repeated: Callable[[], None] | None = None,
    ) -> str:
        check_key(bucket, key)
        return self._uploads.create_upload(bucket, key, options, repeated)

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        check_key(bucket, key)
        return self._blobs.upload_part(bucket, key, upload_id, number, body)

    def copy_part(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        upload_id: str,
        number: int,
        start: int,
        length: int,
        *,
        if_match: str = "",
        version_id: str = "",
    ) -> Part:
        check_key(bucket, key)
        check_key(to_bucket, to_key)
        source = CopySource(BlobAt(bucket, key, checked_version(version_id, key)), start, length, if_match)
        return self._uploads.copy_part(source, to_bucket, to_key, upload_id, number)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        check_key(bucket, key)
        return self._uploads.list_parts(bucket, key, upload_id)

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        check_key(bucket, key)
        return self._uploads.complete_upload(bucket, key, upload_id, parts, condition)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        check_key(bucket, key)
        self._uploads.abort_upload(bucket, key, upload_id)

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]:
        check_bucket_name(bucket)
        return self._uploads.list_uploads(bucket, prefix)

    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        for key in keys:
            check_key(bucket, key)
        if options.method != "GET" and self._access.read_only:
            raise ReadOnlyAccount("No upload link was made.", subject=bucket)
        return self._blobs.presign(bucket, keys, options)

    def close(self) -> None:
        """Connections belong to the process; a job holds nothing of its own."""


def capabilities_of(facts: Facts) -> Capabilities:
    """An endpoint's proven ways as the record the rest of the app reads."""
    return Capabilities(
        provider="s3",
        storage_classes=("STANDARD",),
        kept_headers=KEPT_HEADERS,
        versions=True,
        conditional_create=facts.conditional_create,
        conditional_replace=facts.conditional_replace,
        conditional_delete=facts.conditional_delete,
        conditional_copy=facts.conditional_copy,
        etag_quoted=facts.etag_quoted,
        checksums=("CRC32C",) if facts.checksum is Support.YES else (),
    )
