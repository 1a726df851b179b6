"""Canonical JSON: one value, one sequence of bytes (RFC 8785, narrowed).

The narrowing makes the standard library's encoder agree with RFC 8785 on every accepted value:
no floating-point numbers, integers within 2**53 - 1, ASCII object keys, well-formed Unicode,
bounded depth and size, no duplicate keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from lifecycle.domain.errors import InvalidBody

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 16
MAX_BODY_BYTES: Final = 64 * 1024 - 1  # C2SP's tlog-tiles counts an entry in two bytes.
MAX_DEFINITION_BYTES: Final = 4 * 1024 * 1024

_written: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_quick: Callable[[Any], bytes] | None = None
_PLAIN: Final = frozenset({str, bool, type(None)})
_SEQUENCES: Final = (list, tuple)


def encode(value: Any, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the canonical bytes of *value*.

    Args:
        value: ``None``, booleans, integers, strings, lists or tuples, and mappings of these.
        limit: Longest allowed result, bytes.

    Raises:
        InvalidBody: The value lies outside the profile.
    """
    _check(value, MAX_DEPTH)
    data = _bytes(value)
    if len(data) > limit:
        raise InvalidBody(detail=f"{len(data)} bytes where {limit} are allowed")
    return data


def write_by(quick: Callable[[Any], bytes]) -> None:
    """Let *quick* write what was found to lie within the profile, from now on.

    It is trusted with speed only: for every value of lists, tuples, dicts and plain values of the
    profile it gives the bytes that the standard library gives, to which tests hold it.

    Args:
        quick: Returns the bytes; raises ``TypeError`` for what is of a type that is derived from
            these, or no Unicode: of that, the standard library has the word.
    """
    global _quick
    _quick = quick


def _bytes(value: Any) -> bytes:
    if _quick is not None:
        try:
            return _quick(value)
        except TypeError:
            pass
    try:
        return _written(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidBody(detail="text with half of a surrogate pair") from error


def decode(data: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """Return the value whose canonical bytes *data* are.

    Raises:
        InvalidBody: *data* is not JSON, lies outside the profile, or is another spelling of a
            value than its canonical one.
    """
    value = parse(data, limit=limit)
    if encode(value, limit=limit) != data:
        raise InvalidBody(detail="not in canonical form")
    return value


def parse(data: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """Return the value that *data* spells; whether canonically is for the caller to check.

    Raises:
        InvalidBody: *data* is no JSON without floating-point numbers and duplicate keys.
    """
    if len(data) > limit:
        raise InvalidBody(detail=f"{len(data)} bytes where {limit} are allowed")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidBody(detail=f"not JSON of the profile: {error}") from error


class Codec(NamedTuple):
    """Reads and writes JSON faster than the standard library; trusted with speed only.

    Args:
        loads: Returns the value that bytes spell; raises ``ValueError`` where they spell none.
        dumps: Returns the canonical bytes of a value within the profile.
    """

    loads: Callable[[bytes], Any]
    dumps: Callable[[Any], bytes]


def check(value: Any) -> None:
    """Check that *value* lies within the profile, except for its size.

    Raises:
        InvalidBody: It does not.
    """
    _check(value, MAX_DEPTH)


def digest(value: Any, *, limit: int = MAX_DEFINITION_BYTES) -> str:
    """Return the SHA-256 of the canonical bytes of *value*, 64 lower-case hexadecimal digits."""
    return sha256(encode(value, limit=limit)).hexdigest()


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise InvalidBody(detail=f"nested deeper than {MAX_DEPTH} levels")
    kind = type(value)
    # Asked of the type first: an abstract class takes its time to answer.
    if kind is dict or (kind not in _SEQUENCES and isinstance(value, Mapping)):
        try:
            sound = all(map(str.isascii, value))
        except TypeError:
            sound = False  # a key that is no text
        if not sound:
            wrong = [key for key in value if not isinstance(key, str) or not key.isascii()]
            raise InvalidBody(detail=f"key {wrong[0]!r} is not ASCII text")
        items: Iterable[Any] = value.values()
    elif kind in _SEQUENCES or isinstance(value, list | tuple):
        items = value
    else:
        _check_plain(value)
        return
    # Most members are plain: they are passed here, not by a call each.
    if depth == 1 or not _PLAIN.issuperset(map(type, items)):
        for item in items:
            kind = type(item)
            plain = kind in _PLAIN or (kind is int and -MAX_INTEGER <= item <= MAX_INTEGER)
            if depth == 1 or not plain:
                _check(item, depth - 1)


def _check_plain(value: Any) -> None:
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise InvalidBody(detail="an integer beyond 2**53 - 1")
    elif value is not None and not isinstance(value, str):
        raise InvalidBody(detail=f"a {type(value).__name__} has no place in a body")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result


def _refuse_number(text: str) -> Any:
    raise ValueError(f"the number {text} is not an integer")
