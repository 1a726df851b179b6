"""Batches: each command decided as alone, told of once it is durable, and nothing doubled."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from os import PathLike
from pathlib import Path

import pytest

from lifecycle import (
    AdvanceCommand,
    Evidence,
    EvidenceFile,
    Lifecycle,
    LifecycleError,
    verify,
)
from lifecycle.domain.erasable import Secret
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.record import Record
from lifecycle.service.known import Known
from lifecycle.service.memory import Memory
from lifecycle.storage.evidence import EvidenceFolder
from tests.factories import ADMIN, Office, actor
from tests.service.batches import FIRST, SCHOOL, asked, bodies, kinds, refused, run, walk


@pytest.mark.parametrize("per_transaction", [1, 2, 500])
def test_commands_are_carried_out_in_order_each_on_what_those_before_it_left(
    office: Office, per_transaction: int
) -> None:
    office.enrol("two")
    commands = [one for pair in zip(walk(office), walk(office, "two"), strict=True) for one in pair]

    outcomes = run(office, commands, per_transaction=per_transaction)

    assert kinds(outcomes) == ["recorded"] * 6
    assert [one.command for one in outcomes] == commands
    assert office.state(SCHOOL) == office.state("two") == "curator_visit"
    history = [one.command_id for one in office.engine.history(SCHOOL)]
    assert history[-3:] == [f"{SCHOOL}.{name}" for name in FIRST]
    assert verify(office.engine).findings == ()


@pytest.mark.postgres
def test_a_batch_that_is_run_again_finds_everything_unchanged(office: Office) -> None:
    first = run(office, walk(office))
    before = bodies(office.engine)

    again = run(office, walk(office))

    assert kinds(again) == ["unchanged"] * 3
    assert [one.receipt and one.receipt.record for one in again] == [
        one.receipt and one.receipt.record for one in first
    ]
    assert bodies(office.engine) == before


@pytest.mark.postgres
def test_a_command_that_is_not_carried_out_leaves_nothing_and_stands_in_no_others_way(
    office: Office,
) -> None:
    office.enrol("two")
    first, second, third = walk(office)
    commands = [
        first,
        replace(second, evidence=(), command_id="without"),
        replace(second, school="nowhere", command_id="nowhere"),
        replace(second, transition="teleport", command_id="teleport"),
        replace(second, effective_on="1.2.2022", command_id="day"),
        replace(second, evidence=[EvidenceFile("questionnaire_completion", "none.pdf")]),
        replace(second, facts={"mood": 1}, command_id="mood"),
        replace(second, actor=actor("nobody"), command_id="nobody"),
        replace(second, expected_version=1, command_id="version"),
        replace(second, command_id=first.command_id),
        *walk(office, "two"),
        second,
        third,
    ]

    outcomes = run(office, commands)

    assert kinds(outcomes) == [
        "recorded", "refused", "not_found", "not_found", "invalid", "invalid", "invalid",
        "not_found", "conflict", "conflict", *["recorded"] * 5,
    ]  # fmt: skip
    assert all((one.receipt is None) == (one.error is not None) for one in outcomes)
    assert refused(office.engine) == ["without"]
    assert office.state(SCHOOL) == office.state("two") == "curator_visit"
    assert verify(office.engine).findings == ()


def test_an_error_of_a_batch_is_the_one_that_the_command_alone_would_raise(office: Office) -> None:
    first, second, _ = walk(office)
    office.engine.advance(SCHOOL, first.transition, actor=first.actor)
    wrong = [
        replace(second, evidence=()),
        replace(second, school="nowhere"),
        replace(second, evidence=[Evidence("order")]),
        replace(second, expected_version=1),
        replace(second, actor=actor("nobody")),
        replace(second, actor=replace(second.actor, authentication="token:none")),
    ]

    for one, outcome in zip(wrong, run(office, wrong), strict=True):
        with pytest.raises(LifecycleError) as alone:
            office.engine.advance(
                one.school,
                one.transition,
                actor=one.actor,
                evidence=one.evidence,
                command_id=one.command_id,
                expected_version=one.expected_version,
            )
        assert type(outcome.error) is type(alone.value)
        assert str(outcome.error) == str(alone.value)


@pytest.mark.parametrize("dry_run", [False, True])
def test_it_can_end_with_the_first_command_that_is_not_carried_out(
    office: Office, dry_run: bool
) -> None:
    first, second, third = walk(office)
    wrong = replace(second, evidence=(), command_id="wrong")

    outcomes = run(office, [first, wrong, second, third], stop_on_refusal=True, dry_run=dry_run)

    assert kinds(outcomes) == ["recorded", "refused"]
    assert office.state(SCHOOL) == ("selected" if dry_run else "questionnaire")


def test_what_is_told_of_is_durable_and_commands_are_taken_as_they_are_needed(
    office: Office,
) -> None:
    first, second, third = walk(office)
    taken: list[int] = []

    def endless() -> Iterator[AdvanceCommand]:
        for number in count():
            taken.append(number)
            yield (
                (first, second, third)[number]
                if number < 3
                else replace(third, command_id=f"more-{number}")
            )

    outcomes = office.engine.advance_many(endless(), per_transaction=2)
    assert taken == []
    told = next(outcomes)

    assert (told.kind, taken) == ("recorded", [0, 1])
    assert office.state(SCHOOL) == "risk_profile"
    assert [next(outcomes).kind for _ in range(2)] == ["recorded"] * 2
    assert len(taken) == 4


def test_a_transaction_takes_at_least_one_command(office: Office) -> None:
    with pytest.raises(ValueError, match="at least one"):
        office.engine.advance_many(walk(office), per_transaction=0)


# -- dry runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_transaction", [1, 500])
def test_a_dry_run_decides_each_command_after_those_before_it_and_writes_nothing(
    office: Office, tmp_path: Path, per_transaction: int
) -> None:
    first, second, third = walk(office)
    paper = tmp_path / "paper.txt"
    paper.write_text("paper")
    second = replace(second, evidence=[EvidenceFile("questionnaire_completion", paper)])
    wrong = replace(third, transition="teleport", command_id="wrong")
    other = replace(third, command_id="c", reason="mood")
    commands = [third, first, second, first, replace(third, command_id=first.command_id), wrong,
                replace(third, command_id="other"), other]  # fmt: skip
    before, kept = bodies(office.engine), refused(office.engine)

    rehearsed = run(office, commands, dry_run=True, per_transaction=per_transaction)

    assert bodies(office.engine) == before
    assert refused(office.engine) == kept
    assert not list((tmp_path / "evidence").rglob("*"))
    assert kinds(rehearsed) == [
        "refused", "recorded", "recorded", "unchanged", "conflict", "not_found", "recorded",
        "refused",
    ]  # fmt: skip
    assert all(one.receipt.dry_run for one in rehearsed if one.receipt)
    real = run(office, commands, per_transaction=per_transaction)
    assert kinds(real) == kinds(rehearsed)
    assert [one.receipt and one.receipt.version for one in real] == [
        one.receipt and one.receipt.version for one in rehearsed
    ]


def test_a_dry_run_gives_up_what_it_foresaw_when_somebody_else_moves_the_school(
    office: Office,
) -> None:
    first, second, third = walk(office)
    again = replace(first, command_id=first.command_id, effective_on="2022-02-28")
    outcomes = office.engine.advance_many([first, second, again, third], dry_run=True,
                                          per_transaction=1)  # fmt: skip

    assert next(outcomes).kind == "recorded"
    office.make(SCHOOL, "withdraw")

    assert [one.kind for one in outcomes] == ["refused", "refused", "refused"]


def test_a_dry_run_finds_what_was_recorded_before(office: Office) -> None:
    first, second, _ = walk(office)
    run(office, [first])

    rehearsed = run(office, [first, second], dry_run=True)

    assert kinds(rehearsed) == ["unchanged", "recorded"]


# -- what decisions look at -----------------------------------------------------------------------


@pytest.mark.postgres
def test_a_role_that_is_taken_between_two_transactions_counts_no_longer(office: Office) -> None:
    first, second, third = walk(office)
    outcomes = office.engine.advance_many([first, second, third], per_transaction=1)

    assert [next(outcomes).kind for _ in range(2)] == ["recorded"] * 2
    office.engine.revoke(third.actor.id, "school_coordinator", actor=ADMIN, school=SCHOOL)

    (last,) = outcomes
    assert last.kind == "refused"
    assert verify(office.engine).findings == ()


def test_a_token_that_is_revoked_between_two_transactions_is_good_no_longer(
    office: Office,
) -> None:
    first, second, third = walk(office)
    issued = office.engine.credentials.issue_token(second.actor.id, actor=ADMIN)
    shown = office.engine.authenticate(issued.token)
    commands = [first, *(replace(one, actor=shown) for one in (second, third))]
    outcomes = office.engine.advance_many(commands, per_transaction=1)

    assert [next(outcomes).kind for _ in range(2)] == ["recorded"] * 2
    office.engine.credentials.revoke(issued.credential, actor=ADMIN)

    (last,) = outcomes
    assert last.kind == "refused"
    assert verify(office.engine).findings == ()


def test_somebody_who_is_registered_between_two_transactions_is_known(office: Office) -> None:
    first, second, _ = walk(office)
    newcomer = actor("newcomer")
    commands = [replace(one, actor=newcomer) for one in (first, second)]
    outcomes = office.engine.advance_many(commands, per_transaction=1)

    assert next(outcomes).kind == "not_found"
    office.engine.add_actor("newcomer", actor=ADMIN)
    office.engine.assign("newcomer", "school_coordinator", actor=ADMIN, school=SCHOOL)

    (last,) = outcomes
    assert last.error is not None
    assert last.kind == "refused"


def test_more_schools_than_are_kept_in_mind_are_read_again(office: Office) -> None:
    office.enrol("two")
    with office.engine.context.journal.reading() as view:
        known, read = Known(view, Memory(most=1)), list[str]()

        def records(stream: str) -> list[Record]:
            read.append(stream)
            return view.records(stream)

        def stands(school: str) -> str:
            head = view.head(f"participation/{school}")
            found = known.participation(head, lambda: records(head.stream))
            assert found is not None
            return found.school

        asked_for = [SCHOOL, SCHOOL, "two", "two", SCHOOL]
        assert [stands(one) for one in asked_for] == asked_for

    assert read == [f"participation/{one}" for one in (SCHOOL, "two", SCHOOL)]


@pytest.mark.postgres
def test_a_personal_file_is_kept_encrypted_by_a_batch_too(office: Office, tmp_path: Path) -> None:
    commands = walk(office)
    run(office, commands)
    note = tmp_path / "note.txt"
    note.write_text("Петров, 7 класс")
    visit = asked(office, "record_visit", evidence=[EvidenceFile("visit_note", note)],
                  comment="Петров", facts={"verified_risks": ["low_equipment"],
                                           "activated_risks": ["low_equipment"]})  # fmt: skip

    (outcome,) = run(office, [visit])

    assert outcome.kind == "recorded", outcome.error
    assert outcome.receipt is not None
    (piece,) = outcome.receipt.record.evidence
    assert piece.content is not None
    stored = next((tmp_path / "evidence").rglob(str(piece.sha256))).read_bytes()
    assert note.read_bytes() not in stored
    assert "Петров".encode() not in b"".join(bodies(office.engine))
    assert verify(office.engine).findings == ()


# -- what the database has the last word on -------------------------------------------------------


@pytest.mark.postgres
def test_a_record_that_cannot_be_kept_undoes_nobody_elses(office: Office) -> None:
    office.enrol("two")
    links = [
        Evidence("order", form="link", url=f"https://school.example/{number}/{'x' * 1900}")
        for number in range(100)
    ]
    first, second, third = walk(office)
    withdraw = asked(office, "withdraw", "two", evidence=links)
    commands = [first, second, withdraw, third, *walk(office, "two")]

    outcomes = run(office, commands)

    assert kinds(outcomes) == [*["recorded"] * 2, "invalid", *["recorded"] * 4]
    assert "65535 are allowed" in str(outcomes[2].error)
    assert verify(office.engine).findings == ()


@pytest.mark.postgres
def test_a_text_that_the_database_cannot_keep_spoils_nobody_elses(office: Office) -> None:
    first, second, third = walk(office)
    wrong = [
        replace(second, school="no\x00where", command_id="nul"),
        replace(second, school="no\ud800where", command_id="half"),
        replace(second, comment="no\x00where", command_id="comment"),
    ]

    outcomes = run(office, [first, *wrong, second, third])

    assert kinds(outcomes)[0] == "recorded"
    assert "recorded" not in kinds(outcomes)[1:3]
    assert kinds(outcomes)[-1] == "recorded"
    assert office.state(SCHOOL) == "curator_visit"
    assert verify(office.engine).findings == ()


class SlowFolder(EvidenceFolder):
    """A folder on a slow disk."""

    def put(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        time.sleep(0.6)
        return super().put(path, secret)


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_looked_for_after_a_batch_as_before_it(office: Office, collects: bool) -> None:
    first, second, _ = walk(office)
    broken = Lifecycle(replace(office.engine.context, new_id=lambda: str(1 // 0)))
    if not collects:
        gc.disable()
    try:
        assert kinds(run(office, [first])) == ["recorded"]
        assert gc.isenabled() is collects
        with pytest.raises(ZeroDivisionError):
            list(broken.advance_many([second]))
        assert gc.isenabled() is collects
    finally:
        gc.enable()


def test_a_transaction_that_takes_long_is_ended_early_so_that_others_get_their_turn(
    office: Office, tmp_path: Path
) -> None:
    paper = tmp_path / "paper.txt"
    paper.write_text("paper")
    evidence = SlowFolder(tmp_path / "evidence")
    evidence.make()
    context = replace(office.engine.context, evidence=evidence)
    schools = ("two", "three", "four")
    for school in schools:
        office.enrol(school)
    commands = [
        asked(office, "withdraw", school, evidence=[EvidenceFile("order", paper)])
        for school in schools
    ]

    outcomes = Lifecycle(context).advance_many(commands)

    assert next(outcomes).kind == "recorded"
    assert [office.state(school) for school in schools] == ["withdrawn", "withdrawn", "selected"]
    assert [one.kind for one in outcomes] == ["recorded"] * 2
