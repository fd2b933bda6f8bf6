"""The local driver: the Driver protocol over one :class:`Store`, with keys checked and errors translated."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from artifact_browser.errors import (
    ArtifactBrowserError,
    BlobNotFound,
    ChecksumMismatch,
    InputError,
    JobCancelled,
    NotSupported,
    PreconditionFailed,
    ReadOnlyAccount,
    SourceChanged,
)
from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    BucketInfo,
    Capabilities,
    Condition,
    ConditionalWrites,
    Deleted,
    FileSlice,
    Link,
    LinkOptions,
    ListPage,
    Part,
    Support,
    Upload,
    Versioning,
    VersionPage,
    WriteOptions,
    Written,
)
from artifact_browser.storage.drivers.local import buckets, multipart
from artifact_browser.storage.drivers.local.bodies import Source, copy_bytes, same_bytes, write_body, write_stream
from artifact_browser.storage.drivers.local.disk_errors import disk_errors
from artifact_browser.storage.drivers.local.durable import make_durable
from artifact_browser.storage.drivers.local.index import Attributes
from artifact_browser.storage.drivers.local.links import LinkService, promise_of, sign
from artifact_browser.storage.drivers.local.listing import list_pages
from artifact_browser.storage.drivers.local.names import check_key
from artifact_browser.storage.drivers.local.publish import check_condition, draft, publish, relative
from artifact_browser.storage.drivers.local.reader import LocalReader, open_blob, open_reader
from artifact_browser.storage.drivers.local.store import Store, address, info_of, look, need

CAPABILITIES = Capabilities(
    provider="local",
    conditional_create=Support.YES,
    conditional_replace=Support.YES,
    conditional_delete=Support.YES,
    conditional_copy=Support.YES,
    etag_quoted=False,
    free_metadata=True,
    folders=True,
    presign_local=True,
    min_part_bytes=1,
    max_part_bytes=1024**4,
    max_parts=multipart.MAX_PARTS,
    max_put_bytes=1024**4,
    max_copy_bytes=1024**4,
)


class LocalDriver:
    """One root for one job. Safe from several threads.

    :param link_service: gives the running link server; asked at the first presign
    """

    def __init__(self, store: Store, link_service: Callable[[], LinkService], *, read_only: bool) -> None:
        self.capabilities = CAPABILITIES
        self._store = store
        self._link_service = link_service
        self._read_only = read_only

    # -- buckets ------------------------------------------------------------------------------------------------
    def list_buckets(self) -> list[BucketInfo]:
        with disk_errors("local://"):
            return buckets.list_buckets(self._store)

    def create_bucket(self, bucket: str) -> None:
        with disk_errors(address(bucket)):
            buckets.create_bucket(self._store, bucket)

    def delete_bucket(self, bucket: str) -> None:
        with disk_errors(address(bucket)):
            buckets.delete_bucket(self._store, bucket)

    def check_bucket(self, bucket: str) -> None:
        with disk_errors(address(bucket)):
            os.scandir(self._store.tree.bucket_folder(bucket)).close()

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        return ConditionalWrites(Support.YES, Support.YES, known=True)

    def try_conditions(self, bucket: str, prefix: str = "") -> ConditionalWrites:
        return self.conditional_writes(bucket)

    # -- listing ------------------------------------------------------------------------------------------------
    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        pages = list_pages(self._store, bucket, prefix, delimiter, start_after, page_size)
        while True:
            with disk_errors(address(bucket, prefix)):
                page = next(pages, None)
            if page is None:
                return
            yield page

    # -- blobs --------------------------------------------------------------------------------------------------
    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        self._refuse_version(key, version_id)
        with disk_errors(address(bucket, key)):
            return info_of(key, need(self._store, bucket, check_key(key)).known)

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
    ) -> LocalReader:
        self._refuse_version(key, version_id)
        with disk_errors(address(bucket, key)):
            return open_reader(self._store, bucket, check_key(key), start, length, if_match, if_none_match)

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        with disk_errors(address(bucket, key)):
            self._store.tree.bucket_folder(bucket)
            check_key(key)
            with draft(self._store) as made:
                _, made.etag = write_body(body, made.file, self._store.cancel)
                known = publish(self._store, bucket, key, made, _attributes(options), condition)
            return Written(known.etag, verified="md5", durable=condition is not None)

    def put_stream(self, bucket: str, key: str, source: Source, length: int, options: WriteOptions) -> Written:
        """Write a blob as its bytes arrive (for upload links). :raises ConnectionFailed: fewer than ``length`` came"""
        with disk_errors(address(bucket, key)):
            self._store.tree.bucket_folder(bucket)
            with draft(self._store) as made:
                made.etag = write_stream(source, length, made.file, self._store.cancel)
                known = publish(self._store, bucket, check_key(key), made, _attributes(options))
            return Written(known.etag, verified="md5")

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        with disk_errors(address(bucket, key)):
            condition = Condition(if_match=if_match) if if_match else None
            if condition is not None and look(self._store, bucket, check_key(key)) is None:
                return  # gone already, as with S3
            with self._store.index.writing(durable=condition is not None):
                self._remove(bucket, check_key(key), condition)

    def delete_many(self, bucket: str, keys: Sequence[str]) -> list[Deleted]:
        self.check_bucket(bucket)
        outcomes = []
        pending = iter(keys)
        while batch := list(islice(pending, 500)):
            with disk_errors(address(bucket)), self._store.index.writing():
                outcomes += [self._delete_one(bucket, key) for key in batch]
        return outcomes

    def _delete_one(self, bucket: str, key: str) -> Deleted:
        try:
            with disk_errors(address(bucket, key)):
                self._remove(bucket, check_key(key), None)
        except JobCancelled:
            raise
        except ArtifactBrowserError as error:
            return Deleted(key, error.detail or error.title)
        return Deleted(key)

    def _remove(self, bucket: str, key: str, condition: Condition | None) -> None:
        """Remove every file of the key, its row, and the folders that we made for it and are empty now."""
        check_condition(self._store, bucket, key, condition)
        while (path := self._store.tree.find(bucket, key)) is not None:
            os.unlink(path)
            self._prune(bucket, os.path.dirname(path))
        self._store.index.forget(bucket, key)

    def _prune(self, bucket: str, folder: str) -> None:
        top = self._store.tree.bucket_folder(bucket)
        while folder != top and self._store.index.folder_made_us(name := relative(self._store, folder)) is not None:
            try:
                os.rmdir(folder)
            except OSError:
                return  # not empty
            self._store.index.forget_folder(name)
            folder = os.path.dirname(folder)

    def remove_folders(self, bucket: str, prefix: str) -> None:
        with disk_errors(address(bucket, prefix)):
            buckets.remove_folders(self._store, bucket, check_key(prefix))

    def versioning(self, bucket: str, *, recently: bool = False) -> Versioning:
        return Versioning.NONE

    def list_versions(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[VersionPage]:
        raise NotSupported("Files on this computer have no versions.", subject=address(bucket))

    def delete_versions(self, bucket: str, versions: Sequence[tuple[str, str]]) -> list[Deleted]:
        raise NotSupported("Files on this computer have no versions.", subject=address(bucket))

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
        self._refuse_version(key, version_id)
        with disk_errors(address(to_bucket, to_key)):
            self._store.tree.bucket_folder(to_bucket)
            check_key(to_key)
            source, found = open_blob(self._store, bucket, check_key(key))
            try:
                with draft(self._store) as made:
                    size_bytes = copy_bytes(source, 0, found.known.size_bytes, made.file, self._store.cancel)
                    is_same = same_bytes(source, made.file, self._store.cancel)
                    self._check_copied(source, found.known.size_bytes, found.known.modified_ns, size_bytes)
                    if not is_same:
                        raise ChecksumMismatch("The copy has other bytes than the original.", subject=to_key)
                    made.etag = found.known.etag
                    known = publish(self._store, to_bucket, to_key, made, found.known.attributes, condition)
            finally:
                os.close(source)
            return Written(known.etag, verified="bytes", durable=condition is not None)

    @staticmethod
    def _refuse_version(key: str, version_id: str) -> None:
        if version_id:
            raise BlobNotFound("Files on this computer have no versions.", subject=key)

    @staticmethod
    def _check_copied(source: int, size_bytes: int, modified_ns: int, copied: int) -> None:
        entry = os.fstat(source)
        if (entry.st_size, entry.st_mtime_ns, copied) != (size_bytes, modified_ns, size_bytes):
            raise SourceChanged("Another program wrote to it while it was copied.")

    def make_durable(self, bucket: str, key: str) -> None:
        with disk_errors(address(bucket, key)):
            make_durable(self._store, bucket, check_key(key))

    def get_tags(self, bucket: str, key: str) -> dict[str, str]:
        with disk_errors(address(bucket, key)):
            return dict(need(self._store, bucket, check_key(key)).known.attributes.tags)

    def put_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        with disk_errors(address(bucket, key)):
            need(self._store, bucket, check_key(key))
            with self._store.index.writing():
                known = self._store.index.known(bucket, key)
                if known is not None:
                    attributes = replace(known.attributes, tags=dict(tags))
                    self._store.index.save(bucket, key, replace(known, attributes=attributes))

    # -- multipart ----------------------------------------------------------------------------------------------
    def create_upload(
        self,
        bucket: str,
        key: str,
        options: WriteOptions | None = None,
        repeated: Callable[[], None] | None = None,
    ) -> str:
        with disk_errors(address(bucket, key)):
            return multipart.create(self._store, bucket, check_key(key), _attributes(options))

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        with disk_errors(address(bucket, key)):
            return multipart.add_part(self._store, bucket, key, upload_id, number, body)

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
        self._refuse_version(key, version_id)
        with disk_errors(address(bucket, key)):
            found = need(self._store, bucket, check_key(key))
            if if_match and found.known.etag != if_match:
                raise PreconditionFailed("It has changed since it was looked at.", subject=address(bucket, key))
        body = FileSlice(Path(found.path), start, length)
        with disk_errors(address(to_bucket, to_key)):
            return multipart.add_part(self._store, to_bucket, to_key, upload_id, number, body)

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        with disk_errors(address(bucket, key)):
            return multipart.parts_of(self._store, bucket, key, upload_id)

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        with disk_errors(address(bucket, key)):
            known = multipart.complete(self._store, bucket, key, upload_id, parts, condition)
            return Written(known.etag, verified="md5", durable=True)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        with disk_errors(address(bucket, key)):
            multipart.abort(self._store, bucket, key, upload_id)

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]:
        with disk_errors(address(bucket, prefix)):
            return multipart.uploads_in(self._store, bucket, prefix)

    # -- links --------------------------------------------------------------------------------------------------
    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        """Loopback links; they work while the app runs. :raises ReadOnlyAccount: an upload link is asked for"""
        if options.method not in {"GET", "PUT"}:
            raise InputError("Links are for downloading or uploading.")
        if options.method == "PUT" and self._read_only:
            raise ReadOnlyAccount("No upload link was made.", subject=address(bucket, keys[0] if keys else ""))
        if options.expires_in_s <= 0:
            raise InputError("A link must live for at least a second.")
        service = self._link_service()
        life_s = min(options.expires_in_s, self.capabilities.max_presign_s)
        limited_by = "maximum" if life_s < options.expires_in_s else ""
        ends_at = int(time.time()) + life_s
        root = self._store.tree.root
        return [
            Link(key, sign(service, root, promise_of(bucket, check_key(key), options, ends_at)), ends_at, limited_by)
            for key in keys
        ]

    def close(self) -> None:
        with suppress(Exception):
            self._store.index.close()


def _attributes(options: WriteOptions | None) -> Attributes:
    if options is None:
        return Attributes()
    metadata = {name.lower(): value for name, value in options.metadata.items()}
    return Attributes(options.content_type, metadata, dict(options.tags))
