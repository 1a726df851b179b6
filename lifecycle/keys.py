"""Personal Ed25519 keys: made, read, used. The one module that knows ``cryptography`` for them.

The library is imported inside the functions: whoever never signs does not wait for it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Key:
    """A personal key.

    Args:
        public: Base64 of the public half.
        pem: The private half, PKCS #8 in PEM.
    """

    public: str
    pem: bytes = field(repr=False)

    def sign(self, statement: bytes) -> str:
        """Return the signature of *statement*, base64."""
        return base64.b64encode(_private(self.pem).sign(statement)).decode()


def new_key() -> Key:
    """Make a key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Key(_public(private), pem)


def read_key(pem: bytes) -> Key:
    """Read a key from its file.

    Raises:
        InvalidInput: It is no private Ed25519 key in PEM, or one behind a password.
    """
    return Key(_public(_private(pem)), pem)


def _public(private: Ed25519PrivateKey) -> str:
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def _private(pem: bytes) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _no_key()
    return private


def _no_key() -> InvalidInput:
    detail = Message("it is no Ed25519 key without a password; make one: lifecycle key new")
    return InvalidInput(what="key", detail=detail)
