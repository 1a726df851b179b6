"""An argument of another type is told by its name, and what it is is not shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from lifecycle import InvalidInput
from lifecycle.domain.definition import Definition
from lifecycle.service.arguments import told_by_name
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ROADMAP, Office, memory_engine

SCHOOL = "school-1"
Call = Callable[[Any], Any]


@pytest.fixture(scope="module")
def engine(catalogue: Catalogue, definition: Definition) -> Any:
    """An engine with a school, called as nobody should: nothing in it is changed."""
    engine = memory_engine(catalogue)
    Office(engine, definition).opened(SCHOOL)
    return engine


def advancing(**changed: Any) -> Call:
    """Return a call of ``advance`` with one argument that is something else."""
    given = {"school": SCHOOL, "transition": "begin_questionnaire", "actor": ADMIN} | changed
    return lambda engine: engine.advance(**given)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        *((name, advancing(**{name: 5})) for name in ("transition", "facts", "evidence")),
        ("actor", advancing(actor="admin")),
        ("evidence", advancing(evidence=["order"])),
        ("at", lambda engine: engine.replay(SCHOOL, at="2025-01-01")),
        ("at", lambda engine: engine.board(at=date(2025, 1, 1))),
        ("at", lambda engine: list(engine.replay_each(at=5))),
        ("on", lambda engine: engine.plans.view(ROADMAP, on=5)),
        ("title", lambda engine: engine.enrol("x", roadmap=ROADMAP, title=5, actor=ADMIN)),
        ("name", lambda engine: engine.people.name("admin", 5, actor=ADMIN)),
        ("token", lambda engine: engine.authenticate(b"secret")),
        ("per_transaction", lambda engine: engine.seal("5")),
    ],
)
def test_an_argument_of_another_type_is_told_by_its_name(
    engine: Any, name: str, call: Call
) -> None:
    with pytest.raises(
        InvalidInput, match=rf"^{name} is not valid: it is of the type \w+, not"
    ) as told:
        call(engine)

    assert "secret" not in str(told.value)


def test_a_moment_without_a_zone_is_told_as_none(engine: Any) -> None:
    with pytest.raises(InvalidInput, match="2025-01-01T00:00:00 is not a date"):
        engine.replay(SCHOOL, at=datetime(2025, 1, 1))  # noqa: DTZ001 - that is the point


def test_other_mistakes_stay_what_they_are(engine: Any) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        engine.replay(SCHOOL, when=None)
    with pytest.raises(TypeError, match="our own"):
        Own().fail(5)
    with pytest.raises(ValueError, match="at least one record"):
        engine.seal(0)


@told_by_name
class Own:
    """Fails where its argument is what it has to be."""

    def fail(self, number: int) -> None:
        """Make a mistake."""
        raise TypeError(f"our own, {number}")
