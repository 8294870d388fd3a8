"""Without PyTorch everything else works, and the trainer `torch` says how to get it."""

from __future__ import annotations

import sys

import pytest

from trainers import TRAINERS


def test_the_import_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'hpsearch\[torch\]'"):
        TRAINERS["torch"]()
