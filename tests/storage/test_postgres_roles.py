"""The roles on PostgreSQL: each does its own work, and none can do another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from lifecycle.domain.errors import InvalidInput, StorageFailed
from lifecycle.domain.errors_database import RightsMissing
from lifecycle.domain.model import RefusedAttempt
from lifecycle.maintenance import make_backup
from lifecycle.storage.doctor import examine
from lifecycle.storage.journal import SqlJournal, open_journal
from lifecycle.storage.postgres_roles import APP, AUDITOR, ROLES, SEQUENCER
from lifecycle.storage.roles import grant
from lifecycle.storage.upgrading import upgrade
from tests.server import Server
from tests.storage.samples import START, STREAM, append
from tests.storage.test_erasable import opening

ATTEMPT = RefusedAttempt(START, STREAM, "ana", "x", "c", ())


@pytest.fixture
def granted(postgres_journal: SqlJournal, postgres_url: str) -> str:
    """Address of a database whose roles were granted, each of which may log in here."""
    assert grant(postgres_url) == ROLES
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        for role in ROLES:
            owner.execute(f"ALTER ROLE {role} LOGIN".encode())
    return postgres_url


def of(role: str, url: str) -> str:
    return url.replace("postgres@", f"{role}@")


@pytest.fixture
def application(granted: str) -> Iterator[SqlJournal]:
    """The history as the application sees it."""
    journal = open_journal(of(APP, granted))
    yield journal
    journal.close()


def test_each_role_does_its_own_work(application: SqlJournal, granted: str) -> None:
    with application.writing() as tx:
        append(tx, kind="enrolled")
        record = append(tx)
        append(tx, "installation", "actor_added", facts={"actor": "ana"})
        given = append(tx, kind="role_assigned", facts={"actor": "ana", "role": "curator"})
        revoked = {"assignment": given.record_id, "actor": "ana", "role": "curator"}
        append(tx, kind="role_revoked", facts=revoked)
        tx.keep_definition("a" * 64, b"{}")
        tx.keep_name("ana", "Анна")
        tx.keep_refusal(ATTEMPT)
        tx.erasable.keep(record, [opening("secret")], [])
    with application.erasing() as tx:
        tx.erasable.erase("ana", [(STREAM, record.sequence)])
    sequencer = open_journal(of(SEQUENCER, granted))
    with sequencer.writing() as tx:
        assert tx.seal(100) == 5
    sequencer.close()

    auditor = open_journal(of(AUDITOR, granted))
    with auditor.auditing() as view:
        assert view.schema_findings() == []
        assert len(list(view.stored())) == 5
        assert view.log.state().size == 5
        assert view.erasable.name("ana") is None
    auditor.close()


def test_who_reads_writes_nothing(granted: str) -> None:
    auditor = open_journal(of(AUDITOR, granted))

    with pytest.raises(StorageFailed), auditor.writing() as tx:
        append(tx)
    with pytest.raises(StorageFailed), auditor.writing() as tx:
        tx.keep_name("ana", "Анна")
    auditor.close()


def test_an_account_without_rights_is_told_who_may_give_it_which(granted: str) -> None:
    with psycopg.connect(granted, autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS guest")
        owner.execute("CREATE ROLE guest LOGIN")

    with pytest.raises(RightsMissing) as met:
        open_journal(of("guest", granted))

    assert "the account guest may not" in str(met.value)
    assert "permission denied for table lifecycle_" in str(met.value)
    assert str(met.value.remedy).endswith("GRANT lifecycle_app TO guest")
    (one,) = (each for each in examine(of("guest", granted), Path("none"), START)
              if each.code == "unreadable")  # fmt: skip
    assert str(one.remedy) == str(met.value.remedy)


def test_who_reads_backs_up_and_upgrades_nothing(
    granted: str, server: Server, tmp_path: Path
) -> None:
    url = of(AUDITOR, granted)

    file, _ = make_backup(url, tmp_path, evidence=tmp_path / "none", programs=server.programs)

    assert file.is_file()
    with psycopg.connect(granted, autocommit=True) as owner:
        owner.execute("UPDATE lifecycle_version SET version_num = '0001'")
        owner.execute("DROP INDEX ix_lifecycle_sealing_queue_queued_at")
    with pytest.raises(StorageFailed):
        upgrade(url)


def test_who_seals_records_nothing_and_who_records_seals_nothing(
    application: SqlJournal, granted: str
) -> None:
    with application.writing() as tx:
        append(tx)
    sequencer = open_journal(of(SEQUENCER, granted))

    with pytest.raises(StorageFailed), sequencer.writing() as tx:
        append(tx)
    with pytest.raises(StorageFailed), application.writing() as tx:
        tx.seal(1)
    sequencer.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lifecycle_records SET actor = 'other'",
        "DELETE FROM lifecycle_records",
        "TRUNCATE lifecycle_records",
        "TRUNCATE lifecycle_streams",
        "DELETE FROM lifecycle_refusals",
        "UPDATE lifecycle_installation SET origin = 'other'",
        "ALTER TABLE lifecycle_records DISABLE TRIGGER ALL",
        "DROP TABLE lifecycle_outbox",
        "SET session_replication_role = replica",
        "INSERT INTO lifecycle_refusals (id, at, stream, actor, what, command_id, unmet)"
        " VALUES (99, '', '', '', '', '', '')",
    ],
)
def test_no_role_changes_the_history_or_makes_up_a_number(
    granted: str, role: str, statement: str
) -> None:
    with (
        psycopg.connect(of(role, granted), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_roles_are_granted_again_without_harm(granted: str, application: SqlJournal) -> None:
    grant(granted)

    with application.writing() as tx:
        append(tx)


def test_a_file_has_no_roles(url: str) -> None:
    with pytest.raises(InvalidInput, match="a file has no roles"):
        grant(url)


def too_much(url: str, folder: Path) -> dict[str, dict[str, str]]:
    found = examine(url, folder / "evidence", datetime.now(UTC))
    return {one.code: one.facts for one in found if one.code.startswith(("role_", "auditor_"))}


def test_the_doctor_tells_what_the_roles_may_beyond_what_they_are_given(
    granted: str, tmp_path: Path
) -> None:
    assert too_much(granted, tmp_path) == {}
    with psycopg.connect(granted, autocommit=True) as owner:
        owner.execute(f"GRANT UPDATE (title), TRIGGER ON lifecycle_standings TO {AUDITOR}".encode())
        owner.execute(f"GRANT TRUNCATE ON lifecycle_records TO {AUDITOR}".encode())
        owner.execute(f"GRANT UPDATE (body) ON lifecycle_records TO {AUDITOR}".encode())
        owner.execute(f"ALTER ROLE {SEQUENCER} BYPASSRLS CREATEROLE".encode())
        owner.execute(f"GRANT pg_write_all_data, pg_read_all_data TO {APP}".encode())
        owner.execute(f"CREATE ROLE both_hands LOGIN; CREATE ROLE office; GRANT {APP} TO office")
        owner.execute(f"GRANT office, {AUDITOR} TO both_hands")
        try:
            found = too_much(granted, tmp_path)
        finally:
            owner.execute("DROP ROLE both_hands, office")
            owner.execute(f"REVOKE pg_write_all_data, pg_read_all_data FROM {APP}".encode())
            owner.execute(f"ALTER ROLE {SEQUENCER} NOBYPASSRLS NOCREATEROLE".encode())

        assert found == {
            "role_rights": {
                "whom": AUDITOR,
                "rights": "TRIGGER, TRUNCATE, UPDATE",
                "tables": "lifecycle_records, lifecycle_standings",
            },
            "role_powers": {
                "whom": SEQUENCER,
                "powers": "CREATEROLE, BYPASSRLS",
                "without": "NOCREATEROLE NOBYPASSRLS",
            },
            "role_member": {"whom": APP, "others": "pg_write_all_data"},
            "auditor_writes": {"whom": "both_hands", "also": APP, "role": AUDITOR},
        }
        grant(granted)
        assert too_much(granted, tmp_path) == {}
