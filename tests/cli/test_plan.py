"""The plan by commands: what is said of activities, what is overdue, what was reached."""

from typing import Any

import pytest

from tests.cli.terminal import Terminal

RESULT = ("--evidence", "activity_result=https://school.example/list")
BASIS = ("--evidence", "basis=ref:61-А;2022-03-20;Отдел образования")
BY = ("--actor", "municipal")
STATUS = {
    "key", "occurrence", "section", "title", "by", "state", "start", "end", "due_on", "begun_on",
    "closed_on", "postponed_to", "reason", "days_overdue", "overdue", "roles", "responsible",
    "counts", "evidence", "fulfilled", "missing",
}  # fmt: skip
DUE = {
    "kind", "roadmap", "school", "activity", "activities", "state", "title", "due_on",
    "days_overdue", "days_left", "roles", "actors", "escalated_to", "told",
}  # fmt: skip
INDICATOR = {
    "key", "activity", "text", "value", "numerator", "denominator", "unit", "target", "met",
    "missing",
}  # fmt: skip


def rows(office: Terminal, on: str = "2022-12-31") -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return the plan by key and occurrence."""
    found = office.ask("plan", "tomari-2022", "--on", on)["activities"]
    return {(one["key"], one["occurrence"]): one for one in found}


def test_a_plan_has_a_line_for_every_occurrence(office: Terminal) -> None:
    document = office.ask("plan", "tomari-2022", "--on", "2022-03-01")
    said = office.run("plan", "tomari-2022", "--on", "2022-03-01")

    assert document["roadmap"] == "tomari-2022"
    assert document["on"] == "2022-03-01"
    assert all(one.keys() == STATUS for one in document["activities"])
    assert len({one["key"] for one in document["activities"]}) == 43
    months = [one["occurrence"] for one in document["activities"] if one["key"] == "4.6"]
    assert months == [f"2022-{number:02}" for number in range(1, 13)]
    assert sum(
        document["totals"][name] for name in ("planned", "begun", "done", "cancelled")
    ) == len(document["activities"])
    assert document["totals"]["overdue"] == sum(one["overdue"] for one in document["activities"])
    assert len(said.out.splitlines()) == len(document["activities"]) + 2
    assert said.out.startswith("Road map of the 500+ project: Tomari")


def test_an_activity_is_begun_postponed_and_done(office: Terminal) -> None:
    begun = office.ask(
        "activity", "begin", "tomari-2022", "1.2", *BY, "--effective-on", "2022-01-18"
    )
    office.ask(
        "activity", "postpone", "tomari-2022", "1.2", *BY, *BASIS, "--to", "2022-02-20",
        "--effective-on", "2022-01-20",
    )  # fmt: skip
    done = office.ask(
        "activity", "done", "tomari-2022", "1.2", *BY, *RESULT, "--effective-on", "2022-02-21"
    )
    row = rows(office)["1.2", None]

    assert (begun["act"], begun["activity"], begun["repeated"]) == ("begun", "1.2", False)
    assert [one["code"] for one in done["notices"]] == ["late"]
    assert (row["state"], row["begun_on"], row["closed_on"]) == ("done", "2022-01-18", "2022-02-21")
    assert (row["due_on"], row["postponed_to"], row["days_overdue"]) == (
        "2022-02-20", "2022-02-20", 1,
    )  # fmt: skip
    assert [one["kind"] for one in row["evidence"]] == ["basis", "activity_result"]
    assert office.ask("verify")["ok"] is True


def test_an_activity_is_cancelled_for_a_reason(office: Terminal) -> None:
    office.ask("activity", "cancel", "tomari-2022", "1.2", *BY, "--reason", "merged")

    row = rows(office, on="2030-01-01")["1.2", None]
    assert (row["state"], row["reason"], row["days_overdue"]) == ("cancelled", "merged", None)


def test_one_occurrence_at_a_time(office: Terminal) -> None:
    said = office.run(
        "activity", "done", "tomari-2022", "4.6", "--occurrence", "2022-03", *BY, *RESULT,
        "--effective-on", "2022-03-30",
    )  # fmt: skip
    found = rows(office)

    assert said.code == 0
    assert said.out.startswith("tomari-2022 4.6: done, record ")
    assert (found["4.6", "2022-03"]["state"], found["4.6", "2022-04"]["state"]) == (
        "done", "planned",
    )  # fmt: skip


def test_the_same_command_again_changes_nothing(office: Terminal) -> None:
    command = ("activity", "begin", "tomari-2022", "1.2", *BY, "--command-id", "once")
    first, again = office.ask(*command), office.ask(*command)

    assert again == {**first, "repeated": True, "notices": []}
    assert "recorded before as record" in office.run(*command).out


def test_a_file_that_shows_the_result_is_kept(office: Terminal) -> None:
    paper = office.paper("list.txt", "Список координаторов")
    office.ask("activity", "done", "tomari-2022", "1.2", *BY, "--evidence",
               f"activity_result={paper}")  # fmt: skip

    (piece,) = rows(office, on="2030-01-01")["1.2", None]["evidence"]
    assert len(piece["sha256"]) == 64
    assert office.run("verify").code == 0


@pytest.mark.parametrize(
    ("command", "code", "error", "text"),
    [
        (("begin", "tomari-2022", "1.9", *BY), 3, "LC108", "did you mean"),
        (("begin", "tomari-2022", "4.6", *BY), 3, "LC109", "one of: 2022-01, 2022-02"),
        (("begin", "tomari-2022", "1.2", "--actor", "ghost"), 3, "LC105", "no actor ghost"),
        (("begin", "tomary-2022", "1.2", *BY), 3, "LC102", "did you mean tomari-2022?"),
        (
            ("begin", "dmitrovsk-2022", "1.1", *BY), 3, "LC110",
            "lifecycle assign ACTOR ROLE --roadmap dmitrovsk-2022 --actor ADMINISTRATOR",
        ),
        (("begin", "tomari-2022", "1.2", "--actor", "expert"), 4, "LC204", "municipal_coordinator"),
        (("done", "tomari-2022", "1.2", *BY), 4, "LC204", "evidence activity_result is missing"),
        (
            ("done", "tomari-2022", "2.3", *BY, *RESULT), 4, "LC204",
            "schools fulfil 2.3 by their own transitions: complete_questionnaire",
        ),
        (("postpone", "tomari-2022", "1.2", *BY), 4, "LC204", "a new date is given"),
        (
            ("postpone", "tomari-2022", "1.2", *BY, *BASIS, "--to", "2022-01-24"), 4, "LC204",
            "it is due on 2022-01-24; name a later day",
        ),
        (("postpone", "tomari-2022", "1.2", *BY, "--to", "завтра"), 5, "LC303", "завтра"),
        (
            ("cancel", "tomari-2022", "1.2", *BY), 4, "LC204",
            "a reason is missing, one of: no_longer_needed",
        ),
        (
            ("done", "tomari-2022", "1.2", *BY, "--count", "x"), 2, "LC002",
            "--count people_trained=25",
        ),
        (
            ("done", "tomari-2022", "1.2", *BY, "--count", "a=1", "--count", "a=2"), 2, "LC002",
            "the number a is given twice",
        ),
        (
            ("done", "tomari-2022", "1.2", *BY, *RESULT, "--count", "people=3"), 5, "LC301",
            "the activity asks for no such number",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_words(
    office: Terminal, command: tuple[str, ...], code: int, error: str, text: str
) -> None:
    before = office.ask("history", "--roadmap", "tomari-2022")
    said = office.run("activity", *command)
    program = office.run("activity", *command, "--json")

    assert (said.code, program.code) == (code, code)
    assert program.error["code"] == error
    assert said.err.startswith(f"error {error}: ")
    assert text in said.err
    assert "Traceback" not in said.err
    assert office.ask("history", "--roadmap", "tomari-2022") == before


def test_a_number_is_entered_with_the_activity_and_counted(terminal: Terminal) -> None:
    terminal.ask("init", "--administrator", "admin")
    terminal.ask("actor", "add", "boss", "--actor", "admin")
    terminal.ask("assign", "boss", "regional_coordinator", "--roadmap", "belgorod-2021",
                 "--actor", "admin")  # fmt: skip
    terminal.ask("activity", "done", "belgorod-2021", "7", "--actor", "boss", *RESULT,
                 "--count", "municipal_roadmaps=18", "--effective-on", "2021-03-16")  # fmt: skip

    document = terminal.ask("indicators", "belgorod-2021", "--at", "2021-04-01")
    found = {one["key"]: one for one in document["indicators"]}
    assert (found["7"]["value"], found["7"]["target"], found["7"]["met"]) == (18, 19, False)


# -- indicators ---------------------------------------------------------------------------------


def test_indicators_come_from_the_history(archive: Terminal) -> None:
    document = archive.ask("indicators", "tomari-2022", "--at", "2022-05-01")
    found = {one["key"]: one for one in document["indicators"]}

    assert all(one.keys() == INDICATOR for one in document["indicators"])
    assert (found["2.3"]["value"], found["2.3"]["numerator"], found["2.3"]["denominator"]) == (
        100, 1, 1,
    )  # fmt: skip
    assert found["2.3"]["missing"] == []
    assert (found["4.6"]["value"], found["4.6"]["met"]) == (0, False)
    assert found["4.6"]["missing"] == ["4.6@2022-01", "4.6@2022-02", "4.6@2022-03", "4.6@2022-04"]


def test_who_is_missing_is_part_of_an_indicator(office: Terminal) -> None:
    (first, *_) = office.ask("indicators", "tomari-2022", "--at", "2022-05-01")["indicators"]

    assert (first["value"], first["missing"]) == (0, ["krasnogorsk"])


def test_a_share_is_cut_and_never_rounded_up_to_all(office: Terminal) -> None:
    for number in (1, 2):
        office.ask("enrol", f"school-{number}", "--roadmap", "tomari-2022", "--title", "S",
                   "--actor", "admin")  # fmt: skip
    for number in (1, 2):
        school = f"school-{number}"
        office.ask("assign", "coordinator", "school_coordinator", "--school", school,
                   "--actor", "admin")  # fmt: skip
        office.ask("advance", school, "start_questionnaire", "--actor", "municipal",
                   "--effective-on", "2022-01-20")  # fmt: skip
        office.ask("advance", school, "complete_questionnaire", "--actor", "coordinator",
                   "--effective-on", "2022-01-21",
                   "--evidence", "questionnaire_completion=https://school.example/q")  # fmt: skip

    (first, *_) = office.ask("indicators", "tomari-2022", "--at", "2022-05-01")["indicators"]
    assert (first["value"], first["numerator"], first["denominator"]) == (66.66, 2, 3)


def test_what_cannot_be_counted_is_done_or_not_with_its_papers(office: Terminal) -> None:
    office.ask("activity", "done", "tomari-2022", "1.2", *BY, *RESULT,
               "--effective-on", "2022-01-24")  # fmt: skip
    document = office.ask("indicators", "tomari-2022", "--at", "2022-05-01")
    found = {one["key"]: one for one in document["uncountable"]}

    assert (found["1.2"]["done"], found["1.3"]["done"]) == (True, False)
    assert found["1.2"]["result"] == "Список муниципальных координаторов проекта"
    assert [one["url"] for one in found["1.2"]["evidence"]] == ["https://school.example/list"]
    assert found["1.1"]["missing"] == ["krasnogorsk"]
    assert not {"2.3", "4.5", "4.6"} & found.keys()
    assert len(found) == 40


def test_people_read_indicators_in_two_tables(office: Terminal) -> None:
    said = office.run("indicators", "tomari-2022", "--at", "2022-05-01")

    countable, others = said.out.split("\n\n")
    assert "4.6@2022-01, 4.6@2022-02, 4.6@2022-03 and 1 more" in countable
    assert len(others.splitlines()) == 41


# -- deadlines ----------------------------------------------------------------------------------


def test_what_is_overdue_names_whose_move_it_is(office: Terminal) -> None:
    document = office.ask("overdue", "--on", "2022-02-16")
    found = {one["school"] or one["activity"]: one for one in document["overdue"]}

    assert document["on"] == "2022-02-16"
    assert all(one.keys() == DUE for one in document["overdue"])
    assert found["krasnogorsk"]["kind"] == "school"
    assert found["krasnogorsk"]["state"] == "selected"
    # From Friday the 4th to Wednesday the 16th.
    assert (found["krasnogorsk"]["due_on"], found["krasnogorsk"]["days_overdue"]) == (
        "2022-02-04", 8,
    )  # fmt: skip
    assert found["krasnogorsk"]["actors"] == ["municipal"]
    assert found["krasnogorsk"]["told"] == ["municipal"]
    assert found["1.2"]["kind"] == "activity"
    assert [one["due_on"] for one in document["forecast"]] == ["2022-02-16"] * len(
        document["forecast"]
    )


def test_what_is_overdue_is_told_in_the_language_asked_for(office: Terminal) -> None:
    table = office.run("overdue", "--on", "2022-02-16", "--lang", "ru").out
    (row,) = (line for line in table.splitlines() if line.split()[1:2] == ["1.2"])

    assert "запланировано" in row
    assert "planned" not in table


def test_a_forecast_looks_some_days_ahead(office: Terminal) -> None:
    document = office.ask("overdue", "--on", "2022-02-16", "--within", "14")

    days = [one["due_on"] for one in document["forecast"]]
    assert days == sorted(days)
    assert max(days) <= "2022-03-02"
    assert {one["days_overdue"] for one in document["forecast"]} == {0}


def test_check_ends_with_six_if_anything_is_overdue(office: Terminal) -> None:
    late = office.run("overdue", "--on", "2022-02-16", "--check")
    program = office.run("overdue", "--on", "2022-02-16", "--check", "--json")
    fine = office.run("overdue", "--on", "2022-01-17", "--check", "--roadmap", "tomari-2022")

    assert (late.code, program.code, fine.code) == (6, 6, 0)
    assert program.document["overdue"]
    assert fine.err == "nothing is overdue on 2022-01-17\n"


def test_without_check_what_is_overdue_is_an_answer_like_any_other(office: Terminal) -> None:
    assert office.run("overdue", "--on", "2022-02-16").code == 0


@pytest.mark.parametrize("by", ["school", "person", "activity"])
def test_together_by_what_one_asks_for(office: Terminal, by: str) -> None:
    document = office.ask("overdue", "--on", "2022-02-16", "--by", by)
    names = [one[by] for one in document["groups"]]
    inside = [one for group in document["groups"] for one in group["overdue"]]

    assert document["by"] == by
    assert len(set(names)) == len(names)
    assert {"school": "krasnogorsk", "person": "municipal", "activity": "1.2"}[by] in names
    assert names.index(None) == len(names) - 1 if None in names else True
    assert all(one in inside for one in document["overdue"])


def test_people_read_groups_below_their_names(office: Terminal) -> None:
    said = office.run("overdue", "--on", "2022-02-16", "--by", "person")

    assert said.out.splitlines()[0] == "municipal"
    assert "\nregional\n" in said.out
    assert "nobody holds the role" not in said.out
    assert (
        "the office itself\n" in office.run("overdue", "--on", "2022-02-16", "--by", "school").out
    )


def test_an_office_without_road_maps_has_nothing_overdue(terminal: Terminal) -> None:
    terminal.ask("init", "--administrator", "admin")
    said = terminal.run("overdue", "--check")

    assert (said.code, said.out) == (0, "")
    assert terminal.ask("overdue")["overdue"] == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("overdue", "--on", "32.01.2022"), 5),
        (("overdue", "--within", "-1"), 2),
        (("overdue", "--by", "street"), 2),
        (("overdue", "--roadmap", "nowhere"), 3),
        (("plan", "nowhere"), 3),
        (("indicators", "tomari-2022", "--at", "2022"), 5),
    ],
)
def test_wrong_questions_get_one_clear_answer(
    office: Terminal, command: tuple[str, ...], code: int
) -> None:
    said = office.run(*command)

    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("error LC")
