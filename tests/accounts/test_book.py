"""The book of accounts: order, validation, damage, unknown keys, and what a kill leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.accounts.book import AccountBook, new_account_id
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord, KeySource
from artifact_browser.errors import AccountNotFound, AccountsFileDamaged, AccountsFileNewer, InputError

LAB = AccountRecord("lab", AccountKind.S3, "Lab", key_source=KeySource.KEYCHAIN, endpoint="https://s3.lab.example")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "accounts.json"


def test_this_computer_is_first_cannot_go_and_can_be_renamed(file: Path) -> None:
    book = AccountBook(file)
    book.add(LAB)
    book.replace(replace(book.get(THIS_COMPUTER), name="Laptop", root="/srv/data"))
    with pytest.raises(InputError):
        book.remove(THIS_COMPUTER)
    again = AccountBook(file)
    assert [record.name for record in again.all()] == ["Laptop", "Lab"]
    assert again.get(THIS_COMPUTER).root == "/srv/data"


def test_everything_of_a_record_comes_back(file: Path) -> None:
    full = replace(
        LAB, colour="#B42318", read_only=True, region="eu", ca_file="/ca.pem", public_endpoint="https://cdn.example",
        compatibility=True, buckets=("a", "b.c"), secret_revision=3,
    )  # fmt: skip
    AccountBook(file).add(full)
    assert AccountBook(file).get("lab") == full
    assert file.stat().st_mode & 0o777 == 0o600


def test_listeners_hear_of_changes_until_they_leave(file: Path) -> None:
    book, heard = AccountBook(file), []
    leave = book.listen(lambda: heard.append(len(book.all())))
    book.add(LAB)
    leave()
    book.remove("lab")
    assert heard == [2]
    with pytest.raises(AccountNotFound):
        book.get("lab")


def test_a_damaged_file_is_set_aside_whole_and_named(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"schema": 1, "accounts": [{"id"')
    book = AccountBook(file)
    assert isinstance(book.damage, AccountsFileDamaged)
    [aside] = file.parent.glob("accounts.damaged-*.json")
    assert aside.name in book.damage.detail
    assert aside.read_text() == '{"schema": 1, "accounts": [{"id"'
    book.add(LAB)
    assert AccountBook(file).get("lab") == LAB


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc"},
        {"id": THIS_COMPUTER},
        {"kind": "ftp"},
        {"kind": "local"},
        {"name": ["x"]},
        {"name": "two\nlines"},
        {"read_only": "yes"},
        {"endpoint": "https://user:pass@host"},
        {"endpoint": "javascript:alert(1)"},
        {"region": "evil.example/"},
        {"buckets": ["a/b"]},
        {"buckets": "abc"},
        {"secret_revision": True},
    ],
    ids=str,
)
def test_a_hostile_entry_is_refused_and_kept_aside_while_others_stay(file: Path, change: dict[str, object]) -> None:
    AccountBook(file).add(LAB)
    content = json.loads(file.read_text())
    content["accounts"].append(content["accounts"][-1] | {"id": "other"} | change)
    file.write_text(json.dumps(content))
    book = AccountBook(file)
    assert [record.id for record in book.all()] == [THIS_COMPUTER, "lab"]
    assert isinstance(book.damage, AccountsFileDamaged)
    [aside] = file.parent.glob("accounts.damaged-*.json")
    assert json.loads(aside.read_text()) == content


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["schema", "accounts", *[one.name for one in fields(AccountRecord)]]), inner), max_leaves=12))  # fmt: skip
def test_no_content_makes_the_book_fail(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    file = tmp_path_factory.mktemp("book") / "accounts.json"
    file.write_text(json.dumps({"schema": 1, "accounts": [content]}))
    book = AccountBook(file)
    assert book.all()[0].id == THIS_COMPUTER
    book.add(replace(LAB, id=new_account_id()))


def test_keys_of_other_versions_are_preserved(file: Path) -> None:
    AccountBook(file).add(LAB)
    content = json.loads(file.read_text())
    content["note"] = {"by": "a person"}
    content["accounts"][1]["future"] = [1, 2]
    file.write_text(json.dumps(content))
    book = AccountBook(file)
    book.replace(replace(book.get("lab"), name="Renamed"))
    written = json.loads(file.read_text())
    assert written["note"] == {"by": "a person"}
    assert written["accounts"][1]["future"] == [1, 2]
    assert written["accounts"][1]["name"] == "Renamed"


def test_a_newer_file_is_read_and_left_alone(file: Path) -> None:
    AccountBook(file).add(LAB)
    content = json.loads(file.read_text()) | {"schema": 99}
    file.write_text(json.dumps(content))
    book = AccountBook(file)
    assert isinstance(book.damage, AccountsFileNewer)
    assert book.get("lab") == LAB
    with pytest.raises(AccountsFileNewer):
        book.remove("lab")
    assert json.loads(file.read_text()) == content


def test_a_kill_while_writing_leaves_a_whole_file(file: Path, size: object) -> None:
    AccountBook(file).add(LAB)
    for _ in range(size(5, 50)):  # type: ignore[operator]
        command = [sys.executable, str(Path(__file__).with_name("book_writer.py")), str(file), "lab"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            before = file.stat().st_ino
            while file.stat().st_ino == before:
                pass  # at least one write has happened: the kill falls into the next ones
            child.send_signal(signal.SIGKILL)
        book = AccountBook(file)
        assert book.damage is None
        assert book.get("lab").name[0] in "nL"
