"""A history in a schema of its own: roles reach it, and a backup says where it belongs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifecycle.domain.errors_database import SchemaElsewhere
from lifecycle.maintenance import make_backup, restore_backup
from lifecycle.storage.journal import open_journal
from lifecycle.storage.postgres_roles import APP
from lifecycle.storage.roles import grant
from tests.histories import small_history
from tests.server import Server


def test_a_history_in_a_schema_of_its_own_is_served_and_restored_into_one_of_that_name(
    server: Server, tmp_path: Path
) -> None:
    def own(url: str) -> str:
        with psycopg.connect(url) as owner:
            owner.execute("CREATE SCHEMA town")
        return leading(url)

    def leading(url: str) -> str:
        return f"{url}&options=-csearch_path%3Dtown"

    settings: dict[str, Any] = {"evidence": tmp_path / "again", "programs": server.programs}
    with server.database() as url, server.database() as empty:
        mine = own(url)
        with small_history(mine, tmp_path):
            grant(mine)
        with psycopg.connect(url) as owner:
            owner.execute(f"ALTER ROLE {APP} LOGIN".encode())
        with (
            closing(open_journal(mine.replace("postgres@", f"{APP}@"))) as journal,
            journal.reading() as view,
        ):
            assert view.origin
        file, _ = make_backup(
            mine, tmp_path, evidence=tmp_path / "evidence", programs=server.programs
        )

        with pytest.raises(SchemaElsewhere, match=r"schema town; .* makes tables in public"):
            restore_backup(file, empty, **settings)
        with pytest.raises(SchemaElsewhere, match=r"schema town; .* makes tables in -"):
            restore_backup(file, leading(empty), **settings)
        assert not (tmp_path / "again").exists()
        assert restore_backup(file, own(empty), **settings).placed
