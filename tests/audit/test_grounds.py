"""What decisions may rest on at any version, against one look at all the records up to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lifecycle.audit import ed25519
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import is_shared
from lifecycle.domain.credentials import credential_from
from lifecycle.domain.model import INSTALLATION, Actor, Assignment, Credential
from lifecycle.domain.record import Record, moment_text
from lifecycle.domain.replay import assignments_after
from lifecycle.domain.requests import AddCredential
from tests.audit.deciding import MAP, learned, lines

TURNS = {"role_assigned", "role_revoked", "credential_added", "credential_revoked"}
SHARED = [one for one in map(Record.decode, lines()) if is_shared(one.stream)]
OF = {name: [one for one in SHARED if one.stream == name] for name in (INSTALLATION, MAP)}
PLACES = [(name, version) for name, records in OF.items() for version in range(len(records) + 2)]


def moments(records: list[Record]) -> list[str]:
    return [moment_text(one.recorded_at) for one in records]


def test_roles_are_those_that_were_given_and_not_taken_by_then() -> None:
    grounds = learned()

    for name, version in PLACES:
        held: tuple[Assignment, ...] = ()
        for record in OF[name][:version]:
            held = assignments_after(held, record)
        assert set(grounds.held(name, version)) == set(held)
        assert len(grounds.held(name, version)) == len(held)
    assert {one.kind for one in SHARED} >= TURNS
    assert grounds.held("roadmap/other", 9) == ()


def test_rights_stand_from_one_change_of_them_to_the_next() -> None:
    grounds = learned()

    for name, version in PLACES:
        turns = [one for one in OF[name] if one.kind in TURNS]
        before = [one.sequence for one in turns if one.sequence <= version]
        after = moments([one for one in turns if one.sequence > version])
        assert grounds.turn(name, version) == max(before, default=0)
        assert grounds.stands(name, version) == (after or ["~"])[0]
    assert (grounds.turn("roadmap/other", 9), grounds.stands("roadmap/other", 9)) == (0, "~")


def test_a_version_was_recorded_when_its_record_says() -> None:
    grounds = learned()

    for name, records in OF.items():
        expected = [None, *moments(records), None]
        assert [grounds.recorded(name, at) for at in range(len(records) + 2)] == expected
        for moment in {*moments(records), "0", "~"}:
            earlier = sum(one < moment for one in moments(records))
            assert grounds.version_at(name, moment) == earlier
        assert grounds.versions[name] == len(records)
    assert (grounds.recorded("roadmap/other", 1), grounds.version_at("roadmap/other", "~")) == (
        None, 0,
    )  # fmt: skip


@pytest.mark.parametrize("sequence", [2, 4])
def test_where_numbers_do_not_run_on_nothing_is_known_of_them(sequence: int) -> None:
    grounds = Grounds({}, {})
    first, second, third = OF[INSTALLATION][:3]
    for record in (first, second, replace(third, sequence=sequence)):
        grounds.learn(record)

    assert grounds.recorded(INSTALLATION, 2) is not None
    assert grounds.recorded(INSTALLATION, 3) is None
    if sequence == 2:
        with pytest.raises(ValueError, match="out of order"):
            grounds.stands(INSTALLATION, 1)
    else:
        assert grounds.stands(INSTALLATION, 9) == "~"


def test_what_was_consulted_is_moved_up_to_what_was_recorded_before() -> None:
    grounds = learned()
    for name, version in ((INSTALLATION, 1), (MAP, 2), (INSTALLATION, len(OF[INSTALLATION]))):
        record = replace(OF[name][-1], consulted={name: version})
        later = replace(record, recorded_at=record.recorded_at + timedelta(days=1))

        before = sum(one < moment_text(record.recorded_at) for one in moments(OF[name]))
        assert grounds.as_of(record).consulted == {name: max(version, before)}
        assert grounds.as_of(later) == replace(later, consulted={name: len(OF[name])})
    assert grounds.as_of(replace(OF[MAP][-1], consulted=None)).consulted == {}


def test_a_credential_is_good_from_its_record_to_that_which_revoked_it() -> None:
    grounds = learned()
    added = [one for one in SHARED if one.kind == "credential_added"]
    revoked = {one.facts["credential"]: one for one in SHARED
               if one.kind == "credential_revoked" and one.facts}  # fmt: skip

    assert len(grounds.credentials) == len(added) > len(revoked) > 0
    for given in map(credential_from, added):
        until = revoked[given.id].sequence if given.id in revoked else None
        for version in range(len(OF[INSTALLATION]) + 2):
            expected: Credential | None = given if version >= given.sequence else None
            if until is not None and version >= until:
                expected = replace(given, revoked=until)
            assert grounds.credential(given.id, version) == expected
    assert grounds.credential(None, 99) is None
    assert grounds.credential("stranger", 99) is None


def test_a_credential_is_in_the_way_by_its_id_or_by_what_it_shows() -> None:
    grounds = learned()
    last = len(OF[INSTALLATION])
    for given in grounds.credentials.values():
        request = AddCredential(
            actor=Actor("ann", "host:x"), command_id="c", holder=given.actor, credential="new",
            method=given.method, proof="new",
        )  # fmt: skip
        same_key = replace(request, proof=given.proof)
        by_another = replace(same_key, holder="another")

        assert grounds.in_way(request, last) is None
        assert grounds.in_way(replace(request, credential=given.id), last) == given
        assert grounds.in_way(replace(request, credential=given.id), given.sequence - 1) is None
        # Who revoked his own key may have it again, and nobody else may ever have it.
        assert grounds.in_way(same_key, last) == (given if given.revoked is None else None)
        assert grounds.in_way(by_another, last) == given


def test_people_are_known_from_their_record_on() -> None:
    grounds = learned()
    people = {one.facts["actor"]: one.sequence for one in SHARED
              if one.kind == "actor_added" and one.facts}  # fmt: skip

    assert grounds.actors == people
    for who, sequence in people.items():
        assert [grounds.knows(who, sequence + by) for by in (-1, 0, 1)] == [False, True, True]
    assert not grounds.knows("stranger", 99)


def test_the_rest_is_what_the_records_state() -> None:
    grounds = learned()
    adopted = next(one for one in SHARED if one.kind == "roadmap_adopted")
    assert adopted.definition is not None

    assert grounds.rules == {MAP: adopted.definition.digest}
    assert grounds.founding == OF[INSTALLATION][:3]
    erased = [one for one in SHARED if one.kind == "person_erased"]
    assert [*grounds.erasures.all] == erased != []


def test_rules_are_in_force_from_their_adoption_only() -> None:
    grounds = Grounds({}, {})
    acted = next(one for one in SHARED if one.kind == "activity_begun")
    assert acted.definition is not None
    grounds.learn(acted)

    assert grounds.rules == {}


def test_who_acts_is_judged_by_the_installation_as_it_stood() -> None:
    grounds = learned()
    shown = [one for one in map(Record.decode, lines()) if ":" in one.actor.authentication]
    for record in shown:
        access = grounds.access(record, 20)
        name = record.actor.authentication.partition(":")[2]
        assert (access.version, access.roles) == (20, grounds.held(INSTALLATION, 20))
        assert access.credential == grounds.credential(name, 20)
        assert access.check is ed25519.verify
    assert any(grounds.access(record, 99).credential for record in shown)
