"""Whatever people type wrong: one clear message, the agreed exit code, and nothing changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.terminal import RISKS, Terminal, walk

ADVANCE = ("advance", "krasnogorsk", "complete_questionnaire", "--actor", "coordinator")
ENROL = ("--roadmap", "tomari-2022", "--title", "Школа 2", "--actor", "admin")

# Arguments, exit code, code of the error, what the first lines say.
CASES: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "unknown school": (("explain", "krasnogrsk"), 3, "LC101", "did you mean krasnogorsk?"),
    "unknown school, none near": (("history", "zzz"), 3, "LC101", "lifecycle status"),
    "unknown school of an advance": (
        ("advance", "krasnogorks", "withdraw", "--actor", "admin"), 3, "LC101",
        "did you mean krasnogorsk?",
    ),
    "unknown school of a role": (
        ("assign", "expert", "expert", "--school", "krasnogrsk", "--actor", "admin"), 3, "LC101",
        "did you mean krasnogorsk?",
    ),
    "unknown road map": (("status", "--roadmap", "tomari"), 3, "LC102", "tomari-2022"),
    "unknown road map of an enrolment": (
        ("enrol", "school-2", "--roadmap", "tomary-2022", "--title", "2", "--actor", "admin"),
        3, "LC102", "did you mean tomari-2022?",
    ),
    "unknown road map to show": (("roadmap", "show", "belgorod"), 3, "LC102", "belgorod-2021"),
    "unknown transition": (
        ("advance", "krasnogorsk", "start_questionaire", "--actor", "municipal"), 3, "LC103",
        "did you mean start_questionnaire?",
    ),
    "unknown role": (
        ("assign", "expert", "curater", "--school", "krasnogorsk", "--actor", "admin"),
        3, "LC104", "did you mean curator?",
    ),
    "unknown actor": (
        ("advance", "krasnogorsk", "withdraw", "--actor", "municipl"), 3, "LC105",
        "did you mean municipal?",
    ),
    "unknown assignee": (
        ("assign", "exprt", "expert", "--school", "krasnogorsk", "--actor", "admin"),
        3, "LC105", "did you mean expert?",
    ),
    "unknown assignment": (
        ("revoke", "stranger", "curator", "--school", "krasnogorsk", "--actor", "admin"),
        3, "LC106", "stranger does not hold the role curator there",
    ),
    "not allowed to enrol": (
        ("enrol", "school-2", *ENROL[:4], "--actor", "stranger"), 4, "LC202",
        "who can mend it: administrator, municipal_coordinator, regional_coordinator (",
    ),
    "not allowed to administer": (
        ("actor", "add", "new", "--actor", "municipal"), 4, "LC203",
        "who can mend it: administrator (admin)",
    ),
    "the last administrator": (
        ("revoke", "admin", "administrator", "--actor", "admin"), 4, "LC203",
        "admin is the last administrator; assign another one first",
    ),
    "a date in the future": (
        ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
         "--effective-on", "2999-01-01"), 4, "LC201", "2999-01-01 has not come yet",
    ),
    "no such file": (
        (*ADVANCE, "--evidence", "questionnaire_completion=none.pdf"), 5, "LC302",
        "evidence questionnaire_completion is not valid: there is no such file",
    ),
    "an empty file": (
        (*ADVANCE, "--evidence", "questionnaire_completion=empty.txt"), 5, "LC302",
        "evidence questionnaire_completion is not valid: it is empty",
    ),
    "a folder as evidence": (
        (*ADVANCE, "--evidence", "questionnaire_completion=."), 5, "LC302",
        "evidence questionnaire_completion is not valid: it is a folder",
    ),
    "a link that is none": (
        (*ADVANCE, "--evidence", "questionnaire_completion=https://"), 5, "LC302",
        "the link is not an address",
    ),
    "a link with a password": (
        (*ADVANCE, "--evidence", "questionnaire_completion=https://a:b@school.example/"),
        5, "LC302", "user name or password",
    ),
    "a reference without its number": (
        (*ADVANCE, "--evidence", "questionnaire_completion=ref:;2022-03-14;Отдел"), 5, "LC302",
        "number, date and issuer",
    ),
    "a reference with a bad date": (
        (*ADVANCE, "--evidence", "questionnaire_completion=ref:1;14.03.2022;Отдел"),
        5, "LC303", "14.03.2022 is not a date",
    ),
    "an unknown kind of evidence": (
        (*ADVANCE, "--evidence", "questionaire_completion=paper.txt"), 5, "LC302",
        "did you mean questionnaire_completion?",
    ),
    "the same evidence twice": (
        (*ADVANCE, *["--evidence", "questionnaire_completion=paper.txt"] * 2), 5, "LC302",
        "the same piece is given twice",
    ),
    "a fact that is not JSON": (
        (*ADVANCE, "--fact", "risks=[{"), 5, "LC301", "fact risks is not valid: '[{' is not JSON",
    ),
    "a fact with a member twice": (
        (*ADVANCE, "--fact", 'risks=[{"factor":"a","factor":"b"}]'), 5, "LC301",
        "a member occurs twice",
    ),
    "a fact that is no number": ((*ADVANCE, "--fact", "risks=NaN"), 5, "LC301", "NaN"),
    "a fact with a fraction": ((*ADVANCE, "--fact", "risks=1.5"), 5, "LC301", "1.5"),
    "a fact nested without end": (
        (*ADVANCE, "--fact", f"risks={'[' * 100_000}"), 5, "LC301", "fact risks is not valid",
    ),
    "a fact of the wrong type": (
        (*ADVANCE, "--fact", "risks=low_equipment"), 5, "LC301",
        "it is not a list of objects with factor, significance",
    ),
    "an unknown fact": (
        (*ADVANCE, "--fact", "riscs=[]"), 5, "LC301", "did you mean risks?",
    ),
    "a date that is none": (
        (*ADVANCE, "--effective-on", "2022-02-30"), 5, "LC303", "2022-02-30 is not a date",
    ),
    "a date in Russian order": (
        (*ADVANCE, "--effective-on", "18.01.2022"), 5, "LC303", "write a day as 2022-03-01",
    ),
    "a date without its dashes": (
        (*ADVANCE, "--evidence", "questionnaire_completion=ref:1;20220314;Отдел"),
        5, "LC303", "20220314 is not a date",
    ),
    "a road map of a history that is none": (
        ("history", "--roadmap", "tomari"), 3, "LC102", "did you mean tomari-2022?",
    ),
    "a replay on no date": (
        ("replay", "krasnogorsk", "--on", "yesterday"), 5, "LC303", "yesterday is not a date",
    ),
    "a replay at no moment": (
        ("replay", "krasnogorsk", "--at", "2022-13-01"), 5, "LC303", "2022-13-01 is not a date",
    ),
    "a moment out of time": (
        ("replay", "krasnogorsk", "--at", "9999-12-31T23:59:59-14:00"), 5, "LC303", "9999-12-31T",
    ),
    "an id that is a name": (
        ("actor", "add", "Иван Петров", "--actor", "admin"), 5, "LC304",
        "cannot be an id (actor)",
    ),
    "an id of a command that is none": (
        (*ADVANCE, "--command-id", "a b"), 5, "LC304", "'a b'",
    ),
    "a title without letters": (
        ("enrol", "school-2", "--roadmap", "tomari-2022", "--title", " ", "--actor", "admin"),
        5, "LC300", "printable characters",
    ),
    "a role on the wrong thing": (
        ("assign", "stranger", "curator", "--roadmap", "tomari-2022", "--actor", "admin"),
        5, "LC305", "the role curator cannot be assigned to a roadmap",
    ),
    "a folder of definitions that is not there": (
        ("enrol", "school-2", *ENROL, "--definitions", "nowhere"), 5, "LC300",
        "there is no folder nowhere",
    ),
    "a role on a road map that is not in force": (
        ("revoke", "curator", "curator", "--roadmap", "belgorod-2021", "--actor", "admin"),
        3, "LC102", "lifecycle roadmap list",
    ),
    "an enrolled school": (("enrol", "krasnogorsk", *ENROL), 7, "LC403", "krasnogorsk"),
    "an actor who exists": (("actor", "add", "expert", "--actor", "admin"), 7, "LC403", "expert"),
    "a role held already": (
        ("assign", "curator", "curator", "--school", "krasnogorsk", "--actor", "admin"),
        7, "LC403", "curator curator",
    ),
    "a version that passed": (
        ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
         "--expect-version", "1"), 7, "LC401", "is at version",
    ),
    "a history that was begun": (
        ("init", "--administrator", "admin"), 8, "LC507", "already holds a history",
    ),
    "no database": (
        ("status", "--db", "sqlite:///none.db"), 8, "LC501",
        "lifecycle init --db sqlite:///none.db --administrator ID",
    ),
    "a folder as database": (("status", "--db", "sqlite:///."), 8, "LC502", "it is a folder"),
    "an address that is none": (("status", "--db", "lifecycle.db"), 5, "LC300", "lifecycle.db"),
    "an empty address": (("status", "--db", ""), 5, "LC300", "the database address"),
    "a read-only database": (
        ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
         "--db", "sqlite:///lifecycle.db?mode=ro"), 8, "LC505", "cannot be written",
    ),
    "evidence without a kind": (
        (*ADVANCE, "--evidence", "paper.txt"), 2, "LC002", "--evidence visit_note=note.pdf",
    ),
    "evidence without an item": (
        (*ADVANCE, "--evidence", "anti_risk_programme:=a.pdf"), 2, "LC002",
        "anti_risk_programme:low_equipment=",
    ),
    "a reference in two parts": (
        (*ADVANCE, "--evidence", "order=ref:52;Отдел"), 2, "LC002", "order=ref:52-A;2022-03-14;",
    ),
    "a fact without a value": ((*ADVANCE, "--fact", "risks"), 2, "LC002", "NAME=JSON"),
    "a fact given twice": (
        (*ADVANCE, "--fact", "risks=[]", "--fact", "risks=[]"), 2, "LC002",
        "fact risks is given twice",
    ),
    "a role without its place": (
        ("assign", "expert", "expert", "--actor", "admin"), 2, "LC002", "--school SCHOOL",
    ),
    "a role in two places": (
        ("assign", "expert", "expert", "--school", "krasnogorsk", "--roadmap", "tomari-2022",
         "--actor", "admin"), 2, "LC002", "not both",
    ),
    "a history of nothing": (("history",), 2, "LC002", "--installation"),
    "a history of two things": (
        ("history", "krasnogorsk", "--installation"), 2, "LC002", "--installation",
    ),
    "a number of too many digits": (
        ("history", "krasnogorsk", "--after", "9" * 23), 2, "LC002", "999 has more than 15 digits",
    ),
    "a folder that is not there": (
        ("db", "backup", "--to", "unmounted/"), 5, "LC300", "there is no folder unmounted/",
    ),
    "a version that is no number": (
        (*ADVANCE, "--expect-version", "two"), 2, "LC002", "two is not a whole number",
    ),
    "an option that does not exist": (
        ("status", "--rodmap", "x"), 2, "LC002", "--roadmap",
    ),
    "a command that does not exist": (("statsu",), 2, "LC002", "'status'"),
    "a command without its option": (("init",), 2, "LC002", "--administrator"),
    "a language that is not spoken": (("status", "--lang", "de"), 2, "LC002", "'de'"),
    "an argument too many": (("verify", "everything"), 2, "LC002", "everything"),
}  # fmt: skip


@pytest.fixture
def desk(office: Terminal) -> Terminal:
    """An office with a few papers on the desk."""
    office.paper("paper.txt")
    (office.folder / "empty.txt").write_bytes(b"")
    return office


@pytest.fixture
def at_work(desk: Terminal) -> Terminal:
    """The same, the questionnaires begun."""
    walk(desk, until="questionnaire")
    return desk


@pytest.fixture(scope="session")
def enrolled(opened: Path) -> int:
    """How many records every office begins with."""
    return records(Terminal(opened))


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told_and_changes_nothing(desk: Terminal, enrolled: int, case: str) -> None:
    arguments, exit_code, code, fragment = CASES[case]
    people = desk.run(*arguments)
    program = desk.run(*arguments, "--json")
    russian = desk.run(*arguments, *([] if case.startswith("a language") else ["--lang", "ru"]))

    assert people.code == program.code == russian.code == exit_code
    assert people.err.startswith(f"error {code}: ")
    assert fragment in people.err
    assert "Traceback" not in people.err + russian.err
    assert people.out == russian.out == ""
    assert program.error.keys() >= {"code", "message", "remedy", "unmet"}
    assert program.error["code"] == code
    assert program.error["message"] in people.err
    assert program.err == ""
    assert bool(program.error["unmet"]) is (exit_code == 4)
    if not case.startswith("a language"):
        assert re.search("[а-я]", russian.err.splitlines()[0])
    assert records(desk) == enrolled


def records(terminal: Terminal) -> int:
    report = terminal.ask("verify")
    assert report["ok"]
    return int(report["records"])


def test_a_refusal_names_everything_at_once_and_who_can_mend_it(at_work: Terminal) -> None:
    arguments = ("advance", "krasnogorsk", "complete_questionnaire", "--actor", "municipal",
                 "--reason", "school_closed")  # fmt: skip
    people = at_work.run(*arguments)
    program = at_work.run(*arguments, "--json")

    assert people.code == 4
    assert people.err == (
        "error LC201: krasnogorsk cannot complete_questionnaire from state questionnaire\n"
        "  - municipal holds none of these roles for the school: school_coordinator\n"
        "    who can mend it: school_coordinator (coordinator)\n"
        "  - complete_questionnaire takes no reason\n"
        "    who can mend it: school_coordinator (coordinator)\n"
        "  - evidence questionnaire_completion is missing\n"
        "    who can mend it: school_coordinator (coordinator)\n"
        "  see every requirement: lifecycle explain krasnogorsk --actor municipal\n"
    )
    assert program.error["unmet"][2] == {
        "code": "evidence_missing",
        "message": "evidence questionnaire_completion is missing",
        "parameters": {"kind": "questionnaire_completion"},
        "who": ["school_coordinator"],
        "actors": ["coordinator"],
    }


def test_evidence_for_a_risk_that_is_not_activated_is_refused(desk: Terminal) -> None:
    walk(desk, until="concept_documents")
    said = desk.run(
        "advance", "krasnogorsk", "submit_concept_documents", "--actor", "coordinator",
        "--evidence", "development_concept=paper.txt", "--evidence", "school_roadmap=note.txt",
        "--evidence", "anti_risk_programme:low_equipment=profile.txt",
        "--evidence", "anti_risk_programme:no_internet=questionnaire.txt", "--json",
    )  # fmt: skip

    assert said.code == 4
    codes = {(one["code"], one["parameters"]["item"]) for one in said.error["unmet"]}
    assert codes == {
        ("evidence_item_missing", "low_motivation"),
        ("evidence_item_unexpected", "no_internet"),
    }


def test_a_command_id_is_not_taken_for_another_request(desk: Terminal) -> None:
    start = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
             "--command-id", "one")  # fmt: skip
    desk.ask(*start)
    said = desk.run(*start, "--effective-on", "2022-01-19", "--json")

    assert said.code == 7
    assert said.error["code"] == "LC402"
    assert said.error["command_id"] == "one"


def test_risks_out_of_the_catalogue_are_accepted_with_a_warning(desk: Terminal) -> None:
    walk(desk, until="risk_profile")
    said = desk.run(
        "advance", "krasnogorsk", "receive_risk_profile", "--actor", "coordinator",
        "--evidence", "risk_profile=paper.txt", "--fact",
        "risks=" + RISKS.replace("low_equipment", "no_bus"),
    )  # fmt: skip

    assert said.code == 0
    assert "warning: no_bus in fact risks is not in the programme's catalogue" in said.err
