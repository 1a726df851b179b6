"""Facts have declared types; whatever else is stated is refused with an example."""

from typing import Any

import pytest

from lifecycle.domain.errors import InvalidFact
from lifecycle.domain.facts import MAX_ITEMS, check_facts, unknown_codes
from tests.domain.small import programme

FIRE = {"factor": "fire", "weight": "high"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outcome", "good"),
        ("chosen", []),
        ("chosen", ["fire", "not_in_the_catalogue"]),
        ("chosen", ("fire",)),
        ("chosen", [f"c{number}" for number in range(MAX_ITEMS)]),
        ("risks", []),
        ("risks", [{"factor": f"c{number}", "weight": "low"} for number in range(MAX_ITEMS)]),
        ("risks", [FIRE, {"factor": "flood", "weight": "low"}]),
        ("pupils", 0),
        ("pupils", -(2**53) + 1),
        ("opened", "2022-03-01"),
        ("rural", False),
    ],
)
def test_a_fact_of_its_type_is_accepted(name: str, value: Any) -> None:
    check_facts(programme(), {name: value})


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("outcome", "splendid", "it is not one of: good, bad"),
        ("outcome", None, "it is not one of: good, bad"),
        ("outcome", ["good"], "it is not one of: good, bad"),
        ("chosen", "fire", "it is not a list of codes"),
        ("chosen", {"fire": 1}, "it is not a list of codes"),
        ("chosen", ["Fire"], "codes have only lower-case"),
        ("chosen", ["пожар"], "codes have only lower-case"),
        ("chosen", ["fire", 1], "codes have only lower-case"),
        ("chosen", ["fire", ["flood"]], "codes have only lower-case"),
        ("chosen", ["x" * 65], "codes have only lower-case"),
        ("chosen", ["fire", "flood", "fire"], "a code occurs twice"),
        ("chosen", [f"c{n}" for n in range(MAX_ITEMS + 1)], "it has more than 100 entries"),
        ("risks", FIRE, "it is not a list of objects with factor, weight"),
        ("risks", "fire", "it is not a list of objects with factor, weight"),
        ("risks", ["fire"], "every entry must have exactly factor, weight"),
        ("risks", [{"factor": "fire"}], "every entry must have exactly factor, weight"),
        ("risks", [FIRE | {"note": "x"}], "every entry must have exactly factor, weight"),
        ("risks", [FIRE | {"factor": "Fire"}], "factor: codes have only lower-case"),
        ("risks", [FIRE | {"factor": ["fire"]}], "factor: codes have only lower-case"),
        ("risks", [FIRE | {"weight": "huge"}], "weight: it is not one of: high, low"),
        ("risks", [FIRE, FIRE | {"weight": "low"}], "a factor occurs twice"),
        ("risks", [FIRE] * (MAX_ITEMS + 1), "it has more than 100 entries"),
        ("pupils", "3", "it is not a whole number"),
        ("pupils", 3.0, "it is not a whole number"),
        ("pupils", True, "it is not a whole number"),
        ("pupils", 2**53, "it is not a whole number"),
        ("opened", "1 марта 2022", "it is not a date YEAR-MONTH-DAY"),
        ("opened", "2022-02-30", "it is not a date YEAR-MONTH-DAY"),
        ("opened", "20220301", "it is not a date YEAR-MONTH-DAY"),
        ("opened", 20220301, "it is not a date YEAR-MONTH-DAY"),
        ("rural", 1, "it is neither true nor false"),
        ("rural", "true", "it is neither true nor false"),
    ],
)
def test_a_fact_of_another_type_is_refused(name: str, value: Any, complaint: str) -> None:
    with pytest.raises(InvalidFact, match=complaint) as refused:
        check_facts(programme(), {"rural": True, name: value})

    assert refused.value.facts["name"] == name


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("outcome", 'outcome="good"'),
        ("chosen", 'chosen=["some_code"]'),
        ("risks", 'risks=[{"factor":"some_code","weight":"high"}]'),
        ("pupils", "pupils=3"),
        ("opened", 'opened="2022-03-01"'),
        ("rural", "rural=true"),
    ],
)
def test_the_remedy_is_an_example_that_would_do(name: str, example: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        check_facts(programme(), {name: object()})

    assert str(refused.value.remedy) == f"for example: {example}"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Outcome", "did you mean outcome?"),
        ("xyz", "the facts are: outcome, chosen, risks, pupils, opened, rural"),
    ],
)
def test_an_undeclared_fact_is_refused_with_the_nearest_one(name: str, remedy: str) -> None:
    with pytest.raises(InvalidFact, match="declares no such fact") as refused:
        check_facts(programme(), {name: 1})

    assert str(refused.value.remedy) == remedy


def test_codes_beside_the_catalogue_are_told() -> None:
    facts = {"risks": [FIRE, {"factor": "frost", "weight": "low"}], "chosen": ["hail"]}

    assert list(unknown_codes(programme(), facts)) == [("risks", "frost")]
