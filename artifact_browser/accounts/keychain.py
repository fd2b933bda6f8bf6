"""The system's keychain: the only place where a secret is written down, and the only importer of keyring.

One small JSON item per account (Windows caps an item at 2,560 bytes, design decision 12), read once per run. Errors of
whatever stands behind keyring become :class:`KeychainLocked` or :class:`KeychainUnavailable`; there is no fallback to
a file. Any call may wait for a person to unlock the keychain, so it is made by the broker's helper thread.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from artifact_browser.accounts.lease import Secret
from artifact_browser.errors import InputError, KeychainLocked, KeychainUnavailable

T = TypeVar("T")

SERVICE = "Artifact Browser"
LINK_KEY_ITEM = "link-key"
LINK_KEY_BYTES = 32
MAX_ITEM_CHARS = 1200

#: Backends that keep nothing, or keep it readable in a file.
_REFUSED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
_CHAINER = "keyring.backends.chainer"
_NAMES = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
}
#: What backends' exceptions are called when somebody would have to unlock first (or said no to it).
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException"}


@dataclass(frozen=True, slots=True)
class KeychainState:
    """What was found on this machine.

    :ivar persistent: a secret written now is there after a restart; else it is kept for this run only
    :ivar name: what the person knows it as: "Secret Service", "macOS Keychain"
    :ivar reason: why there is none, as a sentence; empty when there is one
    """

    persistent: bool
    name: str = ""
    reason: str = ""


class Keychain:
    """The keychain, with what was read from it this run. Safe from any thread; calls may block for a person."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: dict[str, str | None] = {}
        self._backend: Any = None
        self._state: KeychainState | None = None

    def probe(self) -> KeychainState:
        """Find the backend; opens nothing and asks nobody."""
        with self._lock:
            if self._state is None:
                self._state = self._find()
            return self._state

    def read(self, account_id: str) -> Secret | None:
        """An account's typed keys; ``None`` when there are none.

        :raises KeychainLocked: it stayed locked; :raises KeychainUnavailable: there is none, or it failed
        """
        text = self._read_item(_account_item(account_id))
        return None if text is None else _decode(text)

    def write(self, account_id: str, secret: Secret) -> None:
        """Keep an account's typed keys. :raises InputError: too long; and what :meth:`read` raises"""
        text = json.dumps({"access_key": secret.access_key, "secret_key": secret.secret_key}, ensure_ascii=True)
        if len(text) > MAX_ITEM_CHARS:
            raise InputError(
                f"The keys are longer than a keychain item may be on every system ({MAX_ITEM_CHARS} characters)."
            )
        self._write_item(_account_item(account_id), text)

    def remove(self, account_id: str) -> None:
        """Forget an account's keys; none there is no error. :raises KeychainLocked: :raises KeychainUnavailable:"""
        item = _account_item(account_id)
        with self._lock:
            backend = self._usable()
            if self._guarded(lambda: backend.get_password(SERVICE, item)) is not None:
                self._guarded(lambda: backend.delete_password(SERVICE, item))
            self._known.pop(item, None)

    def link_key(self) -> bytes:
        """The key that signs loopback links of *This computer*; made on first use, so that links outlive a restart.

        :raises KeychainLocked: :raises KeychainUnavailable:
        """
        with self._lock:
            text = self._read_item(LINK_KEY_ITEM) or ""
            try:
                key = bytes.fromhex(text)
            except ValueError:
                key = b""
            if len(key) != LINK_KEY_BYTES:
                key = secrets.token_bytes(LINK_KEY_BYTES)
                self._write_item(LINK_KEY_ITEM, key.hex())
            return key

    # -- items --------------------------------------------------------------------------------------------------
    def _read_item(self, item: str) -> str | None:
        with self._lock:
            if item not in self._known:
                backend = self._usable()
                self._known[item] = self._guarded(lambda: backend.get_password(SERVICE, item))
            return self._known[item]

    def _write_item(self, item: str, text: str) -> None:
        with self._lock:
            backend = self._usable()
            self._guarded(lambda: backend.set_password(SERVICE, item, text))
            self._known[item] = text

    def _guarded(self, call: Callable[[], T]) -> T:
        """The border: whatever a backend raises becomes ours. Its text never holds the secret's value."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - every backend brings exceptions of its own libraries
            kind = type(error).__name__
            # not chained: a backend's traceback may hold the secret in its frames
            if kind in _LOCKED:
                raise KeychainLocked("It was not unlocked.", technical=kind) from None
            raise KeychainUnavailable(
                "The keychain answered with an error.", technical=kind, todo="Try again, or keep the keys for this run."
            ) from None

    # -- the backend --------------------------------------------------------------------------------------------
    def _usable(self) -> Any:
        state = self.probe()
        if not state.persistent:
            raise KeychainUnavailable(state.reason)
        return self._backend

    def _find(self) -> KeychainState:
        try:
            import keyring

            found: Any = keyring.get_keyring()
            candidates = list(found.backends) if type(found).__module__ == _CHAINER else [found]
        except Exception as error:  # noqa: BLE001 - a configured backend that is not installed raises anything
            return KeychainState(False, reason=f"The system's keychain cannot be used ({type(error).__name__}).")
        for backend in candidates:
            module = type(backend).__module__
            if not module.startswith(_REFUSED) and module != _CHAINER:
                self._backend = backend
                return KeychainState(True, name=_NAMES.get(module, str(getattr(backend, "name", module))))
        return KeychainState(False, reason="There is no keychain on this computer that keeps secrets encrypted.")


def _account_item(account_id: str) -> str:
    return f"account:{account_id}"


def _decode(text: str) -> Secret | None:
    """The item's keys; what is not an item of ours counts as none."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    access_key, secret_key = content.get("access_key"), content.get("secret_key")
    if not isinstance(access_key, str) or not isinstance(secret_key, str):
        return None
    return Secret(access_key, secret_key)
