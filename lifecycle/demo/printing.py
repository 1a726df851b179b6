"""What the demonstration prints: the board, a refusal, a history, the verification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from lifecycle import Message, Receipt, Record, StatusRow, Unmet, render
from lifecycle.demo.drive import Met, Repetition, Stage
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import ADMINISTRATOR, Standing

_GAP = "  "
_EXAMPLES = 3
_HASH = 12  # hexadecimal digits that tell records apart at a glance


class Page:
    """Writes sentences and tables in one language.

    Args:
        out: Takes a line.
        language: ``ru`` or ``en``.
    """

    def __init__(self, out: Callable[[str], None], language: str) -> None:
        self._out = out
        self._language = language

    def say(self, message: Message, *, indent: int = 0) -> None:
        """Write one sentence."""
        self._out(" " * indent + render(message, self._language))

    def line(self, text: str, *, indent: int = 0) -> None:
        """Write what is the same in every language."""
        self._out(" " * indent + text)

    def heading(self, message: Message) -> None:
        """Write a heading after an empty line."""
        self._out("")
        self.say(message)

    def table(self, heads: Sequence[Message], rows: Sequence[Sequence[str | None]]) -> None:
        """Write aligned columns; a row of one cell and nothing else stands across them."""
        first = tuple(render(head, self._language) for head in heads)
        lines = [first, *(tuple(cell or "" for cell in row) for row in rows)]
        full = [line for line in lines if len(line) == len(heads)]
        widths = [max(len(line[column]) for line in full) for column in range(len(heads))]
        for line in lines:
            cells = line if len(line) != len(heads) else map(str.ljust, line, widths)
            self._out((_GAP + _GAP.join(cells)).rstrip())

    def in_words(self, message: Message) -> str:
        """Return a sentence in the language of the page."""
        return render(message, self._language)

    def board(self, stage: Stage, rows: Sequence[StatusRow]) -> None:
        """Write where every school stands, by road map."""
        heads = (
            Message("school"),
            Message("state"),
            Message("entered"),
            Message("due"),
            Message("days overdue"),
        )
        lines: list[Sequence[str | None]] = []
        roadmap = ""
        for row in rows:
            standing = row.standing
            definition = stage.engine.context.definitions.compiled(standing.roadmap)
            if standing.roadmap != roadmap:
                roadmap = standing.roadmap
                lines.append((definition.roadmap.title.in_language(self._language),))
            lines.append(
                (
                    standing.school,
                    definition.state[standing.state].title.in_language(self._language),
                    standing.entered_on.isoformat(),
                    standing.due_on.isoformat() if standing.due_on else None,
                    str(row.days_overdue) if row.days_overdue else None,
                )
            )
        self.heading(Message("The board"))
        self.table(heads, lines)
        self._summary(stage, rows)

    def _summary(self, stage: Stage, rows: Sequence[StatusRow]) -> None:
        self._outcomes(stage, [row.standing for row in rows if row.standing.final])
        overdue = [row for row in rows if row.days_overdue]
        if not overdue:
            return
        longest = max(overdue, key=lambda row: (row.days_overdue or 0, row.standing.school))
        standing = longest.standing
        definition = stage.engine.context.definitions.compiled(standing.roadmap)
        self.say(
            Message(
                "Longest overdue: {school}, in «{state}» since {entered}; the road map wanted it"
                " left by {due}, {days} day(s) ago.",
                {
                    "school": standing.school,
                    "state": definition.state[standing.state].title.in_language(self._language),
                    "entered": standing.entered_on.isoformat(),
                    "due": standing.due_on,
                    "days": longest.days_overdue,
                },
            )
        )

    def _outcomes(self, stage: Stage, ended: Sequence[Standing]) -> None:
        found: Counter[str] = Counter()
        for standing in ended:
            then = stage.engine.replay(standing.school).participation
            fact = stage.engine.context.definitions.compiled(standing.roadmap).fact["outcome"]
            for choice in fact.choices:
                if then is not None and then.facts.get("outcome") == choice.code:
                    found[choice.title.in_language(self._language)] += 1
        counts = [f"{title} {count}" for title, count in found.most_common()]
        self.say(Message("Outcomes by replay: {counts}.", {"counts": counts}))

    def refusals(self, met: Sequence[Met]) -> None:
        """Write what was refused, one line each."""
        heads = (Message("where"), Message("attempt"), Message("actor"), Message("reasons"))
        rows = [
            (one.place, one.what, one.actor, ", ".join(_counted(u.code for u in one.error.unmet)))
            for one in met
        ]
        self.heading(
            Message(
                "Refused on the way: {count} attempts; none of them changed anything",
                {"count": len(met)},
            )
        )
        self.table(heads, rows)

    def refusals_in_full(self, met: Sequence[Met], definition: Definition) -> None:
        """Write refusals with every reason and who can mend it."""
        self.heading(Message("Of these in full, with who can mend what:"))
        for one in met:
            facts = {"code": one.error.code, "message": one.error.message}
            self.say(Message("{code}: {message}", facts), indent=2)
            for number, unmet in enumerate(one.error.unmet, 1):
                reason = {"number": number, "code": unmet.code, "message": unmet.message}
                self.say(Message("{number}. {message} [{code}]", reason), indent=4)
                self.say(self._menders(unmet, definition), indent=7)

    def _menders(self, unmet: Unmet, definition: Definition) -> Message:
        roles = [
            Message("Administrator")
            if role == ADMINISTRATOR
            else definition.role[role].title.in_language(self._language)
            for role in unmet.who
        ]
        if not roles:
            return Message("nobody can mend it: the road map says so")
        if not unmet.actors:
            return Message("can be mended by: {roles}", {"roles": roles})
        facts = {"roles": roles, "actors": unmet.actors}
        return Message("can be mended by: {roles} ({actors})", facts)

    def repetition(self, twice: Repetition) -> None:
        """Write what came of sending a command twice."""
        self.heading(Message("A command sent twice"))
        facts = {
            "command": twice.command_id,
            "first": twice.first.record.sequence,
            "second": twice.second.record.sequence,
            "before": twice.records_after_first,
            "after": twice.records_after_second,
        }
        self.say(
            Message(
                "{command}: answered with record {first}, then with record {second} again;"
                " the school had {before} records after the first time and has {after} now.",
                facts,
            ),
            indent=2,
        )

    def late(self, receipts: Sequence[Receipt]) -> None:
        """Write which acts bear a later date than their deadline."""
        self.heading(
            Message(
                "Recorded, but marked late: {count} acts; for example",
                {"count": len(receipts)},
            )
        )
        for receipt in receipts[:_EXAMPLES]:
            record = receipt.record
            facts = {
                "school": record.stream.partition("/")[2],
                "act": record.transition,
                "date": record.effective_on.isoformat(),
                "notices": [notice.message for notice in receipt.notices],
            }
            self.say(Message("{school}, {act} of {date}: {notices}", facts), indent=2)

    def history(self, school: str, title: str, records: Sequence[Record]) -> None:
        """Write a school's history."""
        heads = (
            Message("no."),
            Message("date"),
            Message("act"),
            Message("actor"),
            Message("known by"),
            Message("evidence"),
            Message("hash"),
        )
        rows = [
            (
                str(record.sequence),
                record.effective_on.isoformat(),
                _act(record),
                record.actor.id,
                record.actor.authentication.partition(":")[0],
                ", ".join(_counted(piece.kind for piece in record.evidence)),
                record.hash[:_HASH],
            )
            for record in records
        ]
        facts = {"school": school, "title": title}
        self.heading(Message("The history of {school}, {title}", facts))
        self.table(heads, rows)


def _act(record: Record) -> str:
    facts = record.facts or {}
    if record.kind == "role_assigned":
        return f"{record.kind} {facts['role']}"
    return record.transition or record.kind


def _counted(names: Iterator[str]) -> Iterator[str]:
    """Yield each name once, with how many times it came."""
    return (name if n == 1 else f"{name} ×{n}" for name, n in Counter(names).items())
