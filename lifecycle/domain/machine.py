"""The gate of the live path: the state machine of the ``transitions`` library.

A move that the machine does not make cannot be recorded. One machine per definition, without
models and automatic transitions; it is fired on a throw-away carrier, so nothing is shared
between threads and a failure leaves nothing behind. A move that it made once is not fired again.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from transitions import EventData, Machine, MachineError

from lifecycle.domain.definition import Definition

# Its per-callback DEBUG lines cost seven times the transition itself.
logging.getLogger("transitions").setLevel(logging.WARNING)


class _Carrier:
    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Gate:
    """The state machine of one definition."""

    def __init__(self, definition: Definition) -> None:
        # Where the machine was seen to lead: it has no memory, and so leads there every time.
        self._seen: dict[tuple[str, str], str] = {}
        # initial=None is a fuse: a model added by mistake raises instead of being reset.
        self._machine: Any = Machine(
            model=None,
            states=[state.name for state in definition.states],
            initial=None,
            auto_transitions=False,
            queued=False,
            send_event=True,
            ignore_invalid_triggers=False,
        )
        for one in definition.transitions:
            self._machine.add_transition(
                trigger=one.name,
                source=list(one.sources),
                dest="=" if one.target is None else one.target,
                conditions=[_is_allowed],
            )

    def move(self, state: str, transition: str, *, allowed: bool) -> str | None:
        """Return the state after *transition* out of *state*, or ``None`` if it is not made."""
        if allowed is True and (state, transition) in self._seen:
            return self._seen[state, transition]
        carrier = _Carrier(state)
        try:
            moved = self._machine.events[transition].trigger(carrier, allowed=allowed)
        except MachineError:
            return None
        if moved is not True:
            return None
        self._seen[state, transition] = carrier.state
        return carrier.state


def _is_allowed(event: EventData) -> bool:
    return event.kwargs["allowed"] is True


@lru_cache(maxsize=128)
def gate_of(definition: Definition) -> Gate:
    """Return the machine of *definition*, built once."""
    return Gate(definition)
