"""Rows as such: none is there twice, and each lies where whoever asks for it looks.

Most readers look rows up by their keys and see one of several. What a key or a constraint of the
database keeps apart is not believed to be so.
"""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.audit.findings import Finding
from lifecycle.domain.ports import Auditing


def odd_rows(view: Auditing, *, indexed: bool = False) -> Iterator[Finding]:
    """Yield the keys that several rows have, and what lies on a server where it is not looked for.

    Args:
        view: One consistent view of the storage.
        indexed: The storage's own check found its tables and indexes as they have to be.
    """
    for table, stream, key in view.doubled(indexed=indexed):
        yield Finding("row_doubled", stream, None, table, None, key)
    for table, stream, part in view.misplaced():
        yield Finding("row_misplaced", stream, None, table, None, part)
