"""Stores that lie, and connections that break at the worst moment: nothing wrong is written, given or kept. Both ways."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from artifact_browser import errors
from artifact_browser.accounts.record import Addressing
from artifact_browser.storage.driver import Condition, Support, WriteOptions
from artifact_browser.storage.drivers.s3 import retries
from artifact_browser.storage.drivers.s3.connections import ConnectionPool
from artifact_browser.storage.drivers.s3.endpoint import parse_endpoint
from artifact_browser.workers.cancel import CancelToken
from tests.storage.s3.scripted import Asked, Reply, error, opened, serving

BOTH = pytest.mark.parametrize("compatibility", [False, True], ids=["own", "boto3"])
TOLD = {"ETag": '"e"', "Last-Modified": "Sat, 21 Nov 2026 04:00:00 GMT"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_PAUSE_S", 0.001)


@BOTH
def test_more_bytes_than_asked_for_are_not_given(tmp_path: Path, compatibility: bool) -> None:
    """A part of a download is written at its place: more would run over into the next part."""
    answer = Reply(206, b"0123456789", {**TOLD, "Content-Range": "bytes 0-9/100"})
    with (
        serving(lambda _asked, _number: answer) as server,
        opened(server.url, tmp_path, compatibility=compatibility).get("b", "k", length=4) as reader,
    ):
        assert reader.read() == b"0123"


@BOTH
@pytest.mark.parametrize("told", ["bytes 0-3/100", "", "rubbish"])
def test_another_part_than_the_one_asked_for_is_refused(tmp_path: Path, told: str, compatibility: bool) -> None:
    answer = Reply(206, b"0123", {**TOLD, **({"Content-Range": told} if told else {})})
    with serving(lambda _asked, _number: answer) as server:
        blobs = opened(server.url, tmp_path, compatibility=compatibility)
        with pytest.raises(errors.UnexpectedAnswer), blobs.get("b", "k", start=50, length=4) as reader:
            reader.read()


@BOTH
def test_the_whole_blob_is_not_taken_for_a_later_part(tmp_path: Path, compatibility: bool) -> None:
    with serving(lambda _asked, _number: Reply(200, b"0123456789", TOLD)) as server:
        blobs = opened(server.url, tmp_path, compatibility=compatibility)
        with pytest.raises(errors.NotSupported), blobs.get("b", "k", start=5, length=4) as reader:
            reader.read()


def test_a_part_that_was_read_to_its_end_keeps_its_connection(tmp_path: Path) -> None:
    ports: set[str] = set()

    def script(asked: Asked, _number: int) -> Reply:
        ports.add(threading.current_thread().name)  # the scripted server has a thread for each connection
        return Reply(206, b"0123", {**TOLD, "Content-Range": "bytes 4-7/100"})

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        for _ in range(3):
            with driver.get("b", "k", start=4, length=4) as reader:
                assert reader.readinto(memoryview(bytearray(4))) == 4
    assert len(ports) == 1


@BOTH
def test_a_store_that_received_other_bytes_is_found_out(tmp_path: Path, compatibility: bool) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        return Reply(200, headers={"ETag": '"e"', "x-amz-checksum-crc32c": "AAAAAA=="})

    with serving(script) as server, pytest.raises(errors.ChecksumMismatch):
        opened(server.url, tmp_path, compatibility=compatibility).put("b", "k", b"123456789")


@BOTH
def test_a_connection_that_cannot_be_made_safe_is_certainly_no_write(tmp_path: Path, compatibility: bool) -> None:
    with serving(lambda _asked, _number: Reply(200)) as server:  # speaks plain HTTP
        driver = opened(server.url.replace("http:", "https:"), tmp_path, compatibility=compatibility)
        driver._access.account.remembered.learn(conditional_create=Support.YES, checksum=Support.NO)
        with pytest.raises(errors.ConnectionFailed):
            driver.put("b", "k", b"body", condition=Condition(if_absent=True))


@BOTH
@pytest.mark.parametrize("message", ["InvalidArgument", "InvalidRequest"])
def test_a_lost_conditional_write_is_not_sent_again_for_its_words(
    tmp_path: Path, message: str, compatibility: bool
) -> None:
    body = f"<Error><Code>UnknownError</Code><Message>{message}</Message></Error>".encode()
    with serving(lambda _asked, _number: Reply(500, body, {"Content-Type": "application/xml"})) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        driver._access.account.remembered.learn(conditional_create=Support.YES)
        with pytest.raises(errors.OutcomeUnknown):
            driver.put("b", "k", b"x", condition=Condition(if_absent=True))
        assert len(server.asked) == 1


def test_a_list_of_parts_that_stops_in_the_middle_is_not_taken_for_whole(tmp_path: Path) -> None:
    body = b"<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>0</NextPartNumberMarker></ListPartsResult>"
    with serving(lambda _asked, _number: Reply(200, body, {"Content-Type": "application/xml"})) as server:
        with pytest.raises(errors.UnexpectedAnswer):
            opened(server.url, tmp_path).list_parts("b", "k", "upload")
        assert len(server.asked) == 1


def test_a_list_of_uploads_that_goes_in_a_circle_is_stopped(tmp_path: Path) -> None:
    def script(_asked: Asked, number: int) -> Reply:
        body = (
            "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
            f"<NextKeyMarker>{number % 2}</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
            "</ListMultipartUploadsResult>"
        )
        return Reply(200, body.encode(), {"Content-Type": "application/xml"})

    with serving(script) as server:
        with pytest.raises(errors.UnexpectedAnswer):
            opened(server.url, tmp_path).list_uploads("b")
        assert len(server.asked) < 10


@BOTH
@pytest.mark.parametrize("content_type", ["text/plain\r\n x-amz-acl: public-read", "text/\u2603", "a\0b"])
def test_a_type_that_is_no_header_is_refused_before_anything_is_sent(
    tmp_path: Path, content_type: str, compatibility: bool
) -> None:
    with serving(lambda _asked, _number: Reply(200, headers={"ETag": '"e"'})) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        with pytest.raises(errors.InputError):
            driver.put("b", "k", b"x", WriteOptions(content_type=content_type))
        assert server.asked == []


@pytest.mark.parametrize("bucket", ["evil.example#", "evil.example?", "user@evil.example", "a b", "evil:80"])
def test_a_buckets_name_never_becomes_another_host(bucket: str) -> None:
    place = parse_endpoint("http://store.example", Addressing.VIRTUAL).place(bucket, "k")
    assert place.host == "store.example"
    assert place.url.startswith("http://store.example/")


def test_a_connection_is_only_used_for_the_host_it_was_made_to() -> None:
    with serving(lambda _asked, _number: Reply(200)) as server:
        place = parse_endpoint(server.url, Addressing.PATH).place("b")
        other = parse_endpoint(server.url.replace("localhost", "127.0.0.1"), Addressing.PATH).place("b")
        pool = ConnectionPool("")
        made = pool.take(place, CancelToken())
        pool.give_back(made)
        elsewhere = pool.take(other, CancelToken())
        assert elsewhere is not made
        elsewhere.close()
        assert pool.take(place, CancelToken()) is made
        pool.give_back(made)
        pool.close()


def _honest(asked: Asked, blobs: dict[str, str], allowed: str) -> Reply:
    """A store that honours create-only, for keys below ``allowed``; deleting is not allowed."""
    path = asked.path.partition("?")[0]
    if asked.method == "DELETE" or not path.startswith(f"/b/{allowed}"):
        return error("AccessDenied", 403)
    if asked.method != "PUT" or "x-amz-copy-source" in asked.headers:
        return error("NotImplemented", 501)
    if path in blobs and (asked.headers.get("if-none-match") or asked.headers.get("if-match", "").strip('"')):
        held = blobs[path]
        if asked.headers.get("if-none-match") or asked.headers["if-match"].strip('"') != held:
            return error("PreconditionFailed", 412)
    blobs[path] = f"e{len(blobs)}"
    return Reply(200, headers={"ETag": f'"{blobs[path]}"'})


def test_rights_to_one_folder_are_enough_to_write_safely_there(tmp_path: Path) -> None:
    """Keys that may write below one prefix only, and delete nothing, as a drop box gives them."""
    blobs: dict[str, str] = {}
    with serving(lambda asked, _number: _honest(asked, blobs, "in/")) as server:
        driver = opened(server.url, tmp_path)
        driver.put("b", "in/file", b"x", condition=Condition(if_absent=True))
        assert driver.capabilities.conditional_create is Support.YES
        assert driver.capabilities.conditional_delete is Support.UNKNOWN  # not allowed says nothing about the store
        with pytest.raises(errors.PreconditionFailed):
            driver.put("b", "in/file", b"y", condition=Condition(if_absent=True))


def test_a_store_that_may_not_be_asked_is_asked_once(tmp_path: Path) -> None:
    with serving(lambda asked, _number: _honest(asked, {}, "nowhere/")) as server:
        for _ in range(3):
            driver = opened(server.url, tmp_path)
            with pytest.raises(errors.NotSupported):
                driver.put("b", "in/file", b"x", condition=Condition(if_absent=True))
        assert sum(asked.method == "PUT" for asked in server.asked) == 2  # at the top, and beside the blob
