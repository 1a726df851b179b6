"""What the environment may set, read once into a frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message

DEFAULT_URL: Final = "sqlite:///lifecycle.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the command line and of services that want the same.

    Args:
        url: ``LIFECYCLE_DATABASE_URL``: where the history is kept.
        evidence: ``LIFECYCLE_EVIDENCE``: folder of the evidence files; beside the database file
            if not set.
        definitions: ``LIFECYCLE_DEFINITIONS``: folders with further programmes and road maps,
            separated as in ``PATH``.
        log: ``LIFECYCLE_LOG``: ``console`` or ``json`` writes events for operators to stderr.
    """

    url: str = DEFAULT_URL
    evidence: Path | None = None
    definitions: tuple[Path, ...] = ()
    log: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as not set.

        Raises:
            InvalidInput: ``LIFECYCLE_LOG`` names no style.
        """
        evidence = environment.get("LIFECYCLE_EVIDENCE")
        folders = environment.get("LIFECYCLE_DEFINITIONS", "").split(os.pathsep)
        log = environment.get("LIFECYCLE_LOG") or None
        if log not in (None, "console", "json"):
            detail = Message("{value} is neither console nor json", {"value": log})
            raise InvalidInput(what="LIFECYCLE_LOG", detail=detail)
        return cls(
            url=environment.get("LIFECYCLE_DATABASE_URL") or DEFAULT_URL,
            evidence=Path(evidence) if evidence else None,
            definitions=tuple(Path(folder) for folder in folders if folder),
            log=log,
        )
