"""The style sheet's text; ``theme.py`` fills in colours and sizes. Grouped as a person meets the widgets."""

from __future__ import annotations

STYLE_SHEET = """
/* surfaces */
QMainWindow, QDialog { background: $background; }
QWidget[kind="side"] { background: $side; }
QWidget[kind="panel"] { background: $panel; }
QWidget[kind="bar"] { background: $background; }
QFrame[kind="line"] { background: $line; border: none; }
QFrame[kind="card"] { background: $background; border: 1px solid $line; border-radius: 12px; }
QFrame[kind="note-ok"] { background: $ok_tint; border-radius: 8px; }
QFrame[kind="note-warning"] { background: $warning_tint; border-radius: 8px; }
QFrame[kind="note-bad"] { background: $bad_tint; border-radius: 8px; }
QFrame#filter_options { background: $background; border: 1px solid $line; border-radius: 12px; }
QFrame#toast { background: $panel; border: 1px solid $line; border-radius: 12px; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover, QSplitter::handle:focus { background: $accent; }
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px 6px; }

/* text */
QLabel { background: transparent; }
QLabel[kind="figure"] { font-size: $px26; font-weight: 600; }
QLabel[kind="title"] { font-size: $px18; font-weight: 600; }
QLabel[kind="heading"] { font-weight: 600; }
QLabel[kind="section"] { font-size: $px11; font-weight: 600; color: $dim; }
QLabel[kind="dim"] { font-size: $px12; color: $dim; }
QLabel[kind="hint"] { font-size: $px12; color: $faint; }
QLabel[kind="fault"] { font-size: $px12; color: $bad; }
QLabel:disabled { color: $disabled; }
QLabel[kind^="chip"] { font-size: $px12; padding: 2px 8px; border-radius: 9px; background: $hover; color: $dim; }
QLabel[kind="chip-accent"] { background: $selection; color: $selection_text; }
QLabel[kind="chip-ok"] { background: $ok_tint; color: $ok; }
QLabel[kind="chip-warning"] { background: $warning_tint; color: $warning; }
QLabel[kind="chip-bad"] { background: $bad_tint; color: $bad; }

/* buttons: the ring of the focus takes the place of the border, so that nothing moves */
QPushButton, QToolButton[kind="plain"], QToolButton[kind="primary"] {
  background: $background; color: $text; border: 1px solid $line; border-radius: 8px;
  padding: 6px 14px; min-height: 20px; font-weight: 500;
}
QPushButton:hover, QToolButton[kind="plain"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[kind="plain"]:pressed { background: $line; }
QPushButton:checked { background: $selection; color: $selection_text; border-color: $accent; }
QPushButton:focus, QToolButton[kind="plain"]:focus { border: 2px solid $accent; padding: 5px 13px; }
QPushButton:disabled, QToolButton[kind="plain"]:disabled { color: $disabled; background: $background; }
QPushButton[kind="primary"], QToolButton[kind="primary"] {
  background: $accent; color: $accent_text; border: 1px solid $accent; font-weight: 600;
}
QPushButton[kind="primary"]:hover, QToolButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus { border: 2px solid $text; padding: 5px 13px; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled {
  background: $hover; border-color: $line; color: $disabled;
}
QPushButton[kind="destructive"] { background: $bad; color: $background; border: 1px solid $bad; font-weight: 600; }
QPushButton[kind="destructive"]:focus { border: 2px solid $text; padding: 5px 13px; }
QPushButton[kind="destructive"]:disabled { background: $hover; border-color: $line; color: $disabled; }
QPushButton[kind="link"] {
  background: transparent; border: 1px solid transparent; border-radius: 6px; color: $accent; padding: 3px 6px;
  font-weight: 600;
}
QPushButton[kind="link"]:hover { background: $hover; }
QPushButton[kind="link"]:focus { border: 2px solid $accent; padding: 2px 5px; }
QPushButton[kind="chip-warning"] {
  background: $warning_tint; color: $warning; border: 1px solid transparent; border-radius: 9px; padding: 1px 8px;
  font-size: $px12; min-height: 16px;
}
QPushButton[kind="chip-warning"]:hover { border-color: $warning; }
QPushButton[kind="chip-warning"]:focus { border: 2px solid $accent; padding: 0 7px; }
QPushButton[kind="link-flush"] {
  background: transparent; border: 1px solid transparent; border-radius: 4px; color: $accent; padding: 3px 0;
  font-weight: 600; text-align: left;
}
QPushButton[kind="link-flush"]:hover { text-decoration: underline; }
QPushButton[kind="link-flush"]:focus { border-color: $accent; }
QToolButton[kind="tool"] {
  background: transparent; border: 2px solid transparent; border-radius: 8px; padding: 4px;
  min-width: 20px; min-height: 20px;
}
QToolButton[kind="tool"]:hover { background: $hover; }
QToolButton[kind="tool"]:pressed, QToolButton[kind="tool"]:checked { background: $line; }
QToolButton[kind="tool"]:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }
QFrame#view_switch { background: $hover; border-radius: 8px; }
QFrame#view_switch QToolButton { border-radius: 6px; padding: 3px; }
QFrame#view_switch QToolButton:checked { background: $background; }
QToolButton#add_account {
  background: transparent; border: 2px solid transparent; border-radius: 6px; color: $dim; padding: 6px;
  text-align: left;
}
QToolButton#add_account:hover { background: $hover; color: $text; }
QToolButton#add_account:focus { border-color: $accent; }

/* fields */
QLineEdit, QComboBox, QSpinBox, QDateTimeEdit, QPlainTextEdit, QTextEdit {
  background: $background; color: $text; border: 1px solid $line; border-radius: 8px; padding: 6px 10px;
  selection-background-color: $selection; selection-color: $selection_text;
}
QLineEdit, QComboBox, QSpinBox, QDateTimeEdit { min-height: 20px; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDateTimeEdit:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border: 2px solid $accent; padding: 5px 9px;
}
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: $disabled; background: $panel; }
QLineEdit:read-only, QPlainTextEdit:read-only { background: $panel; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$icons/style/chevron-down-$mode.svg"); width: 14px; height: 14px; }
QComboBox QAbstractItemView {
  background: $background; border: 1px solid $line; border-radius: 8px; padding: 4px; outline: none;
}
QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator {
  width: 16px; height: 16px; border: 1px solid $dim; background: $background;
}
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; width: 14px; height: 14px; }
QCheckBox::indicator:checked {
  background: $accent; border-color: $accent; image: url("$icons/style/check-$mode.svg");
}
QRadioButton::indicator:checked { border: 5px solid $accent; width: 8px; height: 8px; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }

QFrame#address { background: $panel; border: 1px solid $line; border-radius: 8px; }
QFrame#address QLineEdit, QFrame#address QLineEdit:focus { border: 2px solid transparent; background: $panel; }
QFrame#address QLineEdit:focus { border-color: $accent; padding: 5px 9px; }
QToolButton[kind="crumb"], QToolButton[kind="crumb-here"] {
  background: transparent; border: 2px solid transparent; border-radius: 6px; padding: 2px 4px; color: $dim;
}
QToolButton[kind="crumb-here"] { color: $text; font-weight: 600; }
QToolButton[kind="crumb"]:hover, QToolButton[kind="crumb-here"]:hover { background: $hover; color: $text; }
QToolButton[kind="crumb"]:focus, QToolButton[kind="crumb-here"]:focus { border-color: $accent; }
QLineEdit#fact, QLineEdit#fact:read-only, QLineEdit#fact:focus {
  border: none; background: transparent; padding: 0; min-height: 20px;
}
QLineEdit#filter { background: $panel; padding-left: 2px; }
QLineEdit#search { padding-left: 2px; }
ListingFooter { border-top: 1px solid $line; }

/* views */
QAbstractItemView {
  background: $background; color: $text; border: none; outline: none;
  selection-background-color: $selection; selection-color: $selection_text;
}
QTreeView { show-decoration-selected: 0; }
QTreeView::branch { background: transparent; }
QWidget[kind="side"] QAbstractItemView { background: $side; }
QWidget[kind="panel"] QAbstractItemView { background: $panel; }
QTableView#blob_table { selection-background-color: transparent; }
QHeaderView { background: $background; border: none; }
QHeaderView::section {
  background: $background; color: $dim; border: none; border-bottom: 1px solid $line; padding: 0 12px;
  font-size: $px12; font-weight: 600;
}
QHeaderView::section:first { padding-left: 18px; }
QTableView#plain_table QHeaderView::section { padding: 0 4px; }
QHeaderView::section:hover { color: $text; }
QHeaderView::down-arrow, QHeaderView::up-arrow { width: 12px; height: 12px; }
QHeaderView::down-arrow { image: url("$icons/style/chevron-down-$mode.svg"); }
QHeaderView::up-arrow { image: url("$icons/style/chevron-up-$mode.svg"); }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab {
  background: transparent; color: $dim; border: none; border-bottom: 2px solid transparent; padding: 8px 4px;
  margin-right: 16px; min-height: 20px; font-weight: 500;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent; border-bottom-color: $accent; font-weight: 600; }
QTabBar:focus { outline: none; }
QTabBar::tab:focus { border: 2px solid $accent; border-radius: 6px; padding: 6px 2px 8px 2px; }
QScrollArea { border: none; background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 2px; }
QScrollBar::handle:hover { background: $disabled; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: $line; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

/* menus */
QMenuBar { background: $side; color: $text; border-bottom: 1px solid $line; padding: 2px 8px; }
QMenuBar::item { background: transparent; padding: 4px 10px; border-radius: 6px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $background; color: $text; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 6px; min-height: 16px; }
QMenu::item:selected { background: $selection; color: $selection_text; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 6px 8px; }
"""
