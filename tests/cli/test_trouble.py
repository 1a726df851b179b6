"""Broken databases, broken definitions and defects: told in one message, nothing harmed."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lifecycle.service.context import Context
from lifecycle.service.patience import PATIENCE
from lifecycle.storage.journal import open_journal
from tests.cli.terminal import Terminal

START = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal")
SHIPPED = Path(__file__).parents[2] / "workflows"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "LC501", id="nothing in it"),
        pytest.param(b"not a database, but long enough to be read as a page" * 90, "LC502"),
    ],
)
def test_a_file_that_is_no_database_is_told(terminal: Terminal, content: bytes, code: str) -> None:
    (terminal.folder / "lifecycle.db").write_bytes(content)
    said = terminal.run("status", "--json")

    assert said.code == 8
    assert said.error["code"] == code
    assert (terminal.folder / "lifecycle.db").read_bytes() == content


def test_a_database_of_another_program_is_told_and_its_tables_are_left_alone(
    terminal: Terminal,
) -> None:
    path = terminal.folder / "lifecycle.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE books (title TEXT)")
        connection.execute("INSERT INTO books VALUES ('Устав')")
    before = path.read_bytes()

    assert terminal.run("status", "--json").error["code"] == "LC501"
    assert path.read_bytes() == before
    terminal.ask("init", "--administrator", "admin")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT title FROM books").fetchall() == [("Устав",)]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["cannot be read", "--evidence-dir"]),
        ("ru", ["папка подтверждений", "не читается", "--evidence-dir"]),
    ],
)
def test_an_evidence_folder_that_cannot_be_read_is_told_once(
    archive: Terminal, language: str, told: list[str]
) -> None:
    archive.paper("file")

    said = archive.run("--lang", language, "verify", "--evidence-dir", "file")

    assert (said.code, said.out) == (8, "")
    assert all(one in said.err for one in told)
    assert said.err.count(str(archive.folder / "file")) == 1


def test_a_damaged_database_is_told(office: Terminal) -> None:
    path = office.folder / "lifecycle.db"
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    path.write_bytes(content)
    said = office.run("verify", "--json")

    assert said.code == 8
    assert said.error["code"] == "LC502"
    assert "Traceback" not in said.err


def test_a_newer_database_is_told(office: Terminal) -> None:
    with closing(sqlite3.connect(office.folder / "lifecycle.db")) as connection, connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        (table,) = [name for name in names if name.endswith("version")]
        connection.execute(f"UPDATE {table} SET version_num = '9999'")  # noqa: S608
    said = office.run("status", "--json")

    assert said.code == 8
    assert said.error["code"] == "LC503"


def test_a_locked_database_is_told_after_the_waiting_time(
    office: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = open_journal.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "lock_seconds", 0.1)
    told = tuple(0.1 if one == PATIENCE else one for one in Context.__init__.__defaults__ or ())
    monkeypatch.setattr(Context.__init__, "__defaults__", told)
    other = sqlite3.connect(office.folder / "lifecycle.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = office.run("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal")
    other.execute("ROLLBACK")
    other.close()

    assert said.code == 8
    assert said.err.startswith("error LC504: sqlite:///lifecycle.db stayed locked")
    assert "try again when the other process has ended" in said.err
    command = re.search(r"--command-id ([0-9a-f-]{36})", said.err)
    assert command is not None
    again = office.ask("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
                     "--command-id", command.group(1))  # fmt: skip
    assert again["repeated"] is False


def test_who_only_reads_a_locked_database_is_told_nothing_of_writing(
    office: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = open_journal.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "lock_seconds", 0.1)
    with closing(sqlite3.connect(office.folder / "lifecycle.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = office.run("status")

    assert said.code == 8
    assert said.err.splitlines() == [
        "error LC504: sqlite:///lifecycle.db stayed locked by another process for 0.1 s",
        "  try again when the other process has ended",
    ]


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("roadmaps/tomari-2022.yaml", "time_zone:", "timezone:", "LD110: .* time_zone"),
        ("roadmaps/tomari-2022.yaml", "programme: 500plus", "programme: 500plu", "LD220: "),
        ("roadmaps/tomari-2022.yaml", '"2022-12-31"', '"2022-12-32"', "LD113: 2022-12-32"),
        ("roadmaps/tomari-2022.yaml", "drives:", "drive:", "LD110: .* drives"),
        ("programmes/500plus.yaml", "initial: selected", "initial: selectd", "LD210: .* selected"),
        ("programmes/500plus.yaml", "transitions:", "transitoins:", "LD110: .* transitions"),
    ],
)
def test_a_typo_in_a_definition_is_told_with_its_place(
    terminal: Terminal, file: str, right: str, wrong: str, told: str
) -> None:
    text = (SHIPPED / file).read_text("utf-8")
    assert right in text
    path = terminal.paper("draft.yaml", text.replace(right, wrong, 1))
    people, program = (
        terminal.run("roadmap", "check", "draft.yaml"),
        terminal.run("roadmap", "check", path, "--json"),
    )

    assert people.code == program.code == 5
    assert re.search(rf"^draft\.yaml:\d+:\d+: {told}", people.out, re.MULTILINE)
    assert program.document["ok"] is False
    first = program.document["problems"][0]
    assert first.keys() >= {"file", "line", "column", "code", "message"}
    assert program.document["error"]["code"] == "LC310"


@pytest.mark.parametrize("file", ["roadmaps/belgorod-2021.yaml", "programmes/500plus.yaml"])
def test_a_sound_definition_passes(terminal: Terminal, file: str) -> None:
    said = terminal.run("roadmap", "check", SHIPPED / file)

    assert (said.code, said.out) == (0, "")
    assert "no mistakes" in said.err
    assert terminal.ask("roadmap", "check", SHIPPED / file)["problems"] == []


def test_a_definition_that_cannot_be_read_is_told(terminal: Terminal) -> None:
    said = terminal.run("roadmap", "check", "none.yaml")

    assert said.code == 5
    assert said.out == "none.yaml:1:1: LD101: there is no such file\n"


def test_a_pipe_given_as_a_definition_is_told(terminal: Terminal) -> None:
    os.mkfifo(terminal.folder / "pipe.yaml")
    said = terminal.run("roadmap", "check", "pipe.yaml")

    assert said.code == 5
    assert said.out == "pipe.yaml:1:1: LD101: this is a pipe or a device, not a file\n"


def test_an_enrolment_under_a_broken_road_map_names_every_mistake(office: Terminal) -> None:
    folder = office.folder / "plans"
    folder.mkdir()
    text = (SHIPPED / "roadmaps/tomari-2022.yaml").read_text("utf-8")
    broken = text.replace("id: tomari-2022", "id: broken", 1).replace("time_zone:", "zone:", 1)
    (folder / "broken.yaml").write_text(broken, "utf-8")
    arguments = ("enrol", "school-2", "--roadmap", "broken", "--title", "2", "--actor", "admin",
                 "--definitions", "plans")  # fmt: skip
    people, program = office.run(*arguments), office.run(*arguments, "--json")

    assert people.code == program.code == 5
    assert "plans/broken.yaml:" in people.err
    codes = {one["code"] for one in program.error["problems"]}
    assert codes == {"LD110", "LD111"}


def test_a_defect_is_one_line_and_tells_where_to_look(
    office: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifecycle.wiring.new_id", lambda: 1 / 0)
    people, program = office.run(*START), office.run(*START, "--json")
    office.environment["LIFECYCLE_DEBUG"] = "1"
    debugged = office.run(*START)

    assert people.code == program.code == debugged.code == 1
    assert people.err.startswith("error LC000: unexpected: ZeroDivisionError: division by zero\n")
    assert "LIFECYCLE_DEBUG=1" in people.err
    assert "Traceback" not in people.err
    assert program.error["code"] == "LC000"
    assert "Traceback" in debugged.err
    assert "Traceback" not in office.run("explain", "nothing").err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_refusal_that_finds_no_room_to_be_kept_is_still_a_refusal(
    office: Terminal, more: tuple[str, ...]
) -> None:
    path = office.folder / "lifecycle.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON lifecycle_refusals"
            " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )
    asked = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "stranger")

    said = office.run(*asked, *more)

    assert said.code == 4
    assert "LC20" in said.out + said.err
    assert office.ask("refusals")["refusals"] == []
    office.environment["LIFECYCLE_LOG"] = "console"
    assert "refusal_not_kept" in office.run(*asked).err
