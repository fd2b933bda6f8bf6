"""What goes wrong between a client and a store, and what a person gets to hear of it. Both ways: own core, boto3."""

from __future__ import annotations

import threading
import time
import urllib.parse
from email.utils import formatdate
from pathlib import Path

import pytest

from artifact_browser import errors
from artifact_browser.storage.driver import Condition, FileSlice, LinkOptions, Support
from artifact_browser.storage.drivers.s3 import list_course, retries
from artifact_browser.workers.cancel import CancelToken
from tests.storage.s3.scripted import Asked, Leases, Reply, Script, error, opened, serving

BLOB = Reply(200, b"0123456789", {"ETag": '"e"', "Last-Modified": "Sat, 21 Nov 2026 04:00:00 GMT"})
PAGE, HTML = b"<!doctype html><html><body>hello", {"Content-Type": "text/html"}
BOTH = pytest.mark.parametrize("compatibility", [False, True], ids=["own", "boto3"])


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_PAUSE_S", 0.001)


def first(*replies: Reply, then: Reply = BLOB) -> Script:
    return lambda _asked, number: replies[number] if number < len(replies) else then


def page(names: list[str], *, token: str = "", encoding: bool = True) -> Reply:
    rows = "".join(
        f"<Contents><Key>{name}</Key><Size>1</Size><LastModified>2026-11-21T04:00:00.000Z</LastModified></Contents>"
        for name in names
    )
    kind = "<EncodingType>url</EncodingType>" if encoding else ""
    more = f"<IsTruncated>true</IsTruncated>{token and f'<NextContinuationToken>{token}</NextContinuationToken>'}"
    body = f"<ListBucketResult>{kind}{rows}{more if token is not None and token != 'end' else ''}</ListBucketResult>"
    return Reply(200, body.encode(), {"Content-Type": "application/xml"})


@BOTH
@pytest.mark.parametrize(
    "bad",
    [
        error("InternalError", 500),
        error("SlowDown", 503),
        Reply(drop=True),
        error("RequestTimeout", 400),
        Reply(408, b"<html><body>408 Request Time-out</body></html>", HTML),
        error("IncompleteBody", 400),
        Reply(500, PAGE, HTML),
        Reply(502, PAGE, HTML),
    ],
    ids=["500", "throttled", "dropped", "slow", "a proxy waits no longer", "incomplete", "a page", "a proxy's page"],
)
def test_a_passing_fault_is_not_seen(tmp_path: Path, bad: Reply, compatibility: bool) -> None:
    with serving(first(bad, bad)) as server:
        with opened(server.url, tmp_path, compatibility=compatibility).get("b", "k") as reader:
            assert reader.read() == BLOB.body
        assert len(server.asked) >= 3


@BOTH
def test_a_lasting_fault_ends_after_four_attempts(tmp_path: Path, compatibility: bool) -> None:
    with serving(first(then=error("InternalError", 500))) as server:
        with pytest.raises(errors.ServerFault) as caught:
            opened(server.url, tmp_path, compatibility=compatibility).get("b", "k").__enter__()
        assert len(server.asked) == 4
        assert "InternalError" in caught.value.technical


@BOTH
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error("AccessDenied", 403), errors.AccessDenied),
        (error("NoSuchBucket", 404), errors.BucketNotFound),
        (error("NoSuchKey", 404), errors.BlobNotFound),
        (error("InvalidAccessKeyId", 403), errors.WrongCredentials),
        (error("SignatureDoesNotMatch", 403), errors.WrongCredentials),
        (error("InvalidObjectState", 403), errors.BlobArchived),
        (error("PreconditionFailed", 412), errors.PreconditionFailed),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_refusal_has_its_own_error(tmp_path: Path, reply: Reply, kind: type[Exception], compatibility: bool) -> None:
    with serving(first(then=reply)) as server:
        with pytest.raises(kind) as caught:
            opened(server.url, tmp_path, compatibility=compatibility).get("b", "k").__enter__()
        assert isinstance(caught.value, errors.ArtifactBrowserError)
        assert caught.value.subject == "b/k"
        assert len(server.asked) == 1


@BOTH
def test_expired_credentials_are_renewed_once(tmp_path: Path, compatibility: bool) -> None:
    leases = Leases()
    with serving(first(error("ExpiredToken", 400))) as server:
        driver = opened(server.url, tmp_path, leases=leases, compatibility=compatibility)
        with driver.get("b", "k") as reader:
            assert reader.read() == BLOB.body
        assert leases.renewed == [False, True]
        assert "Credential=KEY1/" in server.asked[0].headers["authorization"]
        assert "Credential=KEY2/" in server.asked[1].headers["authorization"]
    with serving(first(then=error("ExpiredToken", 400))) as server, pytest.raises(errors.CredentialsExpired):
        opened(server.url, tmp_path, compatibility=compatibility).get("b", "k").__enter__()


@BOTH
def test_a_bare_400_to_head_is_looked_into(tmp_path: Path, compatibility: bool) -> None:
    """An expired token answers HEAD with nothing but 400."""

    def script(asked: Asked, _number: int) -> Reply:
        fresh = "Credential=KEY2/" in asked.headers["authorization"]
        return BLOB if fresh else error("ExpiredToken", 400)

    with serving(script) as server:
        assert opened(server.url, tmp_path, compatibility=compatibility).head("b", "k").etag == "e"


@BOTH
def test_a_short_body_is_an_error_not_a_short_file(tmp_path: Path, compatibility: bool) -> None:
    short = Reply(200, b"x" * 5000, BLOB.headers, short=7)
    with (
        serving(first(then=short)) as server,
        pytest.raises(errors.NetworkError),
        opened(server.url, tmp_path, compatibility=compatibility).get("b", "k") as reader,
    ):
        reader.read()


@BOTH
def test_a_web_page_is_told(tmp_path: Path, compatibility: bool) -> None:
    html = Reply(200, PAGE, HTML)
    with serving(first(then=html)) as server, pytest.raises(errors.UnexpectedAnswer) as caught:
        list(opened(server.url, tmp_path, compatibility=compatibility).list_pages("b"))
    assert "endpoint" in caught.value.todo


@BOTH
def test_the_right_region_is_found_and_kept(tmp_path: Path, compatibility: bool) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        if "/eu-north-1/s3/" in asked.headers["authorization"]:
            return BLOB
        return error(
            "AuthorizationHeaderMalformed", 400, "<Region>eu-north-1</Region>", x_amz_bucket_region="eu-north-1"
        )

    with serving(script) as server:
        for _ in range(2):
            with opened(server.url, tmp_path, compatibility=compatibility).get("b", "k") as reader:
                assert reader.read() == BLOB.body
        assert len(server.asked) in {3, 4}


@BOTH
def test_a_clock_too_far_off_is_adjusted_once(tmp_path: Path, compatibility: bool) -> None:
    ahead = time.time() + 7200

    def script(asked: Asked, _number: int) -> Reply:
        stamp = time.strftime("%Y%m%dT%H", time.gmtime(ahead))
        if asked.headers["x-amz-date"].startswith(stamp):
            return BLOB
        return error("RequestTimeTooSkewed", 403, Date=formatdate(ahead, usegmt=True))

    with serving(script) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        with driver.get("b", "k") as reader:
            assert reader.read() == BLOB.body
    with serving(first(then=error("RequestTimeTooSkewed", 403))) as server, pytest.raises(errors.ClockSkew):
        opened(server.url, tmp_path, compatibility=compatibility).get("b", "k").__enter__()


@BOTH
@pytest.mark.parametrize(
    "lost",
    [
        Reply(drop=True),
        error("UnknownError", 500),
        error("ConditionalRequestConflict", 409),
        error("SlowDownWrite", 503),
        Reply(503),
    ],
)
def test_a_conditional_write_is_sent_once(tmp_path: Path, lost: Reply, compatibility: bool) -> None:
    with serving(first(then=lost)) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        driver._access.account.remembered.learn(conditional_create=Support.YES, checksum=Support.NO)
        with pytest.raises(errors.OutcomeUnknown):
            driver.put("b", "k", b"x", condition=Condition(if_absent=True))
        assert len(server.asked) == 1
        assert server.asked[0].headers["if-none-match"] == "*"


@BOTH
@pytest.mark.parametrize("asks", [error("SlowDown", 503), Reply(429)], ids=["SlowDown", "429"])
def test_a_conditional_write_is_sent_again_where_the_store_has_not_begun_with_it(
    tmp_path: Path, asks: Reply, compatibility: bool
) -> None:
    with serving(first(asks, asks, then=Reply(200, headers={"ETag": '"e"'}))) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        driver._access.account.remembered.learn(conditional_create=Support.YES, checksum=Support.NO)
        assert driver.put("b", "k", b"x", condition=Condition(if_absent=True)).etag == "e"
        assert [asked.headers.get("if-none-match") for asked in server.asked] == ["*"] * 3


@BOTH
def test_a_store_that_ignores_conditions_gets_none(tmp_path: Path, compatibility: bool) -> None:
    with serving(first(then=Reply(200, headers={"ETag": '"e"'}))) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        driver._access.account.remembered.learn(conditional_create=Support.NO)
        with pytest.raises(errors.NotSupported):
            driver.put("b", "k", b"x", condition=Condition(if_absent=True))
        assert server.asked == []


@BOTH
@pytest.mark.parametrize(
    "script",
    [
        lambda _asked, _number: page(["a"], token=""),
        lambda _asked, _number: page(["a"], token="same"),
        lambda _asked, number: page([f"{number:03}"], token=f"t{number % 3}"),
        lambda _asked, number: page(["a", "b"], token=f"t{number}"),
        lambda _asked, _number: page([], token=""),
        lambda _asked, number: page([], token=f"t{number}"),
    ],
    ids=["no token", "one token", "tokens in a circle", "the same keys", "nothing", "nothing, with tokens"],
)
def test_a_listing_that_would_never_end_is_stopped_and_says_so(
    tmp_path: Path, script: Script, compatibility: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_course, "MOST_IDLE_PAGES", 5)
    with serving(script) as server, pytest.raises(errors.UnexpectedAnswer, match="would never end"):
        list(opened(server.url, tmp_path, compatibility=compatibility).list_pages("b", delimiter=""))
    assert len(server.asked) <= 7


@BOTH
def test_a_store_that_gives_no_token_is_asked_for_what_comes_behind(tmp_path: Path, compatibility: bool) -> None:
    """Keys and folders: the whole listing, each folder once, and no page twice."""
    rows = ["a", "d/", "e", "f/", "g"]

    def script(asked: Asked, _number: int) -> Reply:
        after = dict(urllib.parse.parse_qsl(asked.path.partition("?")[2])).get("start-after", "")
        left = [row for row in rows if row > after and not after.startswith(row)]
        body = "".join(
            f"<CommonPrefixes><Prefix>{row}</Prefix></CommonPrefixes>"
            if row.endswith("/")
            else f"<Contents><Key>{row}</Key><Size>1</Size><LastModified>2026-11-21T04:00:00.000Z</LastModified></Contents>"
            for row in left[:2]
        )
        more = str(len(left) > 2).lower()
        return Reply(200, f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{body}</ListBucketResult>".encode())

    with serving(script) as server:
        pages = list(opened(server.url, tmp_path, compatibility=compatibility).list_pages("b"))
    assert [row for page in pages for row in sorted([*page.keys, *page.prefixes])] == rows
    assert [page.next_token is None for page in pages] == [False, False, True]
    assert len(server.asked) == 3


@BOTH
def test_a_folder_told_once_a_page_is_no_circle(tmp_path: Path, compatibility: bool) -> None:
    def script(_asked: Asked, number: int) -> Reply:
        more = (
            f"<IsTruncated>true</IsTruncated><NextContinuationToken>{number}</NextContinuationToken>"
            if number < 8
            else ""
        )
        body = f"<ListBucketResult><CommonPrefixes><Prefix>deep/</Prefix></CommonPrefixes>{more}</ListBucketResult>"
        return Reply(200, body.encode())

    with serving(script) as server:
        assert len(list(opened(server.url, tmp_path, compatibility=compatibility).list_pages("b"))) == 9


@BOTH
@pytest.mark.parametrize(("truth", "settled"), [("a+b", Support.YES), ("a b", Support.NO)])
def test_a_raw_plus_is_settled_by_asking(tmp_path: Path, truth: str, settled: Support, compatibility: bool) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        if "prefix=a%2Bb" in asked.path:
            return page(["a+b"] if truth == "a+b" else [], token="end")
        if "prefix=a%20b" in asked.path or "prefix=a+b" in asked.path:
            return page(["a+b"] if truth == "a b" else [], token="end")
        return page(["a+b", "c"], token="end")

    with serving(script) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        (listed,) = driver.list_pages("b", delimiter="")
        assert list(listed.keys) == [truth, "c"]
        before = len(server.asked)
        (again,) = opened(server.url, tmp_path, compatibility=compatibility).list_pages("b", delimiter="")
        assert list(again.keys) == [truth, "c"]
        assert len(server.asked) == before + 1
        assert driver._access.account.remembered.facts().raw_plus is settled


@pytest.mark.parametrize(
    "hostile",
    [
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><ListBucketResult><Name>&e;</Name></ListBucketResult>",
        b"<ListBucketResult>" + b"<a>" * 50,
        b"<ListBucketResult><Contents><Key>k</Key><Size>many</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><Key>k</Key><Size>" + b"9" * 30 + b"</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents>",
        b"<?xml version='1.0' encoding='no-such'?><ListBucketResult><Name>b</Name></ListBucketResult>",
    ],
)
def test_a_hostile_listing_is_refused(tmp_path: Path, hostile: bytes) -> None:
    with serving(first(then=Reply(200, hostile))) as server, pytest.raises(errors.UnexpectedAnswer):
        list(opened(server.url, tmp_path).list_pages("b"))


@BOTH
@pytest.mark.parametrize("operation", ["get", "list", "buckets", "put"])
def test_a_cancel_ends_a_hanging_call(tmp_path: Path, operation: str, compatibility: bool) -> None:
    hanging, release = threading.Event(), threading.Event()

    def script(_asked: Asked, _number: int) -> Reply:
        hanging.set()
        release.wait(10)
        return Reply(drop=True)

    cancel = CancelToken()
    with serving(script) as server:
        driver = opened(server.url, tmp_path, cancel=cancel, compatibility=compatibility)
        calls = {
            "get": lambda: driver.get("b", "k").__enter__(),
            "list": lambda: list(driver.list_pages("b")),
            "buckets": driver.list_buckets,
            "put": lambda: driver.put("b", "k", b"x" * 100),
        }
        outcome: list[tuple[BaseException, float]] = []

        def run() -> None:
            try:
                calls[operation]()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
                outcome.append((error, time.monotonic()))

        thread = threading.Thread(target=run)
        thread.start()
        assert hanging.wait(10)
        began = time.monotonic()
        cancel.cancel()
        thread.join(5)
        release.set()
    assert isinstance(outcome[0][0], errors.JobCancelled)
    assert outcome[0][1] - began < 0.2


@BOTH
@pytest.mark.parametrize("refusal", ["XAmzContentSHA256Mismatch", "InvalidRequest", "NotImplemented"])
def test_a_checksum_the_store_does_not_know_is_left_out(tmp_path: Path, refusal: str, compatibility: bool) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        if "x-amz-checksum-crc32c" in asked.headers:
            return error(refusal, 501 if refusal == "NotImplemented" else 400)
        return Reply(200, headers={"ETag": '"e"'})

    with serving(script) as server:
        for key in ("one", "two"):
            written = opened(server.url, tmp_path, compatibility=compatibility).put("b", key, b"x")
            assert (written.etag, written.verified) == ("e", "")
        assert len(server.asked) == 3


@BOTH
def test_a_checked_checksum_is_said(tmp_path: Path, compatibility: bool) -> None:
    def script(asked: Asked, _number: int) -> Reply:
        assert asked.body == b"123456789"
        sent = asked.headers["x-amz-checksum-crc32c"]
        return Reply(200, headers={"ETag": '"e"', "x-amz-checksum-crc32c": sent})

    with serving(script) as server:
        driver = opened(server.url, tmp_path, compatibility=compatibility)
        assert driver.put("b", "k", b"123456789").verified == "crc32c"
        assert server.asked[0].headers["x-amz-checksum-crc32c"] == "4waSgw=="  # the check value of CRC-32C
        assert driver.capabilities.checksums == ("CRC32C",)


@pytest.mark.parametrize(
    ("proven", "takes", "asked_for"),
    [
        (Support.YES, 2, ["FULL_OBJECT"]),
        (Support.YES, 1, ["FULL_OBJECT", ""]),
        (Support.YES, 0, ["FULL_OBJECT", "", None]),
        (Support.UNKNOWN, 2, [""]),
        (Support.NO, 0, ["", None]),
    ],
)
def test_an_upload_is_begun_with_the_best_checksum_the_store_takes(
    tmp_path: Path, proven: Support, takes: int, asked_for: list[str | None]
) -> None:
    """``takes``: 2 of the whole, 1 of the parts, 0 none."""

    def script(asked: Asked, _number: int) -> Reply:
        algorithm, kind = (asked.headers.get(f"x-amz-checksum-{name}", "") for name in ("algorithm", "type"))
        if takes < bool(algorithm) + bool(kind):
            return error("InvalidRequest", 400)
        body = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        return Reply(200, body, {"x-amz-checksum-algorithm": algorithm} if algorithm else {})

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        driver._access.account.remembered.learn(named_checksum=proven)
        assert driver.create_upload("b", "k") == "u"
        kinds = [
            asked.headers.get("x-amz-checksum-type", "") if "x-amz-checksum-algorithm" in asked.headers else None
            for asked in server.asked
        ]
        assert kinds == asked_for
        assert driver.capabilities.checksums == (("CRC32C",) if takes else ())


def test_the_stored_checksum_is_asked_for_but_not_of_a_range(tmp_path: Path) -> None:
    """AWS tells it to nobody else; the checksum of the whole would not be the range's."""

    def script(asked: Asked, _number: int) -> Reply:
        told = {"x-amz-checksum-crc32c": "4waSgw=="} if asked.headers.get("x-amz-checksum-mode") == "ENABLED" else {}
        if "range" in asked.headers:
            return Reply(206, b"12", {"ETag": '"e"', "Content-Range": "bytes 0-1/9", **told})
        return Reply(200, b"123456789", {"ETag": '"e"', **told})

    with serving(script) as server:
        driver = opened(server.url, tmp_path)
        assert driver.head("b", "k").checksums == {"CRC32C": "4waSgw=="}
        with driver.get("b", "k") as reader:
            assert reader.info.checksums == {"CRC32C": "4waSgw=="}
        with driver.get("b", "k", length=2) as reader:
            assert reader.info.checksums == {}


@pytest.mark.parametrize(
    ("etag", "kind", "counts"),
    [("e", "", True), ("e-3", "", False), ("e-3", "COMPOSITE", False), ("e-3", "FULL_OBJECT", True)],
)
def test_a_checksum_of_checksums_is_not_the_blobs(tmp_path: Path, etag: str, kind: str, counts: bool) -> None:
    said = {"ETag": f'"{etag}"', "x-amz-checksum-crc32c": "4waSgw=="} | ({"x-amz-checksum-type": kind} if kind else {})
    with (
        serving(lambda _asked, _number: Reply(200, b"123456789", said)) as server,
        opened(server.url, tmp_path).get("b", "k") as reader,
    ):
        assert bool(reader.info.checksums) is counts


@BOTH
def test_a_file_that_changes_while_it_is_sent_fails(tmp_path: Path, compatibility: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")

    def script(_asked: Asked, _number: int) -> Reply:
        file.write_bytes(b"after!!")
        return Reply(200, headers={"ETag": '"e"'})

    with serving(script) as server, pytest.raises(errors.SourceChanged):
        opened(server.url, tmp_path, compatibility=compatibility).put("b", "k", FileSlice(file, 0, 6))


def test_a_file_that_changes_between_its_checksum_and_its_bytes_is_no_mismatch(tmp_path: Path) -> None:
    """The store refuses such bytes; what a person hears is why."""
    file = tmp_path / "file"
    file.write_bytes(bytes(400_000))

    def script(_asked: Asked, _number: int) -> Reply:
        file.write_bytes(bytes(400_001))
        return error("BadDigest", 400)

    with serving(script) as server, pytest.raises(errors.SourceChanged):
        opened(server.url, tmp_path).put("b", "k", FileSlice(file, 0, 400_000))


def test_a_link_ends_with_the_credentials(tmp_path: Path) -> None:
    from artifact_browser.accounts.lease import Lease

    ends = time.time() + 600
    driver = opened("https://store.example/base", tmp_path, leases=lambda renew: Lease("a", "s", "t", ends),
                    public_endpoint="https://public.example:8443/shop")  # fmt: skip
    (link,) = driver.presign("b", ["a//b+%2F"], LinkOptions(expires_in_s=3600))
    assert link.limited_by == "credentials"
    assert abs(link.expires_at - ends) < 2
    assert link.url.startswith("https://public.example:8443/shop/b/a//b%2B%252F?")


def test_anonymous_requests_are_not_signed(tmp_path: Path) -> None:
    with serving(first()) as server:
        driver = opened(server.url, tmp_path, leases=lambda renew: None)
        assert driver.head("b", "k").size_bytes == 10
        assert "authorization" not in server.asked[0].headers
        assert driver.presign("b", ["k"], LinkOptions())[0].url == f"{server.url}/b/k"
        with pytest.raises(errors.CredentialsMissing):
            driver.presign("b", ["k"], LinkOptions(method="PUT"))
