"""What the tests of the catalogue share: checkpoints that somebody kept, and both verifiers."""

from __future__ import annotations

import shutil
from pathlib import Path

from lifecycle import verify
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.merkle import Frontier
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import brief, reopened
from tests.audit.bundles import SIGNER, continued, sign, write
from tests.audit.bundles import told as told_alone
from tests.audit.signing import Signer

FORKED = {"checkpoint_differs", "log_forked"}
AHEAD = {"checkpoint_ahead"}


def kept(folder: Path) -> str:
    """Return a checkpoint of the history in *folder*, for an auditor to keep."""
    with reopened(folder, Catalogue()) as engine, engine.context.journal.auditing() as view:
        state = view.log.state()
    return SIGNER.checkpoint(state.size, Frontier.from_bytes(state.size, state.frontier).root())


def against(folder: Path, *notes: str, signer: Signer = SIGNER) -> set[str]:
    """Return what the history in *folder* is found to be against checkpoints that were kept.

    Both verifiers are asked, and the one that stands alone has to find something at the checkpoint
    wherever the package does. Whoever did it has the log's key, and signs what is there now.
    """
    known = [Kept(f"{number}", note) for number, note in enumerate(notes)]
    with reopened(folder, Catalogue()) as engine:
        found = verify(engine, checkpoints=known, keys=[SIGNER.key, signer.key]).findings
    copy = Path(shutil.copytree(folder, folder.with_name(f"{folder.name}-resigned")))
    with continued(copy) as engine:
        sign(engine, signer)
        write(engine, copy / "bundle.zip")
    words = list[str]()
    for number, note in enumerate(notes):
        (copy / f"{number}").write_text(note, "utf-8", newline="")
        words += ["--checkpoint", str(copy / f"{number}")]
    code, verdict = told_alone(copy / "bundle.zip", *words, key=signer.key.text)
    places = {Path(one["place"]).name for one in verdict["findings"]}
    assert code == (6 if found else 0), verdict
    assert places == {one.field for one in found if one.field is not None}, verdict
    shutil.rmtree(copy)
    return {brief(one)[0] for one in found}
