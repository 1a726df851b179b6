"""Rows doubled behind the keys of a server, and rows on a server where nobody looks for them."""

from __future__ import annotations

import psycopg
import pytest

from lifecycle import open_lifecycle
from lifecycle.audit.findings import Finding, Report
from lifecycle.domain.errors import DatabaseLocked
from lifecycle.domain.ports import Auditing
from lifecycle.maintenance import rebuild
from lifecycle.storage import tables
from lifecycle.storage.journal import open_journal
from lifecycle.storage.rebuilding import rebuild as rebuild_at
from lifecycle.storage.shards import SHARDED
from lifecycle.storage.triggers import POSTGRES_TRIGGERS
from lifecycle.wiring import verify
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ROADMAP, Office, engine_on
from tests.sharded import Lay, Sharded, opened
from tests.storage.backing_up import Kept, rows
from tests.storage.samples import append

SCHOOLS = ("a", "b", "c", "d")


def test_rows_of_an_inheriting_table_are_found_in_every_table(on_postgres: Kept) -> None:
    copied = tables.metadata.tables.keys() - {"lifecycle_installation"}
    with psycopg.connect(on_postgres.url, autocommit=True) as owner:
        for table in copied:
            owner.execute(f"CREATE TABLE more_{table} () INHERITS ({table})".encode())
            owner.execute(f"INSERT INTO more_{table} SELECT * FROM ONLY {table}".encode())  # noqa: S608
        filled = {
            table
            for table in copied
            if owner.execute(f"SELECT 1 FROM {table} LIMIT 1".encode()).fetchone()  # noqa: S608
        }
        owner.execute("UPDATE ONLY lifecycle_standings SET state = 'completed', final = 1")

    with open_lifecycle(on_postgres.url, evidence=on_postgres.folder / "evidence") as engine:
        found = verify(engine).findings

    assert {one.field for one in found if one.code == "row_doubled"} == filled - {
        "lifecycle_records",
        "lifecycle_log_leaves",
    }
    assert {"id_repeated", "log_gap"} <= {one.code for one in found}
    assert filled >= {"lifecycle_standings", "lifecycle_streams", "lifecycle_credentials"}
    doubled = Finding(
        "row_doubled", "participation/second", None, "lifecycle_standings", None, "second"
    )
    assert doubled in found


@pytest.fixture(scope="module")
def history(lay: Lay, catalogue: Catalogue) -> Sharded:
    """A history on several servers; tests put back what they move."""
    sharded = lay("in place")
    with engine_on(
        open_journal(sharded.url),
        catalogue,
    ) as engine:
        engine.found(actor=ADMIN, command_id="found")
        Office(engine, catalogue.compiled(ROADMAP)).opened(*SCHOOLS)
    return sharded


def copy(history: Sharded, table: str, rows: str, there: int, *, moved: bool = False) -> None:
    """Put rows of a table on another shard as well, or on that one only."""
    here = next(
        number
        for number in range(len(history.shards))
        if history.there(number, f"SELECT 1 FROM {table} WHERE {rows} LIMIT 1")  # noqa: S608
    )
    with (
        psycopg.connect(history.shards[here]) as source,
        psycopg.connect(history.shards[there]) as target,
    ):
        found = source.execute(f"SELECT * FROM {table} WHERE {rows}".encode()).fetchall()  # noqa: S608
        places = ", ".join(["%s"] * len(found[0]))
        target.cursor().executemany(f"INSERT INTO {table} VALUES ({places})".encode(), found)  # noqa: S608
        if moved:
            source.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            source.execute(f"DELETE FROM {table} WHERE {rows}".encode())  # noqa: S608
            for trigger in POSTGRES_TRIGGERS.get(table, ()):
                if trigger.startswith("ALTER"):
                    source.execute(trigger.encode())


def odd(history: Sharded, catalogue: Catalogue) -> list[tuple[str, str, str | None, object]]:
    """Return code, place, table and what was found of everything that verification finds."""
    with engine_on(open_journal(history.url), catalogue) as engine:
        found = verify(engine).findings
    return [(one.code, one.place, one.field, one.found) for one in found]


def test_rows_on_a_shard_that_others_stand_for_are_found(
    history: Sharded, catalogue: Catalogue
) -> None:
    """A second row of the board, a second head, and a stream that is the coordinator's."""
    school = SCHOOLS[0]
    stream = f"participation/{school}"
    there = (history.place(stream) + 1) % len(history.shards)
    copy(history, "lifecycle_standings", f"school = '{school}'", there)
    copy(history, "lifecycle_streams", f"stream = '{stream}'", there)
    history.there(there, "INSERT INTO lifecycle_streams VALUES ('elsewhere', 1, '', '')")

    found = odd(history, catalogue)
    history.there(there, f"DELETE FROM lifecycle_standings WHERE school = '{school}'")  # noqa: S608
    history.there(there, f"DELETE FROM lifecycle_streams WHERE stream IN ('{stream}', 'elsewhere')")  # noqa: S608

    heads, board = f"lifecycle_streams_{there + 1}", f"lifecycle_standings_{there + 1}"
    assert [one for one in found if one[0].startswith("row_")] == [
        ("row_doubled", stream, "lifecycle_standings", school),
        ("row_doubled", stream, "lifecycle_streams", stream),
        ("row_misplaced", "elsewhere", "lifecycle_streams", heads),
        ("row_misplaced", stream, "lifecycle_streams", heads),
        ("row_misplaced", stream, "lifecycle_standings", board),
    ]


def test_what_follows_from_records_is_rebuilt_where_its_school_lies(history: Sharded) -> None:
    before = rows(history.url)
    spoilt = history.place(f"participation/{SCHOOLS[0]}")
    other = (spoilt + 1) % len(history.shards)
    history.there(other, "UPDATE lifecycle_standings SET state = 'completed', final = 1")
    history.there(spoilt, "DELETE FROM lifecycle_assignments")
    history.there(spoilt, "DELETE FROM lifecycle_streams")
    with psycopg.connect(history.url) as center:
        center.execute("DELETE FROM lifecycle_actors")
        center.execute("CREATE TEMP TABLE one AS SELECT * FROM lifecycle_standings LIMIT 1")
        center.execute("UPDATE one SET school = 'z'")
        center.execute("INSERT INTO lifecycle_standings SELECT * FROM one")
    history.there(spoilt, "DELETE FROM lifecycle_standings WHERE school <> 'z'")
    with psycopg.connect(history.url) as center:
        center.execute("INSERT INTO lifecycle_streams VALUES ('participation/y', 3, '', '')")

    with open_lifecycle(history.url) as engine:
        refused = rebuild(engine, history.url)
        done = rebuild(engine, history.url, accept=True)
        again = rebuild(engine, history.url)

    assert {one.code for one in refused.hindering} == {"standing_invented", "stream_empty"}
    assert {(one.table, one.what) for one in done.differences} >= {
        ("lifecycle_actors", "missing"),
        ("lifecycle_assignments", "missing"),
        ("lifecycle_standings", "invented"),
        ("lifecycle_standings", "missing"),
        ("lifecycle_streams", "invented"),
        ("lifecycle_streams", "missing"),
    }
    assert (again.differences, again.hindering) == ([], [])
    assert rows(history.url) == before


def test_nobody_writes_to_any_server_while_it_is_rebuilt(history: Sharded) -> None:
    def verify_held(view: Auditing) -> Report:
        with (
            opened(history.url, lock_seconds=0.1) as hasty,
            pytest.raises(DatabaseLocked),
            hasty.writing() as tx,
        ):
            append(tx, f"participation/{SCHOOLS[0]}")
        return Report(0, 0, ())

    rebuild_at(history.url, verify_held)


def test_a_row_of_no_stream_that_a_shard_calls_filled_is_found(
    history: Sharded, catalogue: Catalogue
) -> None:
    """PostgreSQL says «not null» of a column again, and has not looked at the rows."""
    table = "lifecycle_assignments"
    history.there(0, f"ALTER TABLE {table} ALTER stream DROP NOT NULL")
    history.there(0, f"INSERT INTO {table} VALUES ('x', NULL, 1, 'mallory', 'administrator')")  # noqa: S608
    history.there(0, f"ALTER TABLE {table} ADD CONSTRAINT nn NOT NULL stream NOT VALID")

    found = odd(history, catalogue)
    history.there(0, f"DELETE FROM {table} WHERE stream IS NULL")  # noqa: S608
    history.there(0, f"ALTER TABLE {table} VALIDATE CONSTRAINT nn")

    assert found == [
        (
            "schema_differs",
            "database",
            None,
            f"shard 1: column {table}.stream differs from the schema 0002",
        ),
        ("row_unfilled", "database", f"{table}.stream", "x"),
        ("row_misplaced", "database", table, f"{table}_1"),
    ]
    assert odd(history, catalogue) == []


def test_a_whole_school_on_another_shard_is_found(history: Sharded, catalogue: Catalogue) -> None:
    """Nobody reaches it there, and it could be enrolled again; last, as it is left there."""
    stream = f"participation/{SCHOOLS[1]}"
    there = (history.place(stream) + 1) % len(history.shards)
    filled = []
    for table in SHARDED:
        rows = f"school = '{SCHOOLS[1]}'" if "school" in table.c else f"stream = '{stream}'"
        with psycopg.connect(history.url) as center:
            if center.execute(f"SELECT 1 FROM {table.name} WHERE {rows}".encode()).fetchone():  # noqa: S608
                copy(history, table.name, rows, there, moved=True)
                filled.append(table.name)

    found = odd(history, catalogue)

    assert {"lifecycle_records", "lifecycle_assignments", "lifecycle_standings"} <= {*filled}
    assert [one for one in found if one[0] == "row_misplaced"] == [
        ("row_misplaced", stream, table, f"{table}_{there + 1}") for table in filled
    ]
