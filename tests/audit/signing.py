"""Keys and signed notes for tests."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lifecycle.audit.note import Checkpoint, Note, Signature, VerifierKey


class Signer:
    """A key of a name; the same number gives the same key."""

    def __init__(self, name: str, number: int = 1) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        self.key = VerifierKey.of(name, self.private.public_key().public_bytes_raw())

    def signature(self, text: str) -> Signature:
        return Signature(self.key.name, self.key.key_id, self.private.sign(text.encode()))

    def note(self, text: str) -> str:
        return Note(text, (self.signature(text),)).whole

    def checkpoint(self, size: int, root: bytes) -> str:
        return self.note(Checkpoint(self.key.name, size, root).text)
