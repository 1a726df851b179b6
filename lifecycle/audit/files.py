"""The evidence store as verification looks at it: every file is hashed again."""

from __future__ import annotations

from functools import lru_cache

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.errors_evidence import EvidenceUnreadable
from lifecycle.domain.evidence import EvidenceStore, StoredFile

_REMEMBERED = 4096  # verdicts on files: one order may serve many schools


class Files:
    """What lies in the evidence store; files that are not personal are looked at once.

    Args:
        store: The evidence store.
    """

    def __init__(self, store: EvidenceStore) -> None:
        self.store = store
        self.plain = lru_cache(maxsize=_REMEMBERED)(self.opened)

    def opened(self, address: str, size: int, key: bytes | None = None) -> StoredFile | None:
        """Return what lies under a content address, or ``None`` where nothing can be read.

        Args:
            address: Content address.
            size: How long it was recorded to be.
            key: Of a personal file.

        Raises:
            EvidenceUnreadable: Nothing in the store can be read, whatever lies there.
        """
        try:
            return self.store.check(address, key, size)
        except EvidenceUnreadable:
            raise
        except StorageFailed:
            return None

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether there is a file of that digest and size."""
        stored = self.plain(sha256, size)
        return stored is not None and (stored.sha256, stored.size) == (sha256, size)
