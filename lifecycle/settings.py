"""What the environment may set, read once into a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

DEFAULT_URL: Final = "sqlite:///lifecycle.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the command line and of services that want the same.

    Args:
        url: ``LIFECYCLE_DATABASE_URL``: where the history is kept.
        evidence: ``LIFECYCLE_EVIDENCE``: folder of the evidence files; beside the database file
            if not set.
        definitions: ``LIFECYCLE_DEFINITIONS``: folder with further programmes and road maps.
        log: ``LIFECYCLE_LOG``: ``console`` or ``json`` writes events for operators to stderr.
    """

    url: str = DEFAULT_URL
    evidence: Path | None = None
    definitions: Path | None = None
    log: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as not set."""

        def path(name: str) -> Path | None:
            value = environment.get(name)
            return Path(value) if value else None

        return cls(
            url=environment.get("LIFECYCLE_DATABASE_URL") or DEFAULT_URL,
            evidence=path("LIFECYCLE_EVIDENCE"),
            definitions=path("LIFECYCLE_DEFINITIONS"),
            log=environment.get("LIFECYCLE_LOG") or None,
        )
