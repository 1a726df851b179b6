"""The catalogue of tampering: any column of any table edited, as the schema tells them.

Two histories are edited: the golden one, which has one of everything, and a long log, which has a
tile and a queue. Each test is a line of the table in docs/audit.md, «What was tried, item by item».
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lifecycle import verify
from lifecycle.audit.findings import Finding
from lifecycle.audit.note import VerifierKey
from lifecycle.domain.errors import DatabaseBroken
from lifecycle.storage import tables
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import Body, BreakIn
from tests.campaigns.flips import BESIDE, BESIDE_COLUMNS, LEAVES, OF_THE_LOG, WAITING, long_log
from tests.campaigns.leading import Changed, leads
from tests.factories import SetClock, engine_on

_DAY = re.compile(r"\d{4}-\d\d-\d\d(T|$)")
GOLDEN = Path(__file__).parent.parent / "golden" / "format-1"
COLUMNS = [
    (table.name, column.name)
    for table in tables.metadata.sorted_tables
    for column in table.columns
    if table.name not in BESIDE and (table.name, column.name) not in BESIDE_COLUMNS
]
FINDS = {
    "lifecycle_actors": {"actors_differ"},
    "lifecycle_assignments": {"roles_differ"},
    "lifecycle_checkpoints.note": {"checkpoint_invalid", "checkpoint_misplaced"},
    "lifecycle_checkpoints.size": {"checkpoint_misplaced"},
    "lifecycle_credentials": {"credentials_differ"},
    "lifecycle_definitions": {"definition_altered"},
    "lifecycle_evidence_keys": {"key_missing", "opening_invented", "key_differs"},
    "lifecycle_installation.format": {"schema_differs"},
    "lifecycle_installation.origin": {"foreign_record"},
    "lifecycle_log_leaves": {"log_gap", "log_order", "log_leaf_invented"},
    "lifecycle_log_state": {"log_state_differs"},
    "lifecycle_log_tiles": {"log_tile_differs", "log_tile_missing", "log_tile_invented"},
    "lifecycle_openings": {"opening_missing", "opening_invented", "opening_differs"},
    "lifecycle_records": {"column_differs"},
    "lifecycle_records.body": {"body_altered"},
    "lifecycle_records.hash": {"body_altered"},
    "lifecycle_sealing_queue": {"log_queue_invented"},
    "lifecycle_standings": {"standing_differs"},
    "lifecycle_standings.school": {"standing_missing", "standing_invented"},
    "lifecycle_streams": {"head_differs"},
    "lifecycle_streams.stream": {"head_differs", "stream_empty"},
}
"""One of which codes tells of an edit, by table, or by table and column."""


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The golden history, which has one of everything, and a long log with a queue."""
    folder = tmp_path_factory.mktemp("catalogue")
    shutil.copytree(GOLDEN, folder / "golden")
    long_log(folder / "log")
    found = {name: folder / name for name in ("golden", "log")}
    assert [findings(one) for one in found.values()] == [[], []]
    return found


@pytest.fixture
def history(histories: dict[str, Path], tmp_path: Path, table: str) -> Path:
    """A copy of the history that has rows in *table*."""
    name = "log" if table in OF_THE_LOG else "golden"
    return Path(shutil.copytree(histories[name], tmp_path / "copy"))


def findings(folder: Path) -> list[Finding]:
    """Return what the whole of verification finds, as if the program began now."""
    store = EvidenceFolder(folder / "lifecycle.db.evidence")
    keys = [VerifierKey.parse((folder / "log.vkey").read_text("utf-8"))]
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    with engine_on(journal, Catalogue(), evidence=store, clock=SetClock()) as engine:
        found = verify(engine, keys=keys).findings
    # The clock of the test says nothing about how long records wait.
    return [
        one
        for one in found
        if one.code not in ("log_queue_late", "log_queue_ahead", "recorded_ahead")
    ]


def edited(visit: BreakIn, table: str, column: str) -> Changed:
    """Edit *column* in some row: to what another row has, or else to something like it."""
    names = [one.name for one in tables.metadata.tables[table].columns]
    rowid, *row = visit.run(
        f"SELECT rowid, * FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid DESC"  # noqa: S608
    )[0]
    before = dict(zip(names, row, strict=True))
    for after in (*_others(visit, table, column, before[column]), _like(before[column])):
        try:
            visit.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", after, rowid)  # noqa: S608
        except sqlite3.IntegrityError:
            continue
        return Changed(table, column, before, after)
    raise AssertionError(f"nothing else can stand in {table}.{column}")


def _others(visit: BreakIn, table: str, column: str, value: object) -> Iterator[Any]:
    others = f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ? ORDER BY 1"  # noqa: S608
    yield from (one for (one,) in visit.run(others, value))


def _like(value: Any) -> Any:
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return value + 1 if isinstance(value, int) else f"{value}0"


@pytest.mark.parametrize(
    ("table", "column"),
    [one for one in COLUMNS if one[1] != "id" or one[0] == "lifecycle_credentials"],
)
def test_any_column_edited(history: Path, table: str, column: str) -> None:
    with BreakIn(history) as visit:
        changed = edited(visit, table, column)

    found = findings(history)

    expected = FINDS.get(f"{table}.{column}") or FINDS[table]
    there = {one.code for one in found if leads(one, changed)}
    assert there & expected, found


def spellings(value: Any) -> dict[str, Any]:
    """Return other ways to write what a stored value means: to a lenient reader it is the same."""
    if isinstance(value, bytes):
        return {"a zero more": value + b"\0"}
    if isinstance(value, int):
        return {}  # The tables are strict: a number has one spelling.
    found = {"a zero more": f"{value}\0", "larger": value.upper()}
    if _DAY.match(value):
        week = date.fromisoformat(value[:10]).isocalendar()
        found |= {
            "basic": value[:10].replace("-", "") + value[10:],
            "week": f"{week.year}-W{week.week:02}-{week.weekday}{value[10:]}",
            "offset": value.replace("Z", "+00:00"),
            "apart": value.replace("T", " "),
        }
    if note := re.search(r"(?<=[A-Za-z0-9+/])([AQgw])==\n$", value):
        # The last letter of base64 bears two bits; a lenient reader drops the others.
        place = note.start(1)
        found["other bits"] = f"{value[:place]}{chr(ord(value[place]) + 1)}{value[place + 1 :]}"
    return {name: text for name, text in found.items() if text != value}


@pytest.mark.parametrize(("table", "column"), [one for one in COLUMNS if one[1] != "id"])
def test_any_column_spelt_otherwise(history: Path, table: str, column: str) -> None:
    with BreakIn(history) as visit:
        rowid, value = visit.run(
            f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
            " ORDER BY rowid DESC"
        )[0]
    unseen = []
    for name, other in spellings(value).items():
        with BreakIn(history) as visit:
            visit.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", other, rowid)  # noqa: S608
        if not findings(history):
            unseen.append(name)

    assert unseen == []


# As expressions of SQL: a text in the file need not be one in UTF-8.
HOSTILE = (
    "''",
    "char(0)",
    "CAST(x'ff' AS TEXT)",
    "CAST(x'eda080' AS TEXT)",  # half of a surrogate pair
    "printf('%.*c', 100000, 'x')",
    "printf('%.*c', 5000, '9')",
    "'../../etc/passwd'",
    "'2022-02-31'",
    "'9999-12-31T23:59:60.000000Z'",
    "'{\"a\":[]}'",
    "'NaN'",
)
HOSTILE_NUMBERS = ("-1", "0", "9223372036854775807", "-9223372036854775808")
HOSTILE_BYTES = ("x''", "x'00'", "x'ff'", "CAST('[]' AS BLOB)", "zeroblob(100000)")


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_any_column_with_what_nobody_writes(history: Path, table: str, column: str) -> None:
    """It is found, and ends no search."""
    with BreakIn(history) as visit:
        rows = visit.run(
            f"SELECT rowid, typeof({column}), hex({column}) FROM {table}"  # noqa: S608
            f" WHERE {column} IS NOT NULL"
        )
    kinds = {"text": HOSTILE, "integer": HOSTILE_NUMBERS, "blob": HOSTILE_BYTES}
    left = list(kinds[rows[0][1]])
    while left:
        tried = [
            _damaged(history, table, column, row, before, left.pop())
            for row, _, before in rows
            if left
        ]
        if any(tried):
            assert _told(history), tried


def _told(folder: Path) -> bool:
    """Return whether there are findings, or the history is not opened: it has no id to go by."""
    try:
        return findings(folder) != []
    except DatabaseBroken as error:
        return "origin" in str(error)


def _damaged(
    folder: Path, table: str, column: str, row: int, before: str, value: str
) -> str | None:
    """Put *value* there, and return it if it can stand there and is not what stood there."""
    with BreakIn(folder) as visit, suppress(sqlite3.IntegrityError):
        ((after,),) = visit.run(
            f"UPDATE {table} SET {column} = {value} WHERE rowid = ?"  # noqa: S608
            f" RETURNING hex({column})",
            row,
        )
        return value if after != before else None
    return None


@pytest.mark.parametrize("table", ["lifecycle_installation", "lifecycle_log_state"])
def test_a_second_row_where_one_belongs(history: Path, table: str) -> None:
    with BreakIn(history) as visit, pytest.raises(sqlite3.IntegrityError, match="one_row"):
        visit.run(f"UPDATE {table} SET id = 2")  # noqa: S608 - a table's name


@pytest.mark.parametrize("table", ["lifecycle_log_tiles"])
def test_a_chain_forged_under_tiles_of_the_log(history: Path, table: str) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[100]["actor"]["id"] = "clerk-5"

    with BreakIn(history) as visit:
        ((tile,),) = visit.run("SELECT hashes FROM lifecycle_log_tiles")
        visit.forge("installation", change)
        ((other,),) = visit.run("SELECT hashes FROM lifecycle_log_tiles")
        ((count,),) = visit.run("SELECT count(*) FROM lifecycle_log_leaves")

    codes = [(one.code, one.place) for one in findings(history)]

    assert tile != other
    assert count == LEAVES + WAITING
    assert codes == [
        ("decision_refused", "installation#101"),
        ("checkpoint_differs", "database"),
        ("log_forked", "database"),
    ]


def test_any_row_doubled(histories: dict[str, Path], tmp_path: Path) -> None:
    """Every table stands without its key, a row of it twice: no new table can be forgotten."""
    folder, one_row = tmp_path / "doubled", "lifecycle_installation"
    shutil.copytree(histories["golden"], folder)
    with BreakIn(folder) as visit:
        for table in tables.metadata.tables.keys() - {one_row}:
            double(visit, table)

    found = findings(folder)

    with BreakIn(folder) as visit:
        double(visit, one_row)
    in_order = {"lifecycle_records", "lifecycle_log_leaves"}
    doubled = {one.field for one in found if one.code == "row_doubled"}
    assert doubled == tables.metadata.tables.keys() - in_order - {one_row}
    assert {one.code for one in found} >= {"id_repeated", "log_gap", "schema_differs"}
    with pytest.raises(DatabaseBroken, match="no single id"):
        findings(folder)


def double(visit: BreakIn, table: str) -> None:
    """Take every constraint off *table*, and double one of its rows, or one made up."""
    visit.run(f"CREATE TABLE copied AS SELECT * FROM {table}")  # noqa: S608 - a table's name
    visit.run(f"DROP TABLE {table}")
    visit.run(f"ALTER TABLE copied RENAME TO {table}")
    if not visit.run(f"SELECT 1 FROM {table}"):  # noqa: S608
        columns = tables.metadata.tables[table].columns
        row = [column.type.python_type(1) for column in columns]
        visit.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)  # noqa: S608
    visit.run(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")  # noqa: S608
