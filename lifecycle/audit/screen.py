"""The screen before the full check: a school's stream is passed where it is plainly lawful.

It works on the stored bytes and plain values, builds no records, and makes no findings. Whatever
is not plain beyond doubt raises, and the full check (``lifecycle.audit.rules``) looks at the
whole stream. So a mistake here may cost time, but what is passed has to be sound: every rule is
at least as strict as the full check's, and tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from lifecycle.audit.acting import Acting, Authority, Consulted, Doubtful
from lifecycle.audit.course import Course, Passed, passed
from lifecycle.audit.frames import Frames
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.spelling import (
    Parser,
    Parts,
    Row,
    is_plain,
    parts_of,
    spelt,
    written,
)
from lifecycle.audit.texts import day_at, is_day, is_moment
from lifecycle.audit.transitions import Transitions
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.model import (
    ADMINISTRATOR,
    AUDITOR,
    INSTALLATION,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.record import genesis_hash

_APART = (ADMINISTRATOR, AUDITOR)


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
        frames, authority = Frames(origin, grounds.definitions), Authority(grounds, parser)
        self._origin = origin
        self._grounds = grounds
        self._authority = authority
        self._value = parser.value
        self._rules = frames.rules
        self._frame = frames.of
        self._advance = Transitions(frames, authority, parser, stored).follow

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
            else:
                course.today = day_at(moment, course.zone)
                if row[15] > course.today:
                    raise Doubtful
                if row[7] == "advanced":
                    self._advance(course, row, seen)
                else:
                    self._administered(course, self._read(row, version, place, seen))
            last, before = row[2], moment
        if course is None:
            raise Doubtful
        return passed(course, (version, last, before))

    def _read(self, row: Row, version: int, place: str, seen: dict[str, int]) -> Line:
        """Compare a stored body with the one that the columns and the rules tell of."""
        body, moment = row[3], row[14]
        if sha256(b"\x00" + body).hexdigest() != row[2] or len(body) > MAX_BODY_BYTES:
            raise Doubtful
        shape = self._frame(row[7], row[8], row[9], row[11])
        parts = parts_of(row, shape, place)
        if parts is None or not is_plain(row[5] + row[6]) or row[10] != shape.target:
            raise Doubtful
        acting = self._authority.acting(parts.actor)
        if row[12] != acting.id or row[13] != acting.role:
            raise Doubtful
        consulted = self._authority.consulted(parts.consulted)
        consulted.check(moment, seen)
        return Line(row, parts, acting, consulted, version)

    def _asked(self, line: Line, usual: str, kind: bytes, before: bytes, behind: bytes) -> None:
        """Look whether the request digest is that of what was asked, without the date or with it.

        Args:
            line: The record.
            usual: The date that it bears where none was given.
            kind: Of the request.
            before: Members that stand before the date.
            behind: Members that stand behind it.
        """
        start, given = b'["%b",%b,{%b' % (kind, line.acting.asked, before), line.parts.request
        undated = sha256(b"%b%b}]" % (start, behind)).hexdigest().encode()
        if undated == given and line.row[15] == usual:
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
        today = day_at(row[14], zone)
        if row[15] > today:
            raise Doubtful
        rosters = line.consulted.rosters
        self._authority.admit(line.acting, "enrol", rosters[0], line.consulted, row[14], rules)
        line.acting.acts(definition.enrolled_by, (), *rosters)
        usual = min(today, definition.roadmap.start.isoformat())
        self._asked(line, usual, b"Enrol", b"", parts.facts[1:-1])
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
        self._asked_role(course, line, b"AssignRole", actor, role)
        course.own.append((actor, role, line.row[5], line.version))

    def _revoked(self, course: Course, line: Line) -> None:
        actor, assignment, role = self._of_administrator(line, ["actor", "assignment", "role"])
        fitting = [one for one in course.own if one[:2] == (actor, role)]
        if line.row[7] != "role_revoked" or role == ADMINISTRATOR:
            raise Doubtful
        if [one[2] for one in fitting] != [assignment]:
            raise Doubtful
        self._asked_role(course, line, b"RevokeRole", actor, role)
        course.own.remove(fitting[0])

    def _asked_role(self, course: Course, line: Line, kind: bytes, actor: str, role: str) -> None:
        before = f'"assignee":{written(actor)},'
        behind = f'"role":{written(role)},"stream":{written(line.row[0])}'
        self._asked(line, course.today, kind, before.encode(), behind.encode())

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
