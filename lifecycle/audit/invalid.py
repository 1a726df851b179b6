"""Why a note, a key or a proof is not accepted, in words that exist in both languages."""

from __future__ import annotations

from typing import Any

from lifecycle.domain.messages import Message


class Invalid(ValueError):
    """Something from outside is not what it is offered for.

    Args:
        template: English text with placeholders; the msgid of its translation.
        facts: Values of the placeholders.
    """

    def __init__(self, template: str, **facts: Any) -> None:
        self.message = Message(template, facts)
        super().__init__(str(self.message))
