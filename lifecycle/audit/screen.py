"""The screen before the full check: a school's stream is passed where it is plainly lawful.

It works on the stored bytes and plain values, builds no records, and makes no findings. Whatever
is not plain beyond doubt raises, and the full check (``lifecycle.audit.rules``) looks at the
whole stream. So a mistake here may cost time, but what is passed has to be sound: every rule is
at least as strict as the full check's, and tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from lifecycle.audit.compiled import Act, Doubtful, Facts, Move, Piece, Rules, compiled
from lifecycle.audit.parsing import Parser
from lifecycle.audit.rules import Grounds
from lifecycle.audit.texts import had_come, is_day, is_moment
from lifecycle.domain.canonical import MAX_BODY_BYTES, MAX_INTEGER
from lifecycle.domain.evidence import MAX_TEXT, check_reference
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import (
    ADMINISTRATOR,
    INSTALLATION,
    Evidence,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.record import FORMAT, genesis_hash

Row = tuple[Any, ...]

COLUMNS = (
    "stream",
    "sequence",
    "hash",
    "body",
    "previous",
    "record_id",
    "command_id",
    "kind",
    "transition",
    "source",
    "target",
    "definition",
    "actor",
    "role",
    "recorded_at",
    "effective_on",
)
"""What the screen takes a row of a record to be made of."""

_MEMBERS = [
    "actor",
    "command_id",
    "comment",
    "consulted",
    "definition",
    "due_on",
    "effective_on",
    "evidence",
    "facts",
    "format",
    "from",
    "kind",
    "origin",
    "previous",
    "reason",
    "record_id",
    "recorded_at",
    "request",
    "requirements",
    "sequence",
    "stream",
    "to",
    "transition",
]
_ACTOR = ["assignment", "authentication", "id", "on_behalf_of", "role", "signature"]
_PIECES = {
    "file": ["content", "form", "item", "kind", "media_type", "name", "sha256", "size"],
    "link": ["form", "item", "kind", "url"],
    "reference": ["date", "form", "issuer", "item", "kind", "number"],
}
_ADMINISTERED = ["role", "date"]
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ROSTERS = 64


class Roster:
    """Who held what on a shared stream at one of its versions."""

    def __init__(self, grounds: Grounds, stream: str, version: int) -> None:
        self.held: dict[str, list[tuple[str, str]]] = {}
        self.holders: dict[str, set[str]] = {}
        for one in grounds.held(stream, version):
            self.held.setdefault(one.actor, []).append((one.role, one.record_id))
            self.holders.setdefault(one.role, set()).add(one.actor)


@dataclass(slots=True)
class Course:
    """How far a stream was followed, in plain values."""

    rules: Rules
    school: str
    roadmap: str
    title: str
    state: str
    entered_at: str
    entered_on: str
    entered: int
    # Actor, role and record of each role held on the school.
    held: list[tuple[str, str, str, int]] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    here: list[str] = field(default_factory=list)
    movers: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a stream that was passed came to; how storage has to show it."""

    records: int
    head: Row
    standing: Row
    held: list[Row]


class Screen:
    """Follows streams of schools.

    Args:
        origin: Id of the installation.
        grounds: What decisions may rest on.
        parser: Reads bodies.
        stored: Tells whether the evidence store has a file of that digest and size.
    """

    def __init__(
        self,
        origin: str,
        grounds: Grounds,
        parser: Parser,
        stored: Callable[[str, int], bool],
    ) -> None:
        self._origin = origin
        self._grounds = grounds
        self._loads, self._dumps = parser
        self._stored = stored
        self._rules = {
            digest: compiled(one) for digest, one in grounds.definitions.items()
        }
        self._kept = lru_cache(maxsize=_ROSTERS)(partial(Roster, grounds))

    def _roster(self, stream: str, version: int) -> Roster:
        return self._kept(stream, self._grounds.turn(stream, version))

    def follow(self, stream: str, rows: Iterable[Row]) -> Passed:
        """Return what the records of *stream* come to.

        Raises:
            Doubtful: Something is not plain.
            Exception: Neither is something of another type or shape than it has to be.
        """
        course: Course | None = None
        seen: dict[str, int] = {}
        version, last, before = 0, genesis_hash(self._origin, stream), ""
        for row in rows:
            version += 1
            body, found = row[3], row[2]
            if sha256(b"\x00" + body).hexdigest() != found:
                raise Doubtful
            members = self._loads(body)
            if (
                self._dumps(members) != body
                or [*members] != _MEMBERS
                or type(members["format"]) is not int
                or members["format"] != FORMAT
                or members["origin"] != self._origin
                or members["stream"] != stream
                or members["previous"] != last
                or row[1] != version
                or members["sequence"] != version
                or type(members["sequence"]) is not int
                or len(body) > MAX_BODY_BYTES
            ):
                raise Doubtful
            moment = members["recorded_at"]
            if moment < before or not is_moment(moment):
                raise Doubtful
            self._compare(row, members)
            self._consult(members["consulted"], moment, seen)
            course = self._follow(course, members, version)
            last, before = found, moment
        if course is None:
            raise Doubtful
        return self._passed(course, (version, last, before))

    def _compare(self, row: Row, members: dict[str, Any]) -> None:
        """Compare the columns with the body, and look at what every record has."""
        rules, actor = members["definition"], members["actor"]
        record_id, command_id = members["record_id"], members["command_id"]
        columns = (
            members["previous"],
            record_id,
            command_id,
            members["kind"],
            members["transition"],
            members["from"],
            members["to"],
            None if rules is None else rules["digest"],
            actor["id"],
            actor["role"],
            members["recorded_at"],
            members["effective_on"],
        )
        if (
            row[4:] != columns
            or type(record_id) is not str
            or type(command_id) is not str
            or type(members["request"]) is not str
            or type(actor["authentication"]) is not str
            or [*actor] != _ACTOR
            or actor["signature"] is not None
            or members["comment"] is not None
            or not is_day(members["effective_on"])
        ):
            raise Doubtful
        principal = actor["on_behalf_of"]
        if principal is not None and principal not in self._grounds.actors:
            raise Doubtful

    def _consult(self, consulted: dict[str, int], moment: str, seen: dict[str, int]) -> None:
        """Look whether the versions consulted are as good as those of that time."""
        grounds = self._grounds
        for name, version in consulted.items():
            if type(version) is not int or not seen.get(name, 1) <= version <= grounds.versions[name]:
                raise Doubtful
            latest = grounds.version_at(name, moment)
            if latest > version and grounds.turn(name, latest) != grounds.turn(name, version):
                raise Doubtful
            seen[name] = version

    def _follow(self, course: Course | None, members: dict[str, Any], version: int) -> Course:
        kind = members["kind"]
        if course is None:
            if kind != "enrolled":
                raise Doubtful
            return self._enrolled(members)
        zone = course.rules.definition.roadmap.time_zone
        if not had_come(members["effective_on"], members["recorded_at"], zone):
            raise Doubtful
        if kind == "advanced":
            self._advanced(course, members, version)
        elif kind == "role_assigned":
            self._assigned(course, members, version)
        elif kind == "role_revoked":
            self._revoked(course, members)
        else:
            raise Doubtful
        return course

    def _enrolled(self, members: dict[str, Any]) -> Course:
        facts, consulted = members["facts"], members["consulted"]
        if [*facts] != ["roadmap", "school", "title"]:
            raise Doubtful
        roadmap, school, title = facts.values()
        on_map, rules = roadmap_stream(roadmap), self._rules[members["definition"]["digest"]]
        if (
            rules is None
            or type(title) is not str
            or type(school) is not str
            or members["stream"] != participation_stream(school)
            or self._grounds.rules.get(on_map) != rules.ref["digest"]
            or not on_map.isascii()
            or members["definition"] != rules.ref
            or members["transition"] is not None
            or members["from"] is not None
            or members["to"] != rules.definition.initial
            or members["requirements"] != _ADMINISTERED
            or members["due_on"] is not None
            or members["evidence"] != []
            or members["reason"] is not None
            or [*consulted] != [INSTALLATION, on_map]
            or not had_come(
                members["effective_on"],
                members["recorded_at"],
                rules.definition.roadmap.time_zone,
            )
        ):
            raise Doubtful
        rosters = [self._roster(name, version) for name, version in consulted.items()]
        self._acts(members["actor"], rules.definition.enrolled_by, [], *rosters)
        return Course(
            rules=rules,
            school=school,
            roadmap=roadmap,
            title=title,
            state=members["to"],
            entered_at=members["recorded_at"],
            entered_on=members["effective_on"],
            entered=1,
        )

    def _acts(
        self,
        actor: dict[str, Any],
        roles: Iterable[str],
        own: list[tuple[str, str, str, int]],
        *rosters: Roster,
    ) -> None:
        """Look whether the actor names the first of *roles* that he held, and who gave it."""
        who, named = actor["id"], (actor["role"], actor["assignment"])
        if not named[1]:
            raise Doubtful
        for role in roles:
            for person, held, record_id, _ in own:
                if person == who and held == role:
                    if named != (role, record_id):
                        raise Doubtful
                    return
            found = [one for roster in rosters for one in roster.held.get(who, ()) if one[0] == role]
            if found:
                # Several of them stand in an order of their own: that is for the full check.
                if found != [named]:
                    raise Doubtful
                return
        raise Doubtful

    def _advanced(self, course: Course, members: dict[str, Any], version: int) -> None:
        rules, name, source = course.rules, members["transition"], course.state
        move, target, actor = rules.moves[name], members["to"], members["actor"]
        (on_map,) = members["consulted"]
        reason, facts, evidence = members["reason"], members["facts"], members["evidence"]
        if (
            members["from"] != source
            or move.targets[source] != target
            or members["definition"] != rules.ref
            or members["requirements"] != move.checked
            or members["due_on"] != move.due_on
            or on_map != roadmap_stream(course.roadmap)
            or not (reason is None or move.takes_reason)
            or type(facts) is not dict
            or type(evidence) is not list
        ):
            raise Doubtful
        roster = self._roster(on_map, members["consulted"][on_map])
        self._acts(actor, move.roles, course.held, roster)
        if facts:
            if not move.facts.issuperset(facts):
                raise Doubtful
            check_facts(rules.definition, facts)
            course.facts = {**course.facts, **facts}
        if evidence:
            self._bring(evidence, move)
        self._judge(course, members, move, roster)
        who = course.movers.setdefault(name, set())
        who.add(actor["id"])
        if actor["on_behalf_of"] is not None:
            who.add(actor["on_behalf_of"])
        if target == source:
            course.here.append(name)
            return
        course.state, course.here, course.entered = target, [], version
        course.entered_at, course.entered_on = members["recorded_at"], members["effective_on"]

    def _judge(
        self, course: Course, members: dict[str, Any], move: Move, roster: Roster
    ) -> None:
        actor, principal = members["actor"]["id"], members["actor"]["on_behalf_of"]

        def holders(role: str) -> set[str]:
            own = {person for person, held, _, _ in course.held if held == role}
            return own | roster.holders.get(role, set())

        act = Act(
            persons=(actor,) if principal is None else (actor, principal),
            evidence=members["evidence"],
            facts=members["facts"],
            reason=members["reason"],
            known=course.facts,
            here=course.here,
            movers=course.movers,
            holders=holders,
        )
        for check in move.checks:
            if not check(act):
                raise Doubtful

    def _bring(self, evidence: list[Piece], move: Move) -> None:
        """Look whether the pieces are sound, of kinds that are asked for, and each given once."""
        for piece in evidence:
            form, item = piece["form"], piece["item"]
            if (
                [*piece] != _PIECES[form]
                or piece["kind"] not in move.kinds
                or not (item is None or type(item) is str)
            ):
                raise Doubtful
            if form == "reference":
                if not (is_text(piece["number"]) and is_text(piece["issuer"])):
                    raise Doubtful
                if not is_day(piece["date"]):
                    raise Doubtful
            elif form == "file":
                self._file(piece)
            elif type(piece["url"]) is str:
                check_reference(Evidence(piece["kind"], item, "link", url=piece["url"]))
            else:
                raise Doubtful
        if len(evidence) > 1 and len({(*piece.values(),) for piece in evidence}) != len(evidence):
            raise Doubtful

    def _file(self, piece: Piece) -> None:
        digest, size = piece["sha256"], piece["size"]
        if (
            _SHA256.fullmatch(digest) is None
            or type(size) is not int
            or not 0 < size <= MAX_INTEGER
            or type(piece["media_type"]) is not str
            or piece["name"] is not None
            or piece["content"] is not None
            or not self._stored(digest, size)
        ):
            raise Doubtful

    def _assigned(self, course: Course, members: dict[str, Any], version: int) -> None:
        self._administered(members, ["actor", "role"])
        actor, role = members["facts"].values()
        if (
            role not in course.rules.school_roles
            or any(one[:2] == (actor, role) for one in course.held)
            or not self._grounds.knows(actor, members["consulted"][INSTALLATION])
        ):
            raise Doubtful
        course.held.append((actor, role, members["record_id"], version))

    def _revoked(self, course: Course, members: dict[str, Any]) -> None:
        self._administered(members, ["actor", "assignment", "role"])
        actor, assignment, role = members["facts"].values()
        fitting = [one for one in course.held if one[:2] == (actor, role)]
        if [one[2] for one in fitting] != [assignment] or role == ADMINISTRATOR:
            raise Doubtful
        course.held.remove(fitting[0])

    def _administered(self, members: dict[str, Any], names: list[str]) -> None:
        """Look at what records of roles have in common."""
        if (
            [*members["facts"]] != names
            or not all(type(value) is str for value in members["facts"].values())
            or members["definition"] is not None
            or members["transition"] is not None
            or members["from"] is not None
            or members["to"] is not None
            or members["requirements"] != _ADMINISTERED
            or members["due_on"] is not None
            or members["evidence"] != []
            or members["reason"] is not None
            or [*members["consulted"]] != [INSTALLATION]
        ):
            raise Doubtful
        roster = self._roster(INSTALLATION, members["consulted"][INSTALLATION])
        self._acts(members["actor"], (ADMINISTRATOR,), [], roster)

    def _passed(self, course: Course, head: Row) -> Passed:
        state = course.rules.definition.state[course.state]
        due_on = None if state.final or state.due_on is None else state.due_on.isoformat()
        standing = (
            course.school,
            course.roadmap,
            course.title,
            course.rules.ref["digest"],
            course.state,
            head[0],
            course.entered_at,
            course.entered_on,
            due_on,
            int(state.final),
        )
        held = [(record_id, actor, role, place) for actor, role, record_id, place in course.held]
        return Passed(head[0], head, standing, held)


def is_text(text: str) -> bool:
    """Tell whether a number or an issuer of an order is one (``lifecycle.domain.evidence``)."""
    return text.isprintable() and len(text) <= MAX_TEXT and bool(text.strip())
