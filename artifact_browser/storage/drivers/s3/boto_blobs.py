"""The hot operations through boto3: the account's *compatibility mode*, and the yardstick for our own core."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO, cast

from artifact_browser.errors import AccessDenied, NetworkError, UnexpectedAnswer
from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    Condition,
    Link,
    LinkOptions,
    ListPage,
    Part,
    Reader,
    Support,
    WriteOptions,
    Written,
)
from artifact_browser.storage.drivers.s3 import links
from artifact_browser.storage.drivers.s3.blob_heads import (
    EmptyReader,
    check_range,
    check_written,
    info_of,
    microseconds,
    range_header,
)
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.boto_errors import translate
from artifact_browser.storage.drivers.s3.conditions import Conditions
from artifact_browser.storage.drivers.s3.list_course import ListCourse
from artifact_browser.storage.drivers.s3.listed_keys import KeyDecoder
from artifact_browser.storage.drivers.s3.uploads import speaking_of_upload
from artifact_browser.storage.drivers.s3.write_options import refuses_checksum, write_parameters

#: What boto3 calls a way to go on.
_PARAMETERS = {"continuation-token": "ContinuationToken", "start-after": "StartAfter"}


class BotoBlobs:
    """List, head, get, put, parts and links with boto3's own requests, parsers and signatures."""

    def __init__(self, boto: Boto, conditions: Conditions) -> None:
        self._boto = boto
        self._conditions = conditions
        self._account = boto.access.account

    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        decoder = KeyDecoder(self._account.remembered, lambda text: self._exists(bucket, text))
        wanted: dict[str, Any] = {"Prefix": prefix, "Delimiter": delimiter}
        wanted = {name: value for name, value in wanted.items() if value} | {"MaxKeys": page_size}
        going, course = {"StartAfter": start_after} if start_after else {}, ListCourse(f"{bucket}/{prefix}")
        while True:
            answer = self._list(bucket, wanted | going, f"{bucket}/{prefix}")
            page = self._page(answer, decoder)
            after = course.after(
                truncated=bool(answer.get("IsTruncated")), token=answer.get("NextContinuationToken", ""),
                keys=page.keys, prefixes=page.prefixes,
            )  # fmt: skip
            yield replace(page, next_token=after[1] if after else None)
            if after is None:
                return
            going = {_PARAMETERS[after[0]]: after[1]}

    def _list(self, bucket: str, asked: dict[str, Any], subject: str) -> Any:
        return self._boto.call(
            bucket,
            lambda s3: s3.list_objects_v2(Bucket=bucket, EncodingType="url", **asked),
            subject=subject,
            of_bucket=True,
        )

    def _page(self, answer: Any, decoder: KeyDecoder) -> ListPage:
        blobs = answer.get("Contents", [])
        encoded = answer.get("EncodingType") == "url"
        names = [one["Key"] for one in blobs] + [one["Prefix"] for one in answer.get("CommonPrefixes", [])]
        decoded = decoder.decode(names) if encoded else names
        return ListPage(
            keys=decoded[: len(blobs)],
            sizes=array("q", [int(one.get("Size", 0)) for one in blobs]),
            modified_us=array("q", [microseconds(one.get("LastModified")) or 0 for one in blobs]),
            etags=[one.get("ETag", "").strip('"') for one in blobs],
            classes=[one.get("StorageClass", "") for one in blobs],
            prefixes=decoded[len(blobs) :],
        )

    def _exists(self, bucket: str, prefix: str) -> bool:
        answer = self._boto.call(bucket, lambda s3: s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1))
        return bool(answer.get("Contents"))

    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        try:
            return self._head(bucket, key, version_id)
        except (AccessDenied, UnexpectedAnswer):
            # a refused HEAD has no body to say why (ExpiredToken is a bare 400): a GET of one byte tells
            with self.get(bucket, key, length=1, version_id=version_id) as reader:
                return reader.info

    def _head(self, bucket: str, key: str, version_id: str) -> BlobInfo:
        subject, wanted = f"{bucket}/{key}", {"VersionId": version_id} if version_id else {}
        answer = self._boto.call(bucket, lambda s3: s3.head_object(Bucket=bucket, Key=key, **wanted), subject=subject)
        return info_of(key, _headers(answer))

    @contextmanager
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
    ) -> Iterator[Reader]:
        subject = f"{bucket}/{key}"
        wanted: dict[str, Any] = {"IfMatch": f'"{if_match}"'} if if_match else {}
        if if_none_match:
            wanted["IfNoneMatch"] = f'"{if_none_match}"'
        if version_id:
            wanted["VersionId"] = version_id
        ranged = range_header(start, length)
        if ranged:
            wanted["Range"] = ranged
        if length == 0:
            yield EmptyReader(self._head(bucket, key, version_id))
            return
        operation = self._boto.stream(
            bucket, lambda s3: s3.get_object(Bucket=bucket, Key=key, **wanted), subject=subject
        )
        try:
            answer, _wakers = operation.__enter__()
        except UnexpectedAnswer as error:
            if "HTTP 416" not in error.technical:
                raise
            yield EmptyReader(self._head(bucket, key, version_id))
            return
        try:
            info, arriving = info_of(key, _headers(answer)), int(answer["ContentLength"])
            if ranged:
                check_range(answer["ResponseMetadata"]["HTTPStatusCode"], _headers(answer), start, subject)
            wanted_bytes = arriving if length is None else min(length, arriving)
            yield _BotoReader(info, answer["Body"], wanted_bytes, self._boto, subject)
        finally:
            answer["Body"].close()
            operation.__exit__(None, None, None)

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        subject = f"{bucket}/{key}"
        headers = self._conditions.headers(condition, bucket, subject)
        wanted = write_parameters(options) | {name.replace("-", ""): value for name, value in headers.items()}

        def send(s3: Any, source: Source, checksum: dict[str, str]) -> Any:
            return s3.put_object(Bucket=bucket, Key=key, Body=_stream(source), **wanted, **checksum)

        answer, _, verified = self._write(bucket, subject, body, send, once=bool(headers))
        return Written(answer.get("ETag", "").strip('"'), answer.get("VersionId", ""), verified)

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        def send(s3: Any, source: Source, checksum: dict[str, str]) -> Any:
            return s3.upload_part(
                Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=_stream(source), **checksum
            )

        with speaking_of_upload():
            answer, checked, _ = self._write(bucket, f"{bucket}/{key}", body, send, once=False)
        length = body.length if not isinstance(body, bytes | memoryview) else memoryview(body).nbytes
        return Part(number, answer.get("ETag", "").strip('"'), length, checked)

    def _write(self, bucket: str, subject: str, body: Body, send: Any, *, once: bool) -> tuple[Any, str, str]:
        """The answer, the checksum it echoed, and how the bytes were checked."""
        remembered = self._account.remembered
        with Source(body) as source:
            facts = remembered.facts()
            named = {"ChecksumAlgorithm": "CRC32C"} if facts.named_checksum is Support.YES else {}
            trying = facts.checksum is not Support.NO
            checksum = {"ChecksumCRC32C": source.crc32c(), **named} if trying else {}

            def write(proof: dict[str, str]) -> Any:
                source.check_unchanged()  # its proof is of one state of the file: a mixture replaces nothing
                return self._boto.call(bucket, lambda s3: send(s3, source, proof), subject=subject, once=once)

            try:
                answer = write(checksum or {"ContentMD5": source.content_md5()})
            except Exception as error:
                if not checksum or not refuses_checksum(error):
                    raise
                answer = write({"ContentMD5": source.content_md5()})
                remembered.learn(checksum=Support.NO)
                checksum = {}
            etag, headers = str(answer.get("ETag", "")).strip('"'), _headers(answer)
            version_id = str(answer.get("VersionId", ""))
            echoed = str(answer.get("ChecksumCRC32C", "")) if checksum else ""
            sent = checksum.get("ChecksumCRC32C", "")
            verified = check_written(source, sent, echoed, etag, version_id, headers, subject)
        if checksum and remembered.facts().checksum is Support.UNKNOWN:
            remembered.learn(checksum=Support.YES if echoed else Support.NO)
        return answer, echoed, verified

    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        lease = self._boto.access.lease()
        life = links.life_of(options, lease, self._boto.access.now)
        parameters: dict[str, Any] = {"Bucket": bucket}
        if options.method == "PUT":
            parameters |= {"ContentType": options.content_type} if options.content_type else {}
        else:
            parameters |= {
                {"response-content-disposition": "ResponseContentDisposition",
                 "response-content-type": "ResponseContentType"}[name]: value
                for name, value in links.response_overrides(options).items()
            }  # fmt: skip
        operation = "put_object" if options.method == "PUT" else "get_object"
        return [
            Link(
                key, self._boto.link(operation, parameters | {"Key": key}, life.seconds), life.ends_at, life.limited_by
            )
            for key in keys
        ]


def _stream(source: Source) -> BinaryIO:
    """A source as the seekable file botocore wants."""
    return cast(BinaryIO, io.BufferedReader(_SourceFile(source), buffer_size=1024 * 1024))


class _SourceFile(io.RawIOBase):
    """A source's bytes behind Python's file interface; botocore seeks back to sign and to send."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.length}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer).cast("B")
        got = self._source.read_at(self._position, room[: self._source.most(len(room))])
        self._position += got
        self._source.tell_sent(self._position)
        return got


class _BotoReader:
    """An open GET of boto3's."""

    def __init__(self, info: BlobInfo, body: Any, length: int, boto: Boto, subject: str) -> None:
        self.info = info
        self._body = body
        self._left = length
        self._boto = boto
        self._subject = subject

    def readinto(self, buffer: memoryview) -> int:
        if not self._left or not len(buffer):
            return 0
        try:
            got: int = self._body.readinto(buffer[: self._left])
        except Exception as error:
            self._boto.access.cancel.raise_if_cancelled()
            raise translate(error, self._subject) from error
        self._boto.access.cancel.raise_if_cancelled()
        if not got:
            raise NetworkError("The connection ended before the blob did.", subject=self._subject)
        self._left -= got
        return got

    def read(self, size_bytes: int = -1) -> bytes:
        wanted = self._left if size_bytes < 0 else min(size_bytes, self._left)
        room = memoryview(bytearray(wanted))
        done = 0
        while done < wanted:
            done += self.readinto(room[done:])
        return bytes(room)


def _headers(answer: Any) -> dict[str, str]:
    headers: dict[str, str] = dict(answer["ResponseMetadata"]["HTTPHeaders"])
    return headers
