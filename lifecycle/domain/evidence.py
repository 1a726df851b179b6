"""What makes a piece of evidence sound: a stored file, a link, or a reference to an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol
from urllib.parse import unquote, urlsplit

from lifecycle.domain.commitment import is_commitment
from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence
from lifecycle.domain.naming import is_slug, tells_mail, tells_person

if TYPE_CHECKING:
    from lifecycle.domain.erasable import Secret
    from lifecycle.domain.figures import EvidenceUse

MAX_TEXT = 300
MAX_NUMBER = 60
MAX_URL = 2000
WITHOUT_NUMBER: Final = "б/н"
"""What stands for the number of an order that was given none."""

_FILE: Final = ("sha256", "size", "media_type", "name", "content")
_ORDER: Final = ("number", "dated", "issuer")
# By form, the members that belong to others.
_FOREIGN: Final = {
    "file": attrgetter("url", *_ORDER),
    "link": attrgetter(*_FILE, *_ORDER),
    "reference": attrgetter("url", *_FILE),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the evidence store.

    Args:
        sha256: Content address: of what is stored; empty for one whose length alone says that it
            is another one.
        size: Of what is stored, bytes.
        media_type: Declared by the ending of the file that was given.
        plain: SHA-256 of the content before it was encrypted; ``None`` if it was not, or if the
            key does not open it.
    """

    sha256: str
    size: int
    media_type: str
    plain: str | None = None


def check_piece(piece: Evidence, *, personal: bool = False) -> None:
    """Check a piece as records name it: a file by its content, the others by themselves.

    Args:
        piece: What is given.
        personal: Files of this kind are kept encrypted.

    Raises:
        InvalidEvidence: A member is missing or not of the form it must have.
    """
    if piece.form != "file":
        check_reference(piece)
        return
    _check_members(piece)
    if _SHA256.fullmatch(piece.sha256 or "") is None or not piece.size or piece.size < 1:
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("the file is not named by its content"),
            hint=Message("use EvidenceFile(kind, path)"),
        )
    elif not (is_commitment(piece.name) and is_commitment(piece.content)):
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("name or content stands there plainly, not as a commitment"),
            hint=Message("use EvidenceFile(kind, path)"),
        )
    elif personal != (piece.content is not None):
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("files are kept encrypted where the kind is personal, and only there"),
            hint=Message("use EvidenceFile(kind, path)"),
        )


def check_distinct(pieces: Sequence[Evidence]) -> None:
    """Check that no piece is given twice, under whatever file name.

    Raises:
        InvalidEvidence: One is.
    """
    plain = [piece if piece.name is None else replace(piece, name=None) for piece in pieces]
    if len(set(plain)) != len(plain):
        again = next(one for place, one in enumerate(plain) if one in plain[:place])
        raise repeated_piece(again.kind)


def repeated_piece(kind: str) -> InvalidEvidence:
    """Return the error for a piece that is given twice."""
    return InvalidEvidence(
        kind=kind,
        detail=Message("the same piece is given twice"),
        hint=Message("give each piece once"),
    )


# By whoever takes it in, and again by whoever decides on it, some hundred commands later.
@lru_cache(maxsize=2048)
def check_reference(piece: Evidence) -> Evidence:
    """Return *piece* if it is a sound link or reference.

    Raises:
        InvalidEvidence: It is neither, or a member is missing, too long or not printable.
    """
    _check_members(piece)
    if piece.form == "link":
        _check_url(piece)
    elif piece.form == "reference":
        _check_order(piece)
    else:
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("a file is given by its path"),
            hint=Message("use EvidenceFile(kind, path)"),
        )
    return piece


def _check_members(piece: Evidence) -> None:
    """Refuse what the record would not bear, and words where a code belongs."""
    foreign = _FOREIGN.get(piece.form, _FOREIGN["reference"])(piece)
    if foreign.count(None) != len(foreign):
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("it has members of another form of evidence"),
            hint=Message("give a file, a link or a reference"),
        )
    if piece.item is not None and not is_slug(piece.item):
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("what it is for is no code"),
            hint=Message("codes have only lower-case ASCII letters, digits and '_'"),
        )


def _check_url(piece: Evidence) -> None:
    url = piece.url or ""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        sound = False
    if not sound or len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("the link is not an address"),
            hint=Message("write it as https://host/path"),
        )
    if parts.username or parts.password:
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("the link carries a user name or password"),
            hint=Message("leave them out: records are never erased"),
        )
    if tells_mail(unquote(url)):
        raise _personal(piece)


def _check_order(piece: Evidence) -> None:
    number, issuer = piece.number or "", piece.issuer or ""
    # A moment is written otherwise, and so would not be read again.
    dated = isinstance(piece.dated, date) and not isinstance(piece.dated, datetime)
    if not (dated and _is_line(number) and _is_line(issuer)):
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message("a reference needs number, date and issuer of the order"),
            hint=Message("write it as ref:NUMBER;YEAR-MONTH-DAY;ISSUER"),
        )
    numbered = any(map(str.isdecimal, number)) or number.strip() == WITHOUT_NUMBER
    if not numbered or len(number) > MAX_NUMBER:
        raise InvalidEvidence(
            kind=piece.kind,
            detail=Message(
                "the number of an order has a digit and {limit} characters at most",
                {"limit": MAX_NUMBER},
            ),
            hint=Message("write {number} for an order without one", {"number": WITHOUT_NUMBER}),
        )
    if tells_mail(number) or tells_person(issuer):
        raise _personal(piece)


def _is_line(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_TEXT and text.isprintable()


def _personal(piece: Evidence) -> InvalidEvidence:
    return InvalidEvidence(
        kind=piece.kind,
        detail=Message("it bears an e-mail address, or the number of a phone or a document"),
        hint=Message("leave them out: records are never erased"),
    )


class EvidenceStore(Protocol):
    """Where evidence files are kept, by content."""

    def measure(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Return what ``put`` would return, storing nothing."""
        ...

    def make(self) -> None:
        """Make the store, which ``put`` never does: it may only be out of reach for now.

        Raises:
            EvidenceLost: It could not be made.
        """
        ...

    def put(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Store a copy that survives a power cut, and only then return.

        Args:
            path: The file.
            secret: Encrypts a personal file.

        Raises:
            InvalidEvidence: Missing, empty, too large, or not a file.
            EvidenceMissing: There is no store; see ``make``.
            EvidenceLost: The store could not be written.
        """
        ...

    def open(self, sha256: str, size: int | None = None) -> BinaryIO:
        """Open a stored file for reading.

        Args:
            sha256: Its address.
            size: How long it was recorded to be, bytes.

        Raises:
            EvidenceLost: There is no such file, or it has another length.
        """
        ...

    def read(self, sha256: str, key: bytes | None = None, size: int | None = None) -> bytes:
        """Return the content of a stored file, decrypted with its key if it has one.

        Args:
            sha256: Its address.
            key: Of a personal file.
            size: How long it was recorded to be, bytes.

        Raises:
            EvidenceLost: There is no such file, it has another length, or the key does not open
                it.
        """
        ...

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        """Re-hash a stored file: what lies there really, or ``None`` if nothing does.

        Args:
            sha256: Its address.
            key: Of a personal file.
            size: How long it was recorded to be, bytes; one of another length is not read, for it
                may have no end that anybody can wait for.

        Raises:
            EvidenceLost: It cannot be read.
            EvidenceUnreadable: Nothing in the store can be.
        """
        ...

    def use(self) -> EvidenceUse:
        """Count the stored files; each is looked at, and none is read.

        Raises:
            EvidenceUnreadable: Nothing in the store can be.
        """
        ...

    def remove(self, sha256: str) -> None:
        """Remove a stored file whose key was erased; it may be gone already.

        Raises:
            EvidenceLost: It cannot be removed.
        """
        ...
