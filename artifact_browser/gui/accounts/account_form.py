"""The fields of an account: from a record into widgets and back. Validates, but saves and asks nothing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.accounts.keychain import KeychainState
from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountRecord, Addressing, KeySource, Probing
from artifact_browser.accounts.sign_in import Profile
from artifact_browser.accounts.validation import Problem, problems_of, wrong_with_key
from artifact_browser.gui.accounts.draft import AccountDraft, Flavour, fields_of, flavour_of
from artifact_browser.gui.accounts.field import ColourSwatches, Field, SecretEdit
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import Kind, button, label

_MORE = {"region", "addressing", "ca_file", "public_endpoint", "buckets", "compatibility", "probing"}
_UNCHANGED = "unchanged"


class AccountForm(QWidget):
    """Shows the fields of one flavour; rarely needed ones are behind *More options*."""

    edited = Signal()

    def __init__(
        self, record: AccountRecord, profiles: tuple[Profile, ...], keychain: KeychainState, *, editing: bool
    ) -> None:
        super().__init__()
        self._record = record
        self._editing = editing
        self._keychain = keychain
        self.flavour = flavour_of(record)
        self._shown = fields_of(self.flavour)
        self._more = _MORE - ({"buckets"} if self.flavour is Flavour.PUBLIC else set())
        self.fields: dict[str, Field] = {}
        self._make_fields(profiles)
        self._lay_out()
        self._load(record)
        self._connect()

    # -- widgets ------------------------------------------------------------------------------------------------
    def _make_fields(self, profiles: tuple[Profile, ...]) -> None:
        self.name, self.endpoint, self.region = QLineEdit(), QLineEdit(), QLineEdit()
        self.access_key, self.secret_key = QLineEdit(), SecretEdit()
        self.ca_file, self.public_endpoint, self.buckets, self.root = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.colour = ColourSwatches()
        self.read_only = QCheckBox("Read-only: nothing can be uploaded, changed or deleted")
        self.anonymous = QCheckBox("Anonymous: sign in without keys")
        self.remember = QCheckBox()
        self.compatibility = QCheckBox("Compatibility mode: slower, for servers with odd ways")
        self.profile, self.addressing, self.probing = QComboBox(), QComboBox(), QComboBox()
        self.profile.addItem("Default chain (environment, instance)", "")
        for one in profiles:
            self.profile.addItem(f"{one.name} (single sign-on)" if one.sso else one.name, one.name)
        self.addressing.addItem("Path: server/bucket/key", Addressing.PATH)
        self.addressing.addItem("Virtual host: bucket.server/key", Addressing.VIRTUAL)
        self.probing.addItem("Ask before the first commit", Probing.ASK)
        self.probing.addItem("Allowed", Probing.ALLOWED)
        self.probing.addItem("Not allowed", Probing.REFUSED)
        self._browse(self.ca_file, folder=False)
        self._browse(self.root, folder=True)
        example = "https://s3.example.org"
        self._add("name", "Name", self.name)
        self._add("colour", "Colour", self.colour)
        optional = " Empty means AWS." if self.flavour is Flavour.PUBLIC else ""
        self._add("endpoint", "Endpoint", self.endpoint, f"For example {example}; a path may follow.{optional}")
        self._add(
            "profile", "Profile", self.profile, "From the AWS configuration on this computer; its keys stay there."
        )
        self._add("access_key", "Access key", self.access_key)
        self._add("secret_key", "Secret key", self.secret_key)
        self._add("region", "Region", self.region, "Empty: the store\u2019s or profile\u2019s own.")
        self._add("addressing", "Bucket addresses", self.addressing)
        self._add(
            "probing",
            "Check of atomic writes",
            self.probing,
            "Writes a few small blobs and removes them again.",
        )
        self._add("ca_file", "CA file", self.ca_file, "For a server with its own certificate authority (PEM).")
        self._add(
            "public_endpoint", "Public endpoint for links", self.public_endpoint, "Links are signed for this host."
        )
        public = self.flavour is Flavour.PUBLIC
        names_hint = "Separated by commas." if public else "Separated by commas, if they cannot be listed."
        self._add("buckets", "Buckets opened by name", self.buckets, names_hint)
        self._add("root", "Folder", self.root, "Its folders are the buckets. Empty: the folder in your home.")
        self._describe_remember()

    def _add(self, key: str, name: str, editor: QWidget, hint: str = "") -> None:
        self.fields[key] = Field(name, editor, hint)

    def _describe_remember(self) -> None:
        state = self._keychain
        self.remember.setText(f"Keep the keys in {state.name}")
        self.remember.setToolTip("Off: the keys are forgotten when the app ends")
        self.remember.setChecked(state.persistent)
        self.run_only = label("For this run only: there is no keychain here to keep the keys in.", Kind.CHIP_WARNING)
        self.run_only.setToolTip(state.reason)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        first = QGridLayout()
        first.setHorizontalSpacing(16)
        first.addWidget(self.fields["name"], 0, 0)
        first.addWidget(self.fields["colour"], 0, 1, Qt.AlignmentFlag.AlignTop)
        first.setColumnStretch(0, 1)
        column.addLayout(first)
        for key in ("endpoint", "profile", "root", *(("buckets",) if self.flavour is Flavour.PUBLIC else ())):
            column.addWidget(self.fields[key])
        column.addWidget(self.anonymous)
        keys = QGridLayout()
        keys.setHorizontalSpacing(16)
        keys.addWidget(self.fields["access_key"], 0, 0)
        keys.addWidget(self.fields["secret_key"], 0, 1)
        column.addLayout(keys)
        column.addWidget(self.remember)
        column.addWidget(self.run_only, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.read_only)
        self.more = button("More options", Kind.LINK_FLUSH, icon_name="sliders-horizontal")
        self.more.setCheckable(True)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._more_box = self._make_more_box()
        column.addWidget(self._more_box)
        column.addStretch(1)
        self._show_fields()

    def _make_more_box(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        wanted = [key for key in self.fields if key in self._more and key in self._shown]
        for at, key in enumerate(wanted):
            grid.addWidget(self.fields[key], at // 2, at % 2, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.compatibility, (len(wanted) + 1) // 2, 0, 1, 2)
        for at in (0, 1):
            grid.setColumnStretch(at, 1)
        return box

    def _show_fields(self) -> None:
        for key, field in self.fields.items():
            if key not in self._shown:
                field.setParent(None)  # a field this flavour does not have
        for key, box in {
            "anonymous": self.anonymous,
            "remember": self.remember,
            "compatibility": self.compatibility,
        }.items():
            box.setVisible(key in self._shown)
        self.more.setVisible(bool(self._more & self._shown))
        self._more_box.hide()

    def _browse(self, edit: QLineEdit, *, folder: bool) -> None:
        action = edit.addAction(icon("folder-open", "dim"), QLineEdit.ActionPosition.TrailingPosition)
        action.setToolTip("Choose\u2026")

        def choose() -> None:
            chosen = (
                QFileDialog.getExistingDirectory(self, "Folder", edit.text())
                if folder
                else QFileDialog.getOpenFileName(self, "CA file", edit.text())[0]
            )
            if chosen:
                edit.setText(chosen)

        action.triggered.connect(choose)

    # -- values -------------------------------------------------------------------------------------------------
    def _load(self, record: AccountRecord) -> None:
        for key in ("name", "endpoint", "region", "ca_file", "public_endpoint", "root"):
            edit: QLineEdit = getattr(self, key)
            edit.setText(getattr(record, key))
        self.buckets.setText(", ".join(record.buckets))
        self.colour.set_colour(record.colour)
        self.read_only.setChecked(record.read_only)
        self.compatibility.setChecked(record.compatibility)
        self.addressing.setCurrentIndex(self.addressing.findData(record.addressing))
        self.probing.setCurrentIndex(self.probing.findData(record.probing))
        if record.profile and self.profile.findData(record.profile) < 0:
            self.profile.addItem(f"{record.profile} (not found any more)", record.profile)
        self.profile.setCurrentIndex(self.profile.findData(record.profile))
        if self._editing:
            self.anonymous.setChecked(record.key_source is KeySource.NONE)
            if self._has_keys():
                self.access_key.setPlaceholderText(_UNCHANGED)
                self.secret_key.setPlaceholderText(_UNCHANGED)
                self.remember.setChecked(self._keychain.persistent and record.key_source is KeySource.KEYCHAIN)
        elif self.flavour is Flavour.PROFILE:
            self.profile.setCurrentIndex(min(1, self.profile.count() - 1))
            self._suggest_name()
        self._follow_anonymous()

    def _connect(self) -> None:
        self.profile.currentIndexChanged.connect(self._suggest_name)
        self.more.toggled.connect(self._more_toggled)
        self.anonymous.toggled.connect(self._follow_anonymous)
        for edit in self.findChildren(QLineEdit):
            edit.textEdited.connect(self._changed)
        for box in self.findChildren(QCheckBox):
            box.toggled.connect(self._changed)
        for combo in (self.profile, self.addressing, self.probing):
            combo.currentIndexChanged.connect(self._changed)

    def _has_keys(self) -> bool:
        return self._record.key_source in {KeySource.KEYCHAIN, KeySource.SESSION}

    def _more_toggled(self, shown: bool) -> None:
        self._more_box.setVisible(shown)
        self.edited.emit()

    def _follow_anonymous(self) -> None:
        wanted = not self.anonymous.isChecked() and "access_key" in self._shown
        for key in ("access_key", "secret_key"):
            self.fields[key].setVisible(wanted and key in self._shown)
        keeping = wanted and "remember" in self._shown
        self.remember.setVisible(keeping and self._keychain.persistent)
        self.run_only.setVisible(keeping and not self._keychain.persistent)

    def _changed(self) -> None:
        for field in self.fields.values():
            if field.problem():
                field.show_problem("")
        self.edited.emit()

    def draft(self) -> AccountDraft | None:
        """What was filled in, or ``None`` with the problems shown beside their fields (the first has the focus)."""
        record, secret = self._read_record(), self._read_secret()
        problems = [*problems_of(record), *self._key_problems()]
        shown = [problem for problem in problems if problem.field in self._shown and problem.field in self.fields]
        for problem in shown:
            if not self.fields[problem.field].problem():
                self.fields[problem.field].show_problem(problem.sentence)
        if shown:
            if any(problem.field in self._more for problem in shown):
                self.more.setChecked(True)
            self.fields[shown[0].field].editor.setFocus()
            return None
        return AccountDraft(record, secret)

    def _read_record(self) -> AccountRecord:
        buckets = tuple(dict.fromkeys(name.strip() for name in self.buckets.text().split(",") if name.strip()))
        return replace(
            self._record,
            name=self.name.text().strip() or self._suggested_name(),
            colour=self.colour.colour(),
            read_only=self.read_only.isChecked(),
            key_source=self._key_source(),
            profile=str(self.profile.currentData() or "") if self.flavour is Flavour.PROFILE else "",
            endpoint=self.endpoint.text().strip().rstrip("/"),
            region=self.region.text().strip(),
            addressing=Addressing(self.addressing.currentData()),
            probing=Probing(self.probing.currentData()),
            ca_file=self.ca_file.text().strip(),
            public_endpoint=self.public_endpoint.text().strip().rstrip("/"),
            compatibility=self.compatibility.isChecked(),
            root=self.root.text().strip(),
            buckets=buckets,
        )

    def _suggest_name(self) -> None:
        self.name.setPlaceholderText(self._suggested_name())

    def _suggested_name(self) -> str:
        """A new profile account may go by its profile's name."""
        if self.flavour is Flavour.PROFILE:
            return f"AWS {self.profile.currentData() or 'default'}"
        return ""

    def _key_source(self) -> KeySource:
        if self.flavour in {Flavour.LOCAL, Flavour.PUBLIC} or (
            self.flavour is Flavour.S3 and self.anonymous.isChecked()
        ):
            return KeySource.NONE
        if self.flavour is Flavour.PROFILE:
            return KeySource.PROFILE
        if self._editing and self._has_keys() and not self._typed():
            return self._record.key_source  # unchanged keys stay where they are
        return KeySource.KEYCHAIN if self.remember.isChecked() else KeySource.SESSION

    def _typed(self) -> bool:
        return bool(self.access_key.text().strip() or self.secret_key.text())

    def _wants_keys(self) -> bool:
        return self._key_source() in {KeySource.KEYCHAIN, KeySource.SESSION}

    def _read_secret(self) -> Secret | None:
        if not self._wants_keys() or not self._typed():
            return None
        return Secret(self.access_key.text().strip(), self.secret_key.text().strip())

    def _key_problems(self) -> list[Problem]:
        if not self._wants_keys() or (self._editing and self._has_keys() and not self._typed()):
            return []
        found = [
            Problem("access_key", wrong_with_key(self.access_key.text().strip(), "Access key")),
            Problem("secret_key", wrong_with_key(self.secret_key.text().strip(), "Secret key")),
        ]
        return [problem for problem in found if problem.sentence]
