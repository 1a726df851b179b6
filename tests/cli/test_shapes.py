"""The JSON documents that programs rely on, and the lines and warnings for people."""

import json
import re

import pytest

from tests.cli.terminal import Said, Terminal, walk

RECEIPT = {"record_id", "sequence", "version", "hash", "command_id", "repeated"}
MOVE = RECEIPT | {"from", "to", "state"}
UNMET = {"code", "message", "parameters", "who", "actors"}
RECORD = {
    "sequence", "kind", "transition", "from", "to", "actor", "role", "recorded_at",
    "effective_on", "evidence", "facts", "hash", "previous_hash", "on_behalf_of", "requirements",
}  # fmt: skip
ROW = {"school", "roadmap", "state", "version", "entered_at", "due_on", "days_overdue"}
ACTIVITY = {
    "key", "section", "title", "when", "start", "end", "recurrence", "responsible", "roles",
    "result", "drives", "source", "damage",
}  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_init_names_what_it_made(terminal: Terminal) -> None:
    made = terminal.ask("init", "--administrator", "admin")

    assert made["database"] == "sqlite:///lifecycle.db"
    assert made["administrator"] == "admin"
    assert (terminal.folder / "lifecycle.db").is_file()


def test_init_says_what_comes_next_beside_the_result(terminal: Terminal) -> None:
    said = terminal.run("init", "--administrator", "admin")

    assert said.out == "sqlite:///lifecycle.db is ready; administrator: admin\n"
    assert "lifecycle enrol SCHOOL --roadmap tomari-2022 --title TEXT --actor admin" in said.err


def test_requests_of_administrators_are_acknowledged(office: Terminal) -> None:
    added = office.ask("actor", "add", "new", "--name", "Т. Петрова", "--actor", "admin")
    given = office.ask("assign", "new", "expert", "--roadmap", "tomari-2022", "--actor", "admin")
    taken = office.ask("revoke", "new", "expert", "--roadmap", "tomari-2022", "--actor", "admin")
    raised = office.ask("assign", "new", "administrator", "--actor", "admin")

    for document in (added, given, taken, raised):
        assert document.keys() >= RECEIPT | {"actor"}
        assert document["repeated"] is False
    assert (given["role"], given["roadmap"], given["school"]) == ("expert", "tomari-2022", None)
    assert taken["sequence"] == given["sequence"] + 1
    assert "Петрова" not in json.dumps(office.ask("history", "--installation"), ensure_ascii=False)


def test_an_enrolment_is_acknowledged(office: Terminal) -> None:
    document = office.ask(
        "enrol", "school-2", "--roadmap", "belgorod-2021", "--title", "Школа 2",
        "--effective-on", "2021-03-01", "--actor", "admin",
    )  # fmt: skip

    assert document.keys() >= MOVE | {"school", "roadmap"}
    assert (document["from"], document["to"], document["state"]) == (None, "selected", "selected")
    (record,) = office.ask("history", "school-2")["records"]
    assert record["effective_on"] == "2021-03-01"
    assert record["hash"] == document["hash"]


def test_a_transition_is_acknowledged(office: Terminal) -> None:
    (document,) = walk(office, until="questionnaire")

    assert document.keys() >= MOVE
    assert (document["from"], document["to"]) == ("selected", "questionnaire")
    assert document["state"] == "questionnaire"
    assert document["version"] == document["sequence"]
    assert re.fullmatch("[0-9a-f]{64}", document["hash"])


def test_explain_lists_every_transition_with_everything_that_is_missing(office: Terminal) -> None:
    document = office.ask("explain", "krasnogorsk", "--actor", "municipal")

    assert document.keys() >= {"school", "state", "version", "transitions"}
    start, withdraw = document["transitions"]
    assert start.keys() >= {"name", "to", "allowed", "unmet"}
    assert (start["name"], start["to"]) == ("start_questionnaire", "questionnaire")
    assert start["allowed"] is True
    assert start["unmet"] == []
    assert withdraw["allowed"] is False
    assert all(one.keys() == UNMET for one in withdraw["unmet"])
    missing = {one["code"]: one for one in withdraw["unmet"]}
    assert set(missing) == {"evidence_missing", "reason_missing"}
    assert missing["evidence_missing"]["who"] == ["municipal_coordinator", "regional_coordinator"]
    assert missing["evidence_missing"]["actors"] == ["municipal", "regional"]
    assert missing["evidence_missing"]["parameters"] == {"kind": "order"}


def test_explain_tells_people_who_can_mend_what(office: Terminal) -> None:
    said = office.run("explain", "krasnogorsk")

    assert said.code == 0
    assert said.out.startswith("krasnogorsk: selected, version ")
    assert "  start_questionnaire -> questionnaire: Start the questionnaires" in said.out
    assert "    - evidence order is missing\n" in said.out
    assert "    - this is done by: municipal_coordinator (municipal)\n" in said.out
    assert "who can mend it: municipal_coordinator, regional_coordinator (municipal, " in said.out


def test_explain_of_a_finished_school_says_so(archive: Terminal) -> None:
    assert archive.ask("explain", "krasnogorsk")["transitions"] == []
    assert "nothing leads out of this state" in archive.run("explain", "krasnogorsk").out


def test_status_has_one_row_for_each_school(office: Terminal) -> None:
    document = office.ask("status")

    (row,) = document["schools"]
    assert row.keys() >= ROW
    assert MOMENT.fullmatch(row["entered_at"])
    assert row["due_on"] == "2022-02-04"
    assert row["days_overdue"] > 1000
    empty = office.run("status", "--roadmap", "belgorod-2021", "--json")
    assert empty.document == {"schools": []}
    assert empty.err == "no such school takes part under belgorod-2021\n"


def test_status_of_an_empty_office_helps_on(terminal: Terminal) -> None:
    terminal.ask("init", "--administrator", "admin")
    said = terminal.run("status")

    assert (said.code, said.out) == (0, "")
    assert "lifecycle enrol --help" in said.err


def test_history_has_every_member_of_every_record(archive: Terminal) -> None:
    records = archive.ask("history", "krasnogorsk")["records"]

    for record in records:
        assert record.keys() >= RECORD
        assert MOMENT.fullmatch(record["recorded_at"])
        for piece in record["evidence"]:
            assert piece.keys() >= {"kind", "item", "sha256"}
    assert [one["kind"] for one in records[:2]] == ["enrolled", "role_assigned"]


def test_the_streams_of_a_road_map_and_of_administrators_can_be_read(office: Terminal) -> None:
    plan = office.ask("history", "--roadmap", "tomari-2022")["records"]
    people = office.ask("history", "--installation")["records"]

    assert plan[0]["kind"] == "roadmap_adopted"
    assert [one["kind"] for one in people[:3]] == ["installed", "actor_added", "role_assigned"]


def test_a_road_map_that_is_not_in_force_has_an_empty_stream(office: Terminal) -> None:
    said = office.run("history", "--roadmap", "belgorod-2021", "--json")

    assert (said.code, said.document) == (0, {"records": [], "next": None})
    assert said.err == "nothing was recorded yet on belgorod-2021\n"


def test_replay_has_its_five_members(archive: Terminal) -> None:
    now = archive.ask("replay", "krasnogorsk")
    before = archive.ask("replay", "krasnogorsk", "--at", "2022-03-01")

    assert now.keys() >= {"state", "version", "facts", "evidence", "as_of"}
    assert before["as_of"] == "2022-03-01T23:59:59.999999Z"
    assert (before["state"], before["version"]) == (None, 0)
    assert (before["facts"], before["evidence"]) == ({}, [])


@pytest.mark.parametrize(
    ("text", "as_of", "assumed"),
    [
        ("2022-04-01T12:00:00+11:00", "2022-04-01T01:00:00.000000Z", False),
        ("2022-04-01T12:00:00Z", "2022-04-01T12:00:00.000000Z", False),
        ("2022-04-01T12:00", "2022-04-01T12:00:00.000000Z", True),
        ("2022-04-01", "2022-04-01T23:59:59.999999Z", True),
    ],
)
def test_a_moment_without_a_time_zone_is_utc_and_that_is_said(
    office: Terminal, text: str, as_of: str, assumed: bool
) -> None:
    said = office.run("replay", "krasnogorsk", "--at", text, "--json")

    assert said.document["as_of"] == as_of
    assert ("no time zone given" in said.err) is assumed


def test_verify_counts_what_it_read(office: Terminal) -> None:
    document = office.ask("verify")

    assert document.keys() >= {"ok", "records", "streams", "findings"}
    assert (document["ok"], document["streams"], document["findings"]) == (True, 3, [])
    assert document["records"] > 10


def test_road_maps_are_listed_and_shown_without_a_database(terminal: Terminal) -> None:
    listed = terminal.ask("roadmap", "list")["roadmaps"]
    shown = terminal.ask("roadmap", "show", "tomari-2022")

    assert {"tomari-2022", "belgorod-2021"} <= {one["id"] for one in listed}
    assert shown.keys() >= {"id", "title", "document", "activities"}
    assert shown["document"]["number"] == "52 -а"
    assert len(shown["activities"]) == 43
    assert all(one.keys() == ACTIVITY for one in shown["activities"])
    first = shown["activities"][0]
    assert first["source"] == {"document": "002_44903cfe29e69c1e.txt", "lines": [39]}
    assert list(terminal.folder.iterdir()) == []


def test_a_road_map_is_shown_to_people_as_the_order_words_it(terminal: Terminal) -> None:
    said = terminal.run("roadmap", "show", "tomari-2022")

    assert "1. Организационно-подготовительная работа" in said.out
    assert "No. 52 -а of 2022-03-14" in said.out
    assert "drives: " in said.out


def test_the_version_is_told(terminal: Terminal) -> None:
    assert re.fullmatch(r"lifecycle \d+\.\d+\.\d+\n", terminal.run("--version").out)
    assert terminal.ask("--version").keys() == {"version"}


def test_the_same_command_again_changes_nothing(office: Terminal) -> None:
    command = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
               "--command-id", "once")  # fmt: skip
    first, again = office.ask(*command), office.ask(*command)

    assert again == {**first, "repeated": True, "notices": []}
    assert "recorded before as version" in office.run(*command).out


def test_a_dry_run_records_nothing(office: Terminal) -> None:
    command = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal", "--dry-run")
    before = office.ask("status", "krasnogorsk")
    document = office.ask(*command)

    assert document["dry_run"] is True
    assert (document["record_id"], document["hash"]) == (None, None)
    assert document["to"] == "questionnaire"
    assert office.ask("status", "krasnogorsk") == before
    assert "nothing was recorded" in office.run(*command).out


def test_warnings_go_to_stderr_and_into_the_document(office: Terminal) -> None:
    said: Said = office.run(
        "advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
        "--effective-on", "2022-05-01", "--json",
    )  # fmt: skip

    assert [one["code"] for one in said.document["notices"]] == ["late"]
    assert said.err.startswith(
        "warning: late: the road map's deadline was 2022-02-04, 86 day(s) earlier"
    )


def test_the_demonstration_answers_a_program_with_one_document(terminal: Terminal) -> None:
    said = terminal.run("demo", "--schools", "4", "--db", "sqlite:///demo.db", "--json")

    assert said.code == 0
    assert said.document["schools"] == 14
    assert said.document["verified"] is True
    assert said.document["database"] == "sqlite:///demo.db"
    assert len(terminal.ask("status", "--db", "sqlite:///demo.db")["schools"]) == 14
