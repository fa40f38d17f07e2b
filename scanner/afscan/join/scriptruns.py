"""Scripts and what runs them: the container whose command they are, that mounts them or names them; scripts that call them.

Then what their clients connect to: ``psql -h HOST`` in a script whose container sets ``PGSSLMODE`` is another connection than without.
Source: postgresql.org, libpq "Environment Variables"; redis.io, "redis-cli"; kubernetes.io, "CronJob".
"""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, normpath

from afscan.model.ci import Workflow, WorkflowStep
from afscan.model.objects import Schedule
from afscan.model.record import field, record
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Container, Mount, Subject, Workload, overlay_of
from afscan.model.timers import CronEntry, ServiceUnit, TimerUnit
from afscan.model.value import Value
from afscan.platforms.script.options import CommandLine, command_line
from afscan.platforms.script.wrappers import SHELLS

KEY = "scriptruns"

_LIBPQ = frozenset(("psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "createdb", "dropdb"))
"""Clients that log in; ``pg_isready`` does not, and sends nothing worth protecting."""

_REDIS = frozenset(("redis-cli", "valkey-cli"))
_STARTED_ONCE = ("Job", "CronJob")
"""Kinds of workloads that do not repeat a script by themselves: a CronJob does by its schedule, unless it is suspended."""

_UNREAD_RUNNERS = (
    "/crontab",
    "/cron.d/",
    "/.github/workflows/",
    "/.gitlab-ci",
    "/jenkinsfile",
    "/makefile",
    "/justfile",
    "/taskfile",
)
"""Parts of paths of files that may run a script and could not be read."""

_PARTS = re.compile(r"/cron\.(?:hourly|daily|weekly|monthly)/[^/]+\Z")


@record(slots=True)
class _Index:
    """Scripts by the last part of their names, by their paths, and entries of ConfigMaps by ``namespace/name`` and key."""

    named: dict[str, list[Script]] = field(default_factory=dict)
    paths: dict[str, Script] = field(default_factory=dict)
    entries: dict[tuple[str, str], Script] = field(default_factory=dict)


def join(stack: Stack) -> Iterable[Subject]:
    """Fill ``container``, ``runners`` and ``schedules`` of each script; the connections of their database clients."""
    index = _Index()
    for script in stack.of(Script):
        if script.holder not in ("container", "probe", "image"):
            index.named.setdefault(basename(script.file_name), []).append(script)
            index.paths.setdefault(normpath(script.file_name), script)
        if script.holder in ("configmap", "secret"):
            index.entries[script.node.source.owner, script.file_name] = script
    own = {(one.source_path, one.file_name): one for one in stack.of(Script) if one.holder == "container"}
    schedules = {id(one.workload): one for one in stack.of(Schedule)}
    for container in stack.of(Container):
        if overlay_of(container):
            continue
        for script in _run_by(container, index, own.get((container.place.path, container.name))):
            if script.container is None:
                script.container = container
            if container.workload not in script.runners:
                script.runners.append(container.workload)
            when = schedules.get(id(container.workload))
            if when is not None and when.suspended.value is not True:
                script.schedules.append(when.schedule)
    if stack.of(Workflow):
        _from_workflows(stack, index)
    _from_timers(stack)
    _calls(stack, index)
    return list(_connections(stack))


def _run_by(container: Container, index: _Index, own: Script | None) -> Iterator[Script]:
    """The scripts that a container's command is or names."""
    if own is not None:
        yield own
    words = container.program() or []
    if words and basename(words[0]) in SHELLS:
        words = [word for word in words[1:] if not word.startswith("-")]
    if words and own is None:
        found = script_named(container, words[0], index)
        if found is not None:
            yield found


def script_named(container: Container | None, path: str, index: _Index) -> Script | None:
    """The script that a path means in a container: an entry of a mounted ConfigMap, else the only script of that name."""
    if container is not None and path.startswith("/"):
        for mount in container.mounts:
            entry = _entry(mount, normpath(path))
            if mount.kind in ("configmap", "secret") and entry:
                owner = f"{container.workload.namespace}/{mount.source.or_else('')}"
                found = index.entries.get((owner, entry))
                if found is not None:
                    return found
    named = index.named.get(basename(path), [])
    return named[0] if len(named) == 1 and "." in basename(path) else None


def _entry(mount: Mount, path: str) -> str:
    """The entry of a mounted ConfigMap that a path leads to; "" where it leads elsewhere."""
    target = normpath(mount.target.or_else("/"))
    if mount.sub_path is not None:
        return mount.sub_path if path == target else ""
    relative = path.removeprefix(target + "/") if path.startswith(target + "/") else ""
    if mount.items is not None:
        return next((key for key, where in mount.items.items() if normpath(where) == relative), "")
    return relative


def _from_workflows(stack: Stack, index: _Index) -> None:
    """Scripts of workflows' steps, and those that the steps call, with the jobs that run them and their schedules."""
    from afscan.join.workflows import running, steps_of  # noqa: PLC0415 - only where there are workflows

    by_source = {id(one.node.source): one for one in stack.of(Script) if one.holder == "workflow"}
    for workflow in stack.of(Workflow):
        for job in workflow.jobs:
            for step, conditions in steps_of(job):
                own = by_source.get(id(step.source))
                if own is not None:
                    for command in own.commands:
                        command.calls = _from_folder(command, step, workflow.repository or "", index)
                for script in [own] if own is not None else _called_by_line(step, workflow, index):
                    script.runners += [job] if job not in script.runners else []
                    when = running(stack, job, conditions)
                    script.schedules += [one for one in when.schedules if one not in script.schedules]
                    script.open = script.open or when.open


def _from_timers(stack: Stack) -> None:
    """Scripts that cron and systemd run, or that lie where ``run-parts`` looks (``/etc/cron.daily``)."""
    by_source = {id(one.node.source): one for one in stack.of(Script)}
    for entry in stack.of(CronEntry):
        script = by_source.get(id(entry.source))
        if script is not None:
            script.runners.append(entry)
            script.schedules += [entry.schedule] if entry.repeats else []
    timers: dict[str, list[TimerUnit]] = {}
    for timer in stack.of(TimerUnit):
        timers.setdefault(_template(timer.activates), []).append(timer)
    for service in stack.of(ServiceUnit):
        started_by = timers.get(_template(service.unit), [])
        for script in [one for source in service.sources if (one := by_source.get(id(source))) is not None]:
            script.runners += [*started_by, service]
            script.schedules += [when for timer in started_by for when in timer.schedules]
            if not service.is_oneshot and not started_by:
                script.open = f"{service.name} keeps it running, and it may repeat by itself"
    for script in stack.of(Script):
        if script.holder == "file" and _PARTS.search(f"/{script.file_name}"):
            script.schedules.append(Value.of(basename(dirname(script.file_name)), script.node))


def _template(unit: str) -> str:
    """A unit's name, of an instance (``backup@db.service``) its template's."""
    name, at, instance = unit.partition("@")
    return f"{name}@.{instance.rpartition('.')[2]}" if at else unit


def _from_folder(command: Command, step: WorkflowStep, root: str, index: _Index) -> Script | None:
    """The script that a command of a step means: by its path from the folder in which the step runs, else the only one of its name."""
    path = _called(command)
    if not path:
        return None
    folder = step.working_directory.or_else("")
    return index.paths.get(normpath(f"{root or '.'}/{folder}/{path}")) or script_named(None, path, index)


def _called_by_line(step: WorkflowStep, workflow: Workflow, index: _Index) -> list[Script]:
    """The scripts that a line of GitLab CI calls."""
    if workflow.system == "github":
        return []
    from afscan.platforms.ci.commands import commands_of  # noqa: PLC0415

    paths = [_script_among([word.text for word in one.words]) for one in commands_of(step)]
    root = workflow.repository or "."
    found = [index.paths.get(normpath(f"{root}/{path}")) or script_named(None, path, index) for path in paths if path]
    return [one for one in found if one is not None]


def _calls(stack: Stack, index: _Index) -> None:
    """Scripts that other scripts call; schedules are passed on, however long the chain is."""
    edges: list[tuple[Script, Script]] = []
    for script in stack.of(Script):
        for command in script.commands:
            path = _called(command) if command.calls is None else ""
            found = script_named(script.container, path, index) if path else command.calls
            if found is not None and found is not script:
                command.calls = found
                edges.append((script, found))
                if script not in found.runners:
                    found.runners.append(script)
    waiting = [(caller, called) for caller, called in edges if caller.schedules or caller.open]
    by_caller: dict[int, list[Script]] = {}
    for caller, called in edges:
        by_caller.setdefault(id(caller), []).append(called)
    done: set[tuple[int, int]] = set()
    while waiting:
        caller, called = waiting.pop()
        if (id(caller), id(called)) in done:
            continue
        done.add((id(caller), id(called)))
        called.schedules += [one for one in caller.schedules if one not in called.schedules]
        called.container = called.container or caller.container
        called.open = called.open or caller.open
        waiting += [(called, further) for further in by_caller.get(id(called), ())]


def _called(command: Command) -> str:
    """The path of the script that a command runs; "" where it runs none."""
    if command.remote or not command.texts:
        return ""
    return _script_among(command.texts)


def _script_among(words: list[str]) -> str:
    """The path of a script that a command line runs: its program, or the first operand of a shell."""
    if words and (basename(words[0]) in SHELLS or words[0] in ("source", ".")):
        words = [word for word in words[1:] if not word.startswith("-")]
    return words[0] if words and ("/" in words[0] or words[0].endswith(".sh")) else ""


def is_scheduled(stack: Stack, script: Script) -> Value[bool]:
    """Whether something runs a script again and again; unknown where a file may that is not read, or a workflow or service does."""
    if script.schedules:
        return Value.of(True, script.schedules[0].node)
    if script.open:
        return Value.unknown(script.node, script.open)
    other = next((one for one in script.runners if isinstance(one, Workload) and one.kind not in _STARTED_ONCE), None)
    if other is not None:
        return Value.unknown(script.node, f"{other.name} runs it, which may repeat it by itself")
    unread = _unread_runner(stack)
    if unread:
        return Value.unknown(script.node, unread)
    return Value.of(False, script.node)


def _unread_runner(stack: Stack) -> str:
    """A clause that names what may run any script unseen; "" where nothing may."""
    key = f"{KEY}/unread"
    if key not in stack.joined:
        read = {source.path for source in stack.sources}
        path = next((path for path in stack.paths if path not in read and _may_schedule(path)), "")
        units = {_template(one.unit) for one in stack.of(ServiceUnit)}
        lost = next((one for one in stack.of(TimerUnit) if _template(one.activates) not in units), None)
        found = f"`{path}` may run it and is not read" if path else ""
        if lost is not None and not found:
            found = f"`{lost.unit}` starts `{lost.activates}`, which is not in this stack and may run it"
        stack.joined[key] = found
    told: str = stack.joined[key]
    return told


def _may_schedule(path: str) -> bool:
    lower = "/" + path.lower()
    return lower.endswith((".timer", ".cron", ".crontab", ".nomad")) or any(part in lower for part in _UNREAD_RUNNERS)


def environment_of(script: Script, name: str) -> Value[str]:
    """A variable as a script sees it: its own constant, else its container's; unknown where the environment is not known."""
    own = script.constants.get(name)
    if own is not None:
        return own
    if name in script.variables:
        return Value.unknown(script.node, f"`{name}` is set when the script runs")
    container = script.container
    if container is None:
        return Value.unknown(script.node, f"what runs {script.name} may set `{name}`")
    variable = container.environment.get(name)
    if variable is not None:
        return variable.value
    if container.environment_from:
        return Value.unknown(container.node, f"`{name}` may come from what {container.name} takes its environment from")
    return Value.unset(container.node)


def expanded(script: Script, text: str) -> str:
    """A text of a script with the variables filled in that its container sets."""
    if "$" not in text or script.container is None:
        return text
    for name, variable in script.container.environment.items():
        if variable.value.is_set and name in text:
            value = variable.value.or_else("")
            text = text.replace(f"${{{name}}}", value).replace(f'"${name}"', value)
            if text.endswith(f"${name}") or f"${name}/" in text or f"${name}." in text or f"${name}:" in text:
                text = text.replace(f"${name}", value)
    return text


def option_value(command: Command, line: CommandLine, *names: str) -> Value[str]:
    """The value of an option of a command; defaults and the container's variables are filled in."""
    option = line.option(*names)
    if option is None or option.at is None:
        return Value.unset(command.node)
    word = command.words[option.at]
    text = expanded(command.script, command.texts[option.at][option.offset :])
    if "$" in text or "`" in text:
        return Value.unknown(word.node, word.reason or "it is computed when the script runs", word.at)
    return Value.of(text, word.node, word.at)


def _connections(stack: Stack) -> Iterator[Connection]:
    """What ``psql -h``, ``redis-cli -h`` and the like connect to."""
    for script in stack.of(Script):
        seen: set[tuple[object, ...]] = set()  # one connection for all that a script does with a server
        for command in script.commands:
            program = command.name_of_program
            if program in _LIBPQ or program in _REDIS:
                found = _connection(command, program)
                host = found.host if found is not None else None
                key = (
                    (found.product, host.value, host.reason, found.secure.value) if found is not None and host is not None else ()
                )
                if found is not None and key not in seen:
                    seen.add(key)
                    yield found


def _connection(command: Command, program: str) -> Connection | None:
    script = command.script
    line = command_line(program, command.texts)
    host = option_value(command, line, "host")
    if host.is_unset or command.remote or host.or_else("").startswith("/"):
        return None
    postgres = program in _LIBPQ
    port = option_value(command, line, "port").map(lambda text: int(text) if text.isdecimal() and len(text) < 6 else 0)
    node = host.node
    secure = _libpq_secure(command, line, host) if postgres else Value.of(line.option("tls") is not None, node, host.at)
    return Connection(
        name=f"{script.name}, {program} -h",
        node=node,
        platform="script",
        url=Value.of(host.or_else(""), node, host.at) if host.is_set else Value.unknown(node, host.reason, host.at),
        scheme="postgres" if postgres else "redis",
        host=host,
        port=port,
        secure=secure,
        user=option_value(command, line, "username", "user"),
        password=Value.unset(command.node),
        product="postgres" if postgres else "redis",
        container=script.container,
        pooled=Value.unset(command.node),
    )


def _libpq_secure(command: Command, line: CommandLine, host: Value[str]) -> Value[bool]:
    """Whether TLS is enforced: by ``sslmode`` of the connection string, else ``PGSSLMODE``; libpq's default ``prefer`` does not.

    Placed where that is said; at the host where nothing says it.
    """
    from afscan.platforms.urls import decides_tls  # noqa: PLC0415  (start-up time)

    texts = [command.texts[i] for i in line.operands]
    database = line.option("dbname")
    texts += [command.texts[database.at]] if database is not None and database.at is not None else []
    for text in texts:
        if "sslmode=" in text:
            written = re.split(r"[\s&]", text.split("sslmode=", 1)[1], maxsplit=1)[0]
            return Value.of(decides_tls(written) is True, command.node)
    mode = command.assignments.get("PGSSLMODE") or environment_of(command.script, "PGSSLMODE")
    if mode.is_unset:
        return Value.of(False, host.node, host.at)
    return mode.map(lambda text: decides_tls(text) is True)
