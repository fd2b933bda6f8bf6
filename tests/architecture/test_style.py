"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "artifact_browser"
FILES = sorted(PACKAGE.rglob("*.py"))
OUR_FILES = [*FILES, *sorted((ROOT / "packaging").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
NO_NAMES = {"utils", "helpers", "misc", "manager", "base", "core", "common"}
#: The one room whose name the design gives.
NAMED_BY_DESIGN = {PACKAGE / "gui/common"}
SECRET_WORDS = re.compile(r"secret|password|token|access_key|passphrase")
#: Fields that sound like secrets and are none, with the reason.
HARMLESS = {
    ("ListPage", "next_token"): "an opaque place in a listing",
    ("RawPage", "token"): "the same, as the store said it",
}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", OUR_FILES, ids=name_of)
def test_a_file_is_short_and_says_what_it_is(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    assert ast.get_docstring(ast.parse(text)), "no module docstring"


def test_packages_hold_a_docstring_and_no_code() -> None:
    for file in PACKAGE.rglob("__init__.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        rest = tree.body[1:]
        is_version = file.parent == PACKAGE and all(isinstance(node, ast.Assign) for node in rest)
        assert is_version or not rest, name_of(file)


def test_every_folder_of_code_is_a_package() -> None:
    for folder in {file.parent for file in FILES}:
        assert (folder / "__init__.py").exists(), folder


def test_names_say_something() -> None:
    found = {path for path in [*FILES, *(file.parent for file in FILES)] if path.stem in NO_NAMES}
    assert found == NAMED_BY_DESIGN


def test_sizes_do_not_travel_as_32_bit_signals() -> None:
    """``Signal(int)`` cuts at 32 bits: 5 GiB arrives as 1 GiB (design decision 11)."""
    for file in FILES:
        assert not re.search(r"\bSignal\([^)]*\bint\b", file.read_text(encoding="utf-8")), name_of(file)


def test_secrets_are_not_in_a_repr() -> None:
    """Every dataclass field that sounds like a secret is left out of the ``repr``."""
    checked = 0
    for file in FILES:
        if "@dataclass" not in file.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for kind in vars(module).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__:
                for field in dataclasses.fields(kind):
                    checked += 1
                    if SECRET_WORDS.search(field.name) and str(field.type) in {"str", "str | None", "bytes"}:
                        assert not field.repr or (kind.__name__, field.name) in HARMLESS, f"{kind}.{field.name}"
    assert checked > 50
