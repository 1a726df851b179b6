"""Any change of a single byte of what is stored is found, and found where it is."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, verify
from lifecycle.storage.sqlite import WAL
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import BreakIn, reopened

WRITE_RECORD = "UPDATE lifecycle_records SET body = ? WHERE stream = ? AND sequence = ?"


@pytest.fixture(scope="module")
def shared(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the database that every example changes and puts back as it was."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("bytes") / "copy"))
    with closing(sqlite3.connect(folder / "lifecycle.db")) as database:
        database.execute("PRAGMA journal_mode = wal")
    return folder


@pytest.fixture(scope="module")
def engine(shared: Path, catalogue: Catalogue) -> Iterator[Lifecycle]:
    with reopened(shared, catalogue, durability=WAL) as engine:
        yield engine


def changed(body: bytes, data: st.DataObject) -> bytes:
    place = data.draw(st.integers(0, len(body) - 1), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != body[place]), label="byte")
    return body[:place] + bytes([byte]) + body[place + 1 :]


@given(data=st.data())
def test_a_changed_byte_of_a_record_is_found_at_that_record(
    shared: Path, engine: Lifecycle, data: st.DataObject
) -> None:
    with BreakIn(shared) as visit:
        rows = visit.run("SELECT stream, sequence, body FROM lifecycle_records ORDER BY 1, 2")
        stream, sequence, body = data.draw(st.sampled_from(rows), label="record")
        visit.run(WRITE_RECORD, changed(body, data), stream, sequence)

    report = verify(engine)

    with BreakIn(shared) as visit:
        visit.run(WRITE_RECORD, body, stream, sequence)
    found = [(one.code, one.stream, one.sequence) for one in report.findings]
    assert ("body_altered", stream, sequence) in found
    assert [code for code, *_ in found].count("body_altered") == 1


@given(data=st.data())
def test_a_changed_byte_of_a_definition_is_found(
    shared: Path, engine: Lifecycle, data: st.DataObject
) -> None:
    with BreakIn(shared) as visit:
        ((body,),) = visit.run("SELECT body FROM lifecycle_definitions")
        visit.run("UPDATE lifecycle_definitions SET body = ?", changed(body, data))

    report = verify(engine)

    with BreakIn(shared) as visit:
        visit.run("UPDATE lifecycle_definitions SET body = ?", body)
    assert "definition_altered" in [one.code for one in report.findings]


@given(data=st.data())
def test_a_changed_byte_of_an_evidence_file_is_found(
    shared: Path, engine: Lifecycle, data: st.DataObject
) -> None:
    (file,) = (one for one in (shared / "evidence" / "sha256").rglob("*") if one.is_file())
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(changed(content, data))

    report = verify(engine)

    file.write_bytes(content)
    assert [one.code for one in report.findings] == ["evidence_altered"]
