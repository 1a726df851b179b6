"""export: the history as tables, whole or not at all, and without the extra one clear message."""

from __future__ import annotations

import sys

import duckdb
import pytest

from tests.cli.terminal import Terminal


def test_a_database_and_parquet_files_hold_as_many_records_as_the_history(
    archive: Terminal,
) -> None:
    history = len(archive.ask("history", "krasnogorsk")["records"])
    written = archive.ask("export", "duckdb", "--out", "h.duckdb", "--on", "2022-03-01")
    files = archive.ask("export", "parquet", "--out", "tables", "--on", "2022-03-01")

    school = "WHERE school = 'krasnogorsk'"
    with duckdb.connect(str(archive.folder / "h.duckdb"), read_only=True) as database:
        (inside,) = database.execute(f"SELECT count(*) FROM records {school}").fetchall()  # noqa: S608
    file = archive.folder / "tables" / "records.parquet"
    with duckdb.connect() as database:
        (beside,) = database.execute(f"SELECT count(*) FROM '{file}' {school}").fetchall()  # noqa: S608

    assert inside == beside == (history,)
    assert written["rows"] == files["rows"]
    assert (written["format"], written["file"], written["on"]) == (
        "duckdb",
        "h.duckdb",
        "2022-03-01",
    )


def test_nothing_but_what_was_asked_for_is_left(archive: Terminal) -> None:
    before = {path.name for path in archive.folder.iterdir()}
    said = archive.run("export", "duckdb", "--out", "h.duckdb")
    (archive.folder / "empty").mkdir()
    archive.ask("export", "parquet", "--out", "empty")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("h.duckdb is written, records: ")
    assert {path.name for path in archive.folder.iterdir()} - before == {"h.duckdb", "empty"}
    assert {path.suffix for path in (archive.folder / "empty").iterdir()} == {".parquet"}


def test_nothing_is_written_over_unasked(archive: Terminal) -> None:
    archive.ask("export", "duckdb", "--out", "h.duckdb")
    (archive.folder / "full").mkdir()
    (archive.folder / "full" / "note").write_text("mine", "utf-8")
    (archive.folder / "file").write_text("mine", "utf-8")

    assert archive.run("export", "duckdb", "--out", "h.duckdb", "--json").error["code"] == "LC400"
    assert archive.run("export", "parquet", "--out", "full", "--json").error["code"] == "LC404"
    assert archive.run("export", "parquet", "--out", "file", "--json").error["code"] == "LC404"
    archive.ask("export", "duckdb", "--out", "h.duckdb", "--force")


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_where_it_cannot_be_written_nothing_is_left(archive: Terminal, form: str) -> None:
    before = {path.name for path in archive.folder.iterdir()}
    said = archive.run("export", form, "--out", "nowhere/h", "--json")

    assert (said.code, said.error["code"]) == (5, "LC300")
    assert {path.name for path in archive.folder.iterdir()} == before


def test_without_a_database_nothing_is_left(terminal: Terminal) -> None:
    for form in ("duckdb", "parquet"):
        said = terminal.run("export", form, "--out", "h", "--json")
        assert (said.code, said.error["code"]) == (8, "LC501")
    assert list(terminal.folder.iterdir()) == []


def test_without_the_extra_it_is_told_how_to_install_it(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)  # nothing can be imported by that name
    done = archive.run("export", "duckdb", "--out", "h.duckdb")

    assert done.code == 5
    assert done.err.startswith("error LC351: writing duckdb needs the extra analysis")
    assert "pip install 'school-lifecycle[analysis]'" in done.err
    assert not (archive.folder / "h.duckdb").exists()
