"""What is kept in mind between requests: believed only as long as the history says the same."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from lifecycle import Lifecycle, TransitionRefused
from lifecycle.domain.errors import UnknownActor
from lifecycle.domain.model import participation_stream, roadmap_stream
from lifecycle.domain.ports import Reading
from lifecycle.domain.record import Record
from lifecycle.service.context import Context
from lifecycle.service.known import Known
from lifecycle.service.memory import Memory
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, ROADMAP, Office, actor, engine_on
from tests.service.batches import FIRST, SCHOOL


@pytest.fixture
def elsewhere(office: Office) -> Office:
    """The same office by an engine that keeps things in a mind of its own."""
    context: Context = replace(office.engine.context, memory=Memory())
    return replace(office, engine=Lifecycle(context))


def codes(refused: TransitionRefused) -> set[str]:
    return {one.code for one in refused.unmet}


@pytest.mark.postgres
def test_what_somebody_else_changed_is_seen_by_the_next_request(
    office: Office, elsewhere: Office
) -> None:
    office.make(SCHOOL, FIRST[0])
    elsewhere.make(SCHOOL, FIRST[1])

    with pytest.raises(TransitionRefused) as moved:
        office.make(SCHOOL, FIRST[1])
    assert codes(moved.value) == {"not_in_state"}

    who = office.who(office.definition.transition[FIRST[2]].roles[0], SCHOOL)
    held = [
        (role, scope)
        for (role, scope), person in office.people.items()
        if person == who and scope in (None, SCHOOL)
    ]
    for role, scope in held:
        where = {"roadmap": ROADMAP} if scope is None else {"school": scope}
        elsewhere.engine.revoke(who.id, role, actor=ADMIN, **where)
    with pytest.raises(TransitionRefused) as taken:
        office.make(SCHOOL, FIRST[2])

    assert codes(taken.value) == {"role_missing"}


def test_somebody_who_is_registered_by_another_engine_is_known_at_once(
    office: Office, elsewhere: Office
) -> None:
    office.make(SCHOOL, FIRST[0])
    with pytest.raises(UnknownActor):
        office.make(SCHOOL, FIRST[1], actor=actor("newcomer"))
    elsewhere.engine.add_actor("newcomer", actor=ADMIN)

    with pytest.raises(TransitionRefused) as refused:
        office.make(SCHOOL, FIRST[1], actor=actor("newcomer"))

    assert codes(refused.value) == {"role_missing"}


def test_what_was_undone_with_a_hosts_transaction_is_not_believed(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "lifecycle.db"
    with engine_on(new_journal(f"sqlite:///{path}", ORIGIN), catalogue) as engine:
        engine.found(actor=ADMIN)
        office = Office(engine, catalogue.compiled(ROADMAP)).opened(SCHOOL)
        host = create_engine(f"sqlite:///{path}")
        with host.connect() as connection:
            joined = replace(office, engine=engine.joined(connection))
            joined.make(SCHOOL, FIRST[0])
            joined.make(SCHOOL, FIRST[1])
            connection.rollback()
        host.dispose()
        office.make(SCHOOL, FIRST[0])

        assert engine.context.memory is joined.engine.context.memory
        assert office.state(SCHOOL) == "questionnaire"


def test_what_is_known_is_not_read_again(office: Office) -> None:
    journal, memory, read = office.engine.context.journal, Memory(), list[str]()
    stream, on_map = participation_stream(SCHOOL), roadmap_stream(ROADMAP)

    def records(view: Reading) -> list[Record]:
        read.append(stream)
        return view.records(stream)

    for _ in range(2):
        with journal.reading() as view:
            known = Known(view, memory)
            found = known.participation(view.head(stream), partial(records, view))
            assert found is not None
            assert found.state == office.state(SCHOOL)
            assert known.roster(on_map)[1] == view.assignments([on_map])
            assert known.has_actor(ADMIN.id)

    installed, enrolled = known.consulted()
    assert read == [stream]
    assert memory.roster(enrolled) == known.roster(on_map)[1]
    assert memory.installed(installed) is memory.installed(installed)
