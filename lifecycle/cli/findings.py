"""What verification finds, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lifecycle.cli.language import shown
from lifecycle.printable import plain

if TYPE_CHECKING:
    from lifecycle.audit.findings import Finding


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield findings of verification, each on a line."""
    for found in findings:
        yield f"{plain(found.place, '')}: {found.code}: {shown(found.message)}"
