"""The operations that are not hot, through boto3: buckets, deletes, copies, tags.

Design decision 10: on Ceph 16.2 and moto a ``DELETE /bucket?<unknown>`` deletes the bucket, so nothing here sends a
DELETE for a sub-resource; empty tags are written as an empty set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artifact_browser.errors import (
    AccessDenied,
    BlobNotFound,
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InputError,
    NotSupported,
    WrongRegion,
)
from artifact_browser.storage.driver import (
    BucketInfo,
    Condition,
    Deleted,
    Written,
)
from artifact_browser.storage.drivers.s3.account import DEFAULT_REGION
from artifact_browser.storage.drivers.s3.blob_heads import microseconds
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.conditions import Conditions, etag_form
from artifact_browser.storage.drivers.s3.names import NOT_XML

#: One DeleteObjects request.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class BlobAt:
    """What is copied from; ``version_id`` empty: what stands there now."""

    bucket: str
    key: str
    version_id: str = ""

    @property
    def parameter(self) -> dict[str, str]:
        """As boto3's ``CopySource``."""
        version = {"VersionId": self.version_id} if self.version_id else {}
        return {"Bucket": self.bucket, "Key": self.key, **version}


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
        plain = [key for key in keys if not NOT_XML.search(key)]
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
        self,
        source: BlobAt,
        to_bucket: str,
        to_key: str,
        *,
        condition: Condition | None = None,
        storage_class: str = "",
    ) -> Written:
        subject = f"{to_bucket}/{to_key}"
        chosen: dict[str, Any] = {"StorageClass": storage_class} if storage_class else {}
        sent: dict[str, Any] = {}
        if condition is not None and condition.if_absent:
            self._conditions.require("conditional_copy_create", to_bucket, subject)
            sent["IfNoneMatch"] = "*"
        if condition is not None and condition.if_match:
            facts = self._conditions.require("conditional_copy", source.bucket, subject)
            sent["CopySourceIfMatch"] = etag_form(condition.if_match, quoted=facts.etag_quoted)
        answer = self._boto.call(
            to_bucket,
            lambda s3: s3.copy_object(Bucket=to_bucket, Key=to_key, CopySource=source.parameter, **chosen, **sent),
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
