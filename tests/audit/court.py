"""The screen and the full check over one history, and what is done to its rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from lifecycle import EvidenceFile, Lifecycle, LifecycleError, Receipt
from lifecycle.audit.asked import asked
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking
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
from tests.factories import Office, complete, memory_engine

Row = tuple[Any, ...]
GRANTS = Path(__file__).parent.parent / "workflows" / "grants"
CATALOGUE = Catalogue([GRANTS], ["money_left"])
PARSERS = {"the standard library's": STANDARD, "the fast one": fast_parser()}


class Court:
    """The screen and the full check over one history.

    What storage shows of each stream - head, row of the board, roles held - lies in ``shown``.

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
            self.shown = dict[str, tuple[Any, ...]]()
            for school in view.schools():
                stream = participation_stream(school)
                with view.plain(only(stream)) as plain:
                    self.streams[stream] = list(plain.records)
                    self.openings[stream] = plain.openings.get(stream, {})
                    self.keys[stream] = plain.keys.get(stream, {})
                    head, standing = plain.heads[stream], plain.standings[school]
                    self.shown[stream] = head, standing, plain.held.get(stream, [])
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

    def came_to(self, stream: str) -> tuple[Any, ...]:
        """Return head, row of the board and roles held that the screen comes to."""
        kept = self.openings[stream], self.keys[stream]
        passed = self.screen.follow(stream, self.streams[stream], *kept)
        held = [(record_id, stream, *rest) for record_id, *rest in passed.held]
        return passed.head, passed.standing, held

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


def asked_for(body: Any) -> Any:
    """Return *body* with the digest of the request that it now answers."""
    try:
        request = asked(Record.decode(spelt(body)))
        return body | {"request": replace(request, effective_on=None).digest}
    except (InvalidBody, KeyError, TypeError, ValueError):
        return body


def spelt(body: Any) -> bytes:
    """Spell a body as it has to be, or as near to it as can be."""
    try:
        return canonical.encode(body)
    except InvalidBody:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )


def rechained(origin: str, stream: str, bodies: list[Any]) -> Iterator[Row]:
    """Yield the rows of a stream made of *bodies*, numbered and chained anew."""
    head = StreamCheck(origin, stream).head
    for body in bodies:
        body |= {"stream": stream, "sequence": head.version + 1, "previous": head.hash}
        record = Record.decode(canonical.encode(asked_for(body)))
        yield tuple(rows.record_row(record).values())
        head = record.head
