"""The school of Tomari from enrolment to the end, by commands alone."""

import json
from itertools import pairwise

from tests.cli.terminal import Terminal, walk


def test_a_school_is_led_from_the_beginning_to_the_end(office: Terminal) -> None:
    receipts = walk(office)

    assert [receipt["state"] for receipt in receipts] == [
        "questionnaire", "risk_profile", "curator_visit",
        *["concept_documents"] * 4, *["stage_1_monitoring"] * 2,
        *["stage_2_monitoring"] * 2, "final_review", "completed",
    ]  # fmt: skip
    assert {receipt["repeated"] for receipt in receipts} == {False}
    (row,) = office.ask("status", "krasnogorsk")["schools"]
    assert row["state"] == "completed"
    assert row["due_on"] is None
    assert row["version"] == receipts[-1]["version"]


def test_the_whole_history_verifies(archive: Terminal) -> None:
    said = archive.run("verify")

    assert said.code == 0
    assert said.out.startswith("sound: ")
    assert said.err == ""


def test_the_chain_of_the_history_is_unbroken_and_ends_where_the_receipt_says(
    archive: Terminal,
) -> None:
    records = archive.ask("history", "krasnogorsk")["records"]

    assert [one["sequence"] for one in records] == list(range(1, len(records) + 1))
    for before, after in pairwise(records):
        assert after["previous_hash"] == before["hash"]


def test_replay_tells_every_state_that_the_school_was_in(archive: Terminal) -> None:
    days = ("2022-01-16", "2022-01-17", "2022-02-05", "2022-03-31", "2022-08-01", "2022-12-31")
    states = [archive.ask("replay", "krasnogorsk", "--on", day)["state"] for day in days]

    assert states == [
        None, "selected", "risk_profile", "concept_documents", "stage_2_monitoring", "completed",
    ]  # fmt: skip


def test_replay_by_the_time_of_recording_follows_the_records(archive: Terminal) -> None:
    records = archive.ask("history", "krasnogorsk")["records"]
    moved = [one for one in records if one["kind"] == "advanced"]

    for record in moved:
        then = archive.ask("replay", "krasnogorsk", "--at", record["recorded_at"])
        assert then["state"] == record["to"]
        assert then["version"] == record["sequence"]
        assert then["as_of"] == record["recorded_at"]


def test_the_facts_and_all_evidence_are_there_at_the_end(archive: Terminal) -> None:
    then = archive.ask("replay", "krasnogorsk")

    assert then["facts"]["outcome"] == "positive_dynamics"
    assert then["facts"]["activated_risks"] == ["low_equipment", "low_motivation"]
    reference = next(one for one in then["evidence"] if one["form"] == "reference")
    assert reference["kind"] == "sample_list"
    assert (reference["number"], reference["date"]) == ("52-А", "2022-09-15")
    assert reference["issuer"] == "Отдел образования"
    assert reference["sha256"] is None
    links = [one["url"] for one in then["evidence"] if one["form"] == "link"]
    assert links.count("https://school.example/motivation") == 2
    assert all(len(one["sha256"]) == 64 for one in then["evidence"] if one["form"] == "file")


def test_people_read_the_same_in_lines(archive: Terminal) -> None:
    history = archive.run("history", "krasnogorsk")
    replay = archive.run("replay", "krasnogorsk", "--on", "2022-03-05")
    board = archive.run("status")

    assert (history.code, replay.code, board.code) == (0, 0, 0)
    assert "receive_risk_profile risk_profile -> curator_visit" in history.out
    assert "sample_list: 52-А; 2022-09-15; Отдел образования" in history.out
    assert "reason: incomplete_package" in history.out
    assert 'outcome = "positive_dynamics"' in history.out
    assert replay.out.startswith("krasnogorsk as of 2022-03-05: concept_documents, version ")
    assert "curator as curator" in archive.run("replay", "krasnogorsk").out
    assert board.out.splitlines()[1].startswith("krasnogorsk  tomari-2022  completed  2022-12-01")


def test_an_altered_record_is_found_and_told_with_its_place(archive: Terminal) -> None:
    # Not just any file: of a personal one, what it commits to does not fit either.
    filed = archive.ask("replay", "krasnogorsk")["evidence"]
    digest = next(one["sha256"] for one in filed if one["kind"] == "risk_profile")
    (evidence,) = (archive.folder / "lifecycle.db.evidence" / "sha256").glob(f"*/*/{digest}")
    evidence.chmod(0o600)
    evidence.write_text("another paper\n", "utf-8")

    people, program = archive.run("verify"), archive.run("verify", "--json")

    assert (people.code, program.code) == (6, 6)
    assert "participation/krasnogorsk#" in people.out
    assert "evidence_altered" in people.out
    assert "not sound:" in people.out
    assert program.document["ok"] is False
    (found,) = {one["code"] for one in program.document["findings"]}
    assert found == "evidence_altered"
    assert json.dumps(program.document["findings"][0]["message"])
