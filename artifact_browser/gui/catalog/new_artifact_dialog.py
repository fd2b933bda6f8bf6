"""Making an artifact: a staged manifest with its first fields."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from artifact_browser.catalog.card_fields import CARD_FIELDS, CardField, Shape, apply_form
from artifact_browser.catalog.schema import WantedField
from artifact_browser.catalog.schema_text import Wanted
from artifact_browser.gui.catalog.naming import NamedDialog
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label

#: What a type is called, and what stands in the manifest.
TYPES = (
    ("Data set", "dataset"),
    ("Model", "model"),
    ("Application", "application"),
    ("Notebook", "notebook"),
    ("Workflow", "workflow"),
    ("Other", "generic"),
)
_DESCRIPTION_PX = 72
#: Fields asked for that are all seen; more are scrolled.
_MOST_SHOWN, _SCROLLED_PX = 2, 136
_REQUIRED = "The collection asks for it before a commit"
#: What the dialog asks for anyway.
_ASKED = frozenset({"id", "name", "type", "description", "tags"})
_CARD_FIELDS = {field.key: field for field in CARD_FIELDS}


@dataclass(frozen=True, slots=True)
class ArtifactChoice:
    """``id`` is the folder's name."""

    id: str
    name: str
    type: str
    description: str
    tags: tuple[str, ...]
    #: what the collection's schema asks for besides: texts by field, as a form has them
    more: tuple[tuple[str, str], ...] = ()

    def fields(self) -> dict[str, object]:
        """The manifest fields chosen."""
        fields: dict[str, object] = {
            "id": self.id, "name": self.name, "type": self.type, "description": self.description,
        }  # fmt: skip
        fields |= {"tags": list(self.tags)} if self.tags else {}
        apply_form(fields, {name: text for name, text in self.more if name in _CARD_FIELDS})
        return fields | {name: text for name, text in self.more if name not in _CARD_FIELDS and text}


class NewArtifactDialog(NamedDialog):
    """Named ``New artifact``; main button ``Create``. Asks for what the collection's schema requires, or tells it."""

    def __init__(self, where: str, parent: QWidget | None = None, wanted: Wanted | None = None) -> None:
        super().__init__("New artifact", where, parent)
        self.type = QComboBox()
        known = {value: words for words, value in TYPES}
        for value in wanted.types if wanted and wanted.types else known:
            self.type.addItem(known.get(value, printable(value)), value)
        self.description = QPlainTextEdit()
        self.description.setFixedHeight(_DESCRIPTION_PX)
        self.description.setTabChangesFocus(True)
        self.tags = QLineEdit()
        required = {field.name for field in wanted.fields} if wanted else set()
        self.add_field("Description", self.description, hint=_REQUIRED if "description" in required else "")
        also = f". {_REQUIRED}" if "tags" in required else ""
        row = QHBoxLayout()
        row.setSpacing(16)
        for share, name, made, hint in (
            (2, "Type", self.type, ""),
            (3, "Tags", self.tags, f"Separated by commas{also}"),
        ):
            group, _ = captioned(name, made)
            if hint:
                group.addWidget(label(hint, Kind.HINT, wrap=True))
                made.setAccessibleDescription(hint)
            group.addStretch(1)
            row.addLayout(group, share)
        self.body.addLayout(row)
        self._more: dict[str, QLineEdit | QPlainTextEdit | QComboBox] = {}
        if wanted is not None:
            self._ask_for(wanted)

    def _ask_for(self, wanted: Wanted) -> None:
        """Fields for what the schema requires as a text; the rest is told."""
        if wanted.faults:
            words = f"The collection\u2019s schema is broken: nothing can be committed before it is mended. {wanted.faults[0].sentence}"
            self.body.addWidget(label(words, Kind.FAULT, wrap=True))
            return
        others = [field for field in wanted.fields if field.name not in _ASKED]
        asked = [field for field in others if _can_ask(field)]
        if asked:
            self.body.addWidget(label("The collection asks for, before a commit", Kind.SECTION))
            page = QWidget()
            grid = QGridLayout(page)
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setColumnStretch(0, 1)
            grid.setColumnStretch(1, 1)
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(12)
            for at, field in enumerate(asked):
                made = _field_for(field)
                group, _ = captioned(_label_of(field), made)
                known = _CARD_FIELDS.get(field.name)
                if known is not None and known.hint:
                    group.addWidget(label(known.hint.partition(";")[0], Kind.HINT, wrap=True))
                group.addStretch(1)
                grid.addLayout(group, at // 2, at % 2)
                self._more[field.name] = made
            if len(asked) > _MOST_SHOWN:
                scroll = QScrollArea()
                scroll.setWidgetResizable(True)
                scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
                scroll.setFixedHeight(_SCROLLED_PX)
                grid.setContentsMargins(0, 0, 12, 0)
                scroll.setWidget(page)
                page = scroll
            self.body.addWidget(page)
        told = [printable(field.name) for field in others if field.name not in self._more]
        if told:
            names = ", ".join(f"\u201c{name}\u201d" for name in told)
            words = f"Before a commit the collection also asks for {names}: set it later with \u201cEdit card\u2026\u201d, as text."
            self.body.addWidget(label(words, Kind.HINT, wrap=True))

    @property
    def choice(self) -> ArtifactChoice:
        tags = dict.fromkeys(tag.strip() for tag in self.tags.text().split(","))
        return ArtifactChoice(
            self.chosen_id,
            self.chosen_name,
            str(self.type.currentData()),
            self.description.toPlainText().strip(),
            tuple(tag for tag in tags if tag),
            tuple((name, _text_of(made)) for name, made in self._more.items()),
        )


def _can_ask(field: WantedField) -> bool:
    """Texts, and what a card's form knows how to write."""
    known = _CARD_FIELDS.get(field.name)
    if known is not None and known.shape in {Shape.LINES, Shape.PEOPLE}:
        return field.type in {"", "array"}
    return field.type == "string" or bool(field.choices) or (known is not None and not field.type)


def _label_of(field: WantedField) -> str:
    known: CardField | None = _CARD_FIELDS.get(field.name)
    return printable(field.title) or (known.label if known is not None else printable(field.name))


def _field_for(field: WantedField) -> QLineEdit | QPlainTextEdit | QComboBox:
    if field.choices:
        chooser = QComboBox()
        chooser.addItem("", "")
        for choice in field.choices:
            chooser.addItem(printable(choice), choice)
        return chooser
    known = _CARD_FIELDS.get(field.name)
    if known is not None and known.shape in {Shape.LINES, Shape.PEOPLE}:
        lines = QPlainTextEdit()
        lines.setFixedHeight(_DESCRIPTION_PX)
        lines.setTabChangesFocus(True)
        return lines
    return QLineEdit()


def _text_of(made: QLineEdit | QPlainTextEdit | QComboBox) -> str:
    if isinstance(made, QPlainTextEdit):
        return made.toPlainText()
    return str(made.currentData()) if isinstance(made, QComboBox) else made.text()
