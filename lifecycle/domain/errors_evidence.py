"""Errors of the evidence store as a whole."""

from __future__ import annotations

from lifecycle.domain.errors import EvidenceLost


class EvidenceUnreadable(EvidenceLost):
    """The store is there, but nothing in it can be read: that says nothing of any one file."""

    code = "LC510"
    template = "the evidence folder {folder} cannot be read: {detail}"
    remedy_template = "name the right one with --evidence-dir, or check its rights; then repeat"
