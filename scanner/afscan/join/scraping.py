"""Whom scrape jobs reach: static targets by name, monitors of the Prometheus operator by labels.

A name is looked up from where Prometheus runs: in the namespace of its pod (or of the ConfigMap that holds the configuration), or in
its Compose project. Names with more parts than a Service's, addresses and what service discovery finds are not of this stack.
"""

from ipaddress import ip_address

from afscan.join.endpoints import ABSENT, SERVICE, UNKNOWN, WORKLOAD, meaning, namespace_of
from afscan.join.monitoring import config_of, runners_of
from afscan.join.services import selected
from afscan.model.monitoring import ScrapeJob, ScrapeTarget
from afscan.model.node import Mapping, Node
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Service, Workload, labels_match

KEY = "scraping"
_LOCAL = frozenset(("local", "localdomain", "internal", "lan", "home", "corp", "consul", "arpa", "intranet", "private", "test"))
"""Last parts of names that are not public: RFC 6762, RFC 8375, RFC 6761, Consul's default domain, what networks are called at home."""


@record(slots=True, eq=False)
class Partner:
    """Who answers a static target. ``state``: ``found``, ``missing`` (``why`` says what), ``unknown``, ``outside`` (not of this stack)."""

    state: str
    why: str = ""
    service: Service | None = None
    workloads: list[Workload] = field(default_factory=list)


def target_of(stack: Stack, job: ScrapeJob, target: ScrapeTarget) -> Partner:
    """Who answers a static target of a job, from where its Prometheus runs."""
    config = config_of(stack, job)
    if config is None:
        return Partner("outside")
    runners = runners_of(stack, config)
    workload = runners[0].workload if runners else None
    namespace = workload.namespace if workload is not None else namespace_of(config)
    if workload is None and not namespace:
        return Partner("outside")
    found = meaning(stack, target.host, workload, namespace)
    if found.kind == ABSENT:
        return Partner("missing", found.why)
    if found.kind == UNKNOWN and target.host:
        return Partner("unknown", found.why)
    if found.kind not in (WORKLOAD, SERVICE):
        return Partner("outside")
    service, port = found.service, target.port
    if service is None or service.headless or service.kind.value == "ExternalName" or not port.is_set:
        return Partner("found", "", service, found.workloads)
    if any(p.port.is_unknown for p in service.ports):
        return Partner("found", "", service, found.workloads)
    if service.ports and port.value not in {p.port.value for p in service.ports}:
        return Partner("missing", f"{service.name} has no port {port.value}", service)
    return Partner("found", "", service, found.workloads)


def far_targets(stack: Stack, job: ScrapeJob) -> list[ScrapeTarget]:
    """The static targets that are certainly not in Prometheus' own cluster, Compose network or machine: public names and addresses."""
    return [one for one in job.targets if one.host and _is_far(one.host.lower().rstrip(".")) and _is_foreign(stack, job, one)]


def _is_foreign(stack: Stack, job: ScrapeJob, target: ScrapeTarget) -> bool:
    return target_of(stack, job, target).state == "outside" and not meaning(stack, target.host, None).workloads


def _is_far(host: str) -> bool:
    """A public address, or a name of a public domain; names of clusters and local networks are none."""
    try:
        return ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return len(labels) > 2 and labels[-1].isalpha() and labels[-1] not in _LOCAL and "svc" not in labels


def monitored(stack: Stack, job: ScrapeJob) -> list[Workload] | None:
    """The workloads that a job reaches: by its static targets, or by a monitor's selector; None where that is not known."""
    if job.selector is not None and job.discovery:
        return _selected_by(stack, job)
    if job.discovery or job.selector is not None:
        return None
    partners = [target_of(stack, job, target) for target in job.targets]
    if any(partner.state in ("unknown", "outside") for partner in partners):
        return None
    return [workload for partner in partners for workload in partner.workloads]


def _selected_by(stack: Stack, job: ScrapeJob) -> list[Workload] | None:
    if job.namespaces is None or job.selector is None:
        return None
    if job.discovery == ["PodMonitor"]:
        return [w for namespace in job.namespaces for w in selected(stack, namespace, job.selector)]
    found: list[Workload] = []
    for namespace in job.namespaces:
        for service, labels in _candidates(stack, namespace, job.selector):
            if labels_match(job.selector, labels):
                found += service.selects
    return found


def _candidates(stack: Stack, namespace: str, selector: dict[str, str]) -> list[tuple[Service, dict[str, str]]]:
    """The Services of a namespace that carry one of the labels that a selector asks for, the one with the fewest; with their labels."""
    index: dict[tuple[str, ...], list[tuple[Service, dict[str, str]]]] | None = stack.joined.get(KEY)
    if index is None:
        index = stack.joined[KEY] = {}
        for service in stack.of(Service):
            labels = _labels(service.node)
            for key in ((service.namespace,), *((service.namespace, name, value) for name, value in labels.items())):
                index.setdefault(key, []).append((service, labels))
    plain = [(namespace, name, value) for name, value in selector.items() if value != "*"]
    return min((index.get(key, []) for key in plain), key=len) if plain else index.get((namespace,), [])


def _labels(node: Node) -> dict[str, str]:
    labels = node.get("metadata", "labels")
    found = labels.entries if isinstance(labels, Mapping) else {}
    return {key: str(getattr(value, "text", "")) for key, value in found.items()}
