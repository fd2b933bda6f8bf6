"""Finding out which conditional writes and checksums an endpoint honours: the right value accepted *and* a wrong one refused.

Each kind is asked apart, with a blob of its own that is removed again (design decision 6). The requests go out raw,
once each, with the condition in the form under test; what is proven is remembered for the account at the endpoint. It
is only asked with the person's consent; without, the store counts as one that honours nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ChecksumMismatch,
    InputError,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
    ReadOnlyAccount,
    ServerFault,
    UnexpectedAnswer,
)
from artifact_browser.storage.driver import Support
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.conditions import etag_form
from artifact_browser.storage.drivers.s3.probe_remains import Remains, Turn, new_key
from artifact_browser.storage.drivers.s3.remembered import Facts

#: and its CRC32C, as S3 writes it: the check value that is published with the polynomial
_CHECKED, _CRC32C, _OTHER_CRC32C = b"123456789", "4waSgw==", "AAAAAA=="
_WRONG = "00000000000000000000000000000000"
#: Refusals of a condition: 412, and what stores say that do not know it or stumble over it.
_REFUSED = (PreconditionFailed, OutcomeUnknown, ServerFault)
_UNKNOWN_CALL = (NotSupported, InputError, UnexpectedAnswer)
#: Refusals that say nothing if they do not come again: the store was in trouble, or the answer was lost.
_MAY_PASS = (OutcomeUnknown, ServerFault)
_TRIES = 3


class Prober:
    """Asks one endpoint, through one bucket.

    :param may_ask: the person's consent, for this bucket; asked at most once a job
    :param versioned: whether a bucket has its versions on: the answer is that of all such buckets, or of all others
    """

    def __init__(self, boto: Boto, may_ask: Callable[[str], bool], versioned: Callable[[str], bool]) -> None:
        self._versioned = versioned
        self._boto = boto
        self._may_ask = may_ask
        self._allowed: bool | None = None
        self._in_trouble = False
        self._server = ""

    def probe(self, bucket: str, prefix: str = "") -> Facts:
        """Ask for every kind and remember the answers. Takes about 27 small requests, and as many again (twice at most)
        when the store was in trouble meanwhile: what it refused for that is not what it cannot do.

        What is written is removed in every case; what a killed process left behind, by the next call.

        :raises ReadOnlyAccount: nothing may be written; :raises AccessDenied: nor here
        :raises NotSupported: the person has not allowed it; :raises JobCancelled: while asking, or by the person
        """
        access = self._boto.access
        remembered = access.account.remembered
        if access.read_only:
            raise ReadOnlyAccount("The store could not be asked, since nothing may be written.", subject=bucket)
        if remembered.known:
            return remembered.facts(bucket)
        if self._allowed is None:
            self._allowed = self._may_ask(bucket)
        if not self._allowed:
            raise NotSupported("Trying out conditional writes was not allowed. Nothing was written.", subject=bucket)
        remembered.note_kind(bucket, self._versioned(bucket))
        before = remembered.facts(bucket).asked_us
        with Turn(remembered.file, access.cancel):
            now = remembered.facts(bucket)
            if now.asked_us != before:
                return now  # somebody else has asked meanwhile
            remains = Remains(access, bucket)
            remains.sweep(prefix)
            for _ in range(_TRIES):
                self._in_trouble = False
                found = self._ask(bucket, new_key(prefix), remains)
                if not self._in_trouble:
                    break
            remembered.refused = False
            return remembered.settle(bucket, found, self._server, time.time_ns() // 1000)

    def _ask(self, bucket: str, key: str, remains: Remains) -> dict[str, Any]:
        """What was found out, as fields of :class:`Facts`."""
        remains.begin(key)
        try:
            etag = self._put(bucket, key, b"first")
        except AccessDenied:
            remains.nothing(key)
            raise
        except BaseException:
            remains.remove(key)
            raise
        try:
            return self._try_all(bucket, key, etag)
        finally:
            remains.remove(key)

    def _try_all(self, bucket: str, key: str, etag: str) -> dict[str, Any]:
        create = self._kind(
            lambda: self._put(bucket, key + "-new", b"x", IfNoneMatch="*"),
            lambda: self._put(bucket, key, b"no", IfNoneMatch="*"),
        )
        if create is not Support.YES:
            etag = self._put(bucket, key, b"first")  # what should have been refused was written
        replace, quoted, etag = self._replace(bucket, key, etag)
        form = etag_form(etag, quoted=quoted)
        copy_source: Any = {"Bucket": bucket, "Key": key}
        copy = self._kind(
            lambda: self._copy(bucket, key + "-copy", copy_source, CopySourceIfMatch=form),
            lambda: self._copy(bucket, key + "-copy", copy_source, CopySourceIfMatch=etag_form(_WRONG, quoted=quoted)),
        )
        copy_create = self._kind(
            lambda: self._copy(bucket, key + "-copied", copy_source, IfNoneMatch="*"),
            lambda: self._copy(bucket, key + "-copy", copy_source, IfNoneMatch="*"),
        )
        complete = self._complete(bucket, key, quoted=quoted)
        self._ask_for_checksum(bucket, key)
        delete = self._delete(bucket, key, quoted=quoted)
        found = {
            "conditional_create": create,
            "conditional_replace": replace,
            "conditional_delete": delete,
            "conditional_copy": copy,
            "conditional_copy_create": copy_create,
            "conditional_complete": complete,
        }
        proven = {kind: support for kind, support in found.items() if support is not Support.UNKNOWN}
        return {**proven, "etag_quoted": quoted}

    def _kind(
        self,
        right: Callable[[], object],
        wrong: Callable[[], object],
        refusal: type[ArtifactBrowserError] = PreconditionFailed,
    ) -> Support:
        """YES if the right value goes through and the wrong one does not; UNKNOWN where the call is not allowed."""
        try:
            return Support.YES if self._refused(wrong, refusal) and self._accepted(right, refusal) else Support.NO
        except AccessDenied:
            return Support.UNKNOWN  # says something about these keys, and nothing about the store

    def _accepted(self, send: Callable[[], object], refusal: type[ArtifactBrowserError]) -> bool:
        try:
            send()
        except (refusal, *_REFUSED, *_UNKNOWN_CALL) as error:
            self._in_trouble |= isinstance(error, _MAY_PASS)
            return False
        return True

    def _refused(self, send: Callable[[], object], refusal: type[ArtifactBrowserError] = PreconditionFailed) -> bool:
        """Whether the store refused *because of* the value; not knowing the call does not count."""
        try:
            send()
        except refusal:
            return True
        except (*_REFUSED, *_UNKNOWN_CALL) as error:
            self._in_trouble |= isinstance(error, _MAY_PASS)
        return False

    def _replace(self, bucket: str, key: str, etag: str) -> tuple[Support, bool, str]:
        """PUT ``If-Match``: honoured or not, with quotes or without, and the ETag afterwards."""
        for quoted in (True, False):
            if not self._refused(lambda q=quoted: self._put(bucket, key, b"no", IfMatch=etag_form(_WRONG, quoted=q))):  # type: ignore[misc]
                return Support.NO, quoted, self._put(bucket, key, b"again")
            try:
                etag = self._put(bucket, key, b"second", IfMatch=etag_form(etag, quoted=quoted))
            except (*_REFUSED, *_UNKNOWN_CALL) as error:
                self._in_trouble |= isinstance(error, _MAY_PASS)
                continue
            return Support.YES, quoted, etag
        return Support.NO, True, etag

    def _complete(self, bucket: str, key: str, *, quoted: bool) -> Support:
        """CompleteMultipartUpload: create-only and ``If-Match``, both."""
        create = self._kind(
            lambda: self._finish(bucket, key + "-whole", IfNoneMatch="*"),
            lambda: self._finish(bucket, key, IfNoneMatch="*"),
        )
        if create is not Support.YES:
            return create
        etag = self._put(bucket, key, b"third")
        return self._kind(
            lambda: self._finish(bucket, key, IfMatch=etag_form(etag, quoted=quoted)),
            lambda: self._finish(bucket, key, IfMatch=etag_form(_WRONG, quoted=quoted)),
        )

    def _delete(self, bucket: str, key: str, *, quoted: bool) -> Support:
        etag = self._put(bucket, key, b"last")
        return self._kind(
            lambda: self._remove(bucket, key, IfMatch=etag_form(etag, quoted=quoted)),
            lambda: self._remove(bucket, key, IfMatch=etag_form(_WRONG, quoted=quoted)),
        )

    def _ask_for_checksum(self, bucket: str, key: str) -> None:
        """Whether a checksum is looked at whose algorithm is named: all buckets of the endpoint are the same in that."""
        found = self._kind(
            lambda: self._put_checked(bucket, key, _CRC32C),
            lambda: self._put_checked(bucket, key, _OTHER_CRC32C),
            refusal=ChecksumMismatch,
        )
        if found is not Support.UNKNOWN:
            looked_at = {"checksum": found} if found is Support.YES else {}
            self._boto.access.account.remembered.learn(named_checksum=found, **looked_at)

    # -- the raw calls, once each ---------------------------------------------------------------------------------
    def _put(self, bucket: str, key: str, body: bytes, **condition: Any) -> str:
        answer = self._boto.call(
            bucket, lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=body, **condition), once=bool(condition)
        )
        self._server = str(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("server", ""))
        return str(answer["ETag"]).strip('"')

    def _put_checked(self, bucket: str, key: str, checksum: str) -> None:
        """:raises UnexpectedAnswer: the answer does not tell the checksum: nobody has looked at it"""
        answer = self._boto.call(
            bucket,
            lambda s3: s3.put_object(
                Bucket=bucket, Key=key, Body=_CHECKED, ChecksumAlgorithm="CRC32C", ChecksumCRC32C=checksum
            ),
            once=True,
        )
        if answer.get("ChecksumCRC32C") != checksum:
            raise UnexpectedAnswer("The store does not say the checksum.", subject=bucket)

    def _copy(self, bucket: str, key: str, source: Any, **condition: Any) -> None:
        self._boto.call(
            bucket, lambda s3: s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **condition), once=True
        )

    def _remove(self, bucket: str, key: str, **condition: Any) -> None:
        self._boto.call(bucket, lambda s3: s3.delete_object(Bucket=bucket, Key=key, **condition), once=True)

    def _finish(self, bucket: str, key: str, **condition: Any) -> None:
        """A multipart upload of one small part, finished under a condition; aborted if that is refused."""
        upload = self._boto.call(bucket, lambda s3: s3.create_multipart_upload(Bucket=bucket, Key=key))["UploadId"]
        try:
            part = self._boto.call(
                bucket, lambda s3: s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"part")
            )
            parts: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
            self._boto.call(
                bucket,
                lambda s3: s3.complete_multipart_upload(
                    Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts, **condition
                ),
                once=True,
            )
        except ArtifactBrowserError:
            with suppress(ArtifactBrowserError):
                self._boto.call(bucket, lambda s3: s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload))
            raise
