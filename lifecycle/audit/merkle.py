"""The Merkle tree of the log, as RFC 9162 section 2.1 gives it.

Leaves are record bodies. A *complete subtree* of level L holds 2**L leaves and begins at a
multiple of 2**L; everything is computed from the hashes of complete subtrees, asked for by
``Node``, so that a proof in a log of millions touches a few dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from lifecycle.audit.invalid import Invalid

HASH_BYTES: Final = 32
LARGEST: Final = 2**63 - 1
"""More leaves than any database counts; proofs about larger trees are refused unread."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without a leaf (RFC 9162, 2.1.1)."""

Node = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree of a level that is the index-th of its level."""


class ProofInvalid(Invalid):
    """A proof does not prove what it is offered for."""


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above *left* and *right*, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: one hash for each 1 in the binary form of its size.

    Largest subtree first. It is all that is needed to append a leaf and to tell the root.

    Args:
        hashes: Of the subtrees, largest first.
        size: How many leaves they hold.

    Raises:
        ValueError: That many leaves do not have that many subtrees.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= LARGEST or size.bit_count() != len(hashes):
            raise ValueError(f"{len(hashes)} hashes are no right edge of {size} leaves")
        self.size = size
        self._hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        hashes, size = self._hashes, self.size
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root

    def copy(self) -> Frontier:
        """Return the same right edge, to grow apart from this one."""
        return Frontier(self.size, self._hashes)

    def to_bytes(self) -> bytes:
        """Return the hashes, largest subtree first, 32 bytes each."""
        return b"".join(self._hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read what ``to_bytes`` wrote.

        Raises:
            ValueError: It is no right edge of that many leaves.
        """
        if len(data) % HASH_BYTES:
            raise ValueError(f"{len(data)} bytes are no row of hashes")
        return cls(size, split_hashes(data))


def split_hashes(data: bytes) -> list[bytes]:
    """Cut a row of hashes into its hashes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def root_of(size: int, node: Node) -> bytes:
    """Return the root of the first *size* leaves."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of a leaf, from its sibling up (RFC 9162, 2.1.3.1).

    Args:
        index: Of the leaf, from 0.
        size: Leaves of the tree that the proof is about.
        node: Gives the hashes of complete subtrees of that tree.

    Raises:
        ValueError: The tree has no such leaf.
    """
    if not 0 <= index < size <= LARGEST:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    low, high = 0, size
    path = []
    while high - low > 1:
        middle = low + _half(high - low)
        if index < middle:
            path.append(_range_root(middle, high, node))
            high = middle
        else:
            path.append(_range_root(low, middle, node))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the first *old* leaves of *new* are those of the older tree.

    As RFC 9162, 2.1.4.1; empty for an older tree that is empty, or the same.

    Raises:
        ValueError: The older tree is larger.
    """
    if not 0 <= old <= new <= LARGEST:
        raise ValueError(f"a tree of {new} leaves does not extend one of {old}")
    low, high = 0, new
    path = []
    while old not in (0, high):
        middle = low + _half(high - low)
        if old <= middle:
            path.append(_range_root(middle, high, node))
            high = middle
        else:
            path.append(_range_root(low, middle, node))
            low = middle
    if low:
        # The verifier does not know this subtree: it is only a part of the older tree.
        path.append(_range_root(low, high, node))
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that *proof* leads to from *leaf* (RFC 9162, 2.1.3.2).

    The caller compares it with the root that he trusts.

    Raises:
        ProofInvalid: The tree has no such leaf, or its paths have another length.
    """
    if not 0 <= index < size <= LARGEST:
        raise ProofInvalid("a tree of {size} leaves has no leaf {index}", size=size, index=index)
    _check_hashes(leaf, *proof)
    place, last, root = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if place & 1 or place == last:
            root = node_hash(step, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")
    return root


def check_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Make sure that the newer tree begins with all leaves of the older (RFC 9162, 2.1.4.2).

    Raises:
        ProofInvalid: *proof* does not show it.
    """
    if not 0 <= old_size <= new_size <= LARGEST:
        template = "a tree of {new} leaves does not extend one of {old}"
        raise ProofInvalid(template, new=new_size, old=old_size)
    _check_hashes(old_root, new_root, *proof)
    if old_size in (0, new_size):
        if proof:
            raise ProofInvalid("the proof is too long")
        same = old_root == (new_root if old_size == new_size else EMPTY_ROOT)
        if not same or (new_size == 0 and new_root != EMPTY_ROOT):
            raise ProofInvalid("the roots do not belong to trees of these sizes")
        return
    roots = _roots_from_consistency(old_size, old_root, new_size, proof)
    if roots != (old_root, new_root):
        raise ProofInvalid("the proof leads to other roots")


def _roots_from_consistency(
    old_size: int, old_root: bytes, new_size: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofInvalid("the proof is too short")
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")
    return old, new


def _check_hashes(*hashes: bytes) -> None:
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise ProofInvalid("{count} bytes are no hash", count=len(one))


def _half(leaves: int) -> int:
    """Return the largest power of two below *leaves*, which are two at least."""
    return 1 << (leaves - 1).bit_length() - 1


def _range_root(low: int, high: int, node: Node) -> bytes:
    """Return the root of the leaves from *low* up to *high*, as the tree cuts them."""
    parts = []
    while low < high:
        leaves = high - low
        level = leaves.bit_length() - 1  # the largest complete subtree that begins here
        parts.append(node(level, low >> level))
        low += 1 << level
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root
