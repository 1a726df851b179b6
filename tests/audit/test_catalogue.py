"""The catalogue of tampering, item by item: what somebody does, what finds it, and where.

Each test is a line of the table in docs/audit.md, «What was tried, item by item». What nothing in
the database can show is in test_catalogue_outside.py. Who does it here has the file, the program
and time: where a test says «forged», chain, heads, board, roles, leaves and tiles are repaired.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lifecycle import verify
from lifecycle.audit.note import origin_line
from lifecycle.domain import canonical
from lifecycle.domain.record import record_hash
from tests.audit.breaking_in import (
    MAP,
    STREAM,
    Body,
    BreakIn,
    Change,
    brief,
    forged,
    of,
    refusal,
    told,
)
from tests.audit.bundles import SIGNER, continued, sign, write
from tests.audit.bundles import told as told_alone
from tests.audit.catalogue import against, kept
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN

OTHER = "participation/ilyinskoye"


def rewritten(folder: Path, change: Change, stream: str = STREAM) -> list[Any]:
    """Forge a stream that does not add up any more, so that nobody can make a board of it."""
    with BreakIn(folder) as visit:
        bodies = visit.bodies(stream)
        change(bodies)
        visit.rewrite(stream, bodies)
    return told(folder)


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_an_inner_record_removed(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_records WHERE stream = ? AND sequence = 4", stream)

    found = told(folder)

    assert ("sequence_gap", f"{stream}#5", None) in found
    assert ("chain_broken", f"{stream}#5", "previous") in found
    assert ("log_leaf_invented", f"{stream}#4", None) in found


def test_an_inner_record_removed_and_the_rest_forged(folder: Path) -> None:
    found = rewritten(folder, lambda bodies: bodies.remove(of(bodies, "record_visit")))

    assert ("decision_refused", f"{STREAM}#7", None) in found
    assert ("not_replayable", f"{STREAM}#7", None) in found


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_the_last_record_removed(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        ((last,),) = visit.run("SELECT version FROM lifecycle_streams WHERE stream = ?", stream)
        visit.run("DELETE FROM lifecycle_records WHERE stream = ? AND sequence = ?", stream, last)

    found = told(folder)

    assert {("head_differs", stream, name) for name in ("version", "hash", "recorded_at")} <= {
        *found
    }
    assert ("log_leaf_invented", f"{stream}#{last}", None) in found


def test_a_school_removed_from_the_records(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_records WHERE stream = ?", STREAM)

    found = told(folder)

    assert ("stream_empty", STREAM, "version") in found
    assert ("standing_invented", STREAM, None) in found
    assert ("roles_differ", STREAM, "roles") in found
    assert ("log_leaf_invented", f"{STREAM}#1", None) in found


def test_rows_swapped(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for before, after in ((5, 1005), (6, 5), (1005, 6)):
            visit.run(
                "UPDATE lifecycle_records SET sequence = ? WHERE stream = ? AND sequence = ?",
                *(after, STREAM, before),
            )

    found = told(folder)

    for place in (5, 6):
        assert ("column_differs", f"{STREAM}#{place}", "sequence") in found
        assert ("chain_broken", f"{STREAM}#{place}", "previous") in found


def test_rows_swapped_and_the_rest_forged(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[5], bodies[6] = bodies[6], bodies[5]

    found = rewritten(folder, change)

    assert ("decision_refused", f"{STREAM}#6", None) in found
    assert ("time_runs_back", f"{STREAM}#7", "recorded_at") in found


def test_a_record_doubled(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "INSERT INTO lifecycle_records SELECT stream, 14, ?, previous, 'x', 'x', kind,"
            " transition, source, target, definition, actor, role, recorded_at, effective_on, body"
            " FROM lifecycle_records WHERE stream = ? AND sequence = 13",
            *("a" * 64, STREAM),
        )
        visit.reseal()

    found = told(folder)

    for column in ("sequence", "record_id", "command_id"):
        assert ("column_differs", f"{STREAM}#14", column) in found
    assert ("body_altered", f"{STREAM}#14", "hash") in found
    assert ("id_repeated", f"{STREAM}#14", "record_id") in found
    assert ("id_repeated", f"{STREAM}#14", "command_id") in found


def test_a_record_doubled_and_the_rest_forged(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        again = {"record_id": "00000000-0000-7000-8000-000000009999", "command_id": "again"}
        bodies.append(bodies[-1] | again)

    found = rewritten(folder, change)

    assert ("decision_refused", f"{STREAM}#14", None) in found
    assert ("not_replayable", f"{STREAM}#14", None) in found


def test_a_chain_forged_from_a_record_on(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "record_visit")["actor"]["id"] = "reviewer.tomari-2022"

    # All that follows was forged as well: there is nothing but the decision that gives it away.
    assert refusal(folder, change)[0] == f"{STREAM}#7"


def test_a_record_back_dated(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["recorded_at"] = "2022-03-01T09:00:34.000000Z"

    found = [brief(one) for one in forged(folder, change)]

    assert ("time_runs_back", f"{STREAM}#13", "recorded_at") in found


def test_a_record_back_dated_without_its_request(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        asked = bodies[12]["request"]
        bodies[12]["effective_on"] = "2022-02-01"
        visit.rewrite(STREAM, bodies)
        body = bodies[12] | {"request": asked}
        raw = canonical.encode(body)
        visit.run(
            "UPDATE lifecycle_records SET body = ?, hash = ? WHERE stream = ? AND sequence = 13",
            *(raw, record_hash(raw), STREAM),
        )
        visit.run(
            "UPDATE lifecycle_streams SET hash = ? WHERE stream = ?", record_hash(raw), STREAM
        )
        visit.reseal()
        visit.settle(STREAM)

    # What was asked, without a date, leads to the day on which it was written down.
    assert told(folder) == [("decision_differs", f"{STREAM}#13", "effective_on")]


def test_a_row_replayed_in_another_participation(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET stream = ?, sequence = 5"
            " WHERE stream = ? AND sequence = 13",
            *(OTHER, STREAM),
        )

    found = told(folder)

    assert ("head_differs", STREAM, "version") in found
    assert ("column_differs", f"{OTHER}#5", "stream") in found
    assert ("chain_broken", f"{OTHER}#5", "previous") in found


def test_a_row_replayed_in_another_participation_and_forged_to_fit(folder: Path) -> None:
    with BreakIn(folder) as visit:
        taken = of(visit.bodies(STREAM), "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        again = {"record_id": "00000000-0000-7000-8000-000000009999", "command_id": "again"}
        bodies.append(taken | again | {"stream": OTHER})

    assert ("decision_refused", f"{OTHER}#5", None) in rewritten(folder, change, OTHER)


def test_a_participation_under_another_name(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "streams"):
            visit.run(f"UPDATE lifecycle_{table} SET stream = 'schools/x' WHERE stream = ?", STREAM)  # noqa: S608 - a table's name

    found = told(folder)

    assert ("column_differs", "schools/x#1", "stream") in found
    assert ("chain_broken", "schools/x#1", "previous") in found


def test_a_history_replayed_in_another_installation(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_installation SET origin = 'origin-2'")

    found = told(folder)

    for stream in ("installation", MAP, OTHER, STREAM):
        assert ("foreign_record", f"{stream}#1", "origin") in found
        assert ("chain_broken", f"{stream}#1", "previous") in found


def test_a_row_of_another_installation(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "record_visit")["origin"] = "origin-2"

    found = [brief(one) for one in forged(folder, change)]

    assert found == [("foreign_record", f"{STREAM}#7", "origin")]


def evidence_of(folder: Path) -> Path:
    (file,) = (one for one in (folder / "evidence" / "sha256").rglob("*") if one.is_file())
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("content", ["Анкетирование не завершено.", "", "Анкетирование завершено!"])
def test_an_evidence_file_swapped_for_another(folder: Path, content: str) -> None:
    evidence_of(folder).write_text(content, "utf-8")

    assert told(folder) == [("evidence_altered", f"{STREAM}#5", "questionnaire_completion")]


def test_evidence_swapped_in_the_record_without_the_file(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "complete_questionnaire")["evidence"][0]["sha256"] = "0" * 64

    found = [brief(one) for one in forged(folder, change)]

    assert ("evidence_missing", f"{STREAM}#5", "questionnaire_completion") in found


@pytest.mark.parametrize(
    "change",
    [
        "CAST(replace(body, 'not_holding', 'not-holding') AS BLOB)",
        "CAST(replace(body, '\"curator\"', '\"auditor\"') AS BLOB)",
        "X'5B5D'",
        "X'FF'",
    ],
)
def test_a_definition_replaced(folder: Path, change: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_definitions SET body = {change}")  # noqa: S608 - of the test

    found = told(folder)

    assert found[0] == ("definition_altered", "database", "body")
    # It no longer decides, and nothing is told of what it would have decided.
    assert ("definition_missing", f"{STREAM}#5", "definition") in found
    assert not any(code.startswith("standing") for code, *_ in found)


def test_a_definition_replaced_under_a_digest_of_its_own(folder: Path) -> None:
    with BreakIn(folder) as visit:
        ((digest, body),) = visit.run("SELECT digest, body FROM lifecycle_definitions")
        other = body.replace(b'"approval":true,', b"")
        name = canonical.digest(canonical.decode(other, limit=canonical.MAX_DEFINITION_BYTES))
        visit.run("UPDATE lifecycle_definitions SET digest = ?, body = ?", name, other)

    found = told(folder)

    assert name != digest
    assert ("definition_missing", f"{MAP}#1", "definition") in found
    assert ("definition_missing", f"{STREAM}#13", "definition") in found


def test_a_checkpoint_forged(folder: Path) -> None:
    with continued(folder) as engine:
        sign(engine)
        engine.add_actor("late", actor=ADMIN)
        sign(engine, Signer(origin_line(ORIGIN), 2))
        (found,) = verify(engine, keys=[SIGNER.key]).findings
        write(engine, folder / "bundle.zip")

    assert (found.code, found.field) == ("checkpoint_forged", "database/39")
    code, verdict = told_alone(folder / "bundle.zip")
    assert code == 6
    assert "is not signed by a key" in verdict["findings"][0]["text"]


def test_a_checkpoint_of_another_log(folder: Path) -> None:
    foreign = Signer(origin_line("elsewhere")).checkpoint(3, bytes(32))

    assert against(folder, foreign) == {"checkpoint_foreign"}


def test_a_sound_history_fits_what_was_kept_of_it(folder: Path) -> None:
    assert against(folder, kept(folder)) == set()
