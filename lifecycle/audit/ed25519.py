"""Verification of Ed25519 signatures (RFC 8032, section 5.1.7); the standard library only.

Strict, so that one message has one signature: encodings must be canonical, S below the order of
the group, the public key not of small order. Nothing here is secret, so nothing needs constant
time; signing is done elsewhere, by a library made for it.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SQRT_M1: Final = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""

_NEUTRAL: Final[_Point] = (0, 1, 1, 0)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether *signature* was made over *message* with the key of *public*.

    Args:
        public: 32 bytes.
        message: What was signed.
        signature: 64 bytes.
    """
    if len(signature) != SIGNATURE_BYTES:
        return False
    key = _point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= _L:
        return False
    start = signature[:32]
    challenge = int.from_bytes(sha512(start + public + message).digest(), "little") % _L
    x, y, z, t = key
    # By its encoding: another spelling of the same point is not accepted.
    return _encoded(_sum_of_multiples(scalar, challenge, (_P - x, y, z, _P - t))) == start


def is_public_key(public: bytes) -> bool:
    """Tell whether these bytes are a public key that ``verify`` can accept signatures of."""
    return _point(public) is not None


def _point(public: bytes) -> _Point | None:
    """Decode a public key; ``None`` for what is none, or one that signs everything."""
    if len(public) != KEY_BYTES:
        return None
    number = int.from_bytes(public, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    x = _x_of(y, sign) if y < _P else None
    if x is None:
        return None
    point = (x, y, 1, x * y % _P)
    eightfold = _double(_double(_double(point)))
    # A key of small order fits signatures of messages that nobody signed.
    return None if eightfold[0] == 0 else point


def _x_of(y: int, sign: int) -> int | None:
    """Return the coordinate that belongs to *y* (RFC 8032, 5.1.3)."""
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == _P - u:
        x = x * _SQRT_M1 % _P
    if v * x * x % _P != u:
        return None
    if x == 0:
        return None  # Of small order, whatever its sign.
    return x if x & 1 == sign else _P - x


def _add(one: _Point, other: _Point) -> _Point:
    """Return the sum of two points (RFC 8032, 5.1.4)."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * t1 * t2 * _D % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(point: _Point) -> _Point:
    """Return the double of a point (RFC 8032, 5.1.4)."""
    x, y, z, _ = point
    a, b = x * x % _P, y * y % _P
    h = a + b
    e = h - (x + y) * (x + y)
    g = a - b
    f = 2 * z * z + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _sum_of_multiples(scalar: int, challenge: int, key: _Point) -> _Point:
    """Return scalar * base + challenge * key, both walked through together."""
    table = {(1, 0): _BASE, (0, 1): key, (1, 1): _add(_BASE, key)}
    total = _NEUTRAL
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        total = _double(total)
        step = scalar >> bit & 1, challenge >> bit & 1
        if step in table:
            total = _add(total, table[step])
    return total


def _encoded(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    x, y = x * inverse % _P, y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> _Point:
    y = 4 * pow(5, -1, _P) % _P
    x = _x_of(y, 0)
    assert x is not None  # noqa: S101 - a fact of the curve
    return x, y, 1, x * y % _P


_BASE: Final = _base()
