"""What whoever has the file and the program can hide; a checkpoint kept elsewhere shows it.

He can cover every trace in the database, but cannot make the rules accept what they refuse. What
they accept, and what is cut off at the end, is his.
"""

from __future__ import annotations

from pathlib import Path

from tests.audit.breaking_in import (
    MAP,
    SCHOOL,
    STREAM,
    Body,
    BreakIn,
    forged,
    of,
    place,
    told,
)


def test_only_an_outside_checkpoint_shows_a_tail_that_was_cut_and_mended(folder: Path) -> None:
    assert forged(folder, lambda bodies: bodies.pop()) == []


def test_only_an_outside_checkpoint_shows_that_a_school_was_removed(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "streams", "assignments"):
            visit.run(f"DELETE FROM lifecycle_{table} WHERE stream = ?", STREAM)  # noqa: S608 - our names
        visit.run("DELETE FROM lifecycle_standings WHERE school = ?", SCHOOL)
        visit.reseal()

    assert told(folder) == []


def test_only_an_outside_checkpoint_shows_an_act_that_the_rules_allow(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "return_concept_documents")["reason"] = "unreadable"
        of(bodies, "confirm_stage_1")["actor"]["on_behalf_of"] = "former"

    assert forged(folder, change) == []


def test_a_cut_tail_is_found_where_another_stream_had_seen_it(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.forge(MAP, lambda bodies: bodies.pop())

    assert ("consulted_missing", place(folder, "confirm_stage_1"), MAP) in told(folder)
