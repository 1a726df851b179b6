"""Decisions on credentials, and the text of a token.

A token is a random secret of 256 bits behind the id of its credential. Only its SHA-256 is kept:
a secret that nobody can guess needs no slow hash, and whoever reads the history cannot act by it.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from lifecycle.domain.access import SCOPES, Access
from lifecycle.domain.decision import (
    CHECKED,
    Accepted,
    Decision,
    Refusal,
    Stamp,
    authority,
    build_record,
    recorded_at,
)
from lifecycle.domain.errors import AlreadyExists, InvalidInput
from lifecycle.domain.errors_access import UnknownCredential
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import ADMINISTRATOR, Credential, Head
from lifecycle.domain.record import Record, moment_from, moment_text
from lifecycle.domain.requests import AddCredential, RevokeCredential

_TOKEN: Final = re.compile(r"lct_([0-9a-f]{10})_([A-Za-z0-9_-]{43})([0-9a-f]{8})")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PUBLIC_BYTES: Final = 32


def token_text(credential: str, secret: str) -> str:
    """Write a token: its prefix tells what it is, its end that none of it is missing.

    Args:
        credential: Ten hexadecimal digits.
        secret: 43 characters, 256 bits in URL-safe base64.
    """
    start = f"lct_{credential}_{secret}"
    return f"{start}{zlib.crc32(start.encode()):08x}"


def token_credential(token: str) -> str | None:
    """Return the id of the credential that *token* is of; ``None`` if it is no token."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found and token_text(found[1], found[2]) == token else None


def token_proof(token: str) -> str:
    """Return what is kept of a token: its SHA-256, 64 hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


def scopes_text(scopes: Iterable[str]) -> str:
    """Return scopes as records write them: in one order, each once.

    Raises:
        InvalidInput: One of them is none.
    """
    given = set(scopes)
    unknown = sorted(given.difference(SCOPES))
    if unknown:
        facts = {"scope": unknown[0], "scopes": SCOPES}
        detail = Message("there is no scope {scope}; these are: {scopes}", facts)
        raise InvalidInput(what="scope", detail=detail)
    return " ".join(scope for scope in SCOPES if scope in given)


def decide_add_credential(
    access: Access,
    known: Credential | None,
    request: AddCredential,
    stamp: Stamp,
    head: Head,
) -> Decision:
    """Decide to let somebody be known by a token or a key.

    Args:
        access: What the installation says of those who may act.
        known: A credential in whose way it would stand, if there is one: see ``stands_in_way``.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the installation's stream.

    Raises:
        AlreadyExists: The id was given before, or the key shows somebody already.
        InvalidInput: Method, proof, scopes or expiry are not written as they have to be.
    """
    acting = authority(access, access.roles, request, stamp, head, (ADMINISTRATOR,))
    if isinstance(acting, Refusal):
        return acting
    if known is not None:
        raise AlreadyExists(what="credential", name=known.id)
    _check_proof(request)
    _check_form(request)
    if request.expires_at and request.expires_at <= moment_text(recorded_at(head, stamp)):
        message = Message("{moment} has passed already", {"moment": request.expires_at})
        return Refusal((Unmet("expiry_in_past", message, (ADMINISTRATOR,)),))
    facts = {
        "actor": request.holder,
        "credential": request.credential,
        "method": request.method,
        "proof": request.proof,
        "scopes": request.scopes,
        "expires_at": request.expires_at,
    }
    record = build_record(
        head, request, stamp, "credential_added", acting, requirements=CHECKED, facts=facts
    )
    return Accepted(record)


def stands_in_way(one: Credential, request: AddCredential) -> bool:
    """Tell whether *one* has the id that is to be added, or makes its key mean two things.

    A key shows one person, and one scope at a time; his own may be added again once it was revoked.
    """
    same = one.proof == request.proof
    return one.id == request.credential or (
        same and (one.revoked is None or one.actor != request.holder)
    )


def decide_revoke_credential(
    access: Access,
    known: Credential | None,
    request: RevokeCredential,
    stamp: Stamp,
    head: Head,
) -> Decision:
    """Decide to let a credential be good for nothing from now on.

    Args:
        access: What the installation says of those who may act.
        known: The credential of that id.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the installation's stream.

    Raises:
        UnknownCredential: There is none.
    """
    acting = authority(access, access.roles, request, stamp, head, (ADMINISTRATOR,))
    if isinstance(acting, Refusal):
        return acting
    if known is None:
        raise UnknownCredential(request.credential)
    if known.revoked is not None:
        message = Message(
            "the credential {credential} was revoked", {"credential": request.credential}
        )
        return Refusal((Unmet("credential_revoked", message),))
    facts = {"actor": known.actor, "credential": known.id}
    record = build_record(
        head, request, stamp, "credential_revoked", acting, requirements=CHECKED, facts=facts
    )
    return Accepted(record)


def credential_from(record: Record) -> Credential:
    """Return the credential that a ``credential_added`` record adds."""
    facts = record.facts or {}
    return Credential(
        facts["credential"],
        facts["actor"],
        facts["method"],
        facts["proof"],
        facts["scopes"],
        facts["expires_at"],
        record.sequence,
    )


def _check_proof(request: AddCredential) -> None:
    """Check that there is something to compare a token or a signature with.

    Raises:
        InvalidInput: There is not.
    """
    if request.method == "token" and _DIGEST.fullmatch(request.proof):
        return
    if request.method == "key" and _is_public_key(request.proof):
        return
    detail = Message("a public key is 32 bytes in base64, as lifecycle key new prints it")
    raise InvalidInput(what="key", detail=detail)


def _is_public_key(text: str) -> bool:
    try:
        public = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(public) == _PUBLIC_BYTES and base64.b64encode(public).decode() == text


def _check_form(request: AddCredential) -> None:
    if scopes_text(request.scopes.split()) != request.scopes:
        detail = Message("they are written in one order, each once")
        raise InvalidInput(what="scope", detail=detail)
    if request.expires_at:
        moment_from(request.expires_at)
