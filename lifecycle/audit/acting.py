"""Who acted, and on what he could rely: the screen's view of actors, roles and credentials."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from lifecycle.audit.compiled import Own, Roster, Rules
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.spelling import BEGIN, ID, UNCOMMENTED, Parser, spelt
from lifecycle.domain.access import ANY, known_by
from lifecycle.domain.model import ADMINISTRATOR, AUDITOR, Method

_ACTOR = ["assignment", "authentication", "id", "on_behalf_of", "role", "signature"]
_ROSTERS = 1024
_REMEMBERED = 8192


_known_by = lru_cache(maxsize=_REMEMBERED)(known_by)


@lru_cache(maxsize=_REMEMBERED)
def _asked_by(who: str, principal: str | None) -> bytes:
    """Return those who act, as requests spell them."""
    return spelt([who, principal]).encode()


class Doubtful(Exception):
    """The screen cannot tell: the full check has to look."""


class Acting:
    """The actor of a record.

    Args:
        members: As the body has him; how it begins up to the command's id stands in ``start``, and
            what his requests for transitions begin with is hashed in ``advance``.
        grounds: Who is registered.

    Raises:
        Exception: It is not plainly an actor.
    """

    __slots__ = (
        "admitted",
        "advance",
        "asked",
        "assignment",
        "credential",
        "id",
        "method",
        "persons",
        "registered",
        "role",
        "start",
    )

    def __init__(self, members: dict[str, Any], grounds: Grounds) -> None:
        if [*members] != _ACTOR:
            raise Doubtful
        assignment, authentication, who, principal, role, signature = members.values()
        known = _known_by(authentication)
        if known is None or signature is not None or not assignment:
            raise Doubtful
        if not (type(assignment) is type(who) is type(role) is str):
            raise Doubtful
        self.id: str = who
        self.admitted: set[tuple[str, Roster, Rules | None, bool]] = set()
        self.role: str = role
        self.assignment: str = assignment
        self.persons = (who,) if principal is None else (who, principal)
        self.registered = max(grounds.actors[one] for one in self.persons)
        self.method, self.credential = known
        self.asked = _asked_by(who, principal)
        self.advance = sha256(b'["Advance",%b,{' % self.asked)
        self.start = ""

    def names(self, own: Own, *rosters: Roster) -> bool:
        """Tell whether he names the one record that gave him the role in which he acts."""
        return self._given(self.role, own, rosters) == [self.assignment]

    def acts(self, roles: Iterable[str], own: Own, *rosters: Roster) -> None:
        """Look whether he names the first of *roles* that he held, and the record that gave it.

        Raises:
            Doubtful: It is not plain.
        """
        for role in roles:
            found = self._given(role, own, rosters)
            if found:
                # Several of them stand in an order of their own: that is for the full check.
                if role != self.role or found != [self.assignment]:
                    raise Doubtful
                return
        raise Doubtful

    def _given(self, role: str, own: Own, rosters: Iterable[Roster]) -> list[str]:
        """Return the records that gave him *role*."""
        held = (self.id, role)
        if held in own:
            return [own[held][0]]
        return [given for roster in rosters for given in roster.given.get(held, ())]


class Person:
    """Somebody who acts on a school, judged for as long as roles and what is consulted stay.

    Args:
        acting: As its bodies have him.
        holds: He holds the role in which he acts, by the one record that he names.
    """

    __slots__ = ("acting", "admitted", "approves", "holds", "role", "start")

    def __init__(self, acting: Acting, holds: bool) -> None:
        self.acting = acting
        self.holds = holds
        self.role = acting.role
        self.start = acting.start
        self.admitted = self.approves = False


class Consulted:
    """The versions of other streams that a record rests on, and what stood there.

    Args:
        versions: As the body has them; how it spells that stands in ``spelt``, and with what
            stands before it where there is no comment, from the end of the command's id, in
            ``led``.
        authority: Knows the streams.

    Raises:
        Exception: They are not plainly such versions.
    """

    __slots__ = ("by_name", "led", "names", "rosters", "since", "spelt", "until", "versions")

    def __init__(self, versions: dict[str, int], authority: Authority) -> None:
        for name, version in versions.items():
            if type(version) is not int or not 0 < version <= authority.grounds.versions[name]:
                raise Doubtful
        self.spelt = self.led = ""
        self.by_name = (*versions.items(),)
        self.names = (*versions,)
        self.versions = (*versions.values(),)
        self.rosters = [authority.roster(*one) for one in versions.items()]
        self.since = max(authority.grounds.recorded(*one) or "~" for one in versions.items())
        self.until = min(authority.grounds.stands(*one) for one in versions.items())

    def check(self, moment: str, seen: dict[str, int]) -> None:
        """Look whether they were there and as good as the latest at *moment*, and ran not back.

        Raises:
            Doubtful: It is not plain.
        """
        if not self.since <= moment <= self.until:
            raise Doubtful
        for name, version in self.by_name:
            if version < seen.get(name, 0):
                raise Doubtful
            seen[name] = version


class Authority:
    """Actors and consulted versions by their spelling, each read once.

    Args:
        grounds: What decisions may rest on.
        parser: Reads what bodies spell.
    """

    def __init__(self, grounds: Grounds, parser: Parser) -> None:
        self.grounds = grounds
        self._value = parser.value
        remember = lru_cache(maxsize=_REMEMBERED)
        self.acting = remember(self._acting)
        self.consulted = remember(self._consulted)
        self._at_turn = lru_cache(maxsize=_ROSTERS)(
            lambda stream, turn: Roster(grounds.held(stream, turn))
        )

    def _acting(self, text: bytes) -> Acting:
        found = Acting(self._value(text), self.grounds)
        found.start = f"{BEGIN}{text.decode()}{ID}"
        return found

    def _consulted(self, text: bytes) -> Consulted:
        found = Consulted(self._value(text), self)
        found.spelt = text.decode()
        found.led = f"{UNCOMMENTED}{found.spelt}"
        return found

    def roster(self, stream: str, version: int) -> Roster:
        """Return the roles held on a shared stream at a version."""
        found: Roster = self._at_turn(stream, self.grounds.turn(stream, version))
        return found

    def admit(
        self,
        acting: Acting,
        scope: str,
        consulted: Consulted,
        moment: str,
        rules: Rules | None = None,
        approval: bool = False,
    ) -> bool:
        """Look whether the actor may act at all (``lifecycle.domain.access.objections``).

        Returns:
            Whether it will be so at any other moment until which what is consulted stands.

        Raises:
            Doubtful: It is not plain.
        """
        if consulted.versions[0] < acting.registered or moment > consulted.until:
            raise Doubtful
        installation = consulted.rosters[0]
        place = (scope, installation, rules, approval)
        if place in acting.admitted:
            return True
        authentication = rules.definition.authentication if rules else ANY
        wanted: tuple[Method, ...] = authentication.approval if approval else authentication.any
        holders = installation.holders
        if acting.method not in wanted or not holders.get(AUDITOR, set()).isdisjoint(
            acting.persons
        ):
            raise Doubtful
        if approval and not holders.get(ADMINISTRATOR, set()).isdisjoint(acting.persons):
            raise Doubtful
        if acting.method == "token":
            self._token(acting, scope, consulted.versions[0], moment)
            return False
        if acting.method == "signed":
            raise Doubtful
        acting.admitted.add(place)
        return True

    def _token(self, acting: Acting, scope: str, version: int, moment: str) -> None:
        found = self.grounds.credential(acting.credential, version)
        if (
            found is None
            or (found.actor, found.method, found.revoked) != (acting.id, "token", None)
            or (found.expires_at and moment >= found.expires_at)
            or (found.scopes and scope not in found.scopes.split(" "))
        ):
            raise Doubtful
