"""The parser that bodies are read with first makes no difference but to the time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.record import Record, empty_head
from lifecycle.storage.rows import CODEC
from tests.storage.samples import ORIGIN, STREAM, record_after

FACTS: dict[str, Any] = {
    "risks": ["жизнь", 'a"b\\c\n\u007f\u2028'],
    "count": 3,
    "done": True,
    "none": None,
}
BODY = record_after(empty_head(ORIGIN, STREAM), facts=FACTS).body


def outcome(body: bytes, codec: canonical.Codec | None) -> tuple[object, ...]:
    try:
        record = Record.decode(body, codec)
    except InvalidBody as error:
        return "refused", str(error)
    return record, record.body, record.hash, record.to_json()


def spelt(**changes: object) -> bytes:
    """Return the sample's body with other members, however they are spelt."""
    body = BODY
    for name, text in changes.items():
        value = canonical.encode(canonical.parse(BODY)[name])
        body = body.replace(b'"%s":%s' % (name.encode(), value), b'"%s":%s' % (name.encode(), text))
    assert body != BODY
    return body


def test_a_sound_body_is_read_alike() -> None:
    assert outcome(BODY, CODEC) == outcome(BODY, None)
    assert outcome(BODY, CODEC)[0] != "refused"


@given(st.integers(0, len(BODY) - 1), st.binary(max_size=3))
def test_a_body_with_other_bytes_in_it_is_read_or_refused_alike(place: int, put: bytes) -> None:
    for body in (BODY[:place] + put + BODY[place + 1 :], BODY[:place] + put + BODY[place:]):
        assert outcome(body, CODEC) == outcome(body, None)


@pytest.mark.parametrize(
    "body",
    [
        spelt(facts=b'{"count":3.0}'),
        spelt(facts=b'{"count":9007199254740992}'),
        spelt(facts=b'{"count":-0}'),
        spelt(facts=b'{"count":1,"count":1}'),
        spelt(facts=b'{"count":"\\u0436"}'),
        spelt(facts=b'{"count":"\\ud800"}'),
        spelt(facts=b'{"count":NaN}'),
        spelt(facts='{"счёт":1}'.encode()),
        spelt(facts=b'{"b":1,"a":1}'),
        spelt(facts=b'{"a":' + b"[" * 20 + b"]" * 20 + b"}"),
        spelt(facts=b'{"a":"' + b"a" * canonical.MAX_BODY_BYTES + b'"}'),
        spelt(format=b"true"),
        spelt(sequence=b"true"),
        spelt(sequence=b"1.0"),
        spelt(sequence=b"9007199254740992"),
        spelt(consulted=b'{"installation":9007199254740992}'),
        spelt(consulted='{"школа":1}'.encode()),
        spelt(reason=b'"\\ud800"'),
        spelt(requirements=b'[["state"]]'),
        BODY + b" ",
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_a_body_spelt_otherwise_is_refused_in_the_same_words(body: bytes) -> None:
    assert outcome(body, CODEC) == outcome(body, None)
    assert outcome(body, None)[0] == "refused"


@pytest.mark.parametrize("levels", range(11, 17))
def test_a_body_as_deep_as_it_may_be_is_read_and_a_deeper_one_refused_alike(levels: int) -> None:
    body = spelt(facts=b'{"a":' + b"[" * levels + b"]" * levels + b"}")

    assert outcome(body, CODEC) == outcome(body, None)
    assert (outcome(body, None)[0] == "refused") == (levels > canonical.MAX_DEPTH - 2)
