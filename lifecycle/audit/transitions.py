"""Transitions as the screen follows them: most of what a history holds."""

from __future__ import annotations

import re
from functools import lru_cache

from lifecycle.audit.acting import Acting, Authority, Doubtful, Person
from lifecycle.audit.compiled import NO_REASON, Facts, Items, Move
from lifecycle.audit.course import Course
from lifecycle.audit.files import Files
from lifecycle.audit.kept import Sealed
from lifecycle.audit.pieces import Pieces
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
    Row,
)
from lifecycle.audit.texts import HOURS, day_at, day_within, is_day
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import INSTALLATION

Brought = tuple[Items, Facts, bytes, tuple[Sealed, ...]]
"""What an act brings and states, both as requests spell them, and what it commits to."""

_NOTHING_SEALED: tuple[Sealed, ...] = ()
_NO_ITEMS: Items = {}
_NO_FACTS: Facts = {}
_NOTHING: Brought = (_NO_ITEMS, _NO_FACTS, b'"facts":{}', _NOTHING_SEALED)
_ACTOR = len(START)
_ID = len(COMMAND)
_COMMENT = re.compile(rb'","comment":"([0-9a-f]{64})"')
_REMEMBERED = 4096
_LONGEST = 4096  # bytes of what is remembered; there may be much more in a body


class Transitions:
    """Follows transitions.

    Args:
        authority: Knows who may act.
        parser: Reads what bodies spell.
        files: The evidence store.
    """

    def __init__(self, authority: Authority, parser: Parser, files: Files) -> None:
        self._authority = authority
        self._acting = authority.acting
        self._value = parser.value
        self._pieces = Pieces(parser, files.has).of
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._read)
        self._facts = lru_cache(maxsize=_REMEMBERED)(self._stated)

    def follow(self, course: Course, row: Row, seen: dict[str, int]) -> None:
        """Follow a transition: decide what it has to be, then compare it with what is there.

        This is the loop that millions of records pass. What each record has to have, whatever it
        is of, was looked at before (``lifecycle.audit.stretch``). Whoever acted before is expected
        to act as he did, on the same grounds; a body that begins otherwise is taken apart.
        """
        (_, number, _, body, last, record_id, command_id, _, name, source, target,
         digest, who, role, moment, day) = row  # fmt: skip
        move, frame = course.steps[name, source, target, digest]
        today = course.today = day_within(moment[:HOURS], course.zone) or day_at(
            moment, course.zone
        )
        if source != course.state or (day != today and not (is_day(day) and day < today)):
            raise Doubtful
        person, sealed = course.people.get(who), _NOTHING_SEALED
        if (
            person is None
            or person.role != role
            or not body.startswith(
                head := f"{person.start}{command_id}{course.led}{frame.rules}{day}"
                f"{frame.opens}".encode()
            )
        ):
            person, head, sealed = self._anew(course, row, frame, seen)
        self._permit(course, person, move, moment)
        acting, end, reason = person.acting, len(head), "null"
        if frame.opens == NOTHING:
            items, facts, asked, _ = _NOTHING
        else:
            begin, end = end, body.index(ENDS, end)
            items, facts, asked, more = self._brought_by(move, body[begin:end])
            sealed += more
            if facts:
                course.known = {**course.known, **facts}
            if move.reasons is not NO_REASON:
                asked, reason = _reasoned(move, body, end, asked)
        if move.checks:
            course.persons, course.items, course.facts = acting.persons, items, facts
            for check in move.checks:
                if not check(course):
                    raise Doubtful
        before = (
            f'{frame.middle}{last}","reason":{reason},"record_id":"{record_id}",'
            f'"recorded_at":"{moment}","request":"'
        )
        behind = f"{frame.needs}{number}{course.place}{frame.end}"
        asked = b"%b%b%b" % (asked, course.asked, move.spelt)
        self._compare(course, acting, day, asked, (before, behind), body[end:])
        if sealed:
            course.kept.open(number, moment, who, sealed)
        course.move(row, acting.persons)

    def _anew(
        self, course: Course, row: Row, frame: Frame, seen: dict[str, int]
    ) -> tuple[Person, bytes, tuple[Sealed, ...]]:
        """Look at who acted, what he consulted, and whether he commented on it.

        Returns:
            Who acted, how the body has to begin up to what is brought, and what it commits to.
        """
        _, _, _, body, _, _, command_id, *_, who, role, _, day = row
        actor_end = body.index(COMMAND)
        acting = self._acting(body[_ACTOR:actor_end])
        if who != acting.id or role != acting.role:
            raise Doubtful
        comment, sealed = self._led(course, row, actor_end, seen)
        head = (
            f'{acting.start}{command_id}","comment":{comment},"consulted":{course.consulted.spelt}'
            f"{frame.rules}{day}{frame.opens}"
        ).encode()
        if not body.startswith(head):
            raise Doubtful
        person = course.people.get(who)
        if person is None or person.acting is not acting:
            person = course.meet(acting)
        return person, head, sealed

    def _led(
        self, course: Course, row: Row, actor_end: int, seen: dict[str, int]
    ) -> tuple[str, tuple[Sealed, ...]]:
        """Look at what stands behind the command's id: a comment, or other versions consulted.

        Returns:
            How the comment is spelt, and what it commits to.
        """
        body, sealed, comment = row[3], _NOTHING_SEALED, "null"
        begin = actor_end + _ID + len(row[6])
        # Where nothing is known yet, a body that leaves the versions out would begin so, too.
        if course.led and body.startswith(course.led.encode(), begin):
            return comment, sealed
        at = body.index(CONSULTED, actor_end)
        committed = _COMMENT.fullmatch(body, begin, at)
        if committed is not None:
            comment = committed[1].decode()
            sealed = (Sealed("comment", comment),)
            comment = f'"{comment}"'
        found = body[at + len(CONSULTED) : body.index(DEFINITION, at)]
        if not course.led or found != course.consulted.spelt.encode():
            consulted = self._authority.consulted(found)
            if consulted.names != (INSTALLATION, course.on_map):
                raise Doubtful
            consulted.check(row[14], seen)
            course.consult(consulted)
        return comment, sealed

    def _permit(self, course: Course, person: Person, move: Move, moment: str) -> None:
        """Look whether he may act, and remember where it will stay so; and who else has to be."""
        acting, consulted, approval = person.acting, course.consulted, move.approval
        if moment > consulted.until or not move.assigned <= course.occupied:
            raise Doubtful
        if not (person.approves if approval else person.admitted):
            place = acting, "advance", consulted, moment, course.rules, approval
            stays = self._authority.admit(*place)
            if approval:
                person.approves = stays
            else:
                person.admitted = stays
        if not person.holds or person.role != move.first:
            acting.acts(move.roles, course.own, course.roster)

    def _brought_by(self, move: Move, text: bytes) -> Brought:
        """Return what an act brings and states; many acts bring the same.

        Raises:
            Exception: It is not sound beyond doubt, or not what the transition asks for by itself.
        """
        return self._remembered(move, text) if len(text) <= _LONGEST else self._read(move, text)

    def _read(self, move: Move, text: bytes) -> Brought:
        items, facts, sealed = _NO_ITEMS, _NO_FACTS, _NOTHING_SEALED
        evidence_end = text.index(FACTS)
        evidence, stated = text[:evidence_end], text[evidence_end + len(FACTS) :]
        asked = b'"facts":%b' % stated
        if evidence != b"[]":
            items, spelt, sealed = self._pieces(evidence, move)
            asked = b'"evidence":%b,%b' % (spelt, asked)
        if stated != b"{}":
            facts = self._facts(move, stated)
        for given in move.alone:
            if not given(items, facts):
                raise Doubtful
        return items, facts, asked, sealed

    def _stated(self, move: Move, text: bytes) -> Facts:
        """Return facts that are of their declared types; many schools state the same."""
        facts: Facts = self._value(text)
        if type(facts) is not dict or not move.facts.issuperset(facts):
            raise Doubtful
        check_facts(move.definition, facts)
        return facts

    def _compare(
        self,
        course: Course,
        acting: Acting,
        day: str,
        asked: bytes,
        around: tuple[str, str],
        rest: bytes,
    ) -> None:
        """Compare what stands behind the facts; its request was made with its date, or without.

        Args:
            course: Tells which of the two was last.
            acting: Who acts.
            day: That the act bears.
            asked: What is asked behind the date, as requests spell it.
            around: What has to stand before the digest of the request, and behind it.
            rest: What stands there.
        """
        before, behind = around
        for dated in (course.dated, not course.dated):
            if not dated and day != course.today:
                continue
            request = acting.advance.copy()
            if dated:
                request.update(b'"effective_on":"%b",' % day.encode())
            request.update(asked)
            if f"{before}{request.hexdigest()}{behind}".encode() == rest:
                course.dated = dated
                return
        raise Doubtful


def _reasoned(move: Move, body: bytes, begin: int, asked: bytes) -> tuple[bytes, str]:
    """Return what is asked, with its reason, and how the body has to spell that."""
    at = body.index(REASON, begin) + len(REASON)
    spelt = body[at : body.index(RECORD, at)]
    if spelt not in move.reasons:
        raise Doubtful
    return b'%b,"reason":%b' % (asked, spelt), spelt.decode()
