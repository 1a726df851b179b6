"""Erasure: by which ground of the law what a person wrote is destroyed, and what that covers.

The record of it stands in the history of the installation and stays: who ordered it, by which
act, on which ground. Values, salts and keys go; commitments and hashes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lifecycle.domain.access import Access
from lifecycle.domain.commitment import Committed, Opened, Opening, committed_in
from lifecycle.domain.decision import (
    CHECKED,
    Accepted,
    Decision,
    Refusal,
    Stamp,
    authority,
    build_record,
)
from lifecycle.domain.errors_people import InvalidErasure
from lifecycle.domain.messages import Message, Text
from lifecycle.domain.model import ADMINISTRATOR, Head
from lifecycle.domain.naming import tells_person
from lifecycle.domain.record import Record
from lifecycle.domain.requests import ErasePerson

MAX_RECORDS: Final = 300
"""Records that one erasure may name besides: they have to fit into its body."""

# A number as registries give them: no spaces, so that no name gets into the history with it.
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,14}")
_ACT: Final = re.compile(r"[0-9A-Za-zА-Яа-яЁё№./_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Ground:
    """Why the law has personal data destroyed.

    Args:
        code: As the record bears it.
        title: For people.
        source: Article of Federal Law No 152-FZ of 27.07.2006.
    """

    code: str
    title: Text
    source: str


GROUNDS: Final = (
    Ground(
        "consent_withdrawn",
        Text("отзыв согласия на обработку персональных данных", "consent withdrawn"),
        "152-ФЗ, ст. 21 ч. 5",
    ),
    Ground(
        "purpose_reached",
        Text("достижение цели обработки персональных данных", "purpose of processing reached"),
        "152-ФЗ, ст. 21 ч. 4",
    ),
    Ground(
        "unlawful_processing",
        Text("неправомерная обработка персональных данных", "unlawful processing"),
        "152-ФЗ, ст. 21 ч. 3",
    ),
    Ground(
        "person_request",
        Text("требование субъекта персональных данных", "request of the person"),
        "152-ФЗ, ст. 14 ч. 1, ст. 20 ч. 3, ст. 21 ч. 5.1",
    ),
    Ground(
        "retention_ended",
        Text("истечение срока хранения персональных данных", "retention period ended"),
        "152-ФЗ, ст. 5 ч. 7",
    ),
)
GROUND: Final = {one.code: one for one in GROUNDS}


def place_of(record: Record) -> str:
    """Name a record as ``stream#sequence``."""
    return f"{record.stream}#{record.sequence}"


def place_from(text: str) -> tuple[str, int]:
    """Read what ``place_of`` wrote.

    Raises:
        ValueError: It is written otherwise.
    """
    stream, _, number = text.rpartition("#")
    if not stream or _NUMBER.fullmatch(number) is None:
        raise ValueError(f"{text} is no stream#sequence")
    return stream, int(number)


class Erasures:
    """What was erased lawfully, by the records that say so.

    An erasure covers what its person had recorded until then, and each record that it names,
    if that was recorded before. No time is the same before and after: the engine stamps whatever
    can be erased later than the last erasure.

    Args:
        records: Of the installation; those of other kinds are passed over.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._of: dict[str, list[Record]] = {}
        self.all: list[Record] = []
        for record in records:
            self.learn(record)

    def learn(self, record: Record) -> None:
        """Take in a record."""
        if record.kind != "person_erased":
            return
        self.all.append(record)
        facts = record.facts or {}
        # A place has a '#', which no id of an actor has.
        for name in (facts["actor"], *facts["records"]):
            self._of.setdefault(name, []).append(record)

    def covering(self, record: Record) -> Record | None:
        """Return the first erasure of what *record* committed to; ``None`` if there was none."""
        by_actor = self._later(record, record.actor.id)
        return min((*by_actor, *self.naming(record)), key=lambda one: one.sequence, default=None)

    def naming(self, record: Record) -> list[Record]:
        """Return the erasures that name *record* itself, and could: it was recorded before."""
        return self._later(record, place_of(record))

    def _later(self, record: Record, name: str) -> list[Record]:
        return [one for one in self._of.get(name, ()) if record.recorded_at <= one.recorded_at]


def opened_in(
    record: Record, openings: Mapping[str, Opening], erasures: Erasures
) -> Iterator[tuple[Committed, Opened]]:
    """Yield every commitment of *record* with what people see in its place.

    Args:
        record: Of the history.
        openings: Those kept for this very record, by commitment.
        erasures: What was erased lawfully.
    """
    erasure = erasures.covering(record)
    for one in committed_in(record):
        kept = openings.get(one.commitment)
        if kept is not None and kept.purpose == one.purpose and kept.fits:
            yield one, Opened("opened", kept.value)
        elif kept is None and erasure is not None:
            yield one, Opened("erased", erasure=place_of(erasure))
        else:
            yield one, Opened("missing")


def decide_erase(access: Access, request: ErasePerson, stamp: Stamp, head: Head) -> Decision:
    """Decide to erase what a person wrote.

    Args:
        access: What the installation says of those who may act.
        request: What is asked; that the person and the records exist is for the caller to know.
        stamp: Id and clock; no earlier than any record that something is erased of.
        head: Head of the installation's stream.

    Raises:
        InvalidErasure: The ground is none, the act has no proper number, or too much is named.
    """
    _check(request)
    acting = authority(access, access.roles, request, stamp, head, (ADMINISTRATOR,))
    if isinstance(acting, Refusal):
        return acting
    record = build_record(
        head,
        request,
        stamp,
        "person_erased",
        acting,
        requirements=CHECKED,
        consulted={},
        facts={
            "actor": request.erased,
            "ground": request.ground,
            "act": request.act,
            "records": list(request.records),
        },
    )
    return Accepted(record)


def _check(request: ErasePerson) -> None:
    if request.ground not in GROUND:
        codes = {"grounds": tuple(GROUND)}
        raise InvalidErasure(detail=Message("the ground is none of: {grounds}", codes))
    digit = any(character.isdecimal() for character in request.act)
    if _ACT.fullmatch(request.act) is None or not digit or tells_person(request.act):
        detail = Message(
            "the act's number has a digit and up to 40 letters, digits and №./_- without spaces;"
            " it is no number of a phone or a document"
        )
        raise InvalidErasure(detail=detail)
    if len(set(request.records)) != len(request.records) or len(request.records) > MAX_RECORDS:
        detail = Message("name each record once, {limit} at most", {"limit": MAX_RECORDS})
        raise InvalidErasure(detail=detail)
