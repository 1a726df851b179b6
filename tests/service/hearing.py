"""An operator who hears every event, and looks at the history at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from lifecycle import Lifecycle
from lifecycle.events import Event


@dataclass
class Operator:
    """Hears events as an engine tells them.

    Args:
        engine: Whose history is looked at when an event is heard.
    """

    engine: Lifecycle
    heard: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def __call__(self, event: Event, /, **facts: Any) -> None:
        """Hear one event, and count the records that others can see by then."""
        assert sorted(facts) == sorted(event.fields), event.name
        self.heard.append((event, facts))
        with self.engine.context.journal.auditing() as view:
            self.sizes.append(sum(count for _, count in view.sizes()))

    @property
    def names(self) -> list[str]:
        """What was heard, by name."""
        return [event.name for event, _ in self.heard]

    def of(self, wanted: Event) -> list[dict[str, Any]]:
        """Return the facts of every event of one kind."""
        return [facts for event, facts in self.heard if event is wanted]


@contextmanager
def heard_by(engine: Lifecycle) -> Iterator[tuple[Lifecycle, Operator]]:
    """Lend an engine on the same history, and the operator who hears what it tells."""
    operator = Operator(engine)
    yield Lifecycle(replace(engine.context, log=operator)), operator
