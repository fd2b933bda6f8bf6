"""The log: private, rotating, and without secrets whatever is thrown at it."""

from __future__ import annotations

import io
import logging
import os
import string
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser import log
from artifact_browser.log import RedactingFormatter, RedactingStream, redact
from artifact_browser.paths import Paths, in_home

TOKEN = st.text(string.ascii_letters + string.digits + "/+=_-", min_size=8, max_size=60).map(lambda text: "Zq9" + text)
PLACES = (
    "https://b.s3.amazonaws.com/k?X-Amz-Credential={}&X-Amz-Date=20240101T000000Z",
    "GET /k?X-Amz-Signature={} HTTP/1.1",
    "https://h/k?a=1&X-Amz-Security-Token={}#x",
    "https://h/k?AWSAccessKeyId=AKIAXX&Signature={}&Expires=1",
    "https://h/k?x-amz-signature%3D{}",
    "https://blob/k?sv=2020&sig={}&se=1",
    "Authorization: AWS4-HMAC-SHA256 Credential={}/20240101/x, SignedHeaders=host, Signature=00",
    "authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host;x-amz-date, Signature={}",
    "{{'Authorization': 'AWS4-HMAC-SHA256 Credential=AKIA, Signature={}', 'Host': 'h'}}",
    "[(b'authorization', b'Bearer {}')]",
    "Proxy-Authorization: Basic {}",
    "sent Bearer {} to the server",
    "x-amz-security-token: {}",
    "{{'X-Amz-Security-Token': '{}'}}",
    "headers: X-Amz-Server-Side-Encryption-Customer-Key: {}",
    "Set-Cookie: session={}; HttpOnly",
    "aws_secret_access_key={}",
    "aws_secret_access_key = {}",
    'AWS_SECRET_ACCESS_KEY="{}"',
    'cut off in the middle: secret_key="{}',
    "-----BEGIN RSA PRIVATE KEY-----\n{}",
    "export AWS_SESSION_TOKEN={}",
    '{{"SecretAccessKey": "{}", "Expiration": "x"}}',
    '{{"SessionToken":"{}"}}',
    '{{\\"SecretAccessKey\\": \\"{}\\"}}',
    "<SecretAccessKey>{}</SecretAccessKey>",
    "<SessionToken>{}</SessionToken>",
    "Secret(access_key='{}', secret_key='x')",
    "Secret(access_key='x', secret_key='{}')",
    "Lease(token='{}')",
    "password: {}",
    "client_secret={}&grant_type=x",
    "refresh_token={}",
    "https://user:{}@host/path",
    "https://{}@host/path",
    "http://127.0.0.1:4711/eyJtIjoiR0VUIn0.{}0123456789abcdef/name.txt",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.{}",
)


@given(secret=TOKEN, place=st.sampled_from(PLACES), before=st.sampled_from(("", "x ", "{", "('", "\n")))
def test_a_planted_secret_never_survives(secret: str, place: str, before: str) -> None:
    if "://" in place and "@host" in place:
        secret = secret.replace("/", "x")  # a slash would end the authority part
    if "PRIVATE KEY" in place:
        secret = secret.replace("-", "x")
    if place.startswith("eyJ") or "127.0.0.1" in place:
        secret = "".join(letter for letter in secret if letter not in "/+=")
    assert secret not in redact(before + place.format(secret))


@given(secret=TOKEN, place=st.sampled_from(PLACES))
def test_nothing_secret_passes_the_log(secret: str, place: str) -> None:
    secret = "".join(letter for letter in secret if letter not in "/+=-")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    logger = logging.Logger("probe")
    logger.addHandler(handler)
    try:
        raise ValueError(place.format(secret))
    except ValueError:
        logger.exception("failed: %s", place.format(secret))
    assert "ValueError" in stream.getvalue()
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "listed 1000 keys of s3://bucket/some/prefix in 0.2 s",
        "https://host:9000/bucket/key?versionId=abc&partNumber=3",
        "http://127.0.0.1:9000/bucket/data.v1.csv",
        "the basic look of the window",
        "basic, dark and light",
        "user@example.org wrote artifact/manifest.yaml",
        "macro: on, monkey=banana, tokens per second: 12",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_redaction_is_quick_on_long_lines() -> None:
    for text in ("a" * 50_000, "a." * 25_000, "secret" * 10_000, "http://" + "a@" * 20_000, '"' * 20_000):
        began = time.monotonic()
        redact(text)
        assert time.monotonic() - began < 2


def test_a_workers_stderr_is_redacted() -> None:
    stream = io.StringIO()
    print("aws_secret_access_key =", "TOPSECRET", file=RedactingStream(stream))
    assert "TOPSECRET" not in stream.getvalue()
    assert "aws_secret_access_key" in stream.getvalue()


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return in_home(tmp_path).make()


def test_the_log_is_private_and_rotates(
    paths: Paths, root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 2000)
    file = log.start_log(paths, "window")
    for number in range(100):
        root_logger.info("line %d aws_secret_access_key=TOPSECRET", number)
    files = sorted(paths.log.iterdir())
    assert file in files
    assert len(files) == 1 + log.KEPT_FILES
    assert "line 99" in file.read_text()
    assert all(b"TOPSECRET" not in one.read_bytes() for one in files)
    if os.name == "posix":
        assert all(one.stat().st_mode & 0o777 == 0o600 for one in files)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_log_that_cannot_be_written_tells_no_secret_elsewhere(
    paths: Paths, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    (paths.log).mkdir(parents=True, exist_ok=True)
    (paths.log / "window.log").symlink_to("/dev/full")
    log.start_log(paths, "window")
    logging.getLogger("x").warning("secret_key=%s", "s3cr3tvalue")
    said = capsys.readouterr().err
    assert "No space left" in said
    assert "s3cr3tvalue" not in said


def test_starting_the_log_again_moves_it(paths: Paths, root_logger: logging.Logger) -> None:
    log.start_log(paths, "first")
    second = log.start_log(paths, "second")
    root_logger.info("once")
    assert second.read_text().count("once") == 1
    assert not (paths.log / "first.log").exists()
