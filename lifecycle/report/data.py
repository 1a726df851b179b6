"""The histories as the page reads them: short rows, and tables for what repeats.

Days are numbers since 1970-01-01. Moments are microseconds since then, UTC; within a school each
one but the first is told as the distance to the one before. All of it is JSON, compressed
(RFC 1950) and then base64: half the size, and nothing that somebody wrote into the history stands
in the page as text that a browser could take for markup.

Hashes are two thirds of a report and cannot be compressed. They stand apart, 32 bytes each: those
of the records in order, which nothing has to name; then all others, named by their place. They are
packed as the rest, only for its check sum: a file that arrives damaged does not open.
"""

from __future__ import annotations

import json
import re
from base64 import encodebytes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, Final
from zlib import compressobj

from lifecycle.domain.definition import Choice, Definition, FactType, ReasonGiven
from lifecycle.domain.messages import Text
from lifecycle.domain.model import ADMINISTRATOR, Evidence
from lifecycle.domain.record import Record, genesis_hash
from lifecycle.domain.replay import counts_from
from lifecycle.report.words import WORDS

DaysLate = Callable[[date, date], int]
"""Gives the working days after a day, up to and including another."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

# Halves of characters cannot be written as UTF-8; they occur in strings only, where an escape
# means the same.
_HALVES: Final = re.compile("[\ud800-\udfff]")

HASH_BYTES: Final = 32
_LINE: Final = 57  # bytes of a line of base64
_PIECE: Final = 1 << 16  # bytes that are packed or encoded at once
_HASH: Final = re.compile("[0-9a-f]{64}")


def json_text(value: Any) -> str:
    """Return *value* as JSON, whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _HALVES.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def day_number(day: date) -> int:
    """Return a day as the number of days since 1970-01-01."""
    return day.toordinal() - _EPOCH.toordinal()


def worked_days(first: date | None, last: date, days_late: DaysLate) -> list[Any]:
    """Return the first day and a mark for each up to *last*: 1 for a working day, 0 for another.

    The page counts them itself, because it knows every day that the slider comes to.
    """
    if first is None or first > last:
        return [day_number(last), ""]
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    marks = (str(days_late(day - timedelta(days=1), day)) for day in days)
    return [day_number(first), "".join(marks)]


class Table:
    """Values that repeat, each kept once and told by its place."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        """Return where *value* stands in the table; it is added if it is new."""
        key = json.dumps(value, ensure_ascii=True)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self.rows)
            self.rows.append(value)
        return found


class Rules:
    """What the page needs of one definition.

    Args:
        definition: The rules.
        texts: Where titles are kept.
    """

    def __init__(self, definition: Definition, texts: Table) -> None:
        self._definition = definition
        self._texts = texts
        self.states = {state.name: place for place, state in enumerate(definition.states)}
        self._codes = _codes(definition)

    def text(self, title: Text) -> int:
        """Return the place of a title."""
        return self._texts.place([title.ru, title.en])

    def state(self, name: str | None) -> int:
        """Return the place of a state, -1 for none; one that no rule knows gets the next."""
        return -1 if name is None else self.states.setdefault(name, len(self.states))

    def named(self, titles: Mapping[str, Any], name: str) -> int:
        """Return the place of the title of the thing called *name*, or of its bare name."""
        return self.text(titles[name].title if name in titles else Text(name, name))

    def role(self, name: str) -> int:
        """Return the place of the title of a role."""
        if name == ADMINISTRATOR:
            return self.text(WORDS["administrator"])
        return self.named(self._definition.role, name)

    def kind(self, name: str) -> int:
        """Return the place of the title of an evidence kind."""
        return self.named(self._definition.evidence_kind, name)

    def act(self, record: Record) -> list[Any]:
        """Return id and title of what was done."""
        if record.transition is None:
            title = WORDS.get(record.kind, Text(record.kind, record.kind))
            return [record.kind, self.text(title)]
        return [record.transition, self.named(self._definition.transition, record.transition)]

    def reason(self, record: Record) -> list[Any] | None:
        """Return code and title of the reason, if one was given."""
        if record.reason is None:
            return None
        made = self._definition.transition.get(record.transition or "")
        lists = (one for one in (made.requirements if made else ()) if isinstance(one, ReasonGiven))
        titles = {choice.code: choice for one in lists for choice in one.reasons}
        return [record.reason, self.named(titles, record.reason)]

    def fact(self, name: str) -> list[Any]:
        """Return name and title of a fact."""
        known = self._definition.fact.get(name)
        title = known.title if known else WORDS.get(f"facts_{name}", Text(name, name))
        return [name, self.text(title)]

    def due(self, record: Record) -> int | None:
        """Return the deadline that a record bears, unless it is that of the rules."""
        made = self._definition.transition.get(record.transition or "")
        ruled = made.due_on if made else None
        return None if record.due_on == ruled or not record.due_on else day_number(record.due_on)

    def to_json(self) -> dict[str, Any]:
        """Return what the page keeps of the rules."""
        known, ref = self._definition.state, self._definition.ref
        roadmap = self._definition.roadmap
        states = []
        for name in self.states:
            state = known.get(name)
            title = state.title if state else Text(name, name)
            due = state.due_on if state and not state.final else None
            final = int(state.final) if state else 0
            states.append([name, self.text(title), final, due and day_number(due)])
        return {
            "id": ref.id,
            "version": ref.version,
            "digest": ref.digest,
            "roadmap": roadmap.id,
            "title": self.text(roadmap.title),
            "zone": roadmap.time_zone,
            "states": states,
            "due": {
                one.name: day_number(one.due_on)
                for one in self._definition.transitions
                if one.due_on
            },
            "codes": {code: self.text(title) for code, title in self._codes.items()},
        }


def _codes(definition: Definition) -> dict[str, Text]:
    """Return the titles of all codes that facts may hold."""
    choices: list[Choice] = list(definition.catalogue)
    facts: Sequence[FactType] = definition.facts
    for fact in facts:
        choices += fact.choices
        for member in fact.fields:
            choices += member.choices
    titles = {one.code: one.title for one in choices}
    return titles | {role.name: role.title for role in definition.roles}


class Hashes:
    """SHA-256 hashes, each kept once and told by its place."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._places: dict[bytes, int] = {}

    def place(self, digest: str | None) -> int | str | None:
        """Return where *digest* stands; itself if it is none, for nobody promised that it is."""
        if digest is None or _HASH.fullmatch(digest) is None:
            return digest
        raw = bytes.fromhex(digest)
        place = self._places.setdefault(raw, len(self._places))
        if place == len(self.content) // HASH_BYTES:
            self.content += raw
        return place


@dataclass(frozen=True, slots=True)
class Packed:
    """All that a page reads, held once: what is written of it is made piece by piece.

    Args:
        histories: As RFC 1950 packs them.
        hashes: 32 bytes each: those of the records, and all others.
    """

    histories: bytearray
    hashes: tuple[bytearray, bytearray]

    def data(self) -> Iterator[bytes]:
        """Yield the histories in base64."""
        return _base64(_pieces(self.histories))

    def digests(self) -> Iterator[bytes]:
        """Yield the hashes as RFC 1950 packs them, not compressed, in base64."""
        packer = compressobj(0)
        pieces = chain.from_iterable(map(_pieces, self.hashes))
        return _base64(chain(map(packer.compress, pieces), (packer.flush() for _ in "1")))


def _pieces(content: bytearray) -> Iterator[bytes]:
    return (bytes(content[at : at + _PIECE]) for at in range(0, len(content), _PIECE))


def _base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what ``base64.encodebytes`` makes of all the pieces together."""
    begun = b""
    for piece in pieces:
        begun += piece
        whole = len(begun) - len(begun) % _LINE
        yield encodebytes(begun[:whole])
        begun = begun[whole:]
    yield encodebytes(begun)


class Histories:
    """Gathers the histories of schools, one after the other; of each only packed bytes are kept."""

    def __init__(self) -> None:
        self._texts, self._names, self._acts = Table(), Table(), Table()
        self._kinds, self._pieces, self._facts, self._needs = Table(), Table(), Table(), Table()
        self._hashes, self._others = bytearray(), Hashes()
        self._rules: dict[str, Rules] = {}
        self._packer = compressobj(9)
        self._packed = bytearray()
        self.schools = 0
        self.records = 0
        self.first_due: date | None = None
        self.latest: datetime | None = None
        self._pack('{"schools":[')

    def _pack(self, text: str) -> None:
        self._packed += self._packer.compress(text.encode())

    def add(self, definition: Definition, records: Sequence[Record]) -> None:
        """Add a school: its rules and its stream in order, the enrolment first."""
        digest = definition.ref.digest
        if digest not in self._rules:
            self._rules[digest] = Rules(definition, self._texts)
            ends = [self.first_due, *(state.due_on for state in definition.states)]
            self.first_due = min((end for end in ends if end is not None), default=None)
        rules, place = self._rules[digest], list(self._rules).index(digest)
        facts = records[0].facts or {}
        school = records[0].stream.partition("/")[2]
        rows, before = list[list[Any]](), 0
        previous = genesis_hash(records[0].origin, records[0].stream)
        for record, since in zip(records, counts_from(records), strict=True):
            now = micros(record.recorded_at)
            row = self._row(rules, record, now - before)
            more = self._more(rules, record)
            if since != record.effective_on:
                more["c"] = day_number(since)
            if record.previous != previous:
                more["p"] = self._others.place(record.previous)
            rows.append([*row, more] if more else row)
            self._hashes += bytes.fromhex(record.hash)
            before, previous = now, record.hash
        told = json_text([school, str(facts.get("title", school)), place, rows])
        self._pack(f",{told}" if self.schools else told)
        self.schools += 1
        self.records += len(records)
        # Time of recording never runs backwards within a school.
        self.latest = max(self.latest or records[-1].recorded_at, records[-1].recorded_at)

    def _row(self, rules: Rules, record: Record, passed: int) -> list[Any]:
        return [
            record.sequence,
            self._acts.place(rules.act(record)),
            rules.state(record.source),
            rules.state(record.target),
            self._names.place(record.actor.id),
            rules.role(record.actor.role),
            self._names.place(record.actor.authentication),
            passed,
            day_number(record.effective_on),
        ]

    def _more(self, rules: Rules, record: Record) -> dict[str, Any]:
        """Return what only some records have."""
        behalf = record.actor.on_behalf_of
        pieces = [self._pieces.place(self._piece(rules, one)) for one in record.evidence]
        # The school is told above its records.
        told = {} if record.kind == "enrolled" else record.facts or {}
        facts = [[self._facts.place(rules.fact(name)), value] for name, value in told.items()]
        needs = list(record.requirements)
        more = {
            "e": pieces or None,
            "f": facts or None,
            "r": rules.reason(record),
            "q": self._needs.place(needs) if needs else None,
            "u": rules.due(record),
            "b": None if behalf is None else self._names.place(behalf),
            "s": None if record.actor.signature is None else 1,
            "m": self._others.place(record.comment),
        }
        return {name: value for name, value in more.items() if value is not None}

    def _piece(self, rules: Rules, piece: Evidence) -> list[Any]:
        kind = [piece.kind, rules.kind(piece.kind), piece.item, piece.form, piece.media_type]
        row: list[Any] = [self._kinds.place(kind)]
        if piece.form == "link":
            return [*row, piece.url]
        if piece.form == "reference":
            dated = None if piece.dated is None else day_number(piece.dated)
            return [*row, piece.number, dated, piece.issuer]
        row += [self._others.place(piece.sha256), piece.size]
        committed = [self._others.place(one) for one in (piece.name, piece.content)]
        return [*row, *committed] if committed != [None, None] else row

    def sealed(self, head: Mapping[str, Any]) -> Packed:
        """Return all that was gathered, with the members of *head*; nothing is added after it."""
        tables = {
            **head,
            "rules": [rules.to_json() for rules in self._rules.values()],
            "names": self._names.rows,
            "acts": self._acts.rows,
            "kinds": self._kinds.rows,
            "pieces": self._pieces.rows,
            "facts": self._facts.rows,
            "needs": self._needs.rows,
        }
        tables["texts"] = self._texts.rows  # the last, for the others add to it
        self._pack("]," + json_text(tables)[1:])
        self._packed += self._packer.flush()
        return Packed(self._packed, (self._hashes, self._others.content))
