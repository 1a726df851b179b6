"""What campaigns try in the middle of trouble, and how its outcome is judged.

Whatever goes wrong, an operation was not done at all or wholly, whoever asked for it was told an
error of the engine, and asked once more with the same command ids it is done once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle import Lifecycle
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.logged import Sealing
from tests.campaigns import wholeness, workload
from tests.factories import ADMIN

DONE = "done"
"""Told by an operation that met no error."""


@dataclass(frozen=True)
class Operation:
    """Something that is done to a history.

    Args:
        name: For people.
        before: Does what has to be there first.
        do: Does it; the same again changes nothing.
        commands: Their ids in order: one record of each is there once it is done.
        sealing: How records come into the log meanwhile.
    """

    name: str
    before: Callable[[Lifecycle], object]
    do: Callable[[Lifecycle], object]
    commands: tuple[str, ...] = ()
    sealing: Sealing = "inline"


@dataclass
class Tally:
    """What a campaign came to.

    Args:
        faults: How many there were, by operation.
        told: How often each error was told, and ``done`` where the fault did no harm.
        wrong: What went wrong, in words.
    """

    faults: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, operation: Operation, told: str, where: str, wrong: Iterator[str]) -> None:
        """Take in a fault, with what is *wrong* after it.

        Args:
            operation: That met it.
            told: What it was told.
            where: The fault, in words.
            wrong: In words; is looked for now.
        """
        self.faults[operation.name] += 1
        self.told[told] += 1
        try:
            found = list(wrong)
        except LifecycleError as error:
            found = [f"afterwards {type(error).__name__}: {error}"]
        self.wrong += [f"{operation.name}, {where}, told {told}: {one}" for one in found]


def operations(paper: Path) -> list[Operation]:
    """Return everything that is tried.

    Args:
        paper: A file that is evidence.
    """
    first, second = (workload.commands(school, paper) for school in ("a", "b"))
    moves, others = (workload.batch(school, paper) for school in ("a", "b"))
    led = len(first) - len(moves)
    filed = led + [one.transition for one in moves].index(workload.FILED)
    batch = [*moves[:2], *others[:2]]

    def after(*plans: Sequence[workload.Command]) -> Callable[[Lifecycle], object]:
        return lambda engine: [one.do(engine) for plan in plans for one in plan]

    return [
        Operation("open", after(), lambda engine: None),
        Operation("enrol", after(), first[0].do, (first[0].id,)),
        Operation("advance", after(first[:filed]), first[filed].do, (first[filed].id,)),
        Operation(
            "batch",
            after(first[:led], second[:led]),
            lambda engine: workload.carried_out(engine, batch),
            tuple(str(one.command_id) for one in batch),
        ),
        Operation("seal", after(first[: led + 1]), _seal, sealing="queued"),
        Operation("erase", after(first[: filed + 1]), _erase, ("erase",)),
        Operation("evidence", after(), lambda engine: _file(engine, paper)),
    ]


def _file(engine: Lifecycle, paper: Path) -> None:
    engine.context.evidence.make()
    engine.context.evidence.put(paper)


def _seal(engine: Lifecycle) -> None:
    with engine.context.journal.writing() as tx:
        tx.seal(1000)


def _erase(engine: Lifecycle) -> None:
    person = f"{workload.FILER}.a"
    ground, act = "consent_withdrawn", "12"
    engine.people.erase(person, ground=ground, act=act, actor=ADMIN, command_id="erase")


def attempted(
    operation: Operation, opened: Callable[[], Lifecycle], begins: Callable[[], object]
) -> str:
    """Do an operation, and return the name of the error that it told, or ``DONE``.

    Args:
        operation: What is done.
        opened: Opens an engine.
        begins: Is called where faults may come: before the engine is opened if to open it is
            what is tried, otherwise after.
    """
    said, engine = DONE, None
    try:
        if operation.name == "open":
            begins()
            engine = opened()
        else:
            engine = opened()
            begins()
        operation.do(engine)
    except LifecycleError as error:
        said = type(error).__name__
    except BaseException as error:
        said = f"raw {type(error).__name__}: {error}"
    try:
        if engine is not None:
            engine.close()
    except BaseException as error:
        said = f"raw {type(error).__name__} at the end: {error}"
    return said


def outcome(
    operation: Operation,
    told: str,
    ask: wholeness.Ask,
    before: str,
    opened: Callable[[], Lifecycle],
) -> Iterator[str]:
    """Yield what is wrong after an operation, and do it once more.

    A history that is row by row as it was before needs no verification.

    Args:
        operation: What was done.
        told: What it told.
        ask: Asks the database.
        before: Fingerprint of the history before.
        opened: Opens an engine, without trouble.
    """
    if told.startswith("raw"):
        yield told
    streams = wholeness.streams_of(("a", "b"))
    with opened() as engine:
        if wholeness.fingerprint(ask) != before:
            yield from wholeness.halves(ask, streams)
            yield from wholeness.everything(engine)
        missing = wholeness.doubled(ask, operation.commands)
        if missing != list(operation.commands[len(operation.commands) - len(missing) :]):
            yield f"a later command was recorded, and not {missing}"
        if told == DONE and missing:
            yield f"it was told as done, and is not: {missing}"
        operation.do(engine)
    for command in wholeness.doubled(ask, operation.commands):
        yield f"{command} is not there once"
    yield from wholeness.halves(ask, streams)
