"""Whatever is asked, in whatever order: the stored state is the replayed one, and it verifies.

Random requests, sound and spoiled, go to an engine in memory and to one on a real SQLite file or
on a server of PostgreSQL. All have to answer the same to the byte; afterwards every record that
was accepted is decided again by verification, and none may be refused.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from lifecycle import Actor, Evidence, Lifecycle, LifecycleError, Receipt, Refused, verify
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.replay import fold
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.storage.sqlite import WAL
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import (
    ADMIN,
    ORIGIN,
    RISKS,
    ROADMAP,
    Ids,
    Office,
    SetClock,
    actor,
    complete,
    engine_on,
    held_after,
    memory_engine,
    order,
)
from tests.server import Server

CATALOGUE = Catalogue()
STRANGERS = ("xenia", "yuri")
SCHOOLS = ("one", "two")
ROLES = ("municipal_coordinator", "school_coordinator", "curator", "reviewer", "expert")
PLACES: tuple[dict[str, str], ...] = (
    {"school": "one"},
    {"school": "two"},
    {"roadmap": ROADMAP},
    {},
)

Request = dict[str, Any]
SPOILED: dict[str, Callable[[Request], Request]] = {
    "as a rehearsal": lambda one: one | {"dry_run": True},
    "of an earlier version": lambda one: one | {"expected_version": 5},
    "of tomorrow": lambda one: one | {"effective_on": "2099-01-01"},
    "of long ago": lambda one: one | {"effective_on": "2021-12-01"},
    "without evidence": lambda one: one | {"evidence": []},
    "with a piece less": lambda one: one | {"evidence": one["evidence"][:-1]},
    "with a piece more": lambda one: one | {"evidence": [*one["evidence"], order("order", "x")]},
    "with a piece twice": lambda one: one | {"evidence": one["evidence"] * 2},
    "with evidence of nothing": lambda one: one | {"evidence": [Evidence("order")]},
    "without a reason": lambda one: one | {"reason": None},
    "with another reason": lambda one: one | {"reason": "mood"},
    "without facts": lambda one: one | {"facts": {}},
    "with a fact more": lambda one: one | {"facts": one["facts"] | {"outcome": "no_dynamics"}},
    "with an unknown fact": lambda one: one | {"facts": one["facts"] | {"mood": 1}},
    "with facts of another type": lambda one: one | {"facts": {"risks": "many"}},
    "with fewer risks": lambda one: one | {"facts": one["facts"] | {"activated_risks": RISKS[:1]}},
}

people = st.sampled_from(
    [
        *STRANGERS,
        "admin",
        "nobody",
        *(f"{role}.{ROADMAP}" for role in (*ROLES, "regional_coordinator")),
        *(f"{role}.{school}" for role in ("curator", "school_coordinator") for school in SCHOOLS),
    ]
)


choices = st.lists(st.integers(0, 2), min_size=1, max_size=5)


def prepared(office: Office) -> Office:
    """Give an office its strangers, who may get any role, and its schools."""
    for name in STRANGERS:
        office.engine.add_actor(name, actor=ADMIN)
    return office.opened(*SCHOOLS)


@cache
def definition() -> Definition:
    return CATALOGUE.compiled(ROADMAP)


@cache
def template() -> tuple[bytes, int]:
    """Return the bytes of a prepared database, made once, and the last id that it used."""
    ids = Ids()
    with tempfile.TemporaryDirectory(prefix="lifecycle-template-") as folder:
        path = Path(folder, "lifecycle.db")
        with engine_on(create_journal(f"sqlite:///{path}", ORIGIN), CATALOGUE, ids=ids) as engine:
            engine.found(actor=ADMIN, command_id="found")
            prepared(Office(engine, definition()))
        return path.read_bytes(), ids.last


def in_memory() -> Office:
    return prepared(Office(memory_engine(CATALOGUE), definition()))


def on_sqlite(folder: Path, twin: Office) -> Office:
    """Return the office of a copy of the template, at the same moment as its *twin*."""
    database, last = template()
    (folder / "lifecycle.db").write_bytes(database)
    clock = twin.engine.context.clock
    assert isinstance(clock, SetClock)
    engine = engine_on(
        # Fewer waits for the disk; what survives a power cut is not asked here.
        open_journal(f"sqlite:///{folder}/lifecycle.db", durability=WAL),
        CATALOGUE,
        evidence=EvidenceFolder(folder / "evidence"),
        clock=SetClock(clock.moment),
        ids=Ids(last),
    )
    return Office(engine, definition(), people=dict(twin.people))


def answered(engine: Lifecycle, request: Callable[[Lifecycle], Receipt]) -> tuple[object, ...]:
    """Return what the engine answers, in a form that can be compared."""
    try:
        receipt = request(engine)
    except Refused as refused:
        unmet = [(one.code, str(one.message), one.who, one.actors) for one in refused.unmet]
        return refused.code, str(refused), unmet
    except LifecycleError as error:
        return error.code, str(error), str(error.remedy)
    notices = [(one.code, str(one.message)) for one in receipt.notices]
    return receipt.record.body, receipt.repeated, receipt.dry_run, notices


class Requests(RuleBasedStateMachine):
    """Random requests to engines that have to answer the same."""

    offices: list[Office]

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Callable[[Lifecycle], Receipt]] = []

    def ask(self, request: Callable[[Lifecycle], Receipt]) -> None:
        first, *others = [answered(office.engine, request) for office in self.offices]
        assert all(one == first for one in others)
        self.asked.append(request)

    def command(self) -> str:
        return f"command-{len(self.asked)}"

    @initialize(states=st.tuples(*[st.sampled_from(list(definition().state))] * len(SCHOOLS)))
    def begin_anywhere(self, states: tuple[str, ...]) -> None:
        for office in self.offices:
            for school, state in zip(SCHOOLS, states, strict=True):
                office.lead(school, state)

    @rule(choices=choices)
    def go_on_with_one(self, choices: list[int]) -> None:
        """Make transitions that are open, by the right persons, with complete requests."""
        for choice in choices:
            self.go_on("one", choice)

    @rule(choices=choices)
    def go_on_with_two(self, choices: list[int]) -> None:
        for choice in choices:
            self.go_on("two", choice)

    @rule(
        school=st.sampled_from(SCHOOLS),
        choice=st.integers(0, 3),
        spoil=st.sampled_from(sorted(SPOILED)),
        name=st.none() | people,
    )
    def spoil_what_is_open(self, school: str, choice: int, spoil: str, name: str | None) -> None:
        self.go_on(school, choice, spoil, name)

    def go_on(
        self, school: str, choice: int, spoil: str | None = None, name: str | None = None
    ) -> None:
        office = self.offices[0]
        options = list(office.definition.open_in(office.state(school)))
        if options:
            move = options[choice % len(options)]
            person = actor(name) if name else office.who(move.roles[0], school)
            self.advance(school, move.name, person, spoil)

    @rule(
        school=st.sampled_from((*SCHOOLS, "three", "nowhere")),
        transition=st.sampled_from([*definition().transition, "teleport"]),
        name=people,
        spoil=st.none() | st.sampled_from(sorted(SPOILED)),
    )
    def try_anything(self, school: str, transition: str, name: str, spoil: str | None) -> None:
        self.advance(school, transition, actor(name), spoil)

    def advance(self, school: str, transition: str, person: Actor, spoil: str | None) -> None:
        office, command = self.offices[0], self.command()
        request: Request = {"evidence": [], "facts": {}}
        if transition in office.definition.transition:
            known = office.known(school) if school in SCHOOLS else {}
            move = office.definition.transition[transition]
            request = complete(office.definition, move, known)
        if spoil is not None:
            request = SPOILED[spoil](request)
        self.ask(
            lambda engine: engine.advance(
                school, transition, actor=person, command_id=command, **request
            )
        )

    @rule(
        given=st.booleans(),
        role=st.sampled_from((*ROLES, "administrator", "cook")),
        name=st.sampled_from(STRANGERS) | people,
        by=st.sampled_from(("admin",) * 4 + STRANGERS),
        place=st.sampled_from(PLACES),
    )
    def give_or_take(
        self, given: bool, role: str, name: str, by: str, place: dict[str, str]
    ) -> None:
        command = self.command()

        def request(engine: Lifecycle) -> Receipt:
            method = engine.assign if given else engine.revoke
            return method(name, role, actor=actor(by), command_id=command, **place)

        self.ask(request)

    @rule(
        school=st.sampled_from(("one", "three")),
        roadmap=st.sampled_from((ROADMAP, "belgorod-2021", "atlantis")),
        name=st.sampled_from(("admin", f"municipal_coordinator.{ROADMAP}")) | people,
        day=st.sampled_from((None, "2022-02-01", "2099-01-01")),
    )
    def enrol(self, school: str, roadmap: str, name: str, day: str | None) -> None:
        command = self.command()
        self.ask(
            lambda engine: engine.enrol(
                school,
                roadmap=roadmap,
                title="Школа",
                actor=actor(name),
                effective_on=day,
                command_id=command,
            )
        )

    @rule(which=st.integers(0, 50))
    def ask_again(self, which: int) -> None:
        if self.asked:
            self.ask(self.asked[which % len(self.asked)])

    @rule(days=st.sampled_from((-2, 1, 30)))
    def wait(self, days: int) -> None:
        for office in self.offices:
            clock = office.engine.context.clock
            assert isinstance(clock, SetClock)
            clock.advance(days=days)

    @invariant()
    def the_stored_state_is_the_replayed_one(self) -> None:
        assert_replayed(self.offices[0].engine)

    def teardown(self) -> None:
        for office in self.offices:
            assert_replayed(office.engine)
            clock = office.engine.context.clock
            assert isinstance(clock, SetClock)
            clock.advance(days=400)  # It was set back; nothing is to be ahead of it now.
            report = verify(office.engine)
            office.engine.close()
            assert report.findings == ()


def assert_replayed(engine: Lifecycle) -> None:
    """Check that board, roles and heads are what the records amount to."""
    with engine.context.journal.auditing() as view:
        for standing in view.standings():
            replayed = fold(view.records(f"participation/{standing.school}"))
            assert replayed is not None
            assert standing == standing_of(replayed, CATALOGUE.compiled(standing.roadmap))
        for head in view.streams():
            records = view.records(head.stream)
            assert view.assignments([head.stream]) == held_after(records)
            assert head == records[-1].head


class InMemory(Requests):
    """One engine, many requests."""

    def __init__(self) -> None:
        super().__init__()
        self.offices = [in_memory()]


class InLockstep(Requests):
    """An engine in memory and one on a real file."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="lifecycle-lockstep-"))
        memory = in_memory()
        self.offices = [memory, on_sqlite(self.folder, memory)]

    def teardown(self) -> None:
        stored = [kept(office.engine) for office in self.offices]
        super().teardown()
        shutil.rmtree(self.folder)
        assert stored[0] == stored[1]


def kept(engine: Lifecycle) -> tuple[object, ...]:
    """Return what a journal holds of records, roles and people."""
    with engine.context.journal.auditing() as view:
        return list(view.stored()), view.all_assignments(), view.actors()


class OnAServer(Requests):
    """An engine in memory and one on PostgreSQL, which seals as it writes to verify the same."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.end = ExitStack()
        url = self.end.enter_context(server.database(ORIGIN))
        folder = Path(self.end.enter_context(tempfile.TemporaryDirectory()))
        served = engine_on(
            open_journal(url, sealing="inline"), CATALOGUE, evidence=EvidenceFolder(folder)
        )
        served.found(actor=ADMIN, command_id="found")
        self.offices = [in_memory(), prepared(Office(served, definition()))]

    def teardown(self) -> None:
        with self.end:
            stored = [kept(office.engine) for office in self.offices]
            super().teardown()
            assert stored[0] == stored[1]


def test_an_engine_on_a_server_answers_and_holds_what_one_in_memory_does(server: Server) -> None:
    factory = cast(type[Requests], lambda: OnAServer(server))
    run_state_machine_as_test(factory, settings=settings(max_examples=4))


TestRequestsInMemory = InMemory.TestCase
TestRequestsInLockstep = InLockstep.TestCase
# Each request is a transaction on a real file, and every example a database.
TestRequestsInLockstep.settings = settings(
    max_examples=settings.default.max_examples // 4 if settings.default else 10
)
