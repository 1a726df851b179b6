"""Errors of the evidence store as a whole."""

from __future__ import annotations

from lifecycle.domain.errors import EvidenceLost


class EvidenceUnreadable(EvidenceLost):
    """The store is there, but nothing in it can be read: that says nothing of any one file."""

    code = "LC510"
    template = "the evidence folder {folder} cannot be read: {detail}"
    remedy_template = "name the right one with --evidence-dir, or check its rights; then repeat"


class EvidenceMissing(EvidenceLost):
    """The store is not there, though records name files in it: no other is made in its place."""

    code = "LC523"
    template = "there is no evidence store in {folder}, and records name files in it"
    remedy_template = (
        "mount the disk that it lies on, bring it back, or name the right one with"
        " --evidence-dir; only if it is lost for good, make the folder {store}; then repeat"
    )
