"""Errors of the log, its checkpoints and its proofs."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput, NotFound, StorageFailed


class UnknownRecord(NotFound):
    """The stream has no record of that number."""

    code = "LC120"
    template = "{name} has no record {sequence}"
    remedy_template = "see its records: lifecycle history"


class NotCovered(NotFound):
    """No signed checkpoint covers the record yet."""

    code = "LC121"
    template = "no checkpoint covers record {sequence} of {name} yet"
    remedy_template = "sign one: lifecycle audit checkpoint --key FILE"


class NoCheckpoint(NotFound):
    """Nothing was signed yet."""

    code = "LC122"
    template = "{name} has no checkpoint yet"
    remedy_template = "sign one: lifecycle audit checkpoint --key FILE"


class InvalidKey(InvalidInput):
    """A key or a file with one cannot be used."""

    code = "LC325"
    remedy_template = "make a key: lifecycle audit keygen --out FILE"


class ExportFailed(StorageFailed):
    """The log could not be written as a static directory."""

    code = "LC521"
    template = "the static log in {place}: {detail}"
    remedy_template = "what is served there stays whole; mend the place and repeat"


class PlaceFailed(StorageFailed):
    """A checkpoint could not be written to a place, or read there."""

    code = "LC522"
    template = "the checkpoints in {place}: {detail}"
    remedy_template = "the database keeps what was signed; mend the place and repeat"
