"""Errors around people's data: what cannot be found, erased or said."""

from __future__ import annotations

from lifecycle.domain.errors import Conflict, InvalidInput, NotFound, StorageFailed


class UnknownRecord(NotFound):
    """There is no record at that place."""

    code = "LC115"
    template = "there is no record {name}"
    remedy_template = "name it as STREAM#NUMBER; see the numbers: lifecycle history SCHOOL"


class UnknownEvidence(NotFound):
    """No record names a file of that content address."""

    code = "LC116"
    template = "no record names the evidence {name}"
    remedy_template = "see the addresses: lifecycle history SCHOOL"


class EvidenceErased(NotFound):
    """The file was personal, and its key is gone."""

    code = "LC117"
    template = "the content of {name} cannot be read any more: its key was erased"
    remedy_template = "see by which act: lifecycle audit erasure-extract"


class UnknownAct(NotFound):
    """No erasure is recorded by an act of that number."""

    code = "LC118"
    template = "no erasure is recorded by the act {name}"
    remedy_template = "see all of them: lifecycle audit erasure-extract"


class InvalidErasure(InvalidInput):
    """A ground that the law does not know, or an act without a proper number."""

    code = "LC309"
    template = "the erasure is not valid: {detail}"


class InvalidComment(InvalidInput):
    """A comment that is empty, too long or not printable; its text is not repeated."""

    code = "LC312"
    template = "the comment is not valid: {detail}"


class NothingLeft(Conflict):
    """An act erased it before, and nothing came since: none is recorded that erases nothing."""

    code = "LC405"
    template = "nothing is left to erase of {person}: act {act} did it, record {place}"
    remedy_template = "take the extract for the act: lifecycle audit erasure-extract --act {act}"


class ErasureUnfinished(StorageFailed):
    """The erasure is recorded, but traces of what was erased are still in files."""

    code = "LC530"
    template = "the erasure is recorded, but not finished: {detail}"
    remedy_template = "repeat it with the same command id: nothing is recorded twice"
