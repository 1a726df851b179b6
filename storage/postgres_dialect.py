"""How statements are written for PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg


class _Compiler(PGCompiler_psycopg):
    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        """Cast a value without naming a collation: that of the column decides.

        A comparison with a named one is not made where the column lies, on another server. And
        text is text: for text and varchar the server has no operator of its own, so that it would
        take one which somebody made for exactly these.
        """
        found: str = super().render_bind_cast(type_, dbapi_type, sqltext)  # type: ignore[no-untyped-call]
        return found.partition(" COLLATE ")[0].replace("::VARCHAR", "::pg_catalog.text")


class PostgresDialect(PGDialect_psycopg):
    """That of SQLAlchemy, with values that bear no collation of their own."""

    statement_compiler = _Compiler
    supports_statement_cache = True
