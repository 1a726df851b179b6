"""The public page: what is listed is a decision, and it costs little to import."""

import subprocess
import sys
from pathlib import Path

import pytest

import lifecycle


def test_the_public_names_are_a_decision() -> None:
    assert lifecycle.__all__ == [
        "Actor",
        "AdministrationRefused",
        "AdvanceCommand",
        "AlreadyExists",
        "Attempt",
        "CommandReused",
        "Conflict",
        "EnrolmentRefused",
        "Evidence",
        "EvidenceFile",
        "InvalidInput",
        "Lifecycle",
        "LifecycleError",
        "Message",
        "NotFound",
        "Outcome",
        "Outlook",
        "Receipt",
        "Record",
        "Refused",
        "Snapshot",
        "StatusRow",
        "StorageFailed",
        "TransitionRefused",
        "Unmet",
        "VersionConflict",
        "create_lifecycle",
        "open_lifecycle",
        "render",
        "verify",
    ]


def test_the_public_names_are_sorted() -> None:
    assert lifecycle.__all__ == sorted(lifecycle.__all__)


@pytest.mark.parametrize("name", lifecycle.__all__)
def test_every_public_name_resolves_to_something_described(name: str) -> None:
    found = getattr(lifecycle, name)

    assert found.__name__ == name
    assert found.__doc__


def test_no_other_name_resolves() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'open_lifecylce'"):
        getattr(lifecycle, "open_lifecylce")  # noqa: B009 - mypy knows that it is not there


@pytest.mark.parametrize("library", ["sqlalchemy", "alembic", "pydantic", "transitions", "ruamel"])
@pytest.mark.parametrize("statement", ["import lifecycle", "from lifecycle import Actor, render"])
def test_importing_the_library_loads_no_adapter(
    tmp_path: Path, statement: str, library: str
) -> None:
    code = f"import sys\n{statement}\nprint({library!r} in sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "False\n"
