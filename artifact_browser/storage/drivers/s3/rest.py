"""The operations that are not hot, through boto3: buckets, deletes, copies, tags, and the frame of a multipart upload.

Design decision 10: on Ceph 16.2 and moto a ``DELETE /bucket?<unknown>`` deletes the bucket, so nothing here sends a
DELETE for a sub-resource; empty tags are written as an empty set.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    BlobNotFound,
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InputError,
    NetworkError,
    NotSupported,
    OutcomeUnknown,
    UnexpectedAnswer,
    UploadNotFound,
    WrongRegion,
)
from artifact_browser.storage.driver import (
    BucketInfo,
    Condition,
    Deleted,
    Part,
    Support,
    Upload,
    WriteOptions,
    Written,
)
from artifact_browser.storage.drivers.s3.account import DEFAULT_REGION
from artifact_browser.storage.drivers.s3.blob_heads import checked_header
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.conditions import Conditions, etag_form

#: One DeleteObjects request.
_BATCH = 1000
#: Characters XML 1.0 cannot carry, escaped or not: such keys are deleted one by one.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Rest:
    """The part of :class:`Driver` that always goes through boto3."""

    def __init__(self, boto: Boto, conditions: Conditions) -> None:
        self._boto = boto
        self._conditions = conditions
        self._account = boto.access.account

    # -- buckets ------------------------------------------------------------------------------------------------
    def list_buckets(self) -> list[BucketInfo]:
        answer = self._boto.call("", lambda s3: s3.list_buckets(), subject=self._account.record.name)
        return [
            BucketInfo(one["Name"], microseconds(one.get("CreationDate")), str(one.get("BucketRegion", "")))
            for one in answer.get("Buckets", [])
        ]

    def create_bucket(self, bucket: str) -> None:
        # AWS's first region and Ceph answer 200 when the bucket is ours already
        if self._exists(bucket):
            raise BucketExists("A bucket of this name exists already.", subject=bucket)
        region = self._account.region
        located: dict[str, Any] = {}
        if self._account.endpoint.aws and region != DEFAULT_REGION:
            located = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._boto.call(bucket, lambda s3: s3.create_bucket(Bucket=bucket, **located))

    def _exists(self, bucket: str) -> bool:
        try:
            self._boto.call(bucket, lambda s3: s3.head_bucket(Bucket=bucket), of_bucket=True)
        except BucketNotFound:
            return False
        except (AccessDenied, WrongRegion):
            return True
        return True

    def delete_bucket(self, bucket: str) -> None:
        # servers delete a bucket together with unfinished uploads, so look first
        if self._boto.call(bucket, lambda s3: s3.list_objects_v2(Bucket=bucket, MaxKeys=1)).get("Contents"):
            raise BucketNotEmpty("There are blobs in the bucket.", subject=bucket)
        uploads = self._boto.call(bucket, lambda s3: s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1))
        if uploads.get("Uploads"):
            raise BucketNotEmpty("There are unfinished uploads in the bucket.", subject=bucket)
        self._boto.call(bucket, lambda s3: s3.delete_bucket(Bucket=bucket), of_bucket=True)

    def check_bucket(self, bucket: str) -> None:
        self._boto.call(bucket, lambda s3: s3.list_objects_v2(Bucket=bucket, MaxKeys=1), of_bucket=True)

    # -- blobs --------------------------------------------------------------------------------------------------
    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        subject = f"{bucket}/{key}"
        condition: dict[str, Any] = {}
        if if_match:
            facts = self._conditions.require("conditional_delete", bucket, subject)
            condition = {"IfMatch": etag_form(if_match, quoted=facts.etag_quoted)}
        try:
            self._boto.call(
                bucket,
                lambda s3: s3.delete_object(Bucket=bucket, Key=key, **condition),
                subject=subject,
                once=bool(if_match),
            )
        except BlobNotFound:
            if if_match:
                raise

    def delete_many(self, bucket: str, keys: Sequence[str]) -> list[Deleted]:
        outcomes: dict[str, str] = {}
        plain = [key for key in keys if not _NOT_XML.search(key)]
        for start in range(0, len(plain), _BATCH):
            outcomes.update(self._delete_batch(bucket, plain[start : start + _BATCH]))
        for key in keys:
            if key not in outcomes:
                outcomes[key] = self._delete_one(bucket, key)
        return [Deleted(key, outcomes[key]) for key in keys]

    def _delete_batch(self, bucket: str, keys: Sequence[str]) -> dict[str, str]:
        """Outcomes the server told; keys it said nothing about are left out."""
        wanted: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": False}
        try:
            answer = self._boto.call(bucket, lambda s3: s3.delete_objects(Bucket=bucket, Delete=wanted))
        except NotSupported:
            return {}
        asked = set(keys)
        outcomes = {one["Key"]: "" for one in answer.get("Deleted", []) if one.get("Key") in asked}
        for failed in answer.get("Errors", []):
            key, code = failed.get("Key", ""), failed.get("Code", "")
            if key in asked:
                gone = code in {"NoSuchKey", "NoSuchVersion"}
                outcomes[key] = "" if gone else failed.get("Message") or code or "The store refused."
        return outcomes

    def _delete_one(self, bucket: str, key: str) -> str:
        try:
            self.delete(bucket, key)
        except (InputError, NotSupported) as error:
            return error.detail
        return ""

    def copy(
        self, bucket: str, key: str, to_bucket: str, to_key: str, *, condition: Condition | None = None
    ) -> Written:
        subject = f"{to_bucket}/{to_key}"
        sent: dict[str, Any] = {}
        if condition is not None and condition.if_absent:
            self._conditions.require("conditional_copy_create", to_bucket, subject)
            sent["IfNoneMatch"] = "*"
        if condition is not None and condition.if_match:
            facts = self._conditions.require("conditional_copy", bucket, subject)
            sent["CopySourceIfMatch"] = etag_form(condition.if_match, quoted=facts.etag_quoted)
        answer = self._boto.call(
            to_bucket,
            lambda s3: s3.copy_object(Bucket=to_bucket, Key=to_key, CopySource={"Bucket": bucket, "Key": key}, **sent),
            subject=subject,
            once=bool(sent),
        )
        return Written(answer["CopyObjectResult"].get("ETag", "").strip('"'), answer.get("VersionId", ""))

    def get_tags(self, bucket: str, key: str) -> dict[str, str]:
        answer = self._boto.call(
            bucket, lambda s3: s3.get_object_tagging(Bucket=bucket, Key=key), subject=f"{bucket}/{key}"
        )
        return {one["Key"]: one["Value"] for one in answer.get("TagSet", [])}

    def put_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        tagging: Any = {"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]}
        self._boto.call(
            bucket,
            lambda s3: s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tagging),
            subject=f"{bucket}/{key}",
        )

    # -- multipart ----------------------------------------------------------------------------------------------
    def create_upload(self, bucket: str, key: str, options: WriteOptions | None = None) -> str:
        parameters = write_parameters(options)
        remembered = self._account.remembered
        wanted = {} if remembered.facts().checksum is Support.NO else {"ChecksumAlgorithm": "CRC32C"}

        def create(checksum: Mapping[str, Any]) -> Mapping[str, Any]:
            return self._boto.call(
                bucket,
                lambda s3: s3.create_multipart_upload(Bucket=bucket, Key=key, **parameters, **checksum),
                subject=f"{bucket}/{key}",
            )

        try:
            answer = create(wanted)
        except ArtifactBrowserError as error:
            if not wanted or not refuses_checksum(error):
                raise
            answer = create({})
        if wanted and remembered.facts().checksum is Support.UNKNOWN:
            known = answer.get("ChecksumAlgorithm") == "CRC32C"
            remembered.learn(checksum=Support.YES if known else Support.NO)
        return str(answer["UploadId"])

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        with speaking_of_upload():
            return self._parts(bucket, key, upload_id)

    def _parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        found: list[Part] = []
        marker = 0
        while True:
            answer = self._boto.call(
                bucket,
                lambda s3, after=marker: s3.list_parts(
                    Bucket=bucket, Key=key, UploadId=upload_id, PartNumberMarker=after
                ),  # type: ignore[misc]
                subject=f"{bucket}/{key}",
            )
            found += [_part(one) for one in answer.get("Parts", [])]
            if not answer.get("IsTruncated"):
                return sorted(found, key=lambda part: part.number)
            after = int(answer.get("NextPartNumberMarker") or 0)
            if after <= marker:
                raise UnexpectedAnswer("The list of parts would never end.", subject=f"{bucket}/{key}")
            marker = after

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        subject = f"{bucket}/{key}"
        sent: dict[str, Any] = {}
        if condition is not None and (condition.if_absent or condition.if_match):
            facts = self._conditions.require("conditional_complete", bucket, subject)
            if condition.if_absent:
                sent["IfNoneMatch"] = "*"
            else:
                sent["IfMatch"] = etag_form(condition.if_match, quoted=facts.etag_quoted)
        listed: Any = {"Parts": [_named(part) for part in sorted(parts, key=lambda part: part.number)]}
        try:
            with speaking_of_upload():
                answer = self._boto.call(
                    bucket,
                    lambda s3: s3.complete_multipart_upload(
                        Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload=listed, **sent
                    ),
                    subject=subject,
                    once=bool(sent),
                )
        except UploadNotFound:
            # an earlier attempt whose answer was lost may have finished it: then the blob is these parts
            etag = self._etag(bucket, key)
            if sent or not etag or etag != _etag_of(parts):
                raise
            return Written(etag)
        # Ceph 16.2 does not say the ETag here
        return Written(answer.get("ETag", "").strip('"') or self._etag(bucket, key), answer.get("VersionId", ""))

    def _etag(self, bucket: str, key: str) -> str:
        try:
            answer = self._boto.call(bucket, lambda s3: s3.head_object(Bucket=bucket, Key=key))
        except BlobNotFound:
            return ""
        return str(answer.get("ETag", "")).strip('"')

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        try:
            self._boto.call(
                bucket,
                lambda s3: s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id),
                subject=f"{bucket}/{key}",
            )
        except (UploadNotFound, BlobNotFound):
            return

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]:
        try:
            return list(self._uploads(bucket, prefix))
        except UnexpectedAnswer:
            # keys that XML cannot carry; not asked for at first, since Ceph 16.2 encodes without saying so
            return list(self._uploads(bucket, prefix, encoded=True))

    def _uploads(self, bucket: str, prefix: str, *, encoded: bool = False) -> Iterator[Upload]:
        asked = {"EncodingType": "url"} if encoded else {}
        decode = unquote if encoded else str
        markers: dict[str, Any] = {}
        seen: set[tuple[str, ...]] = set()
        while True:
            answer = self._boto.call(
                bucket,
                lambda s3, after=markers: s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix, **asked, **after),  # type: ignore[misc]
            )
            for one in answer.get("Uploads", []):
                yield Upload(decode(one["Key"]), one["UploadId"], microseconds(one.get("Initiated")) or 0)
            following = {
                "KeyMarker": decode(answer.get("NextKeyMarker", "")),
                "UploadIdMarker": answer.get("NextUploadIdMarker", ""),
            }
            if not answer.get("IsTruncated"):
                return
            if (place := tuple(following.values())) in seen:
                raise UnexpectedAnswer("The list of uploads would never end.", subject=bucket)
            seen.add(place)
            markers = following


@contextmanager
def speaking_of_upload() -> Iterator[None]:
    """Ceph 16.2 says NoSuchKey where the upload is what is gone."""
    try:
        yield
    except BlobNotFound as error:
        raise UploadNotFound(
            "The store does not know this upload any more.", subject=error.subject, technical=error.technical
        ) from error


def write_parameters(options: WriteOptions | None) -> dict[str, Any]:
    """Write options as boto3's parameters. :raises InputError: metadata that no header can carry"""
    if options is None:
        return {}
    given: dict[str, Any] = {}
    if options.content_type:
        given["ContentType"] = checked_header(options.content_type)
    if options.metadata:
        given["Metadata"] = checked_metadata(options.metadata)
    if options.tags:
        given["Tagging"] = tagging_header(options.tags)
    if options.storage_class:
        given["StorageClass"] = checked_header(options.storage_class)
    return given


def tagging_header(tags: Mapping[str, str]) -> str:
    """Tags as ``x-amz-tagging``; a space as ``%20``, since Ceph 16.2 takes ``+`` for a plus."""
    return urlencode(dict(tags), quote_via=quote, safe="")


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """``metadata``, if it fits into headers. :raises InputError: it does not"""
    for name, value in metadata.items():
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not value.isascii() or not value.isprintable():
            raise InputError("Metadata must be plain ASCII here.", subject=name[:100])
    return dict(metadata)


def refuses_checksum(error: Exception) -> bool:
    """Whether a refusal may be about a checksum the server does not know."""
    if isinstance(error, NotSupported):
        return True
    if isinstance(error, OutcomeUnknown | NetworkError):
        return False  # it may have been written, whatever words came back
    technical = getattr(error, "technical", "")
    return any(code in technical for code in ("XAmzContentSHA256Mismatch", "InvalidRequest", "InvalidArgument"))


def microseconds(moment: object) -> int | None:
    """A datetime as microseconds since the epoch."""
    return round(moment.timestamp() * 1_000_000) if isinstance(moment, datetime) else None


def _part(one: Mapping[str, Any]) -> Part:
    return Part(int(one["PartNumber"]), one["ETag"].strip('"'), int(one["Size"]), str(one.get("ChecksumCRC32C", "")))


def _named(part: Part) -> dict[str, Any]:
    named: dict[str, Any] = {"PartNumber": part.number, "ETag": f'"{part.etag}"'}
    if part.checksum:
        named["ChecksumCRC32C"] = part.checksum
    return named


def _etag_of(parts: Sequence[Part]) -> str:
    """The ETag S3 gives to a blob of these parts, where their ETags are MD5s; else nothing."""
    ordered = sorted(parts, key=lambda part: part.number)
    if not all(re.fullmatch(r"[0-9a-f]{32}", part.etag) for part in ordered):
        return ""
    joined = b"".join(bytes.fromhex(part.etag) for part in ordered)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(ordered)}"
