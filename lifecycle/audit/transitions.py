"""Transitions as the screen follows them: most of what a history holds."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from lifecycle.audit.acting import Authority, Doubtful
from lifecycle.audit.compiled import NO_REASON, Facts, Move, Rules
from lifecycle.audit.course import Course
from lifecycle.audit.files import Files
from lifecycle.audit.kept import Sealed
from lifecycle.audit.pieces import Items, Pieces
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
    Parser,
    Row,
)
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import INSTALLATION

_NO_FACTS: Facts = {}
_NO_ITEMS: Items = {}
_NOTHING_SEALED: tuple[Sealed, ...] = ()
_ASKED_NOTHING = b'"facts":{}'
_ACTOR = len(START)
_ID = len(COMMAND)
_COMMENT = re.compile(rb'","comment":"([0-9a-f]{64})"')
_REMEMBERED = 4096


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
        self._admit = authority.admit
        self._value = parser.value
        self._pieces = Pieces(parser, files.has).of
        self._facts = lru_cache(maxsize=_REMEMBERED)(self._stated)

    def follow(self, course: Course, row: Row, seen: dict[str, int]) -> None:
        """Follow a transition: decide what it has to be, then compare it with what is there.

        This is the loop that millions of records pass. What each record has to have, whatever it
        is of, was looked at before (``lifecycle.audit.stretch``).
        """
        _, number, _, body, last, record_id, command_id, _, name, source, target, *others = row
        digest, who, role, moment, day = others
        move, frame = course.steps[name, source, target, digest]
        actor_end = body.index(COMMAND)
        acting = self._acting(body[_ACTOR:actor_end])
        if source != course.state or who != acting.id or role != acting.role:
            raise Doubtful
        comment, sealed = "null", _NOTHING_SEALED
        # Where nothing is known yet, a body that leaves the versions out would begin so, too.
        if not course.led or not body.startswith(course.led, actor_end + _ID + len(command_id)):
            comment, sealed = self._led(course, row, actor_end, seen)
        self._admit(acting, "advance", course.consulted, moment, course.rules, move.approval)
        acting.acts(move.roles, course.own, course.roster)
        head = (
            f'{{"actor":{acting.spelt},"command_id":"{command_id}","comment":{comment},'
            f'"consulted":{course.consulted.spelt}{frame.rules}{day}{frame.opens}'
        ).encode()
        if not body.startswith(head):
            raise Doubtful
        end, course.persons = len(head), acting.persons
        if frame.opens == NOTHING:
            course.items, course.facts = _NO_ITEMS, _NO_FACTS
            asked, reason = _ASKED_NOTHING, "null"
        else:
            end, asked, reason, more = self._brought(course, body, end, move)
            sealed += more
        for check in move.checks:
            if not check(course):
                raise Doubtful
        before = (
            f'{frame.middle}{last}","reason":{reason},"record_id":"{record_id}",'
            f'"recorded_at":"{moment}","request":"'
        )
        behind = f"{frame.needs}{number}{course.place}{frame.end}"
        request = b"%b%b%b}]" % (asked, course.asked, move.spelt)
        self._compare(course, acting.asked, day, request, (before, behind), body[end:])
        if sealed:
            course.kept.open(number, moment, who, sealed)
        course.move(row, acting.persons)

    def _led(
        self, course: Course, row: Row, actor_end: int, seen: dict[str, int]
    ) -> tuple[str, tuple[Sealed, ...]]:
        """Look at what stands behind the command's id: a comment, or other versions consulted.

        Returns:
            How the comment is spelt, and what it commits to.
        """
        body, sealed, comment = row[3], _NOTHING_SEALED, "null"
        at = body.index(CONSULTED, actor_end)
        committed = _COMMENT.fullmatch(body, actor_end + _ID + len(row[6]), at)
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

    def _brought(
        self, course: Course, body: bytes, begin: int, move: Move
    ) -> tuple[int, bytes, str, tuple[Sealed, ...]]:
        """Look at what the act brings and states, and for what reason.

        Returns:
            Where the facts end, how the request spells it all, how the body spells the reason, and
            what the evidence commits to.
        """
        course.items, course.facts, sealed, reason = _NO_ITEMS, _NO_FACTS, _NOTHING_SEALED, "null"
        evidence_end = body.index(FACTS, begin)
        end = body.index(ENDS, evidence_end)
        evidence, facts = body[begin:evidence_end], body[evidence_end + len(FACTS) : end]
        asked = b'"facts":%b' % facts
        if evidence != b"[]":
            course.items, spelt, sealed = self._pieces(evidence, move)
            asked = b'"evidence":%b,%b' % (spelt, asked)
        if facts != b"{}":
            course.facts = self._facts(course.rules, facts)
            if not move.facts.issuperset(course.facts):
                raise Doubtful
            course.known = {**course.known, **course.facts}
        if move.reasons is not NO_REASON:
            at = body.index(REASON, end) + len(REASON)
            spelt = body[at : body.index(RECORD, at)]
            if spelt not in move.reasons:
                raise Doubtful
            asked, reason = b'%b,"reason":%b' % (asked, spelt), spelt.decode()
        return end, asked, reason, sealed

    def _stated(self, rules: Rules, text: bytes) -> Facts:
        """Return facts that are of their declared types; many schools state the same."""
        facts: Facts = self._value(text)
        if type(facts) is not dict:
            raise Doubtful
        check_facts(rules.definition, facts)
        return facts

    def _compare(
        self,
        course: Course,
        persons: bytes,
        day: str,
        asked: bytes,
        around: tuple[str, str],
        rest: bytes,
    ) -> None:
        """Compare what stands behind the facts; its request was made with its date, or without.

        Args:
            course: Tells which of the two was last.
            persons: Who acts, as requests spell it.
            day: That the act bears.
            asked: What is asked behind the date, as requests spell it.
            around: What has to stand before the digest of the request, and behind it.
            rest: What stands there.
        """
        before, behind = around
        for dated in (course.dated, not course.dated):
            if not dated and day != course.today:
                continue
            date = b'"effective_on":"%b",' % day.encode() if dated else b""
            request = sha256(b'["Advance",%b,{%b%b' % (persons, date, asked)).hexdigest()
            if f"{before}{request}{behind}".encode() == rest:
                course.dated = dated
                return
        raise Doubtful
