"""The parts of the verifier that stands alone give the answers of the package's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit import ed25519, merkle, note, standalone
from lifecycle.audit.proof import Growth, Inclusion, parse_proof
from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from tests.audit.signing import Signer
from tests.strategies import json_values

SIGNER = Signer("school-lifecycle/origin-1")


def answer(what: Callable[[], Any]) -> Any:
    """Return what a part answers; ``None`` where it refuses."""
    try:
        return what()
    except (*standalone.BROKEN, InvalidBody):
        return None


def accepted(old: int, root: bytes, size: int, new: bytes, growth: list[bytes]) -> bool:
    """Tell whether the package accepts a proof of growth."""
    try:
        merkle.check_consistency(old, root, size, new, growth)
    except merkle.ProofInvalid:
        return False
    return True


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([number % 256, number >> 8])) for number in range(count)]


def node_of(hashes: list[bytes]) -> merkle.Node:
    def node(level: int, index: int) -> bytes:
        edge = merkle.Frontier()
        for one in hashes[index << level : (index + 1) << level]:
            edge.append(one)
        return edge.root()

    return node


def test_signatures_and_keys_are_those_of_the_package() -> None:
    chance = random.Random(8032)  # noqa: S311 - not a secret
    for number in range(1, 12):
        signer, message = Signer("x", number), chance.randbytes(number)
        public, signature = signer.key.public, signer.private.sign(message)
        broken = bytearray(signature + public)
        broken[chance.randrange(96)] ^= 1 << chance.randrange(8)
        large = int.from_bytes(signature[32:], "little") + standalone.Q
        for key, signed in (
            (public, signature),
            (bytes(broken[64:]), bytes(broken[:64])),
            (public, signature[:32] + large.to_bytes(32, "little")),
            (public, signature[:-1]),
            (chance.randbytes(32), signature),
            (public[:-1], signature),
        ):
            alone = answer(partial(standalone.signed, key, message, signed))
            assert bool(alone) == ed25519.verify(key, message, signed)


@pytest.mark.parametrize(
    "encoded", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\xec" + b"\xff" * 30 + b"\x7f"]
)
def test_keys_that_fit_everything_are_none(encoded: bytes) -> None:
    assert answer(lambda: standalone.point(encoded)) is None
    assert not ed25519.is_public_key(encoded)


@given(data=st.data())
def test_trees_and_proofs_are_those_of_the_package(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70), label="size")
    old = data.draw(st.integers(1, size), label="old")
    index = data.draw(st.integers(0, size - 1), label="index")
    hashes = leaves(size)
    tree, roots = standalone.Tree(), [standalone.sha()]
    for one in hashes:
        tree.add(one)
        roots.append(tree.root())
    node = node_of(hashes)

    path = merkle.inclusion_proof(index, size, node)
    growth = merkle.consistency_proof(old, size, node)

    assert roots[size] == merkle.root_of(size, node)
    assert standalone.included(index, size, hashes[index], path) == roots[size]
    assert standalone.grown(old, size, growth, roots[old]) == (roots[old], roots[size])


@given(data=st.data())
def test_forged_proofs_get_the_same_answer(data: st.DataObject) -> None:
    hashes = leaves(data.draw(st.integers(1, 40), label="leaves"))
    some = st.lists(st.sampled_from([*hashes, merkle.EMPTY_ROOT]), max_size=8)
    size, old, index = (
        data.draw(st.integers(0, 41), label=one) for one in ("size", "old", "index")
    )
    path = data.draw(
        some | st.just(answer(lambda: merkle.inclusion_proof(index, size, node_of(hashes))) or [])
    )
    leaf = data.draw(st.sampled_from(hashes))

    alone = answer(lambda: standalone.included(index, size, leaf, path))
    ours = answer(lambda: merkle.root_from_inclusion(index, size, leaf, path))

    assert alone == ours
    root, new = (data.draw(st.sampled_from(hashes), label=one) for one in ("root", "new"))
    growth = data.draw(some)
    if 0 < old <= size:
        told = answer(lambda: standalone.grown(old, size, growth, root)) == (root, new)
        assert told == accepted(old, root, size, new, growth)


NOTE = SIGNER.checkpoint(40, bytes(32))
PROOF = Inclusion(3, tuple(leaves(5)), NOTE).text
GROWTH = Growth(17, tuple(leaves(5)), NOTE).text
OTHER = Signer("witness.example", 2).signature(NOTE.partition("\n\n")[0] + "\n").line


def mutated(text: str, data: st.DataObject) -> str:
    """Return a text with a place changed, cut out or doubled."""
    at = data.draw(st.integers(0, len(text)), label="at")
    end = data.draw(st.integers(at, min(len(text), at + 8)), label="end")
    middle = data.draw(
        st.sampled_from(
            ["", " ", "\n", "0", "=", "+", "A", "\t", "—", "é", "\u2028", text[at:end] * 2]
        )
    )
    return text[:at] + middle + text[end:]


@given(data=st.data())
def test_checkpoints_are_read_alike(data: st.DataObject) -> None:
    text = mutated(data.draw(st.sampled_from([NOTE, f"{NOTE}{OTHER}\n"])), data)
    key = standalone.key_from(SIGNER.key.text)

    alone = answer(lambda: standalone.checkpoint_from(text, [key]))
    ours = answer(lambda: note.open_checkpoint(text, [SIGNER.key]))

    assert alone == (None if ours is None else (ours.size, ours.root))


@given(data=st.data())
def test_keys_are_read_alike(data: st.DataObject) -> None:
    text = mutated(SIGNER.key.text, data)

    alone = answer(lambda: standalone.key_from(text))
    ours = answer(lambda: note.VerifierKey.parse(text))

    assert alone == (None if ours is None else (ours.name, ours.key_id, ours.public))


@given(data=st.data())
def test_proofs_are_read_alike(data: st.DataObject) -> None:
    kind, word, number = data.draw(st.sampled_from([(PROOF, "index", 3), (GROWTH, "old", 17)]))
    text = mutated(kind, data)

    alone = answer(lambda: standalone.proof_from(text, word, number, NOTE))
    ours = answer(lambda: parse_proof(text))

    same = ours is not None and ours.note == NOTE and not getattr(ours, "body", b"")
    same = same and number == (ours.index if isinstance(ours, Inclusion) else ours.old_size)
    assert alone == ([*ours.hashes] if same else None)


@given(value=json_values)
def test_canonical_bytes_are_those_of_the_package(value: Any) -> None:
    data = answer(lambda: canonical.encode(value))

    if data is not None:
        assert standalone.canonical(value) == data
        assert standalone.value_from(data) == canonical.decode(data)


@given(data=st.data())
def test_what_is_not_canonical_is_refused_alike(data: st.DataObject) -> None:
    texts = ['{"a":[1,true,null,"é"],"b":{"c":-7}}', "[[[[1]]]]", '{"б":1}', "1.5", "NaN", "[1e9]"]
    deep = "[" * 15 + "1" + "]" * 15
    many = [*texts, deep, f"[{deep}]", str(2**53), str(2**53 - 1), '{"a":1,"a":2}', '"\\ud800"']
    text = mutated(data.draw(st.sampled_from(many)), data).encode("utf-8", "surrogatepass")

    alone = answer(lambda: [standalone.value_from(text)])
    ours = answer(lambda: [canonical.decode(text)])

    assert alone == ours
