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
    Frame,
    Parser,
    Row,
    is_plain,
)
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.naming import is_identifier

Asked = tuple[bytes, bytes]
"""A request as it is hashed, before and behind its date."""

_NO_FACTS: Facts = {}
_NO_ITEMS: Items = {}
_NOTHING_SEALED: tuple[Sealed, ...] = ()
_ASKED_NOTHING = b'"facts":{}'
_ACTOR = len(START)
_COMMENT = re.compile(rb'"comment":"([0-9a-f]{64})"')
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
        """Follow a transition: decide first what it has to be, then compare it with what is there.

        This is the loop that millions of records pass.
        """
        _, number, found, body, _, record_id, command_id, _, name, source, target, *others = row
        digest, who, role, moment, day = others
        move, frame = course.steps[name, source]
        if (
            sha256(b"\x00" + body).hexdigest() != found
            or source != course.state
            or target != frame.target
            or digest != course.rules.digest
            or not is_plain(record_id)
            or not is_identifier(command_id)
            or not body.startswith(START)
            or len(body) > MAX_BODY_BYTES
        ):
            raise Doubtful
        actor_end = body.index(COMMAND)
        acting = self._acting(body[_ACTOR:actor_end])
        if who != acting.id or role != acting.role:
            raise Doubtful
        lead = (
            f',"command_id":"{command_id}","comment":null,"consulted":'
            f"{course.spelt}{frame.rules}{day}{frame.opens}"
        ).encode()
        # Where nothing is known yet, a body that leaves the versions out would begin so, too.
        if course.spelt and body.startswith(lead, actor_end):
            begin, sealed = actor_end + len(lead), _NOTHING_SEALED
        else:
            begin, sealed = self._led(course, row, frame, actor_end, seen)
        self._admit(acting, "advance", course.consulted, moment, course.rules, move.approval)
        acting.acts(move.roles, course.own, course.roster)
        course.persons = acting.persons
        if frame.opens == NOTHING:
            course.items, course.facts = _NO_ITEMS, _NO_FACTS
            end, asked, reason = begin, _ASKED_NOTHING, "null"
        else:
            end, asked, reason, more = self._brought(course, body, begin, move)
            sealed += more
        for check in move.checks:
            if not check(course):
                raise Doubtful
        before = b'["Advance",%b,{' % acting.asked
        behind = b"%b%b%b}]" % (asked, course.asked, move.spelt)
        self._compare(course, row, frame, body[end:], (before, behind), reason)
        if sealed:
            course.kept.open(number, moment, who, sealed)
        course.move(row, acting.persons)

    def _led(
        self, course: Course, row: Row, frame: Frame, actor_end: int, seen: dict[str, int]
    ) -> tuple[int, tuple[Sealed, ...]]:
        """Compare what stands between actor and evidence: a comment, or other versions consulted.

        Returns:
            Where that ends, and what the comment commits to.
        """
        body, sealed = row[3], _NOTHING_SEALED
        lead = f',"command_id":"{row[6]}",'.encode()
        at = body.index(CONSULTED, actor_end)
        comment = body[actor_end + len(lead) : at]
        committed = _COMMENT.fullmatch(comment)
        if committed is not None:
            sealed = (Sealed("comment", committed[1].decode()),)
        elif comment != b'"comment":null':
            raise Doubtful
        found = body[at + len(CONSULTED) : body.index(DEFINITION, at)]
        rest = f"{frame.rules}{row[15]}{frame.opens}".encode()
        lead = b"%b%b%b%b%b" % (lead, comment, CONSULTED, found, rest)
        if not body.startswith(lead, actor_end):
            raise Doubtful
        spelt = found.decode()
        # Where nothing is known yet, versions that are left out are spelt just so.
        if not spelt or spelt != course.spelt:
            consulted = self._authority.consulted(found)
            if consulted.names != (INSTALLATION, course.on_map):
                raise Doubtful
            consulted.check(row[14], seen)
            course.consult(consulted, spelt)
        return actor_end + len(lead), sealed

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
        self, course: Course, row: Row, frame: Frame, rest: bytes, asked: Asked, reason: str
    ) -> None:
        """Compare what stands behind the facts; its request was made with its date, or without."""
        before = f'{frame.middle}{row[4]}","reason":{reason},"record_id":"{row[5]}","recorded_at":"'
        behind = f"{frame.needs}{row[1]}{course.place}{frame.end}"
        for dated in (course.dated, not course.dated):
            if not dated and row[15] != course.today:
                continue
            day = f'"effective_on":"{row[15]}",' if dated else ""
            request = sha256(day.encode().join(asked)).hexdigest()
            if f'{before}{row[14]}","request":"{request}{behind}'.encode() == rest:
                course.dated = dated
                return
        raise Doubtful
