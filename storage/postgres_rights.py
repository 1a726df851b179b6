"""Who may change our tables on PostgreSQL beside those who are to: told, as nothing forbids it.

Where schools lie on several servers, each tells of its own tables by the view that the coordinator
asks it by.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg

from lifecycle.storage import tables
from lifecycle.storage.diagnosis import Symptom, symptom
from lifecycle.storage.postgres_connecting import SHARDS

OWNER, RIGHT = "owner", "right"
"""Kinds of answers."""

TABLE: Final = "pg_catalog.regexp_replace(c.relname::text, '_(shared|schools|[0-9]+)$', '')"
"""The table that ``c`` of pg_class is, or is a part of where schools lie on several servers."""

GRANTS: Final = (
    "(SELECT NULL::text AS place, x.* FROM pg_catalog.aclexplode(c.relacl) AS x UNION ALL"
    " SELECT a.attname::text, x.* FROM pg_catalog.pg_attribute AS a,"
    " pg_catalog.aclexplode(a.attacl) AS x WHERE a.attrelid = c.oid)"
)
"""What is given on it, and on some of its columns, with the column."""

_OURS: Final = f"({TABLE} IN ('{{names}}') AND c.relkind IN ('r', 'p', 'f') AND {{where}})"
_OWNERS: Final = (
    "SELECT c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner"
    " FROM pg_catalog.pg_class AS c WHERE {ours} ORDER BY c.relname"
)
_CHANGES: Final = (
    "SELECT coalesce(r.rolname::text, 'PUBLIC') AS whom,"  # noqa: S608 - our own words
    " pg_catalog.string_agg(DISTINCT g.privilege_type, ', ') AS rights,"
    " pg_catalog.string_agg(DISTINCT c.relname::text, ', ') AS tables"
    f" FROM pg_catalog.pg_class AS c, LATERAL {GRANTS} AS g"
    " LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee"
    " WHERE {ours} AND g.grantee <> c.relowner"
    " AND g.privilege_type NOT IN ('SELECT', 'REFERENCES')"
    " AND (r.rolname IS NULL OR r.rolname NOT IN ({lawful})) GROUP BY 1 ORDER BY 1"
)
_VISIBLE: Final = "pg_catalog.pg_table_is_visible(c.oid)"


def questions(names: Iterable[str], where: str, lawful: str) -> dict[str, str]:
    """Return what is asked of the catalogue, by the kind of the answers.

    Args:
        names: Of the tables.
        where: Which of those that bear such a name are ours, as a condition on pg_class, ``c``.
        lawful: Roles that may change them, as expressions one after the other.
    """
    ours = _OURS.format(names="', '".join(sorted(names)), where=where)
    return {
        OWNER: _OWNERS.format(ours=ours),
        RIGHT: _CHANGES.format(ours=ours, lawful=lawful),
    }


def rights(connection: psycopg.Connection[Any], roles: Sequence[str]) -> Iterator[Symptom]:
    """Yield who beside *roles* may change our tables, and owners that differ.

    Args:
        connection: As an account that sees the catalogue, as every one does.
        roles: Of ``db grant``.
    """
    lawful = ", ".join(f"'{role}'" for role in roles)
    asked = questions(tables.NAMES, _VISIBLE, lawful)
    answers = {kind: connection.execute(one.encode()).fetchall() for kind, one in asked.items()}
    yield from _told(answers[OWNER], answers[RIGHT], None)


def rights_on_servers(connection: psycopg.Connection[Any]) -> Iterator[Symptom]:
    """Yield the same of each of the other servers that schools lie on, with its name.

    Raises:
        psycopg.Error: One cannot be asked.
    """
    for (server,) in connection.execute(SHARDS).fetchall():
        asked = f"SELECT kind, described FROM {server} WHERE kind IN ('{OWNER}', '{RIGHT}')"  # noqa: S608
        answers: dict[str, list[list[Any]]] = {OWNER: [], RIGHT: []}
        for kind, described in connection.execute(asked.encode()).fetchall():
            answers[kind].append(list(json.loads(described).values()))
        if answers[OWNER]:
            yield from _told(answers[OWNER], answers[RIGHT], server)
        else:
            yield symptom("rights_untold", server=server)


def _told(
    owners: Sequence[Sequence[Any]], changes: Iterable[Sequence[Any]], server: str | None
) -> Iterator[Symptom]:
    there = {} if server is None else {"server": server}
    ending = "" if server is None else "_there"
    for whom, given, on in changes:
        yield symptom(f"rights_wide{ending}", whom=whom, rights=given, tables=on, **there)
    counted = Counter(owner for _, owner in owners).most_common(1)
    for table, owner in owners:
        if owner != (usual := counted[0][0]):
            facts = {"table": table, "owner": owner, "usual": usual, **there}
            yield symptom(f"owner_differs{ending}", **facts)
