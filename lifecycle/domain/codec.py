"""Frozen dataclasses to JSON values and back, by their own type annotations.

Small on purpose: it knows just the shapes that definitions are made of. Members that have their
default value are left out, so a later release can add one without changing older digests.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_PLAIN: Final = (str, int, bool, type(None))


def to_json(value: Any, without: tuple[str, ...] = ()) -> Any:
    """Return *value* (a dataclass, tuple, date or JSON scalar) as JSON values.

    Args:
        value: To be written.
        without: Names of members of a dataclass that are left out.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return [to_json(item) for item in value]
    members = _members(kind, without)
    if members is not None:
        body: dict[str, Any] = {}
        for name, default in members:
            member = getattr(value, name)
            # Most are their defaults themselves, which is seen sooner than that they are equal.
            if member is not default and member != default:
                body[name] = member if type(member) in _PLAIN else to_json(member)
        return body
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _members(kind: type, without: tuple[str, ...]) -> tuple[tuple[str, Any], ...] | None:
    """Return name and default of every field of a dataclass that is written; else ``None``.

    Its tag is written though it has its default.
    """
    if not is_dataclass(kind):
        return None
    return tuple(
        (field.name, MISSING if field.name == "type" else field.default)
        for field in fields(kind)
        if field.name not in without
    )


def from_json(kind: type[T], body: Any) -> T:
    """Rebuild a value of the dataclass *kind*.

    Raises:
        KeyError, TypeError, ValueError: *body* does not have the shape of *kind*.
    """
    return cast(T, _reader(cast(Any, kind))(body))


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that reads a value annotated as *kind*."""
    if is_dataclass(kind):
        return _dataclass_reader(cast(type, kind))
    if kind is date:
        return date.fromisoformat
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda body: tuple(item(one) for one in body)
    if origin in (Union, types.UnionType):
        return _union_reader(arguments)
    return lambda body: body


def _dataclass_reader(kind: type) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    members = [
        (field.name, _reader(hints[field.name]), field.default is MISSING)
        for field in fields(kind)
        if field.init
    ]

    def read(body: Any) -> Any:
        values = {
            name: reader(body[name])
            for name, reader, required in members
            if required or name in body
        }
        if len(values) != len(body):
            unknown = sorted(set(body) - set(values))
            raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}")
        return kind(**values)

    return read


def _union_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if type(None) in arguments:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        read = _reader(inner)
        return lambda body: None if body is None else read(body)
    readers = {_tag(argument): _reader(argument) for argument in arguments}
    return lambda body: readers[body["type"]](body)


def _tag(kind: Any) -> str:
    hint = get_type_hints(kind)["type"]
    assert get_origin(hint) is Literal  # noqa: S101 - a union of definitions is tagged by literals
    return cast(str, get_args(hint)[0])
