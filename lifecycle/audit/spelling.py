"""Records as texts: what a body has to say, written out, to be compared with what it says.

Nearly all of a body follows from the columns beside it, the stream and the rules. So the screen
does not take a body apart and look at each member: it writes the body that has to stand there and
compares the two as wholes. What is left over - who acted, what he brought and stated - is cut out
of the body by the names around it. A cut in the wrong place does no harm: the whole then differs.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from lifecycle.domain import canonical
from lifecycle.domain.model import DefinitionRef
from lifecycle.domain.record import FORMAT

_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
# As lifecycle.domain.canonical writes, but without its checks: whoever reads makes them.
written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Frame(NamedTuple):
    """What all records of one sort have in common: one transition out of one state, for example.

    Args:
        target: State after it.
        rules: From the definition to the date of the act.
        middle: From the format to the hash of the record before it.
        needs: The requirements, up to the sequence number.
        end: What follows the stream.
    """

    target: str | None
    rules: str
    middle: str
    needs: str
    end: str


class Cut(NamedTuple):
    """What a body says of itself, each part as it is spelt there."""

    actor: str
    consulted: str
    evidence: str
    facts: str
    reason: str
    request: str


def spelt(value: Any) -> str:
    """Return *value* as bodies spell it."""
    return canonical.encode(value).decode()


def value_of(text: str) -> Any:
    """Return the value that *text* spells as bodies do.

    Raises:
        ValueError: It spells none, or in another way.
    """
    value = json.loads(text)
    if written(value) != text:
        raise ValueError("it is spelt otherwise")
    return value


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
    )


def cut(text: str) -> Cut:
    """Cut out of a body what only the body itself says.

    Raises:
        ValueError: Some name is not there.
    """
    a = text.index(',"command_id":"')
    b = text.index(',"consulted":', a)
    c = text.index(',"definition":', b)
    d = text.index('","evidence":', c)
    e = text.index(',"facts":', d)
    f = text.index(',"format":', e)
    g = text.index('","reason":', f)
    h = text.index(',"record_id":"', g)
    i = text.index('","request":"', h)
    return Cut(
        text[9:a],
        text[b + 13 : c],
        text[d + 13 : e],
        text[e + 9 : f],
        text[g + 11 : h],
        text[i + 13 : i + 77],
    )


def as_asked(evidence: str) -> str:
    """Return pieces of evidence, spelt as in a body, as requests spell them.

    A request leaves out what has its usual value (``lifecycle.domain.codec``). None of these
    texts can stand inside a string: there its quotation marks would be escaped.
    """
    return (
        evidence.replace('{"date":', '{"dated":')
        .replace('"content":null,', "")
        .replace('"form":"file",', "")
        .replace('"item":null,', "")
        .replace('"name":null,', "")
    )
