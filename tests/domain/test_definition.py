"""A definition travels as JSON and comes back the same, with the same digest."""

import json
from typing import Any

import pytest
from hypothesis import given

from lifecycle.domain import canonical
from lifecycle.domain.definition import Definition
from lifecycle.workflows.catalogue import Catalogue
from tests.strategies import definitions


def again(definition: Definition) -> Definition:
    return Definition.from_json(json.loads(definition.canonical_bytes))


@given(definitions())
def test_a_generated_definition_comes_back_the_same(definition: Definition) -> None:
    copy = again(definition)

    assert vars_of(copy) == vars_of(definition)
    assert copy.canonical_bytes == definition.canonical_bytes
    assert copy.ref == definition.ref


@pytest.mark.parametrize("roadmap", Catalogue().roadmaps())
def test_a_shipped_definition_comes_back_the_same(catalogue: Catalogue, roadmap: str) -> None:
    definition = catalogue.compiled(roadmap)

    copy = again(definition)

    assert vars_of(copy) == vars_of(definition)
    assert copy.ref == definition.ref


def test_members_at_their_default_are_left_out(definition: Definition) -> None:
    first, *_, last = definition.to_json()["states"]

    assert "final" not in first
    assert last["final"] is True
    assert "due_on" not in last


def test_an_unknown_member_is_refused(definition: Definition) -> None:
    body: dict[str, Any] = json.loads(definition.canonical_bytes)
    body["states"][0]["colour"] = "red"

    with pytest.raises(ValueError, match="State has no colour"):
        Definition.from_json(body)


def test_the_digest_is_over_the_canonical_bytes(definition: Definition) -> None:
    body = json.loads(definition.canonical_bytes)

    assert definition.ref.digest == canonical.digest(body)
    assert definition.ref.id == "500plus/tomari-2022"


def test_parts_are_found_by_name(definition: Definition) -> None:
    assert definition.state["withdrawn"].final
    assert definition.transition["conclude"].target == "completed"
    assert definition.role["curator"].scopes == ("school",)
    assert definition.evidence_kind["order"].title.ru == "Приказ"
    assert definition.fact["outcome"].type == "choice"
    assert [one.name for one in definition.open_in("final_review")] == ["conclude", "withdraw"]


def vars_of(definition: Definition) -> dict[str, Any]:
    """Return the members, without the caches."""
    return {name: getattr(definition, name) for name in Definition.__dataclass_fields__}
