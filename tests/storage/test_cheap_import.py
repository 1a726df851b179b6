"""Importing the package costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

EXPENSIVE = ("alembic", "sqlalchemy")


@pytest.mark.parametrize(
    ("modules", "loaded"),
    [
        ("lifecycle.storage", []),
        ("lifecycle.storage.memory, lifecycle.storage.memory_evidence", []),
        ("lifecycle.storage.journal", ["sqlalchemy"]),
    ],
)
def test_a_module_loads_only_what_it_works_with(
    child: Callable[..., str], modules: str, loaded: list[str]
) -> None:
    code = f"import sys, {modules}; print([one for one in {EXPENSIVE} if one in sys.modules])"

    assert child(code) == f"{loaded}\n"
