"""Why a file, or a line of it, cannot be carried out."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message


class InvalidBatch(InvalidInput):
    """The file as a whole cannot be read as lines.

    Args:
        file: The file, as it was named.
        detail: What is wrong with it.
        hint: What to do about it.
    """

    code = "LC323"
    template = "{file} cannot be read as a batch: {detail}"
    remedy_template = "{hint}"

    def __init__(self, file: str, detail: Message, hint: Message) -> None:
        super().__init__(file=file, detail=detail, hint=hint)


class InvalidColumn(InvalidInput):
    """A value of a line is missing, or not of the form it must have.

    Args:
        column: The column, by its English heading.
        detail: What is wrong.
    """

    code = "LC324"
    template = "column {column} is not valid: {detail}"

    def __init__(self, column: str, detail: Message) -> None:
        super().__init__(column=column, detail=detail)
