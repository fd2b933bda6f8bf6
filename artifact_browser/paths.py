"""Where the app keeps its own files; made private (folders 0700, files 0600) when first asked for.

``--home DIR`` puts everything below one folder (tests, tour, benchmarks); otherwise the platform's own places.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_ID = "artifact-browser"
#: The folder of *This computer* in a person's home (design decision 7).
STORE_NAME = "Artifact Browser"


@dataclass(frozen=True, slots=True)
class Paths:
    """The app's folders. Picklable: it goes to every worker process."""

    config: Path
    data: Path
    cache: Path
    log: Path
    runtime: Path
    store: Path

    @property
    def accounts_file(self) -> Path:
        return self.config / "accounts.json"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.json"

    @property
    def watches_file(self) -> Path:
        """Watches, what they have seen, and what they still owe."""
        return self.config / "watches.json"

    @property
    def endpoints_file(self) -> Path:
        """What was probed about each endpoint (capabilities), remembered."""
        return self.data / "endpoints.json"

    @property
    def journal_file(self) -> Path:
        """Every transfer, with its items (SQLite)."""
        return self.data / "journal.sqlite"

    @property
    def listings(self) -> Path:
        """Listing files (mapped by window and workers)."""
        return self.cache / "listings"

    def make(self) -> Paths:
        """Create the private folders; the store itself is made by the local driver."""
        for folder in (self.config, self.data, self.cache, self.log, self.runtime, self.listings):
            make_private(folder)
        return self


def make_private(folder: Path) -> Path:
    """Make ``folder`` (and parents) and keep others out of it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_uid == os.getuid():
        folder.chmod(0o700)
    return folder


def in_home(home: Path) -> Paths:
    """All folders below one: for ``--home DIR``."""
    home = home.expanduser().absolute()
    return Paths(
        config=home / "config",
        data=home / "data",
        cache=home / "cache",
        log=home / "log",
        runtime=home / "run",
        store=home / STORE_NAME,
    )


def of_user() -> Paths:
    """The platform's own places for this user."""
    dirs = platformdirs.PlatformDirs(APP_ID, appauthor=False)
    return Paths(
        config=Path(dirs.user_config_path),
        data=Path(dirs.user_data_path),
        cache=Path(dirs.user_cache_path),
        log=Path(dirs.user_log_path),
        runtime=Path(dirs.user_runtime_path) / APP_ID,
        store=Path.home() / STORE_NAME,
    )
