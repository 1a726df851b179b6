"""Evidence on its way into a record: measured first, stored once a decision was accepted."""

from __future__ import annotations

from collections.abc import Sequence

from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.evidence import check_reference
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.service.context import Context


def describe(context: Context, piece: Evidence | EvidenceFile) -> Evidence:
    """Return evidence as records name it; a file is only measured, not stored yet.

    Raises:
        InvalidEvidence: The file, link or reference cannot be taken in.
    """
    if isinstance(piece, Evidence):
        return check_reference(piece)
    try:
        stored = context.evidence.measure(piece.path)
    except InvalidEvidence as error:
        raise InvalidEvidence(**{**error.facts, "kind": piece.kind}) from error
    return Evidence(
        kind=piece.kind,
        item=piece.item,
        sha256=stored.sha256,
        size=stored.size,
        media_type=stored.media_type,
    )


def store(context: Context, described: Sequence[Evidence], files: Sequence[EvidenceFile]) -> None:
    """Store the files behind *described*, before the record that names them is committed.

    Raises:
        InvalidEvidence: A file is no longer what was measured.
        EvidenceLost: The store cannot be written.
    """
    measured = {piece.sha256 for piece in described}
    for file in files:
        if context.evidence.put(file.path).sha256 not in measured:
            raise InvalidEvidence(
                kind=file.kind,
                detail=Message("the file changed while it was read"),
                hint=Message("repeat when nothing writes to it"),
            )
