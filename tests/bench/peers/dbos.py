"""DBOS on its system database for SQLite: a workflow for each school, a durable step a transition.

The state is set as an event after each step, so that others can read it. A workflow is a program
and no object that commands are sent to, so each leads its school all the way at once; its start
and its end are counted. To wait for each command (``DBOS.recv``) would cost it more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

from tests.bench.work import (
    STATES,
    STEPS,
    Command,
    Event,
    Peer,
    command,
    event_of,
    guard,
    main,
    set_everywhere,
)


@DBOS.step()
def make(state: str, asked: Command) -> Event:
    """Decide one step; its output is what DBOS writes down."""
    guard(state, asked)
    return event_of(asked, asked.place + 1)


@DBOS.workflow()
def lead(number: int) -> str:
    """Lead a school from its start to its end."""
    state = STATES[0]
    for place in range(len(STEPS)):
        state = make(state, command(number, place))["to"]
        DBOS.set_event("state", state)
    return state


@DBOS.workflow()
def once(state: str, asked: Command) -> str:
    """Make one step, right or wrong."""
    state = make(state, asked)["to"]
    DBOS.set_event("state", state)
    return state


class Dbos(Peer):
    whole_way = True

    def open(self, schools: int) -> None:
        set_everywhere(self.settings)
        self._states = dict.fromkeys(range(schools), STATES[0])
        config: DBOSConfig = {
            "name": "bench",
            "system_database_url": f"sqlite:///{self.path}",
            "log_level": "CRITICAL",
            "run_admin_server": False,
        }
        DBOS(config=config)
        DBOS.launch()

    def advance(self, asked: Command) -> None:
        with SetWorkflowID(f"{asked.school}/{asked.command_id}/{len(DBOS.list_workflows())}"):
            once(self.states()[asked.number], asked)

    def advance_many(self, asked: Sequence[Command]) -> None:
        with SetWorkflowID(asked[0].school):
            lead(asked[0].number)

    def states(self) -> Mapping[int, str]:
        found = dict(self._states)
        for workflow in DBOS.list_workflows(load_input=False, load_output=False):
            number = int(workflow.workflow_id.partition("/")[0].partition(".")[2])
            for step in DBOS.list_workflow_steps(workflow.workflow_id):
                output: Any = step["output"]
                if step["function_name"].endswith("make") and output:
                    found[number] = output["to"]
        return found

    def close(self) -> None:
        DBOS.destroy()


if __name__ == "__main__":
    main(Dbos)
