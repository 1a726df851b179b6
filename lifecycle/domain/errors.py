"""Every error the engine raises on purpose: one tree, a stable code each, and what to do next.

A class carries its texts as templates; the facts of the case are keyword arguments and stay
readable in ``error.facts``. The families map to the exit codes of the command line: not found 3,
refused 4, invalid input 5, conflict 7, storage 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from lifecycle.domain.guards import Unmet

NO_NAME: Final = "-"  # of the one time of an activity that does not recur


class LifecycleError(Exception):
    """Base of all errors of the engine.

    Args:
        facts: Values of the placeholders in ``template`` and ``remedy``.
    """

    code: ClassVar[str] = "LC001"
    template: ClassVar[str] = "the engine failed: {detail}"
    remedy_template: ClassVar[str] = ""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(str(self.message))

    @property
    def message(self) -> Message:
        """What happened, and to what."""
        return Message(self.template, self.facts)

    @property
    def remedy(self) -> Message | None:
        """What to do next, if there is something to do."""
        return Message(self.remedy_template, self.facts) if self.remedy_template else None


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that *name* was probably meant to be, if one is near enough."""
    import difflib  # only here: most processes never need it

    folded = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


class NotFound(LifecycleError):
    """A name that nothing bears.

    Args:
        name: The name as it was given.
        known: The names that exist; the nearest is offered as the remedy.
    """

    code = "LC100"
    template = "nothing is named {name}"

    def __init__(self, name: str, known: Iterable[str] = (), **facts: Any) -> None:
        suggestion = closest(name, known)
        super().__init__(name=name, suggestion=suggestion, **facts)

    @property
    def remedy(self) -> Message | None:
        """The nearest known name, or the way to list the known ones."""
        if self.facts["suggestion"] is not None:
            return Message("did you mean {suggestion}?", {"suggestion": self.facts["suggestion"]})
        return super().remedy


class UnknownSchool(NotFound):
    """No school of that id is enrolled."""

    code = "LC101"
    template = "no school {name} is enrolled"
    remedy_template = "list the schools: lifecycle status"


class UnknownRoadmap(NotFound):
    """No road map of that id is shipped or was given."""

    code = "LC102"
    template = "there is no road map {name}"
    remedy_template = "list the road maps: lifecycle roadmap list"


class UnknownTransition(NotFound):
    """The programme has no transition of that name."""

    code = "LC103"
    template = "the programme has no transition {name}"
    remedy_template = "see what is open: lifecycle explain {school}"


class UnknownRole(NotFound):
    """The programme has no role of that name."""

    code = "LC104"
    template = "the programme has no role {name}"
    remedy_template = "the roles are: {roles}"


class UnknownActor(NotFound):
    """Nobody was registered under that id."""

    code = "LC105"
    template = "there is no actor {name}"
    remedy_template = "register the actor first: lifecycle actor add {name} --actor ADMINISTRATOR"


class UnknownAssignment(NotFound):
    """The actor does not hold the role that is to be revoked."""

    code = "LC106"
    template = "{name} does not hold the role {role} there"
    remedy_template = "see who holds what: lifecycle history SCHOOL"


class UnknownActivity(NotFound):
    """The road map has no activity of that key."""

    code = "LC108"
    template = "the road map {roadmap} has no activity {name}"
    remedy_template = "see the activities: lifecycle roadmap show {roadmap}"


class UnknownOccurrence(NotFound):
    """The activity recurs and no occurrence was named, or it has none of that name."""

    code = "LC109"
    template = "activity {activity} has no occurrence {name}"
    remedy_template = "name it with --occurrence, one of: {names}"

    @property
    def message(self) -> Message:
        """What happened: the wrong name, or none where the activity recurs."""
        template = "activity {activity} recurs: say which time is meant"
        return super().message if self.facts["name"] != NO_NAME else Message(template, self.facts)

    @property
    def remedy(self) -> Message | None:
        """The nearest name, all of them, or that none is to be given."""
        leave_out = Message("it does not recur: leave --occurrence out")
        return leave_out if self.facts["names"] == (NO_NAME,) else super().remedy


class RoadmapNotInForce(NotFound):
    """The road map is known, but nobody works under it yet."""

    code = "LC110"
    template = "the road map {name} is not in force yet"
    remedy_template = (
        "put it in force by the first role on it:"
        " lifecycle assign ACTOR ROLE --roadmap {name} --actor ADMINISTRATOR"
    )


class UnknownProgramme(NotFound):
    """No programme of that id is shipped or was given."""

    code = "LC111"
    template = "there is no programme {name}"
    remedy_template = "list the programmes: lifecycle programme list"


class Refused(LifecycleError):
    """A request that the rules do not allow; nothing was changed.

    Args:
        unmet: Every unmet requirement, not only the first.
        facts: What was asked of what.
    """

    code = "LC200"
    template = "refused: {what}"

    def __init__(self, unmet: Sequence[Unmet], **facts: Any) -> None:
        self.unmet = tuple(unmet)
        super().__init__(**facts)


class TransitionRefused(Refused):
    """A school cannot make this transition now."""

    code = "LC201"
    template = "{school} cannot {transition} from state {state}"
    remedy_template = "see every requirement: lifecycle explain {school} --actor {actor}"


class EnrolmentRefused(Refused):
    """The actor may not enrol schools under this road map."""

    code = "LC202"
    template = "{actor} cannot enrol {school} under {roadmap}"


class AdministrationRefused(Refused):
    """The actor may not register actors, or assign or revoke roles."""

    code = "LC203"
    template = "{actor} may not {request}"


class ActivityRefused(Refused):
    """This cannot be said of the activity now."""

    code = "LC204"
    template = "activity {activity} of {roadmap} cannot be {what}"
    remedy_template = "see where the plan stands: lifecycle plan {roadmap}"


class InvalidInput(LifecycleError):
    """Something given does not have the form it must have."""

    code = "LC300"
    template = "{what} is not valid: {detail}"


class InvalidFact(InvalidInput):
    """A fact is not of the type that the programme declares, or is not declared at all."""

    code = "LC301"
    template = "fact {name} is not valid: {detail}"
    remedy_template = "{hint}"


class InvalidEvidence(InvalidInput):
    """A piece of evidence cannot be taken in."""

    code = "LC302"
    template = "evidence {kind} is not valid: {detail}"
    remedy_template = "{hint}"


class InvalidDate(InvalidInput):
    """A date that is none."""

    code = "LC303"
    template = "{value} is not a date"
    remedy_template = "write a day as 2022-03-01, a moment as 2022-03-01T18:30:00+03:00"


class InvalidIdentifier(InvalidInput):
    """An identifier with characters or a length that identifiers do not have."""

    code = "LC304"
    template = "{value!r} cannot be an id ({what})"
    remedy_template = (
        "use 1 to 64 ASCII letters, digits, '_', '.', '-', starting with a letter or digit;"
        " an id is not a person's name"
    )


class InvalidScope(InvalidInput):
    """A role given for something that this role is not given for."""

    code = "LC305"
    template = "the role {role} cannot be assigned to a {scope}"
    remedy_template = "it is assigned to: {scopes}"


class InvalidDefinition(InvalidInput):
    """A programme or road map file with mistakes.

    Args:
        problems: Every mistake as ``file:line:column: code: message``.
    """

    code = "LC310"
    template = "{file} has {count} mistake(s)"
    remedy_template = "mend the places named and run: lifecycle roadmap check {file}"

    def __init__(self, file: str, problems: Sequence[Any]) -> None:
        self.problems = tuple(problems)
        super().__init__(file=file, count=len(self.problems))


class InvalidBody(InvalidInput):
    """Bytes that are not a canonical body (RFC 8785 profile) of a known format."""

    code = "LC311"
    template = "not a canonical body: {detail}"


class Conflict(LifecycleError):
    """Someone else was first, or the same thing was done before."""

    code = "LC400"
    template = "conflict: {detail}"


class VersionConflict(Conflict):
    """The stream has moved on since the caller looked."""

    code = "LC401"
    template = "{stream} is at version {actual}, not {expected}: someone else moved it"
    remedy_template = "look again and repeat if it still applies: lifecycle status"


class CommandReused(Conflict):
    """A command id came back with a different request."""

    code = "LC402"
    template = "command {command_id} was already used for another request"
    remedy_template = "give every new request a new command id"


class AlreadyExists(Conflict):
    """The school, actor or assignment exists already."""

    code = "LC403"
    template = "{what} exists already: {name}"


class StorageFailed(LifecycleError):
    """The database or the evidence store did not do what was asked; nothing was acknowledged."""

    code = "LC500"
    template = "the database failed: {detail}"
    remedy_template = "repeat it when that is mended"


class DatabaseMissing(StorageFailed):
    """There is no database at that address."""

    code = "LC501"
    template = "there is no database at {url}"
    remedy_template = "make one: lifecycle init --db {url} --administrator ID"


class DatabaseBroken(StorageFailed):
    """The file is not a database of this engine, or it is damaged."""

    code = "LC502"
    template = "{url} is not a sound database of this engine: {detail}"
    remedy_template = "restore it from a backup; do not write to it"


class DatabaseNewer(StorageFailed):
    """The schema was written by a newer release."""

    code = "LC503"
    template = "{url} was written by a newer release (schema {found}, this release knows {known})"
    remedy_template = "install the newer release"


class DatabaseLocked(StorageFailed):
    """Another process held the database longer than the waiting time."""

    code = "LC504"
    template = "{url} stayed locked by another process for {seconds} s"
    remedy_template = "try again when the other process has ended"


class DatabaseReadOnly(StorageFailed):
    """The database or its folder cannot be written."""

    code = "LC505"
    template = "{url} cannot be written"
    remedy_template = "check the permissions of the file and its folder"


class DiskFull(StorageFailed):
    """No room was left; nothing was recorded."""

    code = "LC506"
    template = "no room left while writing {url}"
    remedy_template = "make room and try again"


class DatabaseExists(StorageFailed):
    """There is a history already where a new one was to begin."""

    code = "LC507"
    template = "{url} already holds a history"
    remedy_template = "use it as it is, or name another address with --db"


class EvidenceLost(StorageFailed):
    """An evidence file could not be stored or read back."""

    code = "LC508"
    template = "evidence could not be stored: {detail}"
    remedy_template = "check the evidence folder {folder}, and repeat it"


class HistoryBroken(StorageFailed):
    """What was recorded does not hold together: records or rules are gone, or were edited."""

    code = "LC509"
    template = "the history cannot be followed: {detail}"
    remedy_template = "restore it from a backup; see what is wrong: lifecycle verify"
