"""Whom scrape jobs reach: static targets by name, monitors of the Prometheus operator by labels.

A name is looked up from where Prometheus runs: in the namespace of its pod (or of the ConfigMap that holds the configuration), or in
its Compose project. Names with more parts than a Service's, addresses and what service discovery finds are not of this stack.
"""

from ipaddress import ip_address

from afscan.join.monitoring import config_of, runners_of
from afscan.join.services import find_service, resolve_host, selected
from afscan.model.monitoring import ScrapeJob, ScrapeTarget
from afscan.model.node import Mapping, Node
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Service, Workload, labels_match

_PROVIDED = frozenset(("localhost", "kubernetes", "host.docker.internal", "gateway.docker.internal"))
_LOCAL = frozenset(("local", "localdomain", "internal", "lan", "home", "corp", "consul", "arpa", "intranet", "private", "test"))
"""Last parts of names that are not public: RFC 6762, RFC 8375, RFC 6761, Consul's default domain, what networks are called at home."""


@record(slots=True, eq=False)
class Partner:
    """Who answers a static target. ``state``: ``found``, ``missing`` (``why`` says what), ``unknown``, ``outside`` (not of this stack)."""

    state: str
    why: str = ""
    service: Service | None = None


def target_of(stack: Stack, job: ScrapeJob, target: ScrapeTarget) -> Partner:
    """Who answers a static target of a job, from where its Prometheus runs."""
    config = config_of(stack, job)
    host = target.host.lower().rstrip(".")
    if config is None or not host or host in _PROVIDED or host.startswith("127.") or ":" in host or host[-1:].isdecimal():
        return Partner("outside")
    runners = runners_of(stack, config)
    source = config.node.source
    workload = runners[0].workload if runners else None
    if workload is not None and workload.aliases:
        return _composed(stack, host, workload)
    if workload is None and not (source.holder == "configmap" and source.owner):
        return Partner("outside")
    namespace = workload.namespace if workload is not None else source.owner.partition("/")[0]
    pod = (workload.node.get("spec", "template", "spec") or workload.node.get("spec")) if workload is not None else None
    if pod is not None and _has(pod, "hostAliases"):
        return Partner("unknown", "the pod has host aliases of its own")
    return _clustered(stack, host, namespace, target)


def far_targets(stack: Stack, job: ScrapeJob) -> list[ScrapeTarget]:
    """The static targets that are certainly not in Prometheus' own cluster, Compose network or machine: public names and addresses."""
    return [one for one in job.targets if one.host and _is_far(one.host.lower().rstrip(".")) and _is_foreign(stack, job, one)]


def _is_foreign(stack: Stack, job: ScrapeJob, target: ScrapeTarget) -> bool:
    return target_of(stack, job, target).state == "outside" and not resolve_host(stack, target.host, "")


def _is_far(host: str) -> bool:
    """A public address, or a name of a public domain; names of clusters and local networks are none."""
    try:
        return ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return len(labels) > 2 and labels[-1].isalpha() and labels[-1] not in _LOCAL and "svc" not in labels


def _clustered(stack: Stack, host: str, namespace: str, target: ScrapeTarget) -> Partner:
    labels = host.split(".")
    local = len(labels) <= 2 or labels[2] == "svc"
    spaces = {service.namespace for service in stack.of(Service)} if len(labels) > 1 else {namespace}
    service = find_service(stack, host, namespace)
    if service is None:
        inside = len(labels) == 1 or (
            local and labels[1] in spaces and not labels[1].startswith("kube-") and labels[0] != "kubernetes"
        )
        return Partner("missing", f"no Service here is called `{labels[0]}`") if inside else Partner("outside")
    port = target.port
    if (
        service.headless
        or service.kind.value == "ExternalName"
        or not port.is_set
        or any(p.port.is_unknown for p in service.ports)
    ):
        return Partner("found", "", service)
    if service.ports and port.value not in {p.port.value for p in service.ports}:
        return Partner("missing", f"{service.name} has no port {port.value}", service)
    return Partner("found", "", service)


def _composed(stack: Stack, host: str, workload: Workload) -> Partner:
    if "." in host or resolve_host(stack, host, workload.namespace):
        return Partner("outside" if "." in host else "found")
    if _has(workload.node, "extra_hosts", "links", "external_links", "network_mode", "extends"):
        return Partner("unknown", f"{workload.name} may get the name from elsewhere")
    if any(_is_external(workload.node, name) for name in workload.networks):
        return Partner("unknown", f"{workload.name} is in a network that other projects share")
    return Partner("missing", f"no service of this project is called `{host}`")


def _has(node: Node, *keys: str) -> bool:
    return any(node.get(key) is not None for key in keys)


def _is_external(node: Node, network: str) -> bool:
    root = node
    while root.parent is not None:
        root = root.parent
    declared = root.get("networks", network)
    return isinstance(declared, Mapping) and ("external" in declared.entries or "name" in declared.entries)


def monitored(stack: Stack, job: ScrapeJob) -> list[Workload] | None:
    """The workloads that a job reaches: by its static targets, or by a monitor's selector; None where that is not known."""
    if job.selector is not None and job.discovery:
        return _selected_by(stack, job)
    if job.discovery or job.selector is not None:
        return None
    partners = [target_of(stack, job, target) for target in job.targets]
    if any(partner.state in ("unknown", "outside") for partner in partners):
        return None
    return [w for partner in partners if partner.service is not None for w in partner.service.selects]


def _selected_by(stack: Stack, job: ScrapeJob) -> list[Workload] | None:
    if job.namespaces is None or job.selector is None:
        return None
    if job.discovery == ["PodMonitor"]:
        return [w for namespace in job.namespaces for w in selected(stack, namespace, job.selector)]
    found: list[Workload] = []
    for service in stack.of(Service):
        labels = _labels(service.node)
        if service.namespace in job.namespaces and labels_match(job.selector, labels):
            found += service.selects
    return found


def _labels(node: Node) -> dict[str, str]:
    labels = node.get("metadata", "labels")
    found = labels.entries if isinstance(labels, Mapping) else {}
    return {key: str(getattr(value, "text", "")) for key, value in found.items()}
