"""Erasure: who may order it, on which grounds, and what one covers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lifecycle.domain.commitment import Opened, commit
from lifecycle.domain.decision import Accepted, Refusal, Stamp
from lifecycle.domain.erasure import (
    GROUND,
    GROUNDS,
    Erasures,
    decide_erase,
    opened_in,
    place_from,
    place_of,
)
from lifecycle.domain.errors_people import InvalidErasure
from lifecycle.domain.model import ADMINISTRATOR, INSTALLATION, Assignment
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.requests import ErasePerson
from tests.domain.small import access
from tests.factories import START, actor
from tests.storage.samples import record_after

HEAD = empty_head("origin", INSTALLATION)
SCHOOL = empty_head("origin", "participation/s")
ADMINISTRATORS = access(Assignment("r", INSTALLATION, "admin", ADMINISTRATOR, 1))
STAMP = Stamp("record", START, START.date())


def request(**members: Any) -> ErasePerson:
    values = {"ground": "consent_withdrawn", "act": "12/2026", "erased": "coordinator"}
    return ErasePerson(**{"actor": actor("admin"), "command_id": "1", **values, **members})


def erased(seconds: int, **members: Any) -> Record:
    stamp = Stamp("record", START + timedelta(seconds=seconds), START.date())
    decision = decide_erase(ADMINISTRATORS, request(**members), stamp, HEAD)
    assert isinstance(decision, Accepted)
    return decision.record


def written(seconds: int, **members: Any) -> Record:
    """Return a record of «coordinator»."""
    return record_after(SCHOOL, recorded_at=START + timedelta(seconds=seconds), **members)


def test_an_erasure_names_person_ground_act_and_records() -> None:
    asked = request(records=("participation/b#2", "participation/a#1"))
    record = erased(1, records=asked.records)

    assert record.kind == "person_erased"
    assert record.facts == {
        "actor": "coordinator",
        "ground": "consent_withdrawn",
        "act": "12/2026",
        "records": ["participation/b#2", "participation/a#1"],
    }
    assert record.requirements == ("role", "date", "authentication")
    assert record.request == asked.digest
    assert Record.decode(record.body) == record


def test_only_administrators_erase() -> None:
    decision = decide_erase(access(), request(), STAMP, HEAD)

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.unmet] == ["role_missing"]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"ground": "because"}, "consent_withdrawn, purpose_reached"),
        ({"act": ""}, "without spaces"),
        ({"act": "Иванов И. И."}, "without spaces"),
        ({"act": "1" * 41}, "without spaces"),
        ({"records": ("a#1", "a#1")}, "each record once"),
        ({"records": tuple(f"a#{n}" for n in range(1, 302))}, "300 at most"),
    ],
)
def test_an_erasure_without_sound_ground_act_and_records_is_invalid(
    members: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidErasure, match=said):
        decide_erase(ADMINISTRATORS, request(**members), STAMP, HEAD)


def test_the_most_records_fit_into_one_body() -> None:
    longest = "participation/" + "x" * 64
    record = erased(1, records=tuple(f"{longest}#{n}" for n in range(10_000, 10_300)))

    assert len(record.body) < 64 * 1024


def test_every_ground_has_its_article_and_both_titles() -> None:
    assert len(GROUND) == len(GROUNDS) == 5
    for one in GROUNDS:
        assert one.source.startswith("152-ФЗ, ст. ")
        assert one.title.ru != one.title.en


def test_an_erasure_covers_what_its_person_recorded_until_then() -> None:
    erasures = Erasures([written(3), erased(5), erased(9)])

    assert len(erasures.all) == 2
    covering = [erasures.covering(written(second)) for second in (4, 5, 6, 9, 10)]
    assert [one and one.recorded_at.second for one in covering] == [5, 5, 9, 9, None]


def test_an_erasure_covers_the_records_that_it_names_if_they_were_there() -> None:
    erasures = Erasures([erased(5, erased="somebody", records=("participation/s#1",))])

    assert erasures.covering(written(4)) is not None
    assert erasures.covering(written(6)) is None
    assert erasures.naming(written(6)) == []
    assert erasures.covering(written(4, sequence=2)) is None


def test_people_see_the_value_or_that_it_was_erased_or_that_it_is_missing() -> None:
    opening = commit("comment", "Справка", bytes(32))
    other = commit("evidence.name", "Справка", bytes(32))
    record = written(4, comment=opening.commitment)
    kept, lost = {opening.commitment: opening}, dict[str, Any]()
    swapped = {opening.commitment: other}

    def seen(openings: dict[str, Any], erasures: Erasures) -> Opened:
        ((_, found),) = opened_in(record, openings, erasures)
        return found

    assert seen(kept, Erasures()) == Opened("opened", "Справка")
    assert seen(lost, Erasures()) == Opened("missing")
    assert seen(lost, Erasures([erased(5)])) == Opened("erased", None, "installation#1")
    assert seen(swapped, Erasures([erased(5)])) == Opened("missing")


@pytest.mark.parametrize("text", ["", "a", "a#", "#1", "a#0", "a#x", "a#-1", "a#1234567890123456"])
def test_what_is_no_place_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="no stream#sequence"):
        place_from(text)


def test_a_place_is_read_as_it_is_written() -> None:
    assert place_from(place_of(written(1))) == ("participation/s", 1)
