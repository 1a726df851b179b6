"""What callers ask for. A request is named by its command id and told apart by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from lifecycle.domain import canonical, codec
from lifecycle.domain.model import Actor, Evidence
from lifecycle.domain.values import quick

Act = Literal["begun", "done", "postponed", "cancelled"]

# How a request is delivered is not what is asked: a retry may differ in these.
_DELIVERY = ("actor", "command_id", "expected_version")
# A comment is committed to anew by every retry, under another salt.
_TOLD_APART = (*_DELIVERY, "comment")
_NAMED = ("name",)
_PERSONAL = ("name", "content", "sha256", "size")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every request has.

    Args:
        actor: Who asks.
        command_id: The caller's id; the same id never has a second effect.
        effective_on: The date the act bears; ``None`` for the day it is recorded.
    """

    actor: Actor
    command_id: str
    effective_on: date | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked and by whom, to tell a retry; 64 hexadecimal digits.

        Comments, names of files and contents of personal files are left out: a retry commits to
        them under other salts, and so cannot be compared in them.
        """
        asked = codec.to_json(self, _TOLD_APART)
        for piece in asked.get("evidence", ()):
            for name in _PERSONAL if "content" in piece else _NAMED:
                piece.pop(name, None)
        return self._sealed(asked)

    @property
    def content(self) -> str:
        """SHA-256 of all that the record bears of it, for a signature; 64 hexadecimal digits.

        Comments, names and personal files are in it by their salted commitments: nobody can
        confirm a guess, and nobody can put others in their place.
        """
        return self._sealed(codec.to_json(self, _DELIVERY))

    def _sealed(self, asked: Mapping[str, Any]) -> str:
        who = [self.actor.id, self.actor.on_behalf_of]
        return canonical.digest([type(self).__name__, who, asked])


@dataclass(frozen=True, kw_only=True)
class Found(Request):
    """Begin a history, with the actor as its first administrator."""


@dataclass(frozen=True, kw_only=True)
class Adopt(Request):
    """Put a road map in force: pin the rules under which schools enrol.

    Args:
        roadmap: Id of the road map.
        definition: Digest of the programme under that road map.
    """

    roadmap: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class AddActor(Request):
    """Register an actor."""

    added: str


@dataclass(frozen=True, kw_only=True)
class AssignRole(Request):
    """Give *assignee* a role on what *stream* stands for."""

    assignee: str
    role: str
    stream: str


@dataclass(frozen=True, kw_only=True)
class RevokeRole(Request):
    """Take a role from *assignee* on what *stream* stands for."""

    assignee: str
    role: str
    stream: str


@dataclass(frozen=True, kw_only=True)
class NamePerson(Request):
    """Keep a person's name, outside the history; the request does not bear it."""

    person: str


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Request):
    """Destroy what a person wrote: name, comments, file names, personal files.

    Args:
        erased: Id of the actor.
        ground: Code of the ground in law.
        act: Number of the act of destruction.
        records: Further records, as ``stream#sequence``, whose values are about the person.
    """

    erased: str
    ground: str
    act: str
    records: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AddCredential(Request):
    """Let *holder* be known by a token or a key; members as those of ``Credential``."""

    holder: str
    credential: str
    method: str
    proof: str
    scopes: str = ""
    expires_at: str = ""


@dataclass(frozen=True, kw_only=True)
class RevokeCredential(Request):
    """Let a credential be good for nothing from now on."""

    credential: str


@dataclass(frozen=True, kw_only=True)
class Enrol(Request):
    """Let a school take part under a road map."""

    school: str
    title: str
    roadmap: str


@dataclass(frozen=True, kw_only=True)
class ActOnActivity(Request):
    """Say what became of an activity of the road map, or of one occurrence of it.

    Args:
        act: What is said of it.
        roadmap: Id of the road map.
        activity: Key of the activity.
        occurrence: Name of the occurrence where the activity recurs, such as ``2021-03``.
        evidence: What it rests on.
        counts: Numbers entered with it, by name.
        postponed_to: New last day, for ``postponed``.
        reason: Code from the programme's list, for ``cancelled``.
        comment: Commitment to a comment.
    """

    act: Act
    roadmap: str
    activity: str
    occurrence: str | None = None
    evidence: tuple[Evidence, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    postponed_to: date | None = None
    reason: str | None = None
    comment: str | None = None


@quick
@dataclass(frozen=True, kw_only=True)
class Advance(Request):
    """Make a transition of a school.

    Args:
        school: Id of the school.
        transition: Name of the transition.
        evidence: What it rests on.
        facts: Typed facts by name, as JSON values.
        reason: Code out of the transition's list.
        comment: Commitment to a comment.
        expected_version: Version of the school's stream the caller has seen, if it matters.
    """

    school: str
    transition: str
    evidence: tuple[Evidence, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    comment: str | None = None
    expected_version: int | None = None
