"""What SQL statements say: roles, privileges, tables, policies, settings, each part with its place."""

import pytest

from afscan.interpret import interpret
from afscan.model.source import Source
from afscan.model.sql import (
    ConnectStatement,
    FunctionStatement,
    GrantStatement,
    IncludeStatement,
    OwnerStatement,
    PolicyStatement,
    RoleStatement,
    RowSecurityStatement,
    SettingStatement,
    SqlScript,
    SqlStatement,
)
from support import text_at


def script(text: str, name: str = "init.sql") -> SqlScript:
    out = interpret(Source(name, text))[0]
    assert not out.notices
    (found,) = (one for one in out.subjects if isinstance(one, SqlScript))
    return found


def statements(text: str) -> list[SqlStatement]:
    return script(text).statements


def only(text: str) -> SqlStatement:
    (found,) = statements(text)
    return found


def names(listed) -> list[tuple[str, str]]:
    return [(name.kind, name.full) for name in listed]


def test_a_role_with_all_its_options():
    text = (
        'CREATE ROLE "App" WITH LOGIN NOSUPERUSER CREATEDB NOCREATEROLE REPLICATION BYPASSRLS CONNECTION LIMIT 20\n'
        "  ENCRYPTED PASSWORD 'x' VALID UNTIL '2030-01-01' IN ROLE readers, writers;"
    )
    found = only(text)
    assert isinstance(found, RoleStatement)
    assert (found.verb, found.role.name, names(found.makes)) == ("CREATE ROLE", "App", [("role", "App")])
    assert {name: value.value for name, value in found.attributes.items()} == {
        "LOGIN": True,
        "SUPERUSER": False,
        "CREATEDB": True,
        "CREATEROLE": False,
        "REPLICATION": True,
        "BYPASSRLS": True,
    }
    assert (found.connection_limit.value, found.password.value, found.valid_until.value) == (20, True, "2030-01-01")
    assert names(found.needs) == [("role", "readers"), ("role", "writers")]
    assert text_at(text, found.role.place) == '"App"'
    assert text_at(text, found.attributes["SUPERUSER"].place) == "NOSUPERUSER"
    assert text_at(text, found.connection_limit.place) == "20"
    assert text_at(text, found.member_of[1].place) == "writers"


@pytest.mark.parametrize(
    ("text", "limit", "login"),
    [
        ("CREATE USER app;", None, True),
        ("CREATE ROLE app;", None, None),
        ("CREATE GROUP app;", None, None),
        ("CREATE USER app NOLOGIN CONNECTION LIMIT -1;", -1, False),
        ("ALTER ROLE app CONNECTION LIMIT 7;", 7, None),
        ("\\set limit 9\nCREATE ROLE app LOGIN CONNECTION LIMIT :limit;", 9, True),
    ],
)
def test_limits_and_logins(text, limit, login):
    found = only(text)
    assert isinstance(found, RoleStatement)
    assert (found.connection_limit.value, getattr(found.attributes.get("LOGIN"), "value", None)) == (limit, login)


def test_variables_that_nobody_sets_are_unknown():
    found = only("CREATE ROLE :\"who\" CONNECTION LIMIT :limit PASSWORD :'pw';")
    assert isinstance(found, RoleStatement)
    assert found.role.text.reason == "psql puts in the variable `who`"
    assert found.connection_limit.is_unknown
    assert found.password.is_unknown


@pytest.mark.parametrize(
    ("text", "privileges", "kind", "objects", "grantees", "everything"),
    [
        ("GRANT ALL PRIVILEGES ON DATABASE app TO api;", ["ALL"], "database", ["app"], ["api"], False),
        (
            "GRANT SELECT, INSERT ON app.a, b TO api, PUBLIC;",
            ["SELECT", "INSERT"],
            "table",
            ["app.a", "b"],
            ["api", "public"],
            False,
        ),
        ("GRANT ALL ON ALL TABLES IN SCHEMA app TO api;", ["ALL"], "table", ["app"], ["api"], True),
        ("GRANT USAGE, CREATE ON SCHEMA public TO api;", ["USAGE", "CREATE"], "schema", ["public"], ["api"], False),
        ("GRANT EXECUTE ON FUNCTION f(int, text) TO api;", ["EXECUTE"], "function", ["f"], ["api"], False),
        ("GRANT readers TO api WITH ADMIN OPTION;", [], "role", ["readers"], ["api"], False),
        ("REVOKE ALL ON SCHEMA public FROM PUBLIC;", ["ALL"], "schema", ["public"], ["public"], False),
        ("REVOKE GRANT OPTION FOR SELECT ON t FROM api;", ["SELECT"], "table", ["t"], ["api"], False),
        ("GRANT SELECT (id, name) ON users TO api;", ["SELECT"], "table", ["users"], ["api"], False),
    ],
)
def test_grants(text, privileges, kind, objects, grantees, everything):  # noqa: PLR0917
    found = only(text)
    assert isinstance(found, GrantStatement)
    assert [one.value for one in found.privileges] == privileges
    assert (found.object_kind, [one.full for one in found.objects]) == (kind, objects)
    assert ([one.name for one in found.grantees], found.everything) == (grantees, everything)
    assert found.revoke is text.startswith("REVOKE")
    assert text_at(text, found.objects[0].place) == objects[0]


def test_parts_of_a_grant():
    text = "GRANT SELECT (id, name), ALL PRIVILEGES ON users TO api WITH GRANT OPTION;"
    found = only(text)
    assert isinstance(found, GrantStatement)
    assert (found.columns, found.grant_option) == (["id", "name"], True)
    assert [text_at(text, one.place) for one in found.privileges] == ["SELECT", "ALL PRIVILEGES"]
    assert text_at(text, found.grantees[0].place) == "api"


def test_default_privileges():
    found = only("ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA app GRANT SELECT ON TABLES TO api;")
    assert isinstance(found, GrantStatement)
    assert (found.defaults, found.everything, [one.full for one in found.objects]) == (True, True, ["app"])
    assert names(found.needs) == [("role", "api"), ("role", "owner"), ("schema", "app")]


@pytest.mark.parametrize(
    ("text", "needs", "makes", "drops"),
    [
        ("CREATE TABLE IF NOT EXISTS app.t (a int REFERENCES b (id), c int REFERENCES t);", ["app", "b"], ["app.t"], []),
        ("CREATE UNLOGGED TABLE t (a int);", [], ["t"], []),
        ("CREATE TEMP TABLE t (a int);", [], ["t"], []),
        ("CREATE TABLE p PARTITION OF t FOR VALUES IN (1);", ["t"], ["p"], []),
        ("CREATE INDEX CONCURRENTLY i ON t (a);", ["t"], [], []),
        ("CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();", ["t"], [], []),
        ("CREATE OR REPLACE VIEW v AS SELECT 1;", [], ["v"], []),
        ("CREATE SCHEMA s AUTHORIZATION app;", ["app"], ["s"], []),
        ("CREATE SCHEMA AUTHORIZATION app;", ["app"], ["app"], []),
        ("CREATE DATABASE d WITH OWNER = app;", ["app"], ["d"], []),
        ('CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA ext;', ["ext"], ["uuid-ossp"], []),
        ("ALTER TABLE ONLY t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (id);", ["t", "b"], [], []),
        ("ALTER TABLE t RENAME TO u;", ["t"], ["u"], ["t"]),
        ("DROP TABLE IF EXISTS a, app.b CASCADE;", ["a", "app.b"], [], ["a", "app.b"]),
        ("DROP ROLE app;", ["app"], [], ["app"]),
        ("TRUNCATE a, b;", ["a", "b"], [], []),
        ("INSERT INTO app.t VALUES (1);", ["app.t"], [], []),
        ("COPY t (a) FROM stdin;\n1\n\\.\n", ["t"], [], []),
        ("COMMENT ON TABLE t IS 'x';", ["t"], [], []),
        ("DROP POLICY p ON t;", ["t"], [], ["p"]),
    ],
)
def test_what_statements_need_and_make(text, needs, makes, drops):
    found = only(text)
    assert [one.full for one in found.needs] == needs
    assert [one.full for one in found.makes] == makes
    assert [one.full for one in found.drops] == drops


def test_row_level_security():
    text = "ALTER TABLE IF EXISTS ONLY app.t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;"
    found = statements(text)
    assert all(isinstance(one, RowSecurityStatement) and one.guarded and one.table.full == "app.t" for one in found)
    assert [one.action for one in found if isinstance(one, RowSecurityStatement)] == ["ENABLE", "FORCE", "NO FORCE"]


def test_a_policy():
    text = (
        "CREATE POLICY own ON app.t AS RESTRICTIVE FOR SELECT TO api, PUBLIC\n"
        "  USING (id = current_setting('app.user')::uuid)\n  WITH CHECK (id = coalesce(current_setting('app.user', true), ''));"
    )
    found = only(text)
    assert isinstance(found, PolicyStatement)
    assert (found.policy.name, found.table.full, found.command, found.permissive) == ("own", "app.t", "SELECT", False)
    assert [one.name for one in found.roles] == ["api", "public"]
    assert [(one.setting.value, one.missing_ok.value) for one in found.settings] == [("app.user", None), ("app.user", True)]
    assert text_at(text, found.using.place) == "id = current_setting('app.user')::uuid"
    assert text_at(text, found.settings[0].setting.place) == "'app.user'"
    assert found.check.is_set


@pytest.mark.parametrize(
    ("text", "scope", "name", "value", "target"),
    [
        ("ALTER SYSTEM SET max_connections = 200;", "system", "max_connections", "200", None),
        ("ALTER SYSTEM SET shared_preload_libraries TO 'a', 'b';", "system", "shared_preload_libraries", "a, b", None),
        ("ALTER SYSTEM SET pgaudit.log = 'write, ddl';", "system", "pgaudit.log", "write, ddl", None),
        ("ALTER SYSTEM RESET ALL;", "system", "all", None, None),
        ("ALTER DATABASE d SET log_statement = ddl;", "database", "log_statement", "ddl", "d"),
        ("ALTER ROLE r IN DATABASE d SET statement_timeout = '5s';", "role", "statement_timeout", "5s", "r"),
        ("ALTER USER r SET search_path TO DEFAULT;", "role", "search_path", None, "r"),
        ("SET LOCAL app.user = 'x';", "local", "app.user", "x", None),
        ("SET SESSION statement_timeout = -1;", "session", "statement_timeout", "-1", None),
        ("SET TIME ZONE 'UTC';", "session", "timezone", "UTC", None),
        ("SELECT pg_catalog.set_config('search_path', '', false);", "session", "search_path", "", None),
    ],
)
def test_settings(text, scope, name, value, target):
    found = only(text)
    assert isinstance(found, SettingStatement)
    assert (found.scope, found.setting.name, found.value.value) == (scope, name, value)
    assert (found.target.name if found.target is not None else None) == target


def test_places_of_a_setting():
    text = "ALTER SYSTEM SET pgaudit.log = 'write, ddl';"
    found = only(text)
    assert isinstance(found, SettingStatement)
    assert text_at(text, found.setting.place) == "pgaudit.log"
    assert text_at(text, found.value.place) == "'write, ddl'"


def test_functions_and_owners():
    text = (
        "CREATE OR REPLACE FUNCTION app.f(a int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = app AS $$ x; $$;\n"
        "ALTER FUNCTION app.f(int) OWNER TO boss;\nALTER TABLE t OWNER TO CURRENT_USER;"
    )
    function, owned, table = statements(text)
    assert isinstance(function, FunctionStatement)
    assert (function.security_definer.value, function.search_path.value, function.language) == (True, "app", "plpgsql")
    assert text_at(text, function.security_definer.place) == "SECURITY DEFINER"
    assert isinstance(owned, OwnerStatement)
    assert (owned.target.full, owned.owner.name) == ("app.f", "boss")
    assert isinstance(table, OwnerStatement)
    assert (table.owner.name, names(table.needs)) == ("current_user", [("table", "t")])


def test_commands_of_psql():
    text = "\\set db app\n\\connect :db boss\n\\ir parts/a.sql\n\\i 'b c.sql'\n\\c - boss\n\\i :unknown\n"
    connect, first, second, user, third = statements(text)
    assert isinstance(connect, ConnectStatement)
    assert (connect.database.value, connect.user.value) == ("app", "boss")
    assert isinstance(first, IncludeStatement)
    assert (first.path.value, first.relative, text_at(text, first.path.place)) == ("parts/a.sql", True, "parts/a.sql")
    assert isinstance(second, IncludeStatement)
    assert (second.path.value, second.relative) == ("b c.sql", False)
    assert isinstance(user, ConnectStatement)
    assert (user.database.is_unset, user.user.value) == (True, "boss")
    assert isinstance(third, IncludeStatement)
    assert third.path.is_unknown


def test_a_do_block():
    text = (
        "DO $$\nDECLARE n int := 1;\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN\n"
        "    CREATE ROLE app LOGIN;\n  END IF;\n  ALTER ROLE app CONNECTION LIMIT 5;\n"
        "  EXECUTE 'GRANT readers TO app';\n  EXECUTE format('ALTER ROLE %I', n);\nEND\n$$;\nCREATE TABLE t ();"
    )
    made, altered, granted, opaque, table = statements(text)
    assert isinstance(made, RoleStatement)
    assert (made.conditional, altered.conditional, granted.conditional) == (True, False, False)
    assert text_at(text, made.role.place) == "app"
    assert made.place.line == 5
    assert isinstance(granted, GrantStatement)
    assert opaque.opaque == "what its `EXECUTE` runs is not known"
    assert (opaque.place.line, names(table.makes)) == (9, [("table", "t")])


def test_a_block_that_catches_errors_may_not_run_to_its_end():
    found = statements("DO $$ BEGIN CREATE ROLE app; EXCEPTION WHEN duplicate_object THEN RAISE NOTICE 'x'; END $$;")
    assert [one.conditional for one in found] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "DO LANGUAGE plpython3u $$ x $$;",
        "SELECT create_hypertable('t', 'time');",
        "CALL f();",
        "SELECT format('CREATE DATABASE %I', 'x') \\gexec\n",
    ],
)
def test_what_cannot_be_read_is_opaque(text):
    assert only(text).opaque


def test_texts_that_gexec_runs():
    found = only("SELECT 'CREATE DATABASE app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app')\\gexec\n")
    assert (found.verb, found.conditional, names(found.makes)) == ("CREATE DATABASE", True, [("database", "app")])


def test_conditions_of_psql():
    found = statements("\\if :x\nCREATE ROLE a;\n\\else\nCREATE ROLE b;\n\\endif\nCREATE ROLE c;")
    assert [one.conditional for one in found] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("db/V2__add.sql", "DROP TABLE a;", ("flyway", "2", "add", "up", 1, 0)),
        ("db/U2__add.sql", "DROP TABLE a;", ("flyway", "2", "add", "down", 0, 1)),
        ("db/000003_add_b.up.sql", "DROP TABLE a;", ("golang-migrate", "000003", "add_b", "up", 1, 0)),
        ("db/000003_add_b.down.sql", "DROP TABLE a;", ("golang-migrate", "000003", "add_b", "down", 0, 1)),
        (
            "db/20240101_x.sql",
            "-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;",
            ("dbmate", "20240101", "x", "", 1, 1),
        ),
        ("db/01_x.sql", "-- +goose Up\nCREATE TABLE a ();\n-- +goose Down\nDROP TABLE a;\n", ("goose", "01", "x", "", 1, 1)),
        ("db/deploy/x.sql", "CREATE TABLE a ();", ("sqitch", "", "x", "up", 1, 0)),
        ("db/revert/x.sql", "DROP TABLE a;", ("sqitch", "", "x", "down", 0, 1)),
        ("db/init.sql", "DROP TABLE a;", ("", "", "", "", 1, 0)),
    ],
)
def test_migrations_are_told_by_their_conventions(name, text, expected):
    found = script(text, name)
    assert (found.tool, found.version, found.title, found.direction, len(found.statements), len(found.down)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE `t` (id int AUTO_INCREMENT);",
        "CREATE USER 'a'@'%' IDENTIFIED BY 'x';",
        "PRAGMA x;",
        "GRANT ALL ON shop.* TO app;",
    ],
)
def test_another_products_sql_is_no_script_of_postgresql(text):
    assert not [one for one in interpret(Source("init.sql", text))[0].subjects if isinstance(one, SqlScript)]
