"""Laying schools on several servers: what is done there, refused there, and found there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from lifecycle.domain.errors import DatabaseExists, InvalidInput, StorageFailed
from lifecycle.storage.doctor import examine
from lifecycle.storage.roles import grant, shard
from lifecycle.storage.shards import REWRITE, account
from tests.server import Server
from tests.sharded import Lay, Sharded, opened
from tests.storage.samples import append

STREAM = "participation/school-1"
OLD_VIEW = (
    "CREATE OR REPLACE VIEW lifecycle_shard AS SELECT 'mark'::text AS kind,"
    " pg_catalog.obj_description('lifecycle_records'::regclass, 'pg_class') AS described"
)


@pytest.fixture(scope="module")
def laid(lay: Lay) -> Sharded:
    """A history on several servers, with a record on one of them."""
    sharded = lay("laid")
    with opened(sharded.url) as journal, journal.writing() as tx:
        append(tx, STREAM)
    return sharded


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lifecycle_records SET actor = 'other'",
        "DELETE FROM lifecycle_records",
        "TRUNCATE lifecycle_records",
        "TRUNCATE lifecycle_openings",
        "ALTER TABLE lifecycle_records DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_coordinators_account_changes_nothing_of_the_history_on_a_shard(
    laid: Sharded, statement: str
) -> None:
    ((account,),) = laid.there(
        0, "SELECT grantee FROM information_schema.role_table_grants WHERE grantee LIKE"
        " 'lifecycle\\_shard%' AND table_catalog = current_database() LIMIT 1"
    )  # fmt: skip
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        laid.there(0, f"SET ROLE {account}; {statement}")


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_super_user_of_the_coordinator_is_stopped_on_the_shards(
    laid: Sharded, change: str
) -> None:
    with pytest.raises(psycopg.Error), psycopg.connect(laid.url) as owner:
        owner.execute(change.format("lifecycle_records_schools").encode())


def test_what_was_done_to_a_shard_is_found_from_the_coordinator(lay: Lay) -> None:
    sharded = lay("spoilt")
    sharded.there(
        0, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET quote_all_identifiers = on',"
        " current_database()); END $$"
    )  # fmt: skip
    with psycopg.connect(sharded.url, autocommit=True) as center:
        center.execute("CREATE SERVER lifecycle_shard_old FOREIGN DATA WRAPPER postgres_fdw")
    with opened(sharded.url) as journal, journal.auditing() as view:
        assert view.schema_findings() == []
    sharded.there(1, "ALTER TABLE lifecycle_records DISABLE TRIGGER lifecycle_records_no_change")
    sharded.there(1, "ALTER TABLE lifecycle_outbox ENABLE ROW LEVEL SECURITY")
    sharded.there(2, "ALTER TABLE lifecycle_records DROP CONSTRAINT uq_lifecycle_records_hash")
    sharded.there(2, "CREATE TABLE concealed () INHERITS (lifecycle_standings)")
    sharded.there(2, "COMMENT ON TABLE lifecycle_records IS 'another'")
    with psycopg.connect(sharded.url) as center:
        center.execute("ALTER TABLE lifecycle_standings DETACH PARTITION lifecycle_standings_1")
        center.execute("CREATE TABLE hidden () INHERITS (lifecycle_actors)")
        center.execute("ALTER FOREIGN TABLE lifecycle_streams_1 OPTIONS (SET table_name 'other')")
        center.execute("ALTER FOREIGN TABLE lifecycle_outbox_2 OPTIONS (updatable 'false')")
        center.execute(
            "CREATE OR REPLACE FUNCTION lifecycle_rewrite_shards() RETURNS void"
            " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END'"
        )
        center.execute(
            "CREATE OR REPLACE FUNCTION lifecycle_school_hash(text, bigint) RETURNS bigint"
            " LANGUAGE sql IMMUTABLE STRICT RETURN $2"
        )

    with opened(sharded.url) as journal, journal.auditing() as view:
        assert view.schema_findings() == [
            "function lifecycle_rewrite_shards differs from the schema 0002",
            "function lifecycle_school_hash differs from the schema 0002",
            "part hidden is foreign to the schema 0002",
            "part lifecycle_standings_1 is missing from the schema 0002",
            "place lifecycle_outbox_2 differs from the schema 0002",
            "place lifecycle_streams_1 differs from the schema 0002",
            "shard 2: table lifecycle_outbox differs from the schema 0002",
            "shard 2: trigger lifecycle_records_no_change differs from the schema 0002",
            "shard 3: constraint lifecycle_records.uq_lifecycle_records_hash"
            " is missing from the schema 0002",
            "shard 3: part concealed is foreign to the schema 0002",
            "shard 3: it bears ['another']",
        ]


def test_a_shard_that_an_earlier_release_laid_is_asked_again_after_it_is_laid_again(
    laid: Sharded,
) -> None:
    laid.there(0, OLD_VIEW)

    with opened(laid.url) as journal, journal.auditing() as view:
        before = view.schema_findings()
    laid.there(0, f"REVOKE DELETE ON lifecycle_streams FROM {account('laid', 1)}")
    shard(laid.url, laid.shards)

    with psycopg.connect(laid.url) as center:
        center.execute("DELETE FROM lifecycle_streams WHERE stream = 'participation/nobody'")
    assert before == ["shard 1: its view is of an earlier release; run: lifecycle db shard"]
    with opened(laid.url) as journal, journal.auditing() as view:
        assert view.schema_findings() == []


def test_functions_of_an_earlier_release_are_made_anew_and_that_is_said(laid: Sharded) -> None:
    found = []
    for change in (
        "ALTER FUNCTION {}() RESET search_path",
        "CREATE OR REPLACE FUNCTION {}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = pg_catalog, public, pg_temp AS 'BEGIN PERFORM 1; END'",
    ):
        with psycopg.connect(laid.url) as center:
            center.execute(change.format(REWRITE).encode())
        with opened(laid.url) as journal, journal.auditing() as view:
            found += view.schema_findings()

    done = shard(laid.url, laid.shards)

    assert found == [f"function {REWRITE} differs from the schema 0002"] * 2
    assert [one.replaced for one in done] == [(), (), (), (REWRITE,)]
    assert [one.replaced for one in shard(laid.url, laid.shards, dry_run=True)] == [()] * 4
    with opened(laid.url) as journal, journal.auditing() as view:
        assert view.schema_findings() == []


def test_servers_are_laid_again_by_their_new_addresses_and_passwords(
    lay: Lay, server: Server
) -> None:
    sharded = lay("again")
    mapped = "SELECT umoptions FROM pg_user_mappings ORDER BY srvname"
    with psycopg.connect(sharded.url, autocommit=True) as center:
        before = center.execute(mapped).fetchall()
        center.execute("ALTER SERVER lifecycle_shard_2 OPTIONS (SET host '/nowhere')")
    planned = shard(sharded.url, sharded.shards, dry_run=True)
    with psycopg.connect(sharded.url) as center:
        assert center.execute(mapped).fetchall() == before

    server.set(log_min_duration_statement=0)
    done = shard(sharded.url, sharded.shards)
    server.set(log_min_duration_statement=-1)

    assert done == planned
    assert "FROM lifecycle_installation" in server.log()
    with psycopg.connect(sharded.url) as center:
        after = center.execute(mapped).fetchall()
    secrets = [one.partition("=")[2] for row in before + after for one in row[0] if "pass" in one]
    assert len(set(secrets)) == 6
    assert not any(one in repr(done) + server.log() for one in secrets)
    with opened(sharded.url) as journal, journal.writing() as tx:
        append(tx, STREAM)


def test_laying_that_broke_off_is_taken_up_again(server: Server, servers: Sequence[Server]) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(server.database("broken off"))
        shards = [stack.enter_context(one.database()) for one in servers]
        last = account("broken off", 3)
        with psycopg.connect(shards[2], autocommit=True) as owner:
            owner.execute(f"CREATE ROLE {last} CONNECTION LIMIT 0".encode())
            with pytest.raises(StorageFailed, match="too many connections"):
                shard(url, shards)
            with opened(url) as journal, journal.auditing() as view:
                assert view.schema_findings() == []
            owner.execute(f"ALTER ROLE {last} CONNECTION LIMIT -1".encode())

        shard(url, shards)

        with opened(url) as journal, journal.writing() as tx:
            append(tx, STREAM)


def test_only_an_empty_history_is_laid_and_only_on_servers_that_are_its_own(
    laid: Sharded, server: Server, servers: Sequence[Server]
) -> None:
    with pytest.raises(InvalidInput, match="on 3 servers, not on 2"):
        shard(laid.url, laid.shards[:2])
    second, first, third = laid.shards
    with pytest.raises(StorageFailed, match=r"server «lifecycle: laid, 2 of 3», not «.* 1 of 3»"):
        shard(laid.url, [first, second, third])
    with server.database("recorded") as url, opened(url) as journal:
        with journal.writing() as tx:
            append(tx)
        with pytest.raises(DatabaseExists):
            shard(url, laid.shards)
    with server.database("other") as url:
        with pytest.raises(StorageFailed, match="something else already"):
            shard(url, laid.shards)
        with pytest.raises(InvalidInput, match="named twice"):
            shard(url, [url])
        with pytest.raises(InvalidInput, match="no server"):
            shard(url, [])
        with pytest.raises(InvalidInput, match="postgresql:// only"):
            shard(url, ["sqlite:///other.db"])
    with server.database() as url, servers[0].database() as other:
        (there, here) = shard(url, [other], dry_run=True)
        assert "CREATE TABLE lifecycle_records" in "".join(there.statements)
        assert "CREATE FOREIGN TABLE" in "".join(here.statements)
        with psycopg.connect(url) as raw, psycopg.connect(other) as far:
            tables = "SELECT count(*) FROM pg_class WHERE relname LIKE 'lifecycle%'"
            assert raw.execute(tables).fetchone() == far.execute(tables).fetchone() == (0,)
        raw_user = url.replace("postgres@", "nobody_much@")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE ROLE nobody_much LOGIN")
        with pytest.raises(StorageFailed, match="only a super-user"):
            shard(raw_user, [other])


LYING = "; ".join(
    [
        *(
            f"CREATE FUNCTION lie({left}, {right}) RETURNS boolean LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION $l$a lie$l$; END';"
            f"CREATE OPERATOR {sign} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = lie)"
            for left, right, sign in (
                ("text[]", "text[]", "||"),
                ("oid", "regnamespace", "="),
                ("oid", "regclass", "="),
                ("oid", "int4", "="),
                ("text", "name", "||"),
                ("name", "name", "~~"),
            )
        ),
        *(
            f"CREATE FUNCTION {name} RETURNS boolean LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION $l$a lie$l$; END'"
            for name in (
                "unnest(text[])",
                "pg_total_relation_size(oid)",
                "has_schema_privilege(text, oid, text)",
                "string_agg(name, text)",
            )
        ),
    ]
)
"""Operators and functions for exactly the types at hand, where the server has none for these."""


def test_no_operator_or_function_of_an_owner_is_taken_for_the_servers(
    laid: Sharded, tmp_path: Path
) -> None:
    for url in (laid.url, *laid.shards):
        with psycopg.connect(url) as owner:
            owner.execute(LYING.encode())

    shard(laid.url, laid.shards)
    grant(laid.url)

    with opened(laid.url) as journal, journal.auditing() as view:
        assert view.schema_findings() == []
        assert (view.figures().stored_bytes or 0) > 0
        assert [*view.doubled(), *view.unfilled(), *view.misplaced()] == []
    told = {one.code for one in examine(laid.url, tmp_path, datetime.now(UTC))}
    assert "version" in told
    assert not told & {"rights_untold", "unreadable"}


def test_who_may_change_tables_is_told_of_every_server(laid: Sharded, tmp_path: Path) -> None:
    laid.there(
        1, "DROP ROLE IF EXISTS odd_one; CREATE ROLE odd_one;"
        " GRANT DELETE ON lifecycle_streams, lifecycle_records TO odd_one;"
        " GRANT UPDATE (value) ON lifecycle_openings TO PUBLIC;"
        " ALTER TABLE lifecycle_outbox OWNER TO odd_one"
    )  # fmt: skip
    laid.there(2, OLD_VIEW)

    found = [
        (one.code, str(one.message), one.level)
        for one in examine(laid.url, tmp_path, datetime.now(UTC))
        if "lifecycle_shard_" in str(one.message)
    ]

    laid.there(1, "ALTER TABLE lifecycle_outbox OWNER TO CURRENT_USER; DROP OWNED BY odd_one")
    laid.there(1, "DROP ROLE odd_one; REVOKE ALL (value) ON lifecycle_openings FROM PUBLIC")
    shard(laid.url, laid.shards)
    assert sorted(found) == [
        (
            "owner_differs_there",
            "on lifecycle_shard_2 lifecycle_outbox belongs to odd_one, other tables to postgres",
            "hazard",
        ),
        (
            "rights_untold",
            "lifecycle_shard_3 does not tell who may change tables there",
            "advice",
        ),
        (
            "rights_wide_there",
            "on lifecycle_shard_2 PUBLIC has the rights UPDATE on lifecycle_openings,"
            " beside what db shard gives",
            "hazard",
        ),
        (
            "rights_wide_there",
            "on lifecycle_shard_2 odd_one has the rights DELETE on lifecycle_records,"
            " lifecycle_streams, beside what db shard gives",
            "hazard",
        ),
    ]
    left = {one.code for one in examine(laid.url, tmp_path, datetime.now(UTC))}
    assert not left & {"rights_untold", "rights_wide_there", "owner_differs_there", "unreadable"}
