"""What lies beside one record: each case by its finding, and by what is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lifecycle.audit.files import Files
from lifecycle.audit.findings import Finding
from lifecycle.audit.personal import Beside, Tally
from lifecycle.domain.commitment import Opening, commit
from lifecycle.domain.erasable import FileKey, Secret
from lifecycle.domain.erasure import Erasures
from lifecycle.domain.model import INSTALLATION, Evidence
from lifecycle.domain.record import Record, empty_head
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.storage.samples import ORIGIN, START, STREAM, append, record_after

COMMENT = commit("comment", "Проверено", bytes(32))
OTHER = commit("comment", "Переписано", bytes(32))
PLACE = f"{STREAM}#1"


def erasure(*records: str, actor: str = "ghost") -> Record:
    facts = {"actor": actor, "ground": "consent_withdrawn", "act": "7", "records": list(records)}
    head = replace(empty_head(ORIGIN, INSTALLATION), version=8)
    return record_after(head, "person_erased", facts=facts, recorded_at=START + timedelta(days=1))


ERASED = erasure(PLACE)


def told(
    record: Record,
    openings: Iterable[Opening] = (),
    keys: Iterable[FileKey] = (),
    erasures: Iterable[Record] = (),
    store: MemoryEvidence | None = None,
) -> tuple[list[Finding], tuple[int, int, int]]:
    """What is found beside a record for which these are kept, and what is counted."""
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        tx.erasable.keep(record, openings, keys)
    with journal.auditing() as view:
        run = Beside(view, Files(store or MemoryEvidence()), Erasures(erasures))
        stream = run.stream(STREAM)
        found = [*stream.take(record), *stream.close()]
    return found, (run.tally.opened, run.tally.erased, run.tally.missing)


@pytest.fixture
def record() -> Record:
    return record_after(empty_head(ORIGIN, STREAM), comment=COMMENT.commitment)


def test_a_comment_is_opened_erased_or_missing(record: Record) -> None:
    place = (STREAM, 1, "comment")

    assert told(record, [COMMENT]) == ([], (1, 0, 0))
    assert told(record, erasures=[ERASED]) == ([], (0, 1, 0))
    assert told(record) == (
        [Finding("opening_missing", *place, COMMENT.commitment)], (0, 0, 1),
    )  # fmt: skip
    assert told(replace(record, comment=None)) == ([], (0, 0, 0))


def test_what_is_kept_must_be_what_was_committed_to(record: Record) -> None:
    for wrong in (
        replace(COMMENT, value="Переписано"),
        replace(COMMENT, salt=bytes(31) + b"\1"),
        replace(COMMENT, purpose="evidence.name"),
        replace(commit("evidence.name", "x", bytes(32)), commitment=COMMENT.commitment),
    ):
        assert told(record, [wrong]) == (
            [Finding("opening_differs", STREAM, 1, "comment", COMMENT.commitment)], (0, 0, 1),
        )  # fmt: skip


def test_another_purpose_does_not_open_even_if_it_fits() -> None:
    name = commit("evidence.name", "Проверено", bytes(32))
    record = record_after(empty_head(ORIGIN, STREAM), comment=name.commitment)

    assert [one.code for one in told(record, [name])[0]] == ["opening_differs"]


def test_what_was_erased_must_be_gone(record: Record) -> None:
    found, counts = told(record, [COMMENT], erasures=[ERASED])

    assert found == [
        Finding("erasure_incomplete", STREAM, 1, "comment", f"{INSTALLATION}#9", "opening")
    ]
    assert counts == (1, 0, 0)
    wrong = replace(COMMENT, value="x")
    assert told(record, [wrong], erasures=[ERASED])[1] == (0, 0, 1)


def test_what_no_record_needs_is_told(record: Record) -> None:
    found, _ = told(record, [COMMENT, OTHER], [FileKey("a" * 64, bytes(32))])

    assert found == [
        Finding("opening_invented", STREAM, 1, "opening", None, OTHER.commitment),
        Finding("opening_invented", STREAM, 1, "key", None, "a" * 64),
    ]


def test_a_personal_file_opens_with_its_key_to_its_content(tmp_path: Path) -> None:
    (tmp_path / "minutes.txt").write_bytes(b"minutes")
    store, secret = MemoryEvidence(), Secret(bytes(32), bytes(12))
    kept = store.put(tmp_path / "minutes.txt", secret)
    assert kept.plain is not None
    content = commit("evidence.content", kept.plain, bytes(32))
    piece = Evidence(
        kind="minutes", sha256=kept.sha256, size=kept.size, media_type="text/plain",
        content=content.commitment,
    )  # fmt: skip
    record = record_after(empty_head(ORIGIN, STREAM), evidence=(piece,))
    key, place = FileKey(kept.sha256, secret.key), (STREAM, 1, "evidence/0")

    assert told(record, [content], [key], store=store) == ([], (1, 0, 0))
    assert told(record, [content], store=store)[0] == [Finding("key_missing", *place, kept.sha256)]
    wrong = replace(key, key=b"\1" * 32)
    assert told(record, [content], [wrong], store=store)[0] == [
        Finding("key_differs", *place, kept.sha256)
    ]
    other = replace(piece, content=commit("evidence.content", "0" * 64, bytes(32)).commitment)
    lying = commit("evidence.content", "0" * 64, bytes(32))
    swapped = replace(record, evidence=(other,))
    assert told(swapped, [lying], [key], store=store)[0] == [
        Finding("key_differs", *place, kept.sha256)
    ]
    assert told(record, [content], [key])[0] == [
        Finding("evidence_missing", STREAM, 1, "minutes", kept.sha256)
    ]
    for size in (kept.size + 1, None):
        larger = replace(record, evidence=(replace(piece, size=size),))
        ((found,), _) = told(larger, [content], [key], store=store)
        assert (found.code, found.field, found.expected) == (
            "evidence_altered", "minutes", kept.sha256,
        )  # fmt: skip
        told_size = f"{kept.size} bytes long, not {size} as recorded, and was not read"
        assert str(found.found) == told_size
    by, gone = f"{INSTALLATION}#9", [ERASED]
    assert told(record, erasures=gone) == ([], (0, 1, 0))
    assert told(record, [], [key], gone, store)[0] == [
        Finding("erasure_incomplete", STREAM, 1, "evidence/0/key", by, "key"),
        Finding("erasure_incomplete", STREAM, 1, "evidence/0/file", by, "file"),
    ]
    assert told(record, [], [replace(key, key=None)], gone)[0] == [
        Finding("erasure_incomplete", STREAM, 1, "evidence/0/file", by, "file")
    ]
    assert told(record, [], [], gone, store)[0] == [
        Finding("erasure_incomplete", STREAM, 1, "evidence/0/file", by, "file")
    ]


def test_counts_and_names_of_parts_add_up() -> None:
    one, other = Tally(1, 2, 3, {(9, "a#1")}), Tally(10, 20, 30, {(9, "b#1")})

    one.join(other)

    assert one == Tally(11, 22, 33, {(9, "a#1"), (9, "b#1")})
    assert other == Tally(10, 20, 30, {(9, "b#1")})


def test_an_erasure_names_records_that_are_there_and_were_before_it(record: Record) -> None:
    erased = erasure(PLACE, f"{STREAM}#5")
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        tx.erasable.keep(append(tx, "participation/lost"), [OTHER], [])
    with journal.auditing() as view:
        run = Beside(view, Files(MemoryEvidence()), Erasures([erased]))
        covering = run.see(record)
        later = run.see(replace(record, sequence=5, recorded_at=START + timedelta(days=2)))
        found = list(run.leftovers({STREAM}))
        sound = list(run.leftovers({STREAM, "participation/lost"}))

    assert (covering, later) == (erased, None)
    assert run.tally.named == {(9, PLACE)}
    nothing = Finding("erasure_of_nothing", INSTALLATION, 9, "records", None, f"{STREAM}#5")
    assert found == [
        Finding("opening_invented", "participation/lost", 1, "opening", None, OTHER.commitment),
        nothing,
    ]
    assert sound == [nothing]
