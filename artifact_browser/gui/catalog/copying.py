"""Copy as: an artifact or files of it put on the clipboard, in the forms that there are for them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.copy_as import CopyForm, copy_text
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.toast import show_toast

_WHY_NOT = "There is no such command for this account, or a name cannot be said in it."


def texts_of(form: CopyForm, services: Services, record: AccountRecord, bucket: str, keys: Sequence[str]) -> list[str]:
    """One text a key, without those that have none in this form."""
    root = record.root or str(services.paths.store)
    texts = (copy_text(form, record, bucket, key, local_root=root) for key in keys)
    return [text for text in texts if text]


def copy_as(
    form: CopyForm, over: QWidget, services: Services, record: AccountRecord, bucket: str, keys: Sequence[str]
) -> None:
    """Put it on the clipboard and say so over ``over``."""
    texts = texts_of(form, services, record, bucket, keys)
    if not texts:
        show_toast(over.window(), _WHY_NOT)
        return
    QGuiApplication.clipboard().setText("\n".join(texts))
    left_out = f"; {count(len(keys) - len(texts), 'name')} left out" if len(texts) < len(keys) else ""
    show_toast(over.window(), f"Copied as {form.value}{left_out}")


def fill_copy_menu(
    menu: QMenu, over: QWidget, services: Services, record: AccountRecord, bucket: str, keys: Sequence[str]
) -> None:
    """An entry for each form; those that have no text for any of ``keys`` say why."""
    menu.setToolTipsVisible(True)
    for form in CopyForm:
        entry = menu.addAction(f"Copy as {form.value}")
        entry.triggered.connect(lambda _=False, form=form: copy_as(form, over, services, record, bucket, keys))
        if not texts_of(form, services, record, bucket, keys):
            entry.setEnabled(False)
            entry.setToolTip(_WHY_NOT)
