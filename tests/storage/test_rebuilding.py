"""What follows from the records is rebuilt from them, and only that."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from lifecycle import Lifecycle, open_lifecycle
from lifecycle.domain.errors import DatabaseLocked
from lifecycle.maintenance import rebuild
from lifecycle.storage import tables
from lifecycle.storage.rebuilding import rebuild as rebuild_at
from lifecycle.wiring import verify
from tests.killing import killed_anywhere
from tests.storage.backing_up import Kept

PROJECTIONS = ("streams", "standings", "assignments", "actors", "credentials")
ROWS = {name: tables.metadata.tables[f"lifecycle_{name}"] for name in PROJECTIONS}


@pytest.fixture
def url(on_sqlite: Kept) -> str:
    """A history with everything that is projected, on SQLite."""
    return on_sqlite.url


@pytest.fixture
def engine(on_sqlite: Kept) -> Iterator[Lifecycle]:
    """An engine on it."""
    with open_lifecycle(on_sqlite.url, evidence=on_sqlite.folder / "evidence") as engine:
        yield engine


@pytest.fixture
def raw(url: str) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as raw:
        yield raw


def everything(raw: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: sorted(raw.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608
        for name in sorted(tables.NAMES)
    }


def codes(engine: Lifecycle) -> set[str]:
    return {one.code for one in verify(engine).findings}


def test_nothing_is_written_where_nothing_differs(
    engine: Lifecycle, url: str, raw: sqlite3.Connection
) -> None:
    before = everything(raw)

    done = rebuild(engine, url)

    assert (done.differences, done.hindering) == ([], [])
    assert done.records == len(before["lifecycle_records"])
    assert everything(raw) == before


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_projection_that_was_emptied_is_made_again_row_by_row(
    engine: Lifecycle, url: str, raw: sqlite3.Connection, name: str
) -> None:
    before = everything(raw)
    raw.execute(f"DELETE FROM lifecycle_{name}")  # noqa: S608

    done = rebuild(engine, url)

    lost = before[f"lifecycle_{name}"]
    assert [(one.table, one.what) for one in done.differences] == [
        (f"lifecycle_{name}", "missing")
    ] * len(lost)
    assert lost
    assert everything(raw) == before
    assert codes(engine) == set()


def test_whatever_was_written_into_a_projection_is_put_right(
    engine: Lifecycle, url: str, raw: sqlite3.Connection
) -> None:
    """Column by column; also what is no text, by which no row could be asked for."""
    before = everything(raw)
    for place in range(max(len(table.columns) for table in ROWS.values())):
        damaged = {name: list(table.columns)[place:] for name, table in ROWS.items()}
        for name, columns in damaged.items():
            for column in columns[:1]:
                changed = "99" if str(column.type) == "INTEGER" else "CAST(x'41ff' AS TEXT)"
                raw.execute(
                    f"UPDATE lifecycle_{name} SET {column.name} = {changed}"  # noqa: S608
                    f" WHERE rowid = (SELECT max(rowid) FROM lifecycle_{name})"
                )

        # Some of it may be a trace of records: a stream or a version that no record has.
        done = rebuild(engine, url, accept=True)

        assert done.hindering == []
        assert {one.table for one in done.differences} == {
            f"lifecycle_{name}" for name, columns in damaged.items() if columns
        }
        assert everything(raw) == before


def test_what_may_be_the_last_trace_of_records_is_not_wiped_away_unasked(
    engine: Lifecycle, url: str, raw: sqlite3.Connection
) -> None:
    raw.execute("UPDATE lifecycle_streams SET version = version + 1 WHERE stream LIKE '%second'")
    raw.execute(
        "INSERT INTO lifecycle_standings SELECT 'third', roadmap, title, definition, state,"
        " version, entered_at, entered_on, due_on, final FROM lifecycle_standings"
        " WHERE school = 'second'"
    )
    before = everything(raw)

    done = rebuild(engine, url)

    assert {one.code for one in done.hindering} == {"head_differs", "standing_invented"}
    assert everything(raw) == before
    assert len(rebuild(engine, url, accept=True).differences) == 2
    assert codes(engine) == set()


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE lifecycle_records SET actor = 'other' WHERE sequence = 2",
        "DELETE FROM lifecycle_records WHERE stream LIKE '%second' AND sequence = 4",
    ],
)
def test_nothing_is_rebuilt_from_records_that_do_not_verify(
    engine: Lifecycle, url: str, raw: sqlite3.Connection, damage: str, accept: bool
) -> None:
    for name in ("update", "delete"):
        sql = raw.execute(
            "SELECT sql FROM sqlite_schema WHERE name = ?", (f"lifecycle_records_no_{name}",)
        ).fetchone()[0]
        raw.execute(f"DROP TRIGGER lifecycle_records_no_{name}")
        if name in damage.lower():
            raw.execute(damage)
        raw.execute(sql)
    raw.execute("DELETE FROM lifecycle_actors")
    before = everything(raw)

    done = rebuild(engine, url, accept=accept)

    assert done.hindering
    assert done.differences == []
    assert everything(raw) == before


def test_lost_evidence_hinders_nobody(
    engine: Lifecycle, url: str, raw: sqlite3.Connection, on_sqlite: Kept
) -> None:
    shutil.rmtree(on_sqlite.folder / "evidence")
    raw.execute("DELETE FROM lifecycle_standings WHERE school = 'second'")

    assert len(rebuild(engine, url).differences) == 1
    assert codes(engine) == {"evidence_missing"}


def test_a_rebuild_that_is_killed_has_happened_as_a_whole_or_not_at_all(
    engine: Lifecycle, url: str, raw: sqlite3.Connection
) -> None:
    sound = everything(raw)
    damaged: dict[str, list[tuple[object, ...]]] = {f"lifecycle_{one}": [] for one in PROJECTIONS}

    def damage() -> None:
        for name in damaged:
            raw.execute(f"DELETE FROM {name}")  # noqa: S608

    def work() -> None:
        rebuild(engine, url)

    for _ in killed_anywhere(work, 3, damage):
        assert everything(raw) in (sound | damaged, sound)
    rebuild(engine, url)
    assert everything(raw) == sound


def test_on_a_server_writers_wait_and_readers_do_not(on_postgres: Kept) -> None:
    url = on_postgres.url
    rows = "SELECT * FROM lifecycle_{} ORDER BY 1"
    with (
        open_lifecycle(url, evidence=on_postgres.folder / "evidence") as engine,
        psycopg.connect(url, autocommit=True) as other,
    ):
        before = {
            name: other.execute(rows.format(name).encode()).fetchall() for name in PROJECTIONS
        }
        for name in PROJECTIONS:
            other.execute(f"TRUNCATE lifecycle_{name}".encode())

        done = rebuild(engine, url)

        assert {one.what for one in done.differences} == {"missing"}
        for name in PROJECTIONS:
            assert other.execute(rows.format(name).encode()).fetchall() == before[name]
        assert codes(engine) == set()
        with other.transaction():
            other.execute("LOCK TABLE lifecycle_records IN ROW EXCLUSIVE MODE")
            with pytest.raises(DatabaseLocked):
                rebuild_at(url, verify=lambda view: verify(engine), lock_seconds=0.1)
