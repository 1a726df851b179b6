"""Encryption of personal evidence: AES-256-GCM, a random key and nonce for each file.

A stored file is nonce (12 bytes), ciphertext, tag (16 bytes). The library is loaded only where a
personal file is read or written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lifecycle.domain.erasable import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import (
        AEADDecryptionContext,
        AEADEncryptionContext,
    )

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


class Decryption:
    """Decrypts one file chunk by chunk: nothing of it is to be believed before its end.

    Args:
        key: Of the file.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._held = b""
        self._context: AEADDecryptionContext | None = None

    def update(self, stored: bytes) -> bytes:
        """Return what the next part of the stored file is encrypted from."""
        if len(self._key) != _KEY_BYTES:
            return b""
        held = self._held + stored
        if self._context is None:
            if len(held) < NONCE_BYTES:
                self._held = held
                return b""
            self._context, held = _decryptor(self._key, held[:NONCE_BYTES]), held[NONCE_BYTES:]
        # Its last bytes are no part of the file.
        known = max(len(held) - _TAG_BYTES, 0)
        self._held = held[known:]
        return self._context.update(held[:known])

    def end(self) -> bool:
        """Tell whether the key opened the file, and nobody changed it."""
        from cryptography.exceptions import InvalidTag

        if self._context is None or len(self._held) < _TAG_BYTES:
            return False
        try:
            self._context.finalize_with_tag(self._held)
        except InvalidTag:
            return False
        return True


def opened(stored: bytes, key: bytes) -> bytes | None:
    """Return the file that *stored* is encrypted from; ``None`` if *key* does not open it."""
    decryption = Decryption(key)
    content = decryption.update(stored)
    return content if decryption.end() else None


def _decryptor(key: bytes, nonce: bytes) -> AEADDecryptionContext:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import GCM

    return Cipher(AES256(key), GCM(nonce)).decryptor()
