"""Schools whose every record a checkpoint vouches for: what they come to, nothing decided again.

The log's root fixes the bodies, and whoever made sure of the checkpoint decided them again then.
What lies beside them is fixed by nothing: columns, head, board and roles have to be what the
bodies say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.course import Passed, board_row
from lifecycle.audit.personal import Tally
from lifecycle.audit.spelling import Parser, Row
from lifecycle.domain.definition import Definition


def vouched(
    stream: str, rows: Iterable[Row], parser: Parser, definitions: Mapping[str, Definition]
) -> Passed:
    """Return what the records of *stream* come to.

    Args:
        stream: Of a school.
        rows: Its records, all of which are leaves that a checkpoint covers.
        parser: Reads the bodies.
        definitions: By digest.

    Raises:
        Exception: A body has not the stored hash, what stands beside it differs from it, or what
            it commits to is to be looked for.
    """
    held: dict[str, Row] = {}
    named, digest, state, entered = ("", "", ""), "", "", ("", "")
    version, last, moment = 0, "", ""
    for row in rows:
        version += 1
        if sha256(b"\x00" + row[3]).hexdigest() != row[2]:
            raise Doubtful
        body = parser.loads(row[3])
        beside = (row[0], row[1], body["stream"], body["sequence"], *row[4:])
        if (stream, version, stream, version, *_columns(body)) != beside:
            raise Doubtful
        if body["comment"] is not None or any(map(_commits, body["evidence"])):
            raise Doubtful  # Nothing is kept beside it, though something was.
        last, moment, facts = row[2], row[14], body["facts"]
        if version == 1:
            named, digest = (facts["school"], facts["roadmap"], facts["title"]), row[11]
        if row[10] is not None and row[9] != row[10]:
            state, entered = row[10], (row[14], row[15])
        if row[7] == "role_assigned":
            held[row[5]] = (row[5], facts["actor"], facts["role"], version)
        elif row[7] == "role_revoked":
            del held[facts["assignment"]]
    standing = board_row(named, (digest, definitions[digest].state[state]), version, entered)
    return Passed((version, last, moment), standing, [*held.values()], Tally())


def _commits(piece: Mapping[str, Any]) -> bool:
    """Tell whether a piece of evidence commits to what is kept beside the record."""
    return piece.get("name") is not None or piece.get("content") is not None


def _columns(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the columns that follow the body, as it says them."""
    rules, actor = body["definition"], body["actor"]
    return (
        body["previous"],
        body["record_id"],
        body["command_id"],
        body["kind"],
        body["transition"],
        body["from"],
        body["to"],
        rules and rules["digest"],
        actor["id"],
        actor["role"],
        body["recorded_at"],
        body["effective_on"],
    )
