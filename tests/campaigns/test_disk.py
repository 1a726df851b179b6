"""The model of a disk: what is certain, and what may be left when the power fails."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.campaigns.disk import SECTOR, Disk

State = dict[str, bytes | None]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk with one file that is certain."""
    (tmp_path / "old").write_bytes(b"old")
    return Disk(tmp_path)


def left(disk: Disk) -> list[State]:
    """Return every state that is drawn."""
    return list(disk.states(Random(1), 60))  # noqa: S311


def test_what_nobody_changed_stays(disk: Disk) -> None:
    assert all(state == {"old": b"old"} for state in left(disk))


def test_writes_that_were_not_synced_may_be_there_in_any_order_or_not(disk: Disk) -> None:
    disk.write("old", 0, b"O")
    disk.write("old", 4, b"!")
    disk.cut("old", 6)

    found = {state["old"] for state in left(disk)}

    assert found >= {b"old", b"Old", b"old\0!", b"Old\0!\0", b"old\0\0\0"}


def test_a_write_may_be_torn_between_sectors_and_nowhere_else(disk: Disk) -> None:
    disk.sync("old")
    disk.write("old", SECTOR - 2, b"ab" + b"c" * SECTOR)

    ends = {(state["old"] or b"")[SECTOR - 2 :] for state in left(disk)}

    assert ends == {b"", b"ab", b"\0\0" + b"c" * SECTOR, b"ab" + b"c" * SECTOR}


def test_a_synced_file_keeps_its_content_and_not_its_name(disk: Disk) -> None:
    disk.make("new")
    disk.write("new", 0, b"new")
    disk.sync("new")

    assert {state.get("new") for state in left(disk)} == {None, b"new"}
    disk.sync("")
    assert {state.get("new") for state in left(disk)} == {b"new"}


def test_names_of_one_folder_change_in_order_and_those_of_two_do_not(disk: Disk) -> None:
    disk.make("a", folder=True)
    disk.make("b", folder=True)
    disk.sync("")
    disk.make("a/1")
    disk.make("a/2")
    disk.link("a/1", "b/1")
    disk.move("old", "new")

    found = [set(state) for state in left(disk)]

    assert not any("a/2" in names and "a/1" not in names for names in found)
    assert any("b/1" in names and "a/1" not in names for names in found)
    assert all(("old" in names) != ("new" in names) for names in found)


def test_what_lies_in_a_folder_that_is_not_there_cannot_be_found(disk: Disk) -> None:
    disk.make("a", folder=True)
    disk.make("a/1")
    disk.sync("a")
    disk.remove("old")

    found = [set(state) for state in left(disk)]

    assert {frozenset(names) for names in found} == {
        frozenset(names) for names in ({"old"}, {"old", "a", "a/1"}, {"a", "a/1"})
    }
