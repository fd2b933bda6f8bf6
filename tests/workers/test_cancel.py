"""The stop sign itself."""

from __future__ import annotations

import threading

import pytest

from artifact_browser.errors import JobCancelled
from artifact_browser.workers.cancel import CancelToken


def test_cancel_wakes_everything_even_when_one_closer_fails() -> None:
    token, woken = CancelToken(), threading.Event()

    def fail() -> None:
        raise ValueError("a faulty closer")

    with token.closing(fail), token.closing(woken.set):
        token.cancel()
        token.cancel()
    assert woken.is_set()
    with pytest.raises(JobCancelled):
        token.raise_if_cancelled()
    with pytest.raises(JobCancelled):
        token.wait(60)


def test_nothing_new_blocks_after_a_cancel() -> None:
    token, entered = CancelToken(), []
    token.cancel()
    with pytest.raises(JobCancelled), token.closing(lambda: None):
        entered.append(1)
    assert not entered


def test_what_has_left_is_not_closed() -> None:
    token, closed = CancelToken(), []
    with token.closing(lambda: closed.append(1)):
        pass
    token.cancel()
    assert not closed
