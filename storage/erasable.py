"""The tables that can be erased: names, openings of commitments, keys of personal files.

Erasing rewrites a table as a whole. ``PRAGMA secure_delete`` alone overwrites a deleted row with
zeros, but not the copies of rows that SQLite leaves in the free space of a page when it merges
pages: there the text could still be read. Pages of an emptied table are overwritten entirely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, exists, insert, literal_column, select, update

from lifecycle.domain.commitment import Opening
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.record import Record
from lifecycle.storage.rows import as_bytes
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.tables import evidence_keys, openings, persons, records

_OPENING: Final = ("commitment", "purpose", "value", "salt")
_PLACED: Final = ("stream", "sequence")

_NAME: Final = Statement(select(persons.c.name).where(persons.c.actor == bindparam("actor")))
_OPENINGS: Final = Statement(
    select(openings.c.sequence, *(openings.c[name] for name in _OPENING))
    .where(openings.c.stream == bindparam("stream"))
    .order_by(openings.c.sequence, openings.c.commitment)
)
_KEYS: Final = Statement(
    select(evidence_keys.c.sequence, evidence_keys.c.sha256, evidence_keys.c.key)
    .where(evidence_keys.c.stream == bindparam("stream"))
    .order_by(evidence_keys.c.sequence, evidence_keys.c.sha256)
)
_KEY: Final = Statement(
    select(evidence_keys.c.key).where(evidence_keys.c.sha256 == bindparam("sha256"))
)
_STREAMS: Final = (
    Statement(select(openings.c.stream).distinct()),
    Statement(select(evidence_keys.c.stream).distinct()),
)
_ADD_OPENING: Final = Statement(insert(openings), (*_PLACED, *_OPENING))
_ADD_KEY: Final = Statement(insert(evidence_keys), ("sha256", *_PLACED, "key"))


def _written_by_actor(table: Table) -> Any:
    return exists(
        select(literal_column("1")).where(
            records.c.stream == table.c.stream,
            records.c.sequence == table.c.sequence,
            records.c.actor == bindparam("of_actor"),
        )
    )


def _at(table: Table) -> Any:
    return (table.c.stream == bindparam("of_stream")) & (
        table.c.sequence == bindparam("of_sequence")
    )


_DROP_NAME: Final = Statement(delete(persons).where(persons.c.actor == bindparam("of_actor")))
_DROP_OPENINGS: Final = Statement(delete(openings).where(_written_by_actor(openings)))
_DROP_OPENINGS_AT: Final = Statement(delete(openings).where(_at(openings)))
_VOID_KEYS: Final = Statement(
    update(evidence_keys).where(_written_by_actor(evidence_keys)), ("key",)
)
_VOID_KEYS_AT: Final = Statement(update(evidence_keys).where(_at(evidence_keys)), ("key",))
_LEFT: Final = Statement(
    select(evidence_keys.c.sha256)
    .where(evidence_keys.c.key.is_(None))
    .order_by(evidence_keys.c.sha256)
)
_FORGET: Final = Statement(
    delete(evidence_keys).where(
        evidence_keys.c.sha256 == bindparam("sha256"), evidence_keys.c.key.is_(None)
    )
)


class _Rewriting:
    """Takes all rows of a table out, empties it, and puts them back.

    Args:
        table: One of the erasable tables; what is left in it is held in memory meanwhile.
    """

    def __init__(self, table: Table) -> None:
        self._columns = tuple(column.name for column in table.columns)
        self._all = Statement(select(*table.columns))
        self._empty = Statement(delete(table))
        self._add = Statement(insert(table), self._columns)

    def __call__(self, session: Session) -> None:
        rows = session.rows(self._all)
        session.change(self._empty)
        for row in rows:
            session.change(self._add, **dict(zip(self._columns, row, strict=True)))


_REWRITE: Final = tuple(map(_Rewriting, (persons, openings, evidence_keys)))


class SqlErasable:
    """What can be erased, read and written in the transaction of a session.

    Args:
        session: Inside a transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def name(self, actor: str) -> str | None:
        """Return the name of a person, if one is kept."""
        for (name,) in self._session.rows(_NAME, actor=actor):
            return str(name)
        return None

    def openings(self, stream: str) -> list[tuple[int, Opening]]:
        """Return the openings of a stream's records with their sequence numbers, in order."""
        return [
            # What is no text opens nothing; that it is there is told all the same.
            (sequence, Opening(str(commitment), str(purpose), str(value), as_bytes(salt)))
            for sequence, commitment, purpose, value, salt in self._session.rows(
                _OPENINGS, stream=stream
            )
        ]

    def keys(self, stream: str) -> list[tuple[int, FileKey]]:
        """Return the keys of a stream's personal files with the sequence numbers, in order."""
        return [
            (sequence, FileKey(sha256, None if key is None else as_bytes(key)))
            for sequence, sha256, key in self._session.rows(_KEYS, stream=stream)
        ]

    def key(self, sha256: str) -> FileKey | None:
        """Return the key of a personal file, if it has one."""
        for (key,) in self._session.rows(_KEY, sha256=sha256):
            return FileKey(sha256, None if key is None else as_bytes(key))
        return None

    def streams(self) -> list[str]:
        """Return the streams that openings or keys are kept for, sorted.

        Rows that name none are found otherwise: see ``lifecycle.storage.unfilled``.
        """
        found = {stream for one in _STREAMS for (stream,) in self._session.rows(one)}
        return sorted(stream for stream in found if isinstance(stream, str))

    def keep(self, record: Record, openings: Iterable[Opening], keys: Iterable[FileKey]) -> None:
        """Keep what opens the commitments of *record*, just appended, and its files.

        Raises:
            StorageFailed: The database did not take a row.
        """
        place = {"stream": record.stream, "sequence": record.sequence}
        for one in openings:
            self._insert(_ADD_OPENING, **{name: getattr(one, name) for name in _OPENING}, **place)
        for key in keys:
            self._insert(_ADD_KEY, sha256=key.sha256, key=key.key, **place)

    def erase(self, actor: str, records: Sequence[tuple[str, int]]) -> None:
        """Destroy the name of *actor*, and every opening and key of what he recorded.

        Args:
            actor: Id of the person.
            records: Stream and sequence of further records, whose openings and keys go as well.
        """
        session = self._session
        session.change(_DROP_NAME, of_actor=actor)
        session.change(_DROP_OPENINGS, of_actor=actor)
        session.change(_VOID_KEYS, of_actor=actor, key=None)
        for stream, sequence in records:
            session.change(_DROP_OPENINGS_AT, of_stream=stream, of_sequence=sequence)
            session.change(_VOID_KEYS_AT, of_stream=stream, of_sequence=sequence, key=None)
        for rewrite in _REWRITE:
            rewrite(session)

    def left_files(self) -> list[str]:
        """Return the ciphertexts whose keys were erased and that may still lie in the store."""
        return [sha256 for (sha256,) in self._session.rows(_LEFT)]

    def forget(self, sha256: str) -> None:
        """Drop the entry of a ciphertext that is gone from the store."""
        self._session.change(_FORGET, sha256=sha256)

    def _insert(self, statement: Statement, **row: Any) -> None:
        if self._session.change(statement, **row) != 1:
            raise StorageFailed(detail=Message("the database did not take a row: see its triggers"))
