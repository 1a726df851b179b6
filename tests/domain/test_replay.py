"""Replay: what records amount to, at any moment by what was known or by what was true."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lifecycle.domain.errors import HistoryBroken
from lifecycle.domain.model import Assignment, DefinitionRef
from lifecycle.domain.record import ActedAs, Kind, Record, genesis_hash
from lifecycle.domain.replay import Move, after, as_of, counts_from, fold, known_at, true_on
from tests.domain.small import NOON, SCHOOL, link
from tests.factories import held_after

RULES = DefinitionRef("small/map", "1/1", "d" * 64)
JAN, FEB, MAR, APR = (date(2022, month, 1) for month in (1, 2, 3, 4))


def record(sequence: int, kind: Kind, effective_on: date = JAN, **members: object) -> Record:
    """Return a record of the school, written down *sequence* hours after noon."""
    first = Record(
        origin="origin",
        stream=SCHOOL,
        sequence=sequence,
        previous=genesis_hash("origin", SCHOOL),
        record_id=f"record-{sequence}",
        command_id=f"command-{sequence}",
        request="",
        kind=kind,
        actor=ActedAs("joe", "judge", "given", "host:test"),
        recorded_at=NOON + timedelta(hours=sequence),
        effective_on=effective_on,
    )
    return replace(first, **members)  # type: ignore[arg-type] # members by name


ENROLLED = record(
    1,
    "enrolled",
    target="drafting",
    definition=RULES,
    facts={"school": "s-1", "roadmap": "map", "title": "School"},
)


def advanced(sequence: int, source: str, target: str, on: date = JAN, **members: object) -> Record:
    return record(
        sequence, "advanced", on, transition="go", source=source, target=target, **members
    )


def assigned(sequence: int, actor: str, on: date = JAN) -> Record:
    return record(sequence, "role_assigned", on, facts={"actor": actor, "role": "judge"})


def revoked(sequence: int, of: int, on: date = JAN) -> Record:
    facts = {"actor": "x", "role": "judge", "assignment": f"record-{of}"}
    return record(sequence, "role_revoked", on, facts=facts)


def test_no_record_is_no_participation() -> None:
    assert fold([]) is None


def test_an_enrolment_begins_a_participation() -> None:
    school = fold([ENROLLED])

    assert school is not None
    assert (school.school, school.roadmap, school.title) == ("s-1", "map", "School")
    assert (school.state, school.version, school.definition) == ("drafting", 1, RULES)
    assert (school.entered_at, school.entered_on) == (ENROLLED.recorded_at, JAN)


def test_a_move_leads_on_and_brings_facts_and_evidence() -> None:
    piece = link("note")
    first = advanced(2, "drafting", "done", FEB, facts={"a": 1, "b": 1}, evidence=(piece,))

    school = fold([ENROLLED, first, advanced(3, "done", "drafting", MAR, facts={"b": 2})])

    assert school is not None
    assert (school.state, school.version) == ("drafting", 3)
    assert school.facts == {"a": 1, "b": 2}
    assert [(one.evidence, one.transition, one.sequence) for one in school.evidence] == [
        (piece, "go", 2)
    ]
    assert (school.entered_on, school.entered_sequence) == (MAR, 3)
    assert school.moves[0] == Move("go", "joe", "drafting", 2, FEB)
    assert school.moves_here == ()


def test_a_move_that_stays_does_not_enter_the_state_again() -> None:
    school = fold([ENROLLED, advanced(2, "drafting", "drafting", FEB)])

    assert school is not None
    assert (school.entered_at, school.entered_on) == (ENROLLED.recorded_at, JAN)
    assert [move.sequence for move in school.moves_here] == [2]


def test_roles_on_the_school_come_and_go() -> None:
    history = [ENROLLED, assigned(2, "ann"), assigned(3, "joe"), revoked(4, of=2)]

    school = fold(history)

    assert school is not None
    assert school.assignments == (Assignment("record-3", SCHOOL, "joe", "judge", 3),)
    assert school.assignments == held_after(history)
    assert school.version == 4


@pytest.mark.parametrize(
    "first",
    [
        advanced(1, "drafting", "done"),
        assigned(1, "ann"),
        replace(ENROLLED, definition=None),
        replace(ENROLLED, target=None),
    ],
)
def test_a_school_begins_with_an_enrolment(first: Record) -> None:
    with pytest.raises(ValueError, match="does not begin with an enrolment"):
        after(None, first)
    with pytest.raises(HistoryBroken, match=f"record {first.sequence} of {first.stream} does not"):
        fold([first])


@pytest.mark.parametrize("kind", ["enrolled", "installed", "actor_added", "roadmap_adopted"])
def test_other_records_have_no_place_in_a_school(kind: Kind) -> None:
    school = fold([ENROLLED])

    with pytest.raises(ValueError, match=f"a {kind} record has no place"):
        after(school, replace(ENROLLED, sequence=2, kind=kind))


@pytest.mark.parametrize(
    "wrong",
    [
        advanced(2, "done", "drafting"),
        replace(advanced(2, "drafting", "done"), target=None),
        replace(advanced(2, "drafting", "done"), transition=None),
    ],
)
def test_a_move_leaves_the_state_that_the_school_is_in(wrong: Record) -> None:
    with pytest.raises(ValueError, match="but the school was in drafting"):
        after(after(None, ENROLLED), wrong)
    with pytest.raises(HistoryBroken, match="record 2 of"):
        fold([ENROLLED, wrong])


# -- at a moment ----------------------------------------------------------------------------------

HISTORY = [
    ENROLLED,
    assigned(2, "ann", FEB),
    advanced(3, "drafting", "review", MAR),
    advanced(4, "review", "done", FEB),
    revoked(5, of=2, on=APR),
]


@pytest.mark.parametrize(
    ("moment", "known"),
    [
        (NOON, []),
        (NOON + timedelta(hours=1), [1]),
        (NOON + timedelta(hours=3, minutes=59), [1, 2, 3]),
        (NOON + timedelta(days=9), [1, 2, 3, 4, 5]),
    ],
)
def test_what_was_known_is_what_had_been_written_down(moment: datetime, known: list[int]) -> None:
    assert [one.sequence for one in known_at(HISTORY, moment)] == known


@pytest.mark.parametrize(
    ("day", "true"),
    [
        (JAN - timedelta(days=1), []),
        (JAN, [1]),
        (FEB, [1, 2]),
        # The move out of review bears an earlier date than the one into it.
        (MAR - timedelta(days=1), [1, 2]),
        (MAR, [1, 2, 3, 4]),
        (APR, [1, 2, 3, 4, 5]),
    ],
)
def test_what_was_true_is_what_had_happened(day: date, true: list[int]) -> None:
    assert [one.sequence for one in true_on(HISTORY, day)] == true


def test_a_school_took_part_since_its_first_act_when_it_was_enrolled_later() -> None:
    late = replace(ENROLLED, effective_on=APR)
    history = [late, advanced(2, "drafting", "review", FEB), advanced(3, "review", "done", MAR)]

    assert true_on(history, JAN) == []
    assert [one.sequence for one in true_on(history, FEB)] == [1, 2]
    assert [one.sequence for one in true_on(history, MAR)] == [1, 2, 3]


def test_only_the_first_act_tells_when_a_school_began() -> None:
    late = replace(ENROLLED, effective_on=APR)
    history = [late, advanced(2, "drafting", "review", FEB), advanced(3, "review", "done", JAN)]

    assert true_on(history, JAN) == []
    assert [one.sequence for one in true_on(history, FEB)] == [1, 2, 3]


def test_a_revocation_that_bears_an_earlier_date_than_the_assignment_does_no_harm() -> None:
    history = [ENROLLED, assigned(2, "ann", MAR), revoked(3, of=2, on=FEB)]

    school = fold(true_on(history, FEB))

    assert school is not None
    assert school.assignments == ()


def test_of_no_records_nothing_was_true() -> None:
    assert true_on([], APR) == []


def test_every_record_counts_from_its_date_but_not_before_what_it_followed() -> None:
    late = replace(ENROLLED, effective_on=APR)
    history = [
        late,
        assigned(2, "ann", JAN),
        advanced(3, "drafting", "review", FEB),
        advanced(4, "review", "done", JAN),
        assigned(5, "bob", MAR),
    ]

    assert counts_from(history) == [FEB, FEB, FEB, FEB, MAR]


def test_what_was_known_and_what_was_true_are_asked_for_together() -> None:
    history = [ENROLLED, advanced(2, "drafting", "review", FEB), advanced(3, "review", "done", MAR)]
    second = history[1].recorded_at

    assert as_of(history, None, None) == history
    assert as_of(history, second, None) == history[:2]
    assert as_of(history, None, MAR) == history
    assert as_of(history, second, MAR) == history[:2]
    assert as_of(history, second, JAN) == history[:1]
