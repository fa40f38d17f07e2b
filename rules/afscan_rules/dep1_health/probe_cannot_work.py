"""DEP103: health checks that fail, or succeed, whatever the server does."""

from collections.abc import Iterator

from afscan.join.health import health_check_of
from afscan.join.listening import Listening, listening
from afscan.join.probing import Target, programs_of, targets_of
from afscan.join.programs import carries, stage_carries
from afscan.model.stack import Stack
from afscan.model.subjects import BuildStage, Container, ImageBuild, Probe
from afscan.platforms.images import facts_of_product, product_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SPOKEN = {
    "http": "plain HTTP",
    "https": "HTTPS",
    "redis": "plaintext",
    "rediss": "TLS",
    "postgres": "PostgreSQL",
}


@rule("DEP103", severity=Severity.HIGH, tags=("CWE-1059",))
def probe_cannot_work(subject: Container | ImageBuild, stack: Stack) -> Iterator[Problem]:
    """Health check cannot work.

    A check that asks a port on which nobody listens, a path that the product does not serve, or runs a program that the image
    does not carry, fails forever: the container is restarted in a loop or never gets traffic, and somebody soon removes the
    check. Ports, protocol and programs are those of the effective configuration and of what is known of the image.

    ## Fix
    - Kubernetes, Terraform: probe a port, path and scheme that the product serves, or run a program of its image.
    - Compose: run a program that the image carries, against the port, path and scheme that the server really has.
    - Dockerfile: install the program that HEALTHCHECK runs, or use one that the base image carries.
    """
    if isinstance(subject, ImageBuild):
        yield from _build(subject)
        return
    own = "health check" if subject.readiness is None else "liveness probe"
    probes = ((own, subject.liveness), ("readiness probe", subject.readiness), ("startup probe", subject.startup))
    judged = False
    for what, value in probes:
        if value is None or value.is_unset or (value.value is not None and value.value.kind == "none"):
            continue
        judged = True
        label = f"The {what} of {subject.name}"
        if value.is_unknown:
            yield unknown(value.place, f"{label} is not known: {value.reason}.")
        elif value.value is not None:
            yield from _probe(value.value, label, subject, stack)
    if not judged:
        yield NOT_APPLICABLE


def _probe(probe: Probe, label: str, container: Container, stack: Stack) -> Iterator[Problem]:
    """At most one problem: the first thing that goes wrong when the probe runs."""
    command = probe.command
    doubtful = next((v for v in (command, probe.port) if v is not None and v.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"{label} is not known: {doubtful.reason}.")
        return
    for program in programs_of(probe):
        if command is not None and carries(container, program) is False:
            yield fail(command.place, f"{label} runs `{program}`, which is not in its image: it fails every time.")
            return
    for target in targets_of(probe, container.environment.keys()):
        problem = _target(target, label, container, stack)
        if problem is not None:
            yield problem
            return


def _target(target: Target, label: str, container: Container, stack: Stack) -> Problem | None:
    number = target.port
    if isinstance(number, str):
        declared = next((port.port for port in container.ports if port.name == number), None)
        if declared is None and any(port.name is None and port.port.is_unknown for port in container.ports):
            return None  # some ports are declared by what is not evaluated here
        if declared is None:
            return fail(target.port_place, f"{label} asks the port `{number}`, and the container declares no port of this name.")
        if not declared.is_set or declared.value is None:
            return unknown(declared.place, f"{label} asks the port `{number}`, whose number is not known: {declared.reason}.")
        number = declared.value
    if any(namespace.kind == "network" for namespace in container.host_namespaces):
        return None  # others may listen in the network that it shares
    heard = listening(stack, container)
    if heard is not None and number not in heard.ports:
        if heard.unknown or not heard.ports or _elsewhere(container, number):
            return None
        ports = ", ".join(map(str, sorted(heard.ports)))
        related = [Related(place, f"{heard.why} listens by this.") for place in dict.fromkeys(heard.because.values())]
        return fail(target.port_place, f"{label} asks port {number}, but {heard.why} listens on {ports}.", related=related)
    if heard is not None:
        problem = _protocol(target, number, label, heard)
        if problem is not None:
            return problem
    return _path(target, label, container) if not _elsewhere(container, number) else None


def _elsewhere(container: Container, number: int) -> bool:
    """Whether another container of the pod may answer a port: one that declares it, or declares none at all."""
    others = (one for one in container.workload.containers if one is not container and one.role in ("main", "sidecar"))
    return any(not one.ports or any(port.port.value == number or port.port.is_unknown for port in one.ports) for one in others)


def _protocol(target: Target, number: int, label: str, heard: Listening) -> Problem | None:
    spoken = heard.ports[number]
    if target.speaks == "tcp" or not spoken or spoken == target.speaks:
        return None
    at = heard.because.get(number)
    related = [Related(at, "This decides it.")] if at is not None else []
    asked, served = _SPOKEN[target.speaks], _SPOKEN[spoken]
    return fail(target.place, f"{label} speaks {asked} on port {number}, where {heard.why} serves {served}.", related=related)


def _path(target: Target, label: str, container: Container) -> Problem | None:
    product = product_of(container)
    facts = facts_of_product(product) if product is not None and target.path is not None else None
    if facts is None or target.path is None:
        return None
    path = target.path.partition("?")[0].rstrip("/") or "/"
    if path not in facts.absent_paths:
        return None
    served = [one for one in facts.health_paths or () if one not in ("/", "/metrics")][:3]
    instead = f"; it serves {', '.join(f'`{one}`' for one in served)}" if served else ""
    return fail(target.path_place, f"{label} asks for `{path}`, which {product} does not serve{instead}.")


def _build(build: ImageBuild) -> Iterator[Problem]:
    """A HEALTHCHECK whose program the image lacks; once, at the Dockerfile, whoever builds it."""
    users = [one for one in build.built_by if one.liveness.is_unset and one.stage is not None]
    if build.built_by and not users:
        yield NOT_APPLICABLE  # every container that builds it brings its own check
        return
    last = build.stage()
    stages: list[BuildStage] = [one.stage for one in users if one.stage is not None] or ([last] if last is not None else [])
    judged = False
    for stage in stages:
        check = health_check_of(stage)
        if check.value is None or check.value.kind == "none" or check.value.command is None:
            continue
        judged = True
        for program in programs_of(check.value):
            if stage_carries(stage, program, build.stages) is False:
                yield fail(
                    check.value.command.place,
                    f"The HEALTHCHECK of {build.name} runs `{program}`, which is not in the image: it fails every time.",
                )
                return
    if not judged:
        yield NOT_APPLICABLE
