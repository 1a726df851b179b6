"""Use cases on people's data: names, what records committed to, personal files, erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from lifecycle import events
from lifecycle.domain.commitment import Opened, Opening, committed_in
from lifecycle.domain.decision import Refusal, authority
from lifecycle.domain.erasure import Erasures, opened_in, place_of
from lifecycle.domain.errors import (
    EvidenceLost,
    InvalidInput,
)
from lifecycle.domain.errors_people import (
    ErasureUnfinished,
    EvidenceErased,
    UnknownAct,
    UnknownEvidence,
)
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    ADMINISTRATOR,
    INSTALLATION,
    Actor,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.requests import ErasePerson, NamePerson
from lifecycle.service.arguments import told_by_name
from lifecycle.service.context import (
    Context,
    attempted,
)
from lifecycle.service.erasing import check_person, erase, refused_to
from lifecycle.service.identity import access_of, check_actor, proved
from lifecycle.service.results import Receipt
from lifecycle.service.times import no_earlier

MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Person:
    """What is kept of a person beside the history.

    Args:
        actor: Opaque id.
        name: Name, if one is kept.
        values: Comments and file names that he wrote, and contents of personal files, still open.
        files: Personal files that he filed, still readable.
        erasures: Records by which his data were destroyed.
    """

    actor: str
    name: str | None
    values: int
    files: int
    erasures: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What an erasure destroyed, for the act and its extract from the journal of events.

    Args:
        record: The record of the erasure.
        origin: Id of the installation.
        comments: Comments destroyed.
        file_names: Names of files destroyed.
        files: Personal files destroyed.
        places: The records that bore them, as ``stream#sequence``.
    """

    record: Record
    origin: str
    comments: int
    file_names: int
    files: int
    places: tuple[str, ...]


@told_by_name
class People:
    """People's data, all of it outside the history.

    Args:
        context: The adapters.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def name(self, person: str, name: str, *, actor: Actor) -> None:
        """Keep the name of a person in place of any earlier one; nothing of it is recorded.

        Raises:
            AdministrationRefused: *actor* is not an administrator.
            UnknownActor: Nobody is registered under that id.
            InvalidInput: The name is none.
        """
        context, text = self._context, person_name(name)
        request = NamePerson(actor=actor, command_id=context.command(None), person=person)

        def work(tx: Writing) -> None:
            check_actor(tx, request)
            check_person(tx, person)
            head = tx.lock(INSTALLATION)
            asked = proved(tx, request, head)
            access = access_of(tx, asked.actor, context.signatures)
            stamp = context.stamp(after=no_earlier(tx, head))
            acting = authority(access, access.roles, asked, stamp, head, (ADMINISTRATOR,))
            if isinstance(acting, Refusal):
                raise refused_to(request, Message("name people"), acting.unmet)
            tx.keep_name(person, text)

        attempted(context, request, work)
        context.log(events.PERSON_NAMED, actor=person)

    def show(self, person: str) -> Person:
        """Return what is kept of a person.

        Raises:
            UnknownActor: Nobody is registered under that id.
        """
        with self._context.journal.reading() as view:
            check_person(view, person)
            values = files = 0
            for stream in view.erasable.streams():
                own = {one.sequence for one in view.records(stream) if one.actor.id == person}
                values += sum(place in own for place, _ in view.erasable.openings(stream))
                files += sum(
                    place in own and key.key is not None
                    for place, key in view.erasable.keys(stream)
                )
            erasures = Erasures(view.each(INSTALLATION)).all
            of_person = [one for one in erasures if (one.facts or {})["actor"] == person]
            return Person(person, view.erasable.name(person), values, files, tuple(of_person))

    def erase(
        self,
        person: str,
        *,
        ground: str,
        act: str,
        actor: Actor,
        records: Iterable[str] = (),
        command_id: str | None = None,
    ) -> Receipt:
        """Destroy what a person wrote; the history stays and still verifies.

        Name, comments, names of files, and the keys of personal files that he filed are
        overwritten in the same transaction that records the erasure; the encrypted files are
        removed after it. Interrupted, it is finished by the same command id again.

        Args:
            person: Id of the actor.
            ground: Code of the ground in law; see ``lifecycle.domain.erasure.GROUNDS``.
            act: Number of the act of destruction.
            actor: An administrator.
            records: Records of others, as ``stream#sequence``, whose values are about him.
            command_id: Id of the request.

        Raises:
            AdministrationRefused: *actor* is not an administrator.
            UnknownActor, UnknownRecord: There is no such person or record.
            InvalidErasure: The ground is none, or the act has no proper number.
            NothingLeft: An act erased it before, under another command id, and nothing came
                since; for what came since, it is recorded again.
            ErasureUnfinished: It is recorded, but something still lies in a file.
        """
        context = self._context
        request = ErasePerson(
            actor=actor,
            command_id=context.command(command_id),
            erased=person,
            ground=ground,
            act=act,
            # One order: a retry that names them in another one is the same request.
            records=tuple(sorted(records)),
        )

        return erase(context, request)

    def opened(self, records: Iterable[Record]) -> dict[str, Opened]:
        """Return what people see in place of every commitment of *records*, by commitment."""
        with self.opening() as opened:
            return opened(records)

    @contextmanager
    def opening(self) -> Iterator[Callable[[Iterable[Record]], dict[str, Opened]]]:
        """Lend what opens commitments as ``opened`` does, for those who ask again and again."""
        with self._context.journal.reading() as view:
            erasures = Erasures(view.each(INSTALLATION))
            yield lambda records: _opened(view, erasures, records)

    def evidence(self, address: str) -> bytes:
        """Return the content of an evidence file, a personal one decrypted.

        Args:
            address: SHA-256 by which records name it.

        Raises:
            UnknownEvidence: No record names it.
            EvidenceErased: It was personal, and its key is gone.
            EvidenceLost: It is not in the store, or not what was recorded.
        """
        with self._context.journal.reading() as view:
            key = view.erasable.key(address)
            pieces = (
                piece
                for stream in _streams(view)
                for record in view.records(stream)
                for piece in record.evidence
            )
            found = next((piece for piece in pieces if piece.sha256 == address), None)
        if found is None:
            raise UnknownEvidence(address)
        if found.content is not None and (key is None or key.key is None):
            raise EvidenceErased(address)
        store = self._context.evidence
        content = store.read(address, key.key if key and found.content else None, found.size)
        if found.content is None and sha256(content).hexdigest() != address:
            raise EvidenceLost(detail=f"what lies under {address} is not that content", folder="")
        return content

    def destroyed(self, act: str | None = None) -> tuple[Destroyed, ...]:
        """Return what every erasure destroyed, in order; only those by one act if it is named.

        Raises:
            UnknownAct: No erasure is recorded by that act.
            ErasureUnfinished: Files without a key are still there; nothing is attested yet.
        """
        with self._context.journal.reading() as view:
            left = len(view.erasable.left_files())
            if left:
                detail = Message("{count} personal files are still stored", {"count": left})
                raise ErasureUnfinished(detail=detail)
            erasures = Erasures(view.each(INSTALLATION))
            wanted = [one for one in erasures.all if act in (None, (one.facts or {})["act"])]
            if act is not None and not wanted:
                raise UnknownAct(act)
            covered: dict[int, list[Record]] = {one.sequence: [] for one in wanted}
            for stream in _streams(view) if wanted else ():
                for record in view.records(stream):
                    by = erasures.covering(record)
                    if by is not None and by.sequence in covered and any(committed_in(record)):
                        covered[by.sequence].append(record)
            return tuple(_destroyed(one, view.origin, covered[one.sequence]) for one in wanted)


def person_name(text: str) -> str:
    """Return a person's name with single spaces.

    Raises:
        InvalidInput: It is empty, too long or not printable; it is not repeated.
    """
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        detail = Message("1 to {limit} printable characters", {"limit": MAX_NAME})
        raise InvalidInput(what="name", detail=detail)
    return name


def _opened(view: Reading, erasures: Erasures, records: Iterable[Record]) -> dict[str, Opened]:
    found: dict[str, Opened] = {}
    stream, kept = "", dict[int, dict[str, Opening]]()
    for record in records:
        if not any(committed_in(record)):
            continue
        if record.stream != stream:
            stream, kept = record.stream, _by_place(view, record.stream)
        for one, seen in opened_in(record, kept.get(record.sequence, {}), erasures):
            found[one.commitment] = seen
    return found


def _by_place(view: Reading, stream: str) -> dict[int, dict[str, Opening]]:
    kept: dict[int, dict[str, Opening]] = {}
    for sequence, one in view.erasable.openings(stream):
        kept.setdefault(sequence, {})[one.commitment] = one
    return kept


def _streams(view: Reading) -> Iterator[str]:
    yield INSTALLATION
    yield from map(roadmap_stream, view.roadmaps())
    yield from map(participation_stream, view.schools())


def _destroyed(record: Record, origin: str, covered: list[Record]) -> Destroyed:
    purposes = [one.purpose for found in covered for one in committed_in(found)]
    return Destroyed(
        record=record,
        origin=origin,
        comments=purposes.count("comment"),
        file_names=purposes.count("evidence.name"),
        files=purposes.count("evidence.content"),
        places=tuple(map(place_of, covered)),
    )
