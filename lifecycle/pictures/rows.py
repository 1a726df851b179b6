"""What a row of the plan says: one row an activity, whatever became of its occurrences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.domain.roadmap import Activity
from lifecycle.pictures.looks import LOOKS, State, look_of, look_of_all
from lifecycle.pictures.wording import day_shown

_NO_WINDOW: Final = Text("срок не назван", "no date is given")
_LATE: Final = Text("{state}: {days} раб. дн.", "{state}: {days} w. days")
_DONE_LATE: Final = Text("{state} {day}, +{days} р. д.", "{state} {day}, +{days} w. d.")
_ON: Final = Text("{state} {day}", "{state} {day}")
_SCHOOLS: Final = Text("{done} из {all} школ", "{done} of {all} schools")
_NO_SCHOOLS: Final = Text("школ нет", "no schools")
_TIMES: Final = Text("{done} из {all} раз", "{done} of {all} times")
_TERM: Final = Text("Срок", "Date")
_RESPONSIBLE: Final = Text("Ответственные", "Responsible")
_RESULT: Final = Text("Результат", "Result")
_STANDS: Final = Text("Состояние", "State")
_POSTPONED: Final = Text("перенесено на {day}", "postponed to {day}")


@dataclass(frozen=True, slots=True)
class Row:
    """An activity with every occurrence of it.

    Args:
        activity: The row of the road map.
        statuses: Its occurrences, in order; none if no occurrence falls into the period.
    """

    activity: Activity
    statuses: tuple[ActivityStatus, ...]

    @property
    def look(self) -> State:
        """The state of the activity as a whole."""
        return look_of_all(self.statuses)


@dataclass(frozen=True, slots=True)
class Heading:
    """A section of the road map."""

    text: str


def lines_of(statuses: Sequence[ActivityStatus], definition: Definition) -> Iterator[Row | Heading]:
    """Yield every activity of the road map in its order, with the headings between."""
    of: dict[str, list[ActivityStatus]] = {}
    for status in statuses:
        of.setdefault(status.activity.key, []).append(status)
    titles = {section.number: section.title for section in definition.roadmap.sections}
    last: str | None = None
    for activity in definition.roadmap.activities:
        if activity.section is not None and activity.section != last:
            title = titles.get(activity.section, "")
            yield Heading(f"{activity.section}. {title}")
        last = activity.section
        yield Row(activity, tuple(of.get(activity.key, ())))


def window_of(row: Row, language: str) -> str:
    """Return the window in the words of the road map."""
    return row.activity.when or _NO_WINDOW.in_language(language)


def share_of(row: Row, language: str) -> str:
    """Return how many schools, or occurrences, are through; nothing for a single act."""
    if not row.statuses:
        return ""
    if len(row.statuses) > 1:
        done = sum(status.state == "done" for status in row.statuses)
        return _TIMES.in_language(language).format(done=done, all=len(row.statuses))
    (status,) = row.statuses
    if status.by == "office":
        return ""
    fulfilled, missing = len(status.fulfilled), len(status.missing)
    text = _SCHOOLS if fulfilled + missing else _NO_SCHOOLS
    return text.in_language(language).format(done=fulfilled, all=fulfilled + missing)


def standing_of(row: Row, language: str) -> str:
    """Return the state of the activity, with the day or the delay that belongs to it."""
    if row.look == "overdue":
        late = [one for one in row.statuses if look_of(one) == "overdue"]
        # The oldest arrears say more than their sum.
        days = max(status.days_overdue or 0 for status in late)
        state = LOOKS["overdue"].title.in_language(language)
        return _LATE.in_language(language).format(state=state, days=days)
    if len(row.statuses) == 1:
        return _standing(row.statuses[0], language)
    return LOOKS[row.look].title.in_language(language)


def explained(row: Row, language: str) -> str:
    """Return everything about the activity, a line each: the full wording of what is shortened."""
    activity = row.activity
    labelled = (
        (_TERM, window_of(row, language)),
        (_RESPONSIBLE, activity.responsible),
        (_RESULT, activity.result),
        (_STANDS, ", ".join(filter(None, (standing_of(row, language), share_of(row, language))))),
    )
    lines = [f"{activity.key}. {activity.title}"]
    lines.extend(f"{label.in_language(language)}: {text}" for label, text in labelled if text)
    return "\n".join(lines)


def occurrence_explained(status: ActivityStatus, language: str) -> str:
    """Return name, window and state of one occurrence."""
    occurrence = status.occurrence
    parts = [
        occurrence.name,
        " – ".join(day_shown(day) for day in (occurrence.start, occurrence.end) if day),
        _standing(status, language),
    ]
    moved = status.progress.postponed_to
    if moved is not None:
        parts.append(_POSTPONED.in_language(language).format(day=day_shown(moved)))
    return ", ".join(part for part in parts if part)


def _standing(status: ActivityStatus, language: str) -> str:
    look = look_of(status)
    state = LOOKS[look].title.in_language(language)
    days = status.days_overdue or 0
    if look == "overdue":
        return _LATE.in_language(language).format(state=state, days=days)
    day = _day(status)
    if day is None:
        return state
    text = _DONE_LATE if days and look == "done" else _ON
    return text.in_language(language).format(state=state, day=day_shown(day), days=days)


def _day(status: ActivityStatus) -> date | None:
    return status.progress.begun_on if status.state == "begun" else status.closed_on
