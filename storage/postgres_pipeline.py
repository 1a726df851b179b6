"""Statements sent to PostgreSQL without waiting for the answer of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from lifecycle.storage.database import Sent
from lifecycle.storage.postgres_values import check_texts


def piped(connection: psycopg.Connection[Any], sent: Sequence[Sent]) -> list[psycopg.Cursor[Any]]:
    """Execute statements in order, and return the cursor of each with its answer.

    Nothing is sent if one carries a text that the server cannot keep: the others would stand.
    Whoever is interrupted gets the interruption, and the connection is closed.
    """
    for _, values in sent:
        check_texts(values)
    try:
        with connection.pipeline():
            return [connection.cursor().execute(text, values) for text, values in sent]
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
