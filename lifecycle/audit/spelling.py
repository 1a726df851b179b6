"""Records as texts: what a body has to say, written out, to be compared with what it says.

Nearly all of a body follows from the columns beside it, the stream and the rules. So the screen
does not take a body apart and look at each member: it writes what has to stand there and compares
bytes. What is left over - who acted, what he brought and stated - is cut out of the body by the
names around it. A cut in the wrong place does no harm: what stands around it then differs.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from lifecycle.domain import canonical
from lifecycle.domain.model import DefinitionRef
from lifecycle.domain.record import FORMAT

Row = tuple[Any, ...]

_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HASH_CHARACTERS = 64
START = b'{"actor":'
COMMAND = b',"command_id":"'
CONSULTED = b',"consulted":'
DEFINITION = b',"definition":'
FACTS = b',"facts":'
ENDS = b',"format":'
REASON = b'","reason":'
RECORD = b',"record_id":"'
NOTHING = b'[],"facts":{}'
"""What stands where nothing is brought and nothing is stated."""

# As lifecycle.domain.canonical writes, but without its checks: whoever reads makes them.
written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Parser(canonical.Codec):
    """A reader of JSON and the writer that belongs to it.

    It is trusted with speed only: what was read is written again, and has to give the same bytes.
    """

    __slots__ = ()

    def value(self, text: bytes) -> Any:
        """Return the value that *text* spells as bodies do.

        Raises:
            ValueError: It spells none, or in another way.
        """
        value = self.loads(text)
        if self.dumps(value) != text:
            raise ValueError("it is spelt otherwise")
        return value


STANDARD = Parser(json.loads, lambda value: written(value).encode())
"""The standard library's."""


class Frame(NamedTuple):
    """What all records of one sort have in common: one transition out of one state, for example.

    Args:
        target: State after it.
        rules: From the definition to the date of the act.
        middle: From the format to the hash of the record before it.
        needs: The requirements, up to the sequence number.
        end: What follows the stream.
        bare: There is nothing in it but what the columns tell.
    """

    target: str | None
    rules: str
    middle: str
    needs: str
    end: str
    bare: bool


class Parts(NamedTuple):
    """What only the body itself says, each part as it is spelt there."""

    actor: bytes
    consulted: bytes
    evidence: bytes
    facts: bytes
    reason: bytes
    request: bytes


def spelt(value: Any) -> str:
    """Return *value* as bodies spell it."""
    return canonical.encode(value).decode()


def is_plain(text: str) -> bool:
    """Tell whether *text* is spelt as it is, between quotation marks."""
    return _PLAIN.fullmatch(text) is not None


def frame(
    origin: str,
    kind: str,
    requirements: list[str],
    *,
    definition: DefinitionRef | None = None,
    due_on: str | None = None,
    source: str | None = None,
    target: str | None = None,
    transition: str | None = None,
    bare: bool = False,
) -> Frame:
    """Return the frame of the records of one sort."""
    rules = definition and {
        "digest": definition.digest,
        "id": definition.id,
        "version": definition.version,
    }
    return Frame(
        target=target,
        rules=f',"definition":{spelt(rules)},"due_on":{spelt(due_on)},"effective_on":"',
        middle=f',"format":{FORMAT},"from":{spelt(source)},"kind":{spelt(kind)}'
        f',"origin":{spelt(origin)},"previous":"',
        needs=f'","requirements":{spelt(requirements)},"sequence":',
        end=f',"to":{spelt(target)},"transition":{spelt(transition)}}}',
        bare=bare,
    )


def parts_of(row: Row, shape: Frame, place: str) -> Parts | None:
    """Return what only the body says, if everything else is what the columns and *shape* say.

    Args:
        row: A row of records, its ids plain.
        shape: Of records of its sort.
        place: The stream, as the body has to spell it.

    Returns:
        The parts; ``None`` where the body says anything else.

    Raises:
        ValueError: So it does.
    """
    body, last, record_id, command_id, moment, day = *row[3:7], *row[14:]
    actor_end = body.index(COMMAND)
    consulted = body.index(CONSULTED, actor_end) + len(CONSULTED)
    consulted_end = body.index(DEFINITION, consulted)
    lead = f',"command_id":"{command_id}","comment":null,"consulted":'.encode()
    rules = f'{shape.rules}{day}","evidence":'.encode()
    evidence = consulted_end + len(rules)
    if shape.bare:
        evidence_end, facts_end = evidence + 2, evidence + 13
    else:
        evidence_end = body.index(FACTS, evidence)
        facts_end = body.index(ENDS, evidence_end)
    middle = f'{shape.middle}{last}","reason":'.encode()
    reason = facts_end + len(middle)
    reason_end = body.index(RECORD, reason)
    ids = f',"record_id":"{record_id}","recorded_at":"{moment}","request":"'.encode()
    request = reason_end + len(ids)
    tail = f"{shape.needs}{row[1]}{place}{shape.end}".encode()
    if (
        body.startswith(START)
        and body.startswith(lead, actor_end)
        and consulted == actor_end + len(lead)
        and body.startswith(rules, consulted_end)
        and body.startswith(FACTS, evidence_end)
        and body.startswith(middle, facts_end)
        and body.startswith(ids, reason_end)
        and body.endswith(tail)
        and request + _HASH_CHARACTERS + len(tail) == len(body)
    ):
        return Parts(
            body[len(START) : actor_end],
            body[consulted:consulted_end],
            body[evidence:evidence_end],
            body[evidence_end + len(FACTS) : facts_end],
            body[reason:reason_end],
            body[request : request + _HASH_CHARACTERS],
        )
    return None


def as_asked(evidence: bytes) -> bytes:
    """Return pieces of evidence, spelt as in a body, as requests spell them.

    A request leaves out what has its usual value (``lifecycle.domain.codec``). None of these
    texts can stand inside a string: there its quotation marks would be escaped.
    """
    found = evidence.replace(b'{"date":', b'{"dated":').replace(b'"item":null,', b"")
    if b'"form":"file",' in found:
        for usual in (b'"content":null,', b'"form":"file",', b'"name":null,'):
            found = found.replace(usual, b"")
    return found
