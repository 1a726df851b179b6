"""Tables in DuckDB: the one module that knows the library, which is an extra.

Rows come in batches, as lines of JSON in a file beside the database: with bound parameters
DuckDB takes a hundredth of the rows in the same time.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import duckdb
import orjson

from lifecycle.analysis.rows import Row
from lifecycle.analysis.tables import TABLES, Table

# More is not needed, whatever the number of records: it sorts and joins nothing.
_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "96MB",
    "threads": "1",
    # The wheel has all that is used; nothing is fetched or looked for.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_GROUP: Final = 20_480  # rows of a Parquet file that are packed together
_TABLES: Final = {table.name: table for table in TABLES}


class DuckTables:
    """A new database with empty tables. Use it as a context manager.

    Args:
        path: Of the database; there is no file yet, and nobody else writes in its folder.
    """

    def __init__(self, path: Path) -> None:
        self._lines = path.with_name(f"{path.name}.lines")
        with _told():
            self._database = duckdb.connect(str(path), config=_SETTINGS)
            self._database.execute("SET TimeZone = 'UTC'")
            for table in TABLES:
                self._make(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _told():
            self._database.close()

    def add(self, table: str, batch: Iterable[Row]) -> None:
        """Add rows to a table.

        Raises:
            OSError: They cannot be written.
        """
        with self._lines.open("wb") as lines:
            for row in batch:
                lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        types = ", ".join(f"{one.name}: '{one.type}'" for one in _TABLES[table].columns)
        with _told():
            self._database.execute(
                f"INSERT INTO {table} SELECT * FROM"  # noqa: S608 - names of our own
                f" read_json(?, format='newline_delimited', columns={{{types}}})",
                [str(self._lines)],
            )
        self._lines.unlink()

    def write_parquet(self, folder: Path) -> None:
        """Write each table into *folder*, as ``NAME.parquet``.

        Raises:
            OSError: They cannot be written.
        """
        for name in _TABLES:
            with _told():
                self._database.table(name).write_parquet(
                    str(folder / f"{name}.parquet"), compression="zstd", row_group_size=_GROUP
                )

    def _make(self, table: Table) -> None:
        columns = ", ".join(f"{one.name} {one.type}" for one in table.columns)
        self._database.execute(f"CREATE TABLE {table.name} ({columns})")
        self._database.execute(f"COMMENT ON TABLE {table.name} IS {_quoted(table.comment)}")
        for one in table.columns:
            told = _quoted(one.comment)
            self._database.execute(f"COMMENT ON COLUMN {table.name}.{one.name} IS {told}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the library cannot write as the system would."""
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        number = errno.ENOSPC if "No space left" in reason else errno.EIO
        raise OSError(number, reason) from error
