"""What can go wrong with exports for process miners."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput, NotFound


class NotExportable(InvalidInput):
    """A name that the format of the export cannot hold unchanged."""

    code = "LC318"
    template = "{value!r} cannot be written as {place}"
    remedy_template = "the rules or the history hold what no release writes: lifecycle verify"


class SchoolElsewhere(NotFound):
    """The school takes part, but not under the road map or the rules that were named."""

    code = "LC119"
    template = "school {name} does not take part under {rules}, but under {roadmap}"
    remedy_template = "its own history: lifecycle audit export {format} --school {name}"
