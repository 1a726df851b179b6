"""The engine as its users see it: one object, one method for each thing that can be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self

from lifecycle.domain.dates import Day, day_of, place_date
from lifecycle.domain.errors import (
    InvalidDate,
    InvalidInput,
    UnknownRoadmap,
    UnknownSchool,
)
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    Evidence,
    EvidenceFile,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.naming import identifier
from lifecycle.domain.record import Record
from lifecycle.domain.replay import fold, known_at, true_on
from lifecycle.domain.requests import (
    AddActor,
    Advance,
    AssignRole,
    Enrol,
    Found,
    RevokeRole,
)
from lifecycle.service import administration, participation
from lifecycle.service.context import Context
from lifecycle.service.credentials import Credentials
from lifecycle.service.evidence import described
from lifecycle.service.plan import Plans
from lifecycle.service.results import Outlook, Receipt, Snapshot, StatusRow

MAX_TITLE = 300


class Lifecycle:
    """A workflow engine on one history. Use it as a context manager, or call ``close``.

    Every writing call takes ``command_id``: the same id again returns the first receipt with
    ``repeated`` set and changes nothing. Without one, a new id is made. Dates are ``date`` or
    ISO text; moments are aware.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections to the database."""
        self._context.journal.close()

    @property
    def context(self) -> Context:
        """The adapters in use, for verification and for tools that stand beside the engine."""
        return self._context

    @property
    def plans(self) -> Plans:
        """The plans of the road maps: what became of their activities, what is overdue."""
        return Plans(self._context)

    @property
    def credentials(self) -> Credentials:
        """The tokens and keys by which actors are known."""
        return Credentials(self._context)

    def authenticate(self, token: str, *, on_behalf_of: str | None = None) -> Actor:
        """Return the actor whose token this is, to act with.

        Args:
            token: As it was issued.
            on_behalf_of: Whom he stands in for.

        Raises:
            AuthenticationFailed: It is no token, or not one that is good for anything now.
        """
        return self.credentials.of_token(token, on_behalf_of)

    def joined(self, connection: object) -> Lifecycle:
        """Return an engine that works inside the transaction of a host's own connection.

        Args:
            connection: A SQLAlchemy ``Connection`` to the database of this history. The host
                commits or rolls back; its rows and the records share that fate.
        """
        journal = self._context.journal.joined(connection)
        return Lifecycle(replace(self._context, journal=journal))

    def found(self, *, actor: Actor, command_id: str | None = None) -> Receipt:
        """Begin the history, with *actor* as its first administrator."""
        identifier(actor.id, "actor")
        request = Found(actor=actor, command_id=self._context.command(command_id))
        return administration.found(self._context, request)

    def add_actor(
        self,
        added: str,
        *,
        actor: Actor,
        name: str | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Register somebody who may be given roles.

        Args:
            added: Opaque id of the new actor.
            actor: An administrator.
            name: His name; kept outside the history, where it can be erased.
            command_id: Id of the request.

        Raises:
            AdministrationRefused: *actor* is not an administrator.
            AlreadyExists: The id is taken.
            InvalidIdentifier: It cannot be an id.
        """
        request = AddActor(
            actor=actor,
            command_id=self._context.command(command_id),
            added=identifier(added, "actor"),
        )
        return administration.add_actor(self._context, request, name)

    def assign(
        self,
        assignee: str,
        role: str,
        *,
        actor: Actor,
        school: str | None = None,
        roadmap: str | None = None,
        effective_on: Day = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Give somebody a role on a school or a road map; ``administrator`` on neither.

        Raises:
            AdministrationRefused: *actor* is not an administrator.
            UnknownActor, UnknownRole, UnknownSchool, UnknownRoadmap: No such thing.
            InvalidScope: The role is not given on such a thing.
            AlreadyExists: He holds it there already.
        """
        request = AssignRole(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            assignee=assignee,
            role=role,
            stream=_stream(school, roadmap),
        )
        return administration.assign(self._context, request)

    def revoke(
        self,
        assignee: str,
        role: str,
        *,
        actor: Actor,
        school: str | None = None,
        roadmap: str | None = None,
        effective_on: Day = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Take a role from somebody.

        Raises:
            AdministrationRefused: *actor* is not an administrator, or it is the last one's role.
            UnknownAssignment: He does not hold it there.
        """
        request = RevokeRole(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            assignee=assignee,
            role=role,
            stream=_stream(school, roadmap),
        )
        return administration.revoke(self._context, request)

    def enrol(
        self,
        school: str,
        *,
        roadmap: str,
        title: str,
        actor: Actor,
        effective_on: Day = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Let a school take part under a road map, from the map's first day unless told.

        Raises:
            EnrolmentRefused: *actor* is neither administrator nor coordinator of the road map.
            UnknownRoadmap: There is no such road map.
            AlreadyExists: The school takes part already.
        """
        request = Enrol(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            school=identifier(school, "school"),
            title=_title(title),
            roadmap=roadmap,
        )
        return participation.enrol(self._context, request)

    def advance(
        self,
        school: str,
        transition: str,
        *,
        actor: Actor,
        evidence: Iterable[Evidence | EvidenceFile] = (),
        facts: Mapping[str, Any] | None = None,
        reason: str | None = None,
        effective_on: Day = None,
        command_id: str | None = None,
        expected_version: int | None = None,
        dry_run: bool = False,
    ) -> Receipt:
        """Make a transition of a school.

        Args:
            school: Id of the school.
            transition: Name of the transition.
            actor: Who does it.
            evidence: Files, which are copied into the evidence store, links and references.
            facts: Facts by name, as JSON values.
            reason: Code out of the transition's list.
            effective_on: The date the act bears; the day at the place of the road map if ``None``.
            command_id: Id of the request.
            expected_version: Version the caller has seen; another one is a conflict.
            dry_run: Only tell what would come of it.

        Raises:
            TransitionRefused: With every unmet requirement; nothing was changed.
            VersionConflict: Somebody else moved the school.
            UnknownSchool, UnknownTransition, UnknownActor: No such thing.
            InvalidEvidence, InvalidFact, InvalidDate: Not of the form it must have.
        """
        pieces = tuple(evidence)
        request = Advance(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            school=school,
            transition=transition,
            evidence=described(self._context, pieces),
            facts=dict(facts or {}),
            reason=reason,
            expected_version=expected_version,
        )
        if dry_run:
            return participation.rehearse(self._context, request)
        return participation.advance(self._context, request, pieces)

    def explain(self, school: str, *, actor: Actor | None = None) -> Outlook:
        """Return every transition out of the current state and what stands in its way.

        Args:
            school: Id of the school.
            actor: For whom; without one, the role is listed as a requirement.
        """
        return participation.explain(self._context, school, actor)

    def status(self, school: str | None = None, *, roadmap: str | None = None) -> list[StatusRow]:
        """Return the board, sorted by road map and school.

        Raises:
            UnknownSchool: *school* is not enrolled.
            UnknownRoadmap: *roadmap* is neither in force nor shipped.
        """
        now = self._context.clock.now()
        with self._context.journal.reading() as view:
            rows = [
                StatusRow(
                    one,
                    _overdue(
                        one.due_on, place_date(now, self._context.definition(view, one.definition))
                    ),
                )
                for one in view.standings(school, roadmap)
            ]
            if not rows and school is not None and not view.records(participation_stream(school)):
                raise UnknownSchool(school, view.schools())
            if not rows and roadmap is not None and not view.head(roadmap_stream(roadmap)).version:
                known = self._context.definitions.roadmaps()
                if roadmap not in known:
                    raise UnknownRoadmap(roadmap, known)
        return rows

    def history(self, school: str) -> list[Record]:
        """Return the records of a school in order.

        Raises:
            UnknownSchool: It is not enrolled.
        """
        with self._context.journal.reading() as view:
            records = view.records(participation_stream(school))
            if not records:
                raise UnknownSchool(school, view.schools())
        return records

    def administration(self, roadmap: str | None = None) -> list[Record]:
        """Return the records on actors and administrators, or those of a road map in force.

        Raises:
            UnknownRoadmap: The road map is not in force.
        """
        with self._context.journal.reading() as view:
            records = view.records(INSTALLATION if roadmap is None else roadmap_stream(roadmap))
        if not records and roadmap is not None:
            raise UnknownRoadmap(roadmap, self._context.definitions.roadmaps())
        return records

    def replay(self, school: str, *, at: datetime | None = None, on: Day = None) -> Snapshot:
        """Return a school as it was, computed from its records alone.

        Args:
            school: Id of the school.
            at: «What was known then»: only what had been recorded by this moment (aware).
            on: «What was true then»: only acts that bear this date or an earlier one.

        Raises:
            UnknownSchool: It is not enrolled.
            InvalidDate: *at* is not aware, or *on* is no date.
        """
        if at is not None and at.tzinfo is None:
            raise InvalidDate(value=at.isoformat())
        day = day_of(on)
        records = self.history(school)
        if at is not None:
            records = known_at(records, at)
        if day is not None:
            records = true_on(records, day)
        moment = at.astimezone(UTC) if at is not None else None
        return Snapshot(school, fold(records), moment, day)


def _stream(school: str | None, roadmap: str | None) -> str:
    if school is not None and roadmap is not None:
        raise InvalidInput(what="scope", detail=Message("give a school or a road map, not both"))
    if school is not None:
        return participation_stream(school)
    return INSTALLATION if roadmap is None else roadmap_stream(roadmap)


def _title(value: str) -> str:
    title = " ".join(value.split())
    if not title or len(title) > MAX_TITLE or not title.isprintable():
        detail = Message("1 to {limit} printable characters", {"limit": MAX_TITLE})
        raise InvalidInput(what="title", detail=detail)
    return title


def _overdue(due_on: date | None, today: date) -> int | None:
    return None if due_on is None else max(0, (today - due_on).days)
