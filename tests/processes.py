"""Surroundings of processes that tests start."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """Return the variables of the tests less those that have coverage measured.

    It costs a process as much again as it does. Where every command is run in the tests' own
    process elsewhere, nothing is learnt by it.
    """
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COV_", "COVERAGE_"))
    }
