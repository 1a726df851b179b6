"""Indicators: what is counted, out of what, whether it is enough, and who is missing."""

from datetime import date
from fractions import Fraction

import pytest

from lifecycle.domain.fulfilment import facts_on
from lifecycle.domain.indicators import Reading, read_indicators
from lifecycle.domain.model import SchoolMove
from lifecycle.domain.plan import Place, Plan, Progress
from lifecycle.domain.roadmap import Count, Indicator, Measure
from lifecycle.workflows.catalogue import Catalogue
from tests.domain.plans import DAY, activity, definition, facts, move, standing, statuses
from tests.domain.small import text

SCHOOLS = Measure("schools")
COUNTED = (Count("people", text("people")),)
ROWS = (
    activity("1", drives=("ask",)),
    activity("2", counts=COUNTED),
    activity("3", counts=COUNTED),
    activity("4", recurrence="FREQ=MONTHLY", start=date(2022, 1, 1), end=date(2022, 4, 30)),
    activity("5", end=None),
)


def read(
    numerator: Measure,
    denominator: Measure | None = None,
    *moves: SchoolMove,
    target: int | None = 100,
    plan: Plan | None = None,
    day: date = DAY,
) -> Reading:
    indicator = Indicator("1", "1", "text", "percent", numerator, denominator, target)
    rules = definition(*ROWS, indicators=(indicator,))
    seen = facts(rules, *moves, plan=plan, schools=("s-1", "s-2", "s-3"), day=day)
    (reading,) = read_indicators(seen, statuses(seen, day), day)
    assert reading.indicator is indicator
    return reading


def done(*places: tuple[str, str | None], **counts: int) -> dict[Place, Progress]:
    return {place: Progress("done", closed_on=DAY, counts=counts) for place in places}


def test_the_share_of_schools_and_who_is_missing() -> None:
    reading = read(
        Measure("schools_fulfilled", ("ask",)), SCHOOLS, move("s-2", "ask", "2022-03-01")
    )

    assert (reading.numerator, reading.denominator) == (1, 3)
    assert reading.value == Fraction(100, 3)
    assert reading.missing == ("s-1", "s-3")
    assert reading.met is False


def test_a_share_is_enough_when_everybody_is_there() -> None:
    moves = [move(school, "ask", "2022-03-01") for school in ("s-1", "s-2", "s-3")]

    reading = read(Measure("schools_fulfilled", ("ask",)), SCHOOLS, *moves)

    assert reading.value == 100
    assert (reading.met, reading.missing) == (True, ())


def test_a_share_of_nobody_is_no_number() -> None:
    moves = [move(school, "leave", "2022-03-01") for school in ("s-1", "s-2", "s-3")]

    reading = read(Measure("schools_fulfilled", ("ask",)), SCHOOLS, *moves)

    assert (reading.numerator, reading.denominator) == (0, 0)
    assert (reading.value, reading.met) == (None, None)


def test_a_row_that_names_no_target_is_neither_met_nor_missed() -> None:
    reading = read(Measure("schools_fulfilled", ("ask",)), SCHOOLS, target=None)

    assert reading.value == 0
    assert reading.met is None


def test_a_number_of_schools_is_compared_as_it_is() -> None:
    moves = [move(school, "ask", "2022-03-01") for school in ("s-1", "s-2")]

    reading = read(Measure("schools_fulfilled", ("ask",)), None, *moves, target=2)

    assert reading.value == 2
    assert (reading.denominator, reading.met) == (None, True)
    assert reading.missing == ("s-3",)


def test_a_number_that_was_reached_stays_so_when_a_school_is_withdrawn() -> None:
    moves = [
        move("s-1", "ask", "2022-03-01"),
        move("s-2", "ask", "2022-03-01"),
        move("s-1", "leave", "2022-03-02"),
        move("s-3", "leave", "2022-03-02"),
    ]
    asked = Measure("schools_fulfilled", ("ask",))

    number = read(asked, None, *moves, target=2)
    share = read(asked, SCHOOLS, *moves)

    # What the withdrawn school did was done, but only the others are asked for it.
    assert (number.numerator, number.met, number.missing) == (2, True, ())
    assert (share.numerator, share.denominator) == (1, 1)


def test_only_schools_with_the_outcome_count() -> None:
    moves = [
        move("s-1", "end", "2022-03-01", outcome="good"),
        move("s-2", "end", "2022-03-01", outcome="bad"),
        # The outcome is known, but the school has not come to its end.
        move("s-3", "visit", "2022-03-01", outcome="good"),
    ]
    measure = Measure("schools_fulfilled", ("end",), fact="outcome", codes=("good", "better"))

    reading = read(measure, SCHOOLS, *moves)

    assert (reading.numerator, reading.missing) == (1, ("s-2", "s-3"))


def test_a_school_without_the_fact_does_not_count() -> None:
    measure = Measure("schools_fulfilled", ("end",), fact="outcome", codes=("good",))

    assert read(measure, SCHOOLS, move("s-1", "end", "2022-03-01")).numerator == 0


def test_a_school_counts_for_which_every_role_is_held() -> None:
    rules = definition(
        *ROWS,
        indicators=(
            Indicator(
                "1", "1", "text", "percent",
                Measure("schools_assigned", ("guide", "head")), SCHOOLS, 100,
            ),
        ),
    )  # fmt: skip
    held = {"s-1": {"guide", "head", "guest"}, "s-2": {"head"}, "s-9": {"guide", "head"}}
    board = [standing(school) for school in ("s-1", "s-2", "s-3")]

    (reading,) = read_indicators(facts_on(rules, {}, board, [], DAY, held), (), DAY)

    assert (reading.numerator, reading.denominator) == (1, 3)
    assert (reading.missing, reading.met) == (("s-2", "s-3"), False)


def test_occurrences_count_when_they_are_over_or_done() -> None:
    # On the 14th of March January and February are over; March was done before its end.
    plan = done(("4", "2022-01"), ("4", "2022-03"))

    reading = read(Measure("occurrences_done", ("4",)), Measure("occurrences", ("4",)), plan=plan)

    assert (reading.numerator, reading.denominator) == (2, 3)
    assert reading.missing == ("4@2022-02",)


def test_a_cancelled_occurrence_is_not_asked_for() -> None:
    plan = {("4", "2022-02"): Progress("cancelled", closed_on=DAY), **done(("4", "2022-01"))}

    reading = read(Measure("occurrences_done", ("4",)), Measure("occurrences", ("4",)), plan=plan)

    assert (reading.numerator, reading.denominator, reading.met) == (1, 1, True)


def test_a_row_is_due_on_its_last_day_and_named_by_its_key() -> None:
    measures = Measure("occurrences_done", ("2", "5")), Measure("occurrences", ("2", "5"))

    before = read(*measures, day=date(2022, 3, 30))
    after = read(*measures, day=date(2022, 3, 31))

    assert (before.denominator, before.value, before.met) == (0, None, None)
    # Row 5 has no last day: it is asked for when it is done, and never before.
    assert (after.denominator, after.missing) == (1, ("2",))
    assert read(*measures, plan=done(("5", None))).value == 100


def test_numbers_of_rows_that_are_done_are_added() -> None:
    plan = {**done(("2", None), people=300), **done(("3", None), people=220)}

    reading = read(Measure("count", ("2", "3"), count="people"), plan=plan, target=510)

    assert reading.value == 520
    assert (reading.met, reading.missing) == (True, ())


def test_a_row_that_is_open_is_missing_in_a_number_and_a_cancelled_one_is_not() -> None:
    plan: Plan = {
        ("2", None): Progress("begun", begun_on=DAY, counts={"people": 7}),
        ("3", None): Progress("cancelled", closed_on=DAY),
    }

    reading = read(Measure("count", ("2", "3"), count="people"), plan=plan, target=510)

    assert reading.value == 0
    assert (reading.met, reading.missing) == (False, ("2",))


def test_a_number_that_was_not_entered_is_none() -> None:
    plan = {("2", None): Progress("done", closed_on=DAY), **done(("3", None), others=4)}

    assert read(Measure("count", ("2", "3"), count="people"), plan=plan).value == 0


def test_a_number_may_be_a_share_of_what_the_document_states() -> None:
    plan = done(("2", None), people=15)
    measure = Measure("count", ("2",), count="people")

    reading = read(measure, Measure("constant", value=20), plan=plan, target=75)

    assert reading.value == 75
    assert (reading.denominator, reading.met) == (20, True)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("belgorod-2021", 8),
        ("dmitrovsk-2022", 0),
        ("kaspiysk-2022", 10),
        ("neklinovsky-2022", 9),
        ("tomari-2022", 4),
    ],
)
def test_nothing_is_reached_before_anything_has_happened(
    catalogue: Catalogue, name: str, number: int
) -> None:
    rules = catalogue.compiled(name)
    day = rules.roadmap.end
    seen = facts(rules, schools=("s-1",), day=day)

    readings = read_indicators(seen, statuses(seen, day), day)

    assert [one.indicator for one in readings] == list(rules.roadmap.indicators)
    assert len(readings) == number
    assert not any(one.numerator for one in readings)
    assert not any(one.met for one in readings)
    assert all(one.missing for one in readings)


def test_the_outcome_decides_the_last_indicator_of_kaspiysk(catalogue: Catalogue) -> None:
    rules = catalogue.compiled("kaspiysk-2022")
    day = rules.roadmap.end
    outcomes = {"s-1": "positive_dynamics", "s-2": "partial_dynamics"}
    moves = [move(one, "conclude", "2022-12-20", outcome=said) for one, said in outcomes.items()]
    seen = facts(rules, *moves, day=day)

    last = read_indicators(seen, statuses(seen, day), day)[-1]

    assert last.value == 50
    assert (last.indicator.key, last.missing) == ("37", ("s-2",))
