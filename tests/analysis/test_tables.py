"""The tables of an export for analysis, read back by DuckDB itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lifecycle import EvidenceFile, Lifecycle
from lifecycle.analysis import FORM, TABLES, fill
from lifecycle.analysis.duck import DuckTables
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import INSTALLATION, participation_stream, roadmap_stream
from lifecycle.domain.record import Record, moment_text
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, Office, memory_engine

SECRETS = ("Иванова Анна Петровна", "anna.ivanova", "tel. 8 914 000", "МБОУ СОШ № 1 им. Петрова")
DAY = date(2022, 3, 20)


@dataclass
class Export:
    """What was written, and of what."""

    engine: Lifecycle
    rows: dict[str, int]
    folder: Path
    database: duckdb.DuckDBPyConnection

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        return self.database.execute(question).fetchall()

    def records(self) -> list[Record]:
        with self.engine.context.journal.reading() as view:
            return list(view.each())


@pytest.fixture(scope="module")
def export(
    catalogue: Catalogue, definition: Definition, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Export]:
    """Schools of Tomari in every state, with everything in them that must not get out."""
    folder = tmp_path_factory.mktemp("export")
    person, note = SECRETS[1], folder / f"{SECRETS[0]}.txt"
    note.write_text("seen", "utf-8")
    with memory_engine(catalogue) as engine:
        engine.add_actor(person, actor=ADMIN, name=SECRETS[0])
        office = Office(engine, definition).opened()
        engine.enrol("secret", roadmap=definition.roadmap.id, title=SECRETS[3], actor=ADMIN)
        engine.assign(person, "municipal_coordinator", roadmap=definition.roadmap.id, actor=ADMIN)
        for state in ("selected", "curator_visit", "withdrawn", "completed"):
            office.enrol(f"in.{state}")
            office.lead(f"in.{state}", state)
        engine.plans.act(
            definition.roadmap.id,
            "1.2",
            "done",
            actor=office.people["municipal_coordinator", None],
            evidence=[EvidenceFile("activity_result", note)],
            comment=SECRETS[2],
        )
        path = folder / "h.duckdb"
        with DuckTables(path) as tables, engine.context.journal.reading() as view:
            rows = fill(
                engine.context, view, tables, on=DAY, release="1.2", progress=lambda done: None
            )
            tables.write_parquet(folder)
        with duckdb.connect(str(path), read_only=True) as database:
            database.execute("SET TimeZone = 'UTC'")
            yield Export(engine, rows, folder, database)


def test_every_record_stands_in_the_tables_and_in_its_place(export: Export) -> None:
    records = export.records()
    found = export.ask(
        "SELECT stream, sequence, hash, kind, transition, strftime(recorded_at,"
        " '%Y-%m-%dT%H:%M:%S.%fZ'), effective_on, pieces FROM records ORDER BY stream, sequence"
    )

    assert found == [
        (
            one.stream,
            one.sequence,
            one.hash,
            one.kind,
            one.transition,
            moment_text(one.recorded_at),
            one.effective_on,
            len(one.evidence),
        )
        for one in records
    ]
    assert export.ask("SELECT count(*), sum(pieces) FROM records") == [
        (len(records), export.ask("SELECT count(*) FROM evidence")[0][0])
    ]
    assert export.rows["records"] == len(records) > 40


def test_records_name_the_road_map_of_their_school(export: Export, definition: Definition) -> None:
    found = export.ask(
        "SELECT DISTINCT split_part(stream, '/', 1), roadmap FROM records ORDER BY 1"
    )

    of = definition.roadmap.id
    assert found == [(INSTALLATION, None), ("participation", of), ("roadmap", of)]
    assert export.ask("SELECT school FROM records WHERE school <> split_part(stream, '/', 2)") == []


def test_participations_are_the_board(export: Export) -> None:
    board = [one.standing for one in export.engine.status()]
    found = export.ask(
        "SELECT school, roadmap, definition, state, version, due_on, final FROM participations"
    )

    assert found == [
        (one.school, one.roadmap, one.definition, one.state, one.version, one.due_on, one.final)
        for one in board
    ]


def test_plan_and_indicators_are_those_of_the_day(export: Export, definition: Definition) -> None:
    plan = export.engine.plans.view(definition.roadmap.id, on=DAY)
    activities = export.ask("SELECT activity, occurrence, state, missing, on_day FROM activities")
    indicators = export.ask("SELECT indicator, numerator, denominator, value, met FROM indicators")

    assert activities == [
        (one.activity.key, one.occurrence.name, one.state, len(one.missing), DAY)
        for one in plan.activities
    ]
    assert indicators == [
        (
            one.indicator.key,
            one.numerator,
            one.denominator,
            None if one.value is None else float(one.value),
            one.met,
        )
        for one in plan.indicators
    ]
    assert {one[2] for one in activities} > {"done", "planned"}


def test_facts_can_be_asked_into(export: Export) -> None:
    stated = sum(len(one.facts or {}) for one in export.records() if one.transition is not None)

    assert export.ask("SELECT count(*) FROM facts") == [(stated,)]
    (kind,) = export.ask("SELECT DISTINCT json_type(value) FROM facts WHERE fact = 'risks'")
    assert kind == ("ARRAY",)


def test_parquet_files_hold_what_the_database_holds(export: Export) -> None:
    assert sorted(path.stem for path in export.folder.glob("*.parquet")) == sorted(
        table.name for table in TABLES
    )
    for table in TABLES:
        file = export.folder / f"{table.name}.parquet"
        same = export.ask(f"SELECT * FROM {table.name} EXCEPT ALL SELECT * FROM '{file}'")  # noqa: S608
        counts = export.ask(f"SELECT count(*) FROM '{file}'")  # noqa: S608

        assert same == []
        assert counts == [(export.rows.get(table.name, 0),)]
        assert counts != [(0,)]


def test_the_database_says_what_its_columns_mean(export: Export) -> None:
    found = export.ask(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        " AND schema_name = 'main'"
    )

    assert set(found) == {
        (table.name, one.name, one.comment) for table in TABLES for one in table.columns
    }
    origin = export.records()[0].origin
    assert export.ask("SELECT form, origin, release FROM about") == [(FORM, origin, "1.2")]


def test_nothing_personal_is_in_any_table(export: Export) -> None:
    persons = {record.actor.id for record in export.records()} | {*SECRETS}
    values = {
        str(value)
        for table in TABLES
        for row in export.ask(f"SELECT * FROM {table.name}")  # noqa: S608
        for value in row
    }

    assert len(persons) > 5
    for person in persons:
        asked = re.compile(rf"(?<![\w.]){re.escape(person)}(?![\w.])")
        assert not [value for value in values if asked.search(value)]


def test_the_office_stands_in_the_history_that_hides_it(export: Export) -> None:
    """What the test above looks for is there to be found."""
    with export.engine.context.journal.reading() as view:
        streams = (INSTALLATION, roadmap_stream("tomari-2022"), participation_stream("secret"))
        bodies = "".join(record.body.decode() for one in streams for record in view.each(one))

    assert SECRETS[1] in bodies
    assert SECRETS[3] in bodies


def test_a_database_that_cannot_be_written_is_told_as_the_system_would(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        DuckTables(tmp_path / "nowhere" / "h.duckdb")
