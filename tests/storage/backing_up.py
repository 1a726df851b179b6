"""Histories that are backed up and restored, and what is compared of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from lifecycle.maintenance import make_backup, restore_backup
from lifecycle.storage import tables
from lifecycle.storage.restoring import Restored


@dataclass
class Kept:
    """A history, where it lies, and a place where it can be restored.

    Args:
        url: Of the database.
        folder: With the evidence.
        empty: Address of a place where nothing is.
        programs: Folder with the programs of PostgreSQL.
    """

    url: str
    folder: Path
    empty: str
    programs: Path | None = None

    def backup(self, to: Path | None = None, **more: Any) -> Path:
        options: dict[str, Any] = {"programs": self.programs} | more
        file, self.manifest = make_backup(
            self.url, to or self.folder, evidence=self.folder / "evidence", **options
        )
        return file

    def restore(self, file: Path, **more: Any) -> Restored:
        options: dict[str, Any] = {"programs": self.programs} | more
        return restore_backup(file, self.empty, evidence=self.folder / "again", **options)

    def is_empty(self) -> bool:
        """Tell whether nothing was put in the empty place, or left beside it."""
        left = [one.name for one in self.folder.iterdir() if ".part" in one.name]
        if self.empty.startswith("sqlite"):
            there = Path(self.empty.removeprefix("sqlite:///")).exists()
        else:
            with psycopg.connect(self.empty) as other:
                found = other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
                there = found.fetchone() != (0,)
        return not (left or there or (self.folder / "again").exists())


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of ours."""
    names = sorted(tables.NAMES)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
            return {
                name: sorted(raw.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608
                for name in names
            }
    with psycopg.connect(url) as connection:
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}".encode()), key=repr)  # noqa: S608
            for name in names
        }


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "sha256").rglob("*")
        if path.is_file()
    }
