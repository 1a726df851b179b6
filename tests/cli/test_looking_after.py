"""Looking after a database at the command line: upgrade, doctor, rebuild, backup, restore."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.histories import CHIEF, small_history
from tests.server import Server

GOLDEN = Path(__file__).parents[1] / "golden" / "format-1"
RESTORED = ("--db", "sqlite:///restored.db", "--evidence-dir", "restored.evidence")


@pytest.fixture
def golden(tmp_path: Path) -> Terminal:
    """An office whose database an earlier release left."""
    return Terminal(Path(shutil.copytree(GOLDEN, tmp_path / "golden")))


def sign(terminal: Terminal, to: str) -> None:
    if not (terminal.folder / "log.key").exists():
        key = terminal.ask("audit", "keygen", "--out", "log.key")["key"]
        terminal.paper("log.vkey", key + "\n")
    (terminal.folder / to).mkdir()
    terminal.ask("audit", "checkpoint", "--key", "log.key", "--to", to)


@pytest.fixture
def signed(office: Terminal) -> Terminal:
    """An office whose log was signed, and went on after its backup."""
    sign(office, "outside")
    office.ask("db", "backup", "--to", "one.backup")
    return office


def raw(terminal: Terminal, statement: str) -> None:
    with closing(sqlite3.connect(terminal.folder / "lifecycle.db")) as connection:
        connection.executescript(statement)


def test_an_earlier_schema_is_read_and_verified_and_written_to_after_its_upgrade(
    golden: Terminal,
) -> None:
    write = ("actor", "add", "new", "--actor", "admin")
    said = golden.run("db", "check", "--lang", "ru")
    assert (said.code, said.out) == (0, "схема такая, какой её создаёт выпуск\n")
    assert "lifecycle db upgrade" in said.err
    assert golden.run("verify").code == golden.run("status").code == 0
    refused = golden.run(*write)
    assert refused.code == 8
    assert "LC511" in refused.err
    assert "lifecycle db upgrade" in refused.err

    golden.ask("db", "backup", "--to", "before.backup")

    assert golden.ask("db", "upgrade") == {"before": "0001", "after": "0002"}

    assert golden.run("db", "upgrade").out == "the schema is 0002, the newest one, already\n"
    assert golden.run(*write).code == 0
    assert golden.run("verify").code == 0
    restored = golden.run("db", "restore", "--from", "before.backup", *RESTORED)
    assert (restored.code, "lifecycle db upgrade" in restored.out) == (0, True)
    assert golden.ask("db", "check", *RESTORED)["schema"] == "0001"


def test_hazards_are_named_with_their_remedy_and_end_with_6(office: Terminal) -> None:
    sound = office.run("db", "doctor", "--json")
    assert sound.document["hazards"] == 0, sound.out
    assert sound.code == 0
    (office.folder / "lifecycle.db").chmod(0o644)

    said = office.run("db", "doctor", "--lang", "ru")

    assert said.code == 6
    assert said.out.startswith("опасно: другие учётные записи могут читать или писать")
    assert "chmod 600" in said.out
    assert said.out.endswith("опасностей: 1\n")
    (worst, *_) = office.run("db", "doctor", "--json").document["symptoms"]
    assert (worst["code"], worst["level"]) == ("file_open", "hazard")


def test_a_database_that_is_not_there_is_a_hazard_as_well(terminal: Terminal) -> None:
    assert terminal.run("db", "doctor").code == 6


def test_what_was_rebuilt_is_told_row_by_row(office: Terminal) -> None:
    assert office.ask("db", "rebuild")["rebuilt"] == []
    raw(office, "UPDATE lifecycle_standings SET state = 'completed'")
    assert office.run("verify").code == 6

    done = office.run("db", "rebuild")

    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "lifecycle_standings: krasnogorsk was another",
    )
    assert office.run("verify").code == 0


def test_a_trace_of_records_is_not_wiped_away_unasked(office: Terminal) -> None:
    raw(office, "UPDATE lifecycle_standings SET version = version + 1")

    said = office.run("db", "rebuild")
    assert (said.code, said.out.splitlines()[-1]) == (6, "nothing was rebuilt")
    assert "standing_differs" in said.out

    done = office.ask("db", "rebuild", "--accept-findings")
    assert [one["what"] for one in done["rebuilt"]] == ["differs"]


def test_what_is_restored_verifies_and_what_to_do_next_is_told(signed: Terminal) -> None:
    said = signed.run("db", "restore", "--from", "one.backup", *RESTORED)

    assert said.code == 0, said.out + said.err
    assert said.out.startswith("restored: ")
    assert "lifecycle verify --checkpoint" in said.out
    mine, theirs = signed.ask("verify"), signed.ask("verify", *RESTORED)
    assert mine == theirs
    # Even if nothing lies in it: a store that is gone later is not made anew.
    assert (signed.folder / "restored.evidence" / "sha256").is_dir()
    again = signed.run("db", "restore", "--from", "one.backup", *RESTORED)
    assert (again.code, "LC404" in again.err) == (7, True)
    assert signed.run("db", "backup", "--to", "one.backup").code == 7


def test_a_backup_older_than_the_last_checkpoint_is_recognised(signed: Terminal) -> None:
    for name in ("one", "two", "three"):
        signed.ask("actor", "add", name, "--actor", "admin")
    signed.ask("audit", "checkpoint", "--key", "log.key", "--to", "outside")
    restore = ("db", "restore", "--from", "one.backup", *RESTORED, "--key", "log.vkey")

    refused = signed.run(*restore, "--checkpoint", "outside")

    assert refused.code == 6
    assert "3 records or more are missing" in refused.out
    assert not (signed.folder / "restored.db").exists()
    document = signed.run(*restore, "--checkpoint", "outside/latest", "--json").document
    assert (document["restored"], document["missing"]) == (False, 3)

    accepted = signed.run(*restore, "--checkpoint", "outside", "--accept-findings", "--json")

    assert (accepted.code, accepted.document["restored"]) == (6, True)
    assert signed.run("verify", *RESTORED).code == 0


def test_erasures_after_the_backup_are_named(signed: Terminal) -> None:
    erase = ("person", "erase", "curator", "--ground", "consent_withdrawn", "--act", "12/2026")
    signed.ask(*erase, "--actor", "admin")
    signed.paper("erased.json", json.dumps(signed.ask("audit", "erasure-extract")))
    restore = ("db", "restore", "--from", "one.backup", *RESTORED)

    said = signed.run(*restore, "--erasures", "erased.json")

    assert said.code == 6
    assert "erase curator again, act 12/2026" in said.out
    signed.ask("db", "backup", "--to", "two.backup")
    where = ("--db", "sqlite:///later.db", "--evidence-dir", "later.evidence")
    later = ("db", "restore", "--from", "two.backup", *where, "--erasures", "erased.json")
    assert signed.ask(*later)["erasures"] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--from", "log.vkey"), 5),
        (("--from", "nothing.backup"), 5),
        (("--from", "one.backup", "--checkpoint", "outside"), 2),
        (("--from", "one.backup", "--checkpoint", "empty", "--key", "log.vkey"), 5),
        (("--from", "one.backup", "--erasures", "log.vkey"), 5),
    ],
)
def test_bad_input_is_told_and_nothing_is_restored(
    signed: Terminal, words: tuple[str, ...], code: int
) -> None:
    (signed.folder / "empty").mkdir()

    said = signed.run("db", "restore", *RESTORED, *words)

    assert said.code == code, said.err
    assert "Traceback" not in said.err
    assert not (signed.folder / "restored.db").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("db", "backup", "--to", "lifecycle.db.evidence"),
        ("db", "backup", "--to", "lifecycle.db.evidence/x.backup"),
        ("audit", "checkpoint", "--key", "log.key", "--to", "lifecycle.db.evidence/sha256"),
        ("audit", "checkpoint", "--key", "log.key", "--to-git", "lifecycle.db.evidence"),
    ],
)
def test_nothing_is_put_among_the_evidence_files(signed: Terminal, words: tuple[str, ...]) -> None:
    folder = signed.folder / "lifecycle.db.evidence"
    (folder / "sha256").mkdir(parents=True, exist_ok=True)
    before = sorted(folder.rglob("*"))

    said = signed.run(*words)

    assert (said.code, sorted(folder.rglob("*"))) == (5, before)
    assert "is of the history" in said.err


def test_a_backup_that_lacks_evidence_is_made_and_ends_with_6(archive: Terminal) -> None:
    shutil.rmtree(archive.folder / "lifecycle.db.evidence")

    said = archive.run("db", "backup", "--to", ".", "--json")

    assert said.code == 6
    assert said.document["absent"]
    assert Path(archive.folder, said.document["file"]).is_file()


@pytest.fixture
def served(server: Server, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose history lies on a server; its address has a password."""
    with server.database() as url:
        with small_history(url, tmp_path) as engine:
            engine.add_actor("admin", actor=CHIEF)
        address = url.replace("postgres@", "postgres:secret@")
        variables = {"LIFECYCLE_DATABASE_URL": address, "LIFECYCLE_EVIDENCE": "evidence"}
        yield Terminal(tmp_path, variables)


def test_a_history_on_a_server_is_backed_up_and_restored_on_another(
    served: Terminal, server: Server
) -> None:
    programs = ("--programs", server.programs)
    assert served.run("db", "doctor").code == 0
    missing = served.run("db", "backup", "--to", "a.backup", "--programs", ".")
    assert (missing.code, "postgresql-client-18" in missing.err) == (8, True)

    made = served.run("db", "backup", "--to", "a.backup", *programs)
    assert made.code == 0, made.err
    with server.database() as empty:
        for folder in ("outside", "later"):
            served.ask("audit", "seal")
            sign(served, folder)
            served.ask("actor", "add", folder, "--actor", CHIEF.id)
        outside = ("--checkpoint", "outside", "--key", "log.vkey")
        latest = ("--checkpoint", "outside/latest", "--key", "log.vkey")
        older = (*outside, "--checkpoint", "later")
        restore = ("db", "restore", "--from", "a.backup", "--db", empty, *programs)
        lacking = served.run(*restore, "--evidence-dir", "again", *older)
        assert lacking.code == 6
        assert "1 records or more are missing" in lacking.out
        where = ("--db", empty, "--evidence-dir", "again")
        # All that was sealed meanwhile is there, and waits.
        done = served.run("db", "restore", "--from", "a.backup", *where, *programs, *outside)
        assert done.code == 0, done.out + done.err
        assert "lifecycle audit seal" in done.out
        assert "lifecycle db grant" in done.out
        assert served.run("audit", "seal", *where).code == 0
        assert served.run("verify", *where, *latest).code == 0
    for said in (missing, made, done):
        assert "secret" not in said.out + said.err
