"""Leases, in real worker processes: typed keys, profiles through botocore's chains on moto's STS, renewal, secrecy."""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from artifact_browser import bootstrap
from artifact_browser.accounts.lease import CodeWanted, Lease, Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.accounts.sign_in import Profile, list_profiles
from artifact_browser.bootstrap import Services
from artifact_browser.errors import CredentialsExpired, CredentialsMissing
from artifact_browser.paths import in_home
from artifact_browser.storage.check import AccountCheck, check_account
from artifact_browser.storage.driver import ConditionalWrites, Support
from artifact_browser.workers.job import Lane
from tests.accounts.lease_jobs import take_lease
from tests.parts.process import wait_for
from tests.parts.s3_server import S3Server

TYPED = AccountRecord("typed", AccountKind.AWS, "Typed", key_source=KeySource.SESSION)
PROFILE = AccountRecord("profile", AccountKind.AWS, "Profile", key_source=KeySource.PROFILE, region="us-east-1")
SECRET = "sEcReT-" + "q7Zx" * 8


@pytest.fixture
def aws_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moto: S3Server) -> Path:
    """AWS files of our own, in the environment of workers started from here on; STS is moto's."""
    process = f"{shlex.quote(sys.executable)} {shlex.quote(str(tmp_path / 'keys.py'))}"
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    keys = {"Version": 1, "AccessKeyId": "AKPROC", "SecretAccessKey": "s-proc", "SessionToken": "t", "Expiration": end}
    (tmp_path / "keys.py").write_text(f"print({json.dumps(keys)!r})\n")
    (tmp_path / "config").write_text(
        f"[default]\nregion = us-east-1\n"
        f"[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = us-east-1\n"
        f"[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = us-east-1\n"
        f"mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        f"[profile process]\ncredential_process = {process}\n"
        f"[profile broken]\ncredential_process = {shlex.quote(sys.executable)} -c 'raise SystemExit(3)'\n"
        f"[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
        f"[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n"
    )
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKBASE\naws_secret_access_key = s-base\n")
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ENDPOINT_URL_STS": moto.endpoint,
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def services(short_folder: Path) -> Iterator[Services]:
    built = bootstrap.build(in_home(short_folder / "home"))
    yield built
    built.close()


def lend(services: Services, record: AccountRecord, secret: Secret | None = None) -> AccountRecord:
    services.broker.lend_draft(record, secret)
    return record


def lease(services: Services, record: AccountRecord, lane: Lane = Lane.INTERACTIVE, *, renew: bool = False) -> Lease:
    answer = services.pool.run(take_lease, record, renew, lane=lane, timeout_s=30)
    assert isinstance(answer, Lease)
    return answer


def test_typed_keys_reach_every_lane_and_nothing_else(services: Services, moto: S3Server) -> None:
    record = replace(TYPED, kind=AccountKind.S3, endpoint=moto.endpoint)
    services.book.add(record)
    kept: list[object] = []
    services.broker.keep(record.id, Secret("AKTYPED", SECRET), KeySource.SESSION, kept.append)
    wait_for(lambda: bool(kept), "the keys are kept")
    for lane in (Lane.INTERACTIVE, Lane.ENGINE):
        answer = lease(services, record, lane)
        assert (answer.access_key, answer.secret_key, answer.expires_at) == ("AKTYPED", SECRET, None)
        assert SECRET not in repr(answer)
    assert SECRET not in _written_below(services.paths.config.parent)
    assert SECRET not in _seen_from_outside(
        [os.getpid(), *services.pool.pids(Lane.INTERACTIVE), *services.pool.pids(Lane.ENGINE)]
    )


def _written_below(home: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in home.rglob("*") if file.is_file())


def _seen_from_outside(pids: list[int]) -> str:
    """What ``ps`` and other processes of the user can see of them."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc on this system: arguments and environment cannot be looked at")
    files = [Path(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ")]
    return "".join(file.read_bytes().decode("latin-1") for file in files)


def test_keys_of_an_earlier_run_are_missed_in_words(services: Services) -> None:
    services.book.add(TYPED)
    with pytest.raises(CredentialsMissing, match="earlier run"):
        lease(services, TYPED)


class LockedBackend(KeyringBackend):
    """A keychain that waits for somebody to unlock it."""

    priority = -1  # type: ignore[assignment]  # never found by itself

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.unlocked = threading.Event(), threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.set()
        assert self.unlocked.wait(60)
        return json.dumps({"access_key": "AKLATE", "secret_key": SECRET})

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nothing is written")


def test_a_keychain_that_waits_for_somebody_holds_up_its_own_account_only(services: Services) -> None:
    locked, before = LockedBackend(), keyring.get_keyring()
    keyring.set_keyring(locked)
    try:
        services.book.add(replace(TYPED, id="kept", key_source=KeySource.KEYCHAIN))
        kept = threading.Event()
        services.book.add(TYPED)
        services.broker.keep(TYPED.id, Secret("AKNOW", SECRET), KeySource.SESSION, lambda _error: kept.set())
        assert kept.wait(10)
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(lease, services, services.book.get("kept"), Lane.ENGINE)
            try:
                assert locked.asked.wait(20)
                assert lease(services, TYPED).access_key == "AKNOW"
                assert lease(services, TYPED, Lane.MOVER).access_key == "AKNOW"
            finally:
                locked.unlocked.set()
            assert waiting.result(20).access_key == "AKLATE"
    finally:
        keyring.set_keyring(before)


def test_new_keys_replace_the_lease_of_the_old_ones(services: Services) -> None:
    assert lease(services, lend(services, TYPED, Secret("OLD", "o"))).access_key == "OLD"
    assert lease(services, lend(services, TYPED, Secret("NEW", "n"))).access_key == "OLD"
    newer = lend(services, replace(TYPED, secret_revision=1), Secret("NEW", "n"))
    assert lease(services, newer).access_key == "NEW"


def test_profiles_are_named_without_reading_keys(services: Services, aws_home: Path) -> None:
    (aws_home / "credentials").chmod(0o600)
    found = services.pool.run(list_profiles, timeout_s=30)
    assert Profile("sso", sso=True) in found
    assert {"default", "role", "mfa", "process", "broken", "sso", "base"} == {one.name for one in found}


def test_role_over_a_source_profile_ends_and_is_renewed(services: Services, aws_home: Path) -> None:
    record = lend(services, replace(PROFILE, profile="role"))
    first = lease(services, record)
    assert first.token
    assert first.expires_at is not None
    assert 3000 < first.expires_at - time.time() <= 3700
    assert lease(services, record) == first
    assert lease(services, record, renew=True) == first  # just issued: another would be refused too
    wait_for(lambda: time.time() - first.issued_at > 2.1, "the lease is old enough to be renewed")
    renewed = lease(services, record, renew=True)
    assert (renewed.access_key, renewed.token) != (first.access_key, first.token)
    assert lease(services, record) == renewed


def test_many_jobs_of_other_processes_share_one_sign_in(services: Services, aws_home: Path) -> None:
    record = lend(services, replace(PROFILE, profile="role"))
    with ThreadPoolExecutor(8) as threads:
        leases = list(threads.map(lambda _: lease(services, record, Lane.ENGINE), range(8)))
    assert len({one.access_key for one in leases}) == 1
    assert lease(services, record).access_key == leases[0].access_key


def test_a_role_with_mfa_asks_for_the_code(services: Services, aws_home: Path) -> None:
    asked: list[CodeWanted] = []

    def type_code(question: CodeWanted, answer: object) -> None:
        asked.append(question)
        answer("123456")  # type: ignore[operator]

    services.broker.register(CodeWanted, type_code)
    assert lease(services, lend(services, replace(PROFILE, profile="mfa"))).token
    assert "mfa/me" in asked[0].prompt


def test_who_closes_the_dialog_for_the_code_is_asked_once(services: Services, aws_home: Path) -> None:
    asked: list[CodeWanted] = []

    def close(question: CodeWanted, answer: object) -> None:
        asked.append(question)
        answer(CredentialsMissing("Signing in was stopped."))  # type: ignore[operator]

    services.broker.register(CodeWanted, close)
    with pytest.raises(CredentialsMissing, match="stopped"):
        lease(services, lend(services, replace(PROFILE, profile="mfa")))
    assert len(asked) == 1


def test_a_credential_process_is_run(services: Services, aws_home: Path) -> None:
    answer = lease(services, lend(services, replace(PROFILE, profile="process")))
    assert (answer.access_key, answer.token) == ("AKPROC", "t")
    assert answer.expires_at is not None


def test_the_environment_is_the_default_chain(
    services: Services, aws_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s-env")
    assert lease(services, lend(services, PROFILE)).access_key == "AKENV"
    assert lease(services, lend(services, replace(PROFILE, id="other", profile="base"))).access_key == "AKBASE"


@pytest.mark.parametrize("profile", ["gone", "broken", ""])
def test_a_profile_that_gives_nothing_is_said(services: Services, aws_home: Path, profile: str) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        lease(services, lend(services, replace(PROFILE, profile=profile)))
    assert caught.value.subject == (profile or "default")


def test_a_single_sign_on_that_ended_says_sign_in_again(services: Services, aws_home: Path) -> None:
    with pytest.raises(CredentialsExpired) as caught:
        lease(services, lend(services, replace(PROFILE, profile="sso")))
    assert caught.value.todo == "Sign in again."


def test_the_test_button_answers_plainly(services: Services, moto: S3Server) -> None:
    record = replace(TYPED, id="draft-1", kind=AccountKind.S3, endpoint=moto.endpoint)
    lend(services, record, Secret(moto.access_key, moto.secret_key))
    found = services.pool.run(check_account, record, timeout_s=30)
    assert isinstance(found, AccountCheck)
    assert found.bucket_count is not None
    assert found.encrypted is False
    assert found.clock_ahead_s is not None
    assert abs(found.clock_ahead_s) < 5
    assert found.sentences()[0].startswith("Connected")
    assert "The connection is not encrypted." in found.sentences()


def test_what_a_check_says() -> None:
    denied = AccountCheck(None, encrypted=True, clock_ahead_s=-1200, writes=ConditionalWrites(Support.YES, Support.YES))
    assert denied.sentences() == [
        "Connected. This account cannot list buckets: open one by name.",
        "This computer\u2019s clock is 20 min ahead of the server\u2019s.",
        "Commits are safe when several people write.",
    ]
