"""A server of PostgreSQL that goes away: what it acknowledged stays, and work goes on."""

from __future__ import annotations

import pytest

from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.journal import SqlJournal
from tests.server import Server
from tests.storage.conftest import Spawn
from tests.storage.samples import STREAM, append

FOREVER = """
import sys
from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.journal import open_journal
from tests.storage.samples import append
journal = open_journal(sys.argv[1])
while True:
    try:
        with journal.writing() as tx:
            record = append(tx, sys.argv[2])
    except StorageFailed:
        break
    print(record.hash, flush=True)
"""


def test_a_server_that_crashes_keeps_what_it_acknowledged_and_nothing_by_half(
    server: Server, postgres_journal: SqlJournal, postgres_url: str, spawn: Spawn
) -> None:
    told: set[str] = set()
    for number in range(2):
        streams = [f"participation/{number}-{place}" for place in range(2)]
        processes = [spawn(FOREVER, postgres_url, stream) for stream in streams]
        for process in processes:
            assert process.stdout is not None
            told.add(process.stdout.readline().strip())
        server.crash()
        for process in processes:
            assert process.stdout is not None
            # Not communicate(): it would pass over what the line before was read together with.
            told.update(process.stdout.read().split())

        # The journal's own idle connections broke as well; it goes on with new ones.
        with postgres_journal.auditing() as view:
            stored = list(view.stored())
            heads = {head.stream: head.version for head in view.streams()}
            queued = {(one.stream, one.sequence) for one in view.log.queued()}
        assert told <= {one.hash for one in stored}
        for stream in streams:
            assert heads[stream] == sum(one.stream == stream for one in stored)
        assert queued == {(one.stream, one.sequence) for one in stored}


def test_a_transaction_that_the_server_left_is_told_and_the_next_one_goes_on(
    server: Server, postgres_journal: SqlJournal
) -> None:
    def write() -> None:
        with postgres_journal.writing() as tx:
            append(tx)
            server.crash()
            append(tx)

    with pytest.raises(StorageFailed):
        write()

    with postgres_journal.writing() as tx:
        assert tx.lock(STREAM).version == 0
        append(tx)
    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 1
