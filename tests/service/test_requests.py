"""How requests are treated: retries, conflicts, rehearsals, refusals, and what they leave."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lifecycle import (
    Actor,
    AlreadyExists,
    CommandReused,
    EvidenceFile,
    InvalidInput,
    Lifecycle,
    Receipt,
    TransitionRefused,
    VersionConflict,
    verify,
)
from lifecycle.domain.errors import InvalidEvidence, UnknownActor, UnknownSchool
from tests.factories import ADMIN, Office, SetClock, actor, order

# Retries, conflicts and what a refusal leaves hang on transactions and constraints.
pytestmark = pytest.mark.postgres

SCHOOL = "krasnogorsk"


def start(office: Office, **changes: Any) -> Receipt:
    """Ask for the first transition of the school."""
    return office.make(SCHOOL, "start_questionnaire", **changes)


def refusals(engine: Lifecycle) -> list[tuple[str, str, str, str]]:
    """Return the refused attempts that were kept: stream, actor, what, command."""
    with engine.context.journal.reading() as view:
        return [(one.stream, one.actor, one.what, one.command_id) for one in view.refused()]


def everything(office: Office) -> list[bytes]:
    """Return the bytes of every record."""
    with office.engine.context.journal.auditing() as view:
        return [one.body for one in view.stored()]


# -- retries --------------------------------------------------------------------------------------


def test_a_retry_gets_the_first_receipt_and_changes_nothing(office: Office) -> None:
    first = start(office, command_id="c-1")
    before = everything(office)

    again = start(office, command_id="c-1")

    assert again.repeated
    assert again.record == first.record
    assert everything(office) == before


def test_a_retry_is_answered_although_the_school_has_moved_on(office: Office) -> None:
    first = start(office, command_id="c-1")
    office.make(SCHOOL, "complete_questionnaire")

    again = start(office, command_id="c-1", expected_version=first.version - 1)

    assert again.repeated
    assert again.record == first.record


def test_a_retry_may_come_through_another_door(office: Office) -> None:
    first = start(office, command_id="c-1")
    person = Actor(first.record.actor.id, "os-uid:1000")

    assert start(office, command_id="c-1", actor=person).record == first.record


@pytest.mark.parametrize(
    "other",
    [
        {"effective_on": "2022-02-01"},
        {"actor": actor("somebody-else")},
        {"facts": {"outcome": "no_dynamics"}},
        {"evidence": [order("order")]},
        {"reason": "replaced"},
    ],
)
def test_a_command_id_is_not_used_for_another_request(
    office: Office, other: dict[str, Any]
) -> None:
    start(office, command_id="c-1")

    with pytest.raises(CommandReused, match="c-1"):
        start(office, command_id="c-1", **other)


def test_a_command_id_is_not_used_for_another_kind_of_request(office: Office) -> None:
    start(office, command_id="c-1")

    with pytest.raises(CommandReused):
        office.engine.add_actor("new", actor=ADMIN, command_id="c-1")


def test_a_refused_command_may_be_tried_again(office: Office) -> None:
    stranger = office.assign("curator", SCHOOL, "stranger")
    with pytest.raises(TransitionRefused):
        start(office, command_id="c-1", actor=stranger)

    receipt = start(office, command_id="c-1")

    assert not receipt.repeated
    assert receipt.state == "questionnaire"


@pytest.mark.parametrize("repeat", [1, 2])
def test_every_administrative_request_may_be_retried(office: Office, repeat: int) -> None:
    engine, requests = office.engine, office.people["curator", SCHOOL].id
    for _ in range(repeat):
        engine.add_actor("late", actor=ADMIN, command_id="c-1")
        engine.assign("late", "expert", school=SCHOOL, actor=ADMIN, command_id="c-2")
        engine.assign("late", "expert", roadmap="belgorod-2021", actor=ADMIN, command_id="c-3")
        engine.revoke(requests, "curator", school=SCHOOL, actor=ADMIN, command_id="c-4")
        engine.enrol("next", roadmap="kaspiysk-2022", title="Next", actor=ADMIN, command_id="c-5")

    commands = [one for one in command_ids(office) if one.startswith("c-")]
    assert sorted(commands) == ["c-1", "c-2", "c-3", "c-3~adopt", "c-4", "c-5", "c-5~adopt"]


def command_ids(office: Office) -> list[str]:
    with office.engine.context.journal.auditing() as view:
        return [str(one.columns["command_id"]) for one in view.stored()]


def test_a_command_without_an_id_gets_one(office: Office) -> None:
    receipt = start(office)

    assert receipt.record.command_id != receipt.record.record_id
    with pytest.raises(InvalidInput):
        start(office, command_id="")


# -- conflicts and rehearsals ---------------------------------------------------------------------


def test_an_expected_version_makes_a_lost_race_a_conflict(office: Office) -> None:
    version = office.engine.explain(SCHOOL).version
    start(office, expected_version=version)

    with pytest.raises(VersionConflict) as conflict:
        office.make(SCHOOL, "complete_questionnaire", expected_version=version)

    assert conflict.value.facts["actual"] == version + 1


def test_a_rehearsal_tells_what_would_be_recorded_and_writes_nothing(
    office: Office, tmp_path: Path
) -> None:
    office.lead(SCHOOL, "questionnaire")
    note = tmp_path / "done.txt"
    note.write_text("Анкетирование завершено.", "utf-8")
    before = everything(office)

    receipt = office.make(
        SCHOOL,
        "complete_questionnaire",
        evidence=[EvidenceFile("questionnaire_completion", note)],
        dry_run=True,
    )

    assert receipt.dry_run
    assert (receipt.state, receipt.version) == ("risk_profile", before_version(office) + 1)
    assert everything(office) == before
    assert office.engine.context.evidence.check(receipt.record.evidence[0].sha256 or "") is None


def before_version(office: Office) -> int:
    return office.engine.explain(SCHOOL).version


def test_a_rehearsal_is_refused_like_the_act_and_not_kept(office: Office, tmp_path: Path) -> None:
    with pytest.raises(TransitionRefused) as refused:
        office.make(SCHOOL, "conclude", dry_run=True)

    assert [one.code for one in refused.value.unmet] == ["not_in_state"]
    assert refusals(office.engine) == []


def test_a_rehearsal_of_a_command_that_was_carried_out_says_so(office: Office) -> None:
    first = start(office, command_id="c-1")

    again = start(office, command_id="c-1", dry_run=True)

    assert (again.record, again.repeated, again.dry_run) == (first.record, True, True)


def test_a_rehearsal_asks_for_a_known_actor_and_school(office: Office) -> None:
    with pytest.raises(UnknownActor):
        start(office, actor=actor("nobody"), dry_run=True)
    with pytest.raises(UnknownSchool, match="no school krasnogorks") as unknown:
        office.engine.advance("krasnogorks", "withdraw", actor=ADMIN, dry_run=True)
    assert str(unknown.value.remedy) == "did you mean krasnogorsk?"


# -- refusals -------------------------------------------------------------------------------------


def test_a_refusal_changes_nothing_and_is_kept_outside_the_history(
    office: Office, tmp_path: Path
) -> None:
    before = everything(office)

    with pytest.raises(TransitionRefused) as refused:
        office.make(SCHOOL, "conclude", actor=ADMIN, command_id="c-1")

    assert str(refused.value) == f"{SCHOOL} cannot conclude from state selected"
    assert [one.code for one in refused.value.unmet] == [
        "not_in_state",
        "role_missing",
        "administrator_approves",
    ]
    assert everything(office) == before
    assert refusals(office.engine) == [(f"participation/{SCHOOL}", "admin", "conclude", "c-1")]
    assert verify(office.engine).ok


def test_a_refused_attempt_leaves_no_file_behind(office: Office, tmp_path: Path) -> None:
    paper = tmp_path / "order.txt"
    paper.write_text("приказ", "utf-8")

    with pytest.raises(TransitionRefused):
        office.make(SCHOOL, "withdraw", evidence=[EvidenceFile("order", paper)], reason="mood")

    assert not (tmp_path / "evidence").exists()


def test_an_unknown_actor_is_no_refusal_but_a_mistake(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UnknownActor, match="there is no actor admim") as unknown:
        start(office, actor=actor("admim"))

    assert str(unknown.value.remedy) == "did you mean admin?"
    assert refusals(office.engine) == []


@pytest.mark.parametrize(
    "person",
    [
        Actor("admin", ""),
        Actor("admin", "host: test"),
        Actor("admin", "host:школа"),
        Actor("admin", "host:" + "x" * 100),
        Actor("admin", "host:petrova@example.org"),
        Actor("admin", "host:+79991112233"),
        Actor("admin", "host:test", on_behalf_of="Иванов Иван"),
        Actor("admin", "host:test", on_behalf_of=""),
    ],
)
def test_what_is_not_to_stay_forever_does_not_get_into_a_record(
    office: Office, person: Actor
) -> None:
    before = everything(office)

    with pytest.raises(InvalidInput):
        office.engine.add_actor("new", actor=person)

    assert everything(office) == before


# -- evidence files -------------------------------------------------------------------------------


def test_a_file_is_kept_by_its_content(office: Office, tmp_path: Path) -> None:
    office.lead(SCHOOL, "questionnaire")
    paper = tmp_path / "Справка Ивановой.pdf"
    paper.write_bytes(b"%PDF-1.7 done")

    receipt = office.make(
        SCHOOL,
        "complete_questionnaire",
        evidence=[EvidenceFile("questionnaire_completion", paper)],
    )
    paper.unlink()

    (piece,) = receipt.record.evidence
    assert (piece.form, piece.size, piece.media_type) == ("file", 13, "application/pdf")
    assert "Иванов".encode() not in receipt.record.body
    with office.engine.context.evidence.open(piece.sha256 or "") as kept:
        assert kept.read() == b"%PDF-1.7 done"
    assert verify(office.engine).ok


def test_a_missing_file_is_named_by_its_kind(office: Office, tmp_path: Path) -> None:
    office.lead(SCHOOL, "questionnaire")

    with pytest.raises(InvalidEvidence) as missing:
        office.make(
            SCHOOL,
            "complete_questionnaire",
            evidence=[EvidenceFile("questionnaire_completion", tmp_path / "none.pdf")],
        )

    assert missing.value.facts["kind"] == "questionnaire_completion"


class Meddler(SetClock):
    """Somebody who writes to a file whenever the clock is looked at."""

    file: Path

    def now(self) -> datetime:
        self.file.write_text("другой текст", "utf-8")
        return super().now()


def test_a_file_that_changes_while_it_is_read_is_not_taken(office: Office, tmp_path: Path) -> None:
    office.lead(SCHOOL, "questionnaire")
    meddler = Meddler()
    meddler.file = tmp_path / "done.txt"
    meddler.file.write_text("один текст", "utf-8")
    meddled = Lifecycle(replace(office.engine.context, clock=meddler))

    with pytest.raises(InvalidEvidence, match="changed while it was read"):
        replace(office, engine=meddled).make(
            SCHOOL,
            "complete_questionnaire",
            evidence=[EvidenceFile("questionnaire_completion", meddler.file)],
        )

    assert office.state(SCHOOL) == "questionnaire"
    assert verify(office.engine).ok


def test_a_school_is_enrolled_once(office: Office) -> None:
    with pytest.raises(AlreadyExists, match=SCHOOL):
        office.enrol(SCHOOL)
