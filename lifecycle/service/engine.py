"""The engine as its users see it: one object, one method for each thing that can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from lifecycle import events
from lifecycle.domain.dates import Day, day_of
from lifecycle.domain.errors import (
    InvalidInput,
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
from lifecycle.domain.naming import identifier, title_of
from lifecycle.service.answers import Answers
from lifecycle.service.arguments import told_by_name
from lifecycle.service.results import Receipt
from lifecycle.telemetry import span

# Use cases are imported by the calls that are theirs: one process asks for few of them.
if TYPE_CHECKING:
    from lifecycle.service.batch import Outcome
    from lifecycle.service.commands import AdvanceCommand
    from lifecycle.service.credentials import Credentials
    from lifecycle.service.people import People
    from lifecycle.service.plan import Plans

PER_TRANSACTION: Final = 500
"""How many records are committed together at most, where nothing else is asked for."""


@told_by_name
class Lifecycle(Answers):
    """A workflow engine on one history. Use it as a context manager, or call ``close``.

    Every writing call takes ``command_id``: the same id again returns the first receipt with
    ``repeated`` set and changes nothing. Without one, a new id is made. Dates are ``date`` or
    ISO text; moments are aware.
    """

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
    def plans(self) -> Plans:
        """The plans of the road maps: what became of their activities, what is overdue."""
        from lifecycle.service.plan import Plans

        return Plans(self._context)

    @property
    def people(self) -> People:
        """People's data: names, what opens commitments, personal files, and their erasure."""
        from lifecycle.service.people import People

        return People(self._context)

    @property
    def credentials(self) -> Credentials:
        """The tokens and keys by which actors are known."""
        from lifecycle.service.credentials import Credentials

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
                commits or rolls back; its rows and the records share that fate. Operators are
                told nothing: whether it lasts is known to the host only, which has the receipts.
        """
        journal = self._context.journal.joined(connection)
        # What a host's transaction waits for, and how often it is begun again, is the host's.
        return Lifecycle(replace(self._context, journal=journal, patience=0.0, log=events.silent))

    def found(self, *, actor: Actor, command_id: str | None = None) -> Receipt:
        """Begin the history, with *actor* as its first administrator."""
        from lifecycle.domain.requests import Found
        from lifecycle.service import administration

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
            InvalidInput: The name is none.
        """
        from lifecycle.domain.requests import AddActor
        from lifecycle.service import administration
        from lifecycle.service.people import person_name

        request = AddActor(
            actor=actor,
            command_id=self._context.command(command_id),
            added=identifier(added, "actor"),
        )
        kept = None if name is None else person_name(name)
        return administration.add_actor(self._context, request, kept)

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
        from lifecycle.domain.requests import AssignRole
        from lifecycle.service import administration

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
        from lifecycle.domain.requests import RevokeRole
        from lifecycle.service import administration

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
        from lifecycle.domain.requests import Enrol
        from lifecycle.service import participation

        request = Enrol(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            school=identifier(school, "school"),
            title=title_of(" ".join(title.split())),
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
        comment: str | None = None,
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
            comment: A remark; kept outside the history, where it can be erased.
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
        from lifecycle.service import participation
        from lifecycle.service.commands import AdvanceCommand

        command = AdvanceCommand(
            school=school,
            transition=transition,
            actor=actor,
            evidence=tuple(evidence),
            facts=facts or {},
            reason=reason,
            comment=comment,
            effective_on=effective_on,
            command_id=command_id,
            expected_version=expected_version,
        )
        return participation.move(self._context, command, dry_run=dry_run)

    def seal(self, per_transaction: int = PER_TRANSACTION) -> int:
        """Make the records that wait leaves of the log, and return how many it were.

        Several processes may do so at once: no record is sealed twice.

        Args:
            per_transaction: How many at most become leaves together.

        Raises:
            ValueError: *per_transaction* is less than 1.
            StorageFailed: The database failed; what was sealed before stays so.
        """
        if per_transaction < 1:
            raise ValueError("at least one record is sealed in a transaction")
        context, total = self._context, 0
        with span("seal", backend=context.journal.backend) as told:
            while True:
                with context.journal.writing() as tx:
                    sealed = tx.seal(per_transaction)
                if sealed:
                    context.log(events.SEALED, count=sealed)
                total += sealed
                told.tell(records=total)
                if sealed < per_transaction:
                    return total

    def advance_many(
        self,
        commands: Iterable[AdvanceCommand],
        *,
        per_transaction: int = PER_TRANSACTION,
        dry_run: bool = False,
        stop_on_refusal: bool = False,
    ) -> Iterator[Outcome]:
        """Make many transitions, each decided as ``advance`` would, on what those before it left.

        Commands are taken as the outcomes are asked for, so there may be any number of them.
        A transaction takes up to *per_transaction*, and no more once it has lasted a second. An
        outcome is yielded when its transaction is committed: what was yielded is never lost. A
        command that is not carried out leaves nothing in the history and stands in no other's
        way. Whoever stops, or is killed, begins again from the first command: with the command
        ids of the first time, what is recorded is found ``unchanged``.

        Args:
            commands: What is asked, in order. If they come out of ``records``, take those into a
                list first: its view, still open, would hold up what is recorded here (LC504).
            per_transaction: How many at most are committed together.
            dry_run: Only tell what would come of them, of each after those before it. Nothing
                is written; about 1 KB is kept for each.
            stop_on_refusal: End with the first command that is not carried out; those before it
                stay recorded.

        Yields:
            For each command its receipt, or the error that ``advance`` would raise: one that is
            about this command. Refusals are kept beside the history, as ``advance`` keeps them.

        Raises:
            StorageFailed: The database, or the store of the evidence, failed. Of commands
                without an outcome yet nothing is acknowledged; repeat with the same ids.
        """
        from lifecycle.service.batch import Batch

        batch = Batch(
            self._context,
            per_transaction=per_transaction,
            dry_run=dry_run,
            stop=stop_on_refusal,
        )
        return batch.outcomes(commands)


def _stream(school: str | None, roadmap: str | None) -> str:
    if school is not None and roadmap is not None:
        raise InvalidInput(what="scope", detail=Message("give a school or a road map, not both"))
    if school is not None:
        return participation_stream(school)
    return INSTALLATION if roadmap is None else roadmap_stream(roadmap)
