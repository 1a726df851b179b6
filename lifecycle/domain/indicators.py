"""Indicators of a road map, computed from the history: who is missing is part of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from lifecycle.domain.fulfilment import ActivityStatus, Facts, fulfilment
from lifecycle.domain.roadmap import Indicator, Measure


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator on a day.

    Args:
        indicator: What is measured.
        numerator: What was counted.
        denominator: Out of what; ``None`` where no share is asked for.
        missing: Schools, or activities and their occurrences, that are not in the numerator yet.
    """

    indicator: Indicator
    numerator: int
    denominator: int | None
    missing: tuple[str, ...]

    @property
    def value(self) -> Fraction | None:
        """The number in the indicator's unit: a share in percent, or what was counted."""
        if self.denominator is None:
            return Fraction(self.numerator)
        return Fraction(100 * self.numerator, self.denominator) if self.denominator else None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; ``None`` where the row states none, or of no school."""
        if self.indicator.target is None:
            return None
        return None if self.value is None else self.value >= self.indicator.target


def read_indicators(
    facts: Facts, statuses: Iterable[ActivityStatus], day: date
) -> tuple[Reading, ...]:
    """Return every indicator of the road map on *day*.

    Args:
        facts: What has happened by *day*.
        statuses: Every occurrence of every activity on *day*.
        day: The day asked for.
    """
    all_statuses = tuple(statuses)
    return tuple(
        _read(indicator, facts, all_statuses, day)
        for indicator in facts.definition.roadmap.indicators
    )


def _read(
    indicator: Indicator, facts: Facts, statuses: tuple[ActivityStatus, ...], day: date
) -> Reading:
    share = indicator.denominator is not None
    numerator, missing = _measure(indicator.numerator, facts, statuses, day, share=share)
    denominator = None
    if indicator.denominator is not None:
        denominator, _ = _measure(indicator.denominator, facts, statuses, day, share=share)
    return Reading(indicator, numerator, denominator, missing)


def _measure(
    measure: Measure,
    facts: Facts,
    statuses: tuple[ActivityStatus, ...],
    day: date,
    *,
    share: bool,
) -> tuple[int, tuple[str, ...]]:
    """Return what was counted, and who is missing.

    A share is one of the schools that take part. A number is one of what was done, by schools that
    were withdrawn later as well: a target that was reached stays reached.
    """
    match measure.type:
        case "schools":
            return len(facts.schools), ()
        case "schools_fulfilled":
            fulfilled = {
                one
                for one in fulfilment(facts, measure.of, withdrawn=not share)
                if _known(measure, facts, one)
            }
            return len(fulfilled), tuple(one for one in facts.schools if one not in fulfilled)
        case "schools_assigned":
            wanted = set(measure.of)
            missing = tuple(one for one in facts.schools if wanted - facts.held.get(one, set()))
            return len(facts.schools) - len(missing), missing
        case "occurrences":
            return len(list(_due(measure, statuses, day))), ()
        case "occurrences_done":
            due = list(_due(measure, statuses, day))
            open_ones = tuple(_name(one) for one in due if one.state != "done")
            return len(due) - len(open_ones), open_ones
        case "count":
            asked = [one for one in statuses if one.activity.key in measure.of]
            done = [one for one in asked if one.state == "done"]
            numbers = [(one.progress.counts or {}).get(measure.count or "", 0) for one in done]
            return sum(numbers), tuple(_name(one) for one in asked if one.open)
        case _:  # constant
            return measure.value or 0, ()


def _known(measure: Measure, facts: Facts, school: str) -> bool:
    if measure.fact is None:
        return True
    return facts.known.get(school, {}).get(measure.fact) in measure.codes


def _due(
    measure: Measure, statuses: tuple[ActivityStatus, ...], day: date
) -> Iterator[ActivityStatus]:
    """Yield the occurrences due by *day* or done before it, cancelled ones left out."""
    for one in statuses:
        due = one.state == "done" or (one.due_on is not None and one.due_on <= day)
        if one.activity.key in measure.of and one.state != "cancelled" and due:
            yield one


def _name(status: ActivityStatus) -> str:
    name = status.occurrence.name
    return status.activity.key if name is None else f"{status.activity.key}@{name}"
