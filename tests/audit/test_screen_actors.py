"""Who may act, and on what he could rely, as the screen judges it: one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lifecycle.audit.acting import Acting, Authority, Consulted, Doubtful
from lifecycle.audit.compiled import Roster, Rules, compiled
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.spelling import STANDARD
from lifecycle.domain.definition import Authentication
from lifecycle.domain.model import INSTALLATION, Assignment, Credential
from tests.audit.court import CATALOGUE
from tests.audit.deciding import MAP, learned
from tests.factories import ROADMAP

ACTOR = {"assignment": "r-1", "authentication": "host:portal", "id": "eva", "on_behalf_of": None,
         "role": "expert", "signature": None}  # fmt: skip
TOKEN = Credential("t-1", "eva", "token", "0" * 64, "advance", "2023-01-01T00:00:00.000000Z", 4)
NOW = "2022-03-01T09:00:00.000000Z"
NOBODY = Roster([])


def given(role: str, *, to: str = "eva", by: str = "r-1") -> Roster:
    """Return the roles on a stream where one was given."""
    return Roster([Assignment(by, INSTALLATION, to, role, 2)])


class Desk:
    """Admits whoever comes, and remembers him."""

    def __init__(self, *credentials: Credential, version: int = 5) -> None:
        self.grounds = Grounds({}, {}, actors={"eva": 3, "ivan": 5, "late": 6})
        self.grounds.credentials |= {one.id: one for one in credentials}
        self.grounds.versions[INSTALLATION] = 6
        self.authority = Authority(self.grounds, STANDARD)
        self.version = version

    def consulted(self, roster: Roster, until: str = "~") -> Consulted:
        """Return the installation as somebody looked at it."""
        found = Consulted({INSTALLATION: self.version}, self.authority)
        found.rosters, found.until = [roster], until
        return found

    def admits(
        self,
        acting: Acting,
        roster: Roster = NOBODY,
        rules: Rules | None = None,
        *,
        scope: str = "advance",
        at: str = NOW,
        until: str = "~",
        approval: bool = False,
    ) -> bool:
        """Tell whether he is let act."""
        try:
            consulted = self.consulted(roster, until)
            self.authority.admit(acting, scope, consulted, at, rules, approval)
        except Doubtful:
            return False
        return True

    def actor(self, **members: Any) -> Acting:
        """Return an actor who is as he is, but for *members*."""
        return Acting({**ACTOR, **members}, self.grounds)


def admitted(roster: Roster = NOBODY, **members: Any) -> bool:
    """Tell whether somebody is let act at a desk that has a token."""
    how = {name: members.pop(name) for name in ("approval", "scope", "at") if name in members}
    desk = Desk(TOKEN)
    return desk.admits(desk.actor(**members), roster, **how)


@pytest.mark.parametrize(
    "members",
    [
        {"assignment": 1},
        {"assignment": None},
        {"assignment": ""},
        {"id": 1},
        {"role": 1},
        {"signature": "x"},
        {"authentication": "rumour:x"},
        {"more": None},
    ],
)
def test_an_actor_of_other_members_or_types_is_doubtful(members: dict[str, Any]) -> None:
    grounds = Grounds({}, {}, actors={"eva": 1, 1: 1})  # type: ignore[dict-item]

    with pytest.raises(Doubtful):
        Acting({**ACTOR, **members}, grounds)


def test_an_actor_is_who_acts_and_whom_he_stands_in_for() -> None:
    alone, another = Desk().actor(), Desk().actor(on_behalf_of="ivan")

    assert (alone.persons, alone.registered, alone.asked) == (("eva",), 3, b'["eva",null]')
    assert (another.persons, another.registered) == (("eva", "ivan"), 5)
    assert another.asked == b'["eva","ivan"]'
    assert (alone.method, alone.credential) == ("host", "portal")
    with pytest.raises(KeyError):
        Desk().actor(on_behalf_of="stranger")


def acts(own: Any, *rosters: Roster, roles: tuple[str, ...] = ("expert",)) -> bool:
    try:
        Desk().actor().acts(roles, own, *rosters)
    except Doubtful:
        return False
    return True


def test_he_names_the_record_that_gave_him_the_first_role_that_he_held() -> None:
    own, others = {("eva", "expert"): ("r-1", 9)}, {("eva", "expert"): ("r-9", 1)}

    assert acts({}, given("expert"))
    assert acts({}, NOBODY, given("expert"))
    assert acts(own)
    assert acts(own, given("expert", by="r-2"))
    assert acts({}, given("expert"), roles=("curator", "expert"))
    assert acts({}, given("expert"), given("curator", by="r-2"), roles=("expert", "curator"))
    for refused in (
        acts({}, given("expert", by="r-2")),
        acts({}, given("expert", to="ivan")),
        acts({}, given("expert"), given("expert", by="r-2")),
        acts({}, given("curator"), roles=("curator",)),
        acts({}, given("expert"), given("curator", by="r-2"), roles=("curator", "expert")),
        acts(others, given("expert")),
        acts({}, given("expert"), roles=()),
        acts({}),
    ):
        assert not refused


def test_versions_that_nobody_can_have_seen_are_doubtful() -> None:
    grounds = learned()
    authority = Authority(grounds, STANDARD)
    last = grounds.versions[INSTALLATION]

    for version in (0, -1, last + 1, True, "1"):
        with pytest.raises(Doubtful):
            Consulted({INSTALLATION: version}, authority)  # type: ignore[dict-item]
    for version in (1, last):
        assert Consulted({INSTALLATION: version}, authority).versions == (version,)


def test_versions_were_there_and_as_good_as_the_latest_at_the_moment() -> None:
    authority = Authority(learned(), STANDARD)
    consulted = Consulted({INSTALLATION: 4}, authority)
    consulted.since, consulted.until = "2022-01-02", "2022-01-04"

    for moment in ("2022-01-02", "2022-01-03", "2022-01-04"):
        consulted.check(moment, {})
    for moment in ("2022-01-01", "2022-01-05"):
        with pytest.raises(Doubtful):
            consulted.check(moment, {})


def test_versions_do_not_run_back() -> None:
    authority = Authority(learned(), STANDARD)
    earlier, later = (Consulted({INSTALLATION: one}, authority) for one in (3, 4))
    for one in (earlier, later):
        one.since, one.until = "", "~"
    seen = dict[str, int]()

    for one in (earlier, earlier, later):
        one.check(NOW, seen)
        assert seen == {INSTALLATION: one.versions[0]}
    with pytest.raises(Doubtful):
        earlier.check(NOW, seen)


def test_the_latest_of_what_was_consulted_decides_and_the_first_change_of_it() -> None:
    grounds = learned()
    authority = Authority(grounds, STANDARD)
    versions = {INSTALLATION: grounds.versions[INSTALLATION], MAP: 2}
    both = Consulted(versions, authority)

    assert both.names == (INSTALLATION, MAP)
    recorded = [grounds.recorded(*one) or "" for one in versions.items()]
    assert both.since == max(recorded) != min(recorded)
    assert both.until == grounds.stands(MAP, 2) != "~"
    assert grounds.stands(INSTALLATION, versions[INSTALLATION]) == "~"
    assert [set(one.holders) for one in both.rosters] == [
        {one.role for one in grounds.held(*place)} for place in versions.items()
    ]


def test_what_is_read_once_is_remembered_as_it_is_spelt() -> None:
    authority = Authority(Desk().grounds, STANDARD)
    text = b'{"installation":5}'
    actor = (
        b'{"assignment":"r-1","authentication":"host:portal","id":"eva","on_behalf_of":null,'
        b'"role":"expert","signature":null}'
    )

    assert authority.acting(actor) is authority.acting(actor)
    assert authority.acting(actor).start == f'{{"actor":{actor.decode()},"command_id":"'
    assert authority.consulted(text) is authority.consulted(text)
    assert authority.consulted(text).spelt == text.decode()
    assert authority.consulted(text).led == '","comment":null,"consulted":{"installation":5}'
    assert (authority.consulted(text).since, authority.consulted(text).until) == ("~", "~")


def test_whoever_is_registered_later_is_not_let_act() -> None:
    desk, early = Desk(version=5), Desk(version=4)

    assert desk.admits(desk.actor(on_behalf_of="ivan"))
    assert not desk.admits(desk.actor(on_behalf_of="late"))
    assert not early.admits(early.actor(on_behalf_of="ivan"))


def test_nobody_is_let_act_on_rights_that_changed_before() -> None:
    desk = Desk()
    actor = desk.actor()

    assert desk.admits(actor, until=NOW)
    assert not desk.admits(actor, until="2022-03-01T08:59:59.999999Z")


def test_auditors_do_not_act_and_administrators_do_not_approve() -> None:
    auditor, chief = given("auditor"), given("administrator")

    assert admitted()
    assert admitted(approval=True)
    assert admitted(chief)
    assert admitted(given("auditor", to="ivan"), approval=True)
    assert not admitted(chief, approval=True)
    assert not admitted(given("administrator", to="ivan"), on_behalf_of="ivan", approval=True)
    assert not admitted(auditor)
    assert not admitted(given("auditor", to="ivan"), on_behalf_of="ivan")
    assert not admitted(authentication="signed:t-1")


def test_what_is_remembered_of_somebody_is_good_for_the_same_only() -> None:
    """One who was let act once is asked anew for anything that is not quite the same."""
    desk = Desk()
    rules = compiled(CATALOGUE.compiled(ROADMAP))
    assert rules is not None
    strict = replace(rules, definition=replace(
        rules.definition, authentication=Authentication(any=("token",), approval=("host",))
    ))  # fmt: skip
    actor, chief = desk.actor(), given("administrator")

    for _ in (1, 2):
        assert desk.admits(actor, chief, rules)
        assert not desk.admits(actor, chief, rules, approval=True)
        assert not desk.admits(actor, given("auditor"), rules)
        assert not desk.admits(actor, chief, strict)
        assert desk.admits(actor, NOBODY, strict, approval=True)
    assert {(scope, approval) for scope, _, _, approval in actor.admitted} == {
        ("advance", False), ("advance", True),
    }  # fmt: skip


def test_a_token_is_good_for_what_it_was_issued_for() -> None:
    shown: dict[str, Any] = {"authentication": f"token:{TOKEN.id}"}

    assert admitted(**shown)
    assert not admitted(scope="enrol", **shown)
    assert not admitted(scope="adv", **shown)
    assert not admitted(authentication="token:t-2")
    assert admitted(at="2022-12-31T23:59:59.999999Z", **shown)
    assert not admitted(at=TOKEN.expires_at, **shown)
    assert not admitted(id="ivan", **shown)


@pytest.mark.parametrize(
    ("members", "good"),
    [
        ({}, True),
        ({"scopes": ""}, True),
        ({"scopes": "enrol advance"}, True),
        ({"scopes": "enrol plan"}, False),
        ({"expires_at": ""}, True),
        ({"method": "key"}, False),
        ({"actor": "ivan"}, False),
        ({"revoked": 5}, False),
        ({"revoked": 6}, True),
        ({"sequence": 5}, True),
        ({"sequence": 6}, False),
    ],
)
def test_a_token_is_judged_whenever_it_is_shown(members: dict[str, Any], good: bool) -> None:
    desk = Desk(replace(TOKEN, **members))
    actor = desk.actor(authentication=f"token:{TOKEN.id}")

    assert desk.admits(actor) is good
    if members.get("expires_at", TOKEN.expires_at):
        assert not desk.admits(actor, at=TOKEN.expires_at)
    assert actor.admitted == set()
