"""People's data by those who show who they are: by token and by key, on both storages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lifecycle import AdministrationRefused, EvidenceFile, verify
from lifecycle.domain.errors import CommandReused
from tests.factories import Office
from tests.identities import Identities, credential_id

SCHOOL = "krasnogorsk"
CURATOR = f"curator.{SCHOOL}"
STREAM = f"participation/{SCHOOL}"
GIVEN: dict[str, Any] = {"ground": "consent_withdrawn", "act": "12/2026"}
BY_CREDENTIAL = pytest.mark.parametrize("method", ["token", "signed"])


@pytest.fixture
def identities(office: Office) -> Identities:
    return Identities(office.engine)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "беседа.txt"
    path.write_text("Сидоров болен.", "utf-8")
    return path


@BY_CREDENTIAL
def test_an_erasure_by_credential_is_proved_whatever_order_its_records_are_named_in(
    office: Office, identities: Identities, method: str
) -> None:
    people, admin = office.engine.people, identities.by(method, "admin")
    places = [f"{STREAM}#2", f"{STREAM}#1", "installation#3"]

    first = people.erase(CURATOR, **GIVEN, actor=admin, records=places, command_id="e")
    again = people.erase(CURATOR, **GIVEN, actor=admin, records=places[::-1], command_id="e")

    assert first.record.actor.authentication == f"{method}:{credential_id(admin)}"
    assert (first.record.facts or {})["records"] == sorted(places)
    assert (again.repeated, again.record) == (True, first.record)
    with pytest.raises(CommandReused):
        people.erase(CURATOR, **GIVEN, actor=admin, records=places[:2], command_id="e")
    assert verify(office.engine).findings == ()


@BY_CREDENTIAL
def test_a_name_is_kept_by_who_shows_that_he_is_an_administrator(
    office: Office, identities: Identities, method: str
) -> None:
    people = office.engine.people

    people.name(CURATOR, "Т. Петрова", actor=identities.by(method, "admin"))
    with pytest.raises(AdministrationRefused):
        people.name(CURATOR, "И. Другой", actor=identities.by(method, CURATOR))

    assert people.show(CURATOR).name == "Т. Петрова"
    assert verify(office.engine).findings == ()


def test_a_credential_for_other_things_neither_names_nor_erases(
    office: Office, identities: Identities
) -> None:
    people = office.engine.people
    for limited in (identities.token("admin", ["plan"]), identities.key("admin", ["advance"])):
        for attempt in (
            lambda by=limited: people.name(CURATOR, "Т. Петрова", actor=by),
            lambda by=limited: people.erase(CURATOR, **GIVEN, actor=by),
        ):
            with pytest.raises(AdministrationRefused) as refused:
                attempt()
            assert [one.code for one in refused.value.unmet] == ["credential_scope"]

    kept = people.show(CURATOR)
    assert (kept.name, kept.erasures) == (None, ())


def test_what_was_signed_with_a_comment_and_a_personal_file_stays_proved_after_erasure(
    office: Office, identities: Identities, note: Path
) -> None:
    engine = office.engine
    office.lead(SCHOOL, "curator_visit")
    curator, admin = identities.key(CURATOR), identities.key("admin")
    given: dict[str, Any] = {"actor": curator, "command_id": "visit"}

    made = office.make(
        SCHOOL, "record_visit", **given, evidence=[EvidenceFile("visit_note", note)], comment="Да"
    )
    again = office.make(
        SCHOOL, "record_visit", **given, evidence=[EvidenceFile("visit_note", note)], comment="Нет"
    )
    before = verify(engine)
    engine.people.erase(CURATOR, **GIVEN, actor=admin)
    after = verify(engine)

    assert (again.repeated, again.record) == (True, made.record)
    assert (before.findings, before.opened) == ((), 3)
    assert (after.findings, after.erased) == ((), 3)
    assert made.record.comment is not None
    assert engine.people.opened([made.record])[made.record.comment].state == "erased"
