"""What every journal promises: the sentences of the port, on every kind of journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from lifecycle.domain.errors import CommandReused, DatabaseLocked, VersionConflict
from lifecycle.domain.model import Assignment, RefusedAttempt
from lifecycle.domain.ports import Journal, Writing
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.spans import StoredRecord
from tests.storage.conftest import MakeJournal
from tests.storage.samples import ORIGIN, START, STREAM, append, record_after, standing_after

OTHER = "participation/school-2"

ATTEMPT = RefusedAttempt(
    at=START,
    stream=STREAM,
    actor="coordinator",
    what="start_questionnaire",
    command_id="command-1",
    unmet=({"code": "LG101", "parameters": {"role": ("a", "b")}, "who": ["administrator"]},),
)


def test_a_view_knows_the_installation(journal: Journal) -> None:
    with journal.reading() as view, journal.auditing() as audit:
        assert (view.origin, audit.origin) == (ORIGIN, ORIGIN)


def test_a_stream_without_records_stands_before_its_first(journal: Journal) -> None:
    with journal.reading() as view:
        assert view.head(STREAM) == empty_head(ORIGIN, STREAM)
        assert view.records(STREAM) == []


def test_records_come_back_in_order_as_they_were(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx, kind="enrolled")
        append(tx, OTHER)
    with journal.writing() as tx:
        second = append(tx)

    with journal.reading() as view:
        assert view.records(STREAM) == [first, second]
        assert [one.body for one in view.records(STREAM)] == [first.body, second.body]
        assert view.head(STREAM) == second.head


def test_records_can_be_had_one_by_one_from_any_place_on(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx, kind="enrolled")
        other = append(tx, OTHER)
        second, third = append(tx), append(tx)

    with journal.reading() as view:
        assert list(view.each(STREAM)) == [first, second, third]
        assert list(view.each(STREAM, after=1)) == [second, third]
        assert list(view.each(STREAM, after=3)) == []
        assert list(view.each("participation/nobody")) == []
        assert list(view.each()) == [first, second, third, other]
        assert list(view.each(after=1)) == [second, third]


def test_a_command_leads_to_the_record_that_it_made(journal: Journal) -> None:
    with journal.writing() as tx:
        record = append(tx, command_id="command-1")

    with journal.reading() as view:
        assert view.command("command-1") == record
        assert view.command("command-2") is None


def revoked(given: Record) -> dict[str, str]:
    return {"assignment": given.record_id, "actor": "ana", "role": "curator"}


def test_roles_are_held_from_their_assignment_to_its_revocation(journal: Journal) -> None:
    roles = ("curator", "expert", "reviewer")
    with journal.writing() as tx:
        given = [
            append(tx, kind="role_assigned", facts={"actor": "ana", "role": role}) for role in roles
        ]
        other = append(tx, OTHER, "role_assigned", facts={"actor": "ben", "role": "curator"})
        append(tx, kind="role_revoked", facts=revoked(given[1]))
        # A revocation in another stream takes nothing away here.
        append(tx, OTHER, "role_revoked", facts=revoked(given[0]))
    here = (
        Assignment(given[0].record_id, STREAM, "ana", "curator", 1),
        Assignment(given[2].record_id, STREAM, "ana", "reviewer", 3),
    )
    there = (Assignment(other.record_id, OTHER, "ben", "curator", 1),)

    with journal.auditing() as view:
        assert view.assignments([STREAM]) == here
        assert view.assignments(iter([OTHER, STREAM, STREAM])) == here + there
        assert view.assignments(["roadmap/none"]) == ()
        assert view.all_assignments() == here + there


def test_actors_are_known_once_they_were_added(journal: Journal) -> None:
    with journal.writing() as tx:
        for name in ("zoya", "ana"):
            append(tx, "installation", "actor_added", facts={"actor": name})

    with journal.reading() as view:
        assert view.has_actor("ana")
        assert not view.has_actor("ben")
        assert view.actors() == ["ana", "zoya"]


def test_the_board_has_a_row_for_each_school_sorted_by_road_map(journal: Journal) -> None:
    rows = {}
    with journal.writing() as tx:
        for school, roadmap in (("c", "tomari"), ("b", "belgorod"), ("a", "tomari")):
            record = record_after(tx.lock(f"participation/{school}"), "enrolled")
            rows[school] = standing_after(record, roadmap=roadmap, due_on=None, final=True)
            tx.append(record, rows[school])

    with journal.reading() as view:
        assert list(view.standings()) == [rows["b"], rows["a"], rows["c"]]
        assert list(view.standings(roadmap="tomari")) == [rows["a"], rows["c"]]
        assert list(view.standings(school="b")) == [rows["b"]]
        assert list(view.standings(school="b", roadmap="tomari")) == []
        assert view.schools() == ["a", "b", "c"]


def test_a_record_moves_the_row_of_its_school(journal: Journal) -> None:
    with journal.writing() as tx:
        append(tx, kind="enrolled")
        record = record_after(tx.lock(STREAM), target="final_review")
        moved = standing_after(record, due_on=date(2023, 1, 1))
        tx.append(record, moved)

    with journal.reading() as view:
        assert list(view.standings()) == [moved]


def test_a_definition_is_kept_as_it_was_first_stored(journal: Journal) -> None:
    with journal.writing() as tx:
        tx.keep_definition("b" * 64, b"{}")
        tx.keep_definition("a" * 64, b"[]")
        tx.keep_definition("b" * 64, b"changed")

    with journal.auditing() as view:
        assert view.definition("b" * 64) == b"{}"
        assert view.definition("c" * 64) is None
        assert list(view.definitions()) == [("a" * 64, b"[]"), ("b" * 64, b"{}")]


def test_an_auditor_sees_every_row_as_it_lies(journal: Journal) -> None:
    with journal.writing() as tx:
        later = append(tx, OTHER)
        records = [append(tx, kind="enrolled"), append(tx), later]

    with journal.auditing() as view:
        assert list(view.streams()) == [records[1].head, later.head]
        assert list(view.stored()) == [
            StoredRecord(one.stream, one.sequence, one.hash, one.body, one.columns)
            for one in records
        ]
        assert view.schema_findings() == []


def test_an_auditor_gets_more_records_than_are_fetched_at_once(journal: Journal) -> None:
    with journal.writing() as tx:
        for _ in range(1203):
            append(tx)

    with journal.auditing() as view:
        assert [one.sequence for one in view.stored()] == list(range(1, 1204))


WRITES: dict[str, Callable[[Writing], object]] = {
    "enrolment": lambda tx: append(tx, kind="enrolled"),
    "assignment": lambda tx: append(
        tx, kind="role_assigned", facts={"actor": "ana", "role": "curator"}
    ),
    "actor": lambda tx: append(tx, "installation", "actor_added", facts={"actor": "ana"}),
    "definition": lambda tx: tx.keep_definition("a" * 64, b"{}"),
    "name": lambda tx: tx.keep_name("ana", "Анна"),
    "refusal": lambda tx: tx.keep_refusal(ATTEMPT),
}


def everything(journal: Journal) -> list[object]:
    with journal.auditing() as view:
        return [
            list(view.stored()),
            list(view.streams()),
            list(view.standings()),
            view.all_assignments(),
            view.actors(),
            list(view.definitions()),
        ]


def raise_after(done: object, error: type[BaseException]) -> None:
    raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("write", WRITES)
def test_an_exception_undoes_everything(
    journal: Journal, write: str, error: type[BaseException]
) -> None:
    before = everything(journal)

    with pytest.raises(error), journal.writing() as tx:
        raise_after(WRITES[write](tx), error)

    assert everything(journal) == before
    with journal.writing() as tx:
        WRITES[write](tx)


def test_a_transaction_reads_what_it_wrote(journal: Journal) -> None:
    with journal.writing() as tx:
        record = append(tx)
        tx.keep_definition("a" * 64, b"{}")

        assert tx.head(STREAM) == tx.lock(STREAM) == record.head
        assert tx.records(STREAM) == [record]
        assert tx.command(record.command_id) == record
        assert tx.definition("a" * 64) == b"{}"


def test_nothing_is_seen_before_it_is_committed(journal: Journal) -> None:
    with journal.writing() as tx:
        append(tx)
        with journal.reading() as view:
            assert view.head(STREAM).version == 0

    with journal.reading() as view:
        assert view.head(STREAM).version == 1


def test_a_view_stays_as_it_was_when_it_was_opened(journal: Journal) -> None:
    def write() -> None:
        with journal.writing() as tx:
            append(tx)
        written.set()

    written = threading.Event()
    writer = threading.Thread(target=write)
    with journal.reading() as view:
        # With a rollback journal the writer has to wait for the view to close.
        writer.start()
        written.wait(0.3)
        seen = view.head(STREAM).version, view.records(STREAM), list(view.standings())
    writer.join()

    assert seen == (0, [], [])
    with journal.reading() as view:
        assert view.head(STREAM).version == 1


def test_a_lock_holds_a_stream_against_other_writers(journal: Journal) -> None:
    def write() -> None:
        with journal.writing() as tx:
            order.append(f"second at {tx.lock(STREAM).version}")
            append(tx)

    order: list[str] = []
    other = threading.Thread(target=write)
    with journal.writing() as tx:
        order.append(f"first at {tx.lock(STREAM).version}")
        other.start()
        other.join(0.2)
        append(tx)
    other.join()

    assert order == ["first at 0", "second at 1"]


def test_writers_in_many_threads_make_one_chain(journal: Journal) -> None:
    def write() -> None:
        for _ in range(20):
            with journal.writing() as tx:
                append(tx)

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with journal.reading() as view:
        records = view.records(STREAM)
    assert [one.sequence for one in records] == list(range(1, 121))
    assert [one.previous for one in records[1:]] == [one.hash for one in records[:-1]]


def test_a_writer_gives_up_when_another_one_does_not_end(make_journal: MakeJournal) -> None:
    journal = make_journal(lock_seconds=0.2)

    def write() -> None:
        with journal.writing() as tx:
            append(tx)

    with journal.writing() as tx:
        append(tx)
        with pytest.raises(DatabaseLocked, match=r"0\.2 s"):
            write()
        append(tx)

    with journal.reading() as view:
        assert view.head(STREAM).version == 2


def test_a_record_behind_an_old_head_is_a_conflict(journal: Journal) -> None:
    with journal.reading() as view:
        old = view.head(STREAM)
    with journal.writing() as tx:
        append(tx)

    with pytest.raises(VersionConflict) as caught, journal.writing() as tx:
        tx.append(record_after(old))

    assert caught.value.facts == {"stream": STREAM, "actual": 1, "expected": 0}


@pytest.mark.parametrize(
    "members", [{"sequence": 3}, {"sequence": 1}, {"previous": "0" * 64}], ids=str
)
def test_a_record_that_does_not_follow_the_head_is_a_conflict(
    journal: Journal, members: dict[str, Any]
) -> None:
    with journal.writing() as tx:
        append(tx)

    with pytest.raises(VersionConflict), journal.writing() as tx:
        tx.append(record_after(tx.lock(STREAM), **members))


@pytest.mark.parametrize("stream", [STREAM, OTHER])
def test_a_command_makes_one_record_in_the_whole_installation(
    journal: Journal, stream: str
) -> None:
    with journal.writing() as tx:
        append(tx, command_id="command-1")

    with pytest.raises(CommandReused, match="command-1"), journal.writing() as tx:
        append(tx, stream, command_id="command-1")


def test_a_retry_that_lost_its_place_is_told_of_the_command_first(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx)

    with pytest.raises(CommandReused), journal.writing() as tx:
        tx.append(first)


def test_a_conflict_leaves_the_transaction_usable(journal: Journal) -> None:
    with journal.writing() as tx:
        append(tx, command_id="command-1")
        with pytest.raises(VersionConflict):
            tx.append(record_after(empty_head(ORIGIN, STREAM)))
        with pytest.raises(CommandReused):
            append(tx, command_id="command-1")
        tx.keep_refusal(ATTEMPT)
        append(tx)

    with journal.reading() as view:
        assert [one.sequence for one in view.records(STREAM)] == [1, 2]
        assert [one.version for one in view.standings()] == [2]


def test_a_record_of_another_installation_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="elsewhere"), journal.writing() as tx:
        tx.append(record_after(empty_head("elsewhere", STREAM)))

    with journal.reading() as view:
        assert view.head(STREAM).version == 0


@pytest.mark.parametrize("connection", [None, "sqlite://", 7])
def test_a_journal_joins_nothing_but_a_connection_it_understands(
    journal: Journal, connection: object
) -> None:
    with pytest.raises(TypeError):
        journal.joined(connection)
