"""Commitments as the screen opens them: as strictly as the full check, and counted alike."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, verify
from lifecycle.audit.kept import Keys, Openings
from lifecycle.audit.personal import Tally
from tests.audit.court import CATALOGUE, Court, Papered, rehashed, restless
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
