"""eventsourcing: an aggregate for each school, kept by its recorder for SQLite.

Roles and evidence are ours, in the aggregate. It replays the aggregate before each command.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from tests.bench.work import MOMENT, STATES, Command, Peer, guard, main, set_everywhere


class School(Aggregate):
    @event("Invited")
    def __init__(self, name: str) -> None:
        self.name, self.state = name, STATES[0]

    @staticmethod
    def create_id(name: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"/school/{name}")

    def advance(self, asked: Command) -> None:
        guard(self.state, asked)
        self.moved(
            trigger=asked.step,
            source=self.state,
            target=STATES[asked.place + 1],
            actor=asked.actor,
            role=asked.role,
            at=MOMENT,
            evidence=list(asked.evidence),
            payload={},
        )

    @event("Moved")
    def moved(
        self,
        trigger: str,
        source: str,
        target: str,
        actor: str,
        role: str,
        at: str,
        evidence: list[dict[str, Any]],
        payload: dict[str, Any],
    ) -> None:
        self.state = target


class EventSourcing(Peer):
    batches = True

    def open(self, schools: int) -> None:
        set_everywhere(self.settings)
        env = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(self.path),
            "SQLITE_LOCK_TIMEOUT": "60",
        }
        self._application: Any = Application(env=env)
        self._ids = [School.create_id(f"relay.{number}") for number in range(schools)]
        self._application.save(*(School(f"relay.{number}") for number in range(schools)))

    def advance(self, asked: Command) -> None:
        self.advance_many((asked,))

    def advance_many(self, asked: Sequence[Command]) -> None:
        moved: dict[int, Any] = {}
        for one in asked:
            if one.number not in moved:
                moved[one.number] = self._application.repository.get(self._ids[one.number])
            moved[one.number].advance(one)
        self._application.save(*moved.values())

    def states(self) -> Mapping[int, str]:
        get = self._application.repository.get
        return {number: get(one).state for number, one in enumerate(self._ids)}

    def close(self) -> None:
        self._application.close()


if __name__ == "__main__":
    main(EventSourcing)
