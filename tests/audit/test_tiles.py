"""Tiles hold the tree of any size, and only what is full."""

from lifecycle.audit import merkle
from lifecycle.audit.tiles import TILE_BYTES, WIDTH, Tiles, filled
from tests.audit import second_tree


class Shelf:
    """Leaves and the tiles that were kept of them."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.kept: dict[tuple[int, int], bytes] = {}
        self.asked: list[tuple[int, int]] = []
        self.read: list[int] = []

    def hashes(self, low: int, high: int) -> list[bytes]:
        self.asked.append((low, high))
        return self.leaves[low:high]

    def tile(self, level: int, index: int) -> bytes | None:
        self.read.append(index)
        return self.kept.get((level, index))

    @property
    def tiles(self) -> Tiles:
        return Tiles(self.tile, self.hashes)

    def grow(self, count: int) -> merkle.Frontier:
        frontier = merkle.Frontier()
        for number in range(count):
            self.leaves.append(merkle.leaf_hash(str(number).encode()))
            frontier.append(self.leaves[-1])
            for level, index, hashes in filled(frontier.size, self.tiles):
                self.kept[level, index] = hashes
        return frontier


def test_a_tile_is_kept_when_it_is_full_and_not_before() -> None:
    shelf = Shelf()
    shelf.grow(3 * WIDTH - 1)

    assert sorted(shelf.kept) == [(0, 0), (0, 1)]
    assert shelf.kept[0, 1] == b"".join(shelf.leaves[WIDTH : 2 * WIDTH])


def test_a_tile_of_tiles_is_kept_when_256_are_full() -> None:
    shelf = Shelf()
    leaf = merkle.leaf_hash(b"")
    row = leaf * WIDTH
    shelf.leaves = [leaf] * WIDTH**2
    shelf.kept = {(0, place): row for place in range(WIDTH)}

    made = list(filled(WIDTH**2, shelf.tiles))

    assert [(level, index) for level, index, _ in made] == [(0, 255), (1, 0)]
    root = shelf.tiles.node(8, 7)
    assert made[1][2] == root * WIDTH
    assert list(filled(0, shelf.tiles)) == list(filled(WIDTH - 1, shelf.tiles)) == []


def test_proofs_read_tiles_and_the_leaves_of_the_right_edge_only() -> None:
    shelf = Shelf()
    frontier = shelf.grow(2 * WIDTH + 44)
    size, entries = frontier.size, [str(number).encode() for number in range(2 * WIDTH + 44)]
    shelf.asked.clear()

    proof = merkle.inclusion_proof(300, size, shelf.tiles.node)
    growth = merkle.consistency_proof(270, size, shelf.tiles.node)

    assert proof == second_tree.path(300, entries)
    assert growth == second_tree.proof(270, entries)
    assert all(low >= 2 * WIDTH for low, _ in shelf.asked)
    assert shelf.tiles.frontier(size).root() == frontier.root()
    assert shelf.tiles.frontier(270).root() == second_tree.mth(entries[:270])


def test_a_tile_of_another_length_is_not_believed() -> None:
    shelf = Shelf()
    frontier = shelf.grow(WIDTH)
    shelf.kept[0, 0] = bytes(TILE_BYTES - 32)

    assert shelf.tiles.node(8, 0) == frontier.root()


def test_what_is_not_kept_as_a_tile_is_computed_from_the_leaves() -> None:
    shelf = Shelf()
    shelf.grow(2 * WIDTH)
    entries = [str(number).encode() for number in range(2 * WIDTH)]
    first, second = second_tree.mth(entries[:WIDTH]), second_tree.mth(entries[WIDTH:])
    shelf.kept.clear()
    tiles = shelf.tiles

    assert tiles.node(8, 0) == first
    assert tiles.row(1, 0, 1) == [first]
    assert tiles.row(1, 0, 2) == [first, second]


def test_the_right_edge_of_every_size_is_that_of_the_first_leaves() -> None:
    shelf = Shelf()
    shelf.grow(WIDTH + 15)
    entries = [str(number).encode() for number in range(WIDTH + 15)]

    for size in (0, 1, 2, 3, 7, 255, 256, 257, 271):
        edge = shelf.tiles.frontier(size)
        assert (edge.size, edge.root()) == (size, second_tree.mth(entries[:size]))


def test_many_tiles_are_read_without_holding_more_than_64() -> None:
    shelf = Shelf()
    shelf.kept = {(0, place): bytes([place]) * TILE_BYTES for place in range(200)}
    tiles = shelf.tiles
    places = [*range(64), *range(64), 64, 0, *range(64, 200)]

    found = [tiles.row(0, place << 8, (place << 8) + 1)[0][0] for place in places]

    assert found == places
    assert shelf.read == [*range(64), 64, 0, *range(65, 200)]
