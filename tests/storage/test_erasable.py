"""What can be erased, on every kind of journal; and that nothing of it is left in any file."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine

from lifecycle.domain.commitment import Opening, commit
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.errors import CommandReused, StorageFailed
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.domain.model import INSTALLATION, RefusedAttempt
from lifecycle.domain.ports import Journal, Writing
from lifecycle.domain.record import ActedAs, Record
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.sqlite import WAL
from tests.storage.samples import ORIGIN, START, STREAM, append

OTHER = "participation/school-2"
SIZES = (3, 20, 100, 400, 1500, 5000)
SEED = 4


def opening(value: str) -> Opening:
    return commit("comment", value, sha256(value.encode()).digest())


def written(tx: Writing, actor: str, *values: str, stream: str = STREAM) -> Record:
    """Append a record of *actor*, with openings of *values* and a key of the same name."""
    record = append(tx, stream, actor=ActedAs(actor, "curator", "assignment-1", "host:tests"))
    openings = [opening(value) for value in values]
    keys = [FileKey(f"sha-{value}", f"key-{value}".encode()) for value in values]
    tx.erasable.keep(record, openings, keys)
    return record


@pytest.fixture
def filled(journal: Journal) -> Journal:
    """A journal in which «ana» and «ben» wrote to two streams."""
    with journal.writing() as tx:
        tx.keep_name("ana", "Анна")
        tx.keep_name("ben", "Бен")
        written(tx, "ana", "a1", "a2")
        written(tx, "ben", "b1")
        written(tx, "ana", "a3", stream=OTHER)
    return journal


def kept(journal: Journal) -> dict[str, list[tuple[int, str]]]:
    with journal.reading() as view:
        return {
            stream: sorted((place, one.value) for place, one in view.erasable.openings(stream))
            for stream in view.erasable.streams()
        }


def keys(journal: Journal, stream: str) -> list[tuple[int, FileKey]]:
    with journal.reading() as view:
        return view.erasable.keys(stream)


def test_what_is_kept_is_read_back_by_its_place(filled: Journal) -> None:
    assert kept(filled) == {STREAM: [(1, "a1"), (1, "a2"), (2, "b1")], OTHER: [(1, "a3")]}
    assert keys(filled, OTHER) == [(1, FileKey("sha-a3", b"key-a3"))]
    with filled.reading() as view:
        ((_, one),) = view.erasable.openings(OTHER)
        assert one == opening("a3")
        assert view.erasable.key("sha-b1") == FileKey("sha-b1", b"key-b1")
        assert view.erasable.key("sha-x") is None
        assert [view.erasable.name(who) for who in ("ana", "ben", "eva")] == ["Анна", "Бен", None]


def test_an_erasure_takes_what_the_actor_recorded_and_what_it_names(filled: Journal) -> None:
    with filled.writing() as tx:
        tx.erasable.erase("ana", [])

    assert kept(filled) == {STREAM: [(2, "b1")], OTHER: []}
    assert keys(filled, STREAM) == [
        (1, FileKey("sha-a1", None)),
        (1, FileKey("sha-a2", None)),
        (2, FileKey("sha-b1", b"key-b1")),
    ]
    with filled.writing() as tx:
        assert [tx.erasable.name(who) for who in ("ana", "ben")] == [None, "Бен"]
        tx.erasable.erase("eva", [(STREAM, 2), (STREAM, 99)])
        assert tx.erasable.openings(STREAM) == []
        assert tx.erasable.name("ben") == "Бен"


def test_the_entry_of_an_erased_file_is_dropped_once_the_file_is_gone(filled: Journal) -> None:
    with filled.writing() as tx:
        tx.erasable.erase("ana", [])
        assert tx.erasable.left_files() == ["sha-a1", "sha-a2", "sha-a3"]
        for name in ("sha-a1", "sha-b1", "sha-x"):
            tx.erasable.forget(name)
    with filled.reading() as view:
        assert view.erasable.left_files() == ["sha-a2", "sha-a3"]
        # A key that is in use is not forgotten.
        assert view.erasable.key("sha-b1") == FileKey("sha-b1", b"key-b1")


def test_an_exception_undoes_an_erasure_with_everything_else(filled: Journal) -> None:
    before = kept(filled)

    def interrupted() -> None:
        with filled.erasing() as tx:
            tx.erasable.erase("ana", [])
            raise CommandReused(command_id="x")

    with pytest.raises(CommandReused):
        interrupted()

    assert kept(filled) == before
    with filled.reading() as view:
        assert view.erasable.name("ana") == "Анна"


def test_the_last_erasure_is_told(filled: Journal) -> None:
    facts: dict[str, Any] = {"actor": "ana", "ground": "g", "act": "1", "records": []}
    with filled.writing() as tx:
        assert tx.last_erasure() is None
        for seconds in (50, 60):
            moment = START + timedelta(seconds=seconds)
            append(tx, INSTALLATION, "person_erased", facts=facts, recorded_at=moment)
        facts = {"maximum_merge_delay": "60"}
        moment = START + timedelta(seconds=70)
        append(tx, INSTALLATION, "installed", facts=facts, recorded_at=moment)
    with filled.reading() as view:
        assert view.last_erasure() == START + timedelta(seconds=60)


def test_refused_attempts_are_listed(journal: Journal) -> None:
    attempts = [
        RefusedAttempt(START, stream, "ana", "advance", "c", ({"code": "role_missing", "n": 1},))
        for stream in (STREAM, OTHER, STREAM)
    ]
    with journal.writing() as tx:
        for one in attempts:
            tx.keep_refusal(one)
    with journal.reading() as view:
        assert list(view.refused()) == attempts
        assert list(view.refused(OTHER)) == [attempts[1]]


# -- files ----------------------------------------------------------------------------------------


def anywhere(path: Path, secret: str) -> list[str]:
    """Return the files of the database in which *secret* can be read."""
    return [one.name for one in path.parent.iterdir() if secret.encode() in one.read_bytes()]


def test_no_byte_of_what_was_erased_is_left_in_any_file(url: str, path: Path) -> None:
    numbers = random.Random(SEED)  # noqa: S311 - sizes and order only
    journal = create_journal(url, ORIGIN)
    alive: dict[str, tuple[str, int]] = {}
    # Pages that were filled, thinned out and merged: there deleted rows leave copies of others.
    for turn in range(12):
        with journal.writing() as tx:
            for number in range(40):
                record = written(tx, "ben", stream=f"participation/s-{numbers.randrange(40)}")
                start = f"SECRET-{turn:02d}-{number:02d}"
                values = [f"{start}-{one}" + "x" * numbers.choice(SIZES) for one in range(3)]
                key = FileKey(sha256(start.encode()).hexdigest(), f"{start}-KEY".encode())
                tx.erasable.keep(record, map(opening, values), [key])
                alive[start] = (record.stream, record.sequence)
        gone = numbers.sample(sorted(alive), len(alive) // 3)
        with journal.erasing() as tx:
            tx.erasable.erase("ana", [alive.pop(one) for one in gone])
        raw = b"".join(one.read_bytes() for one in path.parent.iterdir())
        assert [one for one in gone if one.encode() in raw] == []
        assert all(one.encode() in raw for one in alive)
    journal.close()


def test_a_reader_of_what_was_there_before_keeps_an_erasure_unfinished(
    url: str, path: Path
) -> None:
    journal = create_journal(url, ORIGIN, durability=WAL, lock_seconds=0.2)
    with journal.writing() as tx:
        record = written(tx, "ana")
        tx.erasable.keep(record, [opening("SECRET!")], [])

    def erase() -> None:
        with journal.erasing() as tx:
            tx.erasable.erase("ana", [])

    with journal.reading() as view:
        with pytest.raises(ErasureUnfinished, match="still reads"):
            erase()
        assert view.erasable.openings(STREAM) != []
    assert anywhere(path, "SECRET!") != []
    erase()

    assert kept(journal) == {}
    assert anywhere(path, "SECRET!") == []
    journal.close()


def test_a_host_s_transaction_erases_nobody(sqlite_journal: SqlJournal, url: str) -> None:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        joined = sqlite_journal.joined(connection)
        with pytest.raises(StorageFailed, match="by the engine itself"):
            joined.erasing()


def test_a_row_that_a_foreign_trigger_swallows_is_missed(
    sqlite_journal: SqlJournal, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER swallow BEFORE INSERT ON lifecycle_openings"
            " BEGIN SELECT RAISE(IGNORE); END"
        )

    with pytest.raises(StorageFailed, match="did not take a row"), sqlite_journal.writing() as tx:
        written(tx, "ana", "a1")
