"""How far the screen followed a school's stream, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from lifecycle.audit.acting import Acting, Consulted, Person
from lifecycle.audit.compiled import Act, Rules
from lifecycle.audit.frames import Steps
from lifecycle.audit.kept import Kept
from lifecycle.audit.personal import Tally
from lifecycle.audit.spelling import Row
from lifecycle.domain.definition import State

COLUMNS = (
    "stream",
    "sequence",
    "hash",
    "body",
    "previous",
    "record_id",
    "command_id",
    "kind",
    "transition",
    "source",
    "target",
    "definition",
    "actor",
    "role",
    "recorded_at",
    "effective_on",
)
"""What the screen takes a row of a record to be made of."""


@dataclass(slots=True, kw_only=True)
class Course(Act):
    """How far a school's stream was followed.

    Args:
        rules: Rules pinned at its enrolment.
        school: Id of the school.
        roadmap: Road map it takes part under.
        title: Its name.
        state: Current state.
        entered_at: When that was entered.
        entered_on: Date of the act that led there.
        on_map: Stream of the road map.
        zone: Time zone of the road map.
        place: The stream, as bodies spell it.
        asked: The school, as requests spell it.
        behind: The stream, as bodies and requests spell it.
        dated: The last request gave its date.
        today: The day at the place of the road map when the record was written down.
        steps: What can be done under the rules.
        consulted: What was consulted last by a transition, or by the enrolment.
        led: What stands between the command's id and the rules of a transition that consulted
            that as well, and bears no comment; empty where more was consulted since.
        people: Who acted, by id, since it or roles held on the school changed.
        occupied: Roles that somebody holds for the school, as far as anybody is among them.
        kept: What is kept beside the stream.
    """

    rules: Rules
    school: str
    roadmap: str
    title: str
    state: str
    entered_at: str
    entered_on: str
    on_map: str
    zone: str
    place: str
    asked: bytes
    behind: bytes
    steps: Steps
    consulted: Consulted
    kept: Kept
    dated: bool = False
    today: str = ""
    led: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    occupied: set[str] = field(default_factory=set)

    def consult(self, consulted: Consulted) -> None:
        """Go on with what was consulted: other roles may be held now."""
        self.consulted = consulted
        self.roster = consulted.rosters[1]
        self.led = consulted.led
        self.people.clear()

    def meet(self, acting: Acting) -> Person:
        """Return who acts, as he stands now."""
        if not self.people:
            self.occupied = self.assigned()
        found = Person(acting, acting.names(self.own, self.roster))
        self.people[acting.id] = found
        return found

    def move(self, row: Row, persons: tuple[str, ...]) -> None:
        """Go where a transition led."""
        name, target = row[8], row[10]
        if name in self.movers:
            self.movers[name].update(persons)
        else:
            self.movers[name] = {*persons}
        if target == self.state:
            self.here.append(name)
            return
        self.state, self.here = target, []
        self.entered_at, self.entered_on = row[14], row[15]


@dataclass(frozen=True, slots=True)
class Passed:
    """What a stream that was passed came to; how storage has to show it.

    Args:
        head: Version, hash and time.
        standing: Row of the board.
        held: Rows of the roles held on the school, without the stream.
        tally: What became of its commitments.
    """

    head: Row
    standing: Row
    held: list[Row]
    tally: Tally


def board_row(
    named: tuple[str, str, str], rules: tuple[str, State], version: int, entered: tuple[str, str]
) -> Row:
    """Return the row that the board has to have of a school.

    Args:
        named: School, road map and title.
        rules: Digest of its rules, and its state by them.
        version: Of its stream.
        entered: When the state was entered, and the date of the act that led there.
    """
    digest, state = rules
    due_on = None if state.final or state.due_on is None else state.due_on.isoformat()
    return (*named, digest, state.name, version, *entered, due_on, int(state.final))


def passed(course: Course, head: Row) -> Passed:
    """Return what a stream came to, whose head is *head*."""
    standing = board_row(
        (course.school, course.roadmap, course.title),
        (course.rules.digest, course.rules.definition.state[course.state]),
        head[0],
        (course.entered_at, course.entered_on),
    )
    held = [(one, *who, place) for who, (one, place) in course.own.items()]
    return Passed(head, standing, held, course.kept.tally)
