"""About: versions and licences, to copy into a report."""

from __future__ import annotations

import platform

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

import artifact_browser
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.common.widgets import Kind, label

#: Name of the distribution and its licence, as each states it.
LIBRARIES = {
    "PySide6-Essentials": "LGPL-3.0",
    "boto3": "Apache-2.0",
    "awscrt": "Apache-2.0",
    "keyring": "MIT",
    "qasync": "BSD-2-Clause",
    "humanize": "MIT",
    "jeepney": "MIT",
    "numpy": "BSD-3-Clause",
    "PyYAML": "MIT",
    "jsonschema": "MIT",
    "platformdirs": "MIT",
}
_LOGO_PX = 56


class AboutDialog(AppDialog):
    """Named ``About Artifact Browser``; main button ``Copy``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("About Artifact Browser", "Copy", parent, cancel="Close", width=440)
        logo = QLabel()
        logo.setPixmap(app_icon().pixmap(_LOGO_PX, _LOGO_PX))
        self.body.addWidget(logo)
        self.body.addWidget(label("One window over many object stores. Apache-2.0.", wrap=True, copyable=True))
        self.body.addWidget(label(facts(), Kind.DIM, copyable=True))
        self.body.addWidget(label("Icons: Lucide (ISC licence).", Kind.DIM, copyable=True))
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(facts())
        self.primary.setText("Copied")


def facts() -> str:
    """Versions of the app, of what it stands on, and of the system, one a line."""
    lines = [
        f"Artifact Browser {artifact_browser.__version__}",
        f"Python {platform.python_version()}, Qt {qVersion()}",
        f"{platform.system()} {platform.release()} ({platform.machine()})",
    ]
    return "\n".join([*lines, *(_library(name, licence) for name, licence in LIBRARIES.items())])


def _library(name: str, licence: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and rarely looked at

    try:
        return f"{name} {version(name)} ({licence})"
    except PackageNotFoundError:
        return f"{name}: not installed"
