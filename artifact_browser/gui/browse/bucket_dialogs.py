"""Making a bucket and opening one by name: two small questions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.gui.common.dialog import AppDialog

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RULE = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
_HINT = "3 to 63 small letters, digits, hyphens and dots; first and last a letter or digit."


@dataclass(frozen=True, slots=True)
class BucketChoice:
    """A bucket's name."""

    name: str


def name_problem(name: str) -> str:
    """What is wrong with a bucket's name, in a sentence; empty when it can be used."""
    if not name:
        return ""
    if name != name.lower():
        return "Bucket names have small letters only."
    if len(name) < 3:
        return "A bucket\u2019s name has at least three letters."
    if len(name) > 63:
        return "A bucket\u2019s name has at most 63 letters."
    if not _RULE.match(name) or ".." in name or _ADDRESS.match(name):
        return f"Not a bucket name: {_HINT}"
    return ""


class NewBucketDialog(AppDialog):
    """Named ``New bucket``; main button ``Create``."""

    def __init__(self, account: str, parent: QWidget | None = None) -> None:
        super().__init__("New bucket", "Create", parent, subtitle=f"In {account}")
        self.name = QLineEdit()
        self.add_field("Name", self.name, hint=_HINT)
        self.name.textChanged.connect(self._check)
        self._check("")

    @property
    def choice(self) -> BucketChoice:
        return BucketChoice(self.name.text().strip())

    def _check(self, text: str) -> None:
        problem = name_problem(text.strip())
        self.show_note(problem)
        self.primary.setEnabled(bool(text.strip()) and not problem)


class OpenBucketDialog(AppDialog):
    """Named ``Open bucket by name``; main button ``Open``. Names are not judged: the store knows."""

    def __init__(self, account: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Open bucket by name",
            "Open",
            parent,
            subtitle=f"For a bucket in {account} that is not in the list",
        )
        self.name = QLineEdit()
        self.add_field("Bucket", self.name)
        self.name.textChanged.connect(lambda text: self.primary.setEnabled(bool(text.strip(" /"))))
        self.primary.setEnabled(False)

    @property
    def choice(self) -> BucketChoice:
        text = self.name.text().strip()
        text = text.partition("://")[2] if "://" in text else text
        return BucketChoice(text.partition("/")[0])
