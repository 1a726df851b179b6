"""What waits to be sealed, by the time since when.

Revision 0002. Before each record the time of what waits last is asked for. Without an index a
queue that nobody seals is read as a whole each time.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_lifecycle_sealing_queue_queued_at", "lifecycle_sealing_queue", ["queued_at"]
    )
