"""Encryption of personal evidence: AES-256-GCM, a random key and nonce for each file.

A stored file is nonce (12 bytes), ciphertext, tag (16 bytes). The library is loaded only where a
personal file is read or written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lifecycle.domain.erasable import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext

NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEY_BYTES: Final = 32


class Encryption:
    """Encrypts one file chunk by chunk.

    Args:
        secret: Of this file only.
    """

    def __init__(self, secret: Secret) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES256
        from cryptography.hazmat.primitives.ciphers.modes import GCM

        self._before = secret.nonce
        self._context: AEADEncryptionContext = Cipher(
            AES256(secret.key), GCM(secret.nonce)
        ).encryptor()

    def update(self, chunk: bytes) -> bytes:
        """Return what is stored for the next part of the file."""
        before, self._before = self._before, b""
        return before + self._context.update(chunk)

    def end(self) -> bytes:
        """Return what is stored behind the last part."""
        return self._context.finalize() + self._context.tag


def opened(stored: bytes, key: bytes) -> bytes | None:
    """Return the file that *stored* is encrypted from; ``None`` if *key* does not open it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(key) != _KEY_BYTES or len(stored) < NONCE_BYTES + _TAG_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], None)
    except InvalidTag:
        return None
