"""Records as texts: what a body has to say, written out, to be compared with what it says.

Nearly all of a body follows from the columns beside it, the stream and the rules. So the screen
does not take a body apart and look at each member: it writes what has to stand there and compares
bytes. What is left over - who acted, what he brought and stated - is cut out of the body by the
names around it. A cut in the wrong place does no harm: what stands around it then differs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from lifecycle.domain import canonical
from lifecycle.domain.model import DefinitionRef
from lifecycle.domain.record import FORMAT, GENESIS

Row = tuple[Any, ...]

_HASH_CHARACTERS = 64
BEGIN = '{"actor":'
ID = ',"command_id":"'
START = BEGIN.encode()
COMMAND = ID.encode()
CONSULTED = b',"consulted":'
UNCOMMENTED = '","comment":null,"consulted":'
DEFINITION = b',"definition":'
FACTS = b',"facts":'
ENDS = b',"format":'
REASON = b'","reason":'
RECORD = b',"record_id":"'
EVIDENCE = '","evidence":'
"""What stands between the date of an act and its evidence."""

NO_EVIDENCE = '","evidence":[],"facts":'
"""What stands between the date of an act and its facts where nothing is brought."""

NOTHING = '","evidence":[],"facts":{}'
"""What stands behind the date of an act where nothing is brought and nothing is stated."""

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


@dataclass(frozen=True, slots=True)
class Frame:
    """What all records of one sort have in common: one transition out of one state, for example.

    Args:
        target: State after it.
        rules: From the definition to the date of the act.
        opens: From there to what has to be read: ``EVIDENCE``, ``NO_EVIDENCE`` or ``NOTHING``.
        middle: From the format to the hash of the record before it.
        needs: The requirements, up to the sequence number.
        end: What follows the stream.
    """

    target: str | None
    rules: str
    opens: str
    middle: str
    needs: str
    end: str


class Parts(NamedTuple):
    """What only the body itself says, each part as it is spelt there."""

    facts: bytes
    request: bytes


def spelt(value: Any) -> str:
    """Return *value* as bodies spell it."""
    return canonical.encode(value).decode()


def is_plain(text: str) -> bool:
    """Tell whether *text* is spelt as it is, between quotation marks, and can be seen."""
    return text.isprintable() and '"' not in text and "\\" not in text


def quoted(text: str) -> str:
    """Return *text* as bodies spell it."""
    return f'"{text}"' if is_plain(text) else spelt(text)


def first_link(origin: str, stream: str) -> str:
    """Return what the first record of a stream names (``lifecycle.domain.record.genesis_hash``)."""
    return sha256(GENESIS + f"[{quoted(origin)},{quoted(stream)}]".encode()).hexdigest()


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
    opens: str = NO_EVIDENCE,
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
        opens=opens,
        middle=f',"format":{FORMAT},"from":{spelt(source)},"kind":{spelt(kind)}'
        f',"origin":{spelt(origin)},"previous":"',
        needs=f'","requirements":{spelt(requirements)},"sequence":',
        end=f',"to":{spelt(target)},"transition":{spelt(transition)}}}',
    )


def parts_of(row: Row, shape: Frame, place: str, start: str, consulted: str) -> Parts | None:
    """Return what only the body of an enrolment, or of a role given or taken, says.

    Args:
        row: A row of records, its ids plain.
        shape: Of records of its sort.
        place: The stream, as the body has to spell it.
        start: The actor, as it has to spell him, with what stands around him.
        consulted: The versions consulted, as it spells them.

    Returns:
        The parts, if everything else is what the columns and *shape* say; ``None`` otherwise.

    Raises:
        ValueError: It is not.
    """
    _, number, _, body, last, record_id, command_id, *_, moment, day = row
    head = (
        f'{start}{command_id}","comment":null,"consulted":{consulted}'
        f"{shape.rules}{day}{shape.opens}"
    ).encode()
    middle = (
        f'{shape.middle}{last}","reason":null,"record_id":"{record_id}",'
        f'"recorded_at":"{moment}","request":"'
    ).encode()
    tail = f"{shape.needs}{number}{place}{shape.end}".encode()
    if not body.startswith(head):
        return None
    facts = len(head)
    facts_end = body.index(ENDS, facts)
    request = facts_end + len(middle)
    if (
        body.startswith(middle, facts_end)
        and body.endswith(tail)
        and request + _HASH_CHARACTERS + len(tail) == len(body)
    ):
        return Parts(body[facts:facts_end], body[request : request + _HASH_CHARACTERS])
    return None
