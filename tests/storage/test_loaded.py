"""Whoever would use numpy where it is loaded does not take it while another thread is still amid loading it."""

from __future__ import annotations

import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from artifact_browser.storage.loaded import loaded_numpy


def test_half_a_numpy_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert loaded_numpy() is None
    half = ModuleType("numpy")
    half.__spec__ = ModuleSpec("numpy", None)
    monkeypatch.setattr(half.__spec__, "_initializing", True, raising=False)
    monkeypatch.setitem(sys.modules, "numpy", half)
    assert loaded_numpy() is None


def test_a_whole_one_is_taken() -> None:
    import numpy as np

    assert loaded_numpy() is np


def test_the_import_system_marks_what_it_is_amid_of(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """What :func:`loaded_numpy` relies on, on this Python: asked from another thread, as a listing does."""
    (tmp_path / "half_loaded.py").write_text("import sys\nsys.go.set()\nsys.seen.wait(10)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "go", threading.Event(), raising=False)
    monkeypatch.setattr(sys, "seen", threading.Event(), raising=False)
    loading = threading.Thread(target=__import__, args=("half_loaded",))
    loading.start()
    assert sys.go.wait(10)  # type: ignore[attr-defined]
    spec = sys.modules["half_loaded"].__spec__
    assert getattr(spec, "_initializing", False) is True
    sys.seen.set()  # type: ignore[attr-defined]
    loading.join(10)
    assert getattr(spec, "_initializing", False) is False
    del sys.modules["half_loaded"]
