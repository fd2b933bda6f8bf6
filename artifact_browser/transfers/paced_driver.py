"""A driver whose bodies keep the pace, whatever task moves them: around every driver that a mover opens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Any, cast

from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    Condition,
    Driver,
    FileSlice,
    Part,
    Reader,
    WriteOptions,
    Written,
)
from artifact_browser.transfers.pace import FIRST_BYTES, Flow, Pace, Way
from artifact_browser.workers.cancel import CancelToken


def paced(driver: Driver, pace: Pace, cancel: CancelToken) -> Driver:
    """``driver`` with its bodies in both directions at the pace."""
    return cast(Driver, _PacedDriver(driver, pace, cancel))


class _PacedDriver:
    """Three calls carry bodies; every other one is the driver's own."""

    def __init__(self, driver: Driver, pace: Pace, cancel: CancelToken) -> None:
        self._driver, self._pace, self._cancel = driver, pace, cancel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

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
        asked = {"if_none_match": if_none_match, "version_id": version_id}
        given = {name: value for name, value in asked.items() if value}
        reading = self._driver.get(bucket, key, start=start, length=length, if_match=if_match, **given)
        return _PacedReading(reading, self._pace, self._cancel)

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        return self._driver.put(bucket, key, self._paced(body), options, condition)

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        return self._driver.upload_part(bucket, key, upload_id, number, self._paced(body))

    def _paced(self, body: Body) -> Body:
        if not isinstance(body, FileSlice):  # small: it goes when its time has come
            self._pace.book(Way.UP, memoryview(body).nbytes, self._cancel)
            return body
        if _goes_at_once(self._pace, body.length):
            return body
        flow = Flow(self._pace, Way.UP, self._cancel)
        return replace(body, sent=_told(body.sent, flow), most=flow.most)


def _told(sent: Callable[[int], None] | None, flow: Flow) -> Callable[[int], None]:
    before = 0

    def tell(count: int) -> None:
        nonlocal before
        news = count - before if count >= before else count  # a new attempt begins at 0 again
        before = count
        if sent is not None:
            sent(count)
        flow.passed(news)

    return tell


def _goes_at_once(pace: Pace, length: int) -> bool:
    """Whether a body is small, and nobody wants to slow it down: then it needs no pace."""
    return length <= FIRST_BYTES and not pace.limit_bps


class _PacedReading:
    """A generator would take as long as a small file's request."""

    __slots__ = ("_cancel", "_pace", "_reading")

    def __init__(self, reading: AbstractContextManager[Reader], pace: Pace, cancel: CancelToken) -> None:
        self._reading, self._pace, self._cancel = reading, pace, cancel

    def __enter__(self) -> Reader:
        reader = self._reading.__enter__()
        if _goes_at_once(self._pace, reader.info.size_bytes):
            return reader
        return _PacedReader(reader, Flow(self._pace, Way.DOWN, self._cancel))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._reading.__exit__(kind, error, trace)


class _PacedReader:
    def __init__(self, reader: Reader, flow: Flow) -> None:
        self.info: BlobInfo = reader.info
        self._reader, self._flow = reader, flow

    def readinto(self, buffer: memoryview) -> int:
        got = self._reader.readinto(buffer[: self._flow.most(len(buffer))])
        if got:
            self._flow.passed(got)
        return got

    def read(self, size_bytes: int = -1) -> bytes:
        pieces: list[bytes] = []
        while size_bytes:
            piece = self._reader.read(self._flow.most(size_bytes if size_bytes > 0 else 1 << 30))
            if not piece:
                break
            self._flow.passed(len(piece))
            pieces.append(piece)
            size_bytes -= len(piece) if size_bytes > 0 else 0
        return b"".join(pieces)
