"""Every edit of what stands beside the records is found, with its code and its place."""

from pathlib import Path

import pytest

from lifecycle.audit.findings import TEMPLATES, Finding
from lifecycle.storage import tables
from tests.audit.breaking_in import MAP, SCHOOL, STREAM, BreakIn, told, verified

FIFTH = f"{STREAM}#5"
OURS = {"standings": f"school = '{SCHOOL}'", "streams": f"stream = '{STREAM}'"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("version", 3), ("hash", "0" * 64), ("recorded_at", "2022-03-01T00:00:00.000000Z")],
)
def test_an_edited_head_is_found(folder: Path, column: str, value: object) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_streams SET {column} = ? WHERE stream = ?", value, STREAM)  # noqa: S608 - a column's name

    assert told(folder) == [("head_differs", STREAM, column)]


def test_a_finding_tells_what_it_should_be_and_what_it_is(folder: Path) -> None:
    with BreakIn(folder) as visit:
        ((version,),) = visit.run("SELECT version FROM lifecycle_streams WHERE stream = ?", STREAM)
        visit.run(
            "UPDATE lifecycle_streams SET version = 3, recorded_at = ? WHERE stream = ?",
            *("2022-03-01T00:00:00.000000Z", STREAM),
        )

    number, moment = verified(folder).findings

    assert (number.expected, number.found) == (version, 3)
    assert moment.found == "2022-03-01 00:00:00+00:00"
    assert str(number.message) == f"the stream's head says version 3, its records say {version}"


def test_a_lost_head_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_streams WHERE stream = ?", STREAM)

    assert told(folder) == [("head_differs", STREAM, "version")]


@pytest.mark.parametrize("version", [0, 7])
def test_a_head_without_records_is_found(folder: Path, version: int) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "INSERT INTO lifecycle_streams"
            " SELECT 'participation/ghost', ?, hash, recorded_at FROM lifecycle_streams"
            " WHERE stream = ?",
            *(version, STREAM),
        )

    assert told(folder) == [("stream_empty", "participation/ghost", "version")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("roadmap", "belgorod-2021"),
        ("title", "Лицей"),
        ("definition", "0" * 64),
        ("state", "completed"),
        ("version", 2),
        ("entered_at", "2022-03-01T00:00:00.000000Z"),
        ("entered_on", "2022-01-01"),
        ("due_on", None),
        ("final", 1),
    ],
)
def test_a_forged_standing_is_found(folder: Path, column: str, value: object) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_standings SET {column} = ? WHERE school = ?", value, SCHOOL)  # noqa: S608 - a column's name

    assert told(folder) == [("standing_differs", STREAM, column)]


def test_the_test_above_names_every_column_of_the_board() -> None:
    (mark,) = test_a_forged_standing_is_found.pytestmark  # type: ignore[attr-defined] # set by pytest
    tried = {column for column, _ in mark.args[1]}

    assert {one.name for one in tables.standings.columns} == tried | {"school"}


def test_an_invented_standing_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_standings SET school = 'ghost' WHERE school = ?", SCHOOL)

    assert told(folder) == [
        ("standing_missing", STREAM, None),
        ("standing_invented", "participation/ghost", None),
    ]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE lifecycle_assignments SET role = 'regional_coordinator' WHERE stream = :map", MAP),
        ("UPDATE lifecycle_assignments SET actor = 'former' WHERE stream = :school", STREAM),
        (
            "UPDATE lifecycle_assignments SET sequence = 9 WHERE stream = 'installation'",
            "installation",
        ),
        (
            "UPDATE lifecycle_assignments SET record_id = 'x' WHERE stream = 'installation'",
            "installation",
        ),
        ("DELETE FROM lifecycle_assignments WHERE stream = :school AND role = 'curator'", STREAM),
        ("INSERT INTO lifecycle_assignments VALUES ('x', :map, 99, 'former', 'expert')", MAP),
        (
            "INSERT INTO lifecycle_assignments VALUES ('x', 'roadmap/y', 1, 'former', 'expert')",
            "roadmap/y",
        ),
    ],
)
def test_a_role_given_or_taken_in_the_projection_only_is_found(
    folder: Path, statement: str, place: str
) -> None:
    with BreakIn(folder) as visit:
        visit.run(statement.replace(":map", f"'{MAP}'").replace(":school", f"'{STREAM}'"))

    assert told(folder) == [("roles_differ", place, "roles")]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM lifecycle_actors WHERE actor = 'former'",
        "UPDATE lifecycle_actors SET actor = 'ghost' WHERE actor = 'former'",
        "INSERT INTO lifecycle_actors VALUES ('ghost', 3)",
    ],
)
def test_an_actor_removed_or_invented_is_found(folder: Path, statement: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(statement)

    assert told(folder) == [("actors_differ", "installation", "actors")]


@pytest.mark.parametrize(
    ("table", "column", "found"),
    [
        ("standings", "entered_at", ("standing_differs", STREAM, "entered_at")),
        ("standings", "entered_on", ("standing_differs", STREAM, "entered_on")),
        ("streams", "recorded_at", ("head_differs", STREAM, "recorded_at")),
    ],
)
def test_a_projection_that_cannot_be_read_hides_nothing_else(
    folder: Path, table: str, column: str, found: tuple[str, str, str]
) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_{table} SET {column} = 'soon' WHERE {OURS[table]}")  # noqa: S608 - our names
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = 5", STREAM
        )

    assert sorted(told(folder)) == sorted([("column_differs", FIFTH, "role"), found])


# -- definitions, evidence, schema ----------------------------------------------------------------


def test_a_lost_definition_is_found_at_every_record_that_names_it(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_definitions")
        named = visit.run("SELECT count(*) FROM lifecycle_records WHERE definition IS NOT NULL")

    codes = [code for code, _, _ in told(folder)]

    assert codes.count("definition_missing") == named[0][0]


def evidence_file(folder: Path) -> Path:
    (file,) = (one for one in (folder / "evidence" / "sha256").rglob("*") if one.is_file())
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("folder_instead", [True, False])
def test_a_lost_evidence_file_is_found(folder: Path, folder_instead: bool) -> None:
    file = evidence_file(folder)
    file.unlink()
    if folder_instead:
        file.mkdir()

    (found,) = verified(folder).findings

    assert (found.code, found.stream) == ("evidence_missing", STREAM)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER lifecycle_records_no_update",
        "CREATE TRIGGER quiet BEFORE INSERT ON lifecycle_refusals BEGIN SELECT RAISE(IGNORE); END",
        "CREATE INDEX mine ON lifecycle_records (actor)",
    ],
)
def test_what_was_done_to_the_schema_is_found(folder: Path, statement: str) -> None:
    visit = BreakIn(folder)
    with visit:
        visit.triggers.append(("", statement))

    assert told(folder) == [("schema_differs", "database", None)]


def test_every_finding_has_words() -> None:
    for code in TEMPLATES:
        finding = Finding(code, "installation", 1, "hash", "a", "b")
        assert "{" not in str(finding.message)
        assert finding.place == "installation#1"
