"""OCEL 2.0 as JSON and as SQLite: the same log twice, and nothing that a reader would drop."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle
from lifecycle.domain.errors_mining import NotExportable
from lifecycle.domain.model import DefinitionRef, Evidence
from lifecycle.domain.record import Record
from lifecycle.mining import Case, write_ocel_sqlite
from tests import strategies
from tests.factories import Office
from tests.mining.reading import cases_of, ocel_faults, ocel_of

DIGEST = "a" * 64


@pytest.fixture
def database(cases: list[Case], tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The log of all cases as SQLite."""
    with closing(written(cases, tmp_path)) as opened:
        yield opened


def written(cases: list[Case], folder: Path) -> sqlite3.Connection:
    path = folder / "log.sqlite"
    path.touch()
    count = write_ocel_sqlite(cases, path)
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM object").fetchall() == [(count,)]
    return database


def rows(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our tables
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def test_a_log_keeps_the_rules_of_the_standard(cases: list[Case]) -> None:
    assert ocel_faults(ocel_of(cases)) == []
    assert ocel_faults(ocel_of([])) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda log: log.pop("objects"), "the members are"),
        (lambda log: log["events"][0].update(type="unheard"), "has no declared type"),
        (lambda log: log["events"][0].update(time="2022-01-01T00:00:00"), "has no time zone"),
        (lambda log: log["events"][0]["attributes"][1].update(value="1"), "is not as declared"),
        (lambda log: log["objects"].pop(0), "there is no"),
        (lambda log: log["events"].append(log["events"][0]), "stands there twice"),
        (lambda log: [one.update(relationships=[]) for one in log["events"]], "no event names"),
    ],
)
def test_a_log_that_breaks_a_rule_is_found(cases: list[Case], spoil: Any, fault: str) -> None:
    log = json.loads(json.dumps(ocel_of(cases)))
    spoil(log)

    assert any(fault in one for one in ocel_faults(log))


def test_every_event_names_school_programme_and_all_it_concerns(cases: list[Case]) -> None:
    log = ocel_of(cases)
    types = {one["id"]: one["type"] for one in log["objects"]}
    always = {"participation", "school", "programme", "roadmap", "definition", "actor"}

    for event in log["events"]:
        assert always <= {types[link["objectId"]] for link in event["relationships"]}


def test_a_participation_tells_its_states_with_their_times(
    led: Lifecycle, cases: list[Case]
) -> None:
    log = ocel_of(cases)
    (one,) = (one for one in log["objects"] if one["id"] == "participation/in.completed")
    moved = [record for record in led.history("in.completed") if record.source != record.target]

    assert [each["value"] for each in one["attributes"]] == [each.target for each in moved]
    assert {each["name"] for each in one["attributes"]} == {"state"}


def test_evidence_is_an_object_by_its_content(office: Office) -> None:
    file = Evidence("order", form="file", sha256=DIGEST, size=7, media_type="application/pdf")
    (case,) = cases_of(office.engine, which="all")
    first = case.events[0]
    acts = tuple(
        replace(first, record_id=f"r{number}", evidence=(file, file, link))
        for number, link in enumerate([Evidence("order", form="link", url="https://x/secret")] * 2)
    )
    log = ocel_of([replace(case, events=acts)])
    evidence = {one["id"]: one for one in log["objects"] if one["type"] == "evidence"}

    assert ocel_faults(log) == []
    assert evidence.keys() == {f"evidence/{DIGEST}", "evidence/r0/3", "evidence/r1/3"}
    assert [one["value"] for one in evidence[f"evidence/{DIGEST}"]["attributes"]] == ["file", 7]
    assert "secret" not in json.dumps(log)


def test_the_database_holds_just_what_the_document_holds(
    cases: list[Case], database: sqlite3.Connection
) -> None:
    log = ocel_of(cases)
    objects = {(one["ocel_id"], one["ocel_type"]) for one in rows(database, "object")}
    events = {(one["ocel_id"], one["ocel_type"]) for one in rows(database, "event")}
    names = {one["ocel_type"]: one["ocel_type_map"] for one in rows(database, "event_map_type")}

    assert objects == {(one["id"], one["type"]) for one in log["objects"]}
    assert events == {(one["id"], one["type"]) for one in log["events"]}
    for table, members, kind in (
        ("event_object", ("ocel_event_id", "ocel_object_id"), "events"),
        ("object_object", ("ocel_source_id", "ocel_target_id"), "objects"),
    ):
        assert {
            (one[members[0]], one[members[1]], one["ocel_qualifier"])
            for one in rows(database, table)
        } == {
            (one["id"], link["objectId"], link["qualifier"])
            for one in log[kind]
            for link in one["relationships"]
        }
    stored = {
        row["ocel_id"]: row for name in names.values() for row in rows(database, f"event_{name}")
    }
    for event in log["events"]:
        row = stored.pop(event["id"])
        assert (row.pop("ocel_id"), row.pop("ocel_time")) == (event["id"], event["time"])
        assert {name: value for name, value in row.items() if value is not None} == {
            one["name"]: one["value"] for one in event["attributes"]
        }
    assert stored == {}


def test_the_database_tells_every_attribute_of_every_object(
    cases: list[Case], database: sqlite3.Connection
) -> None:
    told = set()
    for (name,) in database.execute("SELECT ocel_type_map FROM object_map_type").fetchall():
        for row in rows(database, f"object_{name}"):
            about = (row.pop("ocel_id"), row.pop("ocel_time"))
            row.pop("ocel_changed_field")
            told |= {(*about, key, value) for key, value in row.items() if value is not None}

    assert told == {
        (one["id"], each["time"], each["name"], each["value"])
        for one in ocel_of(cases)["objects"]
        for each in one["attributes"]
    }


def test_every_reference_in_the_database_leads_somewhere(database: sqlite3.Connection) -> None:
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("name", ["object", "map_type", "select"])
def test_a_transition_may_have_the_name_of_a_table(
    cases: list[Case], tmp_path: Path, name: str
) -> None:
    case = replace(cases[0], events=(replace(cases[0].events[0], transition=name),))

    with closing(written([case], tmp_path)) as database:
        assert [one["ocel_type"] for one in rows(database, "event")] == [name]
        ((mapped,),) = database.execute("SELECT ocel_type_map FROM event_map_type")
        assert len(rows(database, f"event_{mapped}")) == 1


@pytest.mark.parametrize("name", ['x" (a); DROP TABLE event; --', "Submit", "", "a b"])
def test_a_transition_that_no_programme_can_declare_is_refused(
    cases: list[Case], tmp_path: Path, name: str
) -> None:
    events = (cases[0].events[0], replace(cases[0].events[0], transition=name or "\n"))
    case = replace(cases[0], events=events)

    for write in (lambda: written([case], tmp_path), lambda: ocel_of([case])):
        with pytest.raises(NotExportable, match="ocel:type"):
            write()


@given(record=strategies.records, record_id=st.uuids().map(str), school=strategies.words)
def test_any_id_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, record: Record, record_id: str, school: str
) -> None:
    record = replace(record, record_id=record_id)
    case = Case(school, "map", DefinitionRef("a/b", "1/1", "0" * 64), (record,), True)
    log = ocel_of([case])

    assert ocel_faults(log) == []
    assert f"school/{school}" in {one["id"] for one in log["objects"]}
    with closing(written([case], tmp_path_factory.mktemp("any"))) as database:
        assert {one["ocel_id"] for one in rows(database, "object")} == {
            one["id"] for one in log["objects"]
        }


def test_what_cannot_be_written_is_told_as_a_file_is(cases: list[Case], tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unable to open"):
        write_ocel_sqlite(cases, tmp_path / "missing" / "log.sqlite")
