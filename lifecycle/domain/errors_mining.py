"""What can go wrong with exports for process miners."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput


class NotExportable(InvalidInput):
    """A name that the format of the export cannot hold unchanged."""

    code = "LC318"
    template = "{value!r} cannot be written as {place}"
    remedy_template = "the rules or the history hold what no release writes: lifecycle verify"
