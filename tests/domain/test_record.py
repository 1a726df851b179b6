"""A record's stored bytes lead back to it; bytes that are no record are refused."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.record import (
    Record,
    empty_head,
    genesis_hash,
    moment_from,
    moment_text,
    record_hash,
)
from tests.factories import ROADMAP, Office, order
from tests.strategies import moments, records


@given(records)
def test_the_stored_bytes_lead_back_to_the_record(record: Record) -> None:
    copy = Record.decode(record.body)

    assert copy.to_json() == record.to_json()
    assert copy.body == record.body
    assert copy.hash == record.hash == record_hash(record.body)
    assert copy.columns == record.columns


@given(records)
def test_a_body_in_other_bytes_is_no_record_whoever_reads_it(record: Record) -> None:
    quick = canonical.Codec(json.loads, canonical.encode)

    assert Record.decode(record.body, quick).body == record.body
    for other in (b" " + record.body, record.body.replace(b",", b", ", 1)):
        with pytest.raises(InvalidBody):
            Record.decode(other, quick)


@given(records, st.data())
def test_a_changed_byte_changes_the_hash_or_is_no_record(
    record: Record, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(record.body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != record.body[place]))
    altered = record.body[:place] + bytes([byte]) + record.body[place + 1 :]

    assert record_hash(altered) != record.hash
    with suppress(InvalidBody):
        assert Record.decode(altered).body == altered


@given(moments)
def test_a_moment_is_written_so_that_text_sorts_as_time(moment: datetime) -> None:
    later = moment + timedelta(microseconds=1)

    assert moment_from(moment_text(moment)) == moment
    assert moment_text(moment) < moment_text(later)


def test_a_moment_is_written_in_utc() -> None:
    sakhalin = timezone(timedelta(hours=11))

    written = moment_text(datetime(2022, 3, 14, 9, 30, tzinfo=sakhalin))

    assert written == "2022-03-13T22:30:00.000000Z"
    assert moment_from(written).tzinfo is UTC


def test_a_moment_of_the_first_years_has_as_many_digits_as_any() -> None:
    assert moment_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "2022-03-13T22:30:00Z",
        "2022-03-14T09:30:00.000000+11:00",
        "2022-03-13 22:30:00.000000Z",
        "0001-01-01T00:00:00.000000+05:00",
        "9999-12-31T23:59:59.999999-05:00",
        "0999-12-31T23:59:59.999999Z",
    ],
)
def test_a_moment_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a moment in UTC with microseconds"):
        moment_from(text)


def test_the_first_record_is_bound_to_its_stream_and_installation() -> None:
    hashes = {genesis_hash(origin, stream) for origin in "ab" for stream in ("x", "y", "a")}

    assert len(hashes) == 6
    assert empty_head("a", "x").hash == genesis_hash("a", "x")


@pytest.fixture
def body(office: Office) -> dict[str, Any]:
    """The members of a real record with evidence, facts and everything else."""
    office.lead("krasnogorsk", "concept_documents")
    record = office.engine.history("krasnogorsk")[-1]
    body: dict[str, Any] = json.loads(record.body)
    body["evidence"] += [
        {"form": "link", "item": None, "kind": "visit_note", "url": "https://example.org/"},
        {
            "form": "file",
            "item": None,
            "kind": "visit_note",
            "sha256": "0" * 64,
            "size": 1,
            "media_type": "text/plain",
            "name": None,
            "content": None,
        },
    ]
    return body


def test_the_record_holds_everything_that_an_audit_asks_for(body: dict[str, Any]) -> None:
    assert sorted(body) == [
        "actor",
        "command_id",
        "comment",
        "consulted",
        "definition",
        "due_on",
        "effective_on",
        "evidence",
        "facts",
        "format",
        "from",
        "kind",
        "origin",
        "previous",
        "reason",
        "record_id",
        "recorded_at",
        "request",
        "requirements",
        "sequence",
        "stream",
        "to",
        "transition",
    ]
    assert sorted(body["actor"]) == [
        "assignment",
        "authentication",
        "id",
        "on_behalf_of",
        "role",
        "signature",
    ]
    assert body["definition"]["id"] == f"500plus/{ROADMAP}"
    assert body["evidence"][0] == order("visit_note").to_json()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 2),
        (("sequence",), 0),
        (("sequence",), True),
        (("sequence",), "5"),
        (("stream",), None),
        (("recorded_at",), "2022-03-01"),
        (("recorded_at",), "2022-03-01T09:00:00Z"),
        (("effective_on",), "1 марта 2022"),
        (("effective_on",), "20220301"),
        (("due_on",), 20220301),
        (("reason",), ["a"]),
        (("kind",), "approved"),
        (("kind",), ["advanced"]),
        (("kind",), "installed"),
        (("definition",), "500plus"),
        (("definition", "digest"), 7),
        (("definition", "author"), "me"),
        (("actor",), "ana"),
        (("actor", "id"), None),
        (("actor", "assignment"), 1),
        (("actor", "name"), "Ana"),
        (("requirements",), [1]),
        (("requirements",), "state"),
        (("consulted",), {"roadmap/x": "1"}),
        (("consulted",), ["roadmap/x"]),
        (("facts",), ["risks"]),
        (("evidence",), {"kind": "order"}),
        (("evidence", 0, "form"), "oath"),
        (("evidence", 0, "form"), ["link"]),
        (("evidence", 0, "kind"), None),
        (("evidence", 0, "item"), 3),
        (("evidence", 0, "date"), "soon"),
        (("evidence", 0, "date"), None),
        (("evidence", 0, "note"), "more"),
        (("evidence", 1, "url"), None),
        (("evidence", 2, "size"), "1"),
        (("evidence", 2, "size"), True),
        (("evidence", 2, "sha256"), None),
        (("evidence", 2, "name"), 1),
        (("evidence", 2, "content"), ["x"]),
        (("comment",), 5),
        (("actor", "signature"), 5),
        (("note",), "a member that no format has"),
    ],
)
def test_a_body_of_another_shape_is_no_record(
    body: dict[str, Any], place: tuple[str | int, ...], value: object
) -> None:
    assert Record.decode(canonical.encode(body)).to_json() == body
    *way, last = place
    part: Any = body
    for step in way:
        part = part[step]
    part[last] = value

    with pytest.raises(InvalidBody, match="not a record of format 1"):
        Record.decode(canonical.encode(body))


@pytest.mark.parametrize("name", ["kind", "actor", "facts", "evidence", "consulted", "sequence"])
def test_a_body_without_a_member_is_no_record(body: dict[str, Any], name: str) -> None:
    del body[name]

    with pytest.raises(InvalidBody, match="not a record of format 1"):
        Record.decode(canonical.encode(body))


@pytest.mark.parametrize("value", [None, 5, "record", [], {}])
def test_what_is_no_object_is_no_record(value: object) -> None:
    with pytest.raises(InvalidBody):
        Record.decode(canonical.encode(value))


@pytest.mark.parametrize(
    "facts",
    [{}, {"actor": "ana"}, {"actor": "ana", "role": 1}, {"actor": "a", "role": "b", "x": "c"}],
)
def test_an_assignment_tells_who_got_which_role_and_nothing_else(
    body: dict[str, Any], facts: dict[str, Any]
) -> None:
    body |= {"kind": "role_assigned", "facts": {"actor": "ana", "role": "curator"}}
    assert Record.decode(canonical.encode(body)).to_json() == body
    body["facts"] = facts

    with pytest.raises(InvalidBody, match="facts"):
        Record.decode(canonical.encode(body))


def test_an_erasure_tells_whom_on_what_ground_and_where_else(body: dict[str, Any]) -> None:
    sound = {"actor": "ana", "ground": "consent_withdrawn", "act": "7", "records": ["a/b#1"]}
    body |= {"kind": "person_erased", "facts": sound}

    assert Record.decode(canonical.encode(body)).to_json() == body


@pytest.mark.parametrize(
    "changed",
    [{"records": "a/b#1"}, {"records": [1]}, {"actor": None}, {"name": "Ana"}],
)
def test_an_erasure_of_another_shape_is_no_record(
    body: dict[str, Any], changed: dict[str, Any]
) -> None:
    sound = {"actor": "ana", "ground": "consent_withdrawn", "act": "7", "records": []}
    body |= {"kind": "person_erased", "facts": sound | changed}

    with pytest.raises(InvalidBody, match="facts"):
        Record.decode(canonical.encode(body))
