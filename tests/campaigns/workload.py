"""What campaigns have done to a history: the commands of a school, from its enrolment to its end.

Every command has an id of its own, made of the school and its place, so that whoever repeats it
asks for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lifecycle import AdvanceCommand, EvidenceFile, Lifecycle, Receipt
from lifecycle.domain.definition import Definition
from lifecycle.service.patience import PATIENCE
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from lifecycle.wiring import SystemClock, new_id
from tests.campaigns.postgres_speed import CATALOGUE, Step, people, steps, who
from tests.factories import ADMIN, ROADMAP, Office, actor, engine_on

FILED = "complete_questionnaire"
"""The transition whose evidence is a file."""

FILER = "school_coordinator"
"""The role of who files it."""


@dataclass(frozen=True)
class Command:
    """Something that is asked of an engine.

    Args:
        id: Of the command.
        school: Whose it is.
        do: Asks it.
    """

    id: str
    school: str
    do: Callable[[Lifecycle], Receipt]


def founded(url: str, durability: Durability | None = None) -> None:
    """Begin the history in a database with tables: the road map in force, its people assigned."""
    with engine_on(open_journal(url, durability=durability), CATALOGUE) as engine:
        engine.found(actor=ADMIN, command_id="found")
        Office(engine, rules()).opened()


def engine(url: str, evidence: Path, *, patience: float = PATIENCE, **options: Any) -> Lifecycle:
    """Return an engine as a service has it, except that the rules are compiled once for all.

    Args:
        url: Of the database.
        evidence: Folder of the evidence files.
        patience: For how long a transaction is begun again.
        options: Of ``open_journal``.
    """
    journal = open_journal(url, **options)
    context = engine_on(journal, CATALOGUE, evidence=EvidenceFolder(evidence)).context
    context = replace(context, clock=SystemClock(), new_id=new_id, patience=patience)
    return Lifecycle(context)


def rules() -> Definition:
    """Return the programme under the road map."""
    return CATALOGUE.compiled(ROADMAP)


def ready() -> None:
    """Work out everything that all processes need, before they are forked."""
    steps()
    people()


def commands(school: str, paper: Path) -> list[Command]:
    """Return all commands of a school in order.

    Args:
        school: Its id.
        paper: A file that is evidence.
    """
    asked: list[Callable[..., Receipt]] = [partial(_enrol, school)]
    for role in rules().roles:
        if "roadmap" not in role.scopes:
            person = f"{role.name}.{school}"
            asked.append(partial(_add, person))
            asked.append(partial(_assign, person, role.name, school))
    asked += [partial(_advance, school, step, paper) for step in steps()]
    return [
        Command(f"{school}.{place}", school, partial(do, f"{school}.{place}"))
        for place, do in enumerate(asked)
    ]


def _enrol(school: str, command_id: str, engine: Lifecycle) -> Receipt:
    by = people()[rules().enrolled_by[-1], None]
    title = f"Школа {school}"
    return engine.enrol(school, roadmap=ROADMAP, title=title, actor=by, command_id=command_id)


def _add(person: str, command_id: str, engine: Lifecycle) -> Receipt:
    return engine.add_actor(actor(person).id, actor=ADMIN, name="Ирина", command_id=command_id)


def _assign(person: str, role: str, school: str, command_id: str, engine: Lifecycle) -> Receipt:
    return engine.assign(person, role, actor=ADMIN, school=school, command_id=command_id)


def batch(school: str, paper: Path) -> list[AdvanceCommand]:
    """Return the transitions among the commands of a school, for a batch."""
    begun = len(commands(school, paper)) - len(steps())
    return [
        AdvanceCommand(
            school=school,
            transition=step.transition,
            actor=who(step.role, school),
            command_id=f"{school}.{place}",
            **_asked(step, paper),
        )
        for place, step in enumerate(steps(), begun)
    ]


def carried_out(engine: Lifecycle, batch: Iterable[AdvanceCommand]) -> None:
    """Have a batch carried out.

    Raises:
        LifecycleError: A command was not.
    """
    for outcome in engine.advance_many(batch):
        if outcome.error is not None:
            raise outcome.error


def _advance(school: str, step: Step, paper: Path, command_id: str, engine: Lifecycle) -> Receipt:
    by = who(step.role, school)
    return engine.advance(
        school, step.transition, actor=by, command_id=command_id, **_asked(step, paper)
    )


def _asked(step: Step, paper: Path) -> dict[str, Any]:
    asked = dict(step.request)
    if step.transition == FILED:
        asked["evidence"] = [EvidenceFile(one.kind, paper, one.item) for one in asked["evidence"]]
    return asked
