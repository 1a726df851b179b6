"""Keys and kept checkpoints as the command line is given them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lifecycle.cli.forms import option
from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.errors_log import InvalidKey
from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.audit.note import NoteInvalid, VerifierKey
    from lifecycle.audit.private_key import PrivateKey

_LONGEST_FILE: Final = 1024 * 1024

keys_option: Final = option(
    "--key",
    "keys",
    metavar="VKEY",
    multiple=True,
    help="Public key of the log as keygen printed it, or a file with it; may be repeated.",
)


def read_text(path: Path, what: str) -> str:
    """Read a small text file.

    Raises:
        InvalidInput: It cannot be read, is too large, or no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST_FILE + 1)
        if len(data) > _LONGEST_FILE:
            detail = Message("{file} is too large", {"file": str(path)})
            raise InvalidInput(what=what, detail=detail)
        # As e-mail may deliver it: with a mark at the beginning, and line ends of its own.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        detail = Message("{file} is not text in UTF-8", {"file": str(path)})
        raise InvalidInput(what=what, detail=detail) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        facts = {"file": str(path), "reason": reason}
        detail = Message("{file} cannot be read: {reason}", facts)
        raise InvalidInput(what=what, detail=detail) from error


def read_note(path: Path, what: str) -> str:
    """Read a checkpoint, without the empty lines that e-mail and editors leave around it.

    Raises:
        InvalidInput: It cannot be read, is too large, or no text.
    """
    return read_text(path, what).strip("\n") + "\n"


def trusted(given: Sequence[str], what: str = "--key") -> list[VerifierKey]:
    """Read public keys: each a line, or the name of a file with lines.

    Raises:
        InvalidKey: One of them is none, or a file holds none: trusting nobody in particular
            would be trusting everybody.
        InvalidInput: A file cannot be read.
    """
    from lifecycle.audit.note import NoteInvalid, VerifierKey

    found = []
    for one in given:
        text = one if "+" in one and not os.path.isfile(one) else read_text(Path(one), what)  # noqa: PTH113 - a key is no name too long
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            detail = Message("{file} holds no key", {"file": one})
            raise InvalidKey(what=what, detail=detail)
        try:
            found += [VerifierKey.parse(line) for line in lines]
        except NoteInvalid as error:
            detail = error.message
            if text is not one:
                facts = {"file": one, "detail": error.message}
                detail = Message("{file} holds no public key: {detail}", facts)
            raise InvalidKey(what=what, detail=detail) from error
    return found


def private_key(path: Path) -> PrivateKey:
    """Read a private key that nobody else can read.

    Raises:
        InvalidKey: It is none, or others can read it.
        InvalidInput: The file cannot be read.
    """
    from lifecycle import signing
    from lifecycle.audit.note import NoteInvalid
    from lifecycle.audit.private_key import PrivateKey

    text = read_text(path, "--key")
    try:
        key = PrivateKey.parse(text, signing.public_key)
    except NoteInvalid as error:
        raise InvalidKey(what="--key", detail=_no_private_key(path, text, error)) from error
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        detail = Message("others can read {file}; run: chmod 600 {file}", {"file": str(path)})
        raise InvalidKey(what="--key", detail=detail)
    return key


def _no_private_key(path: Path, text: str, error: NoteInvalid) -> Message:
    from lifecycle.audit.note import NoteInvalid, VerifierKey

    try:
        VerifierKey.parse(text)
    except NoteInvalid:
        facts = {"file": str(path), "detail": error.message}
        return Message("{file} holds no private key: {detail}", facts)
    template = "{file} holds the public key; name the file that the private one was written to"
    return Message(template, {"file": str(path)})


def kept(paths: Sequence[str], what: str) -> list[Kept]:
    """Read checkpoints that somebody kept.

    Raises:
        InvalidInput: A file cannot be read, or holds no checkpoint: that says nothing of the log.
    """
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.audit.note import Checkpoint, NoteInvalid, parse_note

    found = [Kept(path, read_note(Path(path), what)) for path in paths]
    for one in found:
        try:
            Checkpoint.parse(parse_note(one.text).text)
        except NoteInvalid as error:
            facts = {"file": one.where, "detail": error.message}
            detail = Message("{file} holds no checkpoint: {detail}", facts)
            raise InvalidInput(what=what, detail=detail) from error
    return found
