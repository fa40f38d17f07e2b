"""Scripts joined with what runs them, with what they connect to, and with what they save and restore."""

from collections.abc import Sequence

from afscan.interpret import interpret
from afscan.join import join_all
from afscan.join.scriptruns import is_scheduled
from afscan.model.backups import Backup, RestoreTest
from afscan.model.scripts import Script
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Connection

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: app}
data:
  backup.sh: |
    #!/bin/bash
    set -euo pipefail
    pg_dump -h "$DB_HOST" -Fc -f /out/x.dump app
    ./upload.sh
"""
CRON = """apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: app}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: postgres:16.4
              command: [bash, /scripts/backup.sh]
              env:
                - {name: DB_HOST, value: db}
                - {name: PGSSLMODE, value: verify-full}
              volumeMounts: [{name: s, mountPath: /scripts}]
          volumes: [{name: s, configMap: {name: scripts}}]
"""


def joined(files: Sequence[tuple[str, str]]) -> Stack:
    stack = Stack("", complete=True)
    for name, text in files:
        out, read, _ = interpret(Source(name, text))
        stack.paths.append(name)
        stack.sources += read
        stack.add(out.subjects)
        stack.notices += out.notices
    join_all(stack)
    return stack


def script(stack: Stack, name: str) -> Script:
    return next(one for one in stack.of(Script) if one.file_name.endswith(name))


def test_a_cron_job_runs_a_script_of_a_config_map() -> None:
    stack = joined([("cm.yaml", CONFIG_MAP), ("cron.yaml", CRON), ("upload.sh", "aws s3 cp a b\n")])
    backup = script(stack, "backup.sh")
    assert [one.name for one in backup.runners] == ["CronJob backup"]
    assert [one.value for one in backup.schedules] == ["0 3 * * *"]
    assert backup.container is not None
    assert is_scheduled(stack, backup).value is True
    (saved,) = stack.of(Backup)
    assert (saved.product, saved.host.value, saved.database.value, saved.scheduled.value) == ("postgres", "db", "app", True)
    upload = script(stack, "upload.sh")
    assert upload.runners == [backup]
    assert is_scheduled(stack, upload).value is True


def test_the_container_decides_whether_tls_is_enforced() -> None:
    for mode, secure in (("verify-full", True), ("prefer", False)):
        stack = joined([("cm.yaml", CONFIG_MAP), ("cron.yaml", CRON.replace("verify-full", mode))])
        (connection,) = [one for one in stack.of(Connection) if one.platform == "script"]
        assert (connection.host.value, connection.secure.value, connection.place.line) == ("db", secure, 8)
    alone = joined([("x.sh", "psql -h db -c 'select 1'\n")])
    (connection,) = alone.of(Connection)
    assert connection.secure.is_unknown
    said = joined([("x.sh", 'psql -h db "dbname=app sslmode=require"\n')])
    assert said.of(Connection)[0].secure.value is True


def test_a_script_that_nobody_runs_and_one_that_something_may_run() -> None:
    alone = joined([("backup.sh", "pg_dump app > x\n")])
    assert is_scheduled(alone, script(alone, "backup.sh")).value is False
    timer = joined([("backup.sh", "pg_dump app > x\n"), ("backup.timer", "[Timer]\nOnCalendar=daily\n")])
    assert is_scheduled(timer, script(timer, "backup.sh")).is_unknown
    suspended = joined([("cm.yaml", CONFIG_MAP), ("cron.yaml", CRON.replace("schedule:", "suspend: true\n  schedule:"))])
    assert script(suspended, "backup.sh").schedules == []


def test_the_text_of_a_container_belongs_to_it() -> None:
    text = CRON.replace("[bash, /scripts/backup.sh]", '[sh, -c, "pg_dump -h $DB_HOST app | gzip > x"]')
    stack = joined([("cron.yaml", text)])
    (one,) = stack.of(Script)
    assert one.container is not None
    assert one.interpreter.value == "sh"
    assert [value.value for value in one.schedules] == ["0 3 * * *"]
    (saved,) = stack.of(Backup)
    assert saved.host.value == "db"


def test_what_saves_and_what_restores() -> None:
    lines = {
        "pg_dumpall --globals-only > x": ("Backup", "postgres"),
        "kubectl exec db-0 -- pg_dump app > x": ("Backup", "postgres"),
        "wal-g backup-push /data": ("Backup", "postgres"),
        "redis-cli -h r --rdb x": ("Backup", "redis"),
        "redis-cli BGSAVE": ("Backup", "redis"),
        "curl -X POST https://qdrant:6333/collections/a/snapshots": ("Backup", "qdrant"),
        "neo4j-admin database dump neo4j --to-path=/b": ("Backup", "neo4j"),
        "mongodump --uri mongodb://m": ("Backup", "mongodb"),
        "pg_restore -d restore_test x.dump": ("RestoreTest", "postgres"),
        "gunzip -c x.gz | psql -d live": ("RestoreTest", "postgres"),
        "psql -d app -f dump.sql": ("RestoreTest", "postgres"),
        "pg_restore --list x.dump": None,
        "psql -c 'select 1'": None,
        "pg_dump --version": None,
        "redis-cli ping": None,
        "curl https://qdrant:6333/collections/a/snapshots": None,
    }
    for line, expected in lines.items():
        stack = joined([("x.sh", line + "\n")])
        found = [(type(one).__name__, one.product) for one in [*stack.of(Backup), *stack.of(RestoreTest)]]
        assert found == ([expected] if expected else []), line


def test_scratch_databases() -> None:
    for line, scratch in (
        ("pg_restore -d restore_test x", True),
        ("pg_restore -d agentflow x", False),
        ('pg_restore -d "$1" x', None),
    ):
        (found,) = joined([("x.sh", line + "\n")]).of(RestoreTest)
        assert found.scratch.value is scratch


def test_backups_that_operators_make() -> None:
    velero = "apiVersion: velero.io/v1\nkind: Schedule\nmetadata: {name: a}\nspec: {schedule: '0 2 * * *'}\n"
    cloud_native = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: {name: b}\n"
        "spec: {schedule: '0 0 2 * * *', suspend: true, cluster: {name: db}}\n"
    )
    stack = joined([("v.yaml", velero), ("c.yaml", cloud_native)])
    found = [(one.tool, one.product, one.scheduled.value, one.host.value) for one in stack.of(Backup)]
    assert found == [("velero", "volumes", True, None), ("cloudnative-pg", "postgres", False, "db")]


def test_a_schedule_of_somebody_elses_kind_is_none() -> None:
    assert joined([("v.yaml", "apiVersion: example.com/v1\nkind: Schedule\nmetadata: {name: a}\n")]).of(Backup) == []
