"""What the verifier that stands alone says of one record in its place, and why."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from lifecycle.audit import standalone
from lifecycle.domain import canonical
from tests.audit.deciding import (
    MAP,
    SCHOOL,
    STREAM,
    Body,
    by_the_package,
    by_the_verifier_alone,
    history_before,
    last,
)

ACCEPTED = {"transition": "accept_concept_documents"}


def follow(history: standalone.History, body: Body) -> None:
    """Have a record follow what is known."""
    history.leaf = standalone.sha(b"\0", canonical.encode(body))
    history.chain(body)


def told(body: Body, **members: Any) -> str:
    """What is said of a record in whose place another one stands."""
    history = history_before(body)
    changed = {**copy.deepcopy(body), **members}
    with pytest.raises(standalone.BROKEN) as found:
        follow(history, changed)
    return str(found.value)


def test_a_record_has_to_follow_from_the_one_before_it() -> None:
    body = last("advanced")
    number, before = body["sequence"], f"it stands behind record {body['sequence'] - 1} of its"

    assert told(body, origin="elsewhere") == "it is a record of elsewhere"
    assert told(body, sequence=number + 1) == f"{before} stream"
    assert told(body, sequence=number - 1) == f"{before} stream"
    assert told(body, previous="0" * 64) == "it does not follow from the record before it"
    early = "2021-12-31T00:00:00.000000Z"
    assert told(body, recorded_at=early) == "it was recorded before the record that it follows"


def test_the_chain_goes_on_behind_what_is_wrong() -> None:
    body, history = last("advanced"), history_before(last("advanced"))
    wrong = {**body, "origin": "elsewhere"}
    leaf = standalone.sha(b"\0", canonical.encode(wrong))
    with pytest.raises(ValueError, match="elsewhere"):
        follow(history, wrong)
    following = {
        **body, "sequence": body["sequence"] + 1, "previous": leaf.hex(), "record_id": "new",
        "command_id": "new",
    }  # fmt: skip

    follow(history, following)

    assert history.stream(STREAM).version == body["sequence"] + 1


@pytest.mark.parametrize("name", ["record_id", "command_id"])
def test_an_id_is_given_once(name: str) -> None:
    body, earlier = last("advanced"), last("advanced", **ACCEPTED)

    assert told(body, **{name: earlier[name]}) == "another record has its record_id or command_id"


def test_what_an_author_looked_at_was_there_and_is_not_older_than_before() -> None:
    body = last("advanced")
    consulted = body["consulted"]
    history = history_before(body)
    known, seen = len(history.stream(MAP).times), history.stream(STREAM).seen[MAP]

    for version in (0, seen - 1, known + 1):
        text = f"it rests on version {version} of {MAP}, which its author cannot have seen"
        assert told(body, consulted={**consulted, MAP: version}) == text
    assert "version 1 of roadmap/x" in told(body, consulted={**consulted, "roadmap/x": 1})
    for version, at in ((seen, body["recorded_at"]), (known, "2100-01-01T00:00:00.000000Z")):
        fits = {**body, "consulted": {**consulted, MAP: version}, "recorded_at": at}
        follow(history_before(body), fits)


def refused(body: Body) -> str:
    said = by_the_verifier_alone(body)
    assert said is not None
    assert by_the_package(body)
    return said


def test_a_school_is_enrolled_once_and_in_its_own_stream() -> None:
    body = last("enrolled")
    body["facts"]["school"] = "other"
    assert refused(body) == "it is out of place"

    later = last("advanced")
    later |= {"kind": "enrolled", "facts": last("enrolled")["facts"]}
    assert by_the_verifier_alone(later) == "it is out of place"
    assert SCHOOL in later["stream"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: one.update(id="inspector"), "inspector"),
        (lambda one: one.update(on_behalf_of="inspector"), "inspector is auditor"),
        (lambda one: one.update(on_behalf_of="deputy"), "deputy is administrator"),
        (lambda one: one.update(on_behalf_of="ghost"), "'ghost'"),
    ],
)
def test_auditors_and_administrators_approve_nothing(
    change: Callable[[Body], None], reason: str
) -> None:
    body = last("advanced", **ACCEPTED)
    change(body["actor"])
    # The request names whom it was done for: whoever forges one forges both.
    body["request"] = standalone.asked(body, None)

    assert reason in refused(body)


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_nobody_is_auditor_and_administrator_at_once(role: str) -> None:
    body = last("role_assigned", role=role)
    assert by_the_package(body) == []
    assert by_the_verifier_alone(body) is None
    body["facts"]["actor"] = "admin" if role == "auditor" else "inspector"
    body["request"] = standalone.asked(body, None)

    assert refused(body) == "nobody could do this then"


def test_a_role_is_good_up_to_the_record_that_took_it() -> None:
    took = last("role_revoked")
    gave = took["facts"]["assignment"]
    history = history_before(last("advanced"))

    assert gave in history.held(MAP, took["sequence"] - 1)
    assert gave not in history.held(MAP, took["sequence"])
    first = history.stream(MAP).given[gave][0]
    assert gave in history.held(MAP, first)
    assert gave not in history.held(MAP, first - 1)


def test_a_token_is_good_for_its_scopes_and_its_time() -> None:
    body = last("advanced", **ACCEPTED)
    assert by_the_verifier_alone(body) is None
    name = body["actor"]["authentication"].partition(":")[2]
    for change in ({"scopes": "plan"}, {"expires_at": body["recorded_at"]}, {"method": "key"}):
        history = history_before(body)
        given = history.credentials[name]
        given[2] = {**given[2], **change}

        with pytest.raises(ValueError, match=f"the credential {name} was not good for it then"):
            history.judge(body)


def test_a_signature_is_over_this_very_command() -> None:
    body = last("advanced")
    assert body["actor"]["signature"]
    for name in ("origin", "command_id"):
        other = copy.deepcopy(body)
        other[name] = "other"

        with pytest.raises(ValueError, match="the signature is not that of this command"):
            history_before(body).judge(other)
    body["actor"]["signature"] = None
    with pytest.raises(standalone.BROKEN):
        history_before(body).judge(body)
