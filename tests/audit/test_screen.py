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
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, LifecycleError
from lifecycle.audit.asked import asked
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking
from lifecycle.audit.course import COLUMNS
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.personal import Beside
from lifecycle.audit.screen import Screen
from lifecycle.audit.shared import shared_streams
from lifecycle.audit.spelling import STANDARD, Parser
from lifecycle.domain import canonical
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import participation_stream
from lifecycle.domain.ports import Auditing, StoredRecord
from lifecycle.domain.record import Record, record_hash
from lifecycle.domain.replay import Participation, after
from lifecycle.domain.spans import only
from lifecycle.parallel import fast_parser
from lifecycle.storage import rows
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import Office, memory_engine

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
            self.streams = dict(self._streams(view))
        self.screen = Screen(self.origin, grounds, parser, self.run.has_file)

    @staticmethod
    def _streams(view: Auditing) -> Iterator[tuple[str, list[Row]]]:
        for school in view.schools():
            stream = participation_stream(school)
            with view.plain(only(stream)) as plain:
                yield stream, list(plain.records)

    def passes(self, stream: str, found: list[Row]) -> bool:
        """Tell whether the screen passes the stream."""
        try:
            self.screen.follow(stream, found)
        except Exception:
            return False
        return True

    def findings(self, stream: str, found: list[Row]) -> list[Finding]:
        """Return what the full check finds in the stream."""
        with self.context.journal.auditing() as view:
            beside = Beside(view, self.context.evidence, self.run.grounds.erasures).stream(stream)
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
        return findings

    def agrees(self, stream: str, found: list[Row]) -> None:
        """Make sure that the screen does not pass what the full check finds fault with."""
        if self.passes(stream, found):
            assert self.findings(stream, found) == []


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


@cache
def history() -> Lifecycle:
    """A history with two programmes, all road maps, and what can happen to a school."""
    engine = memory_engine(CATALOGUE, guards={"money_left": lambda attempt: []})
    for roadmap in CATALOGUE.roadmaps():
        office = Office(engine, CATALOGUE.compiled(roadmap)).opened(f"{roadmap}.1", f"{roadmap}.2")
        final = next(one.name for one in office.definition.states if one.final)
        office.lead(f"{roadmap}.1", final)
        restless(office, f"{roadmap}.2")
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
    assert len(court.streams) == 2 * len(CATALOGUE.roadmaps())
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
