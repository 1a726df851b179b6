"""The screen passes nothing in which the full check finds fault, and most of what is lawful.

Both look at the same stream: the screen may doubt what is lawful, for that costs time only, but
whatever it passes has to be without a finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import EvidenceFile, Lifecycle, LifecycleError, Receipt
from lifecycle.audit.asked import asked
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking
from lifecycle.audit.course import COLUMNS
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.kept import Keys, Openings
from lifecycle.audit.personal import Beside, StreamBeside, Tally
from lifecycle.audit.screen import Screen
from lifecycle.audit.shared import shared_streams
from lifecycle.audit.spelling import STANDARD, Parser
from lifecycle.domain import canonical
from lifecycle.domain.commitment import Opening
from lifecycle.domain.definition import Definition
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import participation_stream
from lifecycle.domain.record import Record, record_hash
from lifecycle.domain.replay import Participation, after
from lifecycle.domain.spans import StoredRecord, only
from lifecycle.parallel import fast_parser
from lifecycle.storage import rows
from lifecycle.storage.memory_erasable import Kept, MemoryErasable
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ROADMAP, Office, complete, memory_engine

Row = tuple[Any, ...]
GRANTS = Path(__file__).parent.parent / "workflows" / "grants"
CATALOGUE = Catalogue([GRANTS], ["money_left"])
PARSERS = {"the standard library's": STANDARD, "the fast one": fast_parser()}


class Court:
    """The screen and the full check over one history.

    Args:
        engine: The history.
        parser: Reads bodies for the screen.
    """

    def __init__(self, engine: Lifecycle, parser: Parser = STANDARD) -> None:
        context = engine.context
        self.context = context
        with context.journal.auditing() as view:
            self.origin = view.origin
            found = {digest: json.loads(body) for digest, body in view.definitions()}
            definitions = {name: Definition.from_json(body) for name, body in found.items()}
            grounds = Grounds(definitions, context.guards)
            self.run = Checking(context.evidence, grounds, lambda done: None)
            assert list(shared_streams(self.run, view)) == []
            self.streams = dict[str, list[Row]]()
            self.openings = dict[str, Openings]()
            self.keys = dict[str, Keys]()
            for school in view.schools():
                stream = participation_stream(school)
                with view.plain(only(stream)) as plain:
                    self.streams[stream] = list(plain.records)
                    self.openings[stream] = plain.openings.get(stream, {})
                    self.keys[stream] = plain.keys.get(stream, {})
        self.screen = Screen(self.origin, grounds, parser, self.run.files)

    def passes(self, stream: str, found: list[Row]) -> bool:
        """Tell whether the screen passes the stream."""
        return self.tally(stream, found) is not None

    def tally(self, stream: str, found: list[Row]) -> Tally | None:
        """Return what the screen says of a stream's commitments; ``None`` if it doubts it."""
        kept = self.openings.get(stream), self.keys.get(stream)
        try:
            return self.screen.follow(stream, found, *kept).tally
        except Exception:
            return None

    def findings(self, stream: str, found: list[Row]) -> list[Finding]:
        """Return what the full check finds in the stream."""
        return self.judged(stream, found)[0]

    def judged(self, stream: str, found: list[Row]) -> tuple[list[Finding], Tally]:
        """Return what the full check finds, and what it says of the commitments."""
        beside = self._beside(stream)
        check, findings = StreamCheck(self.origin, stream), list[Finding]()
        participation: Participation | None = None
        for row in found:
            stream, sequence, digest, body, *index = row
            columns = dict(zip(rows.INDEX_COLUMNS, index, strict=True))
            stored = StoredRecord(stream, sequence, digest, body, columns)
            findings += check.take(stored)
            if check.record is None:
                continue
            head = participation.head if participation else check.first
            findings += self.run.decided(head, participation, check.record, beside)
            try:
                participation = after(participation, check.record)
            except (ValueError, KeyError, TypeError) as error:
                findings.append(Finding("not_replayable", stream, None, None, None, str(error)))
        findings += beside.close()
        return findings, beside.tally

    def agrees(self, stream: str, found: list[Row]) -> None:
        """Make sure that the screen does not pass what the full check finds fault with."""
        tally = self.tally(stream, found)
        if tally is not None:
            assert self.judged(stream, found) == ([], tally)

    def _beside(self, stream: str) -> StreamBeside:
        """Return what lies beside the stream, as it is set up here."""
        openings = {
            (stream, sequence): tuple(
                Opening(commitment, *members)
                for (number, commitment), members in self.openings[stream].items()
                if number == sequence
            )
            for sequence, _ in self.openings[stream]
        }
        keys = {
            address: ((stream, sequence), FileKey(address, key))
            for (sequence, address), key in self.keys[stream].items()
        }
        erasable = MemoryErasable(Kept(openings=openings, keys=keys), {})
        view: Any = SimpleNamespace(erasable=erasable)
        return Beside(view, self.run.files, self.run.grounds.erasures).stream(stream)


def restless(office: Office, school: str) -> None:
    """Lead a school through every transition that can be made, with all that it takes."""
    definition = office.definition
    for _ in range(40):
        state = office.state(school)
        made = False
        for move in definition.open_in(state):
            try:
                office.make(school, move.name)
            except (LifecycleError, KeyError):
                continue
            made = True
            if office.state(school) != state:
                break
        if not made:
            return


class Papered(Office):
    """An office that brings a file for every piece of evidence, and comments on every act."""

    def make(self, school: str, transition: str, **changes: Any) -> Receipt:
        """Make a transition with files and a comment."""
        move = self.definition.transition[transition]
        pieces = complete(self.definition, move, self.known(school))["evidence"]
        with TemporaryDirectory() as folder:
            files = []
            for number, piece in enumerate(pieces):
                path = Path(folder) / f"{number} Приказ.txt"
                path.write_text(f"{school} {transition} {number}", "utf-8")
                files.append(EvidenceFile(piece.kind, path, piece.item))
            told = {"evidence": files, "comment": f"{transition}: «замечаний нет»"}
            return super().make(school, transition, **{**told, **changes})


@cache
def history() -> Lifecycle:
    """A history with two programmes, all road maps, and what can happen to a school."""
    engine = memory_engine(CATALOGUE, guards={"money_left": lambda attempt: []})
    for roadmap in CATALOGUE.roadmaps():
        schools = [f"{roadmap}.{number}" for number in (1, 2, 3)]
        office = Office(engine, CATALOGUE.compiled(roadmap)).opened(*schools)
        final = next(one.name for one in office.definition.states if one.final)
        office.lead(schools[0], final)
        restless(office, schools[1])
        restless(Papered(engine, office.definition, people=office.people), schools[2])
    return engine


@pytest.fixture(scope="module")
def court() -> Court:
    return Court(history())


@pytest.mark.parametrize("parser", PARSERS)
def test_lawful_histories_of_every_road_map_are_passed(parser: str) -> None:
    court = Court(history(), PARSERS[parser])
    asks_host = {
        stream
        for stream, found in court.streams.items()
        if any("registered/" in row[3].decode() for row in found)
    }

    doubtful = {name for name, found in court.streams.items() if not court.passes(name, found)}

    assert doubtful == asks_host
    assert len(court.streams) == 3 * len(CATALOGUE.roadmaps())
    assert all(court.findings(stream, found) == [] for stream, found in court.streams.items())


def test_a_stream_without_a_record_is_doubtful(court: Court) -> None:
    assert not court.passes("participation/nobody", [])


def test_the_screen_takes_rows_to_be_made_of_what_they_are_made_of(court: Court) -> None:
    assert rows.STORED_COLUMNS == COLUMNS


# -- changes to single rows ----------------------------------------------------------------------


def rehashed(found: list[Row], place: int, body: bytes) -> list[Row]:
    """Return the rows with another body at *place*, the chain behind it made anew."""
    result, last = list(found[:place]), None
    for number, row in enumerate(found[place:], place):
        text = body if number == place else row[3]
        if last is not None:
            text = re.sub(rb'"previous":"[0-9a-f]{64}"', b'"previous":"%b"' % last.encode(), text)
        last = record_hash(text)
        result.append(tuple(rows.record_row(Record.decode(text)).values()) if _is_record(text)
                      else (*row[:2], last, text, *row[4:]))  # fmt: skip
    return result


def _is_record(body: bytes) -> bool:
    try:
        Record.decode(body)
    except InvalidBody:
        return False
    return True


@given(data=st.data())
def test_no_changed_byte_is_passed_however_it_is_covered(court: Court, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = court.streams[stream]
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    body = found[place][3]
    at = data.draw(st.integers(0, len(body) - 1), label="byte")
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != body[at]), label="value")

    court.agrees(stream, rehashed(found, place, body[:at] + bytes([byte]) + body[at + 1 :]))


@given(data=st.data())
def test_no_changed_column_is_passed(court: Court, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = list(court.streams[stream])
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    column = data.draw(st.integers(1, len(COLUMNS) - 1), label="column")
    value = data.draw(st.sampled_from([None, 1, 1.0, "", "x", b"x", found[0][column]]))
    row = found[place]
    found[place] = (*row[:column], value, *row[column + 1 :])
    if (value, type(value)) == (row[column], type(row[column])):
        return

    assert not court.passes(stream, found)


def spellings(body: bytes) -> dict[str, tuple[int, int]]:
    """Return where each member's spelling begins and ends in a canonical body."""
    found, at = {}, 1
    for name, value in json.loads(body).items():
        begin = at + len(_spelt(name)) + 1
        found[name] = begin, begin + len(_spelt(value))
        at = found[name][1] + 1
    assert at == len(body)
    return found


def test_no_member_can_be_left_out_or_spelt_as_nothing_or_as_another(court: Court) -> None:
    stream = f"participation/{ROADMAP}.2"
    found, passed, kinds = court.streams[stream], [], set()
    assert court.passes(stream, found)
    for place, row in enumerate(found):
        # One of each sort, and one of each sort behind another: what is remembered differs.
        kind = found[place - 1][7] if place else None, row[8] or row[7]
        if kind in kinds:
            continue
        kinds.add(kind)
        body, places = row[3], spellings(row[3])
        forged = {"as it was": body}
        for name, (begin, end) in places.items():
            others = {body[first:last] for first, last in places.values()}
            for other in {*others, b""} - {body[begin:end]}:
                forged[f"{name}: {other!r}"] = body[:begin] + other + body[end:]
            cut = body[: begin - len(name) - 3] + body[end + 1 :]
            forged[name] = cut if body[end:] != b"}" else body[: begin - len(name) - 4] + b"}"
        passed += [
            (kind, what)
            for what, new in forged.items()
            if court.passes(stream, rehashed(found[: place + 1], place, new))
        ]

    # Ids are whatever they are, as long as they are ids, and no other record has them.
    assert [what for _, what in passed].count("as it was") == len(kinds)
    assert all(
        what.startswith(("as it was", "record_id: b'\"", "command_id: b'\"")) for _, what in passed
    ), passed


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 2**53, "", "x", "я", '"', "\\", "\n", "\x7f", "\u2028",
    "2022-03-01", "2022-02-30", "20220301", "9999-12-31", "0999-01-01",
    "2022-03-01T09:00:00.000000Z", "2022-03-01T24:00:00.000000Z", "0" * 64,
    [], {}, [1], ["x"], {"x": 1}, {"installation": 1}, "administrator", "auditor", "expert",
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a body."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))


def changed(body: Any, path: tuple[Any, ...], change: Callable[[Any, Any], object]) -> Any:
    copy = json.loads(json.dumps(body))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return copy


def _deleted(holder: Any, key: Any) -> None:
    del holder[key]


def _doubled(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key}_"] = holder[key]


@given(data=st.data())
def test_no_changed_member_is_passed_however_it_is_covered(
    court: Court, data: st.DataObject
) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = court.streams[stream]
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    body = json.loads(found[place][3])
    path = data.draw(st.sampled_from(sorted(filter(None, leaves(body)), key=str)), label="member")
    others = [json.loads(row[3]) for row in found]
    value = data.draw(
        st.sampled_from(VALUES) | st.sampled_from(others).map(lambda one: _at(one, path))
    )
    how = data.draw(
        st.sampled_from([lambda holder, key: holder.__setitem__(key, value), _deleted, _doubled])
    )
    new = changed(body, path, how)
    if data.draw(st.booleans(), label="its request forged as well"):
        new = asked_for(new)

    court.agrees(stream, rehashed(found, place, _spelt(new)))


def asked_for(body: Any) -> Any:
    """Return *body* with the digest of the request that it now answers."""
    try:
        request = asked(Record.decode(_spelt(body)))
        return body | {"request": replace(request, effective_on=None).digest}
    except (InvalidBody, KeyError, TypeError, ValueError):
        return body


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _spelt(body: Any) -> bytes:
    """Spell a body as it has to be, or as near to it as can be."""
    try:
        return canonical.encode(body)
    except InvalidBody:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )


@given(data=st.data())
def test_records_taken_out_put_in_or_moved_are_not_passed(
    court: Court, data: st.DataObject
) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    other = data.draw(st.sampled_from(sorted(court.streams)), label="from")
    bodies = [json.loads(row[3]) for row in court.streams[stream]]
    place = data.draw(st.integers(0, len(bodies) - 1), label="place")
    match data.draw(st.sampled_from(["out", "in", "swap"]), label="how"):
        case "out":
            del bodies[place]
        case "in":
            strange = data.draw(st.sampled_from(court.streams[other]), label="record")
            bodies.insert(place, json.loads(strange[3]))
        case "swap":
            bodies[place], bodies[0] = bodies[0], bodies[place]

    court.agrees(stream, list(rechained(court.origin, stream, bodies)))


def rechained(origin: str, stream: str, bodies: list[Any]) -> Iterator[Row]:
    """Yield the rows of a stream made of *bodies*, numbered and chained anew."""
    head = StreamCheck(origin, stream).head
    for body in bodies:
        body |= {"stream": stream, "sequence": head.version + 1, "previous": head.hash}
        record = Record.decode(canonical.encode(asked_for(body)))
        yield tuple(rows.record_row(record).values())
        head = record.head
