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
from lifecycle.audit.compiled import Act, Facts, Move, Rules, compiled
from lifecycle.audit.pieces import items_of
from lifecycle.audit.rules import Grounds
from lifecycle.audit.spelling import (
    COMMAND,
    CONSULTED,
    DEFINITION,
    ENDS,
    FACTS,
    NOTHING,
    REASON,
    RECORD,
    START,
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

Asked = tuple[bytes, bytes]
"""A request as it is hashed, before and behind its date."""

_CHECKED = list(CHECKED)
_NO_FACTS: Facts = {}
_NO_REASON = frozenset({b"null"})
_ASKED_NOTHING = b'"facts":{}'
_NO_ITEMS: dict[str, list[str | None]] = {}
_APART = (ADMINISTRATOR, AUDITOR)


@dataclass(slots=True, kw_only=True)
class Course(Act):
    """How far a school's stream was followed.

    Args:
        rules: Rules pinned at its enrolment.
        school: Id of the school.
        roadmap: Road map it takes part under.
        title: Its name.
        state: Current state.
        entered_at: When that was entered.
        entered_on: Date of the act that led there.
        on_map: Stream of the road map.
        zone: Time zone of the road map.
        place: The stream, as bodies spell it.
        asked: The school, as requests spell it.
        dated: The last request gave its date.
        consulted: What was consulted last by a transition, or by the enrolment.
        spelt: How its body spelt that; empty where no transition was made yet.
    """

    rules: Rules
    school: str
    roadmap: str
    title: str
    state: str
    entered_at: str
    entered_on: str
    on_map: str
    zone: str
    place: str
    asked: bytes
    consulted: Consulted
    dated: bool = False
    spelt: str = ""


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
        self._facts = lru_cache(maxsize=4096)(self._stated)

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
            moment = row[14]
            if moment < before or not is_moment(moment) or not is_day(row[15]):
                raise Doubtful
            if course is None:
                course = self._enrolled(self._read(row, version, place, seen), place)
            elif not had_come(row[15], moment, course.zone):
                raise Doubtful
            elif row[7] == "advanced":
                self._advanced(course, row, seen)
            else:
                self._administered(course, self._read(row, version, place, seen))
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

    def _enrolled(self, line: Line, place: str) -> Course:
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
            place=place,
            consulted=line.consulted,
            asked=f',"school":{written(school)},"transition":'.encode(),
        )

    def _advanced(self, course: Course, row: Row, seen: dict[str, int]) -> None:
        """Follow a transition: decide first what it has to be, then compare it with what is there.

        This is the loop that millions of records pass, so it does the work of ``_read`` itself.
        """
        _, _, found, body, _, record_id, command_id, _, name, source, target, *_ = row
        rules = course.rules
        move = rules.moves[name]
        if (
            sha256(b"\x00" + body).hexdigest() != found
            or len(body) > MAX_BODY_BYTES
            or source != course.state
            or target != move.targets[source]
            or row[11] != rules.digest
            or not is_plain(record_id + command_id)
            or not body.startswith(START)
        ):
            raise Doubtful
        shape = self._frame("advanced", name, source, rules.digest)
        actor_end = body.index(COMMAND)
        acting = self._authority.acting(body[len(START) : actor_end])
        if row[12] != acting.id or row[13] != acting.role:
            raise Doubtful
        begin = self._consulted(course, row, shape, actor_end, seen)
        consulted = course.consulted
        if row[14] > consulted.until:
            raise Doubtful
        installation, course.roster = consulted.rosters
        self._authority.admit(
            acting, "advance", installation, consulted, row[14], rules, move.approval
        )
        acting.acts(move.roles, course.own, course.roster)
        course.persons = acting.persons
        end, asked, reason = self._bring(course, body, begin, shape, move)
        before = b'["Advance",%b,{' % acting.asked
        asked = (before, b"%b%b%b}]" % (asked, course.asked, move.spelt))
        self._compare(course, row, shape, body[end:], asked, reason)
        course.movers.setdefault(name, set()).update(acting.persons)
        if target == source:
            course.here.append(name)
            return
        course.state, course.here = target, []
        course.entered_at, course.entered_on = row[14], row[15]

    def _consulted(
        self, course: Course, row: Row, shape: Frame, actor_end: int, seen: dict[str, int]
    ) -> int:
        """Compare what stands between actor and evidence, and return where that begins.

        Mostly the same versions were consulted as by the transition before.
        """
        body = row[3]
        lead = f',"command_id":"{row[6]}","comment":null,"consulted":'
        rest = f'{shape.rules}{row[15]}","evidence":'
        head = f"{lead}{course.spelt}{rest}".encode()
        if not body.startswith(head, actor_end):
            begin = body.index(CONSULTED, actor_end) + len(CONSULTED)
            found = body[begin : body.index(DEFINITION, begin)]
            course.spelt, course.consulted = found.decode(), self._authority.consulted(found)
            head = f"{lead}{course.spelt}{rest}".encode()
            if not body.startswith(head, actor_end):
                raise Doubtful
            if course.consulted.names != (INSTALLATION, course.on_map):
                raise Doubtful
            course.consulted.check(row[14], seen)
        return actor_end + len(head)

    def _bring(
        self, course: Course, body: bytes, begin: int, shape: Frame, move: Move
    ) -> tuple[int, bytes, str]:
        """Look at what the act brings and states, and at the requirements.

        Returns:
            Where that ends, how the request spells it, and how the body spells the reason.
        """
        course.items, course.facts = _NO_ITEMS, _NO_FACTS
        if shape.bare:
            end = begin + len(NOTHING)
            if body[begin:end] != NOTHING:
                raise Doubtful
            asked = _ASKED_NOTHING
        else:
            evidence_end = body.index(FACTS, begin)
            end = body.index(ENDS, evidence_end)
            evidence, facts = body[begin:evidence_end], body[evidence_end + len(FACTS) : end]
            asked = b'"facts":%b' % facts
            if evidence != b"[]":
                course.items = self._items(evidence, move)
                asked = b'"evidence":%b,%b' % (as_asked(evidence), asked)
            if facts != b"{}":
                course.facts = self._facts(course.rules.digest, facts)
                if not move.facts.issuperset(course.facts):
                    raise Doubtful
                course.known = {**course.known, **course.facts}
        reason = "null"
        if move.reasons != _NO_REASON:
            at = body.index(REASON, end) + len(REASON)
            spelt_reason = body[at : body.index(RECORD, at)]
            if spelt_reason not in move.reasons:
                raise Doubtful
            asked = b'%b,"reason":%b' % (asked, spelt_reason)
            reason = spelt_reason.decode()
        for check in move.checks:
            if not check(course):
                raise Doubtful
        return end, asked, reason

    def _items(self, evidence: bytes, move: Move) -> dict[str, list[str | None]]:
        pieces = self._value(evidence)
        found = items_of(pieces, move.kinds, self._stored)
        if type(pieces) is not list or found is None:
            raise Doubtful
        return found

    def _stated(self, digest: str, text: bytes) -> Facts:
        """Return facts that are of their declared types; many schools state the same."""
        facts: Facts = self._value(text)
        rules = self._rules[digest]
        if type(facts) is not dict or rules is None:
            raise Doubtful
        check_facts(rules.definition, facts)
        return facts

    def _compare(
        self, course: Course, row: Row, shape: Frame, rest: bytes, asked: Asked, reason: str
    ) -> None:
        """Compare what stands behind the facts; its request was made with its date, or without."""
        before = f'{shape.middle}{row[4]}","reason":{reason},"record_id":"{row[5]}","recorded_at":"'
        behind = f"{shape.needs}{row[1]}{course.place}{shape.end}"
        for dated in (course.dated, not course.dated):
            day = f'"effective_on":"{row[15]}",' if dated else ""
            request = sha256(day.encode().join(asked)).hexdigest()
            if f'{before}{row[14]}","request":"{request}{behind}'.encode() == rest:
                course.dated = dated
                return
        raise Doubtful

    def _administered(self, course: Course, line: Line) -> None:
        course.spelt = ""  # The next transition may not have consulted less than this record.
        if line.row[7] == "role_assigned":
            self._assigned(course, line)
        else:
            self._revoked(course, line)

    def _assigned(self, course: Course, line: Line) -> None:
        actor, role = self._of_administrator(line, ["actor", "role"])
        version = line.consulted.versions[0]
        if (
            role not in course.rules.school_roles
            or role in _APART
            or any(one[:2] == (actor, role) for one in course.own)
            or not self._grounds.knows(actor, version)
        ):
            raise Doubtful
        self._asked_role(line, b"AssignRole", actor, role)
        course.own.append((actor, role, line.row[5], line.version))

    def _revoked(self, course: Course, line: Line) -> None:
        actor, assignment, role = self._of_administrator(line, ["actor", "assignment", "role"])
        fitting = [one for one in course.own if one[:2] == (actor, role)]
        if line.row[7] != "role_revoked" or role == ADMINISTRATOR:
            raise Doubtful
        if [one[2] for one in fitting] != [assignment]:
            raise Doubtful
        self._asked_role(line, b"RevokeRole", actor, role)
        course.own.remove(fitting[0])

    def _asked_role(self, line: Line, kind: bytes, actor: str, role: str) -> None:
        before = f'"assignee":{written(actor)},'
        behind = f'"role":{written(role)},"stream":{written(line.row[0])}'
        self._asked(line, kind, before.encode(), behind.encode())

    def _of_administrator(self, line: Line, names: list[str]) -> list[str]:
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
    held = [(record_id, actor, role, place) for actor, role, record_id, place in course.own]
    return Passed(head[0], head, standing, held)
