"""Every edit of a record is found, with its code and its place."""

from pathlib import Path

import pytest

from lifecycle.storage import tables
from tests.audit.breaking_in import STREAM, BreakIn, told, verified

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


def test_a_body_that_is_none_in_a_stream_that_all_rest_on_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET body = CAST('{}' AS BLOB)"
            " WHERE stream = 'installation' AND sequence = 2"
        )

    found = told(folder)

    assert found[0][:2] == ("body_altered", "installation#2")
    assert ("body_invalid", "installation#2") in [one[:2] for one in found]
