"""What a PostgreSQL server holds after its init scripts, and which statements cannot succeed."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.notice import NoticeKind
from afscan.model.sql import Catalogue, DatabaseGrant, DatabaseRole, DatabaseTable, FailedStatement, Migration
from afscan.model.subjects import Postgres
from support import stack_of, text_at

COMPOSE = """\
services:
  db:
    image: {image}
    environment: {{POSTGRES_USER: boss, POSTGRES_DB: shop, POSTGRES_PASSWORD: x}}
    volumes: ['./init:/docker-entrypoint-initdb.d:ro']
"""


def server(scripts: dict[str, str], image: str = "postgres:16", **more: str) -> dict[str, str]:
    return {
        "compose.yaml": COMPOSE.format(image=image) + more.get("service", ""),
        **{f"init/{name}": text for name, text in scripts.items()},
    }


def held(files: dict[str, str]) -> Catalogue:
    (found,) = stack_of(files).of(Catalogue)
    return found


def failures(files: dict[str, str]) -> list[tuple[str, int, str, str, bool]]:
    return [
        (one.place.path, one.place.line, text_at(files, one.place), one.reason, one.stops)
        for one in stack_of(files).of(FailedStatement)
    ]


def test_roles_are_what_all_scripts_in_order_make_of_them():
    files = server(
        {
            "02.sql": "ALTER ROLE app CONNECTION LIMIT 20 NOCREATEDB;\nGRANT readers TO app;\nREVOKE writers FROM app;",
            "01.sql": "CREATE ROLE readers;\nCREATE ROLE writers;\nCREATE USER app CREATEDB IN ROLE writers;\nCREATE ROLE gone;",
            "03.sql": "DROP ROLE gone;",
        }
    )
    found = held(files)
    assert [script.name for script in found.scripts] == ["init/01.sql", "init/02.sql", "init/03.sql"]
    assert list(found.roles) == ["boss", "readers", "writers", "app"]
    app = found.roles["app"]
    assert (app.has("LOGIN"), app.has("CREATEDB"), app.has("SUPERUSER")) == (True, False, False)
    assert (app.connection_limit.value, list(app.member_of)) == (20, ["readers"])
    assert text_at(files, app.connection_limit.place) == "20"
    assert (found.roles["boss"].bootstrap, found.roles["boss"].has("SUPERUSER")) == (True, True)
    assert stack_of(files).of(DatabaseRole)


def test_what_is_revoked_is_granted_no_longer():
    files = server(
        {
            "a.sql": "CREATE ROLE app;\nCREATE TABLE t ();\nGRANT SELECT, INSERT ON t TO app;\nREVOKE INSERT ON t FROM app;\n"
            "GRANT ALL ON SCHEMA public TO PUBLIC;\nREVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
        }
    )
    (grant,) = stack_of(files).of(DatabaseGrant)
    assert ([one.value for one in grant.privileges], grant.grantee.name) == (["SELECT"], "app")


def test_tables_know_their_owner_and_their_policies():
    files = server(
        {
            "a.sql": "CREATE ROLE owner;\nCREATE SCHEMA app AUTHORIZATION owner;\nSET ROLE owner;\nCREATE TABLE app.mine ();\n"
            "RESET ROLE;\nCREATE TABLE other ();\nALTER TABLE other OWNER TO owner;\nCREATE TABLE third ();\n"
            "ALTER TABLE app.mine ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\nALTER TABLE app.mine NO FORCE ROW LEVEL SECURITY;\n"
            "CREATE POLICY p ON app.mine USING (true);\nCREATE POLICY q ON app.mine USING (true);\nDROP POLICY q ON app.mine;\n"
        }
    )
    tables = {table.table: table for table in stack_of(files).of(DatabaseTable)}
    assert {name: table.owner for name, table in tables.items()} == {"mine": "owner", "other": "owner", "third": "boss"}
    mine = tables["mine"]
    assert (mine.schema, mine.row_security.value, mine.forced.value) == ("app", True, False)
    assert [one.policy.name for one in mine.policies] == ["p"]
    assert mine.forced.place.line == 10


def test_a_policy_on_a_table_that_nobody_creates_fails_and_nothing_after_it_runs():
    files = server(
        {
            "01.sql": "CREATE ROLE app;\nALTER TABLE memories ENABLE ROW LEVEL SECURITY;\nCREATE POLICY p ON memories USING (true);\n",
            "02.sql": "ALTER SYSTEM SET max_connections = 250;\nGRANT SELECT ON nothing TO app;\n",
        }
    )
    assert failures(files) == [
        ("init/01.sql", 2, "memories", "no earlier script creates the table `memories`", True),
        ("init/02.sql", 2, "nothing", "no earlier script creates the table `nothing`", True),
    ]
    stack = stack_of(files)
    assert [len(one.skipped) for one in stack.of(FailedStatement)] == [3, 0]
    assert stack.of(Postgres)[0].max_connections.is_unset


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO boss;", "app", "no earlier script creates the schema `app`"),
        ("GRANT CONNECT ON DATABASE other TO boss;", "other", "nobody creates the database `other`"),
        ("GRANT CONNECT ON DATABASE shop TO postgres;", "postgres", "no earlier script creates the role `postgres`"),
        ("CREATE TABLE app.t ();", "app.t", "no earlier script creates the schema `app`"),
        ("CREATE TABLE IF NOT EXISTS t (a int REFERENCES u);", "u", "no earlier script creates the table `u`"),
        ("CREATE DATABASE shop;", "shop", "the database `shop` exists already: the image creates it by its environment"),
        ("CREATE USER boss;", "boss", "the role `boss` exists already: it is the superuser that the image creates"),
        ("CREATE ROLE a; CREATE ROLE a;", "a", "the role `a` exists already: init/a.sql, line 1 creates it"),
        ("CREATE EXTENSION vector;", "vector", "the image `postgres:16` does not carry the extension `vector`"),
        ("ALTER SYSTEM SET nonsense = 1;", "nonsense", "PostgreSQL has no parameter `nonsense`"),
        ("ALTER DATABASE shop SET nonsense = 1;", "nonsense", "PostgreSQL has no parameter `nonsense`"),
        (
            "ALTER SYSTEM SET pg_stat_statements.track = 'all';",
            "pg_stat_statements.track",
            "`pg_stat_statements.track` is unknown to the server: `pg_stat_statements` is not in `shared_preload_libraries`",
        ),
        (
            "BEGIN; ALTER SYSTEM SET work_mem = '8MB'; COMMIT;",
            "ALTER SYSTEM SET work_mem = '8MB'",
            "`ALTER SYSTEM` cannot run inside a transaction block",
        ),
        ("\\connect other", "other", "nobody creates the database `other`"),
        ("SET ROLE ghost; ALTER ROLE ghost CONNECTION LIMIT 1;", "ghost", "no earlier script creates the role `ghost`"),
    ],
)
def test_what_fails(text, at, reason):
    assert [(one[2], one[3]) for one in failures(server({"a.sql": text}))] == [(at, reason)]


@pytest.mark.parametrize(
    "scripts",
    [
        {"a.sql": "CREATE TABLE t ();\nALTER TABLE t ENABLE ROW LEVEL SECURITY;"},
        {"a.sql": "ALTER TABLE IF EXISTS t ENABLE ROW LEVEL SECURITY; DROP TABLE IF EXISTS t; DROP POLICY IF EXISTS p ON t;"},
        {"a.sql": "DO $$ BEGIN IF x THEN ALTER TABLE t OWNER TO y; END IF; END $$;"},
        {"a.sql": "SELECT create_all();\nGRANT SELECT ON t TO boss;"},
        {"a.sh": "psql -c 'CREATE TABLE t ()'", "b.sql": "GRANT SELECT ON t TO boss;"},
        {"a.sql": "GRANT pg_monitor TO boss; GRANT SELECT ON pg_stat_activity TO PUBLIC; CREATE EXTENSION pgcrypto;"},
        {
            "a.sql": "CREATE SCHEMA IF NOT EXISTS public; CREATE EXTENSION IF NOT EXISTS plpgsql; CREATE OR REPLACE VIEW v AS SELECT 1;"
        },
        {"a.sql": "\\set t tasks\nCREATE TABLE :t (); GRANT SELECT ON tasks TO boss;"},
        {"a.sql": "GRANT SELECT ON :t TO boss;"},
        {"a.sql": "SELECT 'CREATE DATABASE shop' WHERE NOT EXISTS (SELECT FROM pg_database) \\gexec\n\\connect shop\n"},
        {"a.sql": "CREATE DATABASE more; \\connect more\nCREATE TABLE t (); GRANT SELECT ON t TO boss;"},
        {"a.sql": "ALTER DATABASE shop SET app.tenant = ''; ALTER ROLE boss SET log_statement = 'ddl';"},
        {"a.sql": "SET search_path TO app; CREATE SCHEMA app; CREATE TABLE t (); GRANT SELECT ON app.t TO boss;"},
    ],
)
def test_what_does_not_fail(scripts):
    assert failures(server(scripts)) == []


def test_what_an_image_brings_along():
    scripts = {"a.sql": "CREATE EXTENSION vector;"}
    assert failures(server(scripts, "pgvector/pgvector:pg16")) == []
    assert failures(server({"a.sql": "CREATE EXTENSION pgaudit;"}, "bitnami/postgresql:16")) == []
    (failed,) = failures(server({"a.sql": "GRANT SELECT ON t TO postgres;"}, "bitnami/postgresql:16"))
    assert failed[-1] is False
    assert failures(server({"a.sql": "GRANT SELECT ON t TO boss;"}, "timescale/timescaledb:latest-pg16")) == []


def test_a_preloaded_library_brings_its_parameters():
    scripts = {"a.sql": "ALTER SYSTEM SET pg_stat_statements.track = 'all';"}
    service = "    command: postgres -c shared_preload_libraries=pg_stat_statements\n"
    files = server(scripts, service=service)
    assert failures(files) == []
    assert [(one.name, one.value.value) for one in held(files).settings] == [("pg_stat_statements.track", "all")]
    assert stack_of(files).of(Postgres)[0].setting("pg_stat_statements.track").value == "all"


def test_an_image_that_is_built_here_may_carry_more():
    files = {
        "compose.yaml": "services:\n  db:\n    build: .\n    environment: {POSTGRES_PASSWORD: x}\n",
        "Dockerfile": "FROM postgres:16\nRUN apt-get install -y postgresql-16-pgvector\nCOPY sql/ /docker-entrypoint-initdb.d/\n",
        "sql/a.sql": "CREATE EXTENSION vector;\nGRANT SELECT ON t TO postgres;\n",
    }
    assert [one[2] for one in failures(files)] == ["t"]


def test_scripts_of_a_config_map():
    manifest = """\
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: init}
    data:
      10-roles.sql: |
        CREATE ROLE app LOGIN CONNECTION LIMIT 5;
      20-grants.sql: |
        GRANT SELECT ON missing TO app;
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec:
      template:
        spec:
          containers:
            - name: db
              image: postgres:16
              volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d}]
          volumes:
            - name: init
              configMap: {name: init}
    """
    files = {"db.yaml": textwrap.dedent(manifest)}
    found = held(files)
    assert list(found.roles) == ["postgres", "app"]
    assert text_at(files, found.roles["app"].connection_limit.place) == "5"
    assert [(one[1], one[2]) for one in failures(files)] == [(8, "missing")]


def test_includes_are_followed_and_circles_and_ways_out_are_noted():
    files = server({"a.sql": "\\ir parts/b.sql\n\\ir ../../../etc/x.sql\n\\i missing.sql\n"})
    files["init/parts/b.sql"] = "CREATE ROLE app;\n\\ir b.sql\n"
    stack = stack_of(files)
    (found,) = stack.of(Catalogue)
    assert list(found.roles) == ["boss", "app"]
    assert found.uncertain
    assert [(one.kind, one.place.path, text_at(files, one.place), one.reason.partition(": ")[2]) for one in stack.notices] == [
        (NoticeKind.UNRESOLVED, "init/parts/b.sql", "b.sql", "it takes in itself, in a circle. What it runs is not known."),
        (
            NoticeKind.UNRESOLVED,
            "init/a.sql",
            "../../../etc/x.sql",
            "it leads out of what is scanned. What it runs is not known.",
        ),
        (NoticeKind.UNRESOLVED, "init/a.sql", "missing.sql", "it is not here. What it runs is not known."),
    ]


def test_scripts_that_no_server_runs_are_a_catalogue_of_their_own():
    files = {
        "db/V2__b.sql": "ALTER TABLE a ENABLE ROW LEVEL SECURITY;\nGRANT SELECT ON a TO nobody;\n",
        "db/V1__a.sql": "CREATE TABLE a ();\n",
        "db/U2__b.sql": "DROP TABLE a;\n",
        "other/x.sql": "CREATE ROLE app;\n",
    }
    stack = stack_of(files)
    first, second = stack.of(Catalogue)
    assert [one.name for one in first.scripts] == ["db/V1__a.sql", "db/V2__b.sql"]
    assert [(one.table, one.created is not None, one.row_security.value) for one in first.tables] == [("a", True, True)]
    assert list(second.roles) == ["app"]
    assert not stack.of(FailedStatement)


def test_migrations_and_what_takes_them_back():
    files = {
        "db/V1__a.sql": "DROP TABLE a;",
        "db/V2__b.sql": "DROP TABLE b;",
        "db/U2__b.sql": "CREATE TABLE b ();",
        "m/1_a.up.sql": "DROP TABLE a;",
        "m/1_a.down.sql": "",
        "s/deploy/a.sql": "DROP TABLE a;",
        "s/revert/a.sql": "CREATE TABLE a ();",
        "g/1_a.sql": "-- +goose Up\nDROP TABLE a;\n-- +goose Down\nCREATE TABLE a ();\n",
        "g/2_b.sql": "-- +goose Up\nDROP TABLE b;\n",
        "g/3_c.sql": "-- +goose Up\nDROP TABLE b;\n-- +goose Down\n",
        "plain/x.sql": "DROP TABLE a;",
    }
    found = {one.script.name: (one.tool, None if one.down is None else len(one.down)) for one in stack_of(files).of(Migration)}
    assert found == {
        "db/V1__a.sql": ("flyway", None),
        "db/V2__b.sql": ("flyway", 1),
        "m/1_a.up.sql": ("golang-migrate", 0),
        "s/deploy/a.sql": ("sqitch", 1),
        "g/1_a.sql": ("goose", 1),
        "g/2_b.sql": ("goose", None),
        "g/3_c.sql": ("goose", 0),
    }


WORDS = st.sampled_from(
    [
        "CREATE",
        "ALTER",
        "DROP",
        "GRANT",
        "REVOKE",
        "ROLE",
        "USER",
        "TABLE",
        "SCHEMA",
        "DATABASE",
        "POLICY",
        "EXTENSION",
        "FUNCTION",
        "TRIGGER",
        "INDEX",
        "VIEW",
        "SYSTEM",
        "DEFAULT",
        "PRIVILEGES",
        "SET",
        "RESET",
        "LOCAL",
        "ON",
        "TO",
        "FROM",
        "IN",
        "ALL",
        "TABLES",
        "WITH",
        "OPTION",
        "IF",
        "NOT",
        "EXISTS",
        "OWNER",
        "AUTHORIZATION",
        "ENABLE",
        "FORCE",
        "ROW",
        "LEVEL",
        "SECURITY",
        "USING",
        "CHECK",
        "CONNECTION",
        "LIMIT",
        "PASSWORD",
        "LOGIN",
        "SUPERUSER",
        "PUBLIC",
        "a",
        "b",
        '"q"',
        ":v",
        ":'w'",
        "'text'",
        "$$BEGIN$$",
        "(",
        ")",
        ",",
        ".",
        ";",
        "=",
        "-",
        "5",
        "DO",
        "BEGIN",
        "END",
        "EXECUTE",
        "SELECT",
        "set_config",
        "current_setting",
        "REFERENCES",
        "PARTITION",
        "OF",
        "AS",
        "FOR",
        "\\c",
        "\\i",
        "\\ir",
        "\\set",
        "\\gexec",
        "\\if",
        "\\endif",
        "COMMIT",
        "ROLLBACK",
        "INSERT",
        "INTO",
        "TRUNCATE",
        "RENAME",
        "app.x",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=8).map(";\n".join))
def test_any_script_is_gone_through_without_an_error_and_every_place_lies_in_it(text):
    files = server({"a.sql": text, "V1__b.sql": text})
    stack = stack_of(files)
    for kind in (DatabaseRole, DatabaseTable, DatabaseGrant, FailedStatement):
        for one in stack.of(kind):
            assert text_at(files, one.place) or one.place.path == "compose.yaml"
    assert len(stack.of(Catalogue)) == 1
