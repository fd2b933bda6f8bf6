"""A clock that somebody moves: with this folder on ``PYTHONPATH`` Python's wall clock is off by the seconds that stand in
the file ``ABT_CLOCK``, in this process and in all that it starts; they may change at any time. What is monotonic stays.
"""

from __future__ import annotations

import datetime as _datetime
import os
import time
from pathlib import Path
from typing import Any

_FILE = Path(os.environ["ABT_CLOCK"])
_time, _time_ns, _RealDatetime = time.time, time.time_ns, _datetime.datetime


def _off_s() -> float:
    return float(_FILE.read_text() or 0)


class _Kind(type):
    """What was made by the real class is one of this, too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _RealDatetime)


class _Moved(_datetime.datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> _datetime.datetime:  # type: ignore[override]
        return _RealDatetime.now(tz) + _datetime.timedelta(seconds=_off_s())

    @classmethod
    def utcnow(cls) -> _datetime.datetime:  # type: ignore[override]
        return _RealDatetime.now(_datetime.UTC).replace(tzinfo=None) + _datetime.timedelta(seconds=_off_s())


time.time = lambda: _time() + _off_s()
time.time_ns = lambda: _time_ns() + round(_off_s() * 1e9)
_datetime.datetime = _Moved  # type: ignore[misc]
