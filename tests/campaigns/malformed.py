"""Malformed keys, notes, proofs, records and bundles: refused in words, and never believed.

    python -m tests.campaigns.malformed 100000 1     so many inputs, by the seed 1

Every input is a sound one with a few places changed, cut out, doubled or taken from another. An
answer in another way than by the errors that are documented, one that takes more than five
seconds, and anything forged that is believed, is a failure.
"""

from __future__ import annotations

import contextlib
import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle.audit import note, standalone
from lifecycle.audit.merkle import (
    ProofInvalid,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from lifecycle.audit.proof import Growth, Inclusion, parse_proof
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.record import Record
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.bundles import KEY, SIGNER, sign, write
from tests.audit.test_standalone_parts import leaves, node_of
from tests.factories import ADMIN, Office, memory_engine

LONGEST = 5.0  # seconds that one input may take
SIZE = 40
HASHES = leaves(SIZE)
NODE = node_of(HASHES)
ROOT = root_of(SIZE, NODE)


@dataclass
class Campaign:
    """What was tried, and what failed.

    Args:
        chance: Draws the inputs.
        folder: For bundles.
    """

    chance: random.Random
    folder: Path
    tried: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.note = SIGNER.checkpoint(SIZE, ROOT)
        engine = memory_engine(Catalogue())
        office = Office(engine, engine.context.definitions.compiled("tomari-2022")).opened("school")
        office.lead("school", "questionnaire")
        sign(engine)
        engine.add_actor("late", actor=ADMIN)
        sign(engine)
        write(engine, self.folder / "whole.zip")
        write(engine, self.folder / "school.zip", schools=("school",))
        self.bundles = [(self.folder / name).read_bytes() for name in ("whole.zip", "school.zip")]
        with zipfile.ZipFile(self.folder / "whole.zip") as archive:
            self.bodies = archive.read("records.jsonl").splitlines()

    def mutated(self, data: bytes) -> bytes:
        """Return *data* with one to four places changed."""
        chance, other = self.chance, self.chance.choice(self.bodies)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) + 1)
            end = min(len(data), at + chance.choice((0, 1, 1, 2, 8, 100)))
            pieces = (
                b"", bytes([chance.randrange(256)]), data[at:end] * 2, chance.randbytes(4),
                b"\n", b"0", b"9" * 30, b"[" * 2000, b'"', b"\\ud800", b"NaN", b"1e999", b"null",
                other[chance.randrange(len(other)) :][:20],
            )  # fmt: skip
            data = data[:at] + chance.choice(pieces) + data[end:]
        return data

    def text(self, text: str) -> str:
        """Return a text with places changed."""
        return self.mutated(text.encode()).decode("utf-8", "surrogateescape")

    def run(self, count: int) -> None:
        """Try so many inputs."""
        kinds = (self.keys, self.notes, self.inclusions, self.growths, self.records)
        for number in range(count):
            what = self.bundle if number % 50 == 0 else kinds[number % len(kinds)]
            begin = time.monotonic()
            what()
            took = time.monotonic() - begin
            self.slowest = max(self.slowest, took)
            if took > LONGEST:
                self.failed.append(f"{what.__name__}: {took:.1f} s")

    @contextlib.contextmanager
    def only(self, what: str, text: object, *errors: type[BaseException]) -> Iterator[None]:
        """Let nothing but *errors* be raised."""
        self.tried[what] += 1
        try:
            yield
        except errors:
            pass
        except Exception as error:
            self.failed.append(f"{what}: {type(error).__name__}: {error}: {text!r}"[:2000])

    def believed(self, what: str, text: object) -> None:
        """Remember that something forged was believed."""
        self.failed.append(f"{what} BELIEVED: {text!r}"[:2000])

    def keys(self) -> None:
        text = self.text(KEY)
        with self.only("keys", text, note.NoteInvalid):
            if note.VerifierKey.parse(text) != SIGNER.key:
                self.believed("keys", text)
        with self.only("keys", text, *standalone.BROKEN):
            if standalone.key_from(text)[2] != SIGNER.key.public:
                self.believed("keys", text)

    def notes(self) -> None:
        text = self.text(self.note)
        with self.only("notes", text, note.NoteInvalid):
            if note.open_checkpoint(text, [SIGNER.key]).root != ROOT:
                self.believed("notes", text)
        key = standalone.key_from(KEY)
        with self.only("notes", text, *standalone.BROKEN):
            if standalone.checkpoint_from(text, [key]) != (SIZE, ROOT):
                self.believed("notes", text)

    def inclusions(self) -> None:
        index = self.chance.randrange(SIZE)
        whole = Inclusion(index, tuple(inclusion_proof(index, SIZE, NODE)), self.note).text
        text, leaf = self.text(whole), self.chance.choice(HASHES)
        with self.only("proofs of inclusion", text, ProofInvalid):
            found = parse_proof(text)
            if isinstance(found, Inclusion):
                found.check(leaf, [SIGNER.key])
                if HASHES[found.index] != leaf:
                    self.believed("proofs of inclusion", text)
        with self.only("proofs of inclusion", text, *standalone.BROKEN):
            steps = standalone.proof_from(text, "index", index, self.note)
            if standalone.included(index, SIZE, leaf, steps) == ROOT and HASHES[index] != leaf:
                self.believed("proofs of inclusion", text)

    def growths(self) -> None:
        old = self.chance.randrange(1, SIZE)
        whole = Growth(old, tuple(consistency_proof(old, SIZE, NODE)), self.note).text
        text = self.text(whole)
        claimed = self.chance.choice((root_of(old, NODE), leaf_hash(b"x"), ROOT))
        true = claimed == root_of(old, NODE)
        with self.only("proofs of growth", text, ProofInvalid):
            found = parse_proof(text)
            if isinstance(found, Growth):
                found.check(note.Checkpoint(SIGNER.key.name, old, claimed), [SIGNER.key])
                if not true:
                    self.believed("proofs of growth", text)
        with self.only("proofs of growth", text, *standalone.BROKEN):
            steps = standalone.proof_from(text, "old", old, self.note)
            if standalone.grown(old, SIZE, steps, claimed) == (claimed, ROOT) and not true:
                self.believed("proofs of growth", text)

    def records(self) -> None:
        body = self.chance.choice(self.bodies)
        data = self.mutated(body)
        with self.only("records", data, InvalidBody):
            if Record.decode(data).body != data:
                self.believed("records", data)
        with self.only("records", data, *standalone.BROKEN):
            standalone.body_from(data)

    def bundle(self) -> None:
        content = self.chance.choice(self.bundles)
        changed = self._files(content) if self.chance.randrange(2) else self.mutated(content)
        path = self.folder / "changed.zip"
        path.write_bytes(changed)
        with self.only("bundles", "", SystemExit):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                code = standalone.main([str(path), "--key", KEY, "--json"])
            if code == 0 and not same(content, changed):
                self.believed("bundles", said.getvalue())

    def _files(self, content: bytes) -> bytes:
        """Return a sound archive one of whose files is not what it was."""
        told = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            chosen = self.chance.choice(names)
            with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as other:
                for name in names:
                    data = archive.read(name)
                    other.writestr(name, self.mutated(data) if name == chosen else data)
        return told.getvalue()


def same(content: bytes, changed: bytes) -> bool:
    """Tell whether all that is proved is the same in two archives."""
    return proved(content) == proved(changed)


def proved(content: bytes) -> dict[str, bytes]:
    """Return the files of an archive that something is proved by."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name not in ("verify.py", "README.txt")]
        # A checkpoint may be signed by others as well, and a line may end a proof: what counts
        # is what the verifier took, so only records, definitions and schools have to be the same.
        kept = ("records.jsonl", "definitions/")
        return {name: archive.read(name) for name in names if name.startswith(kept)}


def run(count: int, seed: int) -> Campaign:
    """Run the campaign and return what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(random.Random(seed), Path(folder))  # noqa: S311 - repeatable
        campaign.run(count)
    return campaign


def main() -> int:
    """Run the campaign that the command line asks for, and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    campaign = run(count, seed)
    for what, tried in sorted(campaign.tried.items()):
        print(f"{what:22} {tried:>8} answers")
    for failure in campaign.failed[:20]:
        print("FAILED", failure)
    print(f"seed {seed}: {count} inputs, slowest {campaign.slowest:.2f} s,", end=" ")
    print(f"failures: {len(campaign.failed)}")
    return 1 if campaign.failed else 0


if __name__ == "__main__":
    sys.exit(main())
