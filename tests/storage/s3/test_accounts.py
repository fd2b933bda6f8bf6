"""What a process keeps of accounts: the ones used last, however often somebody edits or tests one."""

from __future__ import annotations

from pathlib import Path

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.account import MOST_ACCOUNTS, account_of
from artifact_browser.workers.cancel import CancelToken
from tests.storage.s3.scripted import Reply, serving


def record(number: int, endpoint: str = "https://store.example") -> AccountRecord:
    return AccountRecord(f"a{number}", AccountKind.S3, "Any", endpoint=endpoint)


def test_the_accounts_used_last_are_kept_and_a_change_of_looks_is_no_other(tmp_path: Path) -> None:
    paths = in_home(tmp_path).make()
    first, second = account_of(record(0), paths), account_of(record(1), paths)
    for number in range(2, MOST_ACCOUNTS):
        account_of(record(number), paths)
    assert account_of(record(0), paths) is first
    account_of(record(MOST_ACCOUNTS), paths)
    assert account_of(record(0), paths) is first
    assert account_of(record(1), paths) is not second


def test_who_works_with_one_that_is_let_go_works_on_and_leaves_nothing_open(tmp_path: Path) -> None:
    paths = in_home(tmp_path).make()
    with serving(lambda asked, number: Reply()) as server:
        account = account_of(record(0, server.url), paths)
        held = account.connections.take(account.endpoint.place(), CancelToken())
        for number in range(1, MOST_ACCOUNTS + 1):
            account_of(record(number), paths)
        held.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held.sock.recv(12).startswith(b"HTTP/1.1 ")
        account.connections.give_back(held)
        assert held.sock.fileno() == -1
