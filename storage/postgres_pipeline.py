"""Statements sent to PostgreSQL without waiting for the answer of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from lifecycle.storage.database import Sent, SentForMany
from lifecycle.storage.postgres_values import check_texts


def piped(connection: psycopg.Connection[Any], sent: Sequence[Sent]) -> list[psycopg.Cursor[Any]]:
    """Execute statements in order, and return the cursor of each with its answer.

    Nothing is sent if one carries a text that the server cannot keep: the others would stand.
    """
    for _, values in sent:
        check_texts(values)
    with _pipeline(connection):
        return [connection.cursor().execute(text, values) for text, values in sent]


def attempted(connection: psycopg.Connection[Any], sent: Sequence[SentForMany]) -> list[int]:
    """Execute statements for their rows as one attempt, and return how many each touched.

    Nothing is sent if one carries a text that the server cannot keep.
    """
    for values in chain.from_iterable(rows for _, rows in sent):
        check_texts(values)
    cursors = [connection.cursor() for _ in sent]
    try:
        with _pipeline(connection):
            connection.execute("SAVEPOINT lifecycle_attempt")
            for cursor, (text, rows) in zip(cursors, sent, strict=True):
                cursor.executemany(text, rows)
            connection.execute("RELEASE SAVEPOINT lifecycle_attempt")
    except psycopg.Error:
        # A statement that fails ends the transaction, unless it is undone by itself.
        if connection.info.transaction_status is TransactionStatus.INERROR:
            connection.execute("ROLLBACK TO SAVEPOINT lifecycle_attempt")
        raise
    return [cursor.rowcount for cursor in cursors]


@contextmanager
def _pipeline(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Wait for no answer; whoever is interrupted gets the interruption, and no connection."""
    try:
        with connection.pipeline():
            yield
    except BaseException as error:
        cause = _interruption(error)
        if cause is None:
            raise
        # Nobody knows what is still to be answered on it; the server undoes what was begun.
        connection.close()
        raise cause from None


def _interruption(error: BaseException | None) -> BaseException | None:
    """Return what a signal's handler raised, where leaving the pipeline then failed as well."""
    while isinstance(error, psycopg.Error):
        error = error.__context__
    return error
