"""Errors of those who may not act because of how they are known."""

from __future__ import annotations

from lifecycle.domain.errors import NotFound, Refused
from lifecycle.domain.messages import Message


class UnknownCredential(NotFound):
    """No credential of that id was added."""

    code = "LC112"
    template = "there is no credential {name}"
    remedy_template = "list them: lifecycle token list, lifecycle key list"


class AuthenticationFailed(Refused):
    """Who asks did not show that he is the one he says he is.

    Args:
        detail: What is wrong with what he showed.
        stream: Stream that would have got the record.
        what: What was asked.
    """

    code = "LC205"
    template = "not known: {detail}"
    remedy_template = (
        "an administrator lets people be known: lifecycle token issue ACTOR --actor ADMINISTRATOR"
    )

    def __init__(self, detail: Message, stream: str = "", what: str = "authenticate") -> None:
        super().__init__((), detail=detail, stream=stream, what=what)
