"""Small files that take turns in one thread: they are under way together, however far the store is, and each is whole."""

from __future__ import annotations

import ssl
import threading
from functools import partial
from pathlib import Path

import pytest

from artifact_browser import errors
from artifact_browser.storage.driver import FileSlice
from artifact_browser.storage.drivers.s3.driver import S3Driver
from artifact_browser.workers.turns import taking_turns
from tests.storage.s3.scripted import Asked, Reply, error, opened, serving

AT_ONCE = 4
BODY = bytes(range(256)) * 1200  # more than leaves with its head, or comes with one


class Together:
    """Answers when so many have asked: who sends one behind the other never gets an answer."""

    def __init__(self) -> None:
        self._all = threading.Barrier(AT_ONCE, timeout=20)

    def __call__(self, asked: Asked, _number: int) -> Reply:
        self._all.wait()
        return Reply(200, b"" if asked.method == "PUT" else BODY, {"ETag": '"e"'})


def read(driver: S3Driver, key: str) -> bytes:
    with driver.get("b", key) as reader:
        return reader.read()


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
def test_they_are_under_way_together(tmp_path: Path, authority: Path, tls: ssl.SSLContext, over_tls: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(BODY)
    with serving(Together(), tls if over_tls else None) as server:
        driver = opened(server.url, tmp_path, ca_file=str(authority) if over_tls else "")
        calls = [partial(read, driver, f"{number}") for number in range(2 * AT_ONCE)]
        assert sorted(taking_turns(calls, AT_ONCE)) == [(number, BODY) for number in range(2 * AT_ONCE)]
        server.asked.clear()
        whole = FileSlice(file, 0, len(BODY))
        puts = [partial(driver.put, "b", f"{number}", whole) for number in range(2 * AT_ONCE)]
        ended = list(taking_turns(puts, AT_ONCE))
        assert [one for _, one in ended if isinstance(one, BaseException)] == []
        assert [asked.body == BODY for asked in server.asked] == [True] * (2 * AT_ONCE)


def test_what_is_refused_once_is_tried_again(tmp_path: Path) -> None:
    def script(asked: Asked, number: int) -> Reply:
        return error("SlowDown", 503) if number == 0 else Reply(200, asked.path.encode(), {"ETag": '"e"'})

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        ended = dict(taking_turns([partial(read, driver, f"{number}") for number in range(6)], 2))
    assert ended == {number: f"/b/{number}".encode() for number in range(6)}


def test_one_that_is_cut_short_is_told_of_and_the_others_are_whole(tmp_path: Path) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        return Reply(200, BODY, {"ETag": '"e"'}, short=10 if asked.path.endswith("/1") else 0)

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        ended = dict(taking_turns([partial(read, driver, f"{number}") for number in range(4)], 4))
    assert isinstance(ended.pop(1), errors.NetworkError)
    assert ended == {0: BODY, 2: BODY, 3: BODY}
