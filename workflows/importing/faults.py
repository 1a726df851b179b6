"""Why a file cannot be imported: one clear message each, and what to do about it."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message

_NO_REMEDY = Message("give the file as .docx, .xlsx, .pdf with text, .txt or .md")


class UnreadableFile(InvalidInput):
    """The file is missing, damaged, protected, too large, or not of a kind that is read here.

    Args:
        file: The file, as it was named.
        detail: What is wrong with it.
        hint: What to do about it.
    """

    code = "LC320"
    template = "{file} cannot be imported: {detail}"
    remedy_template = "{hint}"

    def __init__(self, file: str, detail: Message, hint: Message = _NO_REMEDY) -> None:
        super().__init__(file=file, detail=detail, hint=hint)


class NoRoadmapTable(InvalidInput):
    """The file can be read, but has no table with activities and dates.

    Args:
        file: The file, as it was named.
        detail: What was found instead.
    """

    code = "LC321"
    template = "there is no road map in {file}: {detail}"
    remedy_template = (
        "the table needs a row of headings with the activity («Мероприятия», «Содержание»,"
        " «Задачи») and its date («Сроки», «Дата реализации»)"
    )

    def __init__(self, file: str, detail: Message) -> None:
        super().__init__(file=file, detail=detail)


class LibraryMissing(InvalidInput):
    """The library that reads this kind of file is not installed.

    Args:
        kind: The kind of file.
        extra: The extra of this package that brings the library.
    """

    code = "LC322"
    template = "reading {kind} needs the extra {extra}"
    remedy_template = "install it: pip install 'school-lifecycle[{extra}]'"

    def __init__(self, kind: str, extra: str) -> None:
        super().__init__(kind=kind, extra=extra)
