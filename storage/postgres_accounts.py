"""What the roles of ``db grant`` may beyond what it gives, and who holds several: told.

Attributes and memberships are of the whole server, rights of the tables in one database. Read from
the catalogue, which every account sees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg

from lifecycle.storage import tables
from lifecycle.storage.diagnosis import Symptom, symptom
from lifecycle.storage.postgres_rights import GRANTS, TABLE
from lifecycle.storage.postgres_roles import APP, AUDITOR, ROLES, SEQUENCER, given

_POWERS: Final = ("SUPERUSER", "CREATEROLE", "BYPASSRLS", "REPLICATION")
_READING: Final = frozenset(
    {
        "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables",
        "pg_monitor",
    }
)  # fmt: skip
"""Roles of the server whose members change nothing."""

# On a table or a column of it; parts of a table have what the table is given.
_GIVEN: Final = (
    f"SELECT r.rolname::text, g.privilege_type, {TABLE}, g.place,"  # noqa: S608 - our own words
    f" c.relname::text FROM pg_catalog.pg_class AS c, LATERAL {GRANTS} AS g"
    " JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee"
    f" WHERE {TABLE} = ANY(%s)"
    " AND c.relkind IN ('r', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid)"
    " AND r.rolname::text = ANY(%s) AND g.privilege_type NOT IN ('SELECT', 'REFERENCES')"
)
_ATTRIBUTES: Final = (
    "SELECT rolname::text, rolsuper, rolcreaterole, rolbypassrls, rolreplication"
    " FROM pg_catalog.pg_roles ORDER BY 1"
)
# As JSON, for what a membership allows is told apart since PostgreSQL 16 only.
_MEMBERS: Final = (
    "SELECT who.rolname::text, held.rolname::text, pg_catalog.to_jsonb(m)"
    " FROM pg_catalog.pg_auth_members AS m"
    " JOIN pg_catalog.pg_roles AS who ON who.oid = m.member"
    " JOIN pg_catalog.pg_roles AS held ON held.oid = m.roleid ORDER BY 1, 2"
)


def accounts(connection: psycopg.Connection[Any]) -> Iterator[Symptom]:
    """Yield rights, attributes and memberships of our roles, and accounts, that are too much.

    Args:
        connection: As any account.
    """
    yield from _rights(connection)
    powers = {row[0]: row[1:] for row in connection.execute(_ATTRIBUTES).fetchall()}
    for role in ROLES:
        found = [name for name, has in zip(_POWERS, powers.get(role, ()), strict=False) if has]
        if found:
            without = " ".join(f"NO{name}" for name in found)
            yield symptom("role_powers", whom=role, powers=", ".join(found), without=without)
    held = _held(connection)
    for role in ROLES:
        if beyond := sorted(held.get(role, set()) - _READING):
            yield symptom("role_member", whom=role, others=", ".join(beyond))
    for account, (is_super, *_) in powers.items():
        if account in ROLES or is_super:
            continue
        writing = sorted({APP, SEQUENCER} & (everything := _reached(account, held)))
        if AUDITOR in everything and writing:
            yield symptom("auditor_writes", whom=account, also=", ".join(writing), role=AUDITOR)


def _rights(connection: psycopg.Connection[Any]) -> Iterator[Symptom]:
    lawful = given()
    beyond: dict[str, set[tuple[str, str]]] = defaultdict(set)
    rows = connection.execute(_GIVEN, (sorted(tables.NAMES), list(ROLES))).fetchall()
    for role, right, table, column, name in rows:
        if (role, right, table, column) not in lawful:
            beyond[role].add((right, name))
    for role, found in sorted(beyond.items()):
        rights = ", ".join(sorted({right for right, _ in found}))
        on = ", ".join(sorted({name for _, name in found}))
        yield symptom("role_rights", whom=role, rights=rights, tables=on)


def _held(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """Return by role those that it has the rights of, or can become, directly.

    Whoever makes a role may give it on, and need not have its rights himself.
    """
    held: dict[str, set[str]] = defaultdict(set)
    for who, what, allowed in connection.execute(_MEMBERS).fetchall():
        if allowed.get("inherit_option", True) or allowed.get("set_option", True):
            held[who].add(what)
    return held


def _reached(account: str, held: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [account]
    while ahead:
        more = held.get(ahead.pop(), set()) - found
        found |= more
        ahead += more
    return found
