"""The keychain against a real Secret Service, and what happens where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.accounts.keychain import Keychain
from artifact_browser.accounts.lease import Secret
from artifact_browser.errors import InputError, KeychainUnavailable
from tests.parts.bus import session_bus
from tests.parts.keychain import Keychain as KeychainPart
from tests.parts.keychain import unlocked_keyring

PROGRAM = str(Path(__file__).with_name("keychain_program.py"))


def use(env: dict[str, str], *arguments: str, feed: str = "") -> Any:
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        env=env,
        input=feed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_keys_outlive_the_process_and_go_when_removed(keychain: KeychainPart) -> None:
    assert use(keychain.env, "state") == [True, "Secret Service", ""]
    assert use(keychain.env, "write", "one", feed="s3cr3t/+=\n") == "written"
    assert use(keychain.env, "read", "one") == ["AK-one", "s3cr3t/+="]
    assert use(keychain.env, "read", "two") is None
    assert use(keychain.env, "remove", "one") == "removed"
    assert use(keychain.env, "remove", "one") == "removed"
    assert use(keychain.env, "read", "one") is None


def test_the_link_key_is_made_once(keychain: KeychainPart) -> None:
    first = use(keychain.env, "link-key")
    assert len(bytes.fromhex(first)) == 32
    assert use(keychain.env, "link-key") == first


def test_a_locked_keychain_is_said_and_gives_nothing(keychain: KeychainPart, tmp_path: Path) -> None:
    env = keychain.env | {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    with session_bus(env) as address, unlocked_keyring(env, address) as own:
        use(own.env, "write", "one", feed="secret\n")
        own.lock()
        said = use(own.env, "read", "one")
    assert said["error"] == "KeychainLocked"
    assert "secret" not in json.dumps(said)


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_backend_that_keeps_nothing_is_no_keychain(backend: str) -> None:
    env = dict(os.environ) | {"PYTHON_KEYRING_BACKEND": backend}
    persistent, _, reason = use(env, "state")
    assert not persistent
    assert reason
    assert use(env, "write", "one", feed="x\n")["error"] == "KeychainUnavailable"


def test_a_plaintext_backend_is_refused(tmp_path: Path) -> None:
    """``keyrings.alt`` by its name and shape, without installing it: a module of that name that writes a file."""
    package = tmp_path / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "file.py").write_text(
        "import keyring.backend, pathlib\n"
        "class PlaintextKeyring(keyring.backend.KeyringBackend):\n"
        "    priority = 9\n"
        "    def get_password(self, service, name): return None\n"
        f"    def set_password(self, service, name, text): pathlib.Path({str(tmp_path / 'leak')!r}).write_text(text)\n"
    )
    env = dict(os.environ) | {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    assert use(env, "write", "one", feed="x\n")["error"] == "KeychainUnavailable"
    assert not (tmp_path / "leak").exists()


def test_an_item_too_long_for_every_system_is_refused() -> None:
    with pytest.raises(InputError, match="1200"):
        Keychain().write("one", Secret("a", "b" * 1200))


def test_in_the_tests_own_process_there_is_none() -> None:
    with pytest.raises(KeychainUnavailable):
        Keychain().read("one")
