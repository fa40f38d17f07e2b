"""Timers and services of systemd, crontabs: what they say, and which scripts they run."""

from collections.abc import Sequence

import pytest

from afscan.files.recognise import syntax_of
from afscan.interpret import interpret
from afscan.join import join_all
from afscan.join.scriptruns import is_scheduled
from afscan.model.backups import Backup
from afscan.model.scripts import Script
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Credential
from afscan.model.timers import CronEntry, ServiceUnit, TimerUnit

BACKUP = ("backup.sh", "#!/bin/bash\nset -eu\npg_dump app > x\n")
TIMER = ("backup.timer", "[Timer]\nOnCalendar=daily\n")
SERVICE = ("backup.service", "[Service]\nType=oneshot\nExecStart=-/opt/backup.sh\n")


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


def script(stack: Stack, name: str = "backup.sh") -> Script:
    return next(one for one in stack.of(Script) if one.file_name.endswith(name))


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("backup.timer", "[Timer]\nOnCalendar=daily\n", "systemd"),
        ("a/b@.service", "# x\n[Unit]\n", "systemd"),
        ("prices.service", "hello\n", None),
        ("crontab", "0 3 * * * x\n", "crontab"),
        ("etc/cron.d/backup", "# at night\n@daily root x\n", "crontab"),
        ("deploy/backup.cron", "*/5 * * * * x\n", "crontab"),
        ("crontab", "no entries here\n", None),
        ("cron.d/README", "These are our jobs.\n", None),
    ],
)
def test_what_is_recognised(name: str, text: str, syntax: str | None) -> None:
    assert syntax_of(name, text) == syntax


def test_a_timer_starts_the_service_of_its_name() -> None:
    stack = joined([BACKUP, TIMER, SERVICE])
    (timer,), (service,) = stack.of(TimerUnit), stack.of(ServiceUnit)
    assert (timer.activates, service.is_oneshot) == ("backup.service", True)
    one = script(stack)
    when = is_scheduled(stack, one)
    assert (when.value, when.place.path, when.place.line) == (True, "backup.timer", 2)
    assert [value.value for value in one.schedules] == ["daily"]


@pytest.mark.parametrize(
    ("files", "known"),
    [
        ([BACKUP, TIMER], None),  # what the timer starts is elsewhere
        ([BACKUP, SERVICE], False),  # nothing starts it
        ([BACKUP, ("backup.service", "[Service]\nExecStart=/opt/backup.sh\n")], None),  # it may loop
        ([BACKUP, ("backup.timer", "[Timer]\nOnBootSec=5min\n"), SERVICE], False),
        ([BACKUP, ("n.timer", "[Timer]\nOnUnitActiveSec=1d\nUnit=backup.service\n"), SERVICE], True),
        ([BACKUP, ("b@x.timer", "[Timer]\nOnCalendar=daily\n"), ("b@.service", SERVICE[1])], True),
        ([BACKUP, TIMER, ("backup.service", "[Service]\nExecStart=/bin/bash -c '/opt/backup.sh'\n")], True),
        ([BACKUP, ("crontab", "0 3 * * * /opt/backup.sh\n")], True),
        ([BACKUP, ("cron.d/b", "0 3 * * * root cd /opt && ./backup.sh >/dev/null 2>&1\n")], True),
        ([BACKUP, ("crontab", "@reboot /opt/backup.sh\n")], False),
        ([("cron.daily/backup", BACKUP[1])], True),
    ],
)
def test_what_runs_again_and_again(files: list[tuple[str, str]], known: bool | None) -> None:
    stack = joined(files)
    found = is_scheduled(stack, script(stack, files[0][0]))
    assert found.value is known if known is not None else found.is_unknown


def test_a_command_in_a_crontab_is_a_script() -> None:
    text = "SHELL=/bin/bash\nPGPASSWORD='Tr4in-Lamp-90'\n0 3 * * 1-5\tpg_dump app | gzip > /b/$(date +\\%F).gz%ignored\n"
    stack = joined([("crontab", text)])
    (entry,) = stack.of(CronEntry)
    assert (entry.schedule.value, entry.schedule.place.span[:4]) == ("0 3 * * 1-5", (3, 1, 3, 12))
    assert entry.user.is_unset
    (saved,) = stack.of(Backup)
    assert (saved.scheduled.value, saved.place.path, saved.place.span[:2]) == (True, "crontab", (3, 13))
    assert stack.of(Script)[0].interpreter.value == "bash"
    (secret,) = [one for one in stack.of(Credential) if one.key == "PGPASSWORD"]
    assert (secret.value.value, secret.place.line) == ("Tr4in-Lamp-90", 2)


def test_continued_lines_and_the_environment_of_a_unit() -> None:
    text = (
        '[Service]\nType=oneshot\nEnvironment="PGPASSWORD=Tr4in-Lamp-90" A=b\nExecStart=/usr/bin/pg_dump \\\n# why\n  -h db app\n'
    )
    stack = joined([("x.service", text)])
    (saved,) = stack.of(Backup)
    assert (saved.host.value, saved.place.span[:2], saved.host.place.span[:4]) == ("db", (4, 11), (6, 6, 6, 8))
    (secret,) = [one for one in stack.of(Credential) if one.key == "PGPASSWORD"]
    assert secret.place.span[:4] == (3, 25, 3, 38)


def test_lines_that_nobody_can_read_are_noted() -> None:
    stack = joined([("x.service", "[Service]\nExecStart /bin/x\n"), ("crontab", "0 3 * * * x\nwhat is this\n")])
    assert sorted((one.place.path, one.place.line) for one in stack.notices) == [("crontab", 2), ("x.service", 2)]
