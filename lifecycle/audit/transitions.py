"""Transitions as the screen follows them: most of what a history holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from lifecycle.audit.acting import Authority, Doubtful
from lifecycle.audit.compiled import Facts, Move
from lifecycle.audit.course import Course
from lifecycle.audit.frames import Frames
from lifecycle.audit.pieces import items_of
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
    as_asked,
    is_plain,
)
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.facts import check_facts
from lifecycle.domain.model import INSTALLATION

Asked = tuple[bytes, bytes]
"""A request as it is hashed, before and behind its date."""

_NO_FACTS: Facts = {}
_NO_ITEMS: dict[str, list[str | None]] = {}
_NO_REASON = frozenset({b"null"})
_ASKED_NOTHING = b'"facts":{}'
_REMEMBERED = 4096


class Transitions:
    """Follows transitions.

    Args:
        frames: Of the records.
        authority: Knows who may act.
        parser: Reads what bodies spell.
        stored: Tells whether the evidence store has a file of that digest and size.
    """

    def __init__(
        self,
        frames: Frames,
        authority: Authority,
        parser: Parser,
        stored: Callable[[str, int], bool],
    ) -> None:
        self._frame = frames.of
        self._rules = frames.rules
        self._authority = authority
        self._value = parser.value
        self._stored = stored
        self._facts = lru_cache(maxsize=_REMEMBERED)(self._stated)

    def follow(self, course: Course, row: Row, seen: dict[str, int]) -> None:
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
        behind = b"%b%b%b}]" % (asked, course.asked, move.spelt)
        self._compare(course, row, shape, body[end:], (before, behind), reason)
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
            if not dated and row[15] != course.today:
                continue
            day = f'"effective_on":"{row[15]}",' if dated else ""
            request = sha256(day.encode().join(asked)).hexdigest()
            if f'{before}{row[14]}","request":"{request}{behind}'.encode() == rest:
                course.dated = dated
                return
        raise Doubtful
