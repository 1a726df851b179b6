"""Quick values are frozen dataclasses as they were, made faster."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, make_dataclass, replace
from inspect import signature
from typing import Any

import pytest

from lifecycle.domain.values import Kept, quick


@quick
@dataclass(frozen=True, slots=True)
class Slotted:
    first: int
    second: str = "two"
    third: Mapping[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True)
class Open:
    first: int
    second: str = "two"
    third: Mapping[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, kw_only=True)
class Named:
    third: Mapping[str, int] = field(default_factory=dict)
    second: str = "two"
    first: int


class Derived(Slotted):
    """Somebody else's."""


MADE: list[Callable[..., Any]] = [Slotted, Open, Named, Derived]


@pytest.mark.parametrize("made", MADE)
def test_members_are_what_was_given_or_their_defaults(made: Callable[..., Any]) -> None:
    one, other = made(first=1), made(first=1, second="b", third={"c": 3})

    assert (one.first, one.second, one.third) == (1, "two", {})
    assert (other.first, other.second, other.third) == (1, "b", {"c": 3})
    assert one.third is not made(first=1).third
    assert replace(one, second="b", third={"c": 3}) == other
    assert copy.copy(other) == pickle.loads(pickle.dumps(other)) == other  # noqa: S301


@pytest.mark.parametrize("made", MADE)
def test_no_member_is_set_afterwards(made: Callable[..., Any]) -> None:
    one = made(first=1)

    with pytest.raises(FrozenInstanceError):
        one.first = 2
    with pytest.raises(FrozenInstanceError):
        del one.first


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("kw_only", [True, False])
def test_arguments_are_taken_as_before(slots: bool, kw_only: bool) -> None:
    members: Any = [("first", int), ("second", str, "two"), ("third", dict, field(default=None))]
    options: Any = {"frozen": True, "slots": slots, "kw_only": kw_only}
    plain: Any = make_dataclass("Plain", members, **options)
    new: Any = quick(make_dataclass("Plain", members, **options))

    assert signature(new) == signature(plain)
    assert repr(new(first=1)) == repr(plain(first=1))
    for wrong in ((), (1, 2, 3, 4)):
        with pytest.raises(TypeError) as expected:
            plain(*wrong)
        with pytest.raises(TypeError) as found:
            new(*wrong)
        assert str(found.value) == str(expected.value)


def test_what_is_kept_is_worked_out_once_and_no_part_of_the_value() -> None:
    asked: list[int] = []

    @quick
    @dataclass(frozen=True)
    class Doubling:
        single: int

        @Kept
        def double(self) -> int:
            """Twice as much."""
            asked.append(self.single)
            return 2 * self.single

    one = Doubling(3)

    assert [one.double, one.double, replace(one, single=4).double, Doubling(3).double] == [
        6,
        6,
        8,
        6,
    ]
    assert asked == [3, 4, 3]
    assert (one, repr(one)) == (Doubling(3), repr(Doubling(3)))
    assert vars(Doubling)["double"].__doc__ == "Twice as much."
