"""Proposals for a row: who acts, what it drives, how often it recurs. The office decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lifecycle.workflows.date_grammar import parse
from lifecycle.workflows.importing.patterns import (
    DOERS,
    MOVES,
    NOT_PARTIES,
    PARTIES,
    RECURRENCES,
    Move,
)

_PERSON: Final = re.compile(r"\b([А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?)\s+[А-ЯЁ]\.\s?[А-ЯЁ]\.")
_HOW_OFTEN: Final = re.compile(
    r"(?:\bне\s+реже\s+)?(?:\b\w+\s+)?\bраз[ау]?\s+в\s+\w+(?:\s+\w+)?|\bкажд\w+\s+\w+",
    re.IGNORECASE,
)
_BEFORE_PERSON: Final = 120  # characters that may stand between a post and the person who holds it
_STEM: Final = 2  # letters that the case may change


def roles_of(responsible: str, prose: Sequence[str] = ()) -> list[str]:
    """Return the roles that parties stand for, in their order.

    Args:
        responsible: The parties in the words of the row.
        prose: The text of the order, which names the posts of its persons.
    """
    text = NOT_PARTIES.sub("", responsible)
    found: list[tuple[int, tuple[str, ...]]] = []
    for pattern, roles in PARTIES:
        for match in pattern.finditer(text):
            found.append((match.start(), roles))
        text = pattern.sub(lambda match: "\x00" * len(match[0]), text)
    for match in _PERSON.finditer(text):
        found.append((match.start(), _post(match[1], prose)))
    in_order = [role for _, roles in sorted(found) for role in roles]
    return list(dict.fromkeys(in_order))


def persons_in(responsible: str) -> list[str]:
    """Return the surnames among the parties."""
    return [match[1] for match in _PERSON.finditer(responsible)]


def _post(surname: str, prose: Sequence[str]) -> tuple[str, ...]:
    """Return the role of a person by the post named last before the surname in the order."""
    text = " ".join(prose)
    stem = surname[: max(4, len(surname) - _STEM)]
    for match in re.finditer(re.escape(stem), text):
        before = text[max(0, match.start() - _BEFORE_PERSON) : match.start()]
        posts = [
            (post.end(), roles) for pattern, roles in PARTIES for post in pattern.finditer(before)
        ]
        if posts:
            return max(posts)[1]
    return ()


def doers_in(title: str) -> list[str]:
    """Return the roles that a row without a column of parties says it is done by."""
    return [role for pattern, role in DOERS if pattern.search(title)]


def drives_of(rows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return what each row, given as title and result, drives.

    Where one row names a step outright and another a pair of steps, the pair leaves it to that.
    """
    proposed = [[move.drives for move in fitting(title, result)] for title, result in rows]
    alone = {drives[0] for row in proposed for drives in row if len(drives) == 1}
    found = []
    for row in proposed:
        names = []
        for drives in row:
            paired = drives[-1].startswith("complete_")
            names += [one for one in drives if not (paired and len(drives) > 1 and one in alone)]
        found.append(list(dict.fromkeys(names)))
    return found


def fitting(title: str, result: str) -> list[Move]:
    """Return the entries of the table of moves that fit a row."""
    return [
        move
        for move in MOVES
        if move.title.search(title)
        and not (move.without and move.without.search(title))
        and (move.result is None or move.result.search(result))
    ]


def recurrence_in(title: str, result: str) -> str | None:
    """Return the recurrence that the words of a row name, if it is one."""
    text = f"{title} {result}"
    rules = {rule for pattern, rule in RECURRENCES if pattern.search(text)}
    for found in _HOW_OFTEN.finditer(text):
        rules.update(parse(found[0]).rules)
    return rules.pop() if len(rules) == 1 else None
