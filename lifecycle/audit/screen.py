"""The screen before the full check: a school's stream is passed where it is plainly lawful.

It works on the stored bytes and plain values, builds no records, and makes no findings. Whatever
is not plain beyond doubt raises, and the full check (``lifecycle.audit.rules``) looks at the
whole stream. So a mistake here may cost time, but what is passed has to be sound: every rule is
at least as strict as the full check's, and tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from lifecycle.audit.acting import Acting, Authority, Consulted, Doubtful
from lifecycle.audit.compiled import Own, Rules
from lifecycle.audit.course import Course, Passed, passed
from lifecycle.audit.files import Files
from lifecycle.audit.frames import Frames
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.kept import Erased, Kept, Keys, Openings
from lifecycle.audit.spelling import (
    COMMAND,
    DEFINITION,
    START,
    UNCOMMENTED,
    Parser,
    Parts,
    Row,
    first_link,
    parts_of,
    quoted,
)
from lifecycle.audit.stretch import linked, stretches
from lifecycle.audit.texts import day_at, is_day
from lifecycle.audit.transitions import Transitions
from lifecycle.domain.model import (
    ADMINISTRATOR,
    AUDITOR,
    INSTALLATION,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.naming import is_identifier, title_of

_APART = (ADMINISTRATOR, AUDITOR)
_ADMINISTRATORS = (ADMINISTRATOR,)
_NOTHING_OWN: Own = {}
_OF_ROLES = {"role_assigned": ["actor", "role"], "role_revoked": ["actor", "assignment", "role"]}
_REMEMBERED = 4096

Given = tuple[str, str | None, str, tuple[bytes, bytes, bytes]]
"""Actor, the assignment that is taken, role; name of the request, its members around the date."""


@dataclass(slots=True)
class Known:
    """Who acted on what he had consulted.

    Args:
        acting: The actor.
        consulted: The versions.
        judged: He may do what he did, and will at any moment until which they stand.
    """

    acting: Acting
    consulted: Consulted
    judged: bool = False


class Line(NamedTuple):
    """One record: its row, the parts that only the body has, and who acted."""

    row: Row
    parts: Parts
    known: Known


class Screen:
    """Follows streams of schools.

    Args:
        origin: Id of the installation.
        grounds: What decisions may rest on.
        parser: Reads what bodies spell.
        files: The evidence store.
    """

    def __init__(self, origin: str, grounds: Grounds, parser: Parser, files: Files) -> None:
        frames, authority = Frames(origin, grounds.definitions), Authority(grounds, parser)
        self._origin = origin
        self._grounds = grounds
        self._authority = authority
        self._value = parser.value
        self._known: dict[Row, Known] = {}
        self._given = lru_cache(maxsize=_REMEMBERED)(self._facts_of_role)
        self._rules = frames.rules
        self._frame = frames.of
        self._steps = frames.steps
        self._files = files
        self._erased = Erased(grounds.erasures)
        self._advance = Transitions(authority, parser, files).follow

    def names(self, stream: str) -> bool:
        """Tell whether an erasure names records of *stream*."""
        return self._erased.names(stream)

    def follow(
        self,
        stream: str,
        rows: Iterable[Row],
        openings: Openings | None = None,
        keys: Keys | None = None,
    ) -> Passed:
        """Return what the records of *stream* come to.

        Args:
            stream: Its name.
            rows: Its records.
            openings: What is kept beside it, and opens its commitments.
            keys: What is kept beside it, and opens its personal files.

        Raises:
            Exception: Something is not plain, or of another type or shape than it has to be.
        """
        course: Course | None = None
        seen: dict[str, int] = {}
        place = f',"stream":{quoted(stream)}'
        kept = Kept(stream, openings or {}, keys or {}, self._erased, self._files)
        head = 0, first_link(self._origin, stream), ""
        for stretch in stretches(rows):
            head = linked(stretch, head)
            for row in stretch:
                if course is None:
                    course = self._enrolled(self._read(row, place, seen), place, kept)
                elif row[7] == "advanced":
                    self._advance(course, row, seen)
                else:
                    self._administered(course, self._read(row, place, seen))
                if kept.named:
                    kept.name(row[1], row[14])
        kept.close()
        if course is None:
            raise Doubtful
        return passed(course, head)

    def _read(self, row: Row, place: str, seen: dict[str, int]) -> Line:
        """Compare a stored body with the one that the columns and the rules tell of.

        Whoever did such a thing before is expected to do it on the same grounds.
        """
        shape = self._frame(row[7], row[8], row[9], row[11])
        if row[10] != shape.target:
            raise Doubtful
        known, parts = self._known.get(_done(row)), None
        if known is not None:
            parts = parts_of(row, shape, place, known.acting.start, known.consulted.spelt)
        if known is None or parts is None:
            known = self._anew(row)
            parts = parts_of(row, shape, place, known.acting.start, known.consulted.spelt)
            if parts is None:
                raise Doubtful
        known.consulted.check(row[14], seen)
        return Line(row, parts, known)

    def _anew(self, row: Row) -> Known:
        """Take the actor and what he consulted out of a body."""
        body = row[3]
        actor_end = body.index(COMMAND)
        acting = self._authority.acting(body[len(START) : actor_end])
        if row[12] != acting.id or row[13] != acting.role:
            raise Doubtful
        begin = actor_end + len(COMMAND) + len(row[6]) + len(UNCOMMENTED)
        consulted = self._authority.consulted(body[begin : body.index(DEFINITION, begin)])
        return Known(acting, consulted)

    def _judge(self, line: Line, scope: str, roles: Iterable[str], rules: Rules | None) -> None:
        """Look whether he may do it at all, and names the record that gave him the role for it."""
        known, row = line.known, line.row
        if not known.judged:
            acting, consulted = known.acting, known.consulted
            stays = self._authority.admit(acting, scope, consulted, row[14], rules)
            acting.acts(roles, _NOTHING_OWN, *consulted.rosters)
            known.judged = stays
            # No more of them than people are registered who may do it: the grounds hold those, too.
            self._known[_done(row)] = known

    def _asked(
        self, line: Line, usual: str, kind: bytes, before: bytes, behind: bytes, end: bytes = b""
    ) -> None:
        """Look whether the request digest is that of what was asked, without the date or with it.

        Args:
            line: The record.
            usual: The date that it bears where none was given.
            kind: Of the request.
            before: Members that stand before the date.
            behind: Members that stand behind it.
            end: Those that stand behind these.
        """
        behind += end
        start, given = b'["%b",%b,{%b' % (kind, line.known.acting.asked, before), line.parts.request
        undated = sha256(b"%b%b}]" % (start, behind)).hexdigest().encode()
        if undated == given and line.row[15] == usual:
            return
        day = b'"effective_on":"%b",' % line.row[15].encode()
        if sha256(b"%b%b%b}]" % (start, day, behind)).hexdigest().encode() != given:
            raise Doubtful

    def _enrolled(self, line: Line, place: str, kept: Kept) -> Course:
        row, parts, consulted = line.row, line.parts, line.known.consulted
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
            or not is_identifier(school)
            or title_of(title) != title
            or consulted.names != (INSTALLATION, on_map)
        ):
            raise Doubtful
        definition = rules.definition
        zone = definition.roadmap.time_zone
        today = day_at(row[14], zone)
        if not is_day(row[15]) or row[15] > today:
            raise Doubtful
        self._judge(line, "enrol", definition.enrolled_by, rules)
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
            steps=self._steps(row[11]),
            consulted=consulted,
            roster=consulted.rosters[1],
            led=consulted.led,
            kept=kept,
            asked=f',"school":{quoted(school)},"transition":'.encode(),
            behind=place.encode(),
        )

    def _administered(self, course: Course, line: Line) -> None:
        """Follow a role that was given on the school, or taken."""
        row, consulted = line.row, line.known.consulted
        day, course.today = row[15], day_at(row[14], course.zone)
        if day != course.today and not (is_day(day) and day < course.today):
            raise Doubtful
        course.people.clear()
        actor, given, role, asked = self._given(line.parts.facts, row[7])
        version = consulted.versions[0]
        if version != course.consulted.versions[0]:
            course.led = ""  # The next transition may not have consulted less than this record.
        if consulted.names != (INSTALLATION,):
            raise Doubtful
        self._judge(line, "administer", _ADMINISTRATORS, None)
        if given is not None:
            if course.own.pop((actor, role))[0] != given:
                raise Doubtful
        elif (
            role not in course.rules.school_roles
            or role in _APART
            or (actor, role) in course.own
            or not self._grounds.knows(actor, version)
        ):
            raise Doubtful
        else:
            course.own[actor, role] = (row[5], row[1])
        self._asked(line, course.today, *asked, course.behind)

    def _facts_of_role(self, facts: bytes, kind: str) -> Given:
        """Read what a record states of a role; the same people are given the same many times."""
        names = _OF_ROLES[kind]
        found = self._value(facts)
        if [*found] != names or not all(type(value) is str for value in found.values()):
            raise Doubtful
        actor, role, given = found["actor"], found["role"], found.get("assignment")
        if given is not None and role == ADMINISTRATOR:
            raise Doubtful
        name = b"AssignRole" if given is None else b"RevokeRole"
        before = f'"assignee":{quoted(actor)},'.encode()
        return actor, given, role, (name, before, f'"role":{quoted(role)}'.encode())


def _done(row: Row) -> Row:
    """Return what was done under which rules, by whom and in what role."""
    return row[7], row[11], row[12], row[13]
