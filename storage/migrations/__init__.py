"""Alembic migrations of the schema; run by ``lifecycle.storage.schema.migrate``."""
