"""SpiffWorkflow: a BPMN process of twelve user tasks in four lanes.

It has no store: the workflow's JSON lies in a row and is read, run and written again for each
task, with a row for the event, in one transaction of our own. Evidence is guarded before the task.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from tests.bench.work import (
    ROLES,
    STATES,
    STEPS,
    Command,
    Peer,
    Refused,
    canonical,
    event_of,
    guard_rest,
    main,
)

_NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def _process() -> str:
    nodes = ["start", *STEPS, "end"]
    lanes: dict[str, list[str]] = {role: [] for role in ROLES}
    lanes[ROLES[0]] += ["start", "end"]
    for place, step in enumerate(STEPS):
        lanes[ROLES[place % len(ROLES)]].append(step)
    flow = "".join(
        [
            '<startEvent id="start"/><endEvent id="end"/>',
            *(f'<userTask id="{step}" name="{step}"/>' for step in STEPS),
            *(
                f'<sequenceFlow id="f_{one}" sourceRef="{one}" targetRef="{other}"/>'
                for one, other in pairwise(nodes)
            ),
        ]
    )
    held = "".join(
        f'<lane id="l_{role}" name="{role}">'
        + "".join(f"<flowNodeRef>{name}</flowNodeRef>" for name in names)
        + "</lane>"
        for role, names in lanes.items()
    )
    return (
        f'<definitions xmlns="{_NAMESPACE}" id="d" targetNamespace="x"><collaboration id="c">'
        '<participant id="p" name="p" processRef="relay"/></collaboration>'
        f'<process id="relay" isExecutable="true"><laneSet id="ls">{held}</laneSet>{flow}'
        "</process></definitions>"
    )


class Spiff(Peer):
    def open(self, schools: int) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(_process().encode()), filename="relay.bpmn")
        self._form: Any = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        self._raw = raw = sqlite3.connect(self.path, isolation_level=None)
        raw.execute(f"PRAGMA journal_mode={self.settings.journal_mode}").fetchall()
        raw.execute(f"PRAGMA synchronous={self.settings.synchronous}")
        raw.executescript(
            "CREATE TABLE workflow(id INTEGER PRIMARY KEY, body TEXT);"
            "CREATE TABLE event(id INTEGER PRIMARY KEY, workflow INTEGER, body TEXT);"
        )
        spec = parser.get_spec("relay")
        raw.execute("BEGIN")
        for number in range(schools):
            workflow = BpmnWorkflow(spec)
            workflow.do_engine_steps()
            body = self._form.serialize_json(workflow)
            raw.execute("INSERT INTO workflow VALUES (?, ?)", (number, body))
        raw.execute("COMMIT")

    def _read(self, number: int) -> Any:
        (body,) = self._raw.execute("SELECT body FROM workflow WHERE id = ?", (number,)).fetchone()
        return self._form.deserialize_json(body)

    def advance(self, asked: Command) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            self._step(asked)
        except BaseException:
            self._raw.execute("ROLLBACK")
            raise
        self._raw.execute("COMMIT")

    def _step(self, asked: Command) -> None:
        workflow = self._read(asked.number)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        if task.task_spec.bpmn_id != asked.step or task.task_spec.lane != asked.role:
            raise Refused("another task, or another lane")
        guard_rest(asked.place, asked.role, asked.evidence)
        event = event_of(asked, asked.place + 1)
        task.data = {"event": event}  # each completed task keeps its own
        task.run()
        workflow.do_engine_steps()
        body = self._form.serialize_json(workflow)
        self._raw.execute("UPDATE workflow SET body = ? WHERE id = ?", (body, asked.number))
        self._raw.execute(
            "INSERT INTO event(workflow, body) VALUES (?, ?)", (asked.number, canonical(event))
        )

    def states(self) -> Mapping[int, str]:
        found = {}
        for (number,) in self._raw.execute("SELECT id FROM workflow").fetchall():
            workflow = self._read(number)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            found[number] = STATES[STEPS.index(task.task_spec.bpmn_id) if task else -1]
        return found

    def close(self) -> None:
        self._raw.close()


if __name__ == "__main__":
    main(Spiff)
