"""Schools enrolled: by whom, from which day, under which road map."""

import pytest

from lifecycle import (
    EnrolmentRefused,
    InvalidInput,
    NotFound,
)
from lifecycle.domain.errors import (
    InvalidDate,
    UnknownRoadmap,
)
from lifecycle.domain.record import Record
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import (
    ROADMAP,
    Office,
    SetClock,
)
from tests.service.refusing import codes


@pytest.mark.parametrize("role", ["municipal_coordinator", "regional_coordinator"])
def test_coordinators_of_the_road_map_enrol_schools(office: Office, role: str) -> None:
    receipt = office.enrol("ilyinskoye", actor=office.people[role, None])

    assert receipt.record.actor.role == role
    assert receipt.state == "selected"


def test_a_coordinator_of_another_road_map_does_not(office: Office, catalogue: Catalogue) -> None:
    neighbour = Office(office.engine, catalogue.compiled("belgorod-2021")).opened()

    with pytest.raises(EnrolmentRefused) as refused:
        office.enrol("ilyinskoye", actor=neighbour.people["municipal_coordinator", None])

    assert codes(refused) == ["role_missing"]
    assert str(refused.value).endswith("cannot enrol ilyinskoye under tomari-2022")


def test_a_coordinator_of_one_school_does_not(office: Office) -> None:
    person = office.assign("municipal_coordinator", "krasnogorsk", "mayor")

    with pytest.raises(EnrolmentRefused):
        office.enrol("ilyinskoye", actor=person)


def test_a_school_takes_part_from_the_first_day_of_the_road_map(office: Office) -> None:
    first = office.engine.history("krasnogorsk")[0]

    assert first.effective_on.isoformat() == "2022-01-17"


@pytest.mark.parametrize("title", ["", "  ", "x" * 301, "a\x00b", "\ud800"])
def test_a_school_has_a_title_that_can_be_read(office: Office, title: str) -> None:
    with pytest.raises(InvalidInput, match="title"):
        office.enrol("ilyinskoye", title=title)


@pytest.mark.parametrize("title", ["СОШ, тел. 8 (999) 111-22-33", "СОШ school@example.org"])
def test_a_title_tells_nobodys_address(office: Office, title: str) -> None:
    with pytest.raises(InvalidInput, match="an e-mail address, or the number"):
        office.enrol("ilyinskoye", title=title)


def test_the_title_is_kept_with_single_spaces(office: Office) -> None:
    receipt = office.enrol("ilyinskoye", title=" МБОУ \n СОШ ")

    assert receipt.record.facts == {
        "school": "ilyinskoye",
        "roadmap": ROADMAP,
        "title": "МБОУ СОШ",
    }


@pytest.mark.parametrize("day", ["17.01.2022", "20220117", "2022-02-30"])
def test_a_date_is_written_as_iso_says(office: Office, day: str) -> None:
    with pytest.raises(InvalidDate, match=day):
        office.enrol("ilyinskoye", effective_on=day)


def test_a_moment_is_no_date(office: Office, clock: SetClock) -> None:
    with pytest.raises(InvalidDate):
        office.enrol("ilyinskoye", effective_on=clock.now())


def test_a_road_map_that_nobody_wrote_is_not_put_in_force(office: Office) -> None:
    with pytest.raises(UnknownRoadmap) as unknown:
        office.enrol("ilyinskoye", roadmap="tomari-2023")

    assert isinstance(unknown.value, NotFound)
    assert str(unknown.value.remedy) == "did you mean tomari-2022?"


def test_every_record_follows_the_one_before_it(office: Office) -> None:
    streams: list[list[Record]] = [
        office.engine.administration(),
        office.engine.administration(ROADMAP),
        office.engine.history("krasnogorsk"),
    ]

    for records in streams:
        assert [one.sequence for one in records] == list(range(1, len(records) + 1))
        assert [one.previous for one in records[1:]] == [one.hash for one in records[:-1]]
