"""Erasing what a person wrote: recorded, overwritten in the same transaction, files removed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from lifecycle import events
from lifecycle.domain.decision import Accepted
from lifecycle.domain.erasure import Erasures, decide_erase, place_from, place_of
from lifecycle.domain.errors import AdministrationRefused, EvidenceLost, UnknownActor
from lifecycle.domain.errors_people import ErasureUnfinished, NothingLeft, UnknownRecord
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, Head
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.requests import ErasePerson, Request
from lifecycle.service.context import Context, carry_out, settle
from lifecycle.service.identity import access_of
from lifecycle.service.results import Receipt
from lifecycle.service.times import no_earlier

_ERASE: Final = Message("erase people's data")


def erase(context: Context, request: ErasePerson) -> Receipt:
    """Carry out an erasure; interrupted, it is finished by the same request again.

    Raises:
        AdministrationRefused, UnknownActor, UnknownRecord, InvalidErasure, NothingLeft: As
            ``People.erase``.
        ErasureUnfinished: It is recorded, but something still lies in a file.
    """

    def work(tx: Writing, asked: ErasePerson) -> Receipt:
        return _erased(context, tx, asked)

    try:
        with _told(context, request.command_id):
            receipt = carry_out(context, request, INSTALLATION, work, context.journal.erasing)
            files = _remove_files(context)
    except NothingLeft:
        _remove_files(context)  # The first time may have been interrupted before it.
        raise
    context.log(events.ERASED, files=files, command_id=request.command_id)
    return receipt


@contextmanager
def _told(context: Context, command_id: str) -> Iterator[None]:
    """Tell operators of an erasure that is recorded, but not finished."""
    try:
        yield
    except ErasureUnfinished as error:
        found = {"error": error.code, "command_id": command_id}
        context.log(events.ERASURE_UNFINISHED, **found)
        raise


def _erased(context: Context, tx: Writing, asked: ErasePerson) -> Receipt:
    check_person(tx, asked.erased)
    places = [_place(tx, text) for text in asked.records]
    head = tx.lock(INSTALLATION)
    access = access_of(tx, asked.actor, context.signatures)
    # Its time tells what it covers: no earlier than whatever can be erased by it.
    stamp = context.stamp(after=no_earlier(tx, head, *_erasable(tx, places)))
    decision = decide_erase(access, asked, stamp, head)
    if isinstance(decision, Accepted):
        _refuse_empty(tx, asked, places)
    receipt = settle(tx, decision, lambda unmet: refused_to(asked, _ERASE, unmet))
    tx.erasable.erase(asked.erased, places)
    return receipt


def _remove_files(context: Context) -> int:
    """Remove every ciphertext without a key, also those that an interrupted erasure left.

    Returns:
        How many there were.
    """
    with context.journal.reading() as view:
        left = view.erasable.left_files()
    try:
        for digest in left:
            context.evidence.remove(digest)
    except EvidenceLost as error:
        raise ErasureUnfinished(detail=error.facts["detail"]) from error
    with context.journal.writing() as tx:
        for digest in left:
            tx.erasable.forget(digest)
    return len(left)


def refused_to(request: Request, what: Message, unmet: tuple[Unmet, ...]) -> AdministrationRefused:
    """Return the refusal of a request on people's data, *what* in words."""
    return AdministrationRefused(
        unmet,
        actor=request.actor.id,
        request=what,
        what=type(request).__name__,
        stream=INSTALLATION,
    )


def check_person(view: Reading, person: str) -> None:
    """Make sure that somebody is registered.

    Raises:
        UnknownActor: Nobody is, under that id.
    """
    if not view.has_actor(person):
        raise UnknownActor(person, view.actors())


def _refuse_empty(view: Reading, request: ErasePerson, places: Iterable[tuple[str, int]]) -> None:
    """Refuse to record an act where an earlier one left nothing to erase.

    Otherwise its extract would say that something was destroyed by it.

    Raises:
        NothingLeft: Whatever there was is erased on record, by this act or another one.
    """
    for earlier in Erasures(view.records(INSTALLATION)).all:
        facts = earlier.facts or {}
        if facts["actor"] == request.erased and {*request.records} <= {*facts["records"]}:
            if _is_left(view, request.erased, {*places}):
                return
            raise NothingLeft(person=request.erased, act=facts["act"], place=place_of(earlier))


def _is_left(view: Reading, person: str, places: Container[tuple[str, int]]) -> bool:
    """Tell whether a name, or anything that *person* wrote or that lies at *places*, is kept."""
    if view.erasable.name(person) is not None:
        return True
    for stream in view.erasable.streams():
        own = {one.sequence for one in view.records(stream) if one.actor.id == person}
        kept = [place for place, _ in view.erasable.openings(stream)]
        kept += [place for place, key in view.erasable.keys(stream) if key.key is not None]
        if any(place in own or (stream, place) in places for place in kept):
            return True
    return False


def _place(view: Reading, text: str) -> tuple[str, int]:
    try:
        stream, sequence = place_from(text)
    except ValueError as error:
        raise UnknownRecord(text) from error
    if sequence > view.head(stream).version:
        raise UnknownRecord(text)
    return stream, sequence


def _erasable(view: Reading, places: Iterable[tuple[str, int]]) -> Iterator[Head]:
    """Yield the heads of all streams that an erasure may take something from."""
    streams = {*view.erasable.streams(), *(stream for stream, _ in places)}
    return map(view.head, sorted(streams))
