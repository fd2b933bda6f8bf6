"""The settings: one small JSON file with a schema version, written atomically; damaged files are set aside, never lost."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from artifact_browser.errors import DiskError

SCHEMA = 1
#: Whether finished downloads are counted in the artifacts they belong to.
COUNT_DOWNLOADS = "count_downloads"
#: Who is named as author of versions and moves of aliases; empty: the user's name on this computer.
AUTHOR = "author"
#: Every setting the app knows, with what it is until somebody changes it. Rooms may keep others (``window.columns``).
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "theme": "system",  # "system" | "light" | "dark"
        "density": "normal",  # "compact" | "normal" | "comfortable"
        "last_expiry_s": 3600,
        "window.geometry": None,  # base64
        "window.state": None,  # base64
        "pins": [],
        "recent_locations": [],
        "sort": None,  # [column, "ascending" | "descending"]
        "show_details": True,
        "first_run_done": False,
        "transfers_limit_bps": 0,  # bytes a second each way, 0: none
        "transfers_at_once": 8,
        "notify_ended": True,
        COUNT_DOWNLOADS: True,
        AUTHOR: "",
        "panes": [],  # the locations (URIs) of the window's panes
    }
)
_log = logging.getLogger(__name__)


class Settings:
    """Thread-safe; one per window process. Reading never fails: what cannot be read is set aside.

    :ivar set_aside: where a damaged file was kept, for the window to name; None when all was well
    :ivar read_only: the file was written by a newer version: it is read, but never overwritten
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.set_aside: Path | None = None
        self.read_only = False
        self._values: dict[str, Any] = self._read()

    def get(self, name: str) -> Any:
        """A copy of the value; the default when it was never set or has another type than the default."""
        default = DEFAULTS.get(name)
        with self._lock:
            value = self._values.get(name, default)
        if default is not None and type(value) is not type(default):
            value = default
        return json.loads(json.dumps(value))

    def set(self, name: str, value: Any) -> None:
        """Remember ``value`` (anything JSON can hold) and write the file.

        :raises TypeError: when JSON cannot hold it
        :raises DiskError: when the file cannot be written; the value holds for this run
        """
        copied = json.loads(json.dumps(value))
        with self._lock:
            if name in self._values and self._values[name] == copied:
                return
            self._values[name] = copied
            if not self.read_only:
                self._write()

    # -- typed ---------------------------------------------------------------------------------------------------
    @property
    def theme(self) -> str:
        value = cast(str, self.get("theme"))
        return value if value in ("system", "light", "dark") else "system"

    @property
    def density(self) -> str:
        return cast(str, self.get("density"))

    @property
    def last_expiry_s(self) -> int:
        """Seconds the last link was asked for, at least one minute and at most a week."""
        return min(max(60, cast(int, self.get("last_expiry_s"))), 7 * 86400)

    @property
    def pins(self) -> list[Any]:
        return cast(list[Any], self.get("pins"))

    @property
    def recent_locations(self) -> list[str]:
        return [value for value in cast(list[Any], self.get("recent_locations")) if isinstance(value, str)]

    @property
    def show_details(self) -> bool:
        return cast(bool, self.get("show_details"))

    @property
    def first_run_done(self) -> bool:
        return cast(bool, self.get("first_run_done"))

    # -- the file ------------------------------------------------------------------------------------------------
    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_bytes())
            schema, values = document["schema"], document["values"]
            if not isinstance(schema, int) or not isinstance(values, dict):
                raise ValueError("not a settings file")
        except FileNotFoundError:
            return {}
        except OSError:
            _log.exception("the settings cannot be read")
            self.read_only = True  # do not replace what we could not see
            return {}
        except (ValueError, KeyError, TypeError, RecursionError):
            self._keep_aside()
            return {}
        self.read_only = schema > SCHEMA
        return values

    def _keep_aside(self) -> None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside, number = self._path.with_name(f"settings.damaged-{stamp}.json"), 1
        while aside.exists():
            number += 1
            aside = self._path.with_name(f"settings.damaged-{stamp}-{number}.json")
        try:
            self._path.replace(aside)
        except OSError:
            _log.exception("the damaged settings cannot be set aside")
            self.read_only = True
            return
        _log.warning("the settings were damaged and are kept in %s", aside)
        self.set_aside = aside

    def _write(self) -> None:
        text = json.dumps({"schema": SCHEMA, "values": self._values}, indent=1, sort_keys=True, ensure_ascii=True)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=self._path.parent, prefix=".settings-", suffix=".tmp")  # 0600
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise DiskError("The settings could not be saved.", subject=str(self._path)) from error
