"""What is written into a bundle, file by file, against what the storage shows."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifecycle import EvidenceFile, Lifecycle
from lifecycle.audit import bundle, standalone
from lifecycle.audit.bundle import Choice, Summary, write_bundle
from lifecycle.audit.merkle import leaf_hash
from lifecycle.audit.note import Checkpoint, parse_note
from lifecycle.audit.proof import Growth, Inclusion
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors_log import NoCheckpoint
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory_evidence import MemoryEvidence
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.bundles import SIGNER, sign
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN, Office, memory_engine

PAPER = bytes(100_000) + b"x"  # longer than what is copied at a time
ALWAYS = ["README.txt", "verify.py", "bundle.json"]


@dataclass
class Written:
    """A history with three checkpoints and an actor whom none of them covers."""

    engine: Lifecycle
    notes: list[str]
    digest: str

    @property
    def sizes(self) -> list[int]:
        """How many records each checkpoint covers."""
        return [Checkpoint.parse(parse_note(note).text).size for note in self.notes]

    def bundle(self, **choice: Any) -> tuple[dict[str, bytes], Summary, list[int]]:
        """Return the files of its bundle in order, what was said of it, and its progress."""
        told, file = list[int](), io.BytesIO()
        with self.engine.context.journal.auditing() as view:
            evidence = self.engine.context.evidence
            summary = write_bundle(file, view, evidence, Choice(**choice), told.append)
        with zipfile.ZipFile(file) as archive:
            for one in archive.infolist():
                assert one.date_time == (1980, 1, 1, 0, 0, 0)
                assert (one.compress_type, one.create_system) == (zipfile.ZIP_DEFLATED, 3)
                assert one.external_attr == 0o644 << 16
                # Whose size is not known before may pass what a plain archive can bear.
                long = one.filename.startswith(("records", "evidence/"))
                assert one.extract_version == (45 if long else 20)
            return {name: archive.read(name) for name in archive.namelist()}, summary, told

    def bodies(self) -> list[tuple[str, bytes]]:
        """Return the stream and the body of every record, by their leaves."""
        with self.engine.context.journal.auditing() as view:
            return [(leaf.stream, body) for leaf, body in view.log.bodies(0)]

    def definitions(self) -> dict[str, bytes]:
        """Return the names and the bytes that definitions have in a bundle."""
        with self.engine.context.journal.auditing() as view:
            return {f"definitions/{digest}": body for digest, body in view.definitions()}


@pytest.fixture(scope="module")
def written(
    catalogue: Catalogue, definition: Definition, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    paper = tmp_path_factory.mktemp("papers") / "done.txt"
    paper.write_bytes(PAPER)
    store = MemoryEvidence()
    engine = memory_engine(catalogue, evidence=store)
    office = Office(engine, definition).opened("one", "other")
    notes = [sign(engine)]
    office.lead("one", "questionnaire")
    file = EvidenceFile("questionnaire_completion", paper)
    office.make("one", "complete_questionnaire", evidence=[file])
    notes.append(sign(engine))
    engine.add_actor("late", actor=ADMIN)
    notes.append(sign(engine))
    engine.add_actor("latest", actor=ADMIN)
    with engine.context.journal.writing() as tx:
        tx.seal(1000)
    return Written(engine, notes, store.put(paper).sha256)


def test_a_whole_history_is_written_file_by_file(written: Written) -> None:
    keys = SIGNER.key, Signer("x", 2).key
    files, summary, told = written.bundle(keys=keys, evidence=True)
    bodies = [body for _, body in written.bodies()][: written.sizes[-1]]
    definitions = written.definitions()

    assert [*files] == [
        *ALWAYS, "log.key", "checkpoint", "checkpoints/1", "checkpoints/2", "records.jsonl",
        *definitions, f"evidence/{written.digest}",
    ]  # fmt: skip
    assert files["README.txt"] == (Path(bundle.__file__).parent / "bundle_readme.txt").read_bytes()
    assert files["verify.py"] == Path(standalone.__file__).read_bytes()
    assert files["log.key"].decode() == f"{keys[0].text}\n{keys[1].text}\n"
    names = ["checkpoints/1", "checkpoints/2", "checkpoint"]
    assert [files[name].decode() for name in names] == written.notes
    assert files["records.jsonl"] == b"".join(body + b"\n" for body in bodies)
    assert definitions.items() <= files.items()
    assert files[f"evidence/{written.digest}"] == PAPER
    assert json.loads(files["bundle.json"]) == {
        "format": "school-lifecycle/bundle/1", "origin": ORIGIN, "size": len(bodies),
        "schools": None, "evidence": True, "findings": 0,
    }  # fmt: skip
    assert (summary.origin, summary.size, summary.records) == (ORIGIN, len(bodies), len(bodies))
    assert (summary.later, summary.definitions) == (1, len(definitions))
    assert (summary.files, summary.absent) == (1, 0)
    assert told == [*range(10, len(bodies) + 1, 10)]


def test_of_one_school_its_records_are_written_each_with_its_proof(written: Written) -> None:
    others = "no checkpoint", SIGNER.checkpoint(1, bytes(32)), written.notes[-1]
    files, summary, _ = written.bundle(schools=("other", "other"), findings=3, since=others)
    wanted = [
        (f"proofs/{place}", body)
        for place, (stream, body) in enumerate(written.bodies()[: written.sizes[-1]])
        if stream != "participation/one"
    ]

    assert [*files] == [
        *ALWAYS, "checkpoint", "checkpoints/1", "checkpoints/2", "records.jsonl",
        *[name for name, _ in wanted], *[f"growth/{old}" for old in (1, *written.sizes[:-1])],
        *written.definitions(),
    ]  # fmt: skip
    assert files["records.jsonl"].splitlines() == [body for _, body in wanted]
    about = json.loads(files["bundle.json"])
    assert (about["schools"], about["evidence"], about["findings"]) == (["other"], False, 3)
    assert (summary.records, summary.files, summary.absent) == (len(wanted), 0, 0)
    for name, body in wanted:
        proof = Inclusion.parse(files[name].decode())
        assert (f"proofs/{proof.index}", proof.note) == (name, written.notes[-1])
        proof.check(leaf_hash(body), [SIGNER.key])
    for note, old in zip(written.notes, written.sizes[:-1], strict=False):
        growth = Growth.parse(files[f"growth/{old}"].decode())
        assert growth.note == written.notes[-1]
        growth.check(Checkpoint.parse(parse_note(note).text), [SIGNER.key])


def test_nothing_has_grown_from_what_is_no_checkpoint(written: Written) -> None:
    files, _, _ = written.bundle(schools=("other",), since=("no checkpoint",))

    grown = [name for name in files if name.startswith("growth/")]
    assert grown == [f"growth/{old}" for old in written.sizes[:-1]]


def test_files_that_the_store_lost_are_counted(written: Written) -> None:
    with written.engine.context.journal.auditing() as view:
        summary = write_bundle(io.BytesIO(), view, MemoryEvidence(), Choice(evidence=True))

    assert (summary.files, summary.absent) == (0, 1)


def test_a_file_of_another_length_is_counted_with_them(written: Written, tmp_path: Path) -> None:
    digest = written.digest
    place = tmp_path / "sha256" / digest[:2] / digest[2:4] / digest
    place.parent.mkdir(parents=True)
    counted = []
    for content in (PAPER, PAPER + b"x"):
        place.write_bytes(content)
        with written.engine.context.journal.auditing() as view:
            choice = Choice(evidence=True)
            summary = write_bundle(io.BytesIO(), view, EvidenceFolder(tmp_path), choice)
        counted.append((summary.files, summary.absent))

    assert counted == [(1, 0), (0, 1)]


def test_without_a_checkpoint_nothing_is_written(engine: Lifecycle) -> None:
    file = io.BytesIO()

    with engine.context.journal.auditing() as view, pytest.raises(NoCheckpoint):
        write_bundle(file, view, engine.context.evidence, Choice())
    assert file.getvalue() == b""


def test_no_more_checkpoints_are_written_than_the_verifier_reads() -> None:
    # Its text says so, and test_standalone_hostile what becomes of more: none has to be written.
    assert f'len(self.under("check")) > {bundle.MOST_CHECKPOINTS}:' in bundle.verifier().decode()


@pytest.mark.parametrize(
    "body", [b"{", b"{}", b'{"evidence":5}', b'{"evidence":[{"form":"file"}]}']
)
def test_a_body_that_is_broken_names_no_file(body: bytes) -> None:
    summary = Summary(ORIGIN, 1)
    bundle._note(body, summary)

    assert summary == Summary(ORIGIN, 1)
