"""Rows as such: none is there twice, none lacks a value, and each lies where one looks for it.

Most readers look rows up by their keys and see one of several. What a key or a constraint of the
database keeps apart is not believed to be so.
"""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.audit.findings import Finding
from lifecycle.domain.ports import Auditing


def odd_rows(view: Auditing, *, indexed: bool = False) -> Iterator[Finding]:
    """Yield keys that several rows have, rows that lack a value, and such as nobody looks for.

    Args:
        view: One consistent view of the storage.
        indexed: The storage's own check found its tables and indexes as they have to be.
    """
    for table, stream, key in view.doubled(indexed=indexed):
        yield Finding("row_doubled", stream, None, table, None, key)
    for table, column, stream, key in view.unfilled(indexed=indexed):
        yield Finding("row_unfilled", stream, None, f"{table}.{column}", None, key)
    for table, stream, part in view.misplaced():
        yield Finding("row_misplaced", stream, None, table, None, part)
