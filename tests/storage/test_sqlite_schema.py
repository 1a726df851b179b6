"""The schema of SQLite: migrated, append-only on every connection, and seen when it is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from lifecycle.domain.errors import DatabaseBroken
from lifecycle.domain.record import Record
from lifecycle.domain.spans import StoredRecord
from lifecycle.storage import rows, tables
from lifecycle.storage.journal import SqlJournal
from tests.storage.samples import STREAM, append, record_after

OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
COLUMNS = ", ".join(rows.STORED_COLUMNS)
NOT_UTF8 = "CAST(x'ff41' AS TEXT)"
MARKS = ", ".join(f":{name}" for name in rows.STORED_COLUMNS)


@pytest.fixture
def history(sqlite_journal: SqlJournal) -> tuple[Record, Record]:
    """Two records of one stream and a definition, committed."""
    with sqlite_journal.writing() as tx:
        tx.keep_definition("d" * 64, b"{}")
        return append(tx), append(tx)


@pytest.fixture
def raw(path: Path, history: object) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection to the database, as the driver makes it: no setting of ours."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def stored(journal: SqlJournal) -> list[StoredRecord]:
    with journal.auditing() as view:
        return list(view.stored())


def test_a_migrated_database_is_what_the_tables_say(sqlite_journal: SqlJournal, path: Path) -> None:
    engine = create_engine("sqlite://")
    with sqlite3.connect(path) as migrated, engine.connect() as connection:
        tables.metadata.create_all(connection)
        created = [tuple(row) for row in connection.exec_driver_sql(OBJECTS)]
        found = [row for row in migrated.execute(OBJECTS) if row[2] != tables.VERSION_TABLE]
    migrated.close()
    engine.dispose()

    assert [row[:3] for row in found] == [row[:3] for row in created]
    assert found == created


def test_alembic_sees_no_difference(sqlite_journal: SqlJournal, path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        options = {"version_table": tables.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)

        differences = compare_metadata(context, tables.metadata)
        revision = context.get_current_revision()
    engine.dispose()

    assert differences == []
    assert revision == tables.SCHEMA


def test_every_table_is_strict(sqlite_journal: SqlJournal, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        lax = {
            name
            for _, name, _, _, _, strict in connection.execute("PRAGMA table_list")
            if not strict and not name.startswith("sqlite_")
        }
    connection.close()

    assert lax == {tables.VERSION_TABLE}


def test_the_index_columns_are_those_of_the_record(history: tuple[Record, Record]) -> None:
    assert set(rows.INDEX_COLUMNS) == set(history[0].columns)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lifecycle_records SET actor = 'other'",
        "UPDATE OR IGNORE lifecycle_records SET sequence = 9",
        "UPDATE OR REPLACE lifecycle_records SET sequence = 2 WHERE sequence = 1",
        "DELETE FROM lifecycle_records",
        "DELETE FROM lifecycle_records WHERE sequence = 2",
        "UPDATE lifecycle_definitions SET body = x'00'",
        "DELETE FROM lifecycle_definitions",
        "REPLACE INTO lifecycle_definitions VALUES (printf('%.64c', 'd'), x'00')",
        "REPLACE INTO lifecycle_definitions (rowid, digest, body) VALUES (1, 'other', x'00')",
        "INSERT INTO lifecycle_definitions VALUES (printf('%.64c', 'd'), x'00')"
        " ON CONFLICT (digest) DO UPDATE SET body = excluded.body",
        "UPDATE lifecycle_installation SET origin = 'other'",
        "DELETE FROM lifecycle_installation",
        "REPLACE INTO lifecycle_installation VALUES (1, 'other', 1, '')",
        "REPLACE INTO lifecycle_installation VALUES (2, 'other', 1, '')",
    ],
)  # fmt: skip
def test_the_history_cannot_be_changed_by_any_connection(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, statement: str
) -> None:
    before = stored(sqlite_journal)

    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)

    assert stored(sqlite_journal) == before


@pytest.mark.parametrize(
    "insert",
    [
        "INSERT INTO",
        "INSERT OR REPLACE INTO",
        "REPLACE INTO",
        "INSERT OR IGNORE INTO",
        "INSERT OR FAIL INTO",
    ],
)
@pytest.mark.parametrize(
    ("case", "members"),
    [
        ("an occupied place", {"sequence": 1}),
        ("the last place", {"sequence": 2}),
        ("a gap", {"sequence": 4}),
        ("no place", {"sequence": 0}),
        ("a used command id", {"command_id": "command-1"}),
        ("a used record id", {"record_id": "record-1"}),
        ("another predecessor", {"previous": "0" * 64}),
        ("an occupied rowid", {"rowid": 1}),
        ("a hash that is there", {"hash": "of the first"}),
    ],
)
def test_no_row_takes_the_place_of_another(
    sqlite_journal: SqlJournal, path: Path, insert: str, case: str, members: dict[str, object]
) -> None:
    with sqlite_journal.writing() as tx:
        first = append(tx, command_id="command-1", record_id="record-1")
        second = append(tx)
    before = stored(sqlite_journal)
    row = rows.record_row(record_after(second.head)) | members
    if "hash" in members:
        row["hash"] = first.hash
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)

    with sqlite3.connect(path) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute(f"{insert} lifecycle_records ({names}) VALUES ({marks})", row)
    raw.close()

    assert stored(sqlite_journal) == before


def test_an_upsert_changes_no_record(
    sqlite_journal: SqlJournal, history: tuple[Record, Record], raw: sqlite3.Connection
) -> None:
    before = stored(sqlite_journal)

    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(
            f"INSERT INTO lifecycle_records ({COLUMNS}) VALUES ({MARKS})"  # noqa: S608
            " ON CONFLICT (stream, sequence) DO UPDATE SET actor = 'other'",
            rows.record_row(history[1]),
        )

    assert stored(sqlite_journal) == before


def test_the_next_record_is_taken_from_any_connection(
    sqlite_journal: SqlJournal, history: tuple[Record, Record], raw: sqlite3.Connection
) -> None:
    """The triggers refuse what is wrong, and only that."""
    record = record_after(history[1].head)

    raw.execute(
        f"INSERT INTO lifecycle_records ({COLUMNS}) VALUES ({MARKS})",  # noqa: S608
        rows.record_row(record),
    )

    assert [one.sequence for one in stored(sqlite_journal)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "DROP TRIGGER lifecycle_records_no_update",
            "trigger lifecycle_records_no_update is missing from",
        ),
        (
            "DROP INDEX ix_lifecycle_standings_state_due_on",
            "index ix_lifecycle_standings_state_due_on is missing from",
        ),
        ("DROP TABLE lifecycle_outbox", "table lifecycle_outbox is missing from"),
        (
            "ALTER TABLE lifecycle_records ADD COLUMN note TEXT",
            "table lifecycle_records differs from",
        ),
        ("CREATE INDEX mine ON lifecycle_records (actor)", "index mine is foreign to"),
        (
            # Names mean the same to SQLite in letters of any case.
            "CREATE TRIGGER mine AFTER INSERT ON LifeCycle_Records"
            " BEGIN DELETE FROM lifecycle_outbox; END",
            "trigger mine is foreign to",
        ),
        (
            "CREATE TRIGGER mine AFTER UPDATE ON Lifecycle_Version"
            " BEGIN DELETE FROM lifecycle_outbox; END",
            "trigger mine is foreign to",
        ),
        (
            "DROP TRIGGER lifecycle_records_no_delete; CREATE TRIGGER lifecycle_records_no_delete"
            " BEFORE DELETE ON lifecycle_records BEGIN SELECT 1; END",
            "trigger lifecycle_records_no_delete differs from",
        ),
    ],
)
def test_what_was_done_to_the_schema_is_found(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, statement: str, finding: str
) -> None:
    raw.executescript(statement)

    with sqlite_journal.auditing() as view:
        assert view.schema_findings() == [f"{finding} the schema {tables.SCHEMA}"]


def test_an_index_that_does_not_fit_its_table_is_found(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    name = "ix_lifecycle_standings_state_due_on"
    find = "SELECT sql FROM sqlite_schema WHERE name = ?"
    ((made,),) = raw.execute(find, (name,)).fetchall()
    for sql in (made.replace("(state, due_on)", "(state, title)"), made):
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
        raw.execute("PRAGMA writable_schema = RESET")
        if sql != made:
            raw.execute(f"REINDEX {name}")

    with sqlite_journal.auditing() as view:
        found = view.schema_findings()

    assert found
    assert all(one.startswith("table lifecycle_standings: ") for one in found)


@pytest.mark.parametrize("blank", ["\u00a0", "\u0085", "\x1c", "\u2028"])
def test_what_only_looks_like_a_blank_differs(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, blank: str
) -> None:
    """To SQLite it belongs to a name: here to that of another column, which is none."""
    name = "lifecycle_records_no_update"
    ((made,),) = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchall()
    raw.execute(f"DROP TRIGGER {name}")
    raw.execute(made.replace("a record is", f"a{blank}record is"))

    with sqlite_journal.auditing() as view:
        assert view.schema_findings() == [f"trigger {name} differs from the schema {tables.SCHEMA}"]


def test_a_statement_laid_out_anew_is_the_same(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    name = "lifecycle_records_no_update"
    ((made,),) = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchall()
    raw.execute(f"DROP TRIGGER {name}")
    raw.execute(made.replace(" BEGIN ", "\r\n\tBEGIN\f  "))

    with sqlite_journal.auditing() as view:
        assert view.schema_findings() == []


def test_a_host_s_own_collation_is_not_needed(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    raw.create_collation("theirs", lambda one, other: (one > other) - (one < other))
    raw.executescript(
        "CREATE TABLE orders (name TEXT COLLATE theirs); CREATE INDEX by_name ON orders (name);"
        " INSERT INTO orders VALUES ('b'), ('a')"
    )

    with sqlite_journal.auditing() as view:
        assert view.schema_findings() == []


def test_the_tables_of_a_host_are_its_own_matter(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    raw.executescript("CREATE TABLE orders (id); CREATE INDEX by_id ON orders (id)")

    with sqlite_journal.auditing() as view:
        assert view.schema_findings() == []


@pytest.mark.parametrize("column", rows.STORED_COLUMNS)
def test_an_auditor_reads_on_past_damage(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, column: str
) -> None:
    sound, _ = stored(sqlite_journal)
    values = {"sequence": "9", "body": "x'ff'"}
    raw.execute("DROP TRIGGER lifecycle_records_no_update")
    raw.execute(
        f"UPDATE lifecycle_records SET {column} = {values.get(column, NOT_UTF8)}"  # noqa: S608
        " WHERE sequence = 2"
    )

    (damaged,) = [one for one in stored(sqlite_journal) if one != sound]

    read = {"stream": damaged.stream, "sequence": damaged.sequence, "hash": damaged.hash,
            "body": damaged.body, **damaged.columns}  # fmt: skip
    assert read[column] == {"sequence": 9, "body": b"\xff"}.get(column, "\\xffA")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("streams", "recorded_at"),
        ("standings", "entered_at"),
        ("standings", "entered_on"),
        ("standings", "due_on"),
    ],
)
@pytest.mark.parametrize("value", ["''", "'2022-02-30'", NOT_UTF8])
def test_a_projection_without_dates_is_a_difference_to_the_auditor_and_an_error_to_others(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, table: str, column: str, value: str
) -> None:
    raw.execute(f"UPDATE lifecycle_{table} SET {column} = {value}")  # noqa: S608

    with sqlite_journal.auditing() as audit:
        (row,) = audit.streams() if table == "streams" else audit.standings()
    assert str(getattr(row, column)).startswith("1000-01-01")
    with sqlite_journal.reading() as view, pytest.raises(DatabaseBroken):
        view.head(STREAM) if table == "streams" else list(view.standings())


def test_a_record_that_is_none_is_an_error(
    sqlite_journal: SqlJournal, history: tuple[Record, Record], raw: sqlite3.Connection
) -> None:
    raw.execute("DROP TRIGGER lifecycle_records_no_update")
    raw.execute("UPDATE lifecycle_records SET body = x'7b7d' WHERE sequence = 2")

    with sqlite_journal.reading() as view:
        with pytest.raises(DatabaseBroken, match=f"record 2 of {STREAM}"):
            view.records(STREAM)
        with pytest.raises(DatabaseBroken, match=f"record 2 of {STREAM}"):
            view.command(history[1].command_id)
