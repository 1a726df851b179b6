"""Asking in one go what requests will ask first.

Of the many of a batch, one question asks for a hundred streams or command ids.

A single transition asks a dozen things before it writes. Where every answer is waited for,
the waiting takes longer than the answers: so the same statements are sent together, in the order
in which they would be asked, and each answer is kept until it is asked for. The stream is locked
first, and every statement sees what was committed before it: the answers are those that it would
have got one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from sqlalchemy import ColumnElement, bindparam, literal_column, select, union_all

from lifecycle.domain.model import INSTALLATION, participation_stream, roadmap_stream
from lifecycle.storage import rows
from lifecycle.storage.leaf_records import LAST_QUEUED, LOGGED
from lifecycle.storage.reading import (
    ASSIGNMENTS_IN,
    COMMAND,
    HAS_ACTOR,
    LAST_ERASURE,
    RECORDS,
)
from lifecycle.storage.session import Question, Session, Statement, Values
from lifecycle.storage.tables import assignments, records, standings, streams

HEAD_COLUMNS: Final = (streams.c.version, streams.c.hash, streams.c.recorded_at)

LOCK: Final = Statement(
    select(*HEAD_COLUMNS)
    .where(streams.c.stream == bindparam("stream"))
    # Nothing on SQLite, where the transaction holds the whole database already.
    .with_for_update()
)
# Nothing is found where somebody else holds it.
LOCK_FREE: Final = Statement(
    select(*HEAD_COLUMNS)
    .where(streams.c.stream == bindparam("stream"))
    .with_for_update(skip_locked=True)
)
_MANY: Final = 100  # keys of one question; what is left over of the last ones finds nothing
_KEYS: Final = tuple(f"key_{number}" for number in range(_MANY))


def _one_of(column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_([bindparam(key) for key in _KEYS])


_LOCK_FREE_OF: Final = Statement(
    select(streams.c.stream, *HEAD_COLUMNS)
    .where(_one_of(streams.c.stream))
    .with_for_update(skip_locked=True)
)
_COMMANDS_OF: Final = Statement(select(records.c.command_id).where(_one_of(records.c.command_id)))
# Shared with others who look, and held against whoever would move it: see SqlWriting.head.
CONSULT: Final = Statement(
    select(*HEAD_COLUMNS)
    .where(streams.c.stream == bindparam("stream"))
    .with_for_update(read=True, key_share=True)
)

_OF_SCHOOLS: Final = participation_stream("")
# The board tells which road map it will be: nothing is decided on that.
_on_map = literal_column(f"'{roadmap_stream('')}'").concat(
    select(standings.c.roadmap).where(standings.c.school == bindparam("school")).scalar_subquery()
)
_CONSULT_MAP: Final = Statement(
    select(streams.c.stream, *HEAD_COLUMNS)
    .where(streams.c.stream == _on_map)
    .with_for_update(read=True, key_share=True)
)
# The heads that a transition of a school is decided under.
_HEADS: Final = Statement(
    union_all(
        *(
            select(streams.c.stream, *HEAD_COLUMNS).where(streams.c.stream == name)
            for name in (bindparam("stream"), literal_column(f"'{INSTALLATION}'"), _on_map)
        )
    )
)
_MAP_ASSIGNMENTS: Final = Statement(
    select(*(assignments.c[name] for name in rows.ASSIGNMENT_COLUMNS))
    .where(assignments.c.stream == _on_map)
    .order_by(assignments.c.sequence)
)


def foresee(session: Session, stream: str, command_id: str, actors: Collection[str]) -> None:
    """Ask what a request on *stream* asks first, and keep the answers for it.

    Args:
        session: In a transaction that writes, where nothing was asked yet.
        stream: That gets the record.
        command_id: Of the request.
        actors: Whom it names.
    """
    asked: list[Question] = [
        (LOCK, {"stream": stream}),
        (COMMAND, {"command_id": command_id}),
        *((HAS_ACTOR, {"actor": actor}) for actor in actors),
        # What a record cannot be earlier than.
        (LAST_QUEUED if session.database.is_sharded else LOGGED, {}),
    ]
    if stream != INSTALLATION:
        asked.append((CONSULT, {"stream": INSTALLATION}))
        asked.append((ASSIGNMENTS_IN, {"stream": INSTALLATION}))
    if not stream.startswith(_OF_SCHOOLS):
        _keep(session, asked, session.all_rows(asked))
        return
    school = {"school": stream.removeprefix(_OF_SCHOOLS)}
    asked += [(RECORDS, {"stream": stream}), (LAST_ERASURE, {})]
    *answers, on_map, held = session.all_rows(
        [*asked, (_CONSULT_MAP, school), (_MAP_ASSIGNMENTS, school)]
    )
    _keep(session, asked, answers)
    for name, *head in on_map:
        session.foresee(CONSULT, [tuple(head)], stream=name)
        session.foresee(ASSIGNMENTS_IN, held, stream=name)


def heads(session: Session, stream: str) -> list[Values]:
    """Return name and head of a school's stream and of those that its transitions look at.

    For a transaction that holds the whole database: nothing is locked here.
    """
    school = stream.removeprefix(_OF_SCHOOLS)
    return session.rows(_HEADS, stream=stream, school=school)


def held(session: Session, names: Sequence[str]) -> Iterator[Values]:
    """Hold those of some streams that nobody else holds, and yield name and head of each."""
    return _found(session, _LOCK_FREE_OF, names)


def used(session: Session, command_ids: Sequence[str]) -> set[str]:
    """Return those of some command ids that stand for a record already."""
    return {name for (name,) in _found(session, _COMMANDS_OF, command_ids)}


def _found(session: Session, statement: Statement, keys: Sequence[str]) -> Iterator[Values]:
    for first in range(0, len(keys), _MANY):
        some = keys[first : first + _MANY]
        yield from session.rows(statement, **dict(zip_longest(_KEYS, some)))


def _keep(session: Session, asked: list[Question], answers: list[list[Values]]) -> None:
    for (statement, values), answer in zip(asked, answers, strict=True):
        session.foresee(statement, answer, **values)
