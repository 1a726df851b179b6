"""Canonical bytes: one value, one spelling, and the same as RFC 8785 says."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from enum import IntEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from lifecycle.wiring import quick_json
from tests.strategies import json_values


class Color(IntEnum):
    """Numbers of a type of their own."""

    RED = 1


@given(json_values)
def test_bytes_lead_back_to_the_value(value: Any) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@given(json_values)
def test_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(json_values | st.dictionaries(st.text("ab\x7f", max_size=3), st.text(max_size=9)))
def test_the_quick_writer_gives_the_bytes_of_the_standard_library(value: Any) -> None:
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert quick_json(value) == written.encode() == rfc8785.dumps(value)


def test_the_quick_writer_escapes_what_the_standard_library_escapes() -> None:
    text = "".join(map(chr, [*range(0x3000), *range(0xE000, 0x10100), 0x10FFFF]))

    assert quick_json([text]) == json.dumps([text], ensure_ascii=False).encode()


@pytest.fixture
def quick() -> Iterator[None]:
    """Bodies are written as an engine writes them."""
    before = canonical._quick
    canonical.write_by(quick_json)
    yield
    canonical._quick = before


class Text(str):
    """A text of a type of its own."""


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("value", [Text("a"), {"a": Text("ж")}, {Text("a"): 1}, [Color.RED]])
def test_what_the_quick_writer_does_not_take_is_written_all_the_same(value: Any) -> None:
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    assert canonical.encode(value) == written.encode()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("value", [1.5, 2**53, b"a", UUID(int=1), date(2022, 3, 14), {"ж": 1}])
def test_the_quick_writer_is_not_asked_for_what_has_no_place(value: Any) -> None:
    with pytest.raises(InvalidBody):
        canonical.encode([value])


@pytest.mark.usefixtures("quick")
def test_half_of_a_surrogate_pair_is_refused_in_the_same_words() -> None:
    with pytest.raises(InvalidBody, match="surrogate"):
        canonical.encode(["\ud800"])


@given(st.dictionaries(st.text("abcdé~ \x7f", max_size=3).filter(str.isascii), json_values))
def test_the_order_of_members_does_not_matter(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical.encode(turned) == canonical.encode(value)


@given(json_values)
def test_another_spelling_of_a_value_is_refused(value: Any) -> None:
    other = json.dumps(value, indent=1).encode()
    assume(other != canonical.encode(value))

    with pytest.raises(InvalidBody):
        canonical.decode(other)


@given(st.binary(max_size=40))
def test_bytes_are_refused_or_are_the_bytes_of_what_they_say(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except InvalidBody:
        return

    assert canonical.encode(value) == data


def test_a_digest_is_that_of_the_bytes() -> None:
    assert canonical.digest({"b": 1}) == sha256(b'{"b":1}').hexdigest()


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (2**53, "2\\*\\*53"),
        (-(2**53), "2\\*\\*53"),
        (1.5, "float has no place"),
        (b"text", "bytes has no place"),
        ({"ключ": 1}, "not ASCII"),
        ({1: 1}, "not ASCII"),
        ("\ud800", "surrogate"),
        ("x" * canonical.MAX_BODY_BYTES, "bytes where"),
    ],
)
def test_a_value_outside_the_profile_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(InvalidBody, match=complaint):
        canonical.encode(value)


def test_nesting_has_a_limit() -> None:
    value: Any = None
    for _ in range(canonical.MAX_DEPTH - 1):
        value = [value]

    assert canonical.decode(canonical.encode(value)) == value
    with pytest.raises(InvalidBody, match="16 levels"):
        canonical.encode([value])


@pytest.mark.parametrize("around", [lambda one: [one], lambda one: {"a": one}])
def test_members_and_elements_are_levels_alike(around: Callable[[Any], Any]) -> None:
    value: Any = 1
    for _ in range(canonical.MAX_DEPTH - 1):
        value = around(value)

    assert canonical.decode(canonical.encode(value)) == value
    with pytest.raises(InvalidBody, match="16 levels"):
        canonical.encode(around(value))


@pytest.mark.parametrize("value", [1.5, 2**53, b"text"])
def test_what_has_no_place_has_none_within_an_object(value: Any) -> None:
    with pytest.raises(InvalidBody):
        canonical.encode({"a": value})


def test_the_longest_body_is_one_byte_below_64_kibibytes() -> None:
    longest = "x" * (65_535 - 2)

    data = canonical.encode(longest)

    assert len(data) == 65_535
    assert canonical.decode(data) == longest
    with pytest.raises(InvalidBody, match="65536 bytes where 65535 are allowed"):
        canonical.encode(longest + "x")
    with pytest.raises(InvalidBody, match="65536 bytes where 65535 are allowed"):
        canonical.parse(b'"' + longest.encode() + b'x"')


def test_the_longest_definition_has_four_mebibytes() -> None:
    longest = "x" * (4_194_304 - 2)

    assert canonical.digest(longest) == sha256(f'"{longest}"'.encode()).hexdigest()
    with pytest.raises(InvalidBody, match="4194305 bytes where 4194304 are allowed"):
        canonical.digest(longest + "x")


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1])
def test_the_largest_integers_are_taken(value: int) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"1.0", "the number 1.0 is not an integer"),
        (b"NaN", "the number NaN is not an integer"),
        (b'{"a":1,"a":1}', "a key occurs twice"),
        (b"{", "not JSON of the profile"),
        (b"\xff", "not JSON of the profile"),
    ],
)
def test_what_is_only_parsed_is_refused_in_words(data: bytes, complaint: str) -> None:
    with pytest.raises(InvalidBody, match=complaint):
        canonical.parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'"\\u0041"',
        b'"\\ud800"',
        b"[" * 100_000,
        b"9" * 5_000,
        b"-0",
        b'"' + b"x" * canonical.MAX_BODY_BYTES + b'"',
    ],
)
def test_bytes_outside_the_profile_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidBody):
        canonical.decode(data)
