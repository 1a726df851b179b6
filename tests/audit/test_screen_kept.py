"""Commitments as the screen opens them: as strictly as the full check, and counted alike."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, verify
from lifecycle.audit.acting import Doubtful
from lifecycle.audit.files import Files
from lifecycle.audit.kept import Erased, Kept, Keys, Openings, Sealed
from lifecycle.audit.personal import Tally
from lifecycle.domain.commitment import commitment_to
from lifecycle.domain.erasable import Secret
from lifecycle.domain.erasure import Erasures
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.record import moment_text
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.audit.court import CATALOGUE, Court, Papered, rehashed, restless
from tests.audit.deciding import learned
from tests.factories import ADMIN, ROADMAP, Office, memory_engine

SCHOOL = "one"
STREAM = f"participation/{SCHOOL}"
CURATOR = f"curator.{SCHOOL}"
ACT: dict[str, Any] = {"ground": "consent_withdrawn", "act": "1", "actor": ADMIN}


def remarked() -> Lifecycle:
    """Lead a school with comments and files."""
    engine = memory_engine(CATALOGUE)
    office = Office(engine, CATALOGUE.compiled(ROADMAP)).opened(SCHOOL, "other")
    restless(Papered(engine, office.definition, people=office.people), SCHOOL)
    return engine


@cache
def before() -> Court:
    return Court(remarked())


@cache
def after() -> Court:
    """Return the court after the erasure; ``gone`` has what was kept before it."""
    return erased_court()[0]


@cache
def gone() -> tuple[Openings, Keys]:
    """Return the openings and keys that were erased."""
    court, (openings, keys) = erased_court()
    left, held = court.openings[STREAM], court.keys[STREAM]
    return (
        {place: one for place, one in openings.items() if place not in left},
        {place: one for place, one in keys.items() if place not in held},
    )


@cache
def erased_court() -> tuple[Court, tuple[Openings, Keys]]:
    engine = remarked()
    earlier = Court(engine)
    named = [f"{STREAM}#5", f"{STREAM}#2", f"{STREAM}#6"]
    engine.people.erase(CURATOR, records=named, **ACT)
    return Court(engine), (earlier.openings[STREAM], earlier.keys[STREAM])


def counted(court: Court) -> Tally:
    """Return what both say of the commitments of the school."""
    found = court.streams[STREAM]
    tally = court.tally(STREAM, found)
    assert tally is not None
    assert court.judged(STREAM, found) == ([], tally)
    return tally


def test_what_is_kept_is_opened_and_counted() -> None:
    tally = counted(before())

    assert tally.opened == len(before().openings[STREAM])
    assert before().keys[STREAM] != {}
    assert (tally.erased, tally.missing, tally.named) == (0, 0, set())


def test_what_was_erased_is_counted_and_every_record_that_was_named() -> None:
    tally = counted(after())
    places = {place for _, place in tally.named}

    assert tally.opened == len(after().openings[STREAM])
    assert tally.erased == counted(before()).opened - tally.opened > 0
    assert places == {f"{STREAM}#2", f"{STREAM}#5", f"{STREAM}#6"}


def test_a_whole_verification_counts_as_the_full_check_does() -> None:
    engine = remarked()
    engine.people.erase(CURATOR, records=[f"{STREAM}#2"], **ACT)
    report, tally = verify(engine), counted(Court(engine))

    assert report.findings == ()
    counts = (report.opened, report.erased, report.missing)
    assert counts == (tally.opened, tally.erased, tally.missing)


CHANGES: list[Any] = [
    None,
    "",
    "x",
    b"x",
    bytes(32),
    "comment",
    "evidence.name",
    "evidence.content",
]


@given(data=st.data())
def test_nothing_beside_the_records_is_passed_that_the_full_check_finds(
    data: st.DataObject,
) -> None:
    court = data.draw(st.sampled_from([before(), after()]), label="erased or not")
    beside = dict(court.openings[STREAM]), dict(court.keys[STREAM])
    openings, keys = court.openings[STREAM], court.keys[STREAM]
    try:
        for _ in range(data.draw(st.integers(1, 2), label="changes")):
            match data.draw(st.sampled_from(["opening", "key", "back", "place"]), label="what"):
                case "opening" if openings:
                    place = data.draw(st.sampled_from(sorted(openings)))
                    members = list(openings[place])
                    member = data.draw(st.integers(0, 2))
                    value = data.draw(st.sampled_from(CHANGES))
                    if type(value) is type(members[member]):
                        openings[place] = (*members[:member], value, *members[member + 1 :])
                    else:
                        del openings[place]
                case "key" if keys:
                    place = data.draw(st.sampled_from(sorted(keys)))
                    keys[place] = data.draw(st.sampled_from([None, bytes(32), b"x"]))
                case "back":
                    place = data.draw(st.sampled_from(sorted(gone()[0])))
                    openings[place] = gone()[0][place]
                    keys |= gone()[1] if data.draw(st.booleans()) else {}
                case "place" if openings:
                    place = data.draw(st.sampled_from(sorted(openings)))
                    number = data.draw(st.integers(1, 20))
                    openings[number, place[1]] = openings.pop(place)
        court.agrees(STREAM, court.streams[STREAM])
    finally:
        for kept, old in zip((openings, keys), beside, strict=True):
            kept.clear()
            kept.update(old)


def changed(court: Court, kept: dict[Any, Any], **members: Any) -> None:
    """Make sure that both find fault with the school while *kept* is changed."""
    old = dict(kept)
    try:
        for place, value in members["to"].items():
            kept[place] = value
        for place in members.get("without", ()):
            del kept[place]
        assert not court.passes(STREAM, court.streams[STREAM])
        assert court.findings(STREAM, court.streams[STREAM]) != []
    finally:
        kept.clear()
        kept.update(old)


def test_openings_that_do_not_fit_or_lie_elsewhere_are_doubtful() -> None:
    court = before()
    openings = court.openings[STREAM]
    (place, (purpose, value, salt)), *_ = openings.items()

    changed(court, openings, to={place: ("evidence.name", value, salt)})
    changed(court, openings, to={place: (purpose, f"{value}.", salt)})
    changed(court, openings, to={place: (purpose, value, bytes(32))})
    changed(court, openings, to={}, without=[place])
    changed(court, openings, to={(1, place[1]): openings[place]})


def test_keys_that_do_not_open_or_lie_elsewhere_are_doubtful() -> None:
    court = before()
    keys = court.keys[STREAM]
    place = next(iter(keys))

    changed(court, keys, to={place: bytes(32)})
    changed(court, keys, to={place: None})
    changed(court, keys, to={}, without=[place])
    changed(court, keys, to={(1, place[1]): keys[place]})


def test_what_an_erasure_left_behind_is_doubtful() -> None:
    court = after()
    openings, keys = gone()
    place, address = min(openings), min(keys)

    changed(court, court.openings[STREAM], to={place: openings[place]})
    changed(court, court.keys[STREAM], to={address: keys[address]})


def test_a_personal_file_of_another_size_is_doubtful() -> None:
    court = before()
    found = court.streams[STREAM]
    number, address = min(court.keys[STREAM])
    body = json.loads(found[number - 1][3])
    (piece,) = [one for one in body["evidence"] if one["sha256"] == address]
    size = f'"sha256":"{address}","size":{piece["size"]}'
    forged = found[number - 1][3].replace(size.encode(), f"{size}0".encode())

    assert not court.passes(STREAM, rehashed(found, number - 1, forged))
    assert "evidence_altered" in [
        one.code for one in court.findings(STREAM, rehashed(found, number - 1, forged))
    ]


def test_a_salt_that_is_a_text_is_doubtful() -> None:
    court = before()
    openings = court.openings[STREAM]
    place = next(iter(openings))
    old = openings[place]
    openings[place] = (*old[:2], old[2].decode("latin-1"))

    assert not court.passes(STREAM, court.streams[STREAM])
    openings[place] = old


def test_a_comment_that_is_no_commitment_is_doubtful() -> None:
    court = before()
    found = court.streams[STREAM]
    place = next(at for at, row in enumerate(found) if row[7] == "advanced")
    comment = json.loads(found[place][3])["comment"]
    body = found[place][3].replace(comment.encode(), b"plain")
    assert not court.passes(STREAM, rehashed(found, place, body))
    assert court.findings(STREAM, rehashed(found, place, body)) != []


NOW = "2022-03-01T09:00:00.000000Z"
PURPOSE = "evidence.content"


@cache
def letter() -> tuple[Files, StoredFile, bytes]:
    """A personal file in a store, and its key."""
    store, secret = MemoryEvidence(), Secret(bytes(32), bytes(12))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "letter.txt"
        path.write_text("x", "utf-8")
        return Files(store), store.put(path, secret), secret.key


def kept_alone(value: str, *, key: bytes | None) -> tuple[Kept, Sealed]:
    """Return what is kept of a personal file alone, and what commits to it."""
    files, stored, _ = letter()
    seal = Sealed(PURPOSE, commitment_to(PURPOSE, value, bytes(32)), stored.sha256, stored.size)
    openings = {(1, seal.commitment): (PURPOSE, value, bytes(32))}
    keys = {(1, stored.sha256): key}
    return Kept(STREAM, openings, keys, Erased(Erasures()), files), seal


def test_a_personal_file_is_opened_by_its_key_and_is_what_was_committed_to() -> None:
    _, stored, key = letter()
    assert stored.plain is not None
    kept, seal = kept_alone(stored.plain, key=key)

    kept.open(1, NOW, CURATOR, [seal])
    kept.close()
    assert kept.tally == Tally(opened=1)

    for value, other, sealed in (
        (stored.plain, None, seal),
        (stored.plain, bytes(31) + b"x", seal),
        (stored.plain, key, seal._replace(size=seal.size + 1)),
        ("0" * 64, key, kept_alone("0" * 64, key=key)[1]),
    ):
        kept, _ = kept_alone(value, key=other)
        with pytest.raises((Doubtful, AttributeError)):
            kept.open(1, NOW, CURATOR, [sealed])


def test_whatever_no_record_needs_is_doubtful() -> None:
    files, stored, key = letter()
    nothing = Erased(Erasures())

    Kept(STREAM, {}, {}, nothing, files).close()
    with pytest.raises(Doubtful):
        Kept(STREAM, {(1, "0" * 64): ("comment", "x", bytes(32))}, {}, nothing, files).close()
    with pytest.raises(Doubtful):
        Kept(STREAM, {}, {(1, stored.sha256): key}, nothing, files).close()


def test_an_erasure_covers_whom_and_what_it_names_up_to_its_moment() -> None:
    erasures = learned().erasures
    erased = Erased(erasures)
    one = erasures.all[0]
    person, moment = (one.facts or {})["actor"], moment_text(one.recorded_at)

    assert erased.later(person, NOW) == erased.later(person, moment) == [one.sequence]
    assert erased.later(person, "~") == erased.later("stranger", NOW) == []
    named = replace(one, facts={**(one.facts or {}), "records": [f"{STREAM}#2"]})
    assert Erased(Erasures([named])).later(f"{STREAM}#2", moment) == [one.sequence]
    assert Erased(Erasures([named])).names(STREAM)
    assert not Erased(Erasures([named])).names(f"{STREAM}#2")
    assert not erased.names(STREAM)


def test_of_what_was_erased_nothing_is_left_anywhere() -> None:
    files, stored, key = letter()
    erased = Erased(learned().erasures)
    person = (learned().erasures.all[0].facts or {})["actor"]
    seal = Sealed(PURPOSE, "0" * 64, stored.sha256, stored.size)
    comment = Sealed("comment", "1" * 64)
    opening: Openings = {(1, "0" * 64): (PURPOSE, "x", bytes(32))}

    def gone(store: Files, openings: Openings, keys: Keys) -> Kept:
        kept = Kept(STREAM, openings, keys, erased, store)
        kept.open(1, NOW, person, [comment, seal])
        return kept

    empty = Files(MemoryEvidence())
    assert gone(empty, {}, {}).tally == Tally(erased=2)
    for store, openings, keys in (
        (files, {}, {}),
        (empty, opening, {}),
        (empty, {}, {(1, stored.sha256): key}),
    ):
        with pytest.raises(Doubtful):
            gone(store, openings, keys)
