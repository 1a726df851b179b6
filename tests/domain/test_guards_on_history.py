"""Requirements that look at what was done before, and guards that the host wrote."""

import pytest

from lifecycle.domain.definition import (
    AnswersSubmission,
    DifferentPerson,
    Registered,
)
from lifecycle.domain.guards import Attempt, Unmet
from lifecycle.domain.messages import Message
from tests.domain.small import (
    participation,
    told,
    unmet,
)

JUDGES = ("judge", "chair")

WRITTEN = AnswersSubmission("write")


@pytest.mark.parametrize(
    ("moves", "waiting"),
    [
        ([], False),
        ([("write", "ann")], True),
        ([("write", "ann"), ("write", "ann")], True),
        ([("write", "ann"), ("decline", "joe")], False),
        ([("write", "ann"), ("decline", "joe"), ("write", "ann")], True),
        ([("decline", "joe")], False),
        ([("write", "ann"), ("gossip", "ann")], True),
    ],
)
def test_only_what_was_submitted_and_not_answered_is_answered(
    moves: list[tuple[str, str]], waiting: bool
) -> None:
    found = unmet(WRITTEN, participation=participation(*moves))

    assert [one.code for one in found] == ([] if waiting else ["nothing_submitted"])


def test_who_can_submit_is_told() -> None:
    (one,) = unmet(WRITTEN)

    assert told([one]) == [("nothing_submitted", {"submission": "write"})]
    assert (one.who, one.actors) == (("writer",), ("ann",))


def test_what_was_submitted_in_an_earlier_state_is_not_answered() -> None:
    before = participation(("write", "ann"), entered=2)

    assert [one.code for one in unmet(WRITTEN, participation=before)] == ["nothing_submitted"]


def test_four_eyes_whoever_submitted_does_not_answer() -> None:
    made = participation(("gossip", "joe"), ("write", "joe"), ("write", "ann"), ("write", "joe"))

    (one,) = unmet(DifferentPerson(("write",)), participation=made)

    assert told([one]) == [("same_person", {"actor": "joe", "transition": "write", "sequence": 3})]
    assert (one.who, one.actors) == (JUDGES, ("sue",))


def test_four_eyes_look_back_beyond_the_current_state() -> None:
    made = participation(("write", "joe"), entered=2)

    assert [one.code for one in unmet(DifferentPerson(("write",)), participation=made)] == [
        "same_person"
    ]


@pytest.mark.parametrize("actor", ["sue", None])
def test_four_eyes_another_person_may_answer(actor: str | None) -> None:
    made = participation(("write", "joe"))

    codes = [
        one.code for one in unmet(DifferentPerson(("write",)), participation=made, actor=actor)
    ]

    assert "same_person" not in codes


# -- guards in Python -----------------------------------------------------------------------------


def test_a_registered_guard_sees_the_attempt_and_gives_its_reasons() -> None:
    seen: list[Attempt] = []

    def broke(attempt: Attempt) -> list[Unmet]:
        seen.append(attempt)
        return [Unmet("no_money", Message("no money left"), ("chair",))]

    (one,) = unmet(Registered("money"), guards={"money": broke})

    assert (one.code, one.who) == ("no_money", ("chair",))
    assert seen[0].participation.school == "s-1"
    assert unmet(Registered("money"), guards={"money": lambda attempt: ()}) == []


def test_a_guard_that_the_host_does_not_know_lets_nobody_through() -> None:
    (one,) = unmet(Registered("money"), guards={"weather": lambda attempt: ()})

    assert told([one]) == [("guard_missing", {"name": "money"})]


# -- all at once ----------------------------------------------------------------------------------
