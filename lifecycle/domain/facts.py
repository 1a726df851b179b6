"""Facts have declared types: a record holds codes, numbers and dates, never free text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.dates import day_from
from lifecycle.domain.definition import Choice, Definition, FactField, FactType
from lifecycle.domain.errors import InvalidDate, InvalidFact, closest
from lifecycle.domain.messages import Message
from lifecycle.domain.naming import is_slug

MAX_ITEMS = 100


def check_facts(definition: Definition, facts: Mapping[str, Any]) -> None:
    """Check that every fact is declared and of its declared type.

    Raises:
        InvalidFact: The first one that is not, with what it should look like.
    """
    for name, value in facts.items():
        declared = definition.fact.get(name)
        if declared is None:
            near = closest(name, definition.fact)
            hint = (
                Message("did you mean {suggestion}?", {"suggestion": near})
                if near
                else Message("the facts are: {facts}", {"facts": tuple(definition.fact)})
            )
            detail = Message("the programme declares no such fact")
            raise InvalidFact(name=name, detail=detail, hint=hint)
        problem = _problem(declared, value)
        if problem:
            hint = Message("for example: {example}", {"example": _example(declared)})
            raise InvalidFact(name=name, detail=problem, hint=hint)


def unknown_codes(definition: Definition, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (fact, code) for codes that are well formed but not in the shipped catalogue."""
    known = {choice.code for choice in definition.catalogue} if facts else set()
    for name, value in facts.items():
        for member in definition.fact[name].fields:
            if member.catalogue:
                for item in value:
                    if item[member.name] not in known:
                        yield name, item[member.name]


def _problem(declared: FactType, value: Any) -> Message | None:
    match declared.type:
        case "choice":
            return _choice_problem(declared.choices, value)
        case "slugs":
            return _slugs_problem(value)
        case "records":
            return _records_problem(declared.fields, value)
        case "integer":
            fits = type(value) is int and abs(value) <= MAX_INTEGER
            return None if fits else Message("it is not a whole number")
        case "date":
            return None if _is_date(value) else Message("it is not a date YEAR-MONTH-DAY")
        case _:  # boolean
            return None if isinstance(value, bool) else Message("it is neither true nor false")


def _choice_problem(choices: tuple[Choice, ...], value: Any) -> Message | None:
    codes = tuple(choice.code for choice in choices)
    return None if value in codes else Message("it is not one of: {codes}", {"codes": codes})


def _slugs_problem(value: Any) -> Message | None:
    if not isinstance(value, list | tuple):
        return Message("it is not a list of codes")
    if len(value) > MAX_ITEMS:
        return Message("it has more than {limit} entries", {"limit": MAX_ITEMS})
    if not all(is_slug(code) for code in value):
        return Message("codes have only lower-case ASCII letters, digits and '_'")
    repeats = len(set(value)) != len(value)
    return Message("a code occurs twice") if repeats else None


def _records_problem(fields: tuple[FactField, ...], value: Any) -> Message | None:
    names = tuple(member.name for member in fields)
    if not isinstance(value, list | tuple):
        return Message("it is not a list of objects with {names}", {"names": names})
    if len(value) > MAX_ITEMS:
        return Message("it has more than {limit} entries", {"limit": MAX_ITEMS})
    for item in value:
        if not isinstance(item, Mapping) or set(item) != set(names):
            return Message("every entry must have exactly {names}", {"names": names})
        for member in fields:
            problem = _member_problem(member, item[member.name])
            if problem is not None:
                return Message("{member}: {problem}", {"member": member.name, "problem": problem})
    keys = [item[names[0]] for item in value]
    repeats = len(set(keys)) != len(keys)
    return Message("a {key} occurs twice", {"key": names[0]}) if repeats else None


def _member_problem(member: FactField, value: Any) -> Message | None:
    if member.type == "choice":
        return _choice_problem(member.choices, value)
    sound = is_slug(value)
    return None if sound else Message("codes have only lower-case ASCII letters, digits and '_'")


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(day_from(value))
    except InvalidDate:
        return False


def _example(declared: FactType) -> str:
    """Return a value of the type, as JSON, for the remedy of an error."""
    if declared.type == "choice":
        return f'{declared.name}="{declared.choices[0].code}"'
    if declared.type == "records":
        members = ",".join(
            f'"{member.name}":"{member.choices[0].code if member.choices else "some_code"}"'
            for member in declared.fields
        )
        return f"{declared.name}=[{{{members}}}]"
    values = {"slugs": '["some_code"]', "integer": "3", "date": '"2022-03-01"', "boolean": "true"}
    return f"{declared.name}={values[declared.type]}"
