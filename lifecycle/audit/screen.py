"""The screen before the full check: a school's stream is passed where it is plainly lawful.

It works on the stored bytes and plain values, builds no records, and makes no findings. Whatever
is not plain beyond doubt raises, and the full check (``lifecycle.audit.rules``) looks at the
whole stream. So a mistake here may cost time, but what is passed has to be sound: every rule is
at least as strict as the full check's, and tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from lifecycle.audit.acting import Acting, Authority, Consulted, Doubtful
from lifecycle.audit.compiled import Act, Facts, Held, Move, Roster, Rules, compiled
from lifecycle.audit.pieces import items_of
from lifecycle.audit.rules import Grounds
from lifecycle.audit.spelling import (
    Frame,
    Parser,
    Parts,
    Row,
    as_asked,
    frame,
    is_plain,
    parts_of,
    spelt,
    written,
)
from lifecycle.audit.texts import had_come, is_day, is_moment
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.decision import CHECKED
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import (
    ADMINISTRATOR,
    AUDITOR,
    INSTALLATION,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.record import genesis_hash

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

_CHECKED = list(CHECKED)
_NO_FACTS: Facts = {}
_NO_ITEMS: dict[str, list[str | None]] = {}
_APART = (ADMINISTRATOR, AUDITOR)


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
    on_map: str
    zone: str
    spelt: str
    held: list[Held] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    here: list[str] = field(default_factory=list)
    movers: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passed:
    """What a stream that was passed came to; how storage has to show it.

    Args:
        records: How many it has.
        head: Version, hash and time.
        standing: Row of the board.
        held: Rows of the roles held on the school, without the stream.
    """

    records: int
    head: Row
    standing: Row
    held: list[Row]


@dataclass(slots=True)
class Line:
    """One record: its row, and the parts that only the body has."""

    row: Row
    parts: Parts
    acting: Acting
    consulted: Consulted
    version: int


class Screen:
    """Follows streams of schools.

    Args:
        origin: Id of the installation.
        grounds: What decisions may rest on.
        parser: Reads what bodies spell.
        stored: Tells whether the evidence store has a file of that digest and size.
    """

    def __init__(
        self, origin: str, grounds: Grounds, parser: Parser, stored: Callable[[str, int], bool]
    ) -> None:
        self._origin = origin
        self._grounds = grounds
        self._authority = Authority(grounds, parser)
        self._value = parser.value
        self._stored = stored
        self._rules = {digest: compiled(one) for digest, one in grounds.definitions.items()}
        self._frame = lru_cache(maxsize=4096)(self._framed)

    def follow(self, stream: str, rows: Iterable[Row]) -> Passed:
        """Return what the records of *stream* come to.

        Raises:
            Exception: Something is not plain, or of another type or shape than it has to be.
        """
        course: Course | None = None
        seen: dict[str, int] = {}
        place = f',"stream":{spelt(stream)}'
        version, last, before = 0, genesis_hash(self._origin, stream), ""
        for row in rows:
            version += 1
            if row[1] != version or row[4] != last:
                raise Doubtful
            line = self._read(row, version, place, seen)
            moment = row[14]
            if moment < before:
                raise Doubtful
            kind = row[7]
            if course is None:
                course = self._enrolled(line)
            elif not had_come(row[15], moment, course.zone):
                raise Doubtful
            elif kind == "advanced":
                self._advanced(course, line)
            elif kind == "role_assigned":
                self._assigned(course, line)
            else:
                self._revoked(course, line)
            last, before = row[2], moment
        if course is None:
            raise Doubtful
        return _passed(course, (version, last, before))

    def _read(self, row: Row, version: int, place: str, seen: dict[str, int]) -> Line:
        """Compare a stored body with the one that the columns and the rules tell of."""
        body, moment = row[3], row[14]
        if sha256(b"\x00" + body).hexdigest() != row[2] or len(body) > MAX_BODY_BYTES:
            raise Doubtful
        shape = self._frame(row[7], row[8], row[9], row[11])
        parts = parts_of(row, shape, place)
        if (
            parts is None
            or not is_plain(row[5] + row[6])
            or not is_moment(moment)
            or not is_day(row[15])
            or row[10] != shape.target
        ):
            raise Doubtful
        acting = self._authority.acting(parts.actor)
        if row[12] != acting.id or row[13] != acting.role:
            raise Doubtful
        consulted = self._authority.consulted(parts.consulted)
        consulted.check(moment, seen)
        return Line(row, parts, acting, consulted, version)

    def _framed(
        self, kind: str, transition: str | None, source: str | None, digest: str | None
    ) -> Frame:
        if digest is None:
            if kind not in ("role_assigned", "role_revoked") or (transition, source) != (None, None):
                raise Doubtful
            return frame(self._origin, kind, _CHECKED)
        rules = self._rules[digest]
        if rules is None:
            raise Doubtful
        definition = rules.definition
        if kind == "enrolled" and transition is None and source is None:
            ref, target = definition.ref, definition.initial
            return frame(self._origin, kind, _CHECKED, definition=ref, target=target)
        if kind != "advanced" or transition is None or source is None:
            raise Doubtful
        move = rules.moves[transition]
        return frame(
            self._origin,
            kind,
            move.checked,
            definition=definition.ref,
            due_on=move.due_on,
            source=source,
            target=move.targets[source],
            transition=transition,
            bare=not (move.kinds or move.facts),
        )

    def _asked(self, line: Line, kind: bytes, before: bytes, behind: bytes) -> None:
        """Look whether the request digest is that of what was asked, without the date or with it.

        Args:
            line: The record.
            kind: Of the request.
            before: Members that stand before the date.
            behind: Members that stand behind it.
        """
        start, given = b'["%b",%b,{%b' % (kind, line.acting.asked, before), line.parts.request
        if sha256(b"%b%b}]" % (start, behind)).hexdigest().encode() == given:
            return
        day = b'"effective_on":"%b",' % line.row[15].encode()
        if sha256(b"%b%b%b}]" % (start, day, behind)).hexdigest().encode() != given:
            raise Doubtful

    def _enrolled(self, line: Line) -> Course:
        row, parts = line.row, line.parts
        facts = self._value(parts.facts)
        if row[7] != "enrolled" or [*facts] != ["roadmap", "school", "title"]:
            raise Doubtful
        roadmap, school, title = facts.values()
        rules, on_map = self._rules[row[11]], roadmap_stream(roadmap)
        if (
            rules is None
            or not all(type(text) is str for text in facts.values())
            or row[0] != participation_stream(school)
            or self._grounds.rules.get(on_map) != row[11]
            or not on_map.isascii()
            or parts.evidence != b"[]"
            or parts.reason != b"null"
            or line.consulted.names != (INSTALLATION, on_map)
        ):
            raise Doubtful
        definition = rules.definition
        zone = definition.roadmap.time_zone
        if not had_come(row[15], row[14], zone):
            raise Doubtful
        rosters = line.consulted.rosters
        self._authority.admit(line.acting, "enrol", rosters[0], line.consulted, row[14], rules)
        line.acting.acts(definition.enrolled_by, (), *rosters)
        self._asked(line, b"Enrol", b"", parts.facts[1:-1])
        return Course(
            rules=rules,
            school=school,
            roadmap=roadmap,
            title=title,
            state=row[10],
            entered_at=row[14],
            entered_on=row[15],
            on_map=on_map,
            zone=zone,
            spelt=written(school),
        )

    def _advanced(self, course: Course, line: Line) -> None:
        row, parts, acting, rules = line.row, line.parts, line.acting, course.rules
        name, source, target = row[8:11]
        if (
            source != course.state
            or row[11] != rules.digest
            or line.consulted.names != (INSTALLATION, course.on_map)
        ):
            raise Doubtful
        move = rules.moves[name]
        installation, roster = line.consulted.rosters
        self._authority.admit(
            acting, "advance", installation, line.consulted, row[14], rules, move.approval
        )
        acting.acts(move.roles, course.held, roster)
        self._bring(course, line, move, roster)
        asked = b'"facts":%b' % parts.facts
        if parts.evidence != b"[]":
            asked = b'"evidence":%b,%b' % (as_asked(parts.evidence), asked)
        if parts.reason != b"null":
            asked = b'%b,"reason":%b' % (asked, parts.reason)
        behind = f',"school":{course.spelt},"transition":{written(name)}'
        self._asked(line, b"Advance", b"", asked + behind.encode())
        course.movers.setdefault(name, set()).update(acting.persons)
        if target == source:
            course.here.append(name)
            return
        course.state, course.here = target, []
        course.entered_at, course.entered_on = row[14], row[15]

    def _bring(self, course: Course, line: Line, move: Move, roster: Roster) -> None:
        """Look at what the act brings and states, and at the requirements."""
        parts, facts, items = line.parts, _NO_FACTS, _NO_ITEMS
        if parts.facts != b"{}":
            facts = self._value(parts.facts)
            if type(facts) is not dict or not move.facts.issuperset(facts):
                raise Doubtful
            check_facts(course.rules.definition, facts)
            course.facts = {**course.facts, **facts}
        if parts.evidence != b"[]":
            evidence = self._value(parts.evidence)
            found = items_of(evidence, move.kinds, self._stored)
            if type(evidence) is not list or found is None:
                raise Doubtful
            items = found
        if parts.reason not in move.reasons:
            raise Doubtful
        act = Act(
            line.acting.persons,
            items,
            facts,
            course.facts,
            course.here,
            course.movers,
            course.held,
            roster,
        )
        for check in move.checks:
            if not check(act):
                raise Doubtful

    def _assigned(self, course: Course, line: Line) -> None:
        actor, role = self._administered(line, ["actor", "role"])
        version = line.consulted.versions[0]
        if (
            role not in course.rules.school_roles
            or role in _APART
            or any(one[:2] == (actor, role) for one in course.held)
            or not self._grounds.knows(actor, version)
        ):
            raise Doubtful
        self._asked_role(line, b"AssignRole", actor, role)
        course.held.append((actor, role, line.row[5], line.version))

    def _revoked(self, course: Course, line: Line) -> None:
        actor, assignment, role = self._administered(line, ["actor", "assignment", "role"])
        fitting = [one for one in course.held if one[:2] == (actor, role)]
        if line.row[7] != "role_revoked" or role == ADMINISTRATOR:
            raise Doubtful
        if [one[2] for one in fitting] != [assignment]:
            raise Doubtful
        self._asked_role(line, b"RevokeRole", actor, role)
        course.held.remove(fitting[0])

    def _asked_role(self, line: Line, kind: bytes, actor: str, role: str) -> None:
        before = f'"assignee":{written(actor)},'
        behind = f'"role":{written(role)},"stream":{written(line.row[0])}'
        self._asked(line, kind, before.encode(), behind.encode())

    def _administered(self, line: Line, names: list[str]) -> list[str]:
        """Return the facts of a record of roles, and look at what such records have in common."""
        parts = line.parts
        facts = self._value(parts.facts)
        if (
            [*facts] != names
            or not all(type(value) is str for value in facts.values())
            or parts.evidence != b"[]"
            or parts.reason != b"null"
            or line.consulted.names != (INSTALLATION,)
        ):
            raise Doubtful
        roster = line.consulted.rosters[0]
        self._authority.admit(line.acting, "administer", roster, line.consulted, line.row[14])
        line.acting.acts((ADMINISTRATOR,), (), roster)
        return [*facts.values()]


def _passed(course: Course, head: Row) -> Passed:
    state = course.rules.definition.state[course.state]
    due_on = None if state.final or state.due_on is None else state.due_on.isoformat()
    standing = (
        course.school,
        course.roadmap,
        course.title,
        course.rules.digest,
        course.state,
        head[0],
        course.entered_at,
        course.entered_on,
        due_on,
        int(state.final),
    )
    held = [(record_id, actor, role, place) for actor, role, record_id, place in course.held]
    return Passed(head[0], head, standing, held)
