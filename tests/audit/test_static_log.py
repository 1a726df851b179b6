"""The static directory is read again as C2SP's tlog-tiles says, and leads to the signed root."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lifecycle.audit.merkle import Frontier, leaf_hash
from lifecycle.audit.note import Checkpoint, origin_line
from lifecycle.audit.static_log import resources, unfit
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.memory import MemoryJournal
from tests.audit.breaking_in import BreakIn
from tests.audit.second_tree import mth
from tests.storage.samples import ORIGIN, STREAM, append


def bodies(count: int) -> list[bytes]:
    return [f"record {index}".encode() for index in range(count)]


def written(count: int) -> MemoryJournal:
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        for _ in range(count):
            append(tx)
    return journal


def as_of(journal: MemoryJournal | SqlJournal, size: int) -> Checkpoint:
    with journal.auditing() as view:
        edge = Frontier()
        for leaf, body in view.log.bodies(0):
            if leaf.index < size:
                edge.append(leaf_hash(body))
    return Checkpoint(origin_line(ORIGIN), edge.size, edge.root())


def tile(files: Mapping[str, bytes], level: int | str, index: int, width: int) -> bytes:
    """Read a resource by the path that the specification gives for small indices."""
    partial = "" if width == 256 else f".p/{width}"
    return files[f"tile/{level}/{index:03}{partial}"]


def test_the_files_are_those_of_the_specification_s_example() -> None:
    """A tree of 70,000, as tlog-tiles describes it in the section on partial tiles."""
    files = dict(resources(bodies(70_000)))
    kinds = [name.split("/")[1] for name in files]

    assert kinds.count("0") == 273 + 1
    assert kinds.count("entries") == 273 + 1
    assert [name for name in files if name.startswith(("tile/1", "tile/2"))] == [
        "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip
    assert len(files["tile/0/273.p/112"]) == 112 * 32
    assert files["tile/2/000.p/1"] == mth(bodies(65_536))


def test_a_full_tile_and_the_first_of_the_next_level_are_256_leaves() -> None:
    assert set(dict(resources(bodies(256)))) == {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"}
    assert dict(resources([])) == {}


def test_an_index_of_seven_digits_is_cut_as_the_specification_says() -> None:
    many = (b"" for _ in range(1_003 * 256))
    names = [name for name, _ in resources(many) if name.startswith("tile/entries/")]

    assert names[999:1001] == ["tile/entries/999", "tile/entries/x001/000"]


@pytest.mark.parametrize("count", [1, 255, 257, 515])
def test_entries_hash_to_the_lowest_tiles_and_these_to_the_root(count: int) -> None:
    files = dict(resources(bodies(count)))
    read: list[bytes] = []
    for start in range(0, count, 256):
        width = min(256, count - start)
        data, hashes = tile(files, "entries", start // 256, width), b""
        while data:
            length = int.from_bytes(data[:2], "big")
            body, data = data[2 : 2 + length], data[2 + length :]
            read.append(body)
            hashes += leaf_hash(body)
        assert hashes == tile(files, 0, start // 256, width)

    assert read == bodies(count)
    if count >= 256:
        lower = [mth(bodies(count)[at : at + 256]) for at in range(0, count - 255, 256)]
        assert tile(files, 1, 0, count // 256) == b"".join(lower)


def test_a_log_is_served_under_what_was_signed_of_it() -> None:
    journal = written(5)
    newest, served = as_of(journal, 5), as_of(journal, 3)
    with journal.auditing() as view:
        assert unfit(view, newest, None, "www") == []
        assert unfit(view, newest, served, "www") == []
        assert unfit(view, served, newest, "www") == []


def test_another_log_or_a_longer_one_is_not_served() -> None:
    journal, other = written(5), written(7)
    with journal.auditing() as view:
        differs = unfit(view, as_of(other, 4), None, "www")
        before = unfit(view, as_of(journal, 5), as_of(other, 4), "www")
        ahead = unfit(view, as_of(other, 7), None, "www")

    assert [one.code for one in differs] == ["checkpoint_differs", "log_forked"]
    assert [(one.code, one.field) for one in before] == [
        ("checkpoint_differs", "www"), ("log_forked", None),
    ]  # fmt: skip
    assert [one.code for one in ahead] == ["checkpoint_ahead"]


def test_a_log_with_a_changed_body_is_not_served(tmp_path: Path) -> None:
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(3):
            append(tx)
    newest = as_of(journal, 3)
    with BreakIn(tmp_path) as visit:
        visit.run("UPDATE lifecycle_records SET body = CAST('{}' AS BLOB) WHERE sequence = 2")
    with journal.auditing() as view:
        (found,) = unfit(view, newest, None, "www")

    assert (found.code, found.place) == ("body_altered", f"{STREAM}#2")
    journal.close()


def test_long_work_tells_how_far_it_is() -> None:
    told: list[int] = []
    journal = written(1_000)
    with journal.auditing() as view:
        assert unfit(view, as_of(journal, 1_000), None, "www", told.append) == []

    assert told == [1_000]


def test_a_checkpoint_of_nothing_is_extended_by_everything() -> None:
    journal = written(2)
    with journal.auditing() as view:
        assert unfit(view, as_of(journal, 2), as_of(journal, 0), "www") == []
