"""Arguments of another type than they must be of, told by their names.

Nothing is looked at before a call: only where one ends in an error of Python's own are its
arguments compared with what it asks for, so that a call which is right costs nothing more.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import date, datetime
from functools import wraps
from types import FunctionType
from typing import Any, Final, TypeVar

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor, Evidence, EvidenceFile

Kind = TypeVar("Kind")

_MISTAKEN: Final = (TypeError, AttributeError)
_APART: Final = re.compile(r" \| (?![^\[]*\])")  # not between brackets
_KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "None": lambda value: value is None,
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "bytes": lambda value: isinstance(value, bytes),
    "Day": lambda value: (
        value is None or (isinstance(value, str | date) and not isinstance(value, datetime))
    ),
    "datetime": lambda value: isinstance(value, datetime) and value.tzinfo is not None,
    "Mapping": lambda value: isinstance(value, Mapping),
    "Iterable": lambda value: isinstance(value, Iterable) and not isinstance(value, str),
    "Actor": lambda value: isinstance(value, Actor),
    "Evidence": lambda value: isinstance(value, Evidence),
    "EvidenceFile": lambda value: isinstance(value, EvidenceFile),
}


def told_by_name(kind: type[Kind]) -> type[Kind]:
    """Let the public calls of a class name the argument that made them fail.

    They raise ``InvalidInput`` in place of Python's own error where an argument is not what its
    annotation says.
    """
    for name, call in list(vars(kind).items()):
        if isinstance(call, FunctionType) and not name.startswith("_"):
            setattr(kind, name, _telling(call))
    return kind


def _telling(call: FunctionType) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(call):

        @wraps(call)
        def each(*given: Any, **named: Any) -> Generator[Any, Any, Any]:
            try:
                return (yield from call(*given, **named))
            except _MISTAKEN as error:
                _tell(call, given, named, error)
                raise

        return each

    @wraps(call)
    def once(*given: Any, **named: Any) -> Any:
        try:
            return call(*given, **named)
        except _MISTAKEN as error:
            _tell(call, given, named, error)
            raise

    return once


def _tell(
    call: FunctionType, given: tuple[Any, ...], named: Mapping[str, Any], error: Exception
) -> None:
    """Name the first argument that is of another type; return where it is none.

    Raises:
        InvalidInput: There is one.
    """
    try:
        arguments = inspect.signature(call).bind(*given, **named).arguments
    except TypeError:
        return  # There is no such argument, or one is missing: Python says which.
    for name, value in arguments.items():
        wanted = str(call.__annotations__.get(name, ""))
        if not _fits(value, wanted):
            # The value itself may be a secret.
            facts = {"found": type(value).__name__, "wanted": wanted}
            detail = Message("it is of the type {found}, not {wanted}", facts)
            raise InvalidInput(what=name, detail=detail) from error


def _fits(value: Any, annotation: str) -> bool:
    return any(_is_one(value, one) for one in _APART.split(annotation))


def _is_one(value: Any, annotation: str) -> bool:
    """Tell whether a value may be of a type; of one that is not known here any is."""
    name, _, inner = annotation.partition("[")
    fits = name not in _KINDS or _KINDS[name](value)
    if fits and name == "Iterable" and isinstance(value, list | tuple):
        return all(_fits(one, inner.removesuffix("]")) for one in value)
    return fits
