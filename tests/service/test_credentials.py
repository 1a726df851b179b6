"""Tokens and keys, from their issue to their end, on both storages."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lifecycle import (
    Actor,
    AdministrationRefused,
    AlreadyExists,
    CommandReused,
    InvalidInput,
    Lifecycle,
    verify,
)
from lifecycle.domain.credentials import token_credential, token_text
from lifecycle.domain.errors import InvalidDate, UnknownActor
from lifecycle.domain.errors_access import AuthenticationFailed, UnknownCredential
from lifecycle.keys import new_key
from lifecycle.storage.memory import MemoryJournal
from tests.factories import ADMIN, ROADMAP, START, Office, SetClock, actor
from tests.identities import Identities, credential_id
from tests.service.refusing import PERSON, SCHOOL, codes, refused


@pytest.mark.parametrize("method", ["token", "signed"])
def test_who_shows_what_was_issued_to_him_acts_and_the_record_says_so(
    office: Office, identities: Identities, method: str
) -> None:
    person = identities.by(method, PERSON)

    record = office.make(SCHOOL, "start_questionnaire", actor=person).record

    assert record.actor.id == PERSON
    assert record.actor.authentication == f"{method}:{credential_id(person)}"
    assert (record.actor.signature is not None) == (method == "signed")
    assert verify(office.engine).ok


def test_a_token_is_kept_nowhere_but_with_its_holder(
    office: Office, identities: Identities
) -> None:
    person = identities.token(PERSON)
    token = identities.tokens[PERSON]

    office.make(SCHOOL, "start_questionnaire", actor=person)

    bodies = [one.body for one in office.engine.administration()]
    assert not any(token.encode() in body for body in bodies)
    assert token not in repr(person)
    assert token not in repr(office.engine.credentials.all())
    assert token_credential(token) == credential_id(person)


def test_an_issued_token_is_not_shown_by_accident(office: Office) -> None:
    issued = office.engine.credentials.issue_token(PERSON, actor=ADMIN)

    assert issued.token not in repr(issued)
    assert len(issued.token) == len("lct_0123456789_") + 43 + 8


@pytest.mark.parametrize("cut", [lambda text: text[:-1], lambda text: f"{text}0", str.upper])
def test_a_token_of_which_something_is_missing_is_told_from_an_unknown_one(
    identities: Identities, cut: object
) -> None:
    identities.token(PERSON)
    assert callable(cut)

    with pytest.raises(AuthenticationFailed, match="a part of it is missing"):
        identities.engine.authenticate(cut(identities.tokens[PERSON]))


def test_another_secret_behind_a_known_id_opens_nothing(identities: Identities) -> None:
    name = credential_id(identities.token(PERSON))

    with pytest.raises(AuthenticationFailed, match="nobody was issued this token"):
        identities.engine.authenticate(token_text(name, "x" * 43))
    with pytest.raises(AuthenticationFailed, match="nobody was issued this token"):
        identities.engine.authenticate(token_text("0" * 10, "x" * 43))


def test_a_credential_of_a_key_is_no_token(identities: Identities) -> None:
    name = credential_id(identities.key(PERSON))

    with pytest.raises(AuthenticationFailed):
        identities.engine.authenticate(token_text(name, "x" * 43))


@pytest.mark.parametrize("proof", [None, "", "lct_guess"])
def test_naming_a_token_without_having_it_is_not_enough(
    office: Office, identities: Identities, proof: str | None
) -> None:
    person = identities.token(PERSON)
    pretended = replace(person, prove=None if proof is None else lambda _: proof)

    with pytest.raises(AuthenticationFailed, match="did not show the token"):
        office.make(SCHOOL, "start_questionnaire", actor=pretended)
    with pytest.raises(AuthenticationFailed):
        office.make(SCHOOL, "start_questionnaire", actor=pretended, dry_run=True)


def test_a_token_of_somebody_else_is_refused(office: Office, identities: Identities) -> None:
    other = identities.token("admin")
    pretended = replace(other, id=PERSON)

    assert refused(office, pretended) == ["credential_unknown"]


def test_a_token_that_nobody_issued_is_refused(office: Office) -> None:
    with pytest.raises(AuthenticationFailed):
        office.make(SCHOOL, "start_questionnaire", actor=Actor(PERSON, "token:0123456789"))


def test_a_revoked_credential_is_good_for_nothing(office: Office, identities: Identities) -> None:
    token, key = identities.token(PERSON), identities.key(PERSON)
    for one in (token, key):
        office.engine.credentials.revoke(credential_id(one), actor=ADMIN)

    assert refused(office, token) == ["credential_revoked"]
    assert refused(office, key) == ["credential_revoked"]
    with pytest.raises(AuthenticationFailed, match="was revoked"):
        office.engine.authenticate(identities.tokens[PERSON])
    known = identities.keys[PERSON]
    with pytest.raises(AuthenticationFailed, match="was revoked"):
        office.engine.credentials.of_key(known.public, known.sign)
    assert verify(office.engine).ok


def test_a_credential_is_revoked_once(office: Office, identities: Identities) -> None:
    name = credential_id(identities.token(PERSON))
    office.engine.credentials.revoke(name, actor=ADMIN, command_id="c-1")

    assert office.engine.credentials.revoke(name, actor=ADMIN, command_id="c-1").repeated
    with pytest.raises(AdministrationRefused) as caught:
        office.engine.credentials.revoke(name, actor=ADMIN)
    assert codes(caught) == ["credential_revoked"]
    with pytest.raises(UnknownCredential, match="there is no credential x"):
        office.engine.credentials.revoke("x", actor=ADMIN)


def test_a_credential_is_good_until_it_expires(
    office: Office, identities: Identities, clock: SetClock
) -> None:
    person = identities.token(PERSON, expires_at=START + timedelta(days=1))
    office.make(SCHOOL, "start_questionnaire", actor=person, dry_run=True)
    clock.advance(days=1)

    assert refused(office, person) == ["credential_expired"]
    with pytest.raises(AuthenticationFailed, match="expired at 2022-03-02T09:00:00"):
        office.engine.authenticate(identities.tokens[PERSON])


def test_an_expired_token_is_not_good_again_because_the_clock_was_set_back(
    office: Office, identities: Identities, clock: SetClock
) -> None:
    person = identities.token(PERSON, expires_at=START + timedelta(days=1))
    clock.advance(days=2)
    office.engine.add_actor("somebody", actor=ADMIN)
    clock.advance(days=-2)

    assert refused(office, person) == ["credential_expired"]
    with pytest.raises(AuthenticationFailed, match="expired at 2022-03-02T09:00:00"):
        office.engine.authenticate(identities.tokens[PERSON])


@pytest.mark.parametrize(
    ("expires_at", "error"),
    [(START - timedelta(days=1), AdministrationRefused), (START.replace(tzinfo=None), InvalidDate)],
)
def test_a_credential_that_is_good_for_nothing_is_not_issued(
    office: Office, expires_at: datetime, error: type[Exception]
) -> None:
    with pytest.raises(error):
        office.engine.credentials.issue_token(PERSON, actor=ADMIN, expires_at=expires_at)


def test_a_scope_limits_what_a_credential_is_good_for(
    office: Office, identities: Identities
) -> None:
    person = identities.token(PERSON, scopes=["enrol", "plan", "plan"])

    assert refused(office, person) == ["credential_scope"]
    office.engine.enrol("school-2", roadmap=ROADMAP, title="Школа 2", actor=person)
    limited = identities.token("admin", scopes=["advance"])
    with pytest.raises(AdministrationRefused) as caught:
        office.engine.add_actor("new", actor=limited)
    assert codes(caught) == ["credential_scope"]
    with pytest.raises(InvalidInput, match="there is no scope everything"):
        identities.token(PERSON, scopes=["everything"])


def test_everybody_named_in_an_issue_has_to_be_known(office: Office) -> None:
    engine = office.engine
    with pytest.raises(UnknownActor):
        engine.credentials.issue_token("ghost", actor=ADMIN)
    with pytest.raises(AdministrationRefused) as caught:
        engine.credentials.issue_token(PERSON, actor=actor(PERSON))
    assert codes(caught) == ["role_missing"]
    with pytest.raises(AdministrationRefused):
        engine.credentials.revoke("x", actor=actor(PERSON))


@pytest.mark.parametrize("public", ["", "x", "AAAA", "@" * 44, "A" * 43])
def test_what_is_no_public_key_is_not_added(office: Office, public: str) -> None:
    with pytest.raises(InvalidInput, match="32 bytes in base64"):
        office.engine.credentials.add_key(PERSON, public, actor=ADMIN)


def test_a_repeated_request_adds_one_key_and_never_a_second_token(office: Office) -> None:
    credentials, public = office.engine.credentials, new_key().public

    first = credentials.add_key(PERSON, public, actor=ADMIN, command_id="c-1")
    again = credentials.add_key(PERSON, public, actor=ADMIN, command_id="c-1")

    assert (again.record.hash, again.repeated) == (first.record.hash, True)
    credentials.issue_token(PERSON, actor=ADMIN, command_id="c-2")
    with pytest.raises(CommandReused):
        credentials.issue_token(PERSON, actor=ADMIN, command_id="c-2")
    with pytest.raises(CommandReused):
        credentials.add_key(PERSON, public, actor=ADMIN, command_id="c-2")


def test_an_id_is_never_given_twice(office: Office) -> None:
    fresh = ("0123456789", token_text("0123456789", "x" * 43))
    office.engine.credentials.issue_token(PERSON, actor=ADMIN, fresh=fresh)

    with pytest.raises(AlreadyExists):
        office.engine.credentials.issue_token(PERSON, actor=ADMIN, fresh=fresh)


def test_a_key_that_nobody_has_opens_nothing(office: Office) -> None:
    key = new_key()

    with pytest.raises(AuthenticationFailed, match="not added for anybody"):
        office.engine.credentials.of_key(key.public, key.sign)


def test_a_key_shows_one_person_and_one_scope(office: Office, identities: Identities) -> None:
    credentials = office.engine.credentials
    name = credential_id(identities.key(PERSON))
    public = identities.keys[PERSON].public

    for holder, scopes in ((PERSON, ["plan"]), ("admin", [])):
        with pytest.raises(AlreadyExists, match=name):
            credentials.add_key(holder, public, actor=ADMIN, scopes=scopes)
    credentials.revoke(name, actor=ADMIN)
    with pytest.raises(AlreadyExists, match=name):
        credentials.add_key("admin", public, actor=ADMIN)
    credentials.add_key(PERSON, public, actor=ADMIN, scopes=["plan"])

    assert verify(office.engine).ok


def test_a_key_added_again_after_its_revocation_is_good_again(
    office: Office, identities: Identities
) -> None:
    office.engine.credentials.revoke(credential_id(identities.key(PERSON)), actor=ADMIN)
    key = identities.keys[PERSON]
    office.engine.credentials.add_key(PERSON, key.public, actor=ADMIN)

    person = office.engine.credentials.of_key(key.public, key.sign)

    assert office.make(SCHOOL, "start_questionnaire", actor=person).state == "questionnaire"


# -- the founding ----------------------------------------------------------------------------------


def test_nobody_founds_a_history_by_what_nobody_could_issue(engine: Lifecycle) -> None:
    fresh = Lifecycle(replace(engine.context, journal=MemoryJournal("other")))

    with pytest.raises(InvalidInput, match="no credential exists before the founding"):
        fresh.found(actor=Actor("admin", "token:0123456789"))


@pytest.mark.parametrize(
    "founder",
    [
        Actor("admin", "host:test", signature="x"),
        Actor("admin", "host:test", on_behalf_of="somebody"),
    ],
)
def test_who_founds_a_history_acts_for_himself(engine: Lifecycle, founder: Actor) -> None:
    fresh = Lifecycle(replace(engine.context, journal=MemoryJournal("other")))

    with pytest.raises(InvalidInput, match="acts for himself, and signs nothing yet"):
        fresh.found(actor=founder)


@pytest.mark.parametrize("method", ["token", "key"])
def test_it_is_explained_what_a_credential_is_not_good_for(
    office: Office, identities: Identities, clock: SetClock, method: str
) -> None:
    good, limited = (
        getattr(identities, method)(PERSON),
        getattr(identities, method)(PERSON, ["plan"]),
    )
    revoked = getattr(identities, method)(PERSON)
    office.engine.credentials.revoke(credential_id(revoked), actor=ADMIN)

    def told(person: Actor) -> list[str]:
        options = office.engine.explain(SCHOOL, actor=person).options
        (option,) = [one for one in options if one.name == "start_questionnaire"]
        return [one.code for one in option.unmet]

    assert told(good) == []
    assert told(limited) == ["credential_scope"] == refused(office, limited)
    assert told(revoked) == ["credential_revoked"] == refused(office, revoked)
    assert told(replace(good, id="admin"))[-1] == "credential_unknown"


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),  # of order 4
        bytes([1, *bytes(31)]),  # the neutral element
        bytes([2, *bytes(31)]),  # on no curve
        bytes.fromhex(
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
        ),  # order 8
        b"\xff" * 32,  # larger than the field
    ],
)
def test_a_key_that_proves_no_signature_is_not_added(office: Office, key: bytes) -> None:
    public = base64.b64encode(key).decode()

    with pytest.raises(InvalidInput, match="no signature can be proved by this key"):
        office.engine.credentials.add_key(PERSON, public, actor=ADMIN)

    assert office.engine.credentials.all() == ()
