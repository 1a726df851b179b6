"""Every edit of a record is found, with its code and its place."""

from pathlib import Path

import pytest

from lifecycle.storage import tables
from tests.audit.breaking_in import MAP, STREAM, BreakIn, told, verified

# A record's place, hash and body have tests of their own.
INDEX = {one.name for one in tables.records.columns} - {"stream", "sequence", "hash", "body"}
FIFTH = f"{STREAM}#5"


def test_a_sound_history_has_no_findings(folder: Path) -> None:
    report = verified(folder)

    assert report.ok
    assert report.findings == ()
    with BreakIn(folder) as visit:
        ((records, streams),) = visit.run(
            "SELECT count(*), count(DISTINCT stream) FROM lifecycle_records"
        )
    assert (report.records, report.streams) == (records, streams)


def test_a_visit_that_changes_nothing_leaves_no_trace(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("SELECT 1")

    assert told(folder) == []


@pytest.mark.parametrize("column", sorted(INDEX))
def test_an_edited_column_is_found(folder: Path, column: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            f"UPDATE lifecycle_records SET {column} = 'x' WHERE stream = ? AND sequence = 5",  # noqa: S608 - a column's name
            STREAM,
        )

    assert told(folder) == [("column_differs", FIFTH, column)]


def test_an_edited_hash_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET hash = 'x' WHERE stream = ? AND sequence = 5", STREAM
        )

    assert told(folder) == [
        ("body_altered", FIFTH, "hash"),
        ("log_state_differs", "database", "frontier"),
    ]


def test_an_edited_body_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records"
            " SET body = CAST(replace(body, 'host:test', 'host:tests') AS BLOB)"
            " WHERE stream = ? AND sequence = 5",
            STREAM,
        )

    assert told(folder) == [
        ("body_altered", FIFTH, "hash"),
        ("chain_broken", f"{STREAM}#6", "previous"),
    ]


def test_an_edited_body_with_a_hash_that_fits_breaks_the_chain(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        followers = visit.run(
            "SELECT stream, sequence, hash, previous, body FROM lifecycle_records"
            " WHERE stream = ? AND sequence > 5",
            STREAM,
        )
        bodies[4]["actor"]["authentication"] = "host:other"
        visit.rewrite(STREAM, bodies)
        for stream, sequence, digest, previous, body in followers:
            visit.run(
                "UPDATE lifecycle_records SET hash = ?, previous = ?, body = ?"
                " WHERE stream = ? AND sequence = ?",
                *(digest, previous, body, stream, sequence),
            )
        visit.run(
            "UPDATE lifecycle_streams SET hash = ? WHERE stream = ?", followers[-1][2], STREAM
        )
        visit.reseal()

    assert told(folder) == [("chain_broken", f"{STREAM}#6", "previous")]


def test_an_edited_last_record_with_a_hash_that_fits_is_not_where_the_head_stands(
    folder: Path,
) -> None:
    with BreakIn(folder) as visit:
        ((head,),) = visit.run("SELECT hash FROM lifecycle_streams WHERE stream = ?", STREAM)
        bodies = visit.bodies(STREAM)
        bodies[-1]["actor"]["authentication"] = "host:other"
        visit.rewrite(STREAM, bodies)
        visit.run("UPDATE lifecycle_streams SET hash = ? WHERE stream = ?", head, STREAM)

    assert told(folder) == [("head_differs", STREAM, "hash")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"x" * 70_000, b'{"format":1}'])
def test_a_body_that_is_none_is_one_finding_and_hides_nothing_behind_it(
    folder: Path, body: bytes
) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET body = ? WHERE stream = ? AND sequence = 5", body, STREAM
        )
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = 6", STREAM
        )

    found = told(folder)

    assert found[:2] == [("body_altered", FIFTH, "hash"), ("body_invalid", FIFTH, "body")]
    assert ("column_differs", f"{STREAM}#6", "role") in found
    assert all(code != "chain_broken" for code, _, _ in found)


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_a_deleted_inner_record_is_found(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_records WHERE stream = ? AND sequence = 4", stream)

    found = told(folder)

    assert ("sequence_gap", f"{stream}#5", None) in found
    assert ("chain_broken", f"{stream}#5", "previous") in found


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_a_deleted_last_record_is_not_where_the_head_stands(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "DELETE FROM lifecycle_records WHERE stream = ?1 AND sequence ="
            " (SELECT max(sequence) FROM lifecycle_records WHERE stream = ?1)",
            stream,
        )

    found = told(folder)

    assert {("head_differs", stream, name) for name in ("version", "hash", "recorded_at")} <= set(
        found
    )


def test_swapped_rows_are_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for before, after in ((5, 1005), (6, 5), (1005, 6)):
            visit.run(
                "UPDATE lifecycle_records SET sequence = ? WHERE stream = ? AND sequence = ?",
                *(after, STREAM, before),
            )

    found = told(folder)

    for place in (5, 6):
        assert ("column_differs", f"{STREAM}#{place}", "sequence") in found
        assert ("chain_broken", f"{STREAM}#{place}", "previous") in found


def test_a_record_moved_to_another_stream_is_found_in_both(folder: Path) -> None:
    with BreakIn(folder) as visit:
        ((last,),) = visit.run("SELECT version FROM lifecycle_streams WHERE stream = ?", STREAM)
        visit.run(
            "UPDATE lifecycle_records SET stream = 'participation/ilyinskoye', sequence = 99"
            " WHERE stream = ? AND sequence = ?",
            *(STREAM, last),
        )

    found = told(folder)

    assert ("head_differs", STREAM, "version") in found
    assert ("sequence_gap", "participation/ilyinskoye#99", None) in found
    assert ("column_differs", "participation/ilyinskoye#99", "stream") in found
    assert ("chain_broken", "participation/ilyinskoye#99", "previous") in found


def test_a_stream_renamed_as_a_whole_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "streams"):
            visit.run(f"UPDATE lifecycle_{table} SET stream = 'schools/x' WHERE stream = ?", STREAM)  # noqa: S608 - a table's name

    found = told(folder)

    assert ("column_differs", "schools/x#1", "stream") in found
    assert ("chain_broken", "schools/x#1", "previous") in found


def test_a_history_of_another_installation_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_installation SET origin = 'origin-2'")

    found = told(folder)

    assert ("foreign_record", "installation#1", "origin") in found
    assert ("chain_broken", f"{STREAM}#1", "previous") in found
