"""Schools on three servers behind a fourth: the same history, whole whatever breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from lifecycle import Lifecycle, open_lifecycle
from lifecycle.audit.log_check import LogCheck
from lifecycle.domain.errors import (
    CommandReused,
    DatabaseLocked,
    StorageFailed,
    VersionConflict,
)
from lifecycle.domain.errors_database import StreamHeld
from lifecycle.domain.ports import Writing
from lifecycle.storage.doctor import examine
from lifecycle.storage.journal import SqlJournal, open_journal
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.postgres_roles import APP, AUDITOR, SEQUENCER
from lifecycle.storage.roles import grant
from lifecycle.wiring import verify
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, ROADMAP, Office, engine_on
from tests.server import Server
from tests.sharded import Lay, Sharded, opened, refusing
from tests.storage.samples import append
from tests.storage.test_erasable import opening

SCHOOLS = ("a", "b", "c", "d", "e")
STREAMS = [f"participation/{school}" for school in SCHOOLS]
OF_STREAM = [
    f"SELECT stream FROM lifecycle_{table}"  # noqa: S608 - names of our own
    for table in ("records", "streams", "assignments", "sealing_queue", "outbox")
]


def led(engine: Lifecycle, catalogue: Catalogue) -> Office:
    """Found a history, enrol the schools and lead each a step further than the one before."""
    engine.found(actor=ADMIN, command_id="found")
    office = Office(engine, catalogue.compiled(ROADMAP)).opened(*SCHOOLS)
    for school, state in zip(SCHOOLS, ("questionnaire", "curator_visit"), strict=False):
        office.lead(school, state)
    return office


@pytest.fixture(scope="module")
def history(lay: Lay, catalogue: Catalogue) -> Sharded:
    """A history led by an engine, with schools on several shards; it stays as it is."""
    sharded = lay(ORIGIN)
    with engine_on(open_journal(sharded.url), catalogue) as engine:
        led(engine, catalogue)
    return sharded


@pytest.fixture(scope="module")
def scratch(lay: Lay) -> Sharded:
    """A history of samples with a record of every school; tests add to it."""
    sharded = lay("scratch")
    with opened(sharded.url) as journal, journal.writing() as tx:
        for stream in ("installation", *STREAMS):
            append(tx, stream)
    return sharded


@pytest.fixture
def journal(scratch: Sharded) -> Iterator[SqlJournal]:
    with opened(scratch.url) as journal:
        yield journal


@pytest.fixture
def apart(scratch: Sharded) -> tuple[str, str]:
    """Two streams that lie on different shards."""
    places = {stream: scratch.place(stream) for stream in STREAMS}
    return STREAMS[0], next(one for one in STREAMS if places[one] != places[STREAMS[0]])


def test_the_history_is_byte_for_byte_that_of_one_place(
    history: Sharded, catalogue: Catalogue
) -> None:
    beside = MemoryJournal(ORIGIN, sealing="queued")
    with engine_on(beside, catalogue) as engine:
        led(engine, catalogue)

    with opened(history.url) as journal:
        with journal.auditing() as far, beside.auditing() as near:
            assert list(far.stored()) == list(near.stored())
            assert list(far.streams()) == list(near.streams())
            assert list(far.standings()) == list(near.standings())
            assert far.all_assignments() == near.all_assignments()
            assert list(far.log.queued()) == list(near.log.queued())
        with engine_on(journal, catalogue) as engine:
            assert (verify(engine).findings, len(engine.board())) == ((), len(SCHOOLS))


def test_all_of_a_school_lies_on_one_shard_and_everything_else_with_the_coordinator(
    history: Sharded,
) -> None:
    places: dict[str, set[int]] = {}
    for number in range(len(history.shards)):
        for query in OF_STREAM:
            for (stream,) in history.there(number, query):
                places.setdefault(stream, set()).add(number)
        for (school,) in history.there(number, "SELECT school FROM lifecycle_standings"):
            places[f"participation/{school}"].add(number)
    with psycopg.connect(history.url) as center:
        own = center.execute("SELECT DISTINCT stream FROM lifecycle_records_shared").fetchall()

    assert sorted(places) == STREAMS
    assert all(len(found) == 1 for found in places.values())
    assert len(set.union(*places.values())) > 1
    assert sorted(own) == [("installation",), (f"roadmap/{ROADMAP}",)]


def test_what_is_sealed_has_the_root_of_one_place_and_waits_no_more(
    history: Sharded, catalogue: Catalogue, tmp_path: Path
) -> None:
    beside = MemoryJournal(ORIGIN, sealing="queued")
    with engine_on(beside, catalogue) as engine:
        led(engine, catalogue)
    with beside.writing() as tx:
        count = tx.seal(1000)

    with opened(history.url) as journal:
        with journal.writing() as tx:
            assert (tx.seal(count - 1), tx.seal(1000)) == (count - 1, 0)
        with journal.writing() as tx:
            assert tx.seal(1000) == 1
        with psycopg.connect(history.url) as center:
            # What became a leaf leaves the queue with the next seal only.
            assert center.execute("SELECT count(*) FROM lifecycle_sealing_queue").fetchone() != (0,)
        with journal.auditing() as view:
            figures = view.figures()
        assert (figures.sealed, figures.waiting, figures.oldest) == (count, 0, None)
        later = datetime.now(UTC) + timedelta(days=365)
        told = {one.code for one in examine(history.url, tmp_path, later)}
        assert "sealing_late" not in told
        with journal.auditing() as far, beside.auditing() as near:
            assert far.log.state() == near.log.state()
            assert list(far.log.leaves()) == list(near.log.leaves())
            assert list(far.log.bodies(5)) == list(near.log.bodies(5))
            assert far.log.hashes(3, count) == near.log.hashes(3, count)
            assert list(far.log.queued()) == []
            assert far.logged_at() == near.logged_at()


def test_a_command_is_not_doubled_wherever_its_school_lies(
    journal: SqlJournal, apart: tuple[str, str]
) -> None:
    one, other = apart
    with journal.writing() as tx:
        made = append(tx, one, command_id="once")

    with journal.writing() as tx:
        tx.foresee([(other, "once")])
        assert tx.command("once") == made
    with pytest.raises(CommandReused), journal.writing() as tx:
        append(tx, one, command_id="once")


def test_two_who_bring_one_command_at_once_wait_for_each_other(
    scratch: Sharded, journal: SqlJournal, apart: tuple[str, str]
) -> None:
    one, other = apart
    with journal.writing() as first, opened(scratch.url, lock_seconds=0.1) as hasty:
        first.foresee([(one, "at once")])
        with pytest.raises(DatabaseLocked), hasty.writing() as second:
            second.foresee([(other, "at once")])


def test_a_school_that_somebody_else_holds_is_passed_over_where_it_may_be(
    scratch: Sharded, journal: SqlJournal, apart: tuple[str, str]
) -> None:
    one, other = apart
    with opened(scratch.url) as beside, journal.writing() as first:
        first.lock(one)
        with beside.writing() as second:
            with pytest.raises(StreamHeld):
                second.lock(one, wait=False)
            made = append(second, other)

    with journal.writing() as tx:
        assert tx.lock(other, wait=False) == made.head


def test_writers_of_one_school_wait_for_each_other_and_none_fails(scratch: Sharded) -> None:
    def write(_: int) -> list[int]:
        found = []
        with opened(scratch.url) as journal:
            for _ in range(4):
                with journal.writing() as tx:
                    found.append(append(tx, "participation/hot").sequence)
        return found

    with ThreadPoolExecutor(4) as pool:
        written = [one for found in pool.map(write, range(4)) for one in found]

    assert sorted(written) == [*range(1, 17)]


def test_a_stale_record_is_a_conflict(journal: SqlJournal) -> None:
    with journal.writing() as tx:
        record = append(tx, STREAMS[1])

    with pytest.raises(VersionConflict), journal.writing() as tx:
        tx.append(replace(record, command_id="another"))


def test_who_verifies_sees_one_state_of_all_servers(
    scratch: Sharded, journal: SqlJournal, apart: tuple[str, str]
) -> None:
    with journal.writing() as tx, opened(scratch.url, lock_seconds=0.1) as hasty:
        append(tx, apart[0])
        with pytest.raises(DatabaseLocked), hasty.auditing():
            pass
        append(tx, apart[1])

    with journal.auditing() as view:
        before = view.mark()
        with opened(scratch.url) as writer, writer.writing() as tx:
            for stream in (*apart, "installation"):
                append(tx, stream)
        assert view.mark() == before
        assert sum(head.version for head in view.streams()) == len(list(view.stored()))


def test_a_transaction_half_of_which_is_committed_is_repeated_and_nothing_is_doubled(
    scratch: Sharded, journal: SqlJournal, apart: tuple[str, str]
) -> None:
    def write(tx: Writing) -> None:
        for stream in apart:
            if tx.command(f"half-{stream}") is None:
                append(tx, stream, command_id=f"half-{stream}")

    with refusing(scratch, scratch.place(apart[1]), "lifecycle_records", "INSERT"):
        with pytest.raises(StorageFailed), journal.writing() as tx:
            write(tx)
        with journal.reading() as view:
            kept = [view.command(f"half-{stream}") for stream in apart]
        assert kept[0] is not None
        assert kept[1] is None

    with journal.writing() as tx:
        write(tx)

    with journal.auditing() as view:
        heads = {head.stream: head.version for head in view.streams()}
        assert {stream: len(view.records(stream)) for stream in apart}.items() <= heads.items()
        waiting = [(one.stream, one.sequence) for one in view.log.queued()]
        assert len(set(waiting)) == len(waiting)
        assert view.command(f"half-{apart[0]}") == kept[0]
        assert view.command(f"half-{apart[1]}") is not None


def test_no_record_is_lost_between_queue_and_log_whenever_a_server_breaks(
    scratch: Sharded, journal: SqlJournal, apart: tuple[str, str]
) -> None:
    with journal.writing() as tx:
        for stream in apart:
            append(tx, stream)
    with journal.writing() as tx:
        assert tx.seal(1000) > 0
    queue = "SELECT count(*) FROM lifecycle_sealing_queue"
    assert scratch.there(scratch.place(apart[0]), queue) != [(0,)]

    with refusing(scratch, scratch.place(apart[1]), "lifecycle_sealing_queue", "DELETE"):
        with pytest.raises(StorageFailed), journal.writing() as tx:
            tx.seal(1000)
        with journal.auditing() as view:
            assert list(LogCheck(view.log).run()) == []

    with journal.writing() as tx:
        assert tx.seal(1000) == 0
    assert [scratch.there(number, queue) for number in range(3)] == [[(0,)]] * 3
    with journal.auditing() as view:
        check = LogCheck(view.log)
        check.count(dict(view.sizes()))
        assert list(check.run()) == []


def test_a_shard_that_broke_down_is_found_again_and_meanwhile_told(
    servers: Sequence[Server], journal: SqlJournal
) -> None:
    for one in servers:
        one.crash()

    with journal.writing() as tx:
        append(tx, STREAMS[0])


def test_what_ends_on_another_server_is_not_joined_to_a_host_nor_sealed_at_once(
    scratch: Sharded, journal: SqlJournal
) -> None:
    engine = create_engine(scratch.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as host:
        joined = journal.joined(host)
        with pytest.raises(StorageFailed, match="host's transaction"), joined.writing():
            pass
    engine.dispose()
    with (
        opened(scratch.url, sealing="inline") as at_once,
        pytest.raises(StorageFailed, match="sealed later"),
        at_once.writing(),
    ):
        pass


def test_roles_do_their_work_through_the_coordinator_and_an_erased_row_is_gone_from_its_shard(
    scratch: Sharded, server: Server, tmp_path: Path
) -> None:
    grant(scratch.url)
    told = {one.code for one in examine(scratch.url, tmp_path, datetime.now(UTC))}
    assert told & {"role_rights", "role_powers", "role_member", "auditor_writes"} == set()
    with psycopg.connect(scratch.url, autocommit=True) as owner:
        for role in (APP, SEQUENCER, AUDITOR):
            owner.execute(f"ALTER ROLE {role} LOGIN".encode())
    of = {role: scratch.url.replace("postgres@", f"{role}@") for role in (APP, SEQUENCER, AUDITOR)}
    stream = STREAMS[2]
    with opened(of[APP]) as journal:
        with journal.writing() as tx:
            record = append(tx, stream)
            tx.erasable.keep(record, [opening("secret")], [])
        file = "SELECT pg_relation_filenode('lifecycle_openings')"
        before = scratch.there(scratch.place(stream), file)
        with journal.erasing() as tx:
            tx.erasable.erase(record.actor.id, [])
        assert scratch.there(scratch.place(stream), "SELECT * FROM lifecycle_openings") == []
        assert scratch.there(scratch.place(stream), file) != before
    with opened(of[SEQUENCER]) as journal, journal.writing() as tx:
        assert tx.seal(1000) > 0
    with opened(of[AUDITOR]) as journal:
        with journal.auditing() as view:
            assert view.records(stream)[-1] == record
        with pytest.raises(StorageFailed), journal.writing() as tx:
            append(tx, stream)


def test_what_is_overdue_is_read_along_with_the_board(history: Sharded) -> None:
    with open_lifecycle(history.url) as engine:
        late = [one for one in engine.plans.due(on="2030-01-01") if one.kind == "school"]
        board = engine.status()

    assert sorted(one.subject for one in late) == [one.standing.school for one in board]
    assert {one.subject: one.state for one in late} == {
        one.standing.school: one.standing.state for one in board
    }
    assert all(one.actors for one in late)
