"""Who acted cannot be made up afterwards: methods, credentials, signatures, duties."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from lifecycle import Lifecycle, verify
from lifecycle.audit.asked import asked
from lifecycle.domain import canonical
from lifecycle.domain.access import statement
from lifecycle.domain.commitment import commit
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import Head, participation_stream
from lifecycle.domain.record import Record
from lifecycle.keys import Key, new_key
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import (
    SCHOOL,
    STREAM,
    Body,
    BreakIn,
    forged,
    of,
    place,
    told,
    verified,
)
from tests.factories import ADMIN, ORIGIN, START, Office, SetClock, engine_on
from tests.identities import Identities, credential_id

SIGNED = "confirm_stage_1"
ACCEPTED = "accept_concept_documents"
OTHER = participation_stream("ilyinskoye")
Change = Callable[[list[Body]], object]


@dataclass(frozen=True)
class Approved:
    """A school that was approved by a token and by a key.

    Args:
        folder: Where the database lies.
        key: Key of the expert.
        token: Credential of the reviewer's token.
        stale: Credentials of the reviewer that are good for nothing: revoked, expired, limited.
    """

    folder: Path
    key: Key
    token: str
    stale: dict[str, str]


@pytest.fixture(scope="session")
def made(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, definition: Definition
) -> Approved:
    folder, clock = tmp_path_factory.mktemp("approved"), SetClock()
    journal = create_journal(f"sqlite:///{folder}/lifecycle.db", ORIGIN)
    evidence = EvidenceFolder(folder / "evidence")
    with engine_on(journal, catalogue, evidence=evidence, clock=clock) as engine:
        engine.found(actor=ADMIN, command_id="found")
        office = Office(engine, definition).opened(SCHOOL, "ilyinskoye")
        return Approved(folder, *approved(engine, office, clock))


def approved(engine: Lifecycle, office: Office, clock: SetClock) -> tuple[Key, str, dict[str, str]]:
    """Lead the school to stage 2 by those who show what was issued to them."""
    identities = Identities(engine)
    reviewer, expert = office.who("reviewer", SCHOOL).id, office.who("expert", SCHOOL).id
    stale = {
        "revoked": credential_id(identities.token(reviewer)),
        "expired": credential_id(identities.token(reviewer, expires_at=START + timedelta(hours=1))),
        "limited": credential_id(identities.token(reviewer, scopes=["plan"])),
        "somebody's": credential_id(identities.token(expert)),
        "a key": credential_id(identities.key(reviewer)),
    }
    engine.credentials.revoke(stale["revoked"], actor=ADMIN)
    token, key = identities.token(reviewer), identities.key(expert)
    clock.advance(hours=2)
    for school in (SCHOOL, "ilyinskoye"):
        office.lead(school, "concept_documents")
        office.submit(school)
        office.make(school, ACCEPTED, actor=token)
        office.submit(school)
        office.make(school, SIGNED, actor=key, comment="Проверено")
    # Issued when everything was done: it was unknown before.
    stale["later"] = credential_id(identities.token(reviewer))
    assert verify(engine).ok
    return identities.keys[expert], credential_id(token), stale


@pytest.fixture
def broken(made: Approved, tmp_path: Path) -> Path:
    """A copy of that database, for somebody to break in."""
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def reasons(folder: Path, change: Change, stream: str = STREAM) -> list[str]:
    """Forge, and return why the decisions are refused: nothing else may be found."""
    found = forged(folder, change, stream)
    assert {one.code for one in found} <= {"decision_refused", "decision_outdated"}
    return [str(one.found) for one in found]


def test_the_history_written_anew_without_a_change_is_sound(broken: Path) -> None:
    assert forged(broken, lambda bodies: None) == []
    assert forged(broken, lambda bodies: None, "installation") == []


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("revoked", "was revoked"),
        ("expired", "expired at 2022-03-01T10:00:00"),
        ("limited", "is not good for advance, only for: plan"),
        ("somebody's", "has no such credential"),
        ("a key", "has no such credential"),
        ("later", "has no such credential"),
    ],
)
def test_another_credential_is_found(made: Approved, broken: Path, which: str, reason: str) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, ACCEPTED)["actor"]["authentication"] = f"token:{made.stale[which]}"

    found, signed = reasons(broken, change)

    assert reason in found
    assert "under this very command" in signed


@pytest.mark.parametrize(
    ("authentication", "reason"),
    [
        ("os-uid:1000", "os-uid is not enough to approve; expert"),
        ("token:0123456789", "has no such credential: 0123456789"),
        ("token:", "token: is no way to be known"),
        ("pigeon:1", "pigeon:1 is no way to be known; these are: host, os-uid, token, signed"),
        ("", " is no way to be known"),
        ("host:portal", "known by host bears no signature"),
    ],
)
def test_a_method_made_weaker_is_found(broken: Path, authentication: str, reason: str) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, SIGNED)["actor"]["authentication"] = authentication

    (found,) = reasons(broken, change)

    assert reason in found


@pytest.mark.parametrize("signature", [None, "", "AAAA", "@"])
def test_a_signature_taken_away_or_made_up_is_found(broken: Path, signature: str | None) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, SIGNED)["actor"]["signature"] = signature

    (found,) = reasons(broken, change)

    assert found.endswith("bears no signature" if signature is None else "this very command")


def test_a_signed_act_with_another_date_is_found(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, SIGNED)["effective_on"] = "2022-02-27"

    found = forged(broken, change)

    assert [one.code for one in found] == ["decision_differs"]


def test_signed_facts_cannot_be_changed(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, SIGNED)["command_id"] = "another-command"

    assert "under this very command" in reasons(broken, change)[0]


def test_another_comment_in_the_place_of_the_signed_one_is_found(broken: Path) -> None:
    other = commit("comment", "Не проверено", bytes(32))
    with BreakIn(broken) as visit:
        bodies = visit.bodies(STREAM)
        of(bodies, SIGNED)["comment"] = other.commitment
        visit.rewrite(STREAM, bodies)
        visit.settle(STREAM)
        visit.run(
            "INSERT INTO lifecycle_openings (commitment, stream, sequence, purpose, value, salt)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(other.commitment, STREAM, of(bodies, SIGNED)["sequence"]),
            *(other.purpose, other.value, other.salt),
        )

    (found,) = verified(broken).findings

    assert "under this very command" in str(found.found)


def test_a_signature_holds_the_history_before_it(broken: Path) -> None:
    """Written anew from an earlier record on, with every hash right, it is found at the signed."""

    def change(bodies: list[Body]) -> None:
        of(bodies, "start_questionnaire")["command_id"] = "another-command"

    (found,) = forged(broken, change)

    assert found.place == place(broken, SIGNED)
    assert "under this very command" in str(found.found)


def test_a_signature_of_another_school_is_found(broken: Path) -> None:
    with BreakIn(broken) as visit:
        other = of(visit.bodies(OTHER), SIGNED)["actor"]["signature"]

    def change(bodies: list[Body]) -> None:
        of(bodies, SIGNED)["actor"]["signature"] = other

    assert "under this very command" in reasons(broken, change)[0]


def test_a_signed_act_moved_to_another_place_of_its_stream_is_found(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        given = copy.deepcopy(bodies[1])
        given |= {"record_id": "forged-1", "command_id": "forged-1"}
        given["facts"] = {"actor": "admin", "role": "school_coordinator"}
        given["recorded_at"] = bodies[-2]["recorded_at"]
        given["effective_on"] = "2022-03-01"
        bodies.insert(len(bodies) - 1, given)
        bodies[-1]["consulted"] = bodies[-2]["consulted"] | bodies[-1]["consulted"]

    found = [str(one.found) for one in forged(broken, change)]

    assert any("under this very command" in one for one in found)


def test_a_forger_who_has_the_key_can_sign_and_one_who_has_another_cannot(
    made: Approved, broken: Path
) -> None:
    def signed_by(key: Key) -> Change:
        def change(bodies: list[Body]) -> None:
            body = of(bodies, SIGNED)
            body["command_id"] = "another-command"
            record = Record.decode(canonical.encode(body))
            head = Head(ORIGIN, STREAM, record.sequence - 1, record.previous, None)
            body["actor"]["signature"] = key.sign(statement(head, asked(record)))

        return change

    assert "under this very command" in reasons(broken, signed_by(new_key()))[0]
    assert reasons(broken, signed_by(made.key)) == []


def test_an_approval_by_somebody_who_was_administrator_is_found(broken: Path) -> None:
    with BreakIn(broken) as visit:
        bodies = visit.bodies("installation")
        added = copy.deepcopy(bodies[2])
        added |= {
            "record_id": "x",
            "command_id": "x",
            "requirements": ["role", "date", "authentication"],
        }
        added["facts"] = {"actor": "reviewer.tomari-2022", "role": "administrator"}
        added["actor"]["assignment"] = bodies[2]["record_id"]
        added["recorded_at"] = bodies[-2]["recorded_at"]
        bodies.insert(len(bodies) - 1, added)
        visit.rewrite("installation", bodies)
        visit.settle("installation")
        school = visit.bodies(STREAM)
        for body in school:
            if body["transition"] in (ACCEPTED, SIGNED):
                body["consulted"]["installation"] = len(bodies)
        visit.rewrite(STREAM, school)
        visit.settle(STREAM)

    found = [str(one.found) for one in verified(broken).findings]

    assert any("is an administrator, who approves nothing" in one for one in found)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"method": "password"}, "32 bytes in base64"),
        ({"proof": "x"}, "32 bytes in base64"),
        ({"scopes": "plan advance"}, "one order"),
        ({"scopes": "all"}, "there is no scope all"),
        ({"expires_at": "2001-01-01T00:00:00.000000Z"}, "has passed already"),
        ({"expires_at": "some day"}, "some day"),
        ({"actor": "ghost"}, "ghost was not registered"),
    ],
)
def test_a_credential_that_nobody_could_add_is_found(
    broken: Path, edit: dict[str, str], reason: str
) -> None:
    def change(bodies: list[Body]) -> None:
        body = next(one for one in reversed(bodies) if one["kind"] == "credential_added")
        body["facts"] |= edit

    (found,) = reasons(broken, change, "installation")

    assert reason in found


def test_a_credential_added_by_its_holder_is_found(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        body = next(one for one in reversed(bodies) if one["kind"] == "credential_added")
        body["actor"]["id"] = body["facts"]["actor"]

    (found,) = reasons(broken, change, "installation")

    assert "holds none of these roles there: administrator" in found


@pytest.mark.parametrize("credential", ["x", "twice"])
def test_a_revocation_of_what_is_not_there_is_found(broken: Path, credential: str) -> None:
    with BreakIn(broken) as visit:
        bodies = visit.bodies("installation")
        revoked = next(one for one in bodies if one["kind"] == "credential_revoked")
        again = copy.deepcopy(revoked)
        again |= {"record_id": "x", "command_id": "x", "recorded_at": bodies[-1]["recorded_at"]}
        if credential == "x":
            again["facts"]["credential"] = "x"
        visit.rewrite("installation", [*bodies, again])

    found = [one for one in told(broken) if one[0] == "decision_refused"]

    assert found == [("decision_refused", f"installation#{len(bodies) + 1}", None)]


def test_a_credential_added_twice_is_found(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        added = [one for one in bodies if one["kind"] == "credential_added"]
        added[-1]["facts"]["credential"] = added[-2]["facts"]["credential"]

    with BreakIn(broken) as visit:
        bodies = visit.bodies("installation")
        change(bodies)
        visit.rewrite("installation", bodies)

    assert "decision_refused" in [code for code, _, _ in told(broken)]


def test_a_key_added_for_a_second_person_is_found(broken: Path) -> None:
    def change(bodies: list[Body]) -> None:
        added = [one for one in bodies if one["kind"] == "credential_added"]
        proof = next(one["facts"]["proof"] for one in added if one["facts"]["method"] == "key")
        added[-1]["facts"] |= {"method": "key", "proof": proof, "actor": "admin"}

    (found,) = reasons(broken, change, "installation")

    assert "credential exists already" in found


@pytest.mark.parametrize("kind", ["credential_added", "credential_revoked"])
def test_a_credential_in_another_stream_is_found(broken: Path, kind: str) -> None:
    with BreakIn(broken) as visit:
        moved = next(one for one in visit.bodies("installation") if one["kind"] == kind)
        bodies = visit.bodies("roadmap/tomari-2022")
        moved |= {
            "record_id": "x",
            "command_id": "x",
            "stream": "roadmap/tomari-2022",
            "recorded_at": bodies[-1]["recorded_at"],
            "consulted": {"installation": 5},
        }
        visit.rewrite("roadmap/tomari-2022", [*bodies, moved])

    place = f"roadmap/tomari-2022#{len(bodies) + 1}"
    assert ("decision_refused", place) in [(code, where) for code, where, _ in told(broken)]


@pytest.mark.parametrize(
    "statement_",
    [
        "UPDATE lifecycle_credentials SET revoked = NULL WHERE revoked IS NOT NULL",
        "UPDATE lifecycle_credentials SET actor = 'admin' WHERE scopes = 'plan'",
        "UPDATE lifecycle_credentials SET scopes = '' WHERE scopes = 'plan'",
        "UPDATE lifecycle_credentials SET expires_at = '' WHERE expires_at <> ''",
        "DELETE FROM lifecycle_credentials WHERE scopes = 'plan'",
        "INSERT INTO lifecycle_credentials VALUES ('x', 'admin', 'token', '', '', '', 1, NULL)",
    ],
)
def test_credentials_that_are_stored_otherwise_are_found(broken: Path, statement_: str) -> None:
    with BreakIn(broken) as visit:
        visit.run(statement_)

    ((code, where, _),) = told(broken)

    assert (code, where) == ("credentials_differ", "installation")
