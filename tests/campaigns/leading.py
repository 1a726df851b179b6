"""Whether a finding leads to the row that was changed: by stream, name, index or digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle.audit.findings import Finding
from lifecycle.domain.model import INSTALLATION, participation_stream

FILES = "evidence files"
"""Stands for a table where an evidence file was changed, whose name stands for the column."""


@dataclass(frozen=True)
class Changed:
    """A stored value that was changed.

    Args:
        table: Where.
        column: Which column.
        before: The whole row as it was.
        after: The value now, as verification reads it.
    """

    table: str
    column: str
    before: Mapping[str, Any]
    after: Any

    def either(self, column: str) -> set[Any]:
        """Return what the row has in *column*: before the change, and after it."""
        return {self.before[column], self.after if column == self.column else None} - {None}


def leads(one: Finding, changed: Changed) -> bool:
    """Tell whether a finding leads to the row that was changed."""
    return _LEADS[changed.table](one, changed)


def _to_record(one: Finding, changed: Changed) -> bool:
    """At the record, at the place where it stands now, or behind where it is missing."""
    places = {None, *changed.either("sequence"), changed.before["sequence"] + 1}
    return one.stream in changed.either("stream") and one.sequence in places


def _to_what_lies_beside(one: Finding, changed: Changed) -> bool:
    return one.stream in changed.either("stream") and one.sequence in changed.either("sequence")


def _to_stream(one: Finding, changed: Changed) -> bool:
    return one.stream in changed.either("stream")


def _to_definition(one: Finding, changed: Changed) -> bool:
    return one.code.startswith("definition_") and one.expected in changed.either("digest")


def _to_school(one: Finding, changed: Changed) -> bool:
    return one.stream in {participation_stream(name) for name in changed.either("school")}


def _to_actor(one: Finding, changed: Changed) -> bool:
    if one.code != "actors_differ":
        return False
    told = {text.rpartition(" #")[0] for text in (*one.expected, *one.found)}
    return not changed.either("actor").isdisjoint(told)


def _to_credential(one: Finding, changed: Changed) -> bool:
    return one.code == "credentials_differ" and one.field in changed.either("id")


def _to_leaf(one: Finding, changed: Changed) -> bool:
    return one.code.startswith("log_") and one.stream in changed.either("stream")


def _to_tile(one: Finding, changed: Changed) -> bool:
    levels, places = changed.either("level"), changed.either("idx")
    names = {f"{level}/{idx}" for level in levels for idx in places}
    return one.code.startswith("log_tile_") and one.field in names


def _to_checkpoint(one: Finding, changed: Changed) -> bool:
    return one.field in {f"database/{size}" for size in changed.either("size")}


def _to_installation(one: Finding, changed: Changed) -> bool:
    first = (one.code, one.place) == ("foreign_record", f"{INSTALLATION}#1")
    return first or one.code == "schema_differs"


_LEADS: dict[str, Callable[[Finding, Changed], bool]] = {
    FILES: lambda one, changed: (one.code, one.expected) == ("evidence_altered", changed.column),
    "lifecycle_actors": _to_actor,
    "lifecycle_assignments": _to_stream,
    "lifecycle_checkpoints": _to_checkpoint,
    "lifecycle_credentials": _to_credential,
    "lifecycle_definitions": _to_definition,
    "lifecycle_evidence_keys": _to_what_lies_beside,
    "lifecycle_installation": _to_installation,
    "lifecycle_log_leaves": _to_leaf,
    "lifecycle_log_state": lambda one, changed: one.code == "log_state_differs",
    "lifecycle_log_tiles": _to_tile,
    "lifecycle_openings": _to_what_lies_beside,
    "lifecycle_records": _to_record,
    "lifecycle_sealing_queue": _to_leaf,
    "lifecycle_standings": _to_school,
    "lifecycle_streams": _to_stream,
}
