"""Unfinished multipart uploads through boto3: begun, listed, finished, dropped. Their parts go the fast way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import unquote

from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, UnexpectedAnswer, UploadNotFound
from artifact_browser.storage.driver import Condition, Part, Support, Upload, WriteOptions, Written
from artifact_browser.storage.drivers.s3.blob_heads import microseconds
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.conditions import Conditions, etag_form
from artifact_browser.storage.drivers.s3.rest import BlobAt
from artifact_browser.storage.drivers.s3.write_options import refuses_checksum, write_parameters
from artifact_browser.storage.etag import etag_of_parts

#: what a store is asked to keep: a checksum of the whole blob, by which whoever reads it can check it in any ranges; one of
#: its parts' checksums
_OF_WHOLE = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}
_OF_PARTS = {"ChecksumAlgorithm": "CRC32C"}


@dataclass(frozen=True, slots=True)
class CopySource:
    """Bytes ``[start, start+length)`` of a blob that the store itself copies; ``if_match``: the blob's ETag."""

    blob: BlobAt
    start: int
    length: int
    if_match: str = ""


class Uploads:
    """The frame of multipart uploads, either way the parts go."""

    def __init__(self, boto: Boto, conditions: Conditions) -> None:
        self._boto = boto
        self._conditions = conditions
        self._account = boto.access.account

    def create_upload(
        self,
        bucket: str,
        key: str,
        options: WriteOptions | None = None,
        repeated: Callable[[], None] | None = None,
    ) -> str:
        parameters = write_parameters(options)
        remembered = self._account.remembered

        def create(checksum: Mapping[str, Any]) -> Mapping[str, Any]:
            attempts = count()

            def send(s3: Any) -> Mapping[str, Any]:
                if next(attempts) and repeated is not None:
                    repeated()
                answer: Mapping[str, Any] = s3.create_multipart_upload(Bucket=bucket, Key=key, **parameters, **checksum)
                return answer

            return self._boto.call(bucket, send, subject=f"{bucket}/{key}")

        facts = remembered.facts()
        choices: list[Mapping[str, str]] = [_OF_WHOLE] if facts.named_checksum is Support.YES else []
        choices += [_OF_PARTS] if facts.checksum is not Support.NO else []
        for wanted in (*choices, {}):
            try:
                answer = create(wanted)
                break
            except ArtifactBrowserError as error:
                if not wanted or not refuses_checksum(error):
                    raise
        if facts.checksum is Support.UNKNOWN:
            known = answer.get("ChecksumAlgorithm") == "CRC32C"
            remembered.learn(checksum=Support.YES if known else Support.NO)
        return str(answer["UploadId"])

    def copy_part(self, source: CopySource, bucket: str, key: str, upload_id: str, number: int) -> Part:
        # sent without asking whether the store looks at it: one that does not only copies, and the copy is checked
        matching: dict[str, Any] = {}
        if source.if_match:
            quoted = self._account.remembered.facts().etag_quoted
            matching = {"CopySourceIfMatch": etag_form(source.if_match, quoted=quoted)}
        with speaking_of_upload():
            answer = self._boto.call(
                bucket,
                lambda s3: s3.upload_part_copy(
                    Bucket=bucket,
                    Key=key,
                    UploadId=upload_id,
                    PartNumber=number,
                    CopySource=source.blob.parameter,
                    CopySourceRange=f"bytes={source.start}-{source.start + source.length - 1}",
                    **matching,
                ),
                subject=f"{bucket}/{key}",
            )
        copied = answer["CopyPartResult"]
        return Part(number, copied["ETag"].strip('"'), source.length, str(copied.get("ChecksumCRC32C", "")))

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
                by = one.get("Initiator") or {}
                began = microseconds(one.get("Initiated")) or 0
                yield Upload(decode(one["Key"]), one["UploadId"], began, str(by.get("ID", "")))
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


def _part(one: Mapping[str, Any]) -> Part:
    return Part(int(one["PartNumber"]), one["ETag"].strip('"'), int(one["Size"]), str(one.get("ChecksumCRC32C", "")))


def _named(part: Part) -> dict[str, Any]:
    named: dict[str, Any] = {"PartNumber": part.number, "ETag": f'"{part.etag}"'}
    if part.checksum:
        named["ChecksumCRC32C"] = part.checksum
    return named


def _etag_of(parts: Sequence[Part]) -> str:
    """The ETag S3 gives to a blob of these parts, where their ETags are MD5s; else nothing."""
    return etag_of_parts([part.etag for part in sorted(parts, key=lambda part: part.number)])
