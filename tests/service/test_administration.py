"""Actors, roles and road maps put in force: every one a record, and who may make it."""

from dataclasses import replace
from typing import Any

import pytest

from lifecycle import (
    AdministrationRefused,
    AlreadyExists,
    EnrolmentRefused,
    InvalidInput,
    Lifecycle,
    verify,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    DatabaseExists,
    InvalidDate,
    InvalidIdentifier,
    InvalidScope,
    UnknownActor,
    UnknownAssignment,
    UnknownRoadmap,
    UnknownRole,
    UnknownSchool,
)
from lifecycle.storage.memory import MemoryJournal
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import (
    ADMIN,
    ROADMAP,
    Ids,
    Office,
    actor,
    engine_on,
    memory_engine,
)
from tests.service.refusing import codes


def kinds(engine: Lifecycle, roadmap: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    return [(one.kind, dict(one.facts or {})) for one in engine.administration(roadmap)]


# -- the founding ---------------------------------------------------------------------------------


def test_a_history_begins_with_its_first_administrator(engine: Lifecycle) -> None:
    assert kinds(engine) == [
        ("installed", {"maximum_merge_delay": "60"}),
        ("actor_added", {"actor": "admin"}),
        ("role_assigned", {"actor": "admin", "role": "administrator"}),
    ]
    assert [one.actor.assignment for one in engine.administration()] == [None] * 3
    assert verify(engine).ok


def test_a_history_is_founded_once(engine: Lifecycle) -> None:
    with pytest.raises(DatabaseExists):
        engine.found(actor=actor("usurper"))


def test_a_founder_has_an_id_that_is_one(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidIdentifier):
        memory_engine(catalogue).found(actor=actor("Иванов И. И."))


# -- actors ---------------------------------------------------------------------------------------


def test_an_administrator_registers_actors(engine: Lifecycle) -> None:
    engine.add_actor("ana", actor=ADMIN)

    record = engine.administration()[-1]
    assert (record.kind, record.facts) == ("actor_added", {"actor": "ana"})
    assert record.actor.role == "administrator"
    assert record.actor.assignment == engine.administration()[2].record_id


def test_nobody_else_does(engine: Lifecycle) -> None:
    engine.add_actor("ana", actor=ADMIN)

    with pytest.raises(AdministrationRefused) as refused:
        engine.add_actor("bob", actor=actor("ana"))

    assert codes(refused) == ["role_missing"]
    assert refused.value.unmet[0].who == ("administrator",)
    assert refused.value.unmet[0].actors == ("admin",)


def test_an_actor_is_registered_once(engine: Lifecycle) -> None:
    engine.add_actor("ana", actor=ADMIN)

    with pytest.raises(AlreadyExists, match="actor exists already: ana"):
        engine.add_actor("ana", actor=ADMIN)


def test_a_name_is_no_id(engine: Lifecycle) -> None:
    with pytest.raises(InvalidIdentifier):
        engine.add_actor("Ана", actor=ADMIN)


def test_the_name_of_an_actor_stays_outside_the_history(catalogue: Catalogue) -> None:
    engine = memory_engine(catalogue)
    journal = engine.context.journal
    assert isinstance(journal, MemoryJournal)

    engine.add_actor("ana", actor=ADMIN, name="Анна", command_id="c-1")
    engine.add_actor("ana", actor=ADMIN, name="Мария", command_id="c-1")

    assert journal.names == {"ana": "Анна"}
    assert all("Анна".encode() not in one.body for one in engine.administration())


# -- roles ----------------------------------------------------------------------------------------


def test_a_role_is_given_on_a_school_or_on_a_road_map(office: Office) -> None:
    office.engine.add_actor("ana", actor=ADMIN)

    on_school = office.engine.assign("ana", "expert", school="krasnogorsk", actor=ADMIN).record
    on_map = office.engine.assign("ana", "expert", roadmap=ROADMAP, actor=ADMIN).record

    assert on_school.stream == "participation/krasnogorsk"
    assert on_map.stream == f"roadmap/{ROADMAP}"
    for record in (on_school, on_map):
        assert record.facts == {"actor": "ana", "role": "expert"}
        assert set(record.consulted or {}) == {"installation"}


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"role": "curator", "roadmap": ROADMAP}, InvalidScope),
        ({"role": "regional_coordinator", "school": "krasnogorsk"}, InvalidScope),
        ({"role": "administrator", "roadmap": ROADMAP}, InvalidScope),
        ({"role": "curator"}, UnknownRole),
        ({"role": "expret", "school": "krasnogorsk"}, UnknownRole),
        ({"role": "expert", "school": "nowhere"}, UnknownSchool),
        ({"role": "expert", "school": ""}, UnknownSchool),
        ({"role": "expert", "roadmap": "tomari-2023"}, UnknownRoadmap),
        ({"role": "expert", "roadmap": ""}, UnknownRoadmap),
        ({"role": "expert", "roadmap": ROADMAP, "school": "krasnogorsk"}, InvalidInput),
        ({"role": "expert", "roadmap": ROADMAP, "assignee": "aan"}, UnknownActor),
        ({"role": "expert", "roadmap": ROADMAP, "effective_on": "soon"}, InvalidDate),
    ],
)
def test_a_role_that_cannot_be_given_so_is_not_given(
    office: Office, wanted: dict[str, Any], error: type[Exception]
) -> None:
    office.engine.add_actor("ana", actor=ADMIN)

    with pytest.raises(error):
        office.engine.assign(**{"assignee": "ana", "actor": ADMIN, **wanted})

    assert verify(office.engine).ok


def test_a_role_is_given_once_in_one_place(office: Office) -> None:
    person = office.people["expert", None]

    with pytest.raises(AlreadyExists, match="expert"):
        office.engine.assign(person.id, "expert", roadmap=ROADMAP, actor=ADMIN)


def test_a_role_that_was_taken_may_be_given_again(office: Office) -> None:
    person = office.people["expert", None]
    office.engine.revoke(person.id, "expert", roadmap=ROADMAP, actor=ADMIN)

    office.engine.assign(person.id, "expert", roadmap=ROADMAP, actor=ADMIN)

    assert verify(office.engine).ok


def test_roles_are_given_and_taken_by_administrators_only(office: Office) -> None:
    person = office.people["municipal_coordinator", None]

    with pytest.raises(AdministrationRefused) as giving:
        office.engine.assign(
            person.id, "expert", school="krasnogorsk", actor=person, effective_on="2022-12-31"
        )
    with pytest.raises(AdministrationRefused) as taking:
        office.engine.revoke(person.id, "municipal_coordinator", roadmap=ROADMAP, actor=person)

    assert codes(giving) == ["role_missing", "date_in_future"]
    assert codes(taking) == ["role_missing"]


def test_a_revocation_names_the_assignment_that_it_ends(office: Office) -> None:
    person = office.people["curator", "krasnogorsk"]
    given = next(
        one for one in office.engine.history("krasnogorsk") if one.facts == held(person.id)
    )

    record = office.engine.revoke(
        person.id, "curator", school="krasnogorsk", actor=ADMIN, effective_on="2022-02-01"
    ).record

    assert record.facts == {**held(person.id), "assignment": given.record_id}
    assert record.effective_on.isoformat() == "2022-02-01"


def held(person: str) -> dict[str, str]:
    return {"actor": person, "role": "curator"}


def test_what_nobody_holds_is_not_taken(office: Office) -> None:
    with pytest.raises(UnknownAssignment, match="admin does not hold the role curator") as unknown:
        office.engine.revoke("admin", "curator", school="krasnogorsk", actor=ADMIN)
    with pytest.raises(UnknownAssignment):
        office.engine.revoke("admin", "expert", roadmap=ROADMAP, actor=ADMIN)

    assert "lifecycle history" in str(unknown.value.remedy)


def test_a_road_map_that_is_not_in_force_has_no_roles_to_take(office: Office) -> None:
    with pytest.raises(UnknownRoadmap):
        office.engine.revoke("admin", "expert", roadmap="belgorod-2021", actor=ADMIN)


def test_the_last_administrator_stays(engine: Lifecycle) -> None:
    with pytest.raises(AdministrationRefused) as refused:
        engine.revoke("admin", "administrator", actor=ADMIN)

    assert codes(refused) == ["last_administrator"]


def test_an_administrator_may_go_when_there_is_another_one(engine: Lifecycle) -> None:
    engine.add_actor("ana", actor=ADMIN)
    engine.assign("ana", "administrator", actor=ADMIN)

    engine.revoke("admin", "administrator", actor=ADMIN)

    with pytest.raises(AdministrationRefused):
        engine.add_actor("bob", actor=ADMIN)
    assert engine.add_actor("bob", actor=actor("ana")).record.actor.id == "ana"
    assert verify(engine).ok


# -- road maps put in force -----------------------------------------------------------------------


def test_the_first_use_puts_a_road_map_in_force(engine: Lifecycle, catalogue: Catalogue) -> None:
    engine.enrol("krasnogorsk", roadmap=ROADMAP, title="СОШ", actor=ADMIN)

    (adopted,) = engine.administration(ROADMAP)
    rules = catalogue.compiled(ROADMAP)
    assert (adopted.kind, adopted.facts) == ("roadmap_adopted", {"roadmap": ROADMAP})
    assert adopted.definition == rules.ref
    with engine.context.journal.reading() as view:
        assert view.definition(rules.ref.digest) == rules.canonical_bytes


def test_a_road_map_is_put_in_force_once(office: Office) -> None:
    office.enrol("ilyinskoye")

    found = [kind for kind, _ in kinds(office.engine, ROADMAP)]
    assert found.count("roadmap_adopted") == 1


def test_an_administrator_alone_puts_a_road_map_in_force(engine: Lifecycle) -> None:
    engine.add_actor("ana", actor=ADMIN)

    with pytest.raises(AdministrationRefused):
        engine.enrol("krasnogorsk", roadmap=ROADMAP, title="СОШ", actor=actor("ana"))
    with pytest.raises(AdministrationRefused):
        engine.assign("ana", "expert", roadmap=ROADMAP, actor=actor("ana"))
    with pytest.raises(UnknownActor):
        engine.assign("ana", "expert", roadmap=ROADMAP, actor=actor("bob"))

    with pytest.raises(UnknownRoadmap):
        engine.administration(ROADMAP)


@pytest.mark.parametrize("day", ["2099-01-01"])
def test_a_refused_request_leaves_no_road_map_in_force(engine: Lifecycle, day: str) -> None:
    with pytest.raises(EnrolmentRefused):
        engine.enrol("krasnogorsk", roadmap=ROADMAP, title="СОШ", actor=ADMIN, effective_on=day)
    with pytest.raises(AdministrationRefused):
        engine.assign("admin", "expert", roadmap=ROADMAP, actor=ADMIN, effective_on=day)
    with pytest.raises(UnknownRole):
        engine.assign("admin", "cook", roadmap=ROADMAP, actor=ADMIN)

    with pytest.raises(UnknownRoadmap):
        engine.administration(ROADMAP)


class NoFiles:
    """Definitions whose files are gone."""

    def roadmaps(self) -> list[str]:
        return []

    def compiled(self, roadmap: str) -> Definition:
        raise UnknownRoadmap(roadmap)


def test_rules_stay_as_they_were_adopted_when_the_files_are_gone(office: Office) -> None:
    context = office.engine.context
    later = engine_on(context.journal, NoFiles(), evidence=context.evidence, ids=Ids(1000))

    replace(office, engine=later).lead("krasnogorsk", "completed")

    assert verify(later).ok


class WrongFiles(Catalogue):
    """Definitions in which a road map's file bears the id of another one."""

    def compiled(self, roadmap: str) -> Definition:
        return super().compiled("belgorod-2021")


def test_a_road_map_is_not_put_in_force_by_the_rules_of_another(engine: Lifecycle) -> None:
    context = engine.context
    wrong = engine_on(context.journal, WrongFiles(), ids=Ids(1000))

    with pytest.raises(UnknownRoadmap, match="tomari-2022"):
        wrong.enrol("krasnogorsk", roadmap=ROADMAP, title="СОШ", actor=ADMIN)

    assert verify(wrong).ok
