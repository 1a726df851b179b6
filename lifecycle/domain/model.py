"""The nouns of the engine: who acts, on what evidence, by which definition, in which stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from os import PathLike
from typing import Any, Final, Literal

from lifecycle.domain.values import quick

ADMINISTRATOR: Final = "administrator"
AUDITOR: Final = "auditor"
INSTALLATION: Final = "installation"

Method = Literal["host", "os-uid", "token", "signed"]
METHODS: Final[tuple[Method, ...]] = ("host", "os-uid", "token", "signed")
"""How an actor can be known; the word before the colon of ``Actor.authentication``."""

Scope = Literal["installation", "roadmap", "school"]
_SCOPES: Final[Mapping[str, Scope]] = {"roadmap": "roadmap", "participation": "school"}


def roadmap_stream(roadmap: str) -> str:
    """Name the stream of a road map: its adoption and the roles held on it."""
    return f"roadmap/{roadmap}"


def participation_stream(school: str) -> str:
    """Name the stream of a school: its enrolment, the roles held at it and its transitions."""
    return f"participation/{school}"


def scope_of(stream: str) -> Scope:
    """Tell what a role is held on when its assignment stands in *stream*.

    Raises:
        ValueError: Nothing in the engine has such a stream.
    """
    if stream == INSTALLATION:
        return INSTALLATION
    kind, slash, _ = stream.partition("/")
    if not slash or kind not in _SCOPES:
        raise ValueError(f"there is no stream {stream}")
    return _SCOPES[kind]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, and how the engine knows that it is him.

    Args:
        id: Opaque identifier; never a name, a phone or an address.
        authentication: ``host:<name>`` when the embedding service vouches for him,
            ``os-uid:<number>`` for a user of this machine as the kernel reports him,
            ``token:<credential>`` or ``signed:<credential>`` for what was issued to him.
        on_behalf_of: Opaque id of the one he stands in for, if any.
        signature: Of the very command, Ed25519 in base64, where he signs it himself.
        prove: Shows inside the write transaction that he has what was issued to him: gives the
            token, or the base64 signature of the statement that it is given. Never part of a
            record, and never shown.
    """

    id: str
    authentication: str
    on_behalf_of: str | None = None
    signature: str | None = None
    prove: Callable[[bytes], str] | None = field(default=None, repr=False, compare=False)


@quick
@dataclass(frozen=True, slots=True)
class Evidence:
    """What a transition rests on, as the record keeps it.

    Args:
        kind: Evidence kind of the programme, such as ``visit_note``.
        item: What the piece is about where one is asked for each of several, such as a risk.
        form: ``file`` (content-addressed copy), ``link``, or ``reference`` to an order.
        sha256: Of a stored file, 64 hexadecimal digits.
        size: Of a stored file, bytes.
        media_type: Of a file, as declared by its ending.
        name: Commitment to the name that the file had; the name itself can be erased.
        content: Commitment to the content of a file that is stored encrypted, because it is
            personal; ``sha256`` and ``size`` are then those of what is stored.
        url: Of a link.
        number: Of the order referred to.
        dated: Date of the order referred to.
        issuer: Body that issued the order referred to.
    """

    kind: str
    item: str | None = None
    form: Literal["file", "link", "reference"] = "file"
    sha256: str | None = None
    size: int | None = None
    media_type: str | None = None
    name: str | None = None
    content: str | None = None
    url: str | None = None
    number: str | None = None
    dated: date | None = None
    issuer: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members that this form of evidence has, in JSON types."""
        body: dict[str, Any] = {"kind": self.kind, "item": self.item, "form": self.form}
        if self.form == "file":
            body |= {"sha256": self.sha256, "size": self.size, "media_type": self.media_type}
            body |= {"name": self.name, "content": self.content}
        elif self.form == "link":
            body |= {"url": self.url}
        else:
            issued = self.dated.isoformat() if self.dated else None
            body |= {"number": self.number, "date": issued, "issuer": self.issuer}
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Evidence:
        """Rebuild the value from the members that ``to_json`` gave."""
        found, issued = body.get, body.get("date")
        return cls(
            kind=body["kind"],
            item=body["item"],
            form=body["form"],
            sha256=found("sha256"),
            size=found("size"),
            media_type=found("media_type"),
            name=found("name"),
            content=found("content"),
            url=found("url"),
            number=found("number"),
            dated=date.fromisoformat(issued) if issued else None,
            issuer=found("issuer"),
        )


@quick
@dataclass(frozen=True, slots=True)
class DefinitionRef:
    """Which rules were in force: id, version, and the SHA-256 of their canonical JSON."""

    id: str
    version: str
    digest: str


@quick
@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that somebody holds.

    Args:
        record_id: The record that gave it.
        stream: Where that record stands, and so what the role is held on.
        actor: Who holds it.
        role: Role of the programme.
        sequence: Place of the record in its stream.
    """

    record_id: str
    stream: str
    actor: str
    role: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody can show to be known: a token that was issued to him, or a key of his own.

    Args:
        id: Random; never given twice.
        actor: Whose it is.
        method: ``token``, or ``key`` for signed commands.
        proof: SHA-256 of the token (hexadecimal), or the Ed25519 public key (base64).
        scopes: What it is good for, separated by spaces; empty for everything.
        expires_at: Moment from which it is good for nothing, as records write it; or empty.
        sequence: Record of the installation that added it.
        revoked: Record of the installation that revoked it.
    """

    id: str
    actor: str
    method: str
    proof: str
    scopes: str
    expires_at: str
    sequence: int
    revoked: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: what its next record has to follow.

    Args:
        origin: Id of the installation that keeps the history.
        stream: Name of the stream.
        version: Sequence number of the last record; 0 before the first.
        hash: Of the last record, or the stream's genesis hash, 64 hexadecimal digits.
        recorded_at: Of the last record, UTC; ``None`` before the first.
    """

    origin: str
    stream: str
    version: int
    hash: str
    recorded_at: datetime | None


@quick
@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the board: a school's place, kept beside the history and checked against it.

    Args:
        school: Id of the school.
        roadmap: Road map it takes part under.
        title: Name of the school.
        definition: Digest of the rules pinned at enrolment.
        state: Current state.
        version: Sequence number of the last record of its stream.
        entered_at: When the state was entered, as recorded, UTC.
        entered_on: Date of the act that led into the state.
        due_on: When the state is to be left; ``None`` in final states and without a deadline.
        final: Nothing leads out of the state.
    """

    school: str
    roadmap: str
    title: str
    definition: str
    state: str
    version: int
    entered_at: datetime
    entered_on: date
    due_on: date | None
    final: bool


@dataclass(frozen=True, slots=True)
class SchoolMove:
    """A transition that a school made, as plans and indicators count it.

    Args:
        school: Id of the school.
        transition: Name of the transition.
        source: State it left.
        target: State it led to; the same where the school stayed.
        effective_on: The date the act bears.
        enrolled_on: Date that the enrolment of the school bears.
        facts: What was stated with it, by name; empty where nobody asked for it.
    """

    school: str
    transition: str
    source: str
    target: str
    effective_on: date
    enrolled_on: date
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """What was tried and not allowed; kept outside the history.

    Args:
        at: When it was tried, UTC.
        stream: Stream that would have got the record.
        actor: Who tried.
        what: Transition or kind of request.
        command_id: Id of the request.
        unmet: Every reason as JSON values: code, parameters, who.
    """

    at: datetime
    stream: str
    actor: str
    what: str
    command_id: str
    unmet: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file on this machine that is offered as evidence.

    Args:
        kind: Evidence kind of the programme.
        path: Where the file lies.
        item: What the piece is about where one is asked for each of several.
    """

    kind: str
    path: str | PathLike[str]
    item: str | None = None
