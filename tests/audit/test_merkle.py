"""The tree is RFC 9162's, and no proof proves anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit import merkle
from lifecycle.audit.merkle import Frontier, ProofInvalid
from tests.audit import second_tree

# The leaves and roots that the implementations of Certificate Transparency share (RFC 6962).
KNOWN_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
ENTRIES = [bytes([number]) for number in range(21)]
ROOTS = [second_tree.mth(ENTRIES[:size]) for size in range(len(ENTRIES) + 1)]
NODE = second_tree.nodes(ENTRIES)

entries = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


def grown(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(merkle.leaf_hash(leaf))
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_other_implementations_publish(size: int) -> None:
    assert grown(KNOWN_LEAVES[:size]).root().hex() == KNOWN_ROOTS[size]
    assert merkle.root_of(size, second_tree.nodes(KNOWN_LEAVES)).hex() == KNOWN_ROOTS[size]


@given(entries, st.data())
def test_every_proof_is_the_one_that_the_definitions_give(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    second_tree.compare(second_tree.same(leaves), index, data.draw(st.integers(0, len(leaves))))


def test_another_implementation_agrees_on_random_proofs() -> None:
    second_tree.campaign(200, seed=1)


@given(entries, st.data())
def test_a_right_edge_that_was_stored_grows_on(leaves: list[bytes], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    before = grown(leaves[:cut])
    stored = Frontier.from_bytes(before.size, before.to_bytes())
    apart = stored.copy()
    for leaf in leaves[cut:]:
        stored.append(merkle.leaf_hash(leaf))

    assert stored.size == len(leaves)
    assert stored.root() == second_tree.mth(leaves)
    assert apart.root() == before.root() == second_tree.mth(leaves[:cut])


@pytest.mark.parametrize(("size", "data"), [(1, b""), (3, bytes(32)), (1, bytes(31)), (-1, b"")])
def test_what_is_no_right_edge_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="no r"):
        Frontier.from_bytes(size, data)


def test_every_forged_proof_of_inclusion_leads_elsewhere_or_is_refused() -> None:
    for size in range(1, len(ENTRIES) + 1):
        for index in range(size):
            leaf = merkle.leaf_hash(ENTRIES[index])
            sound = merkle.inclusion_proof(index, size, NODE)
            forged = [
                (index, size, merkle.leaf_hash(b"forged"), sound),
                (index, size, leaf, sound[:-1]),
                (index, size, leaf, [*sound, bytes(32)]),
                (index, size, leaf, [bytes(32), *sound]),
                *((index, size, leaf, swapped(sound, at)) for at in range(len(sound))),
                *((other, size, leaf, sound) for other in range(size) if other != index),
            ]
            assert merkle.root_from_inclusion(index, size, leaf, sound) == ROOTS[size]
            for claim in forged:
                if claim[3] != sound or claim[:3] != (index, size, leaf):
                    assert not proves(*claim, ROOTS[size])


def swapped(proof: list[bytes], at: int) -> list[bytes]:
    return [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]


def proves(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    try:
        return merkle.root_from_inclusion(index, size, leaf, proof) == root
    except ProofInvalid:
        return False


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    try:
        merkle.check_consistency(old, old_root, new, new_root, proof)
    except ProofInvalid:
        return False
    return True


def test_every_forged_proof_of_growth_is_refused() -> None:
    for new in range(len(ENTRIES) + 1):
        for old in range(new + 1):
            sound = merkle.consistency_proof(old, new, NODE)
            assert extends(old, ROOTS[old], new, ROOTS[new], sound)
            assert not extends(old, bytes(32), new, ROOTS[new], sound)
            assert old == 0 < new or not extends(old, ROOTS[old], new, bytes(32), sound)
            assert not extends(old, ROOTS[old], new, ROOTS[new], [*sound, bytes(32)])
            assert not extends(old, ROOTS[old], new, ROOTS[new], [bytes(32), *sound])
            assert not sound or not extends(old, ROOTS[old], new, ROOTS[new], sound[:-1])
            assert not sound or not extends(old, ROOTS[old], new, ROOTS[new], [])
            for at in range(len(sound)):
                assert not extends(old, ROOTS[old], new, ROOTS[new], swapped(sound, at))


def test_a_history_with_one_changed_leaf_has_no_proof_of_growth() -> None:
    rewritten = [*ENTRIES[:3], b"rewritten", *ENTRIES[4:]]
    for new in range(8, len(ENTRIES)):
        proof = merkle.consistency_proof(7, new, second_tree.nodes(rewritten))
        assert not extends(7, ROOTS[7], new, second_tree.mth(rewritten[:new]), proof)


def test_the_empty_tree_begins_every_other_tree_and_has_one_root() -> None:
    merkle.check_consistency(0, merkle.EMPTY_ROOT, 5, ROOTS[5], [])
    with pytest.raises(ProofInvalid, match="roots"):
        merkle.check_consistency(0, bytes(32), 0, bytes(32), [])
    with pytest.raises(ProofInvalid, match="roots"):
        merkle.check_consistency(0, ROOTS[1], 5, ROOTS[5], [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 2**63)])
def test_a_leaf_that_the_tree_does_not_have_is_not_proved(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(index, size, NODE)
    with pytest.raises(ProofInvalid, match="no leaf"):
        merkle.root_from_inclusion(index, size, bytes(32), [])


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 2**63)])
def test_a_tree_does_not_extend_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not extend"):
        merkle.consistency_proof(old, new, NODE)
    with pytest.raises(ProofInvalid, match="does not extend"):
        merkle.check_consistency(old, bytes(32), new, bytes(32), [])


def test_what_is_no_hash_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="no hash"):
        merkle.root_from_inclusion(0, 2, bytes(32), [bytes(31)])
    with pytest.raises(ProofInvalid, match="no hash"):
        merkle.check_consistency(1, bytes(33), 2, bytes(32), [bytes(32)])


def test_a_proof_of_inclusion_of_another_length_is_refused_in_words() -> None:
    leaf = merkle.leaf_hash(ENTRIES[3])
    sound = merkle.inclusion_proof(3, 6, NODE)

    with pytest.raises(ProofInvalid, match="too long"):
        merkle.root_from_inclusion(3, 6, leaf, [*sound, bytes(32)])
    with pytest.raises(ProofInvalid, match="too long"):
        merkle.root_from_inclusion(0, 1, leaf, [bytes(32)])
    with pytest.raises(ProofInvalid, match="too short"):
        merkle.root_from_inclusion(3, 6, leaf, sound[:-1])


@pytest.mark.parametrize("old", [3, 4])
def test_a_proof_of_growth_of_another_length_is_refused_in_words(old: int) -> None:
    sound = merkle.consistency_proof(old, 6, NODE)

    with pytest.raises(ProofInvalid, match="too long"):
        merkle.check_consistency(old, ROOTS[old], 6, ROOTS[6], [*sound, bytes(32)])
    with pytest.raises(ProofInvalid, match="too short"):
        merkle.check_consistency(old, ROOTS[old], 6, ROOTS[6], sound[:-1])
    with pytest.raises(ProofInvalid, match="too short"):
        merkle.check_consistency(old, ROOTS[old], 6, ROOTS[6], [])


@pytest.mark.parametrize("old", [0, 6])
def test_growth_that_needs_no_proof_bears_none(old: int) -> None:
    with pytest.raises(ProofInvalid, match="too long"):
        merkle.check_consistency(old, ROOTS[old], 6, ROOTS[6], [bytes(32)])


def test_proofs_reach_to_the_last_leaf_that_a_database_counts() -> None:
    def node(level: int, index: int) -> bytes:
        return merkle.leaf_hash(f"{level}/{index}".encode())

    size = 2**63 - 1
    inclusion = merkle.inclusion_proof(size - 1, size, node)
    growth = merkle.consistency_proof(size - 1, size, node)
    old, new = merkle.root_of(size - 1, node), merkle.root_of(size, node)
    edge = [node(level, (size >> level) - 1) for level in range(62, -1, -1)]

    assert merkle.root_from_inclusion(size - 1, size, node(0, size - 1), inclusion) == new
    merkle.check_consistency(size - 1, old, size, new, growth)
    assert Frontier(size, edge).root() == new
    with pytest.raises(ValueError, match="no right edge"):
        Frontier(size + 1, edge[:1])
