"""The demonstration does what it says, and leaves what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import lifecycle
from lifecycle.demo import FEWEST, MOST, run
from lifecycle.demo.cast import (
    BELGOROD,
    DMITROVSK,
    KASPIYSK,
    NEKLINOVSKY,
    TOMARI,
    belgorod,
    districts,
    krasnogorsk,
)
from lifecycle.demo.drive import Stage, known_as
from lifecycle.demo.papers import Papers
from lifecycle.demo.show import NEXT
from lifecycle.demo.stories import days_of
from lifecycle.domain.errors import DatabaseExists
from lifecycle.domain.record import Record
from lifecycle.workflows.catalogue import Catalogue
from tests.demo.conftest import Shown, show

# Members of the result that tests/demo/test_plans_shown.py looks at.
PLANS = {
    "roadmaps", "activities", "plan_records", "indicators", "indicators_met", "overdue_on_the_day",
}  # fmt: skip


def advanced(engine: lifecycle.Lifecycle) -> list[Record]:
    """Return all transitions that were made."""
    return [
        record
        for row in engine.status()
        for record in engine.history(row.standing.school)
        if record.kind == "advanced"
    ]


def quiet(line: str) -> None:
    """Take a line and say nothing."""


def table_below(lines: list[str], heading: str) -> list[str]:
    """Return the lines from a heading to the next empty line."""
    start = lines.index(heading) + 1
    return lines[start : lines.index("", start)]


def test_the_numbers_returned_are_those_of_the_database(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        report = lifecycle.verify(engine)
        rows = engine.status()
    connection = sqlite3.connect(shown.database)
    refusals, records = connection.execute(
        "SELECT (SELECT count(*) FROM lifecycle_refusals), (SELECT count(*) FROM lifecycle_records)"
    ).fetchone()
    connection.close()
    states = Counter(row.standing.state for row in rows)

    assert {name: shown.result[name] for name in shown.result if name not in PLANS} == {
        "database": shown.url,
        "schools": 15,
        "completed": states["completed"],
        "in_progress": 15 - states["completed"] - states["withdrawn"],
        "withdrawn": 1,
        "overdue": sum(bool(row.days_overdue) for row in rows),
        "records": records,
        "refusals": refusals,
        "verified": report.ok,
        "findings": [],
    }
    assert report.ok
    assert report.records == records
    assert json.loads(json.dumps(shown.result)) == shown.result


def test_all_road_maps_have_schools_and_every_kind_of_ending(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        rows = engine.status()
    board = {row.standing.school: (row.standing.roadmap, row.standing.state) for row in rows}

    assert board == {
        "krasnogorsk": (TOMARI, "completed"),
        "belgorod-01": (BELGOROD, "completed"),
        "belgorod-02": (BELGOROD, "concept_documents"),
        "belgorod-03": (BELGOROD, "withdrawn"),
        "belgorod-04": (BELGOROD, "stage_1_monitoring"),
        "belgorod-05": (BELGOROD, "completed"),
        **{
            f"{roadmap.partition('-')[0]}-{number}": (roadmap, state)
            for roadmap in (DMITROVSK, KASPIYSK, NEKLINOVSKY)
            for number, state in enumerate(
                ("completed", "stage_2_monitoring", "curator_visit"), start=1
            )
        },
    }
    assert sum(bool(row.days_overdue) for row in rows) == 8


def test_documents_are_returned_and_a_sample_waives_the_second_expertise(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        made = Counter((record.stream, record.transition) for record in advanced(engine))
        last = engine.history("belgorod-04")[-1]

    assert made["participation/krasnogorsk", "return_concept_documents"] == 1
    assert made["participation/krasnogorsk", "waive_stage_2_expertise"] == 1
    assert made["participation/krasnogorsk", "confirm_stage_2"] == 0
    assert (last.transition, last.target) == ("return_stage_1_evidence", "stage_1_monitoring")
    assert last.reason is not None


def test_evidence_is_files_links_and_references_and_every_file_differs(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        pieces = [piece for record in advanced(engine) for piece in record.evidence]
    forms = Counter(piece.form for piece in pieces)
    digests = [piece.sha256 for piece in pieces if piece.form == "file"]
    store = shown.database.with_name("lifecycle.db.evidence")
    stored = [path.name for path in store.rglob("*") if re.fullmatch("[0-9a-f]{64}", path.name)]

    assert forms["link"] == 1
    assert forms["reference"] == 3
    assert forms["file"] > 40
    # Files of refused attempts lie there as well; no record names them.
    assert len(set(digests)) == len(digests)
    assert set(digests) <= set(stored)


def test_an_act_after_its_deadline_is_marked_late_and_the_others_fit_the_plan(
    shown: Shown,
) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        late = {
            (record.stream.partition("/")[2], record.transition)
            for record in advanced(engine)
            if record.due_on is not None and record.effective_on > record.due_on
        }

    assert late == {
        ("krasnogorsk", "submit_concept_documents"),
        ("belgorod-01", "submit_concept_documents"),
    }
    for school, transition in late:
        assert any(line.startswith(f"  {school}, {transition} of ") for line in shown.lines)


def test_all_twenty_two_schools_come_to_ends_that_differ(tmp_path: Path) -> None:
    every = show(tmp_path, 22, "en")
    with lifecycle.open_lifecycle(every.url) as engine:
        facts = [{**record.facts} for record in advanced(engine) if record.facts]

    outcomes = Counter(one["outcome"] for one in facts if "outcome" in one)
    profiles = {json.dumps(one["risks"]) for one in facts if "risks" in one}
    assert every.result["schools"] == 32
    assert (every.result["completed"], every.result["withdrawn"]) == (20, 1)
    assert (every.result["in_progress"], every.result["overdue"]) == (11, 11)
    assert set(outcomes) == {"positive_dynamics", "partial_dynamics", "no_dynamics"}
    assert len(profiles) > 10
    assert every.result["verified"] is True


def test_nine_attempts_are_refused_each_for_its_reasons(shown: Shown) -> None:
    connection = sqlite3.connect(shown.database)
    stored = [
        [one["code"] for one in json.loads(unmet)]
        for (unmet,) in connection.execute("SELECT unmet FROM lifecycle_refusals ORDER BY id")
    ]
    connection.close()

    assert stored == [
        ["role_missing"],
        ["role_missing"],
        ["role_missing", "evidence_missing", "evidence_item_missing", "evidence_item_unexpected"],
        ["role_missing", "evidence_missing", "fact_missing", "role_not_assigned"],
        ["same_person"],
        ["same_person", "holds_other_role"],
        ["policy_forbids"],
        ["evidence_missing", "reason_missing"],
        ["nothing_submitted"],
    ]


def test_a_refusal_is_shown_with_every_reason_and_who_can_mend_it(shown: Shown) -> None:
    place = next(
        number
        for number, line in enumerate(shown.lines)
        if "krasnogorsk cannot submit_concept_documents" in line
    )

    assert [line.strip() for line in shown.lines[place + 1 : place + 9]] == [
        "1. curator-tomari holds none of these roles for the school: school_coordinator"
        " [role_missing]",
        "can be mended by: School coordinator (school-krasnogorsk)",
        "2. evidence school_roadmap is missing [evidence_missing]",
        "can be mended by: School coordinator (school-krasnogorsk)",
        "3. evidence anti_risk_programme for low_equipment is missing [evidence_item_missing]",
        "can be mended by: School coordinator (school-krasnogorsk)",
        "4. evidence anti_risk_programme is not asked for teacher_competence"
        " [evidence_item_unexpected]",
        "can be mended by: School coordinator (school-krasnogorsk)",
    ]
    assert "can be mended by: Administrator" in shown.text


def test_the_command_that_was_sent_twice_is_recorded_once(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        commands = Counter(record.command_id for record in engine.history("krasnogorsk"))

    assert commands["demo.krasnogorsk.conclude"] == 1
    assert "answered with record 16, then with record 16 again" in shown.text


def test_the_board_is_aligned_and_names_the_longest_overdue(shown: Shown) -> None:
    board = table_below(shown.lines, "The board")
    start = board[0].index("state")
    titles = {line[start:].split("  ")[0] for line in board[1:] if line.startswith("  belgorod")}
    with lifecycle.open_lifecycle(shown.url) as engine:
        longest = max(engine.status(), key=lambda row: row.days_overdue or 0)

    assert titles == {"Completed", "Concept documents", "Withdrawn", "Monitoring of stage 1"}
    assert f"Longest overdue: {longest.standing.school}," in shown.text
    assert f"{longest.days_overdue} working day(s) ago" in shown.text


def test_the_history_printed_is_the_history_kept(shown: Shown) -> None:
    heading = "The history of krasnogorsk, МБОУ СОШ с.Красногорск"
    printed = [line.split() for line in table_below(shown.lines, heading)[1:]]
    with lifecycle.open_lifecycle(shown.url) as engine:
        kept = engine.history("krasnogorsk")

    assert [(line[0], line[1], line[-1]) for line in printed] == [
        (str(record.sequence), record.effective_on.isoformat(), record.hash[:12]) for record in kept
    ]


def test_the_progress_names_every_school_in_turn(shown: Shown) -> None:
    counted = [line.partition(":")[0] for line in shown.progress if re.match(r"\d+/", line)]

    assert counted[0] == "1/15 krasnogorsk"
    assert counted[-1] == "15/15 neklinovsky-3"
    assert len(counted) == 15


def test_in_russian_every_line_for_people_is_russian(shown_in_russian: Shown) -> None:
    headings = [
        line
        for before, line in zip(shown_in_russian.lines, shown_in_russian.lines[1:], strict=False)
        if before == ""
    ]

    assert shown_in_russian.result["verified"] is True
    assert len(headings) == 18
    assert all(re.search("[а-я]{4}", line) for line in [shown_in_russian.lines[0], *headings])
    assert "Концептуальные документы" in shown_in_russian.text
    assert "day(s)" not in shown_in_russian.text


@pytest.mark.parametrize("command", NEXT)
def test_the_commands_printed_at_the_end_run_as_they_stand(shown: Shown, command: str) -> None:
    (line,) = [one.strip() for one in shown.lines if one.strip().startswith(f"lifecycle {command}")]
    program, *arguments = shlex.split(line)
    environment = {key: text for key, text in os.environ.items() if key[:10] != "LIFECYCLE_"}

    done = subprocess.run(
        [sys.executable, "-m", f"{program}.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip()


def test_another_evidence_folder_is_named_in_the_commands_printed(
    shown_in_russian: Shown,
) -> None:
    papers, url = shown_in_russian.database.parent.parent / "the papers", shown_in_russian.url

    assert shown_in_russian.lines[-1] == f"  lifecycle verify --db {url} --evidence-dir '{papers}'"
    assert len(list(papers.rglob("*"))) > 40


def test_a_history_in_memory_leaves_nothing_to_try_on() -> None:
    lines: list[str] = []
    result = run("memory://", 4, out=lines.append, progress=quiet)

    assert result["verified"] is True
    assert not any("--db" in line for line in lines)


def test_an_attempt_that_should_have_been_refused_ends_the_demonstration(tmp_path: Path) -> None:
    administrator = known_as("admin-1")
    with lifecycle.create_lifecycle("memory://", administrator=administrator) as engine:
        stage = Stage(engine, Papers(tmp_path), {})

        with pytest.raises(lifecycle.LifecycleError, match="should have been refused"):
            stage.meet(
                "here", "add_actor", "admin-1", lambda: engine.add_actor("a", actor=administrator)
            )

    assert stage.refusals == []


def test_an_existing_database_is_refused_and_stays_as_it_is(shown: Shown) -> None:
    before = shown.database.read_bytes()

    with pytest.raises(DatabaseExists):
        run(shown.url, 4, out=print, progress=print)

    assert shown.database.read_bytes() == before


@pytest.mark.parametrize("schools", [0, FEWEST - 1, MOST + 1])
def test_a_number_of_schools_without_a_story_is_refused(tmp_path: Path, schools: int) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"

    with pytest.raises(lifecycle.InvalidInput, match=f"{FEWEST} to {MOST}"):
        run(url, schools, out=print, progress=print)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    url = f"sqlite:///{tmp_path}/file/lifecycle.db"

    with pytest.raises(lifecycle.StorageFailed, match=r"the folder .* cannot be made"):
        run(url, out=print, progress=print)


def test_curators_have_as_many_schools_as_the_regions_report() -> None:
    for count in (4, 5, 22):
        curators = {school.people["curator"] for school in belgorod(count)}

        assert 1.4 <= count / len(curators) <= 2.6


def test_belgorod_has_the_municipalities_of_its_road_map() -> None:
    order = Catalogue([], []).compiled(BELGOROD).roadmap
    schools = list(belgorod(order.schools or 0))

    assert len(schools) == 22
    assert len({one.people["municipal_coordinator"] for one in schools}) == order.municipalities


def test_the_days_of_every_story_run_forward_within_the_plan() -> None:
    catalogue = Catalogue([], [])
    for school in (krasnogorsk(), *belgorod(22), *districts()):
        definition = catalogue.compiled(school.roadmap)

        days = days_of(definition, school.story, school.number)

        assert days == sorted(days)
        assert days[0] >= definition.roadmap.start
        assert days[-1] <= definition.roadmap.end
