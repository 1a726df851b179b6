"""audit export: what is asked for, whole or not at all, and counted."""

import json
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

LOGS = ("xes", "ocel-json", "ocel-sqlite")
RULES = ("pnml", "bpmn")


def left(terminal: Terminal, before: set[str]) -> set[str]:
    """Return the names that a command left in the folder."""
    return {path.name for path in terminal.folder.iterdir()} - before


def names(terminal: Terminal) -> set[str]:
    return {path.name for path in terminal.folder.iterdir()}


@pytest.mark.parametrize("form", LOGS)
def test_a_history_is_written_and_counted(archive: Terminal, form: str) -> None:
    document = archive.ask("audit", "export", form, "tomari-2022", "--out", "log")
    objects = document.pop("objects")

    assert document == {
        "format": form,
        "file": "log",
        "roadmap": "tomari-2022",
        "definition": None,
        "school": None,
        "which": "finished",
        "cases": 1,
        "events": 14,
        "left_out": 0,
    }
    assert (objects is None) == (form == "xes")
    assert (archive.folder / "log").stat().st_size > 5000
    assert not [name for name in names(archive) if name.endswith(".part")]


def test_an_open_history_is_left_out_unless_asked_for_and_that_is_said(office: Terminal) -> None:
    said = office.run("audit", "export", "xes", "--out", "finished.xes")
    asked = office.ask("audit", "export", "xes", "--out", "open.xes", "--cases", "open")

    assert said.out == "finished.xes is written, cases: 0, events: 0\n"
    assert said.err == "left out by --cases finished: 1\n"
    assert (asked["cases"], asked["events"], asked["left_out"]) == (1, 1, 0)


@pytest.mark.parametrize("digits", [8, 64])
def test_a_history_and_rules_are_found_by_the_digest_that_records_name(
    archive: Terminal, digits: int
) -> None:
    digest = archive.ask("history", "krasnogorsk")["records"][0]["definition"]
    log = archive.ask("audit", "export", "xes", digest[:digits], "--out", "log.xes")
    net = archive.ask("audit", "export", "pnml", digest[:digits], "--out", "net.pnml")

    assert (log["definition"], log["cases"]) == (digest, 1)
    assert (net["definition"], net["roadmap"]) == (digest, "tomari-2022")
    assert (net["states"], net["transitions"]) == (10, 16)


@pytest.mark.parametrize("form", RULES)
def test_rules_of_open_cases_have_more_ways_out(office: Terminal, form: str) -> None:
    def exported(which: str) -> list[str]:
        office.ask(
            "audit", "export", form, "tomari-2022", "--out", "net", "--cases", which, "--force"
        )
        return [one.get("id", "") for one in ET.parse(office.folder / "net").iter()]  # noqa: S314

    every, finished, unfinished = exported("all"), exported("finished"), exported("open")

    assert "exit.selected" in {*unfinished} - {*finished}
    assert sorted(unfinished) == sorted(every)


def test_rules_are_those_in_force_and_not_those_that_files_say_now(
    office: Terminal, terminal: Terminal
) -> None:
    shipped = Path(__file__).parents[2] / "workflows" / "roadmaps" / "tomari-2022.yaml"
    (office.folder / "changed").mkdir()
    changed = office.folder / "changed" / "tomari-2022.yaml"
    changed.write_text(shipped.read_text("utf-8").replace('version: "2"', 'version: "99"'), "utf-8")
    before = office.ask("history", "krasnogorsk")["records"][0]["definition"]
    document = office.ask(
        "audit", "export", "bpmn", "tomari-2022", "--out", "b", "--definitions", changed.parent
    )

    assert document["definition"] == before


def test_rules_need_no_database_unless_one_was_named(terminal: Terminal) -> None:
    said = terminal.run("audit", "export", "bpmn", "tomari-2022", "--out", "b", "--lang", "ru")
    named = terminal.run(
        "audit", "export", "pnml", "tomari-2022", "--out", "p", "--db", "sqlite:///x.db"
    )

    assert said.code == 0
    assert "правила, как они поставляются" in said.err
    assert "Подвести итоги участия" in (terminal.folder / "b").read_text("utf-8")
    assert (named.code, names(terminal)) == (8, {"b"})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("xes", "nowhere"), 3),
        (("xes", "deadbeef"), 3),
        (("xes", "--school", "nowhere"), 3),
        (("pnml", "nowhere"), 3),
        (("pnml", "deadbeef"), 3),
        (("pnml",), 2),
        (("bpmn", "tomari-2022", "--school", "krasnogorsk"), 2),
        (("csv",), 2),
        (("xes", "--cases", "some"), 2),
    ],
)
def test_what_is_not_there_is_told_and_nothing_written(
    office: Terminal, arguments: tuple[str, ...], code: int
) -> None:
    before = names(office)
    said = office.run("audit", "export", *arguments, "--out", "x")

    assert (said.code, said.out) == (code, "")
    assert "Traceback" not in said.err
    assert left(office, before) == set()


@pytest.mark.parametrize("form", LOGS)
def test_a_school_of_another_road_map_is_not_found_there(office: Terminal, form: str) -> None:
    before = names(office)
    ask = ("audit", "export", form, "belgorod-2021", "--school", "krasnogorsk", "--out", "x")
    said = office.run(*ask)

    assert (said.code, left(office, before)) == (3, set())
    assert "krasnogorsk does not take part under belgorod-2021, but under tomari-2022" in said.err
    assert f"lifecycle audit export {form} --school krasnogorsk" in said.err
    assert "а в tomari-2022" in office.run(*ask, "--lang", "ru").err


def test_a_school_is_not_found_under_other_rules(office: Terminal) -> None:
    admin = ("--actor", "admin")
    office.ask("enrol", "lyceum", "--roadmap", "belgorod-2021", "--title", "Лицей", *admin)
    own, other = (
        office.ask("history", school)["records"][0]["definition"]
        for school in ("krasnogorsk", "lyceum")
    )
    ask = ("audit", "export", "xes", "--school", "krasnogorsk", "--cases", "all", "--out")

    assert office.ask(*ask, "own", own)["cases"] == 1
    said = office.run(*ask, "x", other)
    assert (said.code, f"under {other}, but under tomari-2022" in said.err) == (3, True)


def test_a_road_map_that_nobody_works_under_yet_has_an_empty_history(office: Terminal) -> None:
    document = office.ask("audit", "export", "xes", "belgorod-2021", "--out", "x")

    assert (document["roadmap"], document["cases"], document["left_out"]) == ("belgorod-2021", 0, 0)


@pytest.mark.parametrize("form", [*LOGS, *RULES])
def test_a_file_that_is_there_stays_unless_forced(office: Terminal, form: str) -> None:
    there = office.paper("there", "mine")
    refused = office.run("audit", "export", form, "tomari-2022", "--out", "there")
    before = there.read_text("utf-8")
    forced = office.run("audit", "export", form, "tomari-2022", "--out", "there", "--force")

    assert (refused.code, before, forced.code) == (7, "mine", 0)
    assert there.stat().st_size > 100


@pytest.mark.parametrize("form", LOGS)
def test_a_history_that_breaks_in_the_middle_leaves_no_half_file(
    archive: Terminal, form: str
) -> None:
    for number in range(3):
        school = f"school-{number}"
        archive.ask("enrol", school, "--roadmap", "tomari-2022", "--title", "Ш", "--actor", "admin")
    with closing(sqlite3.connect(archive.folder / "lifecycle.db")) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("DELETE FROM lifecycle_records WHERE stream = 'participation/school-1'")
        database.commit()
    before = names(archive)
    there = archive.paper("old", "mine")
    said = archive.run("audit", "export", form, "--cases", "all", "--out", "new")
    over = archive.run("audit", "export", form, "--cases", "all", "--out", "old", "--force")

    assert (said.code, over.code) == (8, 8)
    assert "participation/school-1 does not begin with an enrolment" in said.err
    assert there.read_text("utf-8") == "mine"
    assert left(archive, before) == {"old"}


@pytest.mark.parametrize("form", LOGS)
def test_where_no_file_can_be_is_told(archive: Terminal, form: str) -> None:
    said = archive.run("audit", "export", form, "--out", "missing/log")

    assert said.code == 5
    assert "--out is not valid: missing/log cannot be written" in said.err


def test_a_copy_of_the_history_exports_the_same_bytes(archive: Terminal) -> None:
    shutil.copytree(archive.folder, archive.folder.parent / "copy")
    copy = Terminal(archive.folder.parent / "copy")
    for form in ("xes", "ocel-json", *RULES):
        for terminal in (archive, copy):
            terminal.ask("audit", "export", form, "tomari-2022", "--out", form)
        assert (archive.folder / form).read_bytes() == (copy.folder / form).read_bytes()


def test_the_object_log_of_the_program_is_the_one_of_the_library(archive: Terminal) -> None:
    archive.ask("audit", "export", "ocel-json", "--out", "log.json")
    archive.ask("audit", "export", "ocel-sqlite", "--out", "log.sqlite")
    written = json.loads((archive.folder / "log.json").read_text("utf-8"))
    with closing(sqlite3.connect(archive.folder / "log.sqlite")) as database:
        events = database.execute("SELECT ocel_id FROM event ORDER BY rowid").fetchall()

    assert [one["id"] for one in written["events"]] == [id for (id,) in events]
    assert "log.sqlite-journal" not in names(archive)
