"""Setting, moving or deleting an alias: which name, where it points to now, and where it pointed to before."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from artifact_browser.catalog.aliases import LATEST, Alias, Move
from artifact_browser.catalog.records import check_label
from artifact_browser.errors import InputError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import elided, natural_time, printable
from artifact_browser.gui.common.widgets import Kind, label

_SHOWN_MOVES = 8


@dataclass(frozen=True, slots=True)
class AliasChoice:
    """``expected``: where the person saw the alias point to; empty: nowhere."""

    name: str
    expected: str


class AliasDialog(AppDialog):
    """Named ``Set alias``; main button ``Set``, or ``Move`` where the alias points elsewhere now; and ``Delete alias…``.

    :param version: where it shall point to; :param words: the same for a person
    """

    #: the :class:`Alias` is to be deleted
    delete_wanted = Signal(object)

    def __init__(self, aliases: tuple[Alias, ...], version: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__("Set alias", "Set", parent, subtitle=f"To {words}")
        self._version = version
        self._aliases = {alias.name: alias for alias in aliases if alias.name != LATEST}
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.addItems(sorted(self._aliases))
        self.name.setCurrentText("")
        self.add_field("Alias", self.name, hint="A name that can be moved, for example production.")
        self.moves = label("", Kind.DIM, wrap=True, copyable=True)
        self.moves.setAccessibleName("History of the alias")
        self.body.addWidget(self.moves)
        self.delete = self.add_secondary("Delete alias\u2026", icon_name="trash-2")
        self.delete.clicked.connect(lambda: self.delete_wanted.emit(self._aliases[self.choice.name]))
        self.name.currentTextChanged.connect(lambda _: self._look())
        self._look()

    @property
    def choice(self) -> AliasChoice:
        name = self.name.currentText().strip()
        found = self._aliases.get(name)
        return AliasChoice(name, found.now.version if found else "")

    def _look(self) -> None:
        name, problem = self.name.currentText().strip(), ""
        if name:
            try:
                check_label(name, "alias")
            except InputError as error:
                problem = f"{error.detail} {error.todo}".strip()
            if name == LATEST:
                problem = "\u201clatest\u201d is moved by commits only."
        alias = self._aliases.get(name)
        there = alias is not None and alias.now.version == self._version
        self.moves.setText(_history(alias) if alias else "")
        self.delete.setEnabled(alias is not None)
        self.primary.setText("Move" if alias is not None else "Set")
        self.primary.setEnabled(bool(name) and not problem and not there)
        self.show_note(problem or ("It points to this version already." if there else ""))


class DeleteAliasDialog(AppDialog):
    """Named ``Delete alias``; main button ``Delete``. It shows what goes: the name and where it pointed to."""

    def __init__(self, alias: Alias, parent: QWidget | None = None) -> None:
        super().__init__("Delete alias", "Delete", parent, subtitle=printable(alias.name), destructive=True)
        self.alias = alias
        self.moves = label(_history(alias), Kind.DIM, wrap=True, copyable=True)
        self.moves.setAccessibleName("History of the alias")
        words = "The name and its history go; the version it points to stays. Whoever asks for this name finds nothing."
        self.body.addWidget(label(words, wrap=True))
        self.body.addWidget(self.moves)
        self.body.addWidget(label("This cannot be undone.", Kind.DIM))


def _history(alias: Alias) -> str:
    """Where it points to and pointed to, a line each, the latest first."""
    moves = (alias.now, *alias.before)
    lines = [_sentence("Before it was" if at else "It points to", move) for at, move in enumerate(moves[:_SHOWN_MOVES])]
    left = len(moves) - len(lines)
    return "\n".join([*lines, *([f"and {left} earlier"] if left else [])])


def _sentence(begin: str, move: Move) -> str:
    by = f" by {printable(move.by)}" if move.by else ""
    when = f", set {natural_time(move.at_us)}{by}" if move.at_us else by
    return f"{begin} {elided(printable(move.version), 40)}{when}."
