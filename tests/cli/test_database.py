"""The database itself at the command line: its schema, its roles, and a history on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from lifecycle.storage.tables import SCHEMA
from tests.cli.terminal import Terminal, open_office, walk
from tests.server import Server


@pytest.fixture
def served(server: Server, terminal: Terminal) -> Iterator[Terminal]:
    """A terminal whose history lies on a server; its address has a password."""
    with server.database() as url:
        address = url.replace("postgres@", "postgres:secret@")
        terminal.environment["LIFECYCLE_DATABASE_URL"] = address
        yield terminal


def test_a_sound_schema_is_told(office: Terminal) -> None:
    said = office.run("db", "check")

    assert (said.code, said.out) == (0, "the schema is as a release made it\n")
    assert office.ask("db", "check") == {"findings": [], "schema": SCHEMA}


def test_what_was_done_to_the_schema_is_told_and_ends_with_6(office: Terminal) -> None:
    with closing(sqlite3.connect(office.folder / "lifecycle.db")) as raw:
        raw.execute("DROP TRIGGER lifecycle_records_no_update")

    said = office.run("db", "check", "--lang", "ru")

    assert said.code == 6
    assert "trigger lifecycle_records_no_update is missing" in said.out
    assert "отличий в схеме: 1" in said.out


def test_a_file_has_no_roles(office: Terminal) -> None:
    said = office.run("db", "grant")

    assert said.code == 5
    assert "a file has no roles" in said.err


def test_a_history_is_led_on_a_server_by_its_address_alone(served: Terminal) -> None:
    made = served.run("init", "--administrator", "admin")
    assert made.code == 0, made.err
    assert "secret" not in made.out + made.err
    said = served.run("actor", "add", "ana", "--actor", "admin")
    assert said.code == 0, said.err

    assert served.run("audit", "seal").out.startswith("sealed 4 records")
    assert served.run("verify").code == 0
    assert served.ask("db", "check") == {"findings": [], "schema": SCHEMA}
    assert served.ask("db", "grant") == {
        "roles": ["lifecycle_app", "lifecycle_sequencer", "lifecycle_auditor"]
    }
    again = served.run("init", "--administrator", "admin")
    assert again.code == 8
    assert "secret" not in again.out + again.err


def test_a_server_that_is_not_there_is_told_without_the_password(
    served: Terminal,
) -> None:
    address = served.environment["LIFECYCLE_DATABASE_URL"] + "&port=1"

    said = served.run("status", "--db", address)

    assert said.code == 8
    assert "secret" not in said.out + said.err


def test_schools_are_laid_on_other_databases_and_led_as_ever(
    server: Server, terminal: Terminal
) -> None:
    with server.database() as center, server.database() as one, server.database() as two:
        terminal.environment["LIFECYCLE_DATABASE_URL"] = center
        secret = one.replace("postgres@", "postgres:secret@")
        terminal.paper("servers.txt", f"# schools\n{secret}\n\n{two}\n")
        lay = ("db", "shard", "--servers", "servers.txt")

        planned = terminal.run(*lay, "--dry-run")
        assert (planned.code, terminal.run("db", "check").code) == (0, 8)
        assert "CREATE FOREIGN TABLE" in planned.out
        assert "secret" not in planned.out + planned.err

        done = terminal.ask(*lay)
        assert [len(server["statements"]) > 20 for server in done["servers"]] == [True] * 3
        assert "secret" not in str(done)
        open_office(terminal)
        walk(terminal, until="questionnaire")
        assert terminal.ask("audit", "seal")["sealed"] > 10
        assert terminal.ask("verify", "--workers", "2")["findings"] == []
        assert terminal.ask("db", "check") == {"findings": [], "schema": SCHEMA}
        assert terminal.run(*lay).out.count("statements sent") == 3


def test_a_file_is_not_laid_on_servers_and_a_list_may_not_be_missing(office: Terminal) -> None:
    assert office.run("db", "shard", "--servers", "nowhere.txt").code == 5
    office.paper("servers.txt", "postgresql://owner@/one\n")

    said = office.run("db", "shard", "--servers", "servers.txt")

    assert said.code == 5
    assert "on several servers of postgresql:// only" in said.err
