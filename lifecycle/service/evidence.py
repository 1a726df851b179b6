"""Evidence on its way into a record: measured first, stored once a decision was accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.evidence import check_reference
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.service.context import Context

# A record holds 64 KiB; a piece takes up to some 300 bytes of it.
MAX_PIECES: Final = 150

Offered = Sequence[Evidence | EvidenceFile]


def described(context: Context, pieces: Offered) -> tuple[Evidence, ...]:
    """Return evidence as records name it; files are only measured, not stored yet.

    Raises:
        InvalidEvidence: A file, link or reference cannot be taken in, or there are too many.
    """
    if len(pieces) > MAX_PIECES:
        raise InvalidEvidence(
            kind=pieces[-1].kind,
            detail=Message("more than {limit} pieces are given", {"limit": MAX_PIECES}),
            hint=Message("put files that belong together into one archive"),
        )
    return tuple(_described(context, piece) for piece in pieces)


def _described(context: Context, piece: Evidence | EvidenceFile) -> Evidence:
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


def store(context: Context, offered: Offered, described: Sequence[Evidence]) -> None:
    """Store every file, before the record that names it is committed.

    Args:
        context: The adapters.
        offered: What the caller gave.
        described: The same pieces, in the same order, as the record names them.

    Raises:
        InvalidEvidence: A file is no longer what was measured.
        EvidenceLost: The store cannot be written.
    """
    for piece, named in zip(offered, described, strict=True):
        if not isinstance(piece, EvidenceFile):
            continue
        if context.evidence.put(piece.path).sha256 != named.sha256:
            raise InvalidEvidence(
                kind=piece.kind,
                detail=Message("the file changed while it was read"),
                hint=Message("repeat when nothing writes to it"),
            )
