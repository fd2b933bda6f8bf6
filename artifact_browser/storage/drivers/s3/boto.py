"""boto3 for everything that is not hot: one client per account, led by our lease, stop sign and retry policy.

botocore gets its credentials at signing time from the job that is calling (a thread-local), makes one attempt, and
its connections register with that job's stop sign. So a client is shared by all jobs and threads, yet no job can sign
with another's lease or hang after a cancel.

botocore is loaded by the first call (:mod:`~artifact_browser.storage.drivers.s3.boto_client`): it takes 0.15 s of a processor,
and many a worker lists, reads or writes blobs without it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from artifact_browser.accounts.lease import Lease
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.storage.drivers.s3.account import Access, BucketRepairs, S3Client
from artifact_browser.storage.drivers.s3.errors import from_answer
from artifact_browser.storage.drivers.s3.retries import attempt
from artifact_browser.storage.drivers.s3.sockets import shutter
from artifact_browser.workers.cancel import CancelToken

T = TypeVar("T")


class Calling(threading.local):
    """The job whose call this thread is making."""

    lease: Lease | None = None
    cancel: CancelToken | None = None
    wakers: ExitStack | None = None
    clock_offset_s: float = 0.0

    def watch(self, sock: socket.socket | None) -> None:
        """Let a cancel wake this call from ``sock`` until the call (or its streamed body) is over."""
        if sock is not None and self.cancel is not None and self.wakers is not None:
            self.wakers.enter_context(self.cancel.closing(shutter(sock)))


calling = Calling()


class Boto:
    """Makes calls for one job."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def call(
        self,
        bucket: str,
        operation: Callable[[S3Client], T],
        *,
        subject: str = "",
        once: bool = False,
        of_bucket: bool = False,
    ) -> T:
        """Run one operation under our retry policy; foreign errors come out as ours.

        :param once: conditional write, see :func:`retries.attempt`
        :param of_bucket: a bare 404 means the bucket
        """
        with self.stream(bucket, operation, subject=subject, once=once, of_bucket=of_bucket) as (result, _wakers):
            return result

    @contextmanager
    def stream(
        self,
        bucket: str,
        operation: Callable[[S3Client], T],
        *,
        subject: str = "",
        once: bool = False,
        of_bucket: bool = False,
    ) -> Iterator[tuple[T, ExitStack]]:
        """As :meth:`call`, for an answer whose body is still to be read: the sockets stay watched inside."""
        subject = subject or bucket
        cancel = self.access.cancel
        with ExitStack() as wakers:

            def send() -> T:
                lease = self.access.lease()
                calling.lease, calling.cancel, calling.wakers = lease, cancel, wakers
                calling.clock_offset_s = self.access.account.clock_offset_s
                try:
                    return operation(self.access.account.client(anonymous=lease is None))
                except Exception as error:
                    cancel.raise_if_cancelled()
                    raise self._translate(error, subject, of_bucket=of_bucket) from error
                finally:
                    calling.lease = calling.cancel = calling.wakers = None

            yield attempt(send, BucketRepairs(self.access, bucket), cancel, once=once), wakers

    def link(self, operation: str, parameters: dict[str, Any], expires_in_s: int) -> str:
        """A presigned URL; no request is made. Anonymous accounts get the plain address."""
        lease = self.access.lease()
        calling.lease, calling.clock_offset_s = lease, self.access.account.clock_offset_s
        try:
            client = self.access.account.client(anonymous=lease is None, for_links=True)
            return str(client.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires_in_s))
        except Exception as error:
            raise self._translate(error, str(parameters.get("Bucket")), of_bucket=False) from error
        finally:
            calling.lease = None

    def _translate(self, error: Exception, subject: str, *, of_bucket: bool) -> Exception:
        if isinstance(error, ArtifactBrowserError):
            return error
        from artifact_browser.storage.drivers.s3.boto_errors import refusal_in, translate

        refusal = refusal_in(error)
        if refusal is None:
            return translate(error, subject)
        self.access.server_date = refusal.date
        return from_answer(refusal, subject, of_bucket=of_bucket)
