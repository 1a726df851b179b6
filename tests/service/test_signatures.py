"""Signed requests: a signature is good for one command of one person at one place."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from lifecycle import (
    TransitionRefused,
    verify,
)
from tests.factories import ROADMAP, Office
from tests.identities import Identities
from tests.service.refusing import PERSON, SCHOOL, codes, refused


def test_every_request_can_be_signed(office: Office, identities: Identities) -> None:
    engine, admin = office.engine, identities.key("admin")
    engine.add_actor("new", actor=admin)
    # Puts another road map in force on the way: that record is signed for its own place.
    engine.assign("new", "expert", actor=admin, roadmap="belgorod-2021")
    engine.enrol("school-2", roadmap="kaspiysk-2022", title="Школа 2", actor=admin)
    engine.revoke("new", "expert", actor=admin, roadmap="belgorod-2021")
    issued = engine.credentials.issue_token("new", actor=admin)
    engine.credentials.revoke(issued.credential, actor=admin)
    coordinator = identities.key(PERSON)
    engine.plans.act(ROADMAP, "1.2", "begun", actor=coordinator)

    assert verify(engine).ok
    adoption = engine.administration("belgorod-2021")[0]
    assert adoption.kind == "roadmap_adopted"
    assert adoption.actor.signature is not None


def test_a_signature_made_elsewhere_is_taken(office: Office, identities: Identities) -> None:
    seen: list[bytes] = []
    person = identities.key(PERSON)
    key = identities.keys[PERSON]

    def sign(statement: bytes) -> str:
        seen.append(statement)
        return key.sign(statement)

    office.make(
        SCHOOL, "start_questionnaire", actor=replace(person, prove=sign), command_id="c-1",
        dry_run=True,
    )  # fmt: skip
    brought = replace(person, prove=None, signature=key.sign(seen[0]))
    receipt = office.make(SCHOOL, "start_questionnaire", actor=brought, command_id="c-1")

    assert receipt.record.actor.signature == brought.signature
    assert seen[0].startswith(b'["school-lifecycle/command/1","origin-1","participation/kras')


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (None, "signature_missing"),
        ("", "signature_invalid"),
        ("not base64", "signature_invalid"),
        (base64.b64encode(bytes(64)).decode(), "signature_invalid"),
        (base64.b64encode(bytes(64)).decode()[:-3] + "B==", "signature_invalid"),
    ],
)
def test_a_command_without_its_signature_is_refused(
    office: Office, identities: Identities, signature: str | None, code: str
) -> None:
    person = replace(identities.key(PERSON), prove=None, signature=signature)

    assert refused(office, person) == [code]


def test_a_signature_fits_one_command_at_one_place_only(
    office: Office, identities: Identities
) -> None:
    person, key = identities.key(PERSON), identities.keys[PERSON]
    kept: list[str] = []

    def sign(statement: bytes) -> str:
        kept.append(key.sign(statement))
        return kept[-1]

    office.make(SCHOOL, "start_questionnaire", actor=replace(person, prove=sign),
                command_id="c-1", dry_run=True)  # fmt: skip
    replayed = replace(person, prove=None, signature=kept[0])

    assert refused(office, replayed) == ["signature_invalid"]  # another command id
    office.enrol("school-2")
    with pytest.raises(TransitionRefused) as caught:
        office.make("school-2", "start_questionnaire", actor=replayed, command_id="c-1")
    assert codes(caught) == ["signature_invalid"]  # another stream
    office.assign("expert", SCHOOL, name="late")
    with pytest.raises(TransitionRefused) as caught:
        office.make(SCHOOL, "start_questionnaire", actor=replayed, command_id="c-1")
    assert codes(caught) == ["signature_invalid"]  # another version


@pytest.mark.parametrize("method", ["host", "token"])
def test_a_signature_stands_only_where_it_is_checked(
    office: Office, identities: Identities, method: str
) -> None:
    person = replace(identities.by(method, PERSON), signature="AAAA")

    assert refused(office, person) == ["signature_unexpected"]
