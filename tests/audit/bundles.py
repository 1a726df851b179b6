"""Bundles of a history, sound or tampered with, and what the verifier alone says of them."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lifecycle import Lifecycle
from lifecycle.audit import standalone
from lifecycle.audit.bundle import Choice, Summary, write_bundle
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import origin_line
from lifecycle.domain.logged import KeptCheckpoint
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.signing import Signer
from tests.factories import ORIGIN, Ids, engine_on

SIGNER = Signer(origin_line(ORIGIN))
KEY = SIGNER.key.text
Files = dict[str, bytes]


def continued(folder: Path) -> Lifecycle:
    """Return an engine on the database in *folder* that goes on with its history."""
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    evidence = EvidenceFolder(folder / "evidence")
    return engine_on(journal, Catalogue(), evidence=evidence, ids=Ids(1000))


def sign(engine: Lifecycle, signer: Signer = SIGNER) -> str:
    """Sign what the log is now, without asking whether it may be signed, and keep it."""
    with engine.context.journal.writing() as tx:
        tx.seal(1000)
    with engine.context.journal.auditing() as view:
        state = view.log.state()
    note = signer.checkpoint(state.size, Frontier.from_bytes(state.size, state.frontier).root())
    with engine.context.journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(state.size, note, "2026-01-01T00:00:00.000000Z"))
    return note


def bundle_of(folder: Path, *, resign: bool = True, **choice: Any) -> Path:
    """Write the bundle of the database in *folder*, signed by whoever has the key."""
    path = folder / "bundle.zip"
    with continued(folder) as engine:
        if resign:
            sign(engine)
        write(engine, path, **choice)
    return path


def write(engine: Lifecycle, path: Path, **choice: Any) -> Summary:
    """Write the bundle of a history."""
    with engine.context.journal.auditing() as view, path.open("wb") as file:
        return write_bundle(file, view, engine.context.evidence, Choice(**choice))


def told(path: Path, *words: str, key: str | None = KEY) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the verdict of the verifier, which runs in this process."""
    said = io.StringIO()
    given = [] if key is None else ["--key", key]
    with contextlib.redirect_stdout(said):
        code = standalone.main([str(path), *given, *words, "--json"])
    return code, json.loads(said.getvalue())


def places(path: Path) -> set[str]:
    """Return where the verifier finds something."""
    return {one["place"] for one in told(path)[1]["findings"]}


def alone(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier as a stranger does: its text alone, where our package is not installed."""
    program = folder / "verify.py"
    program.write_bytes(Path(standalone.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(program), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def changed(path: Path, change: Callable[[Files], object]) -> Path:
    """Return a copy of a bundle whose files somebody changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in files.items():
            archive.writestr(name.rstrip("#"), content)  # one with a '#' occurs twice
    return other
