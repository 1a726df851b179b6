"""Signatures are verified as RFC 8032 has it, and in one spelling only."""

import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lifecycle.audit import ed25519

ORDER = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, 7.1: public key, message, signature of tests 1 to 3.
VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
        "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)
# Keys of small order, which fit signatures that nobody made, and encodings that are no point.
NO_KEYS = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
)


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_signatures_of_the_standard_are_good(public: str, message: str, signature: str) -> None:
    key, text, signed = map(bytes.fromhex, (public, message, signature))

    assert ed25519.is_public_key(key)
    assert ed25519.verify(key, text, signed)
    assert not ed25519.verify(key, text + b"!", signed)


def test_no_changed_bit_of_a_signature_or_key_is_taken() -> None:
    public, message, signature = map(bytes.fromhex, VECTORS[1])
    for bit in range(0, 512, 7):
        assert not ed25519.verify(public, message, flipped(signature, bit))
    for bit in range(0, 256, 7):
        assert not ed25519.verify(flipped(public, bit), message, signature)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    public, message, signature = map(bytes.fromhex, VECTORS[0])
    scalar = int.from_bytes(signature[32:], "little") + ORDER

    assert not ed25519.verify(public, message, signature[:32] + scalar.to_bytes(32, "little"))
    assert not ed25519.verify(public, message, signature + b"\0")
    assert not ed25519.verify(public, message, b"")


@pytest.mark.parametrize("public", NO_KEYS)
def test_what_is_no_key_of_full_order_verifies_nothing(public: str) -> None:
    key = bytes.fromhex(public)

    assert not ed25519.is_public_key(key)
    # The signature that a key of small order gives to every message: R the neutral point, S 0.
    assert not ed25519.verify(key, b"anything", bytes.fromhex(NO_KEYS[0]) + bytes(32))


def test_another_implementation_gives_the_same_verdicts() -> None:
    chance = random.Random(8032)  # noqa: S311 - no secret
    for _ in range(40):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public = private.public_key()
        message = chance.randbytes(chance.randrange(100))
        signature = private.sign(message)
        raw = public.public_bytes_raw()
        changed = flipped(signature, chance.randrange(512))

        assert ed25519.verify(raw, message, signature)
        assert ed25519.verify(raw, message, changed) == accepted(public, message, changed)


def accepted(public: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True
