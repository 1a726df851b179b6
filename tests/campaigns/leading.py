"""Whether a finding leads to the row that was changed: by stream, name, index or digest."""

from __future__ import annotations

from collections.abc import Callable

from lifecycle.audit.findings import Finding
from lifecycle.domain.model import INSTALLATION, participation_stream
from tests.campaigns.flips import FILES, Flip


def leads(one: Finding, flip: Flip) -> bool:
    """Tell whether a finding leads to the row of a flip."""
    return _LEADS[flip.of.table](one, flip)


def _to_record(one: Finding, flip: Flip) -> bool:
    """At the record, at the place where it stands now, or behind where it is missing."""
    places = {None, *flip.either("sequence"), flip.of.row["sequence"] + 1}
    return one.stream in flip.either("stream") and one.sequence in places


def _to_what_lies_beside(one: Finding, flip: Flip) -> bool:
    return one.stream in flip.either("stream") and one.sequence in flip.either("sequence")


def _to_stream(one: Finding, flip: Flip) -> bool:
    return one.stream in flip.either("stream")


def _to_definition(one: Finding, flip: Flip) -> bool:
    return one.code.startswith("definition_") and one.expected in flip.either("digest")


def _to_school(one: Finding, flip: Flip) -> bool:
    return one.stream in {participation_stream(name) for name in flip.either("school")}


def _to_actor(one: Finding, flip: Flip) -> bool:
    if one.code != "actors_differ":
        return False
    told = {text.rpartition(" #")[0] for text in (*one.expected, *one.found)}
    return not flip.either("actor").isdisjoint(told)


def _to_credential(one: Finding, flip: Flip) -> bool:
    return one.code == "credentials_differ" and one.field in flip.either("id")


def _to_leaf(one: Finding, flip: Flip) -> bool:
    return one.code.startswith("log_") and one.stream in flip.either("stream")


def _to_tile(one: Finding, flip: Flip) -> bool:
    places = {f"{level}/{idx}" for level in flip.either("level") for idx in flip.either("idx")}
    return one.code.startswith("log_tile_") and one.field in places


def _to_checkpoint(one: Finding, flip: Flip) -> bool:
    return one.field in {f"database/{size}" for size in flip.either("size")}


def _to_installation(one: Finding, flip: Flip) -> bool:
    first = (one.code, one.place) == ("foreign_record", f"{INSTALLATION}#1")
    return first or one.code == "schema_differs"


_LEADS: dict[str, Callable[[Finding, Flip], bool]] = {
    FILES: lambda one, flip: (one.code, one.expected) == ("evidence_altered", flip.of.column),
    "lifecycle_actors": _to_actor,
    "lifecycle_assignments": _to_stream,
    "lifecycle_checkpoints": _to_checkpoint,
    "lifecycle_credentials": _to_credential,
    "lifecycle_definitions": _to_definition,
    "lifecycle_evidence_keys": _to_what_lies_beside,
    "lifecycle_installation": _to_installation,
    "lifecycle_log_leaves": _to_leaf,
    "lifecycle_log_state": lambda one, flip: one.code == "log_state_differs",
    "lifecycle_log_tiles": _to_tile,
    "lifecycle_openings": _to_what_lies_beside,
    "lifecycle_records": _to_record,
    "lifecycle_sealing_queue": _to_leaf,
    "lifecycle_standings": _to_school,
    "lifecycle_streams": _to_stream,
}
