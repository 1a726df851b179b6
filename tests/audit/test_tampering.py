"""Every edit of what is stored is found, with its code and its place."""

from pathlib import Path

import pytest

from lifecycle.audit.findings import TEMPLATES, Finding
from lifecycle.storage import tables
from tests.audit.breaking_in import MAP, SCHOOL, STREAM, BreakIn, told, verified

INDEX = [one.name for one in tables.records.columns if one.name not in ("hash", "body")]
VALUES = {"sequence": 99, "stream": "participation/elsewhere"}
FIFTH = f"{STREAM}#5"
OURS = {"standings": f"school = '{SCHOOL}'", "streams": f"stream = '{STREAM}'"}


def test_a_sound_history_has_no_findings(folder: Path) -> None:
    report = verified(folder)

    assert report.ok
    assert report.findings == ()
    with BreakIn(folder) as visit:
        ((records, streams),) = visit.run("SELECT count(*), count(DISTINCT stream) FROM records")
    assert (report.records, report.streams) == (records, streams)


def test_a_visit_that_changes_nothing_leaves_no_trace(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("SELECT 1")

    assert told(folder) == []


# -- rows of the history --------------------------------------------------------------------------


@pytest.mark.parametrize("column", [one for one in INDEX if one not in VALUES])
def test_an_edited_column_is_found(folder: Path, column: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            f"UPDATE records SET {column} = 'x' WHERE stream = ? AND sequence = 5",  # noqa: S608 - a column's name
            STREAM,
        )

    assert told(folder) == [("column_differs", FIFTH, column)]


def test_an_edited_hash_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE records SET hash = 'x' WHERE stream = ? AND sequence = 5", STREAM)

    assert told(folder) == [("body_altered", FIFTH, "hash")]


def test_an_edited_body_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE records SET body = CAST(replace(body, 'host:test', 'host:tests') AS BLOB)"
            " WHERE stream = ? AND sequence = 5",
            STREAM,
        )

    assert told(folder) == [
        ("body_altered", FIFTH, "hash"),
        ("chain_broken", f"{STREAM}#6", "previous"),
    ]


def test_an_edited_body_with_a_hash_that_fits_breaks_the_chain(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        followers = visit.run(
            "SELECT stream, sequence, hash, previous, body FROM records"
            " WHERE stream = ? AND sequence > 5",
            STREAM,
        )
        bodies[4]["actor"]["authentication"] = "host:other"
        visit.rewrite(STREAM, bodies)
        for stream, sequence, digest, previous, body in followers:
            visit.run(
                "UPDATE records SET hash = ?, previous = ?, body = ?"
                " WHERE stream = ? AND sequence = ?",
                *(digest, previous, body, stream, sequence),
            )
        visit.run("UPDATE streams SET hash = ? WHERE stream = ?", followers[-1][2], STREAM)

    assert told(folder) == [("chain_broken", f"{STREAM}#6", "previous")]


def test_an_edited_last_record_with_a_hash_that_fits_is_not_where_the_head_stands(
    folder: Path,
) -> None:
    with BreakIn(folder) as visit:
        ((head,),) = visit.run("SELECT hash FROM streams WHERE stream = ?", STREAM)
        bodies = visit.bodies(STREAM)
        bodies[-1]["actor"]["authentication"] = "host:other"
        visit.rewrite(STREAM, bodies)
        visit.run("UPDATE streams SET hash = ? WHERE stream = ?", head, STREAM)

    assert told(folder) == [("head_differs", STREAM, "hash")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"x" * 70_000, b'{"format":1}'])
def test_a_body_that_is_none_is_one_finding_and_hides_nothing_behind_it(
    folder: Path, body: bytes
) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE records SET body = ? WHERE stream = ? AND sequence = 5", body, STREAM)
        visit.run("UPDATE records SET role = 'x' WHERE stream = ? AND sequence = 6", STREAM)

    found = told(folder)

    assert found[:2] == [("body_altered", FIFTH, "hash"), ("body_invalid", FIFTH, "body")]
    assert ("column_differs", f"{STREAM}#6", "role") in found
    assert all(code != "chain_broken" for code, _, _ in found)


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_a_deleted_inner_record_is_found(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM records WHERE stream = ? AND sequence = 4", stream)

    found = told(folder)

    assert ("sequence_gap", f"{stream}#5", None) in found
    assert ("chain_broken", f"{stream}#5", "previous") in found


@pytest.mark.parametrize("stream", ["installation", MAP, STREAM])
def test_a_deleted_last_record_is_not_where_the_head_stands(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "DELETE FROM records WHERE stream = ?1 AND sequence ="
            " (SELECT max(sequence) FROM records WHERE stream = ?1)",
            stream,
        )

    found = told(folder)

    assert {("head_differs", stream, name) for name in ("version", "hash", "recorded_at")} <= set(
        found
    )


def test_swapped_rows_are_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for before, after in ((5, 1005), (6, 5), (1005, 6)):
            visit.run(
                "UPDATE records SET sequence = ? WHERE stream = ? AND sequence = ?",
                *(after, STREAM, before),
            )

    found = told(folder)

    for place in (5, 6):
        assert ("column_differs", f"{STREAM}#{place}", "sequence") in found
        assert ("chain_broken", f"{STREAM}#{place}", "previous") in found


def test_a_record_moved_to_another_stream_is_found_in_both(folder: Path) -> None:
    with BreakIn(folder) as visit:
        ((last,),) = visit.run("SELECT version FROM streams WHERE stream = ?", STREAM)
        visit.run(
            "UPDATE records SET stream = 'participation/ilyinskoye', sequence = 99"
            " WHERE stream = ? AND sequence = ?",
            *(STREAM, last),
        )

    found = told(folder)

    assert ("head_differs", STREAM, "version") in found
    assert ("sequence_gap", "participation/ilyinskoye#99", None) in found
    assert ("column_differs", "participation/ilyinskoye#99", "stream") in found
    assert ("chain_broken", "participation/ilyinskoye#99", "previous") in found


def test_a_stream_renamed_as_a_whole_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "streams"):
            visit.run(f"UPDATE {table} SET stream = 'schools/x' WHERE stream = ?", STREAM)  # noqa: S608 - a table's name

    found = told(folder)

    assert ("column_differs", "schools/x#1", "stream") in found
    assert ("chain_broken", "schools/x#1", "previous") in found


def test_a_history_of_another_installation_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE installation SET origin = 'origin-2'")

    found = told(folder)

    assert ("foreign_record", "installation#1", "origin") in found
    assert ("chain_broken", f"{STREAM}#1", "previous") in found


# -- heads, board, roles, actors ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [("version", 3), ("hash", "0" * 64), ("recorded_at", "2022-03-01T00:00:00.000000Z")],
)
def test_an_edited_head_is_found(folder: Path, column: str, value: object) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE streams SET {column} = ? WHERE stream = ?", value, STREAM)  # noqa: S608 - a column's name

    assert told(folder) == [("head_differs", STREAM, column)]


def test_a_lost_head_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM streams WHERE stream = ?", STREAM)

    assert told(folder) == [("head_differs", STREAM, "version")]


@pytest.mark.parametrize("version", [0, 7])
def test_a_head_without_records_is_found(folder: Path, version: int) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "INSERT INTO streams SELECT 'participation/ghost', ?, hash, recorded_at FROM streams"
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
        visit.run(f"UPDATE standings SET {column} = ? WHERE school = ?", value, SCHOOL)  # noqa: S608 - a column's name

    assert told(folder) == [("standing_differs", STREAM, column)]


def test_the_test_above_names_every_column_of_the_board() -> None:
    (mark,) = test_a_forged_standing_is_found.pytestmark  # type: ignore[attr-defined] # set by pytest
    tried = {column for column, _ in mark.args[1]}

    assert {one.name for one in tables.standings.columns} == tried | {"school"}


def test_an_invented_standing_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE standings SET school = 'ghost' WHERE school = ?", SCHOOL)

    assert told(folder) == [
        ("standing_missing", STREAM, None),
        ("standing_invented", "participation/ghost", None),
    ]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE assignments SET role = 'regional_coordinator' WHERE stream = :map", MAP),
        ("UPDATE assignments SET actor = 'former' WHERE stream = :school", STREAM),
        ("UPDATE assignments SET sequence = 9 WHERE stream = 'installation'", "installation"),
        ("UPDATE assignments SET record_id = 'x' WHERE stream = 'installation'", "installation"),
        ("DELETE FROM assignments WHERE stream = :school AND role = 'curator'", STREAM),
        ("INSERT INTO assignments VALUES ('x', :map, 99, 'former', 'expert')", MAP),
        ("INSERT INTO assignments VALUES ('x', 'roadmap/y', 1, 'former', 'expert')", "roadmap/y"),
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
        "DELETE FROM actors WHERE actor = 'former'",
        "UPDATE actors SET actor = 'ghost' WHERE actor = 'former'",
        "INSERT INTO actors VALUES ('ghost', 3)",
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
        visit.run(f"UPDATE {table} SET {column} = 'soon' WHERE {OURS[table]}")  # noqa: S608 - our names
        visit.run("UPDATE records SET role = 'x' WHERE stream = ? AND sequence = 5", STREAM)

    assert sorted(told(folder)) == sorted([("column_differs", FIFTH, "role"), found])


# -- definitions, evidence, schema ----------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "CAST(replace(body, 'not_holding', 'not-holding') AS BLOB)",
        "CAST(replace(body, '\"curator\"', '\"auditor\"') AS BLOB)",
        "X'5B5D'",
        "X'FF'",
    ],
)
def test_an_altered_definition_is_found_and_no_longer_decides(folder: Path, change: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE definitions SET body = {change}")  # noqa: S608 - an expression of the test

    found = told(folder)

    assert found[0] == ("definition_altered", "database", "body")
    assert ("definition_missing", FIFTH, "definition") in found
    assert not any(code.startswith("standing") for code, _, _ in found)


def test_a_lost_definition_is_found_at_every_record_that_names_it(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM definitions")
        named = visit.run("SELECT count(*) FROM records WHERE definition IS NOT NULL")

    codes = [code for code, _, _ in told(folder)]

    assert codes.count("definition_missing") == named[0][0]


def evidence_file(folder: Path) -> Path:
    (file,) = (one for one in (folder / "evidence" / "sha256").rglob("*") if one.is_file())
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("content", ["Анкетирование не завершено.", "", "Анкетирование завершено!"])
def test_an_altered_evidence_file_is_found(folder: Path, content: str) -> None:
    evidence_file(folder).write_text(content, "utf-8")

    (found,) = verified(folder).findings

    assert (found.code, found.field) == ("evidence_altered", "questionnaire_completion")
    assert found.stream == STREAM


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
        "DROP TRIGGER records_no_update",
        "CREATE TRIGGER quiet BEFORE INSERT ON refusals BEGIN SELECT RAISE(IGNORE); END",
        "CREATE INDEX mine ON records (actor)",
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
