"""What callers ask for, on its way to a request: with files that are measured, not stored yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifecycle.domain.dates import Day, day_of
from lifecycle.domain.model import Actor, Evidence, EvidenceFile
from lifecycle.domain.requests import Advance
from lifecycle.domain.values import quick
from lifecycle.service.context import Context
from lifecycle.service.evidence import Offer, taken_in


@quick
@dataclass(frozen=True, kw_only=True)
class AdvanceCommand:
    """A transition that is asked for; the members are the arguments of ``Lifecycle.advance``.

    Args:
        school: Id of the school.
        transition: Name of the transition.
        actor: Who does it.
        evidence: Files, which are copied into the evidence store, links and references.
        facts: Facts by name, as JSON values.
        reason: Code out of the transition's list.
        comment: A remark; kept outside the history, where it can be erased.
        effective_on: The date the act bears; the day at the place of the road map if ``None``.
        command_id: Id of the request: the same whenever it is repeated. Without one, a new id is
            made each time.
        expected_version: Version the caller has seen; another one is a conflict.
    """

    school: str
    transition: str
    actor: Actor
    evidence: Sequence[Evidence | EvidenceFile] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    comment: str | None = None
    effective_on: Day = None
    command_id: str | None = None
    expected_version: int | None = None

    @property
    def has_files(self) -> bool:
        """Whether a file is among the evidence."""
        return any(isinstance(piece, EvidenceFile) for piece in self.evidence)

    def measured(self, context: Context, personal: frozenset[str]) -> tuple[Advance, Offer]:
        """Return the request, with every file measured, and what is brought to it.

        Args:
            context: The adapters.
            personal: Kinds of evidence whose files are kept encrypted.

        Raises:
            InvalidInput: Evidence, comment, date or command id is not of the form it must have.
        """
        offer = taken_in(context, self.evidence, self.comment, personal)
        request = Advance(
            actor=self.actor,
            command_id=context.command(self.command_id),
            effective_on=day_of(self.effective_on),
            school=self.school,
            transition=self.transition,
            evidence=offer.evidence,
            facts=dict(self.facts),
            reason=self.reason,
            comment=offer.comment,
            expected_version=self.expected_version,
        )
        return request, offer
