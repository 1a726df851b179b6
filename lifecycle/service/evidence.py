"""What a caller brings to a request: evidence and a comment, on their way into a record.

Files are measured first and stored once a decision was accepted. Values that may be personal
go beside the record, with the salts and keys that are made here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lifecycle.domain.commitment import SALT_BYTES, Opening, Purpose, commit
from lifecycle.domain.erasable import FileKey, Secret
from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.errors_evidence import EvidenceMissing
from lifecycle.domain.errors_people import InvalidComment
from lifecycle.domain.evidence import check_reference, repeated_piece
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import Record
from lifecycle.domain.values import quick
from lifecycle.service.context import Context
from lifecycle.telemetry import span

# A record holds 64 KiB; a piece takes up to some 480 bytes of it.
MAX_PIECES: Final = 120
MAX_COMMENT: Final = 2000
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@quick
@dataclass(frozen=True, slots=True)
class Brought:
    """A piece as it was given, as a record names it, and what goes beside the record.

    Args:
        given: By the caller.
        evidence: For the record.
        openings: Of the commitments in ``evidence``.
        secret: Encrypts the file, if its kind is personal.
        plain: SHA-256 of a personal file's content.
    """

    given: Evidence | EvidenceFile
    evidence: Evidence
    openings: tuple[Opening, ...] = ()
    secret: Secret | None = None
    plain: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Offer:
    """All that a caller brings to a request.

    Args:
        pieces: In the order in which they were given.
        remark: Opening of the comment, if one was given.
    """

    pieces: tuple[Brought, ...] = ()
    remark: Opening | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The pieces as the record names them."""
        return tuple(piece.evidence for piece in self.pieces)

    @property
    def comment(self) -> str | None:
        """The commitment to the comment."""
        return None if self.remark is None else self.remark.commitment

    @property
    def openings(self) -> tuple[Opening, ...]:
        """What opens the commitments of the record."""
        remark = () if self.remark is None else (self.remark,)
        return (*remark, *(one for piece in self.pieces for one in piece.openings))


def taken_in(
    context: Context,
    pieces: Sequence[Evidence | EvidenceFile],
    comment: str | None,
    personal: Container[str] = (),
) -> Offer:
    """Return what was brought, as records name it; files are only measured, not stored yet.

    Args:
        context: The adapters.
        pieces: Files, links and references.
        comment: A remark of the actor's.
        personal: Kinds of evidence whose files are kept encrypted.

    Raises:
        InvalidEvidence: A file, link or reference cannot be taken in, or there are too many.
        InvalidComment: The comment is empty, too long, or not printable.
    """
    if len(pieces) > MAX_PIECES:
        raise InvalidEvidence(
            kind=pieces[-1].kind,
            detail=Message("more than {limit} pieces are given", {"limit": MAX_PIECES}),
            hint=Message("put files that belong together into one archive"),
        )
    remark = None if comment is None else _opening("comment", _text(comment))
    brought = tuple(_brought(context, piece, personal) for piece in pieces)
    seen: set[tuple[str, str | None, str]] = set()
    for one in brought:
        if one.plain is not None:
            # Encrypted twice, one file looks like two.
            key = (one.evidence.kind, one.evidence.item, one.plain)
            if key in seen:
                raise repeated_piece(one.evidence.kind)
            seen.add(key)
    return Offer(brought, remark)


def _text(comment: str) -> str:
    text = comment.replace("\r\n", "\n").strip()
    printable = all(one.isprintable() or one in "\n\t" for one in text)
    if not text or len(text) > MAX_COMMENT or not printable:
        detail = Message("1 to {limit} printable characters", {"limit": MAX_COMMENT})
        raise InvalidComment(detail=detail)
    return text


def _opening(purpose: Purpose, value: str) -> Opening:
    return commit(purpose, value, secrets.token_bytes(SALT_BYTES))


def _brought(context: Context, piece: Evidence | EvidenceFile, personal: Container[str]) -> Brought:
    if isinstance(piece, Evidence):
        return Brought(piece, check_reference(piece))
    secret = None
    if piece.kind in personal:
        secret = Secret(secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES))
    try:
        stored = context.evidence.measure(piece.path, secret)
    except InvalidEvidence as error:
        raise InvalidEvidence(**{**error.facts, "kind": piece.kind}) from error
    name = _opening("evidence.name", _name(piece))
    openings = [name]
    evidence = Evidence(
        kind=piece.kind,
        item=piece.item,
        sha256=stored.sha256,
        size=stored.size,
        media_type=stored.media_type,
        name=name.commitment,
    )
    if stored.plain is not None:
        content = _opening("evidence.content", stored.plain)
        evidence = replace(evidence, content=content.commitment)
        openings.append(content)
    return Brought(piece, evidence, tuple(openings), secret, stored.plain)


def _name(piece: EvidenceFile) -> str:
    """Return the last part of the path; bytes that are no text are kept as escapes."""
    name = Path(os.fsdecode(piece.path)).name
    return name.encode("utf-8", "backslashreplace").decode()


def store(context: Context, tx: Writing, offer: Offer) -> None:
    """Store every file, before the record that names it is committed.

    The first file of a history makes the store. Later a store that is gone may be on a disk that
    is not mounted: what was filed into a new one would be hidden by the old one, or hide it.

    Raises:
        InvalidEvidence: A file is no longer what was measured.
        EvidenceMissing: The store is gone.
        EvidenceLost: The store cannot be written.
    """
    for piece in offer.pieces:
        if isinstance(piece.given, EvidenceFile):
            _store(context, tx, piece, piece.given)


def _names_files(tx: Writing) -> bool:
    """Tell whether a record names a file; asked of the first of a history, and in trouble."""
    return any(piece.sha256 is not None for record in tx.each() for piece in record.evidence)


def _store(context: Context, tx: Writing, piece: Brought, given: EvidenceFile) -> None:
    with span("evidence", sha256=piece.evidence.sha256, size=piece.evidence.size):
        try:
            stored = context.evidence.put(given.path, piece.secret)
        except EvidenceMissing:
            if _names_files(tx):
                raise
            context.evidence.make()
            stored = context.evidence.put(given.path, piece.secret)
        if stored.sha256 != piece.evidence.sha256:
            raise InvalidEvidence(
                kind=given.kind,
                detail=Message("the file changed while it was read"),
                hint=Message("repeat when nothing writes to it"),
            )


def keep(tx: Writing, record: Record, offer: Offer) -> None:
    """Keep beside *record*, in its transaction, what opens its commitments and its files."""
    openings, keys = offer.openings, tuple(_keys(offer))
    if openings or keys:
        tx.erasable.keep(record, openings, keys)


def _keys(offer: Offer) -> Iterator[FileKey]:
    for piece in offer.pieces:
        if piece.secret is not None and piece.evidence.sha256 is not None:
            yield FileKey(piece.evidence.sha256, piece.secret.key)
