"""Dumping tables of PostgreSQL as a transaction sees them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection

from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_programs import program, reaching, run
from lifecycle.storage.staging import new_file


def dumped(
    database: PostgresDatabase,
    driver: Connection[Any],
    into: Path,
    programs: Path | None,
    names: Sequence[str],
    *,
    only_rows: bool = False,
) -> None:
    """Dump tables into a new file.

    Args:
        database: Where they are.
        driver: In a transaction that sees a single state.
        into: The new file, in a folder closed to others.
        programs: Folder with pg_dump; ``None`` to look for it.
        names: Of the tables.
        only_rows: Not how the tables are made.

    Raises:
        ProgramMissing: pg_dump is not there.
        BackupFailed: It failed.
    """
    major = driver.info.server_version // 10_000
    dump = program("pg_dump", major, programs)
    found = driver.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
    places = driver.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p')"
        " AND pg_catalog.pg_table_is_visible(c.oid)",
        (list(names),),
    ).fetchall()
    assert found is not None  # noqa: S101 - it selects one row of nothing
    os.close(new_file(into))
    with reaching(database.for_programs(), into.parent) as (conninfo, unseen):
        run(
            [
                dump,
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={found[0]}",
                f"--lock-wait-timeout={database.lock_milliseconds}",
                *(["--data-only"] if only_rows else []),
                *(f"--table={place}" for (place,) in places),
                f"--file={into}",
                f"--dbname={conninfo}",
            ],
            unseen,
        )
