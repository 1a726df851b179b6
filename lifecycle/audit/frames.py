"""The frames of all records that can be in a school's stream, by the rules that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.compiled import compiled
from lifecycle.audit.spelling import Frame, frame
from lifecycle.domain.decision import CHECKED
from lifecycle.domain.definition import Definition

_CHECKED = list(CHECKED)
_REMEMBERED = 4096


class Frames:
    """Makes frames, each once.

    Args:
        origin: Id of the installation.
        definitions: By digest.
    """

    def __init__(self, origin: str, definitions: Mapping[str, Definition]) -> None:
        self._origin = origin
        self.rules = {digest: compiled(one) for digest, one in definitions.items()}
        self.of = lru_cache(maxsize=_REMEMBERED)(self._framed)

    def _framed(
        self, kind: str, transition: str | None, source: str | None, digest: str | None
    ) -> Frame:
        if digest is None:
            if kind not in ("role_assigned", "role_revoked") or (transition, source) != (
                None,
                None,
            ):
                raise Doubtful
            return frame(self._origin, kind, _CHECKED)
        rules = self.rules[digest]
        if rules is None:
            raise Doubtful
        definition = rules.definition
        if kind == "enrolled" and transition is None and source is None:
            ref, target = definition.ref, definition.initial
            return frame(self._origin, kind, _CHECKED, definition=ref, target=target)
        if kind != "advanced" or transition is None or source is None:
            raise Doubtful
        move = rules.moves[transition]
        return frame(
            self._origin,
            kind,
            move.checked,
            definition=definition.ref,
            due_on=move.due_on,
            source=source,
            target=move.targets[source],
            transition=transition,
            bare=not (move.kinds or move.facts),
        )
