"""The five road maps through the importer: beside those made by hand, and in every kind of file."""

from pathlib import Path

import pytest

from lifecycle.workflows.importing.draft import DraftActivity
from lifecycle.workflows.importing.roadmap import import_roadmap
from tests.workflows.importing import gold, offices

SOURCES = sorted(offices.YEARS)

# Windows right without a doubt, and rows marked for a person; the sum is every activity.
WINDOWS = {
    "dmitrovsk-2022": (2, 11),  # two dates that cannot be told apart, parties that do not come out
    "belgorod-2021": (14, 2),  # the glued rows 15 and 16
    "tomari-2022": (40, 3),  # recurrences that only the wording names
    "kaspiysk-2022": (13, 11),  # shifted cells, the lost number, a recurrence in the wording
    "neklinovsky-2022": (44, 1),  # December of the year before
}
# Steps proposed as by hand, and those that no hand put there; without the patterns that only the
# seed itself bears out.
STEPS = {
    "dmitrovsk-2022": ((8, 0), (7, 0)),
    "belgorod-2021": ((3, 0), (1, 0)),
    "tomari-2022": ((16, 0), (11, 1)),
    "kaspiysk-2022": ((9, 0), (6, 0)),
    "neklinovsky-2022": ((6, 1), (6, 1)),
}
ROLES_LEFT_OUT = {
    "dmitrovsk-2022": 9,
    "belgorod-2021": 16,
    "tomari-2022": 43,
    "kaspiysk-2022": 24,
    "neklinovsky-2022": 41,
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_activity_is_found_and_no_window_is_wrong_in_silence(source: str) -> None:
    result = gold.compare(source, gold.draft_of(source))

    assert result.found == result.wanted
    assert result.silent == []
    assert (result.right, result.marked) == WINDOWS[result.name], f"of {result.activities}"
    assert result.marked_right == result.marked


@pytest.mark.parametrize("source", SOURCES)
def test_every_word_and_section_and_role_is_the_one_of_the_table(source: str) -> None:
    result = gold.compare(source, gold.draft_of(source))

    assert result.words == []
    assert result.roles == result.activities


@pytest.mark.parametrize("source", SOURCES)
def test_the_lines_cited_are_those_of_the_table(source: str) -> None:
    by_hand = gold.gold()[source]["activities"]

    assert [list(one.lines) for one in gold.draft_of(source).activities] == [
        one["lines"] for one in by_hand
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_steps_are_proposed_with_caution_also_by_patterns_of_the_others(source: str) -> None:
    result = gold.compare(source, gold.draft_of(source))
    with gold.without_patterns_of(source):
        left_out = gold.compare(source, gold.draft_of(source))

    steps = ((result.drives, result.extra), (left_out.drives, left_out.extra))
    assert steps == STEPS[result.name]
    assert left_out.roles == ROLES_LEFT_OUT[result.name]
    assert (left_out.found, left_out.silent) == (result.found, [])


@pytest.mark.parametrize("source", SOURCES)
def test_the_draft_is_a_road_map_without_mistakes(source: str, tmp_path: Path) -> None:
    draft = gold.draft_of(source)

    problems = draft.write(tmp_path / "draft.yaml")

    # A warning says what the document itself says wrong: Tomari has a row due before another.
    assert [str(one) for one in problems if one.severity == "error"] == []
    assert (tmp_path / "draft.yaml").read_text("utf-8") == gold.draft_of(source).yaml()


def shown(one: DraftActivity) -> tuple[object, ...]:
    """Return what does not depend on the kind of file: all but the places."""
    return (
        *(one.key, one.section, one.title, one.when, one.start, one.end, one.recurrence),
        *(one.responsible, one.roles, one.result, one.drives, one.verdict),
        [message.template for message in (*one.doubts, *one.notes)],
    )


@pytest.mark.parametrize("kind", sorted(offices.WRITERS))
@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_file_gives_the_same_rows(kind: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / f"plan.{kind}"
    offices.WRITERS[kind](path, *offices.seed(source))

    draft = import_roadmap(path, year=offices.YEARS[source])

    assert [shown(one) for one in draft.activities] == [
        shown(one) for one in gold.draft_of(source).activities
    ]
    assert draft.order == gold.draft_of(source).order
    assert len(draft.notes) == len(gold.draft_of(source).notes)
