"""Nothing where a value must stand: no column is taken for filled because the schema says so."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import astuple
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, Table, Text

from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import LogCheck
from lifecycle.audit.parts import part
from lifecycle.audit.verify import verify
from lifecycle.domain.erasable import Secret
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.evidence import StoredFile
from lifecycle.storage import tables
from lifecycle.storage.ciphers import Encryption, opened
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from tests.audit.breaking_in import BreakIn
from tests.audit.test_catalogue_tables import COLUMNS, GOLDEN, findings
from tests.cli.terminal import Terminal

Place = tuple[str, str]


def needed(table: Table) -> list[Place]:
    """Return the columns that must have a value and can lose it: a row's own number cannot."""
    numbers = [one for one in table.primary_key.columns if isinstance(one.type, Integer)]
    own = numbers if len(table.primary_key.columns) == 1 else []
    return [(table.name, one.name) for one in table.columns if not one.nullable and one not in own]


def is_number(place: Place) -> bool:
    """Tell whether numbers stand in a column."""
    table, column = place
    return isinstance(tables.metadata.tables[table].columns[column].type, Integer)


BY_TABLE = [needed(table) for table in tables.metadata.sorted_tables]
ROUNDS = [[one for one in each if one is not None] for each in zip_longest(*BY_TABLE)]
"""Every such column once, and in each round one of every table that has any left."""


NUMBERS = [some for each in ROUNDS if (some := [one for one in each if is_number(one)])]
"""As ``ROUNDS``, of numbers only."""

UNREAD = [
    (table.name, column.name)
    for table in tables.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Text) and (table.name, column.name) not in COLUMNS
]
"""Columns of texts that bear no history; of the others each is tried with the catalogue."""

OTHERS: dict[type[Any], Any] = {str: b"\xff", int: "x", bytes: "x"}
"""What cannot stand in a column of a type."""

SOME: dict[type[Any], str] = {str: "'1'", int: "1", bytes: "x'00'"}
"""What can, in SQL."""


def nothing(column: Column[Any]) -> None:
    """Return nothing to stand in *column*."""


def another(column: Column[Any]) -> Any:
    """Return what is of another type than *column*."""
    return OTHERS[column.type.python_type]


def filled(
    path: Path, places: Iterable[Place], value: Callable[[Column[Any]], object] = nothing
) -> None:
    """Put something into a row of each column, in a schema that is loosened meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as visit:
        kept = visit.execute("SELECT name, type, sql FROM sqlite_schema WHERE sql <> ''").fetchall()
        made = {name: text for name, kind, text in kept if kind == "table"}
        guards = {name: text for name, kind, text in kept if kind == "trigger"}
        visit.execute("PRAGMA synchronous = OFF")
        visit.execute("PRAGMA ignore_check_constraints = ON")
        for name in guards:
            visit.execute(f"DROP TRIGGER {name}")
        _pretend(visit, {name: text.replace(" NOT NULL", "") for name, text in made.items()})
        for table, column in places:
            of = tables.metadata.tables[table]
            _fill(visit, of, column, value(of.columns[column]))
        _pretend(visit, made)
        for text in guards.values():
            visit.execute(text)


def _pretend(visit: sqlite3.Connection, schema: dict[str, str]) -> None:
    visit.execute("PRAGMA writable_schema = ON")
    for name, text in schema.items():
        loose = text if " NOT NULL" in text else text.replace(" STRICT", "")
        visit.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, name))
    visit.execute("PRAGMA writable_schema = RESET")


def fill_in(run: Callable[..., object], table: Table) -> None:
    """Put a row into a table that has none."""
    row = ", ".join(SOME[one.type.python_type] for one in table.columns)
    run(f"INSERT INTO {table} SELECT {row} WHERE NOT EXISTS (SELECT 1 FROM {table})")  # noqa: S608


def _fill(visit: sqlite3.Connection, table: Table, column: str, value: object) -> None:
    fill_in(visit.execute, table)
    last = f"(SELECT max(rowid) FROM {table})"  # noqa: S608
    visit.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = {last}", (value,))  # noqa: S608


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden history, of which each test changes its own copy of the database."""
    folder = tmp_path_factory.mktemp("unfilled") / "golden"
    shutil.copytree(GOLDEN, folder)
    return folder


@pytest.fixture
def history(sound: Path) -> Path:
    """The same as it was at first."""
    shutil.copyfile(GOLDEN / "lifecycle.db", sound / "lifecycle.db")
    return sound


@pytest.mark.parametrize("places", ROUNDS, ids=range(len(ROUNDS)))
def test_nothing_where_a_value_must_stand_is_told_and_breaks_no_check_off(
    history: Path, places: list[Place]
) -> None:
    filled(history / "lifecycle.db", places)

    found = findings(history)

    told = {str(one.field) for one in found if one.code == "row_unfilled"}
    assert told == {f"{table}.{column}" for table, column in places}
    assert [one for one in found if one.code == "check_broken_off"] == []


@pytest.mark.parametrize("places", ROUNDS, ids=range(len(ROUNDS)))
def test_a_value_of_another_type_is_told_and_breaks_no_check_off(
    history: Path, places: list[Place]
) -> None:
    filled(history / "lifecycle.db", places, another)

    found = findings(history)

    codes = {one.code for one in found}
    assert "schema_differs" in codes
    assert "row_unfilled" not in codes
    assert "check_broken_off" not in codes
    assert not any(bytes in map(type, astuple(one)) for one in found)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)], ids=["largest", "least"])
@pytest.mark.parametrize("places", NUMBERS, ids=range(len(NUMBERS)))
def test_the_largest_and_the_least_number_are_found_and_break_no_check_off(
    history: Path, places: list[Place], number: int
) -> None:
    filled(history / "lifecycle.db", places, lambda column: number)

    codes = {one.code for one in findings(history)}

    assert codes
    assert "check_broken_off" not in codes


@pytest.mark.parametrize(
    ("text", "is_sound"),
    [("Я|~".encode(), True), (b"\xff41", False), ("Я".encode()[:1], False), (b"4\x001", False)],
    ids=["sound", "no letter", "half a letter", "zero"],
)
def test_a_text_that_is_none_is_found_where_nobody_reads_it(
    history: Path, text: bytes, is_sound: bool
) -> None:
    with BreakIn(history) as visit:
        for table, column in UNREAD:
            fill_in(visit.run, tables.metadata.tables[table])
            visit.run(f"UPDATE {table} SET {column} = CAST(? AS TEXT)", text)  # noqa: S608

    found = findings(history)

    odd = [f"table {table}: unsound TEXT value in {column}" for table, column in UNREAD]
    told = sorted(one.found for one in found)
    assert told == ([] if is_sound else sorted(odd))


def test_a_row_of_no_stream_that_makes_somebody_administrator_is_a_finding(history: Path) -> None:
    with closing(sqlite3.connect(history / "lifecycle.db", isolation_level=None)) as visit:
        made = visit.execute("SELECT sql FROM sqlite_schema WHERE name = 'lifecycle_assignments'")
        ((text,),) = made.fetchall()
        _pretend(visit, {"lifecycle_assignments": text.replace(" NOT NULL", "")})
        row = "('x', NULL, 1, 'mallory', 'administrator')"
        visit.execute(f"INSERT INTO lifecycle_assignments VALUES {row}")  # noqa: S608
        _pretend(visit, {"lifecycle_assignments": text})

    said = Terminal(history).run("verify", "--db", f"sqlite:///{history}/lifecycle.db", "--json")

    ((code, field, key),) = [
        (one["code"], one["field"], one["found"])
        for one in said.document["findings"]
        if one["code"] != "schema_differs"
    ]
    assert (said.code, code) == (6, "row_unfilled")
    assert (field, key) == ("lifecycle_assignments.stream", "x")


def test_a_part_that_breaks_off_keeps_what_it_and_others_found() -> None:
    first = Finding("log_gap", "installation", 1)

    def broken(error: BaseException) -> Iterator[Finding]:
        yield first
        raise error

    found = list(part("log", broken(TypeError("no number")), "participation/a"))

    assert found == [
        first,
        Finding("check_broken_off", "participation/a", None, "log", None, "TypeError: no number"),
    ]
    with pytest.raises(StorageFailed):
        list(part("log", broken(StorageFailed(detail="gone"))))
    # What a library written in Rust raises where it breaks; the type cannot be imported.
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    assert list(part("log", broken(panic("too long"))))[1].found == "PanicException: too long"
    with pytest.raises(KeyboardInterrupt):
        list(part("log", broken(KeyboardInterrupt())))


def test_who_interrupts_the_quick_look_at_schools_ends_the_verification(history: Path) -> None:
    with closing(sqlite3.connect(history / "lifecycle.db")) as raw:
        question = "SELECT sha256 FROM lifecycle_evidence_keys WHERE stream LIKE 'participation/%'"
        of_schools = {sha256 for (sha256,) in raw.execute(question)}

    class Interrupted(EvidenceFolder):
        def check(
            self, sha256: str, key: bytes | None = None, size: int | None = None
        ) -> StoredFile | None:
            if sha256 in of_schools:
                raise KeyboardInterrupt
            return super().check(sha256, key, size)

    with (
        closing(open_journal(f"sqlite:///{history}/lifecycle.db")) as journal,
        journal.auditing() as view,
        pytest.raises(KeyboardInterrupt),
    ):
        verify(view, Interrupted(history / "lifecycle.db.evidence"), {})


def test_a_personal_file_that_was_encrypted_anew_is_another_one(history: Path) -> None:
    store = history / "lifecycle.db.evidence" / "sha256"
    with closing(sqlite3.connect(history / "lifecycle.db")) as raw:
        sha256, key = raw.execute(
            "SELECT sha256, key FROM lifecycle_evidence_keys WHERE key IS NOT NULL"
        ).fetchone()
    place = store / sha256[:2] / sha256[2:4] / sha256
    before = place.read_bytes()
    content = opened(before, key)
    assert content is not None
    encryption = Encryption(Secret(key, bytes(12)))
    place.chmod(0o600)
    place.write_bytes(encryption.update(content) + encryption.end())
    found = {one.code for one in findings(history)}
    place.write_bytes(before)

    assert found == {"evidence_altered"}


def test_a_time_that_is_no_text_hides_nothing_of_the_log(history: Path) -> None:
    """What is wrong with the record is told there; its leaf is what it was."""
    filled(history / "lifecycle.db", [("lifecycle_records", "recorded_at")], another)

    with (
        closing(open_journal(f"sqlite:///{history}/lifecycle.db")) as journal,
        journal.auditing() as view,
    ):
        sound = list(LogCheck(view.log).run())
        shorter = LogCheck(view.log)
        told = [one for leaf in [*view.log.leaves()][1:] for one in shorter.take(leaf)]

    assert sound == []
    assert told[0].code == "log_gap"


def test_a_number_beyond_all_numbers_is_told_as_it_is_written() -> None:
    assert Finding("sequence_gap", found=float("nan")).found == "nan"
