"""RFC 9162 section 2.1 once more, as its definitions read: slow, recursive, by the leaves.

Random proofs are compared with the tree of the package and, for roots and verdicts, with pymerkle.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from pymerkle import InmemoryTree, InvalidProof, verify_inclusion

from lifecycle.audit import merkle

Leaves = Sequence[bytes]


def split(count: int) -> int:
    """k: the largest power of two smaller than n."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(entries: Leaves) -> bytes:
    """MTH(D_n), 2.1.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(index: int, entries: Leaves) -> list[bytes]:
    """PATH(m, D_n), 2.1.3.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), mth(entries[k:])]
    return [*path(index - k, entries[k:]), mth(entries[:k])]


def proof(old: int, entries: Leaves) -> list[bytes]:
    """PROOF(m, D_n), 2.1.4.1."""
    return subproof(old, entries, True)


def subproof(old: int, entries: Leaves, known: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b), 2.1.4.1."""
    if old == len(entries):
        return [] if known else [mth(entries)]
    k = split(len(entries))
    if old <= k:
        return [*subproof(old, entries[:k], known), mth(entries[k:])]
    return [*subproof(old - k, entries[k:], False), mth(entries[:k])]


def nodes(entries: Leaves) -> Callable[[int, int], bytes]:
    """The hashes of complete subtrees, computed from the leaves; any other one is an error."""

    @cache
    def node(level: int, index: int) -> bytes:
        begin, end = index << level, (index + 1) << level
        assert end <= len(entries), "only complete subtrees are asked for"
        return mth(entries[begin:end])

    return node


@dataclass(frozen=True)
class Same:
    """A tree whose root is the same in both ways."""

    entries: Leaves
    node: Callable[[int, int], bytes]
    root: bytes


def same(entries: Leaves) -> Same:
    """Compute the root of a tree in both ways."""
    node, root, frontier = nodes(entries), mth(entries), merkle.Frontier()
    for entry in entries:
        frontier.append(merkle.leaf_hash(entry))
    assert frontier.root() == merkle.root_of(len(entries), node) == root
    return Same(entries, node, root)


def compare(tree: Same, index: int, old: int) -> None:
    """Prove one leaf and one growth in both ways, and let each verify."""
    entries, node, root = tree.entries, tree.node, tree.root
    size = len(entries)
    inclusion = merkle.inclusion_proof(index, size, node)
    assert inclusion == path(index, entries)
    leaf = merkle.leaf_hash(entries[index])
    assert merkle.root_from_inclusion(index, size, leaf, inclusion) == root
    growth = merkle.consistency_proof(old, size, node)
    assert growth == (proof(old, entries) if old else [])
    merkle.check_consistency(old, mth(entries[:old]), size, root, growth)


def ask_pymerkle(entries: Leaves, index: int, random_: random.Random) -> None:
    """Let pymerkle tell the root, and whether a proof of its own with a changed byte holds."""
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    assert tree.get_root() == mth(entries)
    theirs = tree.prove_inclusion(index + 1, len(entries))
    leaf = tree.get_leaf(index + 1)
    assert leaf == merkle.leaf_hash(entries[index])
    verify_inclusion(leaf, mth(entries), theirs)
    ours = merkle.inclusion_proof(index, len(entries), nodes(entries))
    # Its path begins with the leaf itself.
    assert list(theirs.path[1:]) == ours
    forged = bytearray(leaf)
    forged[random_.randrange(32)] ^= 1 << random_.randrange(8)
    try:
        verify_inclusion(bytes(forged), mth(entries), theirs)
    except InvalidProof:
        found = merkle.root_from_inclusion(index, len(entries), bytes(forged), ours)
        assert found != mth(entries)
    else:
        raise AssertionError("pymerkle took a forged leaf")


def campaign(count: int, seed: int) -> None:
    """Compare *count* random proofs; the tree changes every fifty."""
    random_ = random.Random(seed)  # noqa: S311 - no secret
    tree = same([])
    for number in range(count):
        if number % 50 == 0:
            size = random_.choice((1, 2, 3, 255, 256, 257, random_.randrange(1, 400)))
            entries = [random_.randbytes(random_.randrange(9)) for _ in range(size)]
            ask_pymerkle(entries, random_.randrange(size), random_)
            tree = same(entries)
        size = len(tree.entries)
        compare(tree, random_.randrange(size), random_.randrange(size + 1))


def main(words: Sequence[str] | None = None) -> None:
    """Run the campaign that the command line asks for, and tell what it came to."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.audit.second_tree",
        description=__doc__,
        epilog="example:\n  python -m tests.audit.second_tree 100000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("count", type=int, help="proofs of each kind")
    parser.add_argument("seed", type=int, nargs="?", default=9162, help="draws them (9162)")
    given, begin = parser.parse_args(words), time.monotonic()
    campaign(given.count, given.seed)
    seconds = time.monotonic() - begin
    sys.stdout.write(
        f"seed {given.seed}: {given.count} proofs of inclusion and as many of growth,"
        f" no disagreement; {seconds:.0f} s\n"
    )


if __name__ == "__main__":
    main()
