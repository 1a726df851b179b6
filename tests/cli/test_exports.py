"""Files that commands write, and programmes shown: whole, never over another, no database."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from icalendar import Calendar

from lifecycle.cli import files
from lifecycle.workflows.json_schemas import KINDS, schema_of
from tests.cli.terminal import Terminal

SVG = "{http://www.w3.org/2000/svg}svg"
ROADMAP = Path(__file__).parents[2] / "workflows" / "roadmaps" / "tomari-2022.yaml"
PROGRAMME = Path(__file__).parents[2] / "workflows" / "programmes" / "500plus.yaml"


def files_of(terminal: Terminal) -> set[str]:
    return {path.name for path in terminal.folder.iterdir()}


# -- calendar -----------------------------------------------------------------------------------


def test_a_calendar_holds_what_is_still_open(office: Terminal) -> None:
    office.ask("activity", "cancel", "tomari-2022", "1.2", "--actor", "municipal",
               "--reason", "merged", "--effective-on", "2022-01-18")  # fmt: skip
    document = office.ask("calendar", "tomari-2022", "--out", "plan.ics", "--on", "2022-03-01")
    read = Calendar.from_ical((office.folder / "plan.ics").read_bytes())
    keys = {str(one["uid"]).partition(".tomari")[0] for one in read.walk("VEVENT")}

    assert (document["file"], document["on"], document["entries"]) == ("plan.ics", "2022-03-01", 42)
    assert len(keys) == 42
    assert "1.2" not in keys
    assert document["occurrences"] == 86


def test_a_calendar_of_a_role_and_of_tasks(office: Terminal) -> None:
    curators = office.ask(
        "calendar", "tomari-2022", "--out", "c.ics", "--role", "curator", "--tasks"
    )
    read = Calendar.from_ical((office.folder / "c.ics").read_bytes())

    assert 0 < curators["entries"] < 43
    assert len(list(read.walk("VTODO"))) == curators["entries"]


def test_what_has_no_last_day_is_said(terminal: Terminal) -> None:
    said = terminal.run("calendar", "neklinovsky-2022", "--out", "plan.ics", "--json")

    assert said.document["undated"] == ["3.1"]
    assert "without a last day, so not in the calendar: 3.1\n" in said.err


def test_a_plan_not_begun_anywhere_can_be_exported_without_a_database(terminal: Terminal) -> None:
    said = terminal.run("calendar", "tomari-2022", "--out", "plan.ics")

    assert said.code == 0
    assert "there is no database here: the plan alone, without facts" in said.err
    assert files_of(terminal) == {"plan.ics"}


def test_a_database_that_was_named_has_to_be_there(terminal: Terminal) -> None:
    url = "sqlite:///other.db"
    named = terminal.run("calendar", "tomari-2022", "--out", "plan.ics", "--db", url)
    terminal.environment["LIFECYCLE_DATABASE_URL"] = url
    set_ = terminal.run("roadmap", "gantt", "tomari-2022", "--out", "plan.svg")

    assert (named.code, set_.code) == (8, 8)
    assert files_of(terminal) == set()


EXPORTS = (
    ("calendar", "tomari-2022"),
    ("roadmap", "gantt", "tomari-2022"),
    ("programme", "diagram", "500plus", "--format", "svg"),
)


@pytest.mark.parametrize("command", EXPORTS, ids=lambda one: one[-1])
def test_a_file_that_is_there_stays_unless_forced(
    office: Terminal, command: tuple[str, ...]
) -> None:
    there = office.paper("there.txt", "mine")
    refused = office.run(*command, "--out", "there.txt")
    program = office.run(*command, "--out", "there.txt", "--json")
    before = there.read_text("utf-8")
    forced = office.run(*command, "--out", "there.txt", "--force")

    assert (refused.code, program.error["code"], forced.code) == (7, "LC400", 0)
    assert "there.txt is there already; write over it with --force" in refused.err
    assert before == "mine"
    assert len(there.read_bytes()) > 1000
    assert not [name for name in files_of(office) if name.endswith(".part")]


@pytest.mark.skipif(os.name == "nt", reason="nobody can tell there whether its process lives")
def test_what_a_killed_export_left_is_gone_with_the_next(office: Terminal) -> None:
    left = office.folder / ".lifecycle-0123456789abcdef.part"
    left.mkdir()
    (left / "tables.duckdb").write_bytes(b"half of it")
    os.utime(left, (0, 0))

    office.ask("calendar", "tomari-2022", "--out", "plan.ics")

    assert not left.exists()


@pytest.mark.parametrize("command", EXPORTS, ids=lambda one: one[-1])
@pytest.mark.parametrize(
    ("place", "text"),
    [(".", "is a folder"), ("missing/plan", "cannot be written: No such file or directory")],
)
def test_where_no_file_can_be_is_told(
    office: Terminal, command: tuple[str, ...], place: str, text: str
) -> None:
    said = office.run(*command, "--out", place)

    assert said.code == 5
    assert said.err.startswith("error LC300: --out is not valid: ")
    assert text in said.err


def test_a_folder_without_rights_is_a_failure_of_the_storage() -> None:
    code = """
import os, sys
from pathlib import Path
from lifecycle.cli import failures, files
from lifecycle.domain.errors_database import FileRefused
from lifecycle.storage import staging  # what cannot be loaded afterwards
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everything
try:
    files.write(Path("/lifecycle-plan.ics"), b"", force=False)
except FileRefused as error:
    print(error.code, failures.exit_code_of(error), error)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=PROGRAMME.parents[2], capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith("LC518 8 /lifecycle-plan.ics cannot be written: "), done.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("calendar", "nowhere", "--out", "x"), 3),
        (("calendar", "tomari-2022", "--out", "x", "--role", "curater"), 3),
        (("calendar", "tomari-2022"), 2),
        (("roadmap", "gantt", "nowhere", "--out", "x"), 3),
        (("roadmap", "gantt", "tomari-2022", "--out", "x", "--at", "soon"), 5),
        (("programme", "diagram", "500minus"), 3),
        (("programme", "diagram", "500plus", "--roadmap", "nowhere"), 3),
        (("programme", "diagram", "500minus", "--roadmap", "tomari-2022"), 3),
        (("programme", "diagram", "500plus", "--format", "png"), 2),
        (("programme", "show", "500minus"), 3),
        (("programme", "check", "nothing.yaml"), 5),
        (("schema", "school"), 2),
    ],
)
def test_wrong_questions_write_nothing(
    terminal: Terminal, command: tuple[str, ...], code: int
) -> None:
    said = terminal.run(*command)

    assert said.code == code
    assert "Traceback" not in said.err
    assert files_of(terminal) == set()


# -- pictures -----------------------------------------------------------------------------------


def test_what_another_writer_with_the_same_process_id_left_is_not_in_the_way(
    tmp_path: Path,
) -> None:
    path = tmp_path / "audit.html"

    # In containers process ids come again, and a killed one leaves its file.
    with files.written(path, force=True) as outer, files.written(path, force=True) as inner:
        outer.write_bytes(b"outer")
        inner.write_bytes(b"inner")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [
        ("audit.html", b"outer")
    ]


def test_a_plan_is_drawn_with_the_facts_of_the_day(office: Terminal) -> None:
    office.ask("activity", "done", "tomari-2022", "1.2", "--actor", "municipal",
               "--evidence", "activity_result=https://school.example/l",
               "--effective-on", "2022-01-20")  # fmt: skip
    pictures = []
    for day in ("2022-01-19", "2022-01-20"):
        office.ask("roadmap", "gantt", "tomari-2022", "--at", day, "--out", f"{day}.svg",
                   "--lang", "ru")  # fmt: skip
        pictures.append((office.folder / f"{day}.svg").read_text("utf-8"))

    assert all(ET.fromstring(one).tag == SVG for one in pictures)  # noqa: S314 - our own file
    assert pictures[0] != pictures[1]
    assert "Утверждение списка муниципальных координаторов" in pictures[0]


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [("mermaid", "stateDiagram-v2\n"), ("dot", 'digraph "500plus" {'), ("svg", "<?xml")],
)
def test_a_diagram_goes_to_standard_output_unless_a_file_is_named(
    terminal: Terminal, kind: str, beginning: str
) -> None:
    said = terminal.run("programme", "diagram", "500plus", "--format", kind, "--lang", "ru")
    document = terminal.ask("programme", "diagram", "500plus", "--format", kind, "--lang", "ru")
    terminal.ask("programme", "diagram", "500plus", "--format", kind, "--lang", "ru", "--out", "d")

    assert said.out.startswith(beginning)
    assert "Анкетирование" in said.out
    assert document["diagram"] == said.out
    assert (terminal.folder / "d").read_text("utf-8") == said.out


def test_a_diagram_under_a_road_map_has_its_deadlines(terminal: Terminal) -> None:
    alone = terminal.run("programme", "diagram", "500plus").out
    under = terminal.run("programme", "diagram", "500plus", "--roadmap", "tomari-2022").out

    assert "2022" not in alone
    assert "2022" in under


# -- programmes ---------------------------------------------------------------------------------


def test_programmes_are_listed_and_shown_without_a_database(terminal: Terminal) -> None:
    (listed,) = terminal.ask("programme", "list")["programmes"]
    shown = terminal.ask("programme", "show", "500plus")
    said = terminal.run("programme", "show", "500plus", "--lang", "ru")

    assert listed["id"] == "500plus"
    assert [one["id"] for one in shown["states"]] == listed["states"]
    assert [one["id"] for one in shown["transitions"]] == listed["transitions"]
    conclude = next(one for one in shown["transitions"] if one["id"] == "conclude")
    assert (conclude["from"], conclude["to"]) == (["final_review"], "completed")
    assert conclude["requires"] == ["evidence/indicator_analysis", "fact/outcome"]
    assert {one["id"] for one in shown["roles"]} >= {"curator", "expert"}
    assert [one["role"] for one in shown["escalation"]] == [
        "curator", "municipal_coordinator", "regional_coordinator",
    ]  # fmt: skip
    assert "conclude -> completed: Подвести итоги участия" in said.out
    assert files_of(terminal) == set()


def test_a_programme_is_shown_as_a_road_map_adjusts_it(terminal: Terminal) -> None:
    shown = terminal.ask("programme", "show", "500plus", "--roadmap", "tomari-2022")

    assert next(one for one in shown["states"] if one["id"] == "selected")["due_on"] == "2022-02-04"


def test_a_broken_programme_does_not_hide_the_others(terminal: Terminal) -> None:
    (terminal.folder / "broken.yaml").write_text("format: 1\nid: broken\nstates: []\n", "utf-8")
    said = terminal.run("programme", "list", "--definitions", ".", "--json")

    assert [one["id"] for one in said.document["programmes"]] == ["500plus"]
    assert "broken.yaml:" in said.err


def test_a_road_map_of_another_programme_is_refused(terminal: Terminal) -> None:
    text = PROGRAMME.read_text("utf-8").replace("\nid: 500plus\n", "\nid: other\n", 1)
    (terminal.folder / "other.yaml").write_text(text, "utf-8")
    said = terminal.run("programme", "show", "other", "--roadmap", "tomari-2022",
                        "--definitions", ".")  # fmt: skip

    assert said.code == 2
    assert "tomari-2022 is a road map of 500plus" in said.err


@pytest.mark.parametrize("file", [PROGRAMME, ROADMAP], ids=["programme", "roadmap"])
def test_the_shipped_files_have_no_mistakes(terminal: Terminal, file: Path) -> None:
    group = "roadmap" if file is ROADMAP else "programme"
    said = terminal.run(group, "check", file, "--json")

    assert said.code == 0
    assert said.document["ok"] is True
    assert {one["severity"] for one in said.document["problems"]} <= {"warning"}
    assert said.err.startswith(f"{file}: no mistakes")


def test_mistakes_of_a_programme_are_told_with_their_places(terminal: Terminal) -> None:
    text = PROGRAMME.read_text("utf-8").replace("to: questionnaire\n", "to: questionaire\n", 1)
    path = terminal.folder / "new.yaml"
    path.write_text(text, "utf-8")
    said = terminal.run("programme", "check", "new.yaml")
    program = terminal.run("programme", "check", "new.yaml", "--json")
    line = text.splitlines().index("    to: questionaire") + 1

    assert (said.code, program.code) == (5, 5)
    assert f"new.yaml:{line}:9: LD210: there is no state questionaire; did you mean" in said.out
    (problem,) = (one for one in program.document["problems"] if one["code"] == "LD210")
    assert (problem["severity"], problem["line"]) == ("error", line)
    assert program.document["error"]["code"] == "LC310"


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_printed_as_it_is_shipped(terminal: Terminal, kind: str) -> None:
    plain, document = terminal.run("schema", kind), terminal.ask("schema", kind)
    (terminal.folder / "plans").mkdir()
    said = terminal.run("schema", kind, "--out", "plans/s.json")

    assert json.loads(plain.out) == document
    assert (terminal.folder / "plans" / "s.json").read_text("utf-8") == plain.out
    assert "# yaml-language-server: $schema=s.json\n" in said.err
    assert terminal.run("schema", kind, "--out", "plans/s.json").code == 7
    assert document == next(schema_of(one) for one in KINDS if one == kind)


# -- what is in force is not edited -------------------------------------------------------------


def edited(terminal: Terminal, *edits: tuple[str, str]) -> str:
    text = ROADMAP.read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    (terminal.folder / "tomari.yaml").write_text(text, "utf-8")
    return "tomari.yaml"


EDIT = ('end: "2022-02-16"', 'end: "2022-02-18"')
RAISED = ('version: "2"', 'version: "3"')


def test_a_road_map_in_force_that_was_edited_is_refused_with_the_way_out(office: Terminal) -> None:
    file = edited(office, EDIT)
    said = office.run("roadmap", "check", file)
    problem, *_ = office.run("roadmap", "check", file, "--json").document["problems"]

    assert said.code == 5
    assert f"{file}:" in said.out
    assert ": LD281: tomari-2022 is in force as version 3/2 [" in said.out
    assert problem["code"] == "LD281"
    assert "such as tomari-2022-2" in problem["remedy"]
    assert office.ask("overdue", "--on", "2022-02-17")["overdue"]


def test_a_raised_version_under_the_same_id_is_a_warning(office: Terminal) -> None:
    said = office.run("roadmap", "check", edited(office, EDIT, RAISED))

    assert said.code == 0
    assert "LD314: warning: tomari-2022 stays in force as version 3/2 [" in said.out


def test_another_programme_under_the_same_version_is_told_apart(office: Terminal) -> None:
    text = PROGRAMME.read_text("utf-8").replace("after_working_days: 5", "after_working_days: 6", 1)
    (office.folder / "500plus.yaml").write_text(text, "utf-8")
    said = office.run("roadmap", "check", edited(office))

    assert said.code == 5
    assert "with another programme; what runs keeps its rules" in said.out


@pytest.mark.parametrize(
    "edits", [(), (EDIT, ("id: tomari-2022", "id: tomari-2022-2"))], ids=["unedited", "new id"]
)
def test_what_is_not_an_edit_of_what_is_in_force_passes(
    office: Terminal, edits: tuple[tuple[str, str], ...]
) -> None:
    said = office.run("roadmap", "check", edited(office, *edits))

    assert said.code == 0
    assert "LD281" not in said.out


def test_without_a_database_nothing_is_in_force(terminal: Terminal) -> None:
    file = edited(terminal, EDIT)
    beside = terminal.run("roadmap", "check", file)
    named = terminal.run("roadmap", "check", file, "--db", "sqlite:///other.db")

    assert (beside.code, named.code) == (0, 8)
    assert files_of(terminal) == {file}


def test_a_broken_database_beside_the_file_is_no_mistake_of_the_file(terminal: Terminal) -> None:
    (terminal.folder / "lifecycle.db").write_text("no database", "utf-8")

    assert terminal.run("roadmap", "check", edited(terminal)).code == 0
