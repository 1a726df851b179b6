"""Batches on the command line: told line by line, stopped, killed, and run again."""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from lifecycle import Actor, open_lifecycle
from tests.cli.terminal import RISKS, Said, Terminal

CSV = """\
школа;переход;кто;дата;подтверждение.questionnaire_completion;fact.risks
krasnogorsk;start_questionnaire;municipal;2022-01-18;;
krasnogorsk;complete_questionnaire;coordinator;2022-02-04;paper.txt;
krasnogorsk;receive_risk_profile;coordinator;2022-02-10;;
nowhere;start_questionnaire;municipal;2022-01-18;;
krasnogorsk;complete_questionnaire;coordinator;;paper.txt;
"""
SCHOOLS = 40


def rows(said: Said) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.out.splitlines()]


def ends(said: Said) -> list[str]:
    return [one["outcome"] for one in rows(said)]


def batch(terminal: Terminal, content: str = CSV, name: str = "march.csv") -> Path:
    path = terminal.folder / name
    path.write_text(content, "utf-8")
    return path


def jsonl(terminal: Terminal, lines: Sequence[dict[str, Any]], name: str = "a.jsonl") -> Path:
    return batch(terminal, "".join(f"{json.dumps(line)}\n" for line in lines), name)


@pytest.fixture
def desk(office: Terminal) -> Terminal:
    office.paper("paper.txt")
    return office


def test_a_dry_run_tells_what_would_come_of_every_line_and_records_nothing(desk: Terminal) -> None:
    batch(desk)
    before = desk.ask("verify")["records"]

    said = desk.run("advance", "--batch", "march.csv", "--dry-run")
    program = desk.run("advance", "--batch", "march.csv", "--dry-run", "--json")

    assert said.code == program.code == 4
    assert said.out == (
        "line 2: krasnogorsk would go: selected -> questionnaire; nothing was recorded\n"
        "line 3: krasnogorsk would go: questionnaire -> risk_profile; nothing was recorded\n"
        "line 4: error LC201: krasnogorsk cannot receive_risk_profile from state risk_profile\n"
        "    - evidence risk_profile is missing\n"
        "      who can mend it: school_coordinator (coordinator)\n"
        "    - fact risks is missing\n"
        "      who can mend it: school_coordinator (coordinator)\n"
        "line 5: error LC101: no school nowhere is enrolled\n"
        "    list the schools: lifecycle status\n"
        "line 6: error LC201: krasnogorsk cannot complete_questionnaire from state risk_profile\n"
        "    - complete_questionnaire is made from questionnaire; the school is in risk_profile\n"
    )
    assert said.err == (
        "dry run: nothing was recorded\n"
        "lines 5: recorded 2, unchanged 0, refused 2, invalid 0, not found 1, conflicts 0\n"
    )
    assert ends(program) == ["recorded", "recorded", "refused", "not_found", "refused"]
    assert all(one["dry_run"] for one in rows(program))
    assert rows(program)[0]["hash"] is None
    assert desk.ask("verify")["records"] == before
    assert desk.run("refusals", "--json").document["refusals"] == []


def test_a_batch_is_recorded_and_a_second_run_doubles_nothing(desk: Terminal) -> None:
    batch(desk)
    before = desk.ask("verify")["records"]

    first = desk.run("advance", "--batch", "march.csv", "--json")
    second = desk.run("advance", "--batch", "march.csv", "--json")

    assert first.code == second.code == 4
    assert ends(first) == ["recorded", "recorded", "refused", "not_found", "refused"]
    assert ends(second) == ["unchanged", "unchanged", "refused", "not_found", "refused"]
    assert desk.ask("verify")["records"] == before + 2
    done, refused = rows(first)[0], rows(first)[2]
    assert (done["line"], done["from"], done["to"]) == (2, "selected", "questionnaire")
    assert done["hash"] == desk.ask("history", "krasnogorsk")["records"][-2]["hash"]
    assert done["command_id"] == rows(second)[0]["command_id"]
    assert done["command_id"].startswith("batch-")
    assert refused["error"]["code"] == "LC201"
    assert [one["code"] for one in refused["error"]["unmet"]] == [
        "evidence_missing",
        "fact_missing",
    ]
    assert rows(first)[3]["error"]["column"] == "school"


def test_the_last_line_is_told_in_words_beside_the_result_and_in_russian(desk: Terminal) -> None:
    batch(desk)
    said = desk.run("advance", "--batch", "march.csv", "--lang", "ru")

    assert said.out.startswith("строка 2: krasnogorsk: selected -> questionnaire, версия 6, ")
    assert said.err == (
        "строк 5: записано 2, без изменений 0, отказано 2, неверных 0, не найдено 1, конфликтов 0\n"
    )


def test_a_batch_can_stop_at_the_first_line_that_is_not_recorded(desk: Terminal) -> None:
    batch(desk)
    said = desk.run("advance", "--batch", "march.csv", "--stop-on-refusal", "--json")

    assert said.code == 4
    assert ends(said) == ["recorded", "recorded", "refused"]
    assert said.err.startswith("stopped at line 4; lines not tried: 2\n")


def test_what_is_wrong_in_form_is_told_of_all_lines_before_anything_is_recorded(
    desk: Terminal,
) -> None:
    good = {"school": "krasnogorsk", "transition": "start_questionnaire", "actor": "municipal"}
    jsonl(desk, [good, {**good, "school": "a b"}, {**good, "skool": 1}, good])
    before = desk.ask("verify")["records"]

    people = desk.run("advance", "--batch", "a.jsonl")
    program = desk.run("advance", "--batch", "a.jsonl", "--json")

    assert people.code == program.code == 5
    assert people.out.splitlines()[0] == "line 2: error LC304: 'a b' cannot be an id (school)"
    assert people.out.splitlines()[2] == (
        "line 3: error LC324: column skool is not valid: there is no such column;"
        " did you mean school?"
    )
    assert people.err == "nothing was recorded: mend the lines, and run the file again\n"
    assert [(one["line"], one["error"]["column"]) for one in rows(program)] == [
        (2, "school"), (3, "skool"),
    ]  # fmt: skip
    assert desk.ask("verify")["records"] == before


def test_every_kind_of_file_makes_the_same_records(desk: Terminal, tmp_path: Path) -> None:
    table = [
        ["school", "transition", "actor", "effective_on", "evidence", "fact.risks", "comment"],
        ["krasnogorsk", "start_questionnaire", "municipal", "2022-01-18", "", "", "начали"],
        ["krasnogorsk", "complete_questionnaire", "coordinator", "2022-02-04",
         "questionnaire_completion=paper.txt", "", ""],
        ["krasnogorsk", "receive_risk_profile", "coordinator", "2022-02-10",
         "risk_profile=https://school.example/1", RISKS, ""],
    ]  # fmt: skip
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
    (desk.folder / "a.xlsx").write_bytes(packed.getvalue())
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in table]
    batch(desk, "".join(",".join(row) + "\n" for row in quoted), "a.csv")
    values = [
        {name: value for name, value in zip(table[0], row, strict=True) if value}
        for row in table[1:]
    ]
    values[2]["fact.risks"] = json.loads(RISKS)
    jsonl(desk, values)

    made = []
    for kind in ("csv", "xlsx", "jsonl"):
        copy = Terminal(tmp_path / kind)
        copy.folder.mkdir()
        subprocess.run(["cp", "-r", f"{desk.folder}/.", copy.folder], check=True)  # noqa: S607
        said = copy.run("advance", "--batch", f"a.{kind}", "--json")
        assert (said.code, ends(said)) == (0, ["recorded"] * 3), said.out
        records = copy.ask("history", "krasnogorsk")["records"][-3:]
        made.append([
            (one["transition"], one["effective_on"], one["facts"], one["evidence"][0].get("url")
             if one["evidence"] else None, one["comment"] is not None) for one in records
        ])  # fmt: skip
        assert copy.run("verify").code == 0

    assert made[0] == made[1] == made[2]


def test_a_token_acts_for_all_lines_and_for_nobody_else(desk: Terminal) -> None:
    line = {"school": "krasnogorsk", "transition": "start_questionnaire"}
    shown = ("--token-file", "municipal.token")
    jsonl(desk, [{**line, "actor": "curator"}], "b.jsonl")
    jsonl(desk, [line])

    other = desk.run("advance", "--batch", "b.jsonl", *shown, "--json")
    own = desk.run("advance", "--batch", "a.jsonl", *shown, "--json")

    assert (other.code, rows(other)[0]["error"]["column"]) == (5, "actor")
    assert (own.code, ends(own)) == (0, ["recorded"])
    record = desk.ask("history", "krasnogorsk")["records"][-1]
    assert (record["actor"], record["authentication"][:6]) == ("municipal", "token:")


def test_a_conflict_of_a_line_is_told_by_the_highest_exit_code(desk: Terminal) -> None:
    line = {"school": "krasnogorsk", "transition": "start_questionnaire", "actor": "municipal"}
    jsonl(desk, [{**line, "expected_version": 1}, {**line, "facts": {"mood": 1}}, line])

    said = desk.run("advance", "--batch", "a.jsonl", "--json")

    assert said.code == 7
    assert ends(said) == ["conflict", "invalid", "recorded"]
    assert [one.get("error", {}).get("column") for one in rows(said)] == [
        "expected_version", "fact.mood", None,
    ]  # fmt: skip


def test_a_warning_is_told_with_its_line(desk: Terminal) -> None:
    line = {"school": "krasnogorsk", "transition": "start_questionnaire", "actor": "municipal"}
    jsonl(desk, [line])

    said = desk.run("advance", "--batch", "a.jsonl")

    assert said.code == 0
    assert said.err.startswith("line 1: warning: late: the road map's deadline was ")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (("--batch", "none.csv"), 5, "none.csv cannot be read as a batch: the system says: No"),
        (("--batch", "paper.txt"), 5, "files named .txt are not read"),
        (("--batch", "empty.jsonl"), 5, "it has no lines"),
        (("--batch", "march.csv", "krasnogorsk"), 2, "with --batch, SCHOOL is given by the lines"),
        (("--batch", "march.csv", "--fact", "a=1"), 2, "with --batch, --fact is given by the"),
        (("--batch", "march.csv", "--expect-version", "1"), 2, "--expect-version is given by"),
        (("--batch", "march.csv", "--per-transaction", "0"), 2, "0 is not a whole number of 1"),
        (("krasnogorsk", "start_questionnaire", "--stop-on-refusal"), 2,
         "--stop-on-refusal goes with --batch"),
        (("krasnogorsk", "start_questionnaire", "--per-transaction", "5"), 2,
         "--per-transaction goes with --batch"),
        ((), 2, "Missing argument 'SCHOOL'"),
        (("krasnogorsk",), 2, "Missing argument 'TRANSITION'"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_batch_is_told_in_one_message(
    desk: Terminal, arguments: tuple[str, ...], exit_code: int, text: str
) -> None:
    batch(desk)
    batch(desk, "\n", "empty.jsonl")

    people = desk.run("advance", *arguments)
    program = desk.run("advance", *arguments, "--json")

    assert people.code == program.code == exit_code
    assert text in people.err
    assert (people.out, program.err) == ("", "")
    assert text in program.error["message"]


# -- stopped, killed, and at once -----------------------------------------------------------------


@pytest.fixture
def many(office: Terminal) -> Terminal:
    """An office with many schools, and a batch that makes two transitions of each."""
    municipal, admin = Actor("municipal", "host:test"), Actor("admin", "host:test")
    with open_lifecycle(f"sqlite:///{office.folder}/lifecycle.db") as engine:
        for number in range(SCHOOLS):
            school = f"school-{number}"
            engine.enrol(school, roadmap="tomari-2022", title="Школа", actor=municipal)
            engine.assign("coordinator", "school_coordinator", school=school, actor=admin)
    order = "order=ref:5;2022-03-01;Отдел образования"
    jsonl(office, [
        {"school": f"school-{number}", "transition": transition, "actor": "municipal", **more}
        for transition, more in (
            ("start_questionnaire", {}),
            ("withdraw", {"reason": "school_closed", "evidence": [order]}),
        )
        for number in range(SCHOOLS)
    ])  # fmt: skip
    return office


RUN = ("advance", "--batch", "a.jsonl", "--json", "--per-transaction", "7")


def hashes(terminal: Terminal) -> list[str]:
    """Return the hashes of all transitions of the schools."""
    with open_lifecycle(f"sqlite:///{terminal.folder}/lifecycle.db") as engine:
        return [
            record.hash
            for number in range(SCHOOLS)
            for record in engine.history(f"school-{number}")
            if record.transition
        ]


def test_what_was_told_before_a_kill_is_recorded_and_a_later_run_doubles_nothing(
    many: Terminal,
) -> None:
    acknowledged: set[str] = set()
    for after in (1, 12, 30):
        process = many.start(*RUN)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        # Not by communicate(): it passes over what lies in the stream already.
        told += process.stdout.read().splitlines()
        process.communicate()
        acknowledged |= {json.loads(line)["hash"] for line in told if line.rstrip().endswith("}")}
        assert process.returncode in (0, -signal.SIGKILL)
        stored = hashes(many)
        assert acknowledged <= set(stored)
        assert many.run("verify").code == 0

    last = many.run(*RUN)

    assert last.code == 0
    assert set(ends(last)) <= {"recorded", "unchanged"}
    assert len(rows(last)) == 2 * SCHOOLS == len(hashes(many))
    assert {one["hash"] for one in rows(last)} == set(hashes(many)) >= acknowledged
    assert many.run("verify").code == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["--batch=march.csv", "--no-such-option"], "LC002"),
        (["--batch", "no-such-file.csv"], "LC323"),
    ],
)
def test_what_ends_a_batch_before_its_first_line_is_one_line_too(
    desk: Terminal, given: list[str], code: str
) -> None:
    said = desk.run("advance", "--json", *given)

    (line,) = said.out.splitlines()
    assert json.loads(line)["error"]["code"] == code


def test_an_interrupted_batch_says_how_to_go_on(many: Terminal) -> None:
    reading, writing = os.pipe()
    if sys.platform == "linux":  # Elsewhere it may have ended before it is interrupted.
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reading, encoding="utf-8") as stream:
        process = many.start(*RUN, "--per-transaction", "1", start_new_session=True, stdout=writing)
        os.close(writing)
        told = [stream.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        out = stream.read()
    _, err = process.communicate(timeout=60)

    *lines, last = [*told, *out.splitlines()]
    assert process.returncode == 130
    assert json.loads(last)["error"]["code"] == "LC004"
    assert json.loads(last)["error"]["message"] == (
        "interrupted; what is recorded stays; run the same file again, and nothing is doubled"
    )
    assert "Traceback" not in err
    assert {json.loads(one)["hash"] for one in lines} <= set(hashes(many))
    again = many.run(*RUN)
    assert again.code == 0
    assert Counter(ends(again))["unchanged"] >= len(lines)
    assert len(hashes(many)) == 2 * SCHOOLS


def test_a_reader_who_leaves_ends_the_batch_and_nothing_is_lost(many: Terminal) -> None:
    reading, writing = os.pipe()
    process = many.start(*RUN, stdout=writing)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.readline()
    process.communicate(timeout=60)

    assert process.returncode in (0, 141)
    assert json.loads(told)["hash"] in hashes(many)
    assert many.run(*RUN).code == 0


def test_two_batches_at_once_move_each_school_once(many: Terminal) -> None:
    (many.folder / "b.jsonl").write_text((many.folder / "a.jsonl").read_text() + "\n")
    processes = [
        many.start("advance", "--batch", name, "--json", "--per-transaction", "5")
        for name in ("a.jsonl", "a.jsonl", "b.jsonl")
    ]
    said = [Said(one.returncode, *one.communicate(timeout=100)) for one in processes]

    recorded = [one for each in said for one in rows(each) if one["outcome"] == "recorded"]
    assert len(recorded) == len({one["hash"] for one in recorded}) == 2 * SCHOOLS
    assert sorted(one["hash"] for one in recorded) == sorted(hashes(many))
    assert many.run("verify").code == 0
