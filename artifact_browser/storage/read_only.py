"""The read-only switch of an account, enforced below everything that could forget it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NoReturn

from artifact_browser.errors import ReadOnlyAccount
from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    BucketInfo,
    Condition,
    ConditionalWrites,
    Deleted,
    Driver,
    Link,
    LinkOptions,
    ListPage,
    Part,
    Reader,
    Upload,
    Versioning,
    VersionPage,
    WriteOptions,
    Written,
)


class ReadOnlyDriver:
    """A driver whose every changing call is refused before a byte leaves this computer.

    Spelled out call by call, without ``__getattr__``: a method added to the protocol is refused by the type
    checker until somebody decides on which side it stands.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.capabilities = replace(driver.capabilities, create_bucket=False)

    def list_buckets(self) -> list[BucketInfo]:
        return self._driver.list_buckets()

    def check_bucket(self, bucket: str) -> None:
        self._driver.check_bucket(bucket)

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        return self._driver.conditional_writes(bucket)

    def try_conditions(self, bucket: str, prefix: str = "") -> ConditionalWrites:
        self._refuse(bucket)

    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        return self._driver.list_pages(
            bucket, prefix, delimiter=delimiter, start_after=start_after, page_size=page_size
        )

    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        return self._driver.head(bucket, key, version_id=version_id)

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
        return self._driver.get(
            bucket,
            key,
            start=start,
            length=length,
            if_match=if_match,
            if_none_match=if_none_match,
            version_id=version_id,
        )

    def get_tags(self, bucket: str, key: str) -> dict[str, str]:
        return self._driver.get_tags(bucket, key)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        return self._driver.list_parts(bucket, key, upload_id)

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]:
        return self._driver.list_uploads(bucket, prefix)

    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        if options.method != "GET":
            self._refuse(f"{bucket}/{keys[0] if keys else ''}")
        return self._driver.presign(bucket, keys, options)

    def close(self) -> None:
        self._driver.close()

    def create_bucket(self, bucket: str) -> None:
        self._refuse(bucket)

    def delete_bucket(self, bucket: str) -> None:
        self._refuse(bucket)

    def put(
        self,
        bucket: str,
        key: str,
        body: Body,
        options: WriteOptions | None = None,
        condition: Condition | None = None,
    ) -> Written:
        self._refuse(f"{bucket}/{key}")

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        self._refuse(f"{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> list[Deleted]:
        self._refuse(bucket)

    def remove_folders(self, bucket: str, prefix: str) -> None:
        self._refuse(f"{bucket}/{prefix}")

    def make_durable(self, bucket: str, key: str) -> None:
        self._refuse(f"{bucket}/{key}")

    def versioning(self, bucket: str, *, recently: bool = False) -> Versioning:
        return self._driver.versioning(bucket, recently=recently)

    def list_versions(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[VersionPage]:
        return self._driver.list_versions(bucket, prefix, start_after=start_after)

    def delete_versions(self, bucket: str, versions: Sequence[tuple[str, str]]) -> list[Deleted]:
        self._refuse(bucket)

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
        self._refuse(f"{to_bucket}/{to_key}")

    def put_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        self._refuse(f"{bucket}/{key}")

    def create_upload(
        self,
        bucket: str,
        key: str,
        options: WriteOptions | None = None,
        repeated: Callable[[], None] | None = None,
    ) -> str:
        self._refuse(f"{bucket}/{key}")

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        self._refuse(f"{bucket}/{key}")

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
        self._refuse(f"{to_bucket}/{to_key}")

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        self._refuse(f"{bucket}/{key}")

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._refuse(f"{bucket}/{key}")

    def _refuse(self, subject: str) -> NoReturn:
        raise ReadOnlyAccount("Nothing was changed.", subject=subject)
