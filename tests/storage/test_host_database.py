"""A history in the database of a host: beside its tables, and without touching them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

from lifecycle.domain.errors import DatabaseExists, DatabaseMissing, StorageFailed
from lifecycle.storage import sqlite_schema, tables
from lifecycle.storage.journal import create_journal, open_journal
from tests.storage.samples import ORIGIN, STREAM, append

# The names are those of tables of the engine, less their prefix.
HOST = """
CREATE TABLE records (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE actors (id INTEGER PRIMARY KEY AUTOINCREMENT, film TEXT);
CREATE TABLE persons (name TEXT);
CREATE INDEX ix_persons_name ON persons (name);
CREATE TRIGGER records_no_delete BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'no'); END;
INSERT INTO records (title) VALUES ('приказ');
INSERT INTO actors (film) VALUES ('Зеркало');
INSERT INTO persons VALUES ('Анна');
"""
OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
ENVIRONMENT = """
from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""
REVISION = """
from alembic import op

revision, down_revision = {revision!r}, {before!r}


def upgrade():
    op.execute("CREATE TABLE records_{revision} (title TEXT)")


def downgrade():
    op.execute("DROP TABLE records_{revision}")
"""

Rows = list[tuple[object, ...]]


@pytest.fixture
def host(path: Path) -> Path:
    """The database of a host."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(HOST)
    return path


@pytest.fixture
def engine(host: Path) -> Iterator[Engine]:
    """The engine of the host."""
    engine = create_engine(f"sqlite:///{host}")
    yield engine
    engine.dispose()


def asked(path: Path, statement: str) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def of_the_host(path: Path) -> tuple[Rows, list[Rows]]:
    """Return what the host made, and the rows in it; SQLite counts ids for all in one table."""
    made = [
        one for one in asked(path, OBJECTS) if not str(one[2]).startswith(("lifecycle_", "sqlite_"))
    ]
    names = sorted(str(name) for kind, name, *_ in made if kind == "table")
    return made, [asked(path, f"SELECT * FROM {name}") for name in names]  # noqa: S608


@pytest.mark.parametrize("application", [0, 7])
def test_a_history_begins_beside_the_tables_of_a_host(
    host: Path, url: str, application: int
) -> None:
    with closing(sqlite3.connect(host)) as connection:
        connection.execute(f"PRAGMA application_id={application}")
    before = of_the_host(host)

    create_journal(url, ORIGIN).close()
    journal = open_journal(url)
    with journal.writing() as tx:
        record = append(tx)
        tx.keep_name("ana", "Анна Петровна")
    with journal.auditing() as view:
        assert view.schema_findings() == []
        assert view.records(STREAM) == [record]
    journal.close()

    assert of_the_host(host) == before
    assert asked(host, "PRAGMA application_id") == [(application,)]
    assert asked(host, "SELECT name FROM lifecycle_persons") == [("Анна Петровна",)]


@pytest.mark.parametrize(("application", "kept"), [(0, sqlite_schema.APPLICATION_ID), (7, 7)])
def test_a_file_of_its_own_gets_the_mark_of_the_engine(
    path: Path, url: str, application: int, kept: int
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id={application}")

    create_journal(url).close()

    assert asked(path, "PRAGMA application_id") == [(kept,)]


def test_a_database_of_a_host_has_no_history_until_one_is_begun(host: Path, url: str) -> None:
    before = host.read_bytes()

    with pytest.raises(DatabaseMissing) as caught:
        open_journal(url)

    assert "lifecycle init" in str(caught.value.remedy)
    assert host.read_bytes() == before


def test_a_history_is_not_begun_twice_beside_a_host(host: Path, url: str) -> None:
    journal = create_journal(url, ORIGIN)
    with journal.writing() as tx:
        append(tx)

    with pytest.raises(DatabaseExists):
        create_journal(url)

    with journal.reading() as view:
        assert (view.origin, view.head(STREAM).version) == (ORIGIN, 1)
    journal.close()


def test_a_history_that_has_no_place_there_leaves_nothing(host: Path, url: str) -> None:
    with closing(sqlite3.connect(host)) as connection:
        connection.execute("CREATE VIEW lifecycle_outbox AS SELECT title FROM records")
    before = asked(host, OBJECTS)

    with pytest.raises(StorageFailed, match="lifecycle_outbox already exists"):
        create_journal(url)

    assert asked(host, OBJECTS) == before


@pytest.mark.parametrize("commits", [True, False])
def test_the_rows_of_a_host_and_the_records_share_their_fate_in_tables_of_like_names(
    engine: Engine, host: Path, url: str, commits: bool
) -> None:
    journal = create_journal(url, ORIGIN)

    with engine.connect() as connection:
        connection.execute(text("INSERT INTO records (title) VALUES ('письмо')"))
        with journal.joined(connection).writing() as tx:
            append(tx)
            tx.keep_name("ana", "Анна Петровна")
        connection.execute(text("INSERT INTO persons VALUES ('Борис')"))
        if commits:
            connection.commit()
        else:
            connection.rollback()

    with journal.auditing() as view:
        assert [one.stream for one in view.stored()] == [STREAM] * commits
    journal.close()
    assert asked(host, "SELECT title FROM records") == [("приказ",), *[("письмо",)] * commits]
    assert asked(host, "SELECT name FROM persons") == [("Анна",), *[("Борис",)] * commits]
    assert asked(host, "SELECT name FROM lifecycle_persons") == [("Анна Петровна",)] * commits


def test_the_migrations_of_a_host_and_those_of_the_engine_do_not_meet(
    engine: Engine, host: Path, url: str, tmp_path: Path
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENVIRONMENT, "utf-8")
    for revision, earlier in (("0001", None), ("0002", "0001")):
        source = REVISION.format(revision=revision, before=earlier)
        (tmp_path / "versions" / f"{revision}.py").write_text(source, "utf-8")

    def migrate(direction: str, revision: str) -> None:
        with engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(tmp_path).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            getattr(command, direction)(config, revision)

    def revisions() -> tuple[Rows, Rows]:
        return (
            asked(host, "SELECT version_num FROM alembic_version"),
            asked(host, f"SELECT version_num FROM {tables.VERSION_TABLE}"),  # noqa: S608
        )

    migrate("upgrade", "0001")
    before = of_the_host(host)
    journal = create_journal(url, ORIGIN)
    with journal.writing() as tx:
        append(tx)
    assert of_the_host(host) == before
    assert revisions() == ([("0001",)], [(tables.SCHEMA,)])

    migrate("upgrade", "head")
    assert revisions() == ([("0002",)], [(tables.SCHEMA,)])
    migrate("downgrade", "base")
    assert revisions() == ([], [(tables.SCHEMA,)])

    with journal.auditing() as view:
        assert view.schema_findings() == []
        assert view.head(STREAM).version == 1
    journal.close()
