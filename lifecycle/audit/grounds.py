"""What decisions may rest on, as the shared streams tell it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lifecycle.audit import ed25519
from lifecycle.domain import credentials
from lifecycle.domain.access import Access, credential_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.erasure import Erasures
from lifecycle.domain.guards import Guards
from lifecycle.domain.model import (
    INSTALLATION,
    Assignment,
    Credential,
)
from lifecycle.domain.plan import Place, Progress
from lifecycle.domain.record import Record, moment_text
from lifecycle.domain.replay import assignments_after
from lifecycle.domain.requests import AddCredential

FOUNDING_RECORDS = 3
# What may let an act be refused that was allowed before, or the other way round.
_TURNS = ("role_assigned", "role_revoked", "credential_added", "credential_revoked")


@dataclass
class Grounds:
    """What decisions may rest on, rebuilt from the installation's and the road maps' records.

    Args:
        definitions: Stored definitions by digest, altered ones left out.
        guards: Guards in Python that the host registered.
        rules: Digest of the definition that each road map's stream adopted.
        actors: Sequence number of the record that registered each actor.
        credentials: Every credential by its id, as it stands at the end.
        founding: The records that founded the installation.
        versions: How many records each shared stream has.
        plans: What became of each road map's activities, up to the record being decided.
        erasures: What was erased lawfully.
    """

    definitions: Mapping[str, Definition]
    guards: Guards
    rules: dict[str, str] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    founding: list[Record] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    plans: dict[str, dict[Place, Progress]] = field(default_factory=dict)
    erasures: Erasures = field(default_factory=Erasures)
    _proofs: dict[str, list[str]] = field(default_factory=dict)
    _roles: dict[str, dict[str, tuple[Assignment, int | None]]] = field(default_factory=dict)
    _turns: dict[str, list[int]] = field(default_factory=dict)
    _ordered: dict[str, bool] = field(default_factory=dict)
    _moments: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def learn(self, record: Record) -> None:
        """Take in a record of a shared stream.

        All are learned before any is decided again, so the first to say something has the word:
        a second revocation must not give back the time between, nor one id a second role.
        """
        facts = record.facts or {}
        moments = self._moments.setdefault(record.stream, [])
        moments.append((moment_text(record.recorded_at), record.sequence))
        self.versions[record.stream] = record.sequence
        if record.kind in _TURNS:
            self._turns.setdefault(record.stream, []).append(record.sequence)
        if record.kind == "actor_added":
            self.actors.setdefault(facts["actor"], record.sequence)
        elif record.kind == "roadmap_adopted" and record.definition is not None:
            self.rules.setdefault(record.stream, record.definition.digest)
        elif record.kind == "role_assigned":
            (given,) = assignments_after((), record)
            roles = self._roles.setdefault(record.stream, {})
            roles.setdefault(given.record_id, (given, None))
        elif record.kind == "role_revoked":
            roles = self._roles.get(record.stream, {})
            held, until = roles.get(facts["assignment"], (None, None))
            if held is not None and until is None:
                roles[held.record_id] = (held, record.sequence)
        if record.stream == INSTALLATION:
            self.erasures.learn(record)
            self._learn_credential(record)
            if record.sequence <= FOUNDING_RECORDS:
                self.founding.append(record)

    def _learn_credential(self, record: Record) -> None:
        if record.kind == "credential_added":
            given = credentials.credential_from(record)
            self.credentials.setdefault(given.id, given)
            self._proofs.setdefault(given.proof, []).append(given.id)
        elif record.kind == "credential_revoked":
            name = (record.facts or {})["credential"]
            known = self.credentials.get(name)
            if known is not None and known.revoked is None:
                self.credentials[name] = replace(known, revoked=record.sequence)

    def held(self, stream: str, version: int) -> tuple[Assignment, ...]:
        """Return the roles held on a shared stream after its record *version*."""
        return tuple(
            given
            for given, until in self._roles.get(stream, {}).values()
            if given.sequence <= version and (until is None or version < until)
        )

    def turn(self, stream: str, version: int) -> int:
        """Return the last version up to *version* at which rights on a shared stream changed."""
        turns = self._turns.get(stream, [])
        place = bisect_right(turns, version)
        return turns[place - 1] if place else 0

    def stands(self, stream: str, version: int) -> str:
        """Return the moment until which rights on a shared stream stood as at *version*.

        It is written as in bodies; a tilde, which sorts behind every moment, where they did not
        change any more.

        Raises:
            ValueError: Records of the stream are out of order.
        """
        moments, turns = self._moments.get(stream, []), self._turns.get(stream, [])
        if stream not in self._ordered:
            numbers = [number for _, number in moments]
            self._ordered[stream] = moments == sorted(moments) and numbers == sorted(set(numbers))
        if not self._ordered[stream]:
            raise ValueError(f"records of {stream} are out of order")
        place = bisect_right(turns, version)
        if place == len(turns):
            return "~"
        after = bisect_left(moments, turns[place], key=lambda one: one[1])
        return moments[after][0]

    def recorded(self, stream: str, version: int) -> str | None:
        """Return when record *version* of a shared stream was recorded, as bodies write it.

        ``None`` where there is no such record, or others stand in its place.
        """
        moments = self._moments.get(stream, [])
        if not 0 < version <= len(moments) or moments[version - 1][1] != version:
            return None
        return moments[version - 1][0]

    def as_of(self, record: Record) -> Record:
        """Return *record* as if it had consulted all that was recorded before it.

        Times prove that order: roles change no earlier than whatever consulted them before.
        """
        consulted = {
            name: max(version, self.version_at(name, moment_text(record.recorded_at)))
            for name, version in (record.consulted or {}).items()
        }
        return replace(record, consulted=consulted)

    def version_at(self, stream: str, moment: str) -> int:
        """Return how many records *stream* had before *moment*, which is written as in bodies."""
        moments = self._moments.get(stream, [])
        place = bisect_left(moments, (moment, 0))
        return moments[place - 1][1] if place else 0

    def credential(self, name: str | None, version: int) -> Credential | None:
        """Return a credential as it stood after record *version* of the installation."""
        found = self.credentials.get(name or "")
        if found is None or found.sequence > version:
            return None
        valid = found.revoked is None or version < found.revoked
        return replace(found, revoked=None) if valid else found

    def in_way(self, request: AddCredential, version: int) -> Credential | None:
        """Return what stood in the way of a credential after record *version*."""
        names = [request.credential, *self._proofs.get(request.proof, ())]
        known = (self.credential(name, version) for name in names)
        clashes = (one for one in known if one and credentials.stands_in_way(one, request))
        return next(clashes, None)

    def access(self, record: Record, version: int) -> Access:
        """Return what record *version* of the installation says of those who may act."""
        return Access(
            version=version,
            roles=self.held(INSTALLATION, version),
            credential=self.credential(credential_of(record.actor.authentication), version),
            check=ed25519.verify,
        )

    def knows(self, actor: str, version: int) -> bool:
        """Tell whether the actor was registered by record *version* of the installation."""
        return self.actors.get(actor, version + 1) <= version
