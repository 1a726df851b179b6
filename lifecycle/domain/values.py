"""Values that are made in great numbers: frozen dataclasses that are made in half the time.

A frozen dataclass sets each member through ``object.__setattr__``, which looks the member up by
name every time. A transition makes some thirty values of a hundred and fifty members, and whoever
verifies makes them anew for each record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from inspect import signature
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A property of a value that is worked out when it is first asked for, and then kept.

    As ``functools.cached_property``, which takes a lock each time up to Python 3.11: two threads
    that ask at once come to the same here.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        found = instance.__dict__[self._name] = self._make(instance)
        return found


def quick(made: type[T]) -> type[T]:
    """Let values of a frozen dataclass set their members without looking for them.

    Nothing else changes: it takes the same arguments, and nobody can set a member afterwards.

    Args:
        made: The dataclass; every field is a parameter, and it has no ``__post_init__``.
    """
    plain: Any = made.__init__
    names: dict[str, Any] = {}
    slotted = "__slots__" in vars(made)
    lines = [] if slotted else ["kept = self.__dict__"]
    for one in fields(made):  # type: ignore[arg-type]  # a dataclass, though no type says so
        name, value = one.name, one.name
        if one.default_factory is not MISSING:
            absent = signature(plain).parameters[name].default
            names |= {f"_make_{name}": one.default_factory, f"_no_{name}": absent}
            value = f"_make_{name}() if {name} is _no_{name} else {name}"
        if slotted:
            names[f"_set_{name}"] = getattr(made, name).__set__
            lines.append(f"_set_{name}(self, {value})")
        else:
            lines.append(f"kept[{name!r}] = {value}")
    code = plain.__code__
    places = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    if code.co_kwonlyargcount:
        places.insert(code.co_argcount, "*")
    # As dataclasses itself does it: there is no other way to take arguments by their names.
    exec(f"def __init__({', '.join(places)}):\n " + "\n ".join(lines), names)  # noqa: S102
    new = names["__init__"]
    new.__defaults__, new.__kwdefaults__ = plain.__defaults__, plain.__kwdefaults__
    new.__annotations__, new.__qualname__ = plain.__annotations__, plain.__qualname__
    made.__init__ = new  # type: ignore[method-assign]
    return made
