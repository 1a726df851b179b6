"""One look of a monitor at the log and at the checkpoints that were kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lifecycle.audit.checkpoints import Kept, Known, compared, incomplete, notes_of, opened
from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import late
from lifecycle.audit.merkle import root_of
from lifecycle.audit.note import Checkpoint, VerifierKey, origin_line
from lifecycle.audit.tiles import Tiles
from lifecycle.domain.administration import published_delay
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.ports import Auditing

GONE = "checkpoints_gone"
"""Code of the finding that nothing is left of what was signed."""

LAST_LOOK = "watch"
"""Where the monitor's own memory is kept, in findings."""


def look(
    view: Auditing,
    keys: Sequence[VerifierKey],
    notes: Sequence[Kept] | None,
    before: Checkpoint | None,
    now: datetime,
) -> tuple[Checkpoint, list[Finding]]:
    """Return what the log looks like, and what is wrong with it or with what was kept of it.

    Forged and foreign checkpoints, split views, a log that went back or is another one, records
    that wait for too long or are kept from the log, places that were emptied. Bodies are not read:
    that is the verification's.

    Args:
        view: One consistent view of the storage.
        keys: Whose checkpoints are believed.
        notes: Checkpoints in places outside of the database; ``None`` if no place was named.
        before: What the last look returned; ``None`` at the first.
        now: The time.

    Raises:
        DatabaseBroken: Leaves are missing, or the first record cannot be read.
    """
    inside = notes_of(view)
    known, findings = opened(view.origin, keys, [*inside, *(notes or ())])
    if inside and notes is not None and not notes:
        findings.append(Finding(GONE, None, None, None, len(inside), 0))
    if before is not None:
        known.append(Known(LAST_LOOK, before))
    state, tiles = view.log.state(), Tiles(view.log.tile, view.log.hashes)
    findings += compared(known, state.size, lambda size: root_of(size, tiles.node))
    findings += incomplete(view, state.size)
    findings += late(view.log.queued(), published_delay(view.first(INSTALLATION)), now)
    root = root_of(state.size, tiles.node)
    return Checkpoint(origin_line(view.origin), state.size, root), findings
