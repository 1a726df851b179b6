"""The record, format 1: what is hashed is what is stored, and every field is inside.

``SHA-256(0x00 || body)`` is the link of the stream's chain and a Merkle leaf at once
(RFC 9162, section 2.1.1).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Literal

from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import DefinitionRef, Evidence, Head, Standing
from lifecycle.domain.shape import check_shape
from lifecycle.domain.values import Kept, quick

FORMAT: Final = 1
GENESIS: Final = b"school-lifecycle/genesis/1\x00"
"""What is hashed before the place of a stream."""


Kind = Literal[
    "installed",
    "actor_added",
    "roadmap_adopted",
    "role_assigned",
    "role_revoked",
    "enrolled",
    "advanced",
    "activity_begun",
    "activity_done",
    "activity_postponed",
    "activity_cancelled",
    "credential_added",
    "credential_revoked",
    "person_erased",
]


def record_hash(body: bytes) -> str:
    """Return the hash of a stored body, 64 hexadecimal digits."""
    return sha256(b"\x00" + body).hexdigest()


_FIRST_YEAR: Final = 1000


def genesis_hash(origin: str, stream: str) -> str:
    """Return what the first record of a stream names as its predecessor.

    It binds the chain to its stream and installation: moved elsewhere, it no longer fits. Names
    that are longer than any body have one, too: verification asks for it before it believes them.
    """
    place = canonical.encode([origin, stream], limit=sys.maxsize)
    return sha256(GENESIS + place).hexdigest()


def empty_head(origin: str, stream: str) -> Head:
    """Return the head of a stream that has no record yet."""
    return Head(origin, stream, 0, genesis_hash(origin, stream), None)


# A record's time is written some ten times on its way into storage, in a batch after many others.
@lru_cache(maxsize=2048)
def moment_text(moment: datetime) -> str:
    """Write a moment as the body does: UTC with microseconds and ``Z`` (RFC 3339)."""
    # Not by strftime: it writes the years before 1000 with fewer digits, on some systems.
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{there.isoformat(timespec='microseconds')[:-6]}Z"


@lru_cache(maxsize=256)  # heads that many transitions look at say the same for long
def moment_from(text: str) -> datetime:
    """Read a moment that ``moment_text`` wrote.

    Raises:
        ValueError: It is written otherwise.
    """
    moment = datetime.fromisoformat(text)
    try:
        # No record is of such a year, and the verifier that stands alone reads none.
        same = moment.year >= _FIRST_YEAR and moment_text(moment) == text
    except OverflowError:  # With another offset, a moment of the first or the last year is none.
        same = False
    if not same:
        raise ValueError(f"{text} is not a moment in UTC with microseconds")
    return moment


@quick
@dataclass(frozen=True, slots=True)
class ActedAs:
    """The actor of a record: who, in what role, by which assignment, known how.

    Args:
        id: Opaque id of the actor.
        role: Role he acted in.
        assignment: Record id of the assignment that gave him the role; ``None`` only in the
            records that found an installation.
        authentication: How he was authenticated.
        on_behalf_of: Whom he stood in for.
        signature: Of the command, where the actor signed it himself: Ed25519, base64.
    """

    id: str
    role: str
    assignment: str | None
    authentication: str
    on_behalf_of: str | None = None
    signature: str | None = None


@quick
@dataclass(frozen=True)
class Record:
    """One fact of the history.

    Args:
        origin: Id of the installation.
        stream: Stream the record belongs to.
        sequence: Place in the stream, from 1.
        previous: Hash of the record before it, or the genesis hash.
        record_id: UUIDv7; order never relies on it.
        command_id: The caller's id of the request; unique in the installation.
        request: SHA-256 of the canonical request, to tell a retry from a reuse.
        kind: What sort of fact this is.
        actor: Who did it, in what role.
        recorded_at: When it was written down, UTC; never before the record it follows.
        effective_on: The date the act bears.
        transition: Name of the transition made, if one was.
        source: State before.
        target: State after.
        definition: Rules in force.
        requirements: Ids of the requirements that were checked and met.
        due_on: Deadline of the transition in force at the time, if any.
        evidence: What it rests on.
        facts: Typed facts by name, as JSON values.
        reason: Code from the transition's list.
        comment: Commitment to a comment that is kept outside the history, where it can be erased.
        consulted: Versions of the other streams that the decision looked at.
    """

    origin: str
    stream: str
    sequence: int
    previous: str
    record_id: str
    command_id: str
    request: str
    kind: Kind
    actor: ActedAs
    recorded_at: datetime
    effective_on: date
    transition: str | None = None
    source: str | None = None
    target: str | None = None
    definition: DefinitionRef | None = None
    requirements: tuple[str, ...] = ()
    due_on: date | None = None
    evidence: tuple[Evidence, ...] = ()
    facts: Mapping[str, Any] | None = None
    reason: str | None = None
    comment: str | None = None
    consulted: Mapping[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the body as JSON values; its members are the format."""
        rules = self.definition
        return {
            "format": FORMAT,
            "origin": self.origin,
            "stream": self.stream,
            "sequence": self.sequence,
            "previous": self.previous,
            "record_id": self.record_id,
            "command_id": self.command_id,
            "request": self.request,
            "kind": self.kind,
            "transition": self.transition,
            "from": self.source,
            "to": self.target,
            "definition": rules
            and {"id": rules.id, "version": rules.version, "digest": rules.digest},
            "requirements": list(self.requirements),
            "actor": {
                "id": self.actor.id,
                "role": self.actor.role,
                "assignment": self.actor.assignment,
                "authentication": self.actor.authentication,
                "on_behalf_of": self.actor.on_behalf_of,
                "signature": self.actor.signature,
            },
            "recorded_at": self.moment,
            "effective_on": self.effective_on.isoformat(),
            "due_on": self.due_on and self.due_on.isoformat(),
            "evidence": [piece.to_json() for piece in self.evidence],
            "facts": dict(self.facts or {}),
            "reason": self.reason,
            "comment": self.comment,
            "consulted": dict(self.consulted or {}),
        }

    @Kept
    def moment(self) -> str:
        """When it was written down, as the body tells it."""
        return moment_text(self.recorded_at)

    @Kept
    def body(self) -> bytes:
        """The canonical bytes that are stored and hashed."""
        return canonical.encode(self.to_json())

    @Kept
    def hash(self) -> str:
        """Link of the chain and Merkle leaf, 64 hexadecimal digits."""
        return record_hash(self.body)

    @property
    def columns(self) -> dict[str, str | int | None]:
        """The index columns that storage keeps beside the body; verify compares them with it."""
        return {
            "previous": self.previous,
            "record_id": self.record_id,
            "command_id": self.command_id,
            "kind": self.kind,
            "transition": self.transition,
            "source": self.source,
            "target": self.target,
            "definition": self.definition.digest if self.definition else None,
            "actor": self.actor.id,
            "role": self.actor.role,
            "recorded_at": self.moment,
            "effective_on": self.effective_on.isoformat(),
        }

    @Kept
    def head(self) -> Head:
        """Where the stream stands after this record."""
        return Head(self.origin, self.stream, self.sequence, self.hash, self.recorded_at)

    @classmethod
    def decode(cls, body: bytes, codec: canonical.Codec | None = None) -> Record:
        """Read a stored body.

        Args:
            body: The stored bytes.
            codec: Tried first. What it read is checked and written again, and has to give the
                same bytes; if it does not, the standard library has the word.

        Raises:
            InvalidBody: The bytes are not the canonical body of a record of format 1.
        """
        found = None if codec is None else cls._read(body, codec)
        return cls._read_strictly(body) if found is None else found

    @classmethod
    def _read(cls, body: bytes, codec: canonical.Codec) -> Record | None:
        if len(body) > canonical.MAX_BODY_BYTES:
            return None
        try:
            members = codec.loads(body)
            check_shape(members)
            record = cls._from_json(members)
            # All else are texts under names of ours, by their shape and by what is written.
            sizes = [piece.size for piece in record.evidence]
            canonical.check([record.sequence, sizes, record.facts, record.consulted])
            if codec.dumps(record.to_json()) != body:
                return None
        except (KeyError, TypeError, ValueError, AttributeError, InvalidBody):
            return None
        record.__dict__["body"] = body
        return record

    @classmethod
    def _read_strictly(cls, body: bytes) -> Record:
        members = canonical.parse(body)
        try:
            check_shape(members)
            record = cls._from_json(members)
            same = record.body == body  # and so canonical
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidBody(detail=f"not a record of format {FORMAT}: {error}") from error
        if not same:
            raise InvalidBody(detail=f"not a record of format {FORMAT}")
        return record

    @classmethod
    def _from_json(cls, members: Mapping[str, Any]) -> Record:
        rules = members["definition"]
        due_on = members["due_on"]
        return cls(
            origin=members["origin"],
            stream=members["stream"],
            sequence=members["sequence"],
            previous=members["previous"],
            record_id=members["record_id"],
            command_id=members["command_id"],
            request=members["request"],
            kind=members["kind"],
            actor=ActedAs(**members["actor"]),
            recorded_at=moment_from(members["recorded_at"]),
            effective_on=date.fromisoformat(members["effective_on"]),
            transition=members["transition"],
            source=members["from"],
            target=members["to"],
            definition=DefinitionRef(**rules) if rules is not None else None,
            requirements=tuple(members["requirements"]),
            due_on=date.fromisoformat(due_on) if due_on is not None else None,
            evidence=tuple(Evidence.from_json(piece) for piece in members["evidence"]),
            facts=members["facts"],
            reason=members["reason"],
            comment=members["comment"],
            consulted=members["consulted"],
        )


Made = tuple[Record, Standing | None]
"""A record to append, and the row of the board after it where it is one of a school."""
