"""Fills the tables from one consistent view of the history, a batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol

from lifecycle.analysis import rows
from lifecycle.analysis.tables import FORM
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.domain.ports import Reading
    from lifecycle.service.context import Context
    from lifecycle.service.plan import PlanView

_BATCH: Final = 5_000  # rows of a table that are held before they are written


class Filled(Protocol):
    """What takes the rows of tables."""

    def add(self, table: str, batch: Iterable[rows.Row]) -> None:
        """Add rows to a table."""
        ...


def fill(
    context: Context,
    view: Reading,
    into: Filled,
    *,
    on: date | None,
    release: str,
    progress: Callable[[int], None],
) -> dict[str, int]:
    """Write everything that *view* shows into the tables, and return how many rows each has.

    Args:
        context: The adapters.
        view: The history.
        into: Takes the rows.
        on: Day of activities and indicators; today at the place of each road map if ``None``.
        release: Which release writes.
        progress: Is told the number of records written.

    Raises:
        DatabaseBroken, HistoryBroken: What is stored cannot be read.
    """
    batches = _Batches(into)
    batches.put("about", _about(context, view, on, release))
    for digest in _digests(view):
        batches.put("definitions", rows.definition_row(context.definition(view, digest)))
    for standing in view.standings():
        batches.put("participations", rows.participation_row(standing))
    _records(view, batches, progress)
    for plan in _plans(context, view, on):
        roadmap = plan.definition.roadmap.id
        for status in plan.activities:
            batches.put("activities", rows.activity_row(roadmap, status, plan.day))
        for reading in plan.indicators:
            batches.put("indicators", rows.indicator_row(roadmap, reading, plan.day))
    batches.end()
    return batches.rows


def _about(context: Context, view: Reading, on: date | None, release: str) -> rows.Row:
    return {
        "form": FORM,
        "origin": view.origin,
        "release": release,
        "read_at": moment_text(context.clock.now()),
        "on_day": None if on is None else on.isoformat(),
    }


def _digests(view: Reading) -> list[str]:
    """Return the digests of all rules that road maps are or schools were put in force by."""
    from lifecycle.domain.model import roadmap_stream

    used = {one.definition for one in view.standings()}
    for roadmap in view.roadmaps():
        found = (one.definition for one in view.each(roadmap_stream(roadmap)))
        used |= {one.digest for one in found if one is not None}
    return sorted(used)


def _records(view: Reading, batches: _Batches, progress: Callable[[int], None]) -> None:
    stream, roadmap = "", None
    for number, record in enumerate(view.each(), 1):
        if record.stream != stream:
            # The enrolment is the first of a school's records, and names its road map.
            stream, roadmap = record.stream, (record.facts or {}).get("roadmap")
        place = rows.place_of(record, roadmap)
        batches.put("records", rows.record_row(record, place))
        for row in rows.evidence_rows(record, place):
            batches.put("evidence", row)
        for row in rows.fact_rows(record, place):
            batches.put("facts", row)
        if not number % 1000:
            progress(number)


def _plans(context: Context, view: Reading, on: date | None) -> Iterator[PlanView]:
    from lifecycle.service.plan import view_of

    for roadmap in view.roadmaps():
        yield view_of(context, view, roadmap, on)


class _Batches:
    """Gathers rows and hands them on, many at once."""

    def __init__(self, into: Filled) -> None:
        self.rows: dict[str, int] = {}
        self._into = into
        self._held: dict[str, list[dict[str, Any]]] = {}

    def put(self, table: str, row: rows.Row) -> None:
        held = self._held.setdefault(table, [])
        held.append(row)
        self.rows[table] = self.rows.get(table, 0) + 1
        if len(held) == _BATCH:
            self._into.add(table, held)
            held.clear()

    def end(self) -> None:
        for table, held in self._held.items():
            self._into.add(table, held)
