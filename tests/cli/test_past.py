"""The past on the command line: status and replay as of a moment, timeline and report."""

from __future__ import annotations

import json
import os
import zlib
from base64 import b64decode

import pytest

from lifecycle import Actor, open_lifecycle
from tests.cli.terminal import Said, Terminal

LATER = "2100-01-01"
MEMBERS = {"school", "state", "version", "facts", "evidence", "as_of", "on"}


def test_the_board_of_the_past_is_computed_from_the_records(archive: Terminal) -> None:
    now = archive.ask("status")
    known = archive.ask("status", "--at", LATER)
    true = archive.ask("status", "--on", "2022-03-01")

    assert {"schools": known["schools"]} == now | {"schools": known["schools"]}
    assert [one["state"] for one in now["schools"]] == ["completed"]
    assert (known["as_of"], known["on"]) == ("2100-01-01T23:59:59.999999Z", None)
    (row,) = true["schools"]
    assert (row["state"], row["entered_on"]) == ("concept_documents", "2022-03-01")
    assert (true["as_of"], true["on"]) == (None, "2022-03-01")
    assert "as_of" not in now


def test_both_moments_can_be_asked_for_together(archive: Terminal) -> None:
    first, *_ = archive.ask("history", "krasnogorsk")["records"]
    document = archive.ask("status", "--at", first["recorded_at"], "--on", LATER)

    assert [one["state"] for one in document["schools"]] == ["selected"]


def test_where_nobody_took_part_yet_it_is_said_beside_an_empty_board(archive: Terminal) -> None:
    said = archive.run("status", "--at", "2001-01-01T00:00:00Z")
    many = archive.run("replay", "--all", "--at", "2001-01-01T00:00:00Z")

    assert (said.code, said.out, said.err) == (0, "", "no school took part yet\n")
    assert (many.code, many.out, many.err) == (0, "", "no school took part yet\n")


def test_an_assumed_time_zone_is_said(archive: Terminal) -> None:
    said = archive.run("status", "--at", "2100-01-01T12:00:00", "--lang", "en")

    assert said.err == "no time zone given: taken as 2100-01-01T12:00:00.000000Z\n"


def test_a_year_has_four_digits(archive: Terminal) -> None:
    said = archive.run("status", "--at", "0001-01-01", "--lang", "en")

    assert said.code == 0
    assert "taken as 0001-01-01T23:59:59.999999Z" in said.err
    assert archive.ask("status", "--at", "0001-01-01")["as_of"] == "0001-01-01T23:59:59.999999Z"


def test_a_road_map_is_replayed_and_all_of_them(archive: Terminal) -> None:
    one = archive.ask("replay", "krasnogorsk", "--on", "2022-04-01")
    of_map = archive.ask("replay", "--roadmap", "tomari-2022", "--on", "2022-04-01")
    every = archive.ask("replay", "--all", "--on", "2022-04-01")

    assert one.keys() >= MEMBERS
    assert [school["state"] for school in of_map["schools"]] == [one["state"]]
    assert (of_map["on"], every["on"]) == ("2022-04-01", "2022-04-01")
    assert [school["facts"] for school in every["schools"]] == [one["facts"]]
    assert archive.ask("replay", "--roadmap", "belgorod-2021")["schools"] == []


def test_replaying_all_prints_each_school(archive: Terminal) -> None:
    said = archive.run("replay", "--all", "--on", "2022-03-01", "--lang", "ru")

    assert said.out.startswith("krasnogorsk на 2022-03-01: concept_documents")


@pytest.mark.parametrize(
    "arguments", [(), ("krasnogorsk", "--all"), ("krasnogorsk", "--roadmap", "tomari-2022")]
)
def test_replay_takes_one_school_one_road_map_or_all(
    archive: Terminal, arguments: tuple[str, ...]
) -> None:
    said = archive.run("replay", *arguments)

    assert said.code == 2
    assert "name one: SCHOOL, --roadmap ROADMAP or --all" in said.err


@pytest.mark.parametrize("command", [("status",), ("replay", "--all")])
def test_a_wrong_moment_is_named(archive: Terminal, command: tuple[str, ...]) -> None:
    said = archive.run(*command, "--at", "yesterday", "--json")

    assert (said.code, said.error["code"]) == (5, archive.run(*command, "--on", "30.02",
                                                              "--json").error["code"])  # fmt: skip


def test_a_timeline_tells_gaps_and_refusals_in_the_order_of_time(office: Terminal) -> None:
    refused = office.run("advance", "krasnogorsk", "start_questionnaire", "--actor", "stranger")
    office.ask("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
               "--effective-on", "2022-01-18")  # fmt: skip
    office.run("advance", "krasnogorsk", "complete_questionnaire", "--actor", "stranger")

    document = office.ask("audit", "timeline", "krasnogorsk")
    said = office.run("audit", "timeline", "krasnogorsk", "--lang", "en")

    assert refused.code == 4
    *_, last = document["records"]
    assert (last["state"], last["true_from"]) == ("questionnaire", "2022-01-18")
    assert last["days_between"] > 300
    assert last["hash"] in said.out
    assert [one["what"] for one in document["refusals"]] == [
        "start_questionnaire", "complete_questionnaire",
    ]  # fmt: skip
    assert document["refusals"][0]["unmet"][0]["code"] == "role_missing"
    lines = said.out.splitlines()
    told = [line.strip() for line in lines if "refused:" in line or "start_quest" in line]
    assert told[0].startswith("-  refused: start_questionnaire by stranger, 20")
    assert told[1].endswith("start_questionnaire selected -> questionnaire")
    gap = "      ! days from the date it bears to the day it was written down: "
    assert f"{gap}{last['days_between']}" in lines
    assert "      known from then on: questionnaire; true from 2022-01-18" in lines


def test_a_timeline_tells_how_everybody_was_known(archive: Terminal) -> None:
    records = archive.ask("history", "krasnogorsk")["records"]

    for command in (("audit", "timeline"), ("history",)):
        said = archive.run(*command, "krasnogorsk", "--lang", "en")
        who = [line.strip() for line in said.out.splitlines() if "; recorded " in line]
        assert [line.partition("; ")[0] for line in who] == [
            f"{one['actor']} as {one['role']}, known by {one['authentication']}" for one in records
        ]
    methods = {one["authentication"].partition(":")[0] for one in records}
    assert methods == {"os-uid", "token", "signed"}


def test_a_timeline_tells_for_whom_somebody_stood_in(office: Terminal) -> None:
    with open_lifecycle(f"sqlite:///{office.folder / 'lifecycle.db'}") as engine:
        deputy = Actor("municipal", "host:portal", on_behalf_of="regional")
        engine.advance("krasnogorsk", "start_questionnaire", actor=deputy)

    said = office.run("audit", "timeline", "krasnogorsk", "--lang", "ru")

    assert "municipal за regional, роль municipal_coordinator, опознан: host:portal;" in said.out


def written(terminal: Terminal, *arguments: str) -> Said:
    return terminal.run("audit", "report", "--out", "audit.html", *arguments)


def test_a_report_is_one_file_with_everything(archive: Terminal) -> None:
    said = written(archive, "--json")

    content = (archive.folder / "audit.html").read_bytes()
    assert said.code == 0
    assert said.document == {
        "file": "audit.html",
        "roadmap": None,
        "schools": 1,
        "records": len(archive.ask("history", "krasnogorsk")["records"]),
        "bytes": len(content),
    }
    assert content.startswith(b"<!doctype html>")


def test_a_report_bears_commitments_and_nothing_that_opens_them(office: Terminal) -> None:
    office.ask("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal",
               "--comment", "Письмо Ивановой")  # fmt: skip
    paper = office.paper("Иванова.txt")
    office.ask("advance", "krasnogorsk", "complete_questionnaire", "--actor", "coordinator",
               "--evidence", f"questionnaire_completion={paper.name}")  # fmt: skip
    office.ask("person", "name", "coordinator", "Иванова А. П.", "--actor", "admin")
    assert written(office).code == 0

    page = (office.folder / "audit.html").read_bytes()
    data, hashes = (
        zlib.decompress(b64decode(page.partition(b'id="%s">' % part)[2].partition(b"</script>")[0]))
        for part in (b"data", b"hashes")
    )

    assert "Иванов" not in data.decode()
    assert "Иванов" in office.run("audit", "timeline", "krasnogorsk").out
    with open_lifecycle(f"sqlite:///{office.folder / 'lifecycle.db'}") as engine:
        *_, commented, filed = engine.history("krasnogorsk")
    for commitment in (commented.comment, filed.evidence[0].name):
        assert bytes.fromhex(str(commitment)) in hashes


def test_a_report_opens_in_the_language_that_was_asked_for(archive: Terminal) -> None:
    said = written(archive, "--lang", "ru", "--roadmap", "tomari-2022")

    assert said.out == "файл audit.html записан, школ: 1\n"
    assert '<html lang="ru">' in (archive.folder / "audit.html").read_text("utf-8")


def test_a_report_does_not_write_over_a_file_unasked(archive: Terminal) -> None:
    archive.paper("audit.html", "mine")

    refused, forced = written(archive), written(archive, "--force")

    assert (refused.code, forced.code) == (7, 0)
    assert (archive.folder / "audit.html").read_bytes().startswith(b"<!doctype html>")


def test_a_report_of_an_unknown_road_map_leaves_no_file(archive: Terminal) -> None:
    said = written(archive, "--roadmap", "nowhere", "--json")

    assert said.code == 3
    assert json.loads(said.out)["error"]["code"]
    assert not os.path.lexists(archive.folder / "audit.html")
