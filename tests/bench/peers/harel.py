"""harel: a statechart in its language, run durably in the caller's thread, over its SQLite store.

Role and kinds of evidence are guarded in its language. An event that no transition takes is no
error there: we look where the school stands after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harel import DurableRunner, Event, SqliteStore, definition_from_dsl

from tests.bench.work import (
    MOMENT,
    ROLES,
    STATES,
    STEPS,
    Command,
    Peer,
    Refused,
    main,
    set_everywhere,
)


def _source() -> str:
    fields = (
        "school: string actor: string role: string at: string evidence: any"
        " form: string log: string payload: any"
    )
    lines = [f"event {step} {{ {fields} }}" for step in STEPS]
    lines += ["machine relay {", f"  initial {STATES[0]}"]
    lines += [f"  state {state} {{}}" for state in STATES[:-1]]
    lines.append(f"  final {STATES[-1]} success")
    for place, step in enumerate(STEPS):
        role = ROLES[place % len(ROLES)]
        wanted = f'role == "{role}" and form == "{step}_form" and log == "{step}_log"'
        lines.append(f"  from {STATES[place]} to {STATES[place + 1]} on {step} where {wanted}")
    return "\n".join([*lines, "}", ""])


class Harel(Peer):
    def open(self, schools: int) -> None:
        set_everywhere(self.settings)
        definition = definition_from_dsl(_source(), "relay")
        self._store = SqliteStore(str(self.path))
        self._runner: Any = DurableRunner(
            self._store, {definition.id: definition}, trace=True, execution="inline"
        )
        self._schools = range(schools)
        for number in self._schools:
            self._runner.create(definition.id, execution_id=f"relay.{number}")

    def advance(self, asked: Command) -> None:
        kinds = [one["kind"] for one in asked.evidence] + ["", ""]
        data = {
            "school": asked.school,
            "actor": asked.actor,
            "role": asked.role,
            "at": MOMENT,
            "evidence": list(asked.evidence),
            "form": kinds[0],
            "log": kinds[1],
            "payload": {},
        }
        done = self._runner.process(asked.school, Event(kind=asked.step, data=data))
        if not done.active_path.endswith(STATES[asked.place + 1]):
            raise Refused(done.active_path)

    def states(self) -> Mapping[int, str]:
        found = {}
        for number in self._schools:
            moves = [
                one
                for one in self._store.read_trace(f"relay.{number}")
                if one["from_path"] != one["to_path"]
            ]
            found[number] = moves[-1]["to_path"].split(".")[-1].split("/")[-1]
        return found


if __name__ == "__main__":
    main(Harel)
