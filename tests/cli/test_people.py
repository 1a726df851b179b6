"""People's data at the terminal: comments, names, personal files, erasure and its extract."""

from __future__ import annotations

import re

import pytest

from tests.cli.terminal import Terminal, walk

SCHOOL = "krasnogorsk"
ERASE = ("person", "erase", "curator", "--ground", "consent_withdrawn", "--act", "12/2026",
         "--actor", "admin")  # fmt: skip


@pytest.fixture
def visited(office: Terminal) -> Terminal:
    """An office whose curator left a comment and a personal note."""
    walk(office, until="curator_visit")
    note = office.paper("беседа с Сидоровым.txt", "Сидоров болен.\n")
    office.ask(
        "advance", SCHOOL, "record_visit", "--actor", "curator", "--comment", "Сидоров просил",
        "--evidence", f"visit_note={note}",
        "--fact", 'verified_risks=["low_equipment"]', "--fact", 'activated_risks=["low_equipment"]',
    )  # fmt: skip
    note.unlink()
    return office


def test_comment_and_file_name_are_shown_until_they_are_erased(visited: Terminal) -> None:
    record = visited.ask("history", SCHOOL)["records"][-1]
    (piece,) = record["evidence"]
    assert record["comment"].keys() == {"commitment", "state", "value", "erased_by"}
    assert record["comment"]["value"] == "Сидоров просил"
    assert piece["name"]["value"] == "беседа с Сидоровым.txt"
    said = visited.run("history", SCHOOL).out
    assert "      comment: Сидоров просил\n" in said
    assert "visit_note: беседа с Сидоровым.txt sha256" in said
    assert "беседа с Сидоровым.txt" in visited.run("replay", SCHOOL).out

    act = f"installation#{visited.ask(*ERASE)['sequence']}"

    after = visited.ask("history", SCHOOL)["records"][-1]
    erased = {"state": "erased", "value": None, "erased_by": act}
    assert after["comment"] == {**record["comment"], **erased}
    assert (after["hash"], after["previous_hash"]) == (record["hash"], record["previous_hash"])
    said = visited.run("history", SCHOOL).out
    assert f"      comment: «erased»\n      erased by {act}\n" in said
    assert said.count("erased by") == 1
    assert "visit_note: «erased» (personal file, destroyed with its key) sha256" in said
    assert "«erased» (personal file" in visited.run("replay", SCHOOL).out
    assert f"erased by {act}" in visited.run("audit", "timeline", SCHOOL).out
    assert "«уничтожено»" in visited.run("history", SCHOOL, "--lang", "ru").out
    (piece,) = visited.ask("replay", SCHOOL)["evidence"][-1:]
    assert piece["name"]["state"] == "erased"
    assert visited.ask("verify")["commitments"]["missing"] == 0


def test_what_is_missing_without_an_act_is_called_missing(visited: Terminal) -> None:
    import sqlite3

    with sqlite3.connect(visited.folder / "lifecycle.db") as database:
        database.execute("DELETE FROM lifecycle_openings WHERE purpose = 'comment'")

    assert "comment: «missing»" in visited.run("history", SCHOOL).out
    said = visited.run("verify")
    assert said.code == 6
    assert "opening_missing: what " in said.out
    assert said.out.endswith("4 opened, 0 erased, 1 missing\n")


def test_a_personal_file_is_written_as_it_was_filed_until_it_is_erased(visited: Terminal) -> None:
    address = visited.ask("history", SCHOOL)["records"][-1]["evidence"][0]["sha256"]
    command = ("evidence", "get", address, "--out", "note.txt")

    assert visited.ask(*command)["size"] == len("Сидоров болен.\n".encode())
    assert (visited.folder / "note.txt").read_text("utf-8") == "Сидоров болен.\n"
    assert visited.run(*command).code == 7
    assert visited.run(*command, "--force").out == "note.txt: 27 B\n"
    visited.ask(*ERASE)
    gone = visited.run(*command, "--force")
    assert (gone.code, "LC117" in gone.err) == (3, True)
    assert visited.run("evidence", "get", "0" * 64, "--out", "x").code == 3


def test_a_person_is_named_shown_and_erased(visited: Terminal) -> None:
    visited.ask("person", "name", "curator", "Т. Петрова", "--actor", "admin")
    shown = visited.ask("person", "show", "curator")
    assert shown == {
        "actor": "curator", "name": "Т. Петрова", "values": 3, "files": 1, "erasures": [],
    }  # fmt: skip
    assert visited.run("person", "show", "curator").out.startswith("curator: Т. Петрова\n")

    first = visited.run(*ERASE, "--command-id", "once")
    again = visited.ask(*ERASE, "--command-id", "once")

    assert first.code == 0
    assert "backups" in first.err
    assert again["repeated"]
    assert "no name is kept" in visited.run("person", "show", "curator").out
    (erasure,) = visited.ask("person", "show", "curator")["erasures"]
    assert (erasure["act"], erasure["ground"]) == ("12/2026", "consent_withdrawn")
    assert "erased by act 12/2026" in visited.run("person", "show", "curator").out


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"admin": "curator"}, 4, "LC203"),
        ({"curator": "ghost"}, 3, "LC105"),
        ({"12/2026": "№ 12"}, 5, "LC309"),
        ({"consent_withdrawn": "because"}, 2, "'because' is not one of"),
    ],
)
def test_a_wrong_erasure_has_its_code(
    office: Terminal, changed: dict[str, str], code: int, said: str
) -> None:
    answer = office.run(*(changed.get(word, word) for word in ERASE))

    assert answer.code == code
    assert said in answer.err


def test_a_record_that_is_none_cannot_be_named(office: Terminal) -> None:
    said = office.run(*ERASE, "--record", "participation/krasnogorsk#99")

    assert (said.code, "LC115" in said.err) == (3, True)


def test_the_extract_has_what_the_order_asks_for(visited: Terminal) -> None:
    assert visited.run("audit", "erasure-extract").err == "nothing was erased\n"
    visited.ask(*ERASE)

    (found,) = visited.ask("audit", "erasure-extract", "--act", "12/2026")["erasures"]
    text = visited.run("audit", "erasure-extract", "--lang", "ru").out
    written = visited.run("audit", "erasure-extract", "--lang", "ru", "--out", "extract.txt")

    assert found["person"] == "curator"
    assert found["destroyed"] == {"name": True, "comments": 1, "file_names": 1, "files": 1}
    assert found["ground"]["source"] == "152-ФЗ, ст. 21 ч. 5"
    assert found["information_system"]["name"] is None
    assert re.search(r"^чьи данные: curator \(ФИО: _+\)$", text, re.M)
    assert "  - персональные файлы и их ключи: 1\n" in text
    assert "причина: отзыв согласия" in text
    assert re.search(r"^информационная система: _+ \(установка .+\)$", text, re.M)
    assert found["hash"] in text
    assert written.out == "выгрузка — в файле extract.txt\n"
    assert (visited.folder / "extract.txt").read_text("utf-8") == text
    assert visited.run("audit", "erasure-extract", "--out", "extract.txt").code == 7
    assert visited.run("audit", "erasure-extract", "--act", "13").code == 3


def test_a_comment_on_an_activity_is_kept_beside_it(office: Terminal) -> None:
    office.ask("activity", "begin", "tomari-2022", "1.3", "--actor", "municipal",
               "--comment", "по телефону")  # fmt: skip

    assert "comment: по телефону" in office.run("history", "--roadmap", "tomari-2022").out


def test_a_comment_that_is_none_is_not_repeated(office: Terminal) -> None:
    said = office.run(
        "advance", SCHOOL, "start_questionnaire", "--actor", "municipal", "--comment", "x" * 2001
    )

    assert said.code == 5
    assert "error LC312: the comment is not valid: 1 to 2000 printable characters" in said.err
    assert "xxx" not in said.err


def test_refused_attempts_are_listed(office: Terminal) -> None:
    assert office.run("refusals").out == ""
    office.run("advance", SCHOOL, "start_questionnaire", "--actor", "stranger", "--comment", "тсс")

    (attempt,) = office.ask("refusals", "--school", SCHOOL)["refusals"]
    assert (attempt["actor"], attempt["what"]) == ("stranger", "start_questionnaire")
    assert "role_missing" in office.run("refusals").out
    assert "тсс" not in office.run("refusals", "--json").out
    assert office.ask("refusals", "--school", "other")["refusals"] == []
