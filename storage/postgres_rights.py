"""Who may change our tables on PostgreSQL beside those who are to: told, as nothing forbids it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import psycopg

from lifecycle.storage import tables
from lifecycle.storage.diagnosis import Symptom, symptom
from lifecycle.storage.postgres_roles import ROLES

_NAMES: Final = sorted(tables.NAMES)
# The tables, and their parts where schools lie on several servers.
_OURS: Final = (
    " pg_catalog.regexp_replace(c.relname, '_(shared|schools|[0-9]+)$', '') = ANY(%s)"
    " AND c.relkind IN ('r', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid)"
)
_OWNERS: Final = (
    "SELECT c.relname, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class AS c"  # noqa: S608
    f" WHERE {_OURS} ORDER BY c.relname"
)
# Given on a table or on some of its columns.
_CHANGES: Final = (
    "SELECT coalesce(r.rolname, 'PUBLIC'),"  # noqa: S608 - names of our own
    " pg_catalog.string_agg(DISTINCT g.privilege_type, ', '),"
    " pg_catalog.string_agg(DISTINCT c.relname::text, ', ')"
    " FROM pg_catalog.pg_class AS c, LATERAL"
    " (SELECT * FROM pg_catalog.aclexplode(c.relacl) UNION ALL"
    " SELECT x.* FROM pg_catalog.pg_attribute AS a, pg_catalog.aclexplode(a.attacl) AS x"
    " WHERE a.attrelid = c.oid) AS g"
    " LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee"
    f" WHERE {_OURS} AND g.grantee <> c.relowner"
    " AND g.privilege_type NOT IN ('SELECT', 'REFERENCES')"
    " AND (r.rolname IS NULL OR r.rolname <> ALL(%s)) GROUP BY 1 ORDER BY 1"
)


def rights(connection: psycopg.Connection[Any]) -> Iterator[Symptom]:
    """Yield who beside the roles of ``db grant`` may change our tables, and owners that differ.

    Args:
        connection: As an account that sees the catalogue, as every one does.
    """
    for whom, given, on in connection.execute(_CHANGES, (_NAMES, list(ROLES))).fetchall():
        yield symptom("rights_wide", whom=whom, rights=given, tables=on)
    owners = connection.execute(_OWNERS, (_NAMES,)).fetchall()
    counted = Counter(owner for _, owner in owners).most_common(1)
    for table, owner in owners:
        if owner != counted[0][0]:
            yield symptom("owner_differs", table=table, owner=owner, usual=counted[0][0])
