"""The frames of all records that can be in a school's stream, by the rules that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.compiled import NO_REASON, Move, compiled
from lifecycle.audit.spelling import EVIDENCE, NOTHING, Frame, frame
from lifecycle.domain.decision import CHECKED
from lifecycle.domain.definition import Definition

Steps = dict[tuple[str, str, str, str], tuple[Move, Frame]]
"""Transitions and the frames of their records, by name, the states before and after, and rules."""

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
        self.steps = lru_cache(maxsize=_REMEMBERED)(self._steps)

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
        raise Doubtful

    def _steps(self, digest: str) -> Steps:
        rules = self.rules[digest]
        if rules is None:
            raise Doubtful
        return {
            (name, source, target, digest): (
                move,
                frame(
                    self._origin,
                    "advanced",
                    move.checked,
                    definition=rules.definition.ref,
                    due_on=move.due_on,
                    source=source,
                    target=target,
                    transition=name,
                    opens=_opens(move),
                ),
            )
            for name, move in rules.moves.items()
            for source, target in move.targets.items()
        }


def _opens(move: Move) -> str:
    asks = move.kinds or move.facts or move.alone or move.reasons is not NO_REASON
    return EVIDENCE if asks else NOTHING
