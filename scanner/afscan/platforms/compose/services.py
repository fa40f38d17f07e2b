"""One Compose service as a workload with its container.

Source: the Compose Specification, "Services". ``command`` replaces the image's CMD and ``entrypoint`` its ENTRYPOINT; sizes
are in powers of 1024; a limit of 0 is no limit.
"""

import re
from typing import TypeVar

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, Credential, HostNamespace, ImageReference, LogOutput, Probe, Workload
from afscan.model.value import Value
from afscan.platforms.compose.building import build_of
from afscan.platforms.compose.delivery import add_delivery
from afscan.platforms.compose.embedding import Embedding
from afscan.platforms.compose.environment import add_environment, named_values
from afscan.platforms.compose.mounts import Mounts
from afscan.platforms.compose.networks import gets_other_names, host_names
from afscan.platforms.compose.ports import add_ports
from afscan.platforms.compose.reading import Context, Fields
from afscan.platforms.compose.security import capabilities_of, capability_place_of, escalation_of, profile_of, user_of
from afscan.platforms.compose.words import split

T = TypeVar("T")

_NAMESPACES = {"network_mode": "network", "pid": "pid", "ipc": "ipc", "userns_mode": "user", "uts": "uts"}
_VARIABLE_ALONE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}\Z")
_CPU_PERIOD = 100_000.0
"""Microseconds: Docker's default ``cpu_period``."""


def add_service(name: str, fields: Fields, mounts: Mounts, embedding: Embedding, *, completes: bool) -> None:
    """Put a service's subjects into the interpretation.

    :param completes: whether another service of the project waits until this one has completed.
    """
    from afscan.platforms.variables import describe_container, describe_setting  # noqa: PLC0415

    out = fields.context.out
    start = len(out.subjects)
    workload = _workload(name, fields, completes)
    out.subjects.append(workload)
    add_delivery(fields, workload)
    container = _container(workload, fields)
    _add_image(container, fields)
    container.build = build_of(fields, name, embedding)
    workload.containers.append(container)
    out.subjects.append(container)
    add_environment(fields, container)
    mounts.add(fields, container)
    add_ports(fields, container)
    for key, value, origin in named_values(fields, "build", "args") if isinstance(fields.get("build"), Mapping) else ():
        if key:
            describe_setting(
                key, value, origin, owner=container.name, platform="compose", holder="image", out=out, container=container
            )
    describe_container(container, out)
    if fields.get("env_file") is not None:  # a secret in a dotenv file is that file's, whoever reads it
        own = (one for one in out.subjects[start:] if not isinstance(one, Credential) or one.node.source.syntax != "dotenv")
        out.subjects[start:] = list(own)


def _workload(name: str, fields: Fields, completes: bool) -> Workload:
    """The service. It runs to completion where another one waits for that, in the job modes, where both restart settings say
    never, and where it is started by hand only (a profile) and never again: ``restart: "no"`` alone is Compose's default and says
    nothing."""
    mode = fields.text("deploy", "mode").or_else("")
    never = fields.text("restart").or_else("") == "no" and (
        fields.text("deploy", "restart_policy", "condition").or_else("") == "none" or bool(list(fields.items("profiles")))
    )
    networks, aliases = _networks(name, fields)
    return Workload(
        name=f"service {name}",
        node=fields.node,
        platform="compose",
        kind="service",
        namespace="",
        replicas=_written(fields, fields.whole("scale"), fields.whole("deploy", "replicas")),
        labels={key: value.or_else("") for key, value, _ in named_values(fields, "labels") if key and value.is_set},
        runs_to_completion=completes or never or mode.endswith("-job"),
        fleet=mode.startswith("global"),
        networks=networks,
        aliases=aliases,
        network_mode=fields.text("network_mode"),
        host_names=host_names(fields),
        more_names=gets_other_names(fields),
    )


def _networks(name: str, fields: Fields) -> tuple[list[str], list[str]]:
    """The networks of a service, and the names under which others reach it: its own comes first."""
    aliases = [name]
    container_name = fields.text("container_name")
    if container_name.is_set:
        aliases.append(container_name.or_else(name))
    node = fields.get("networks")
    networks: list[str] = []
    if isinstance(node, Mapping):
        networks = list(node.entries)
        for network in networks:
            if isinstance(node.entries[network], Mapping):
                below = Fields(node, fields.context)
                aliases += [item.text for item in below.items(network, "aliases") if isinstance(item, Scalar)]
    elif node is not None:
        networks = [item.text for item in fields.items("networks") if isinstance(item, Scalar)]
    if not networks and fields.get("network_mode") is None:
        networks = ["default"]
    return networks, list(dict.fromkeys(aliases))


def _container(workload: Workload, fields: Fields) -> Container:
    return Container(
        name=workload.name,
        node=fields.node,
        platform="compose",
        workload=workload,
        command=_command(fields, "entrypoint"),
        arguments=_command(fields, "command"),
        user=user_of(fields),
        privileged=fields.boolean("privileged"),
        privilege_escalation=escalation_of(fields),
        capabilities_added=capabilities_of(fields, "cap_add"),
        capabilities_dropped=capabilities_of(fields, "cap_drop"),
        capabilities=capability_place_of(fields),
        read_only_root=fields.boolean("read_only"),
        seccomp=profile_of(fields, "seccomp"),
        apparmor=profile_of(fields, "apparmor"),
        host_namespaces=[
            HostNamespace(kind=kind, shared=fields.text(key).map(lambda text: text == "host"))
            for key, kind in _NAMESPACES.items()
            if fields.get(key) is not None
        ],
        memory_limit=_limit(fields, fields.size("deploy", "resources", "limits", "memory"), fields.size("mem_limit")),
        cpu_limit=_limit(fields, fields.number("deploy", "resources", "limits", "cpus"), fields.number("cpus"), _quota(fields)),
        memory_request=_limit(
            fields, fields.size("deploy", "resources", "reservations", "memory"), fields.size("mem_reservation")
        ),
        cpu_request=_limit(fields, fields.number("deploy", "resources", "reservations", "cpus")),
        liveness=_health_check(fields),
        readiness=None,
        pids_limit=_written(fields, fields.whole("deploy", "resources", "limits", "pids"), fields.whole("pids_limit")),
        log_output=_log_output(fields),
    )


def _add_image(container: Container, fields: Fields) -> None:
    node = fields.get("image")
    if node is None:
        return
    built = fields.get("build") is not None
    reference = fields.context.text(node)
    text = fields.context.expanded(node) if isinstance(node, Scalar) else None
    written = text.partial if text is not None and reference.is_unknown else ""
    image = ImageReference(
        name=container.name, node=node, platform="compose", reference=reference, built_here=built, written=written
    )
    container.image = image
    fields.context.out.subjects.append(image)


def _command(fields: Fields, key: str) -> Value[list[str]]:
    """``command`` or ``entrypoint`` as argv. Missing variables stay in their words as ``${NAME}``.

    A bare missing variable in a string that is no option's argument may become any number of words: then all is unknown.
    """
    node, context = fields.get(key), fields.context
    if node is None:
        return fields.missing(key)
    if isinstance(node, Sequence):
        argv = [context.expanded(item) for item in node.items if isinstance(item, Scalar)]
        if len(argv) < len(node.items) or any(text.malformed for text in argv):
            if any(not isinstance(item, Scalar | Opaque) for item in node.items):
                context.wrong_type(node, "a list of strings")
            return Value.unknown(node, "a part of it is not known")
        return Value.of([text.partial for text in argv], node)
    if not isinstance(node, Scalar):
        return context.read(node, lambda text: [text], "a string or a list of strings")
    text = context.expanded(node)
    words = split(text.partial)
    if words is None or text.malformed:
        if not text.malformed:
            context.notice(NoticeKind.SYNTAX, node.head, f"`{key}` has an open quote; Compose refuses it.")
        return Value.unknown(node, "it is not a command line")
    before = ""
    for word in words:
        if text.missing and word.bare and _VARIABLE_ALONE.match(word.text) and not before.startswith("-"):
            return Value.unknown(node, f"`{word.text}` comes from the environment")
        before = word.text
    return Value.of([word.text for word in words], node)


def _written(fields: Fields, *values: Value[T]) -> Value[T]:
    """The first value that is written; without one what an absence means here, at the place of what takes one away."""
    absent = fields.gap.node if fields.gap is not None else None
    written = next((value for value in values if not value.is_unset and value.node is not absent), None)
    return written or next((value for value in values if value.at is not None), values[0])


def _limit(fields: Fields, *values: Value[float]) -> Value[float]:
    """The first value that is written; one of 0 or less is no limit and counts as unset, at its own place."""
    value = _written(fields, *values)
    return Value.unset(value.node) if value.is_set and value.or_else(0) <= 0 else value


def _log_output(fields: Fields) -> LogOutput:
    """The logging driver; the first version of the format has ``log_driver`` and ``log_opt`` for it."""
    if fields.get("logging") is None and (fields.get("log_driver") is not None or fields.get("log_opt") is not None):
        return LogOutput(driver=fields.text("log_driver"), max_size=fields.size("log_opt", "max-size"))
    return LogOutput(driver=fields.text("logging", "driver"), max_size=fields.size("logging", "options", "max-size"))


def _quota(fields: Fields) -> Value[float]:
    """``cpu_quota`` as cores: microseconds out of each ``cpu_period``."""
    period = fields.number("cpu_period").or_else(_CPU_PERIOD)
    return fields.number("cpu_quota").map(lambda quota: quota / (period if period > 0 else _CPU_PERIOD))


def _health_check(fields: Fields) -> Value[Probe]:
    """The health check; unset where the service leaves it to its image (timings alone do)."""
    section, context = fields.mapping("healthcheck"), fields.context
    if section is None:
        node = fields.get("healthcheck")
        return Value.unknown(node, "it is not understood") if node is not None else fields.missing("healthcheck")
    disabled = fields.boolean("healthcheck", "disable")
    if disabled.or_else(False):
        return Value.of(Probe(node=disabled.node, kind="none"), disabled.node)
    test = fields.get("healthcheck", "test")
    if test is None:
        return fields.missing("healthcheck", "test")
    if isinstance(test, Scalar):
        text = context.known(test)
        command = text.map(lambda line: ["/bin/sh", "-c", line])
        return Value.of(Probe(node=test, kind="exec", command=command), test)
    return _tested(test, context)


def _tested(test: Node, context: Context) -> Value[Probe]:
    """``test`` as a list: its first item says how the rest runs."""
    if not isinstance(test, Sequence):
        return context.read(test, lambda text: None, "a string or a list of strings")
    argv = [context.expanded(item).partial for item in test.items if isinstance(item, Scalar)]
    kind = argv[0] if argv else ""
    if not test.items:
        return Value.unset(test)
    if len(argv) < len(test.items):
        return Value.unknown(test, "a part of it is not known")
    if kind == "NONE":
        return Value.of(Probe(node=test, kind="none"), test)
    if kind not in ("CMD", "CMD-SHELL") or len(argv) < 2:
        context.notice(
            NoticeKind.WRONG_TYPE, test.head, "`test` should start with `CMD`, `CMD-SHELL` or `NONE`; it is not judged."
        )
        return Value.unknown(test, "it starts with none of `CMD`, `CMD-SHELL` and `NONE`")
    command = argv[1:] if kind == "CMD" else ["/bin/sh", "-c", argv[1]]
    return Value.of(Probe(node=test, kind="exec", command=Value.of(command, test)), test)
