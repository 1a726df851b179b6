"""The published schemas are those of the forms, and an editor is told what the checker tells."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lifecycle.workflows.json_schemas import KINDS, Kind, schema_of, shipped, text_of
from lifecycle.workflows.reading import read

ROOT = Path(__file__).parents[2] / "workflows"
FILES: list[tuple[Kind, Path]] = [
    *(("programme", path) for path in sorted((ROOT / "programmes").glob("*.yaml"))),
    *(("roadmap", path) for path in sorted((ROOT / "roadmaps").glob("*.yaml"))),
]
IDS = [path.stem for _, path in FILES]


def content(path: Path) -> dict[str, Any]:
    read_: dict[str, Any] = deepcopy(read(path).content)
    return read_


@pytest.fixture
def programme() -> dict[str, Any]:
    return content(ROOT / "programmes" / "500plus.yaml")


@pytest.fixture
def roadmap() -> dict[str, Any]:
    return content(ROOT / "roadmaps" / "tomari-2022.yaml")


def told(kind: Kind, instance: dict[str, Any]) -> list[str]:
    """Return where an editor underlines something."""
    return [
        error.json_path for error in Draft202012Validator(schema_of(kind)).iter_errors(instance)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_schema_is_the_one_of_the_forms(kind: Kind) -> None:
    assert shipped(kind) == text_of(kind), "run: make schemas"


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_one_by_the_rules_of_schemas(kind: Kind) -> None:
    Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize(("kind", "path"), FILES, ids=IDS)
def test_every_shipped_file_fits_its_schema(kind: Kind, path: Path) -> None:
    assert told(kind, content(path)) == []


@pytest.mark.parametrize(("kind", "path"), FILES, ids=IDS)
def test_every_shipped_file_names_its_schema_in_the_first_line(kind: Kind, path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]

    mark, _, place = first.partition("$schema=")
    assert mark == "# yaml-language-server: "
    assert (path.parent / place).resolve() == (ROOT / f"{kind}.schema.json").resolve()


@pytest.mark.parametrize(
    "requirement",
    [
        {"evidence": "order", "fact": "outcome"},
        {"source": "inference"},
        {"evidence": {"each": "risks.factor"}},
        {"evidence": "order", "why": "because"},
        {"different_person": []},
        {"evidence": "Приказ"},
    ],
)
def test_a_requirement_asks_for_one_thing(
    programme: dict[str, Any], requirement: dict[str, Any]
) -> None:
    programme["transitions"][0]["requires"][0] = requirement

    assert told("programme", programme)
    assert all(
        one.startswith("$.transitions[0].requires[0]") for one in told("programme", programme)
    )


@pytest.mark.parametrize(
    "requirement",
    [
        {"evidence": "order"},
        {"evidence": {"kind": "order", "each": "activated_risks"}},
        {"evidence": {"adjustment": "concept_package"}, "source": "inference"},
        {"fact": "outcome"},
        {"fact": {"name": "risks", "not_empty": True}},
        {"registered": "budget-left"},
    ],
)
def test_every_way_to_write_a_requirement_is_known(
    programme: dict[str, Any], requirement: dict[str, Any]
) -> None:
    programme["transitions"][0]["requires"][0] = requirement

    assert told("programme", programme) == []


def test_a_list_may_stand_for_the_mapping_that_holds_it(programme: dict[str, Any]) -> None:
    transition = programme["transitions"][0]
    transition["from"] = {"states": ["selected"]}
    transition["by"] = {"roles": ["municipal_coordinator"]}

    assert told("programme", programme) == []


@pytest.mark.parametrize(
    "change",
    [
        {"start": "25.03.2022"},
        {"end": 20220325},
        {"recurrence": "ежемесячно"},
        {"by": "school"},
        {"drives": "record_visit"},
        {"lines": [0]},
        {"deadline": "2022-03-25"},
    ],
)
def test_a_row_is_underlined_where_it_is_wrong(
    roadmap: dict[str, Any], change: dict[str, Any]
) -> None:
    roadmap["activities"][3] |= change

    assert told("roadmap", roadmap)
    assert all(one.startswith("$.activities[3]") for one in told("roadmap", roadmap))


@pytest.mark.parametrize(
    "measure",
    [
        {},
        {"schools": True, "constant": 3},
        {"schools": False},
        {"count": {"of": ["1.1"]}},
        {"schools_fulfilled": []},
    ],
)
def test_a_measure_is_one_thing(roadmap: dict[str, Any], measure: dict[str, Any]) -> None:
    roadmap["indicators"][0]["numerator"] = measure

    assert told("roadmap", roadmap)


def test_editors_have_words_for_what_is_not_plain_from_its_name() -> None:
    requirement = schema_of("programme")["$defs"]["RequirementForm"]["properties"]

    assert all("description" in one for one in requirement.values())
    assert schema_of("roadmap")["$defs"]["ActivityForm"]["properties"]["drives"]["description"]
