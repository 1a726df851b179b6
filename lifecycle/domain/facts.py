"""Facts have declared types: a record holds codes, numbers and dates, never free text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.definition import Choice, Definition, FactField, FactType
from lifecycle.domain.errors import InvalidFact, closest
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
            hint = f"did you mean {near}?" if near else f"facts: {', '.join(definition.fact)}"
            raise InvalidFact(name=name, detail="the programme declares no such fact", hint=hint)
        problem = _problem(declared, value)
        if problem:
            raise InvalidFact(name=name, detail=problem, hint=f"for example: {_example(declared)}")


def unknown_codes(definition: Definition, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (fact, code) for codes that are well formed but not in the shipped catalogue."""
    known = {choice.code for choice in definition.catalogue}
    for name, value in facts.items():
        for member in definition.fact[name].fields:
            if member.catalogue:
                for item in value:
                    if item[member.name] not in known:
                        yield name, item[member.name]


def _problem(declared: FactType, value: Any) -> str | None:
    match declared.type:
        case "choice":
            return _choice_problem(declared.choices, value)
        case "slugs":
            return _slugs_problem(value)
        case "records":
            return _records_problem(declared.fields, value)
        case "integer":
            fits = type(value) is int and abs(value) <= MAX_INTEGER
            return None if fits else "it is not a whole number"
        case "date":
            return None if _is_date(value) else "it is not a date YEAR-MONTH-DAY"
        case "boolean":
            return None if isinstance(value, bool) else "it is neither true nor false"


def _choice_problem(choices: tuple[Choice, ...], value: Any) -> str | None:
    codes = [choice.code for choice in choices]
    return None if value in codes else f"it is not one of {', '.join(codes)}"


def _slugs_problem(value: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return "it is not a list of codes"
    if len(value) > MAX_ITEMS:
        return f"it has more than {MAX_ITEMS} codes"
    if not all(is_slug(code) for code in value):
        return "codes have only lower-case ASCII letters, digits and '_'"
    return None if len(set(value)) == len(value) else "a code occurs twice"


def _records_problem(fields: tuple[FactField, ...], value: Any) -> str | None:
    names = [member.name for member in fields]
    if not isinstance(value, list | tuple):
        return f"it is not a list of objects with {', '.join(names)}"
    if len(value) > MAX_ITEMS:
        return f"it has more than {MAX_ITEMS} entries"
    for item in value:
        if not isinstance(item, Mapping) or set(item) != set(names):
            return f"every entry must have exactly {', '.join(names)}"
        for member in fields:
            if member.type == "slug" and not is_slug(item[member.name]):
                return f"{member.name} has only lower-case ASCII letters, digits and '_'"
            if member.type == "choice" and (
                found := _choice_problem(member.choices, item[member.name])
            ):
                return f"{member.name}: {found}"
    keys = [item[names[0]] for item in value]
    return None if len(set(keys)) == len(keys) else f"a {names[0]} occurs twice"


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
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
